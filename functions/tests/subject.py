"""What an audit is about: what a run staged, as its write step reports it, or what is published now."""

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
# Of the newest audits of a layer, how many may have failed since it was published.
_REPORTS: Final = 20
_FRESHNESS_RULE: Final = "atualidade"


@dataclass(frozen=True)
class Subject:
    """The tables of a layer that are to be audited.

    Attributes
    ----------
    of : {'staged', 'published'}
    run_id, layer : str
        The run is the audit's own where it looks at what is published.
    tables : mapping of str to StagedTable
        By table; of what is published, where it lies and what the run that published it reported.
    absent : mapping of str to str
        Why a table that is not among them is not there.
    published_by : str or None
        The run whose audit let what is published pass; None where that is not known.
    """

    of: Literal["staged", "published"]
    run_id: str
    layer: str
    tables: Mapping[str, StagedTable]
    absent: Mapping[str, str] = field(default_factory=dict)
    published_by: str | None = None

    @classmethod
    def of_event(cls, event: Mapping[str, Any], lake: Lake) -> Self:
        """Read the event of an audit.

        Raises
        ------
        InputError
            It asks for something else than what is staged or published.
        LakehouseError
            It stages a table twice, or one that is not of the layer: it would be published without an audit.
        """
        run_id, layer, of = event["run_id"], event["layer"], event.get("of", STAGED)
        if of == STAGED:
            return cls(STAGED, run_id, layer, by_table(layer, event.get("tables", ())))
        if of != PUBLISHED:
            raise InputError([f"of is {of!r}; use '{STAGED}' or '{PUBLISHED}'"])
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
        """Return the name under which the records of its parts are kept: those of a run are not what is there now."""
        return AUDIT if self.of == STAGED else PUBLISHED

    @property
    def report_key(self) -> str:
        """Return where its report is kept; one on what is published is no run's, and stands apart."""
        key = layout.quality_key if self.of == STAGED else layout.published_audit_key
        return key(self.run_id, self.layer)

    def part(self, lake: Lake, part: int, parts: int) -> Mapping[str, StagedTable]:
        """Return the tables with the accounting of one part; only what Silver writes has one of each part."""
        if self.layer != layout.SILVER:
            return self.tables
        if self.of == STAGED:
            record = cast(
                "StagedTable", lake.read_json(layout.part_record_key(self.run_id, self.layer, WRITE, part, parts))
            )
            return {record["table"]: record}
        return {table: self._published_part(lake, table, part, parts) for table in self.tables}

    def _published_part(self, lake: Lake, table: str, part: int, parts: int) -> StagedTable:
        key = layout.published_key(table, part, parts)
        aside = layout.quarantine_key(self.published_by or "", self.layer, table, part, parts)
        quarantined = _rows(lake, aside)
        of_part = {"staged_key": key, "rows": _rows(lake, key), "quarantined": quarantined}
        return cast("StagedTable", self.tables[table] | of_part | {"quarantine_key": aside if quarantined else None})


def _newest_passed(lake: Lake, layer: str) -> dict[str, Any] | None:
    """Return the report of the newest audit of a layer that passed, which is the one that let it be published."""
    prefix = layout.quality_key("", layer).removesuffix(".json")
    reports = (lake.read_json(key) for key in lake.newest(prefix, _REPORTS))
    return next((dict(report) for report in reports if report["passed"]), None)


def _published(lake: Lake, table: str, report: Mapping[str, Any]) -> StagedTable:
    """Return a published table as its run reported it; raise `StorageError` when it is not there, or not whole."""
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
        # An audit that passed found every row that was read among those kept or set aside.
        rows_read=rows + quarantined,
        rows=rows,
        quarantined=quarantined,
        quarantine_key=layout.quarantine_key(report["run_id"], layer, table) if quarantined else None,
        # Its own age bounds theirs, which may have been replaced since.
        source_keys=[*_sources(lake, layer, table), keys[0]] if _has_age(reported) else [],
        bytes=0,
    )


def _has_age(reported: Mapping[str, Any] | None) -> bool:
    """Return whether the table was made from something that has an age; synthetic data has none."""
    rules = () if reported is None else reported["rules"]
    return any(rule["rule"] == _FRESHNESS_RULE and rule["examined"] for rule in rules)


def _sources(lake: Lake, layer: str, table: str) -> list[str]:
    """Return what a table is made from, as it is there now: its CSV, or the first object of each table below."""
    if layer == layout.BRONZE:
        return [layout.landing_key(table)]
    return [key for name in inputs_of(layer) for key in islice(lake.list(layout.published_prefix(name)), 1)]


def _rows(lake: Lake, key: str) -> int:
    """Return how many rows a Parquet object says it has; none where it is missing or damaged, as its audit finds."""
    try:
        return int(lake.parquet(key).metadata.num_rows)
    except (StorageError, pa.ArrowException, OSError):
        return 0
