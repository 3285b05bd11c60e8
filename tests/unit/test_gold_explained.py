"""What rows of the fact add to Gold: it adds up to the cells that Gold has, for any fact."""

import pyarrow as pa
from bronze_tables import bronze
from facts import facts
from hypothesis import given
from hypothesis import strategies as st
from lakehouse_tables import CASH_FLOW, FORECAST, OF_THE_FACT, TABLES
from layers import cash_flow, correlate, forecast

from gold import explained
from lakehouse.contract.model import load
from silver.behind import BEHIND

GOLD = {CASH_FLOW: cash_flow, FORECAST: forecast}


@given(st.one_of(facts, bronze().map(lambda tables: correlate(tables).fact)))
def test_contributions_add_up_to_every_cell_of_gold(fact):
    for name, aggregate in GOLD.items():
        how = explained.TABLES[name]
        keys = list(zip(*(fact[column].to_pylist() for column in how.key), strict=True))
        units = {measure: each.tolist() for measure, each in how.contributions(fact).items()}
        cells = {tuple(row[column] for column in how.key): row for row in aggregate(fact).to_pylist()}
        for key, row in cells.items():
            for measure, each in units.items():
                scale = getattr(load(name).schema.field(measure).type, "scale", 0)
                assert sum(one for one, its in zip(each, keys, strict=True) if its == key) == row[measure] * 10**scale
            for running, measure in how.running.items():
                series = [
                    one
                    for one, its in zip(units[measure], keys, strict=True)
                    if its[1:] == key[1:] and its[0] <= key[0]
                ]
                assert sum(series) == row[running] * 100
        # A row that is in no cell of Gold adds nothing to any.
        assert not any(
            any(one for one, its in zip(each, keys, strict=True) if its not in cells) for each in units.values()
        )


def test_what_is_explained_is_a_table_of_gold_with_its_key():
    assert set(explained.TABLES) <= set(TABLES["gold"])
    for name, how in explained.TABLES.items():
        assert how.key == load(name).key
        assert set(how.running) <= set(load(name).schema.names)


def test_every_table_that_the_fact_is_made_from_is_behind_it():
    assert set(BEHIND) == set(OF_THE_FACT)
    for table, ways in BEHIND.items():
        for way in ways:
            theirs = load(table).schema
            ours = load("fato_pedido_correlacionado").schema
            assert [theirs.field(name).type for name in way] == [ours.field(name).type for name in way.values()]
            assert all(pa.types.is_string(theirs.field(name).type) or name in load(table).key for name in way)
