"""Two states of a table compared: against the comparison row by row, for any rows, keys with NULL included."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.difference.comparison import compared, printed, rows_at
from lakehouse.contract.measures import decimal_of, exact_sum, measures_of
from lakehouse.contract.model import load_all

SCHEMA = pa.schema(
    {
        "id": pa.string(), "dia": pa.date32(), "texto": pa.string(), "valor": pa.decimal128(18, 2),
        "vezes": pa.int64(), "media": pa.float64(),
    }
)  # fmt: skip
KEY = ("id", "dia")
rows = st.fixed_dictionaries(
    {
        "id": st.one_of(st.none(), st.sampled_from(["PEDIDO001", "PEDIDO002", "PEDIDO003", "curto", ""])),
        "dia": st.one_of(st.none(), st.sampled_from([date(2024, 1, 1), date(1900, 1, 1), date(9999, 12, 31)])),
        "texto": st.sampled_from([None, "", "a", "b"]),
        "valor": st.sampled_from([None, Decimal("0.00"), Decimal("1.00"), Decimal("-9999999999999999.99")]),
        "vezes": st.sampled_from([None, 0, 1, 2**63 - 1, -(2**63)]),
        "media": st.sampled_from([None, 0.0, 0.1, float("inf")]),
    }
)
states = st.lists(rows, max_size=12, unique_by=lambda row: (row["id"], row["dia"]))


def table(rows, encoded=False):
    made = pa.table([pa.array([row[f.name] for row in rows], f.type) for f in SCHEMA], schema=SCHEMA)
    if not encoded:
        return made
    return made.set_column(2, "texto", made["texto"].dictionary_encode())


def row_by_row(before, after):
    """Return the same, in the words of the definition."""
    old, new = ({tuple(row[name] for name in KEY): row for row in rows} for rows in (before, after))
    changed = {
        key: [name for name in SCHEMA.names if old[key][name] != new[key][name]] for key in old.keys() & new.keys()
    }
    return old.keys() - new.keys(), new.keys() - old.keys(), {key: names for key, names in changed.items() if names}


def keys(table, rows):
    return {tuple(row[name] for name in KEY) for row in rows_at(table, rows).to_pylist()}


@given(states, states, st.booleans(), st.booleans())
def test_it_is_what_comparing_row_by_row_finds(before, after, old_encoded, new_encoded):
    old, new = table(before, old_encoded), table(after, new_encoded)
    found = compared(old, new, KEY)
    removed, added, changed = row_by_row(before, after)
    assert keys(old, found.removed) == removed
    assert keys(new, found.added) == added
    assert keys(old, found.before) == keys(new, found.after) == changed.keys()
    names = {key: found.columns_of(row) for row, key in enumerate(map(tuple, key_values(old, found.before)))}
    assert {key: list(columns) for key, columns in names.items()} == changed


def key_values(table, rows):
    return [[row[name] for name in KEY] for row in rows_at(table, rows).to_pylist()]


@given(states, states)
def test_what_is_added_one_way_is_removed_the_other(before, after):
    there, back = compared(table(before), table(after), KEY), compared(table(after), table(before), KEY)
    assert (len(there.added), len(there.removed), there.changed) == (len(back.removed), len(back.added), back.changed)


@given(states, st.randoms())
def test_the_order_of_rows_is_no_difference(before, random):
    after = list(before)
    random.shuffle(after)
    found = compared(table(before), table(after), KEY)
    assert not (len(found.added) or len(found.removed) or found.changed)


@given(states, states)
def test_rows_add_up(before, after):
    found = compared(table(before), table(after), KEY)
    assert len(after) == len(before) + len(found.added) - len(found.removed)


def test_a_column_of_another_type_is_not_compared():
    one = pa.table({"id": ["a"], "valor": [1]})
    assert compared(one, pa.table({"id": ["a"], "valor": ["1"], "novo": [2]}), ["id"]).changed == 0


def test_keys_of_many_wide_columns_are_told_apart():
    names = [f"k{n}" for n in range(9)]
    one = pa.table({name: pa.array([0, 2**62, -(2**62), None], pa.int64()) for name in names})
    found = compared(one, one.slice(1), names)
    assert (found.removed.tolist(), found.added.tolist(), found.changed) == ([0], [], 0)


def test_a_key_is_printed_as_audits_print_it():
    made = table([{"id": None, "dia": date(2024, 1, 2), "texto": "", "valor": None, "vezes": None, "media": None}])
    assert printed(made, ("id", "dia", "texto")) == ["-/2024-01-02/"]


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_sums_are_exact_beyond_64_bits(values):
    assert exact_sum(pa.array(values, pa.int64()).to_numpy()) == sum(values)


@pytest.mark.parametrize(
    ("units", "scale", "text"),
    [(0, 2, "0.00"), (-5, 2, "-0.05"), (7, 0, "7"), (10**20, 2, "1000000000000000000.00")],
)
def test_units_become_decimals_with_all_their_digits(units, scale, text):
    assert str(decimal_of(units, scale)) == text


def test_measures_are_money_and_quantities_that_add_up():
    found = {contract.table: list(measures_of(contract)) for contract in load_all()}
    counted = Counter(name for names in found.values() for name in names)
    assert counted["valor_fluxo_brl"] == 2
    assert counted["quantidade"] == 3
    assert "total_saida_brl" in counted
    for name in (
        "preco_unitario",
        "taxa_ptax",
        "total_saida_acumulado_brl",
        "valor_fluxo_lag_1",
        "qtd_pedidos",
        "prazo_dias",
    ):
        assert name not in counted
