"""What the tests of the audits share: right tables, table rules by name, and the smallest ways to break a table."""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
from lakehouse_tables import TABLES

from bronze.csv.source import normalise
from bronze.judging import Normalised
from lakehouse.contract.model import load
from lakehouse.contract.quality import Outcome
from lakehouse.contract.quarantine import SCHEMA
from lakehouse.contract.rules import broken_by
from lakehouse.lake import layout
from lakehouse.staging import StagedTable
from tests.audited import Audited, Volume, failing
from tests.checks import bronze, every_layer, forecast, gold, silver
from tests.examination import check_named

MODULES: dict[str, tuple[ModuleType, ...]] = {
    layout.BRONZE: (bronze, every_layer),
    layout.SILVER: (silver, every_layer),
    layout.GOLD: (gold, every_layer),
    layout.FORECAST: (forecast, every_layer),
}


def read_export(folder: Path) -> dict[str, Normalised]:
    """Read the seven CSVs of an export."""
    return {table: normalise(table, folder / f"{table}.csv") for table in TABLES[layout.BRONZE]}


def audited(
    name: str,
    table: pa.Table,
    layer: Mapping[str, pa.Table] | None = None,
    below: Mapping[str, pa.Table] | None = None,
    quarantine: pa.Table | None = None,
    age_hours: float | None = None,
    *,
    volume: Volume | None = None,
    **reported: Any,
) -> Audited:
    """Return what a table rule receives; ``reported`` is what the write Lambda reports, by default the truth."""
    key = layout.run_key(name, "run")
    aside = SCHEMA.empty_table() if quarantine is None else quarantine
    staged: dict[str, Any] = {
        "table": name, "parts": 1, "staged_key": key, "rows_read": len(table) + len(aside), "rows": len(table),
        "quarantined": len(aside), "superseded": 0, "quarantine_key": None, "source_keys": [], "inputs": [], "bytes": 1,
    }  # fmt: skip
    staged_table = StagedTable(**(staged | reported))
    of_layer = {**(layer or {}), name: table}
    return Audited(load(name), staged_table, table, aside, of_layer, below or {}, age_hours, volume=volume)


def found(check: str, of: Audited) -> Outcome:
    """Apply the table rule of a name, with the limits of the contract."""
    limits = next((rule.arguments for rule in of.contract.rules if rule.check == check), None)
    return check_named(check, MODULES[of.contract.layer])(of, **(limits or {}))


def errors_of(of: Audited) -> dict[str, Outcome]:
    """Apply every rule of the contract; return those of severity error that fail."""
    key, outcomes = of.contract.key, {}
    for rule in of.contract.rules:
        judged = found(rule.check, of) if rule.kind == "check" else failing(broken_by(rule, of.table), of.table, key)
        if judged.failed and rule.severity == "error":
            outcomes[rule.name] = judged
    return outcomes


def counts(check: str, of: Audited) -> tuple[int, int]:
    """Return how many failed and how many were examined."""
    outcome = found(check, of)
    assert len(outcome.examples) <= 5
    assert (outcome.failed == 0) <= (outcome.examples == ())
    return outcome.failed, outcome.examined


def row_of(table: pa.Table, **where: Any) -> int:
    """Return the first row with the given values."""
    rows = table.select(list(where)).to_pylist()
    return rows.index(where)


def with_value(table: pa.Table, column: str, row: int, value: Any) -> pa.Table:
    """Return the table with one cell changed; a callable makes the new value of the old one."""
    values = table[column].to_pylist()
    values[row] = value(values[row]) if callable(value) else value
    place = table.column_names.index(column)
    return table.set_column(place, table.schema.field(column), pa.array(values, table.schema.field(column).type))


def without(table: pa.Table, row: int) -> pa.Table:
    """Return the table with one row dropped."""
    return table.take(pa.array([i for i in range(len(table)) if i != row], pa.int64()))


def twice(table: pa.Table, row: int) -> pa.Table:
    """Return the table with one row repeated."""
    return table.take(pa.array(sorted([*range(len(table)), row]), pa.int64()))


def swapped(table: pa.Table, one: int, other: int) -> pa.Table:
    """Return the table with two rows changed for one another."""
    rows = list(range(len(table)))
    rows[one], rows[other] = rows[other], rows[one]
    return table.take(pa.array(rows, pa.int64()))
