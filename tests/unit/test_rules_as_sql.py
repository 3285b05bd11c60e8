"""The SQL of the contracts, executed by DuckDB, finds what the audits find: on what is right, and on what is broken."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import pyarrow as pa
import pytest
import rule_worlds
from audits import with_value, without
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lakehouse_tables import EVERY_TABLE, FORECAST, OUTLOOK, RISK
from rule_worlds import EVERY_KIND, PLANTED, Database, Name, World, rules

from lakehouse.contract.model import load


@pytest.fixture(scope="module")
def database() -> Database:
    return Database()


@cache
def judged(made: Callable[[], World], kinds: tuple[str, ...]) -> dict[Name, int]:
    """Return how often the audits find each rule broken."""
    world = made()
    return {(table, rule.name): world.judged(table, rule).failed for table, rule in rules(kinds)}


@pytest.mark.parametrize(("made", "kinds"), PLANTED, ids=[made.__name__ for made, _ in PLANTED])
def test_the_sql_of_every_rule_counts_what_the_audit_counts(
    database: Database, made: Callable[[], World], kinds: tuple[str, ...]
) -> None:
    found = database.counts(made(), [(table, rule) for table, rule in rules(kinds) if rule.query])
    assert found == {name: failed for name, failed in judged(made, kinds).items() if name in found}


def test_something_is_planted_for_every_rule_and_nothing_is_broken_where_there_is_nothing() -> None:
    """Of a company without orders the forecast has to say that its total is nothing, and does not."""
    broken = {name for made, kinds in PLANTED for name, failed in judged(made, kinds).items() if failed}
    assert {(table, rule.name) for table, rule in rules()} == broken
    nothing = judged(rule_worlds.empty, EVERY_KIND)
    assert [name for name, failed in nothing.items() if failed] == [(OUTLOOK, "series_do_gold")]


_VALUES = {
    "string": (
        "BRL",
        "USD",
        "CANCELADO",
        "PED001",
        "ITEM001",
        "2026-08",
        "2024-02",
        "PARCELA_EMPRESTIMO",
        "SERIE_CURTA",
    ),
    "int64": (0, 1, 2, 13),
    "double": (0.0, 0.5),
    "date32[day]": (date(2024, 1, 1), date(2026, 2, 28)),
    "decimal": (Decimal(0), Decimal("0.01"), Decimal("12.34")),
}
# NULL is tried where the table may have it: the audits of a layer are asked only of tables that have their types.
_COLUMNS = [(table, column.name) for table in EVERY_TABLE for column in load(table).columns]


@st.composite
def changed(draw: st.DrawFn) -> tuple[World, set[str]]:
    """Draw the sample with cells changed, to what another row or rarely any has, and rows repeated or left out."""
    world, tables = rule_worlds.clean(), set()
    for table, column in draw(st.lists(st.sampled_from(_COLUMNS), min_size=1, max_size=4)):
        cells = world.tables[table][column]
        if draw(st.integers(0, 7)) == 0:
            change = draw(st.sampled_from((without, repeated)))
            world = world.with_table(table, change(world.tables[table], draw(st.integers(0, len(cells) - 1))))
            tables.add(table)
            continue
        row = draw(st.integers(0, len(cells) - 1))
        kind = "decimal" if pa.types.is_decimal(cells.type) else str(cells.type)
        absent = () if column in load(table).required else (None,)
        value = draw(
            st.sampled_from((*_VALUES[kind], *absent)) | st.sampled_from(cells.drop_null().to_pylist()[:50] or [None])
        )
        if value is not None or absent:
            world = world.with_table(table, with_value(world.tables[table], column, row, value))
            tables.add(table)
    # Which of two rates of a day is looked up is nobody's to say: `cambio` has its own rule that there is one.
    assume(not repeats(world.tables["cambio"], ["moeda", "data_cotacao"]))
    return world, tables


def repeats(table: pa.Table, key: list[str]) -> bool:
    return len(table.group_by(key).aggregate([])) < len(table)


def repeated(table: pa.Table, row: int) -> pa.Table:
    """Return the table with one row twice."""
    return pa.concat_tables([table, table.slice(row, 1)])


@settings(max_examples=15)
@given(changed())
def test_any_change_of_the_tables_is_counted_the_same_by_the_sql(
    database: Database, change: tuple[World, set[str]]
) -> None:
    _counted_the_same(database, *change)


# What was once counted otherwise: rows that repeat a key, a month without its exposure, an instalment of none.
_ONCE: tuple[tuple[str, str, int, Any], ...] = (
    (OUTLOOK, "categoria", 66, None),
    (OUTLOOK, "mes_referencia", 41, "2026-06"),
    (FORECAST, "mes_referencia", 55, "2024-03"),
    (RISK, "mes_vencimento", 35, "2026-08"),
    (RISK, "mes_vencimento", 22, "2025-10"),
    (RISK, "mes_vencimento", 33, None),
    (RISK, "exposicao_moeda", 0, None),
    ("pagamentos", "num_parcelas", 34, 0),
)


@pytest.mark.parametrize(("table", "column", "row", "value"), _ONCE)
def test_a_cell_that_was_counted_otherwise_is_counted_the_same(
    database: Database, table: str, column: str, row: int, value: Any
) -> None:
    _counted_the_same(database, rule_worlds.clean().with_cell(table, column, row, value), {table})


def _counted_the_same(database: Database, world: World, tables: set[str]) -> None:
    """Compare the rules of the tables, and those whose SQL reads one of them."""
    wanted = [
        (table, rule) for table, rule in rules() if rule.query and tables & {table, *re.findall(r"\w+", rule.query)}
    ]
    found = database.counts(world, wanted)
    assert found == {(table, rule.name): world.judged(table, rule).failed for table, rule in wanted}
