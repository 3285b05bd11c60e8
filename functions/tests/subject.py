"""The subject of an audit: the tables that a run staged, as its write step reports them, or those of a version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final, Literal, Self, cast

import pyarrow as pa

from lakehouse.contract import layers
from lakehouse.contract.model import inputs_of
from lakehouse.contract.quality import AuditedFile
from lakehouse.errors import InputError, StorageError
from lakehouse.fanout import AUDIT, WRITE
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.staging import InputRead, StagedTable
from lakehouse.versions import chain
from lakehouse.versions.opening import Opening, opened
from lakehouse.versions.source import kind_of
from lakehouse.versions.version import Input, TableVersion, Version
from lakehouse.versions.view import View
from tests.audited import Volume
from tests.staged import by_table

# How many versions are looked at for one that came from the same kind of source.
_LOOKED_AT: Final = 30
_SECONDS_PER_HOUR: Final = 3600
STAGED: Final = "staged"
PUBLISHED: Final = "published"


@dataclass(frozen=True)
class Subject:
    """The tables of a layer that are to be audited.

    Attributes
    ----------
    kind : {'staged', 'published'}
    run_id, layer : str
        The run is the audit's own where it audits a version.
    tables : mapping of str to StagedTable
        The accounting of each table: as its write step reports it, or as the version has it.
    below : View
        The tables of the layers below, which it was made from.
    inputs : tuple of Input
        The exported files, as they were pinned.
    absent : mapping of str to str
        Why the other tables of the layer are missing.
    version : Version or None
        None for what a run staged.
    opening : Opening or None
        None for what is published.
    """

    kind: Literal["staged", "published"]
    run_id: str
    layer: str
    tables: Mapping[str, StagedTable]
    below: View
    inputs: tuple[Input, ...] = ()
    absent: Mapping[str, str] = field(default_factory=dict)
    version: Version | None = None
    opening: Opening | None = None

    @classmethod
    def of_event(cls, event: Mapping[str, Any], lake: Lake) -> Self:
        """Return the subject that an event asks to audit.

        Raises
        ------
        InputError
            Its ``of`` is neither ``staged`` nor ``published``.
        LakehouseError
            It has a table twice, or one of another layer: it would be published without an audit.
        StorageError
            There is no such version.
        """
        run_id, layer, kind = event["run_id"], event["layer"], event.get("of", STAGED)
        if kind == STAGED:
            opening = opened(lake, run_id)
            view = View.of_run(lake, opening, below=layer)
            tables = by_table(layer, event.get("tables", ()))
            return cls(STAGED, run_id, layer, tables, view, opening.inputs, opening=opening)
        if kind != PUBLISHED:
            raise InputError([f"of is {kind!r}; use '{STAGED}' or '{PUBLISHED}'"])
        view = View.of_version(lake, event.get("version") or None)
        found: dict[str, StagedTable] = {}
        absent: dict[str, str] = {}
        for name in layers.tables_of(layer):
            try:
                found[name] = _accounting(view, view.table(name))
            except StorageError as error:
                absent[name] = str(error)
        inputs = view.version.inputs if view.version else ()
        return cls(PUBLISHED, run_id, layer, found, view, inputs, absent, view.version)

    @property
    def step(self) -> str:
        """The step in the keys of its parts' records; audits of a version must not read those of a run."""
        return AUDIT if self.kind == STAGED else PUBLISHED

    @property
    def report_key(self) -> str:
        """The key of its report; reports on versions belong to no run, and are kept apart."""
        key = layout.quality_key if self.kind == STAGED else layout.published_audit_key
        return key(self.run_id, self.layer)

    @property
    def published_by(self) -> str | None:
        """The run that published the tables; None for what a run staged, and where nothing is published."""
        return self.version.runs.get(self.layer) if self.version else None

    def file(self, table: str, part: int) -> AuditedFile | None:
        """Return what a file of a table has to be; None for what a run staged, which is audited for the first time."""
        if self.version is None or table not in self.tables:
            return None
        return self.below.file(table, part)

    def volume(self, table: str) -> Volume | None:
        """Return what the volume of a bronze table is held against; None for other tables, and for what is published.

        A synthetic company is as large as its run asks: it is compared with one of the same number of orders.
        """
        if self.opening is None or self.layer != layers.BRONZE:
            return None
        like = self._like
        before = like.tables[table].rows if like and table in like.tables else None
        return Volume(before, table in self.opening.accept_volume)

    @cached_property
    def _like(self) -> Version | None:
        """The newest version that the run builds on which came from the same kind of source."""
        version, opening = self.below.version, self.opening
        for _ in range(_LOOKED_AT):
            if version is None or opening is None or kind_of(version.source) == kind_of(opening.source):
                return version
            version = _read(self.below.lake, version.parent)
        return None

    def age_hours(self, table: str, now: datetime) -> float | None:
        """Return the age of the oldest source of a table; None for synthetic data, and where no source is left."""
        written = [self._written(key) for key in self.tables[table]["source_keys"]]
        known = [moment for moment in written if moment is not None]
        return (now - min(known)).total_seconds() / _SECONDS_PER_HOUR if known else None

    def _written(self, key: str) -> datetime | None:
        """Return when a source was written: a file as it was pinned, or an object of the lake; None if it is gone."""
        if key not in self._moments:
            pinned = (datetime.fromisoformat(each.modified) for each in self.inputs if each.key == key)
            self._moments[key] = next(pinned, None) or self.below.lake.last_modified(key)
        return self._moments[key]

    @cached_property
    def _moments(self) -> dict[str, datetime | None]:
        """When each source was written, as far as that was asked: the report asks once more than the rules do."""
        return {}

    def part(self, lake: Lake, part: int, parts: int) -> Mapping[str, StagedTable]:
        """Return the tables with the accounting of one part; only Silver writes one for each part."""
        if self.layer != layout.SILVER:
            return self.tables
        if self.kind == STAGED:
            record = cast(
                "StagedTable", lake.read_json(layout.part_record_key(self.run_id, self.layer, WRITE, part, parts))
            )
            return {record["table"]: record}
        return {table: self._part_of_version(lake, table, part, parts) for table in self.tables}

    def _part_of_version(self, lake: Lake, table: str, part: int, parts: int) -> StagedTable:
        file = self.below.file(table, part)
        aside = layout.quarantine_key(self.published_by or "", self.layer, table, part, parts)
        quarantined = _rows(lake, aside)
        accounting = {"staged_key": file.key, "rows": file.rows, "quarantined": quarantined}
        accounting |= {"quarantine_key": aside if quarantined else None}
        return cast("StagedTable", self.tables[table] | accounting)


def _read(lake: Lake, number: int) -> Version | None:
    """Return a version; None where there is none, or none any more."""
    try:
        return chain.read(lake, number) if number else None
    except StorageError:
        return None


def _accounting(view: View, table: TableVersion) -> StagedTable:
    """Return the accounting of a table of a version."""
    inputs = _sources(view, table)
    accounting = StagedTable(
        table=table.table,
        parts=table.parts,
        staged_key=table.files[0].key,
        rows_read=table.rows_read,
        rows=table.rows,
        quarantined=table.quarantined,
        superseded=table.superseded,
        quarantine_key=table.quarantine_key,
        source_keys=[each["key"] for each in inputs],
        inputs=inputs,
        bytes=table.bytes,
    )
    if table.new_columns:
        accounting["new_columns"] = list(table.new_columns)
    return accounting


def _sources(view: View, table: TableVersion) -> list[InputRead]:
    """Return what a table was made from: its exported files, or the first file of each table below."""
    if table.layer != layout.BRONZE:
        names = [name for name in inputs_of(table.layer) if name in view.tables]
        return [InputRead(key=view.file(name).key, sha256="") for name in names]
    pinned = view.version.inputs if view.version else ()
    return [InputRead(key=each.key, sha256=each.sha256) for each in pinned if each.table == table.table]


def _rows(lake: Lake, key: str) -> int:
    """Return how many rows a Parquet object's footer says it has; 0 where it is missing or damaged, which fails."""
    try:
        return int(lake.parquet(key).metadata.num_rows)
    except (StorageError, pa.ArrowException, OSError):
        return 0
