"""The subject of an audit: the tables that a run staged, as its write step reports them, or those published now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, Literal, Self, cast

import pyarrow as pa

from lakehouse.contract import layers
from lakehouse.contract.model import inputs_of
from lakehouse.errors import InputError, StorageError
from lakehouse.fanout import AUDIT, WRITE
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.staging import StagedTable
from tests.staged import by_table

STAGED: Final = "staged"
PUBLISHED: Final = "published"
# How many of a layer's newest audit reports are searched for the last one that passed.
_REPORTS: Final = 20
_FRESHNESS_RULE: Final = "atualidade"


@dataclass(frozen=True)
class Subject:
    """The tables of a layer that are to be audited.

    Attributes
    ----------
    kind : {'staged', 'published'}
    run_id, layer : str
        The run is the audit's own where it audits published tables.
    tables : mapping of str to StagedTable
        The accounting of each table: as its write step reports it or, of a published table, with its published keys
        and the counts in the report of the run that published it.
    absent : mapping of str to str
        Why the other tables of the layer are missing.
    published_by : str or None
        The run that published the tables; None where that is not known.
    """

    kind: Literal["staged", "published"]
    run_id: str
    layer: str
    tables: Mapping[str, StagedTable]
    absent: Mapping[str, str] = field(default_factory=dict)
    published_by: str | None = None

    @classmethod
    def of_event(cls, event: Mapping[str, Any], lake: Lake) -> Self:
        """Return the subject that an event asks to audit.

        Raises
        ------
        InputError
            Its ``of`` is neither ``staged`` nor ``published``.
        LakehouseError
            It has a table twice, or one of another layer: it would be published without an audit.
        """
        run_id, layer, kind = event["run_id"], event["layer"], event.get("of", STAGED)
        if kind == STAGED:
            return cls(STAGED, run_id, layer, by_table(layer, event.get("tables", ())))
        if kind != PUBLISHED:
            raise InputError([f"of is {kind!r}; use '{STAGED}' or '{PUBLISHED}'"])
        tables: dict[str, StagedTable] = {}
        absent: dict[str, str] = {}
        report = _newest_passed(lake, layer) or {}
        for table in layers.tables_of(layer):
            try:
                tables[table] = _published(lake, table, report)
            except StorageError as error:
                absent[table] = str(error)
        return cls(PUBLISHED, run_id, layer, tables, absent, report.get("run_id"))

    @property
    def step(self) -> str:
        """The step in the keys of its parts' records; audits of published tables must not read those of a run."""
        return AUDIT if self.kind == STAGED else PUBLISHED

    @property
    def report_key(self) -> str:
        """The key of its report; reports on published tables belong to no run, and are kept apart."""
        key = layout.quality_key if self.kind == STAGED else layout.published_audit_key
        return key(self.run_id, self.layer)

    def part(self, lake: Lake, part: int, parts: int) -> Mapping[str, StagedTable]:
        """Return the tables with the accounting of one part; only Silver writes one for each part."""
        if self.layer != layout.SILVER:
            return self.tables
        if self.kind == STAGED:
            record = cast(
                "StagedTable", lake.read_json(layout.part_record_key(self.run_id, self.layer, WRITE, part, parts))
            )
            return {record["table"]: record}
        return {table: self._published_part(lake, table, part, parts) for table in self.tables}

    def _published_part(self, lake: Lake, table: str, part: int, parts: int) -> StagedTable:
        key = layout.published_key(table, part, parts)
        aside = layout.quarantine_key(self.published_by or "", self.layer, table, part, parts)
        quarantined = _rows(lake, aside)
        accounting = {"staged_key": key, "rows": _rows(lake, key), "quarantined": quarantined}
        accounting |= {"quarantine_key": aside if quarantined else None}
        return cast("StagedTable", self.tables[table] | accounting)


def _newest_passed(lake: Lake, layer: str) -> dict[str, Any] | None:
    """Return the report of a layer's newest audit that passed, after which it was published."""
    prefix = layout.quality_key("", layer).removesuffix(".json")
    reports = (lake.read_json(key) for key in lake.newest(prefix, _REPORTS))
    return next((dict(report) for report in reports if report["passed"]), None)


def _published(lake: Lake, table: str, report: Mapping[str, Any]) -> StagedTable:
    """Return the accounting of a published table, from its run's report; raise `StorageError` unless it is whole."""
    layer, parts = layers.layer_of(table), lake.parts(table)
    keys = [layout.published_key(table, part, parts) for part in range(parts)]
    reported = next((entry for entry in report.get("tables", ()) if entry["table"] == table), None)
    rows = sum(_rows(lake, key) for key in keys) if reported is None else reported["rows"]
    quarantined = 0 if reported is None else reported["quarantined"]
    return StagedTable(
        table=table,
        parts=parts,
        staged_key=keys[0],
        published_key=keys[0],
        # The audit passed, so every row that was read was either kept or set aside.
        rows_read=rows + quarantined,
        rows=rows,
        quarantined=quarantined,
        quarantine_key=layout.quarantine_key(report["run_id"], layer, table) if quarantined else None,
        # Its sources may have been replaced since: the table's own age is a lower bound of theirs at that time.
        source_keys=[*_sources(lake, layer, table), keys[0]] if _has_age(reported) else [],
        bytes=0,
    )


def _has_age(reported: Mapping[str, Any] | None) -> bool:
    """Return whether the table's sources have an age; synthetic data has none."""
    rules = () if reported is None else reported["rules"]
    return any(rule["rule"] == _FRESHNESS_RULE and rule["examined"] for rule in rules)


def _sources(lake: Lake, layer: str, table: str) -> list[str]:
    """Return the present keys of a table's sources: its CSV, or the first object of each table that it is made from."""
    if layer == layout.BRONZE:
        return [layout.landing_key(table)]
    return [key for name in inputs_of(layer) for key in islice(lake.list(layout.published_prefix(name)), 1)]


def _rows(lake: Lake, key: str) -> int:
    """Return how many rows a Parquet object's footer says it has; 0 where it is missing or damaged, which fails."""
    try:
        return int(lake.parquet(key).metadata.num_rows)
    except (StorageError, pa.ArrowException, OSError):
        return 0
