"""Worlds that rules are tried on: the sample, and the sample with something planted that breaks each of them.

A world is judged twice: by this project's audits, and by the SQL of the contracts in DuckDB or datacontract-cli.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from audits import MODULES, row_of, swapped, with_value, without
from exports import SAMPLE
from lakehouse_tables import CASH_FLOW, EVERY_TABLE, FACT, FORECAST, OUTLOOK, RISK, TABLES
from layers import above, correlate

from cli.contents import checkable
from lakehouse.contract.model import Rule, load
from lakehouse.contract.quality import Outcome, RuleResult
from lakehouse.contract.quarantine import SCHEMA as ASIDE
from lakehouse.contract.rules import broken_by
from lakehouse.lake import layout
from lakehouse.staging import StagedTable
from tests.audited import Audited, Volume, failing
from tests.examination import applied

CENT = Decimal("0.01")
Name = tuple[str, str]
EVERY_KIND = ("library", "row", "check")


@dataclass(frozen=True)
class World:
    """Tables of all layers, with what was set aside and how they were made.

    Attributes
    ----------
    tables, aside : mapping of str to pa.Table
    reported : mapping of str to mapping
        What differs of a table's books from what follows from the tables.
    """

    tables: Mapping[str, pa.Table]
    aside: Mapping[str, pa.Table]
    reported: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def with_table(self, name: str, table: pa.Table) -> "World":
        return replace(self, tables={**self.tables, name: table})

    def with_cell(self, table: str, column: str, row: int, value: Any) -> "World":
        return self.with_table(table, with_value(self.tables[table], column, row, value))

    def books(self, table: str) -> dict[str, Any]:
        rows, aside = len(self.tables[table]), len(self.aside.get(table, ()))
        books = {"rows_read": rows + aside, "rows": rows, "quarantined": aside, "superseded": 0}
        books |= {"rows_before": None, "volume_accepted": False, "age_hours": 1.0}
        return books | dict(self.reported.get(table, {}))

    @property
    def reports(self) -> list[dict[str, Any]]:
        """The books of every table, as reports of audits have them."""
        return [{"tables": [{"table": name, "books": self.books(name)} for name in self.tables]}]

    def judged(self, table: str, rule: Rule) -> Outcome:
        """What this project's audit finds."""
        contract, books = load(table), self.books(table)
        if rule.kind != "check":
            return failing(broken_by(rule, self.tables[table]), self.tables[table], contract.key)
        staged = StagedTable(
            table=table, parts=1, staged_key="", rows_read=books["rows_read"], rows=books["rows"],
            quarantined=books["quarantined"], superseded=books["superseded"], quarantine_key=None, source_keys=[],
            inputs=[], bytes=1,
        )  # fmt: skip
        of = Audited(
            contract, staged, self.tables[table], self.aside.get(table, ASIDE.empty_table()),
            {name: self.tables[name] for name in TABLES[contract.layer]}, self.tables, books["age_hours"],
            volume=Volume(books["rows_before"], books["volume_accepted"]),
        )  # fmt: skip
        return applied(rule, MODULES[contract.layer], of)

    def export(self, folder: Path) -> None:
        """Write it as `./importau export` does."""
        files = {folder / layout.layer_of(name) / layout.file_name(name): table for name, table in self.tables.items()}
        aside = folder / checkable.QUARANTINE
        files |= {aside / layout.layer_of(name) / f"{name}.parquet": table for name, table in self.aside.items()}
        for file, table in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(table, file)
        checkable.write(folder, self.reports)


def rules(kinds: Iterable[str] = EVERY_KIND, tables: Iterable[str] = EVERY_TABLE) -> list[Any]:
    """Return the table and the rule of each rule of some kinds."""
    return [(table, rule) for table in tables for rule in load(table).rules if rule.kind in kinds]


def verdict(rule: Rule, failed: int) -> str:
    return RuleResult(rule, Outcome(failed, failed)).status


class Database:
    """The tables of worlds in DuckDB, as datacontract-cli reads them; what did not change stays as it is."""

    def __init__(self) -> None:
        self._connection = duckdb.connect()
        self._there: dict[str, pa.Table] = {}

    def counts(self, world: World, wanted: Iterable[tuple[str, Rule]]) -> dict[Name, int]:
        """Return what the SQL of each rule gives in a world."""
        tables = {
            **world.tables, checkable.BOOKS: checkable.books(world.reports),
            checkable.ASIDE: checkable.set_aside(world.aside),
        }  # fmt: skip
        for name, table in tables.items():
            if self._there.get(name) is not table:
                self._connection.register("given", table)
                self._connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM given")
                self._connection.unregister("given")
                self._there[name] = table
        return {(table, rule.name): self._one(rule.query) for table, rule in wanted}

    def _one(self, query: str) -> int:
        [(count,)] = self._connection.execute(query).fetchall()
        return int(count)


@cache
def clean() -> World:
    """Return the sample, as the functions make all layers of it."""
    read = SAMPLE.read()
    bronze = {name: each.kept for name, each in read.items()}
    aside = {name: each.quarantine for name, each in read.items()} | {FACT: correlate(bronze).quarantine}
    return World(bronze | above(bronze), {name: rows for name, rows in aside.items() if len(rows)})


@cache
def empty() -> World:
    return World({name: load(name).schema.empty_table() for name in EVERY_TABLE}, {})


def cent(value: Decimal | None) -> Decimal:
    return (value or Decimal(0)) + CENT


@cache
def books_broken() -> World:
    """Return the sample with wrong books: rows lost, many set aside, most of before gone, and all of it old."""
    lines = ASIDE.empty_table().slice(0)
    rows = [{"arquivo": "x.csv", "linha": n, "texto_original": "", "motivos": ["x"]} for n in range(2, 402)]
    aside = {name: pa.concat_tables([lines, pa.Table.from_pylist(rows, ASIDE)]) for name in (*TABLES["bronze"], FACT)}
    reported = {name: {"rows_before": 10_000, "rows": 1, "age_hours": 24.5} for name in EVERY_TABLE}
    return World(clean().tables, aside, reported)


@cache
def tables_broken() -> World:
    """Return the sample with something in each table that breaks its table rules, and nothing that is no value."""
    world = clean()
    for table, column, row, value in (
        ("pedidos", "fornecedor_id", 3, "FORN999"), ("itens_pedido", "produto_id", 3, "PROD999"),
        ("produtos", "fornecedor_id", 3, "FORN999"),
        *((FACT, column, row_of(world.tables[FACT], tipo_registro=kind), change) for kind, column, change in (
            ("PAGAMENTO", "valor_fluxo_brl", cent), ("PAGAMENTO", "valor_item_brl", cent),
            ("PAGAMENTO", "quantidade", lambda n: n + 1), ("PEDIDO_SEM_PAGAMENTO", "valor_fluxo_brl", cent),
            ("PARCELA_EMPRESTIMO", "valor_fluxo_brl", cent),
        )),
        (FACT, "dias_defasagem_ptax", row_of(world.tables[FACT], moeda_origem="USD"), lambda n: (n or 0) + 1),
        (CASH_FLOW, "saida_paga_brl", 2, cent), (CASH_FLOW, "total_saida_acumulado_brl", 4, cent),
        (CASH_FLOW, "variacao_cambial_brl", 6, cent), (FORECAST, "valor_fluxo_brl", 9, cent),
        (OUTLOOK, "comprometido_brl", 0, cent), (OUTLOOK, "previsto_brl", first(OUTLOOK, "previsto_brl"), cent),
        (OUTLOOK, "origens", first(OUTLOOK, "previsto_brl"), 0), (OUTLOOK, "data_referencia", 5, date(2020, 1, 1)),
        (RISK, "exposicao_moeda", first(RISK, "mes_vencimento"), cent),
        (RISK, "exposicao_brl", first(RISK, "mes_vencimento"), cent),
        (RISK, "data_referencia", 2, date(2020, 1, 1)), (RISK, "var_95_ewma_brl", first(RISK, "var_95_ewma_brl"), None),
    ):  # fmt: skip
        world = world.with_cell(table, column, row, value)
    fact = world.tables[FACT]
    order = fact["pedido_id"][len(fact) // 2].as_py()
    world = world.with_table(FACT, fact.filter(pa.array([each != order for each in fact["pedido_id"].to_pylist()])))
    for name in (FACT, CASH_FLOW, FORECAST, OUTLOOK, RISK):
        world = world.with_table(name, swapped(world.tables[name], 0, 1))
    return world.with_table(OUTLOOK, without(world.tables[OUTLOOK], len(world.tables[OUTLOOK]) - 1))


def all_broken() -> World:
    """Return the sample with wrong books and broken tables."""
    return replace(books_broken(), tables=tables_broken().tables)


def first(table: str, column: str) -> int:
    """Return the first row of the sample that has a value in a column."""
    return next(row for row, value in enumerate(clean().tables[table][column].to_pylist()) if value is not None)


@cache
def rows_broken() -> World:
    """Return the sample with one more row for each library and row rule, which breaks it.

    A row is what is found to break it: the first row that does with other values in the columns that the rule reads.
    """
    world = clean()
    for name in EVERY_TABLE:
        planted = [_breaking(name, rule) for _, rule in rules(("library", "row"), [name])]
        world = world.with_table(name, pa.concat_tables([world.tables[name], *planted]))
    return world


_OTHERS: Mapping[str, tuple[Any, ...]] = {
    "string": ("??", "BRL", "USD", "ATIVO", "1234-56", None),
    "int64": (-1, 0, 1, 50, 1201, 40_000, None),
    "double": (-1.0, 2.0, float("nan"), None),
    "date32[day]": (date(9999, 12, 31), date(2024, 1, 1), None),
    "decimal": (Decimal(-1), Decimal(0), CENT, Decimal(5), Decimal(101), None),
}


def _breaking(name: str, rule: Rule) -> pa.Table:
    """Return a row that breaks a rule; one that is there already, where the rule is that none repeats."""
    row = clean().tables[name].slice(0, 1)
    if rule.metric == "duplicateValues":
        return row
    columns = rule.columns(row.column_names)
    for values in product(*(_others(row.schema.field(column).type) for column in columns)):
        tried = row
        for column, value in zip(columns, values, strict=True):
            tried = with_value(tried, column, 0, value)
        if broken_by(rule, tried)[0].as_py():
            return tried
    raise AssertionError(f"nothing that was tried breaks {name}.{rule.name}")


def _others(type_: pa.DataType) -> tuple[Any, ...]:
    return _OTHERS["decimal" if pa.types.is_decimal(type_) else str(type_)]


PLANTED: tuple[tuple[Callable[[], World], tuple[str, ...]], ...] = (
    (clean, EVERY_KIND),
    (empty, EVERY_KIND),
    (books_broken, ("check",)),
    (tables_broken, ("check",)),
    (rows_broken, ("library", "row")),
)
