"""A version of the lake: for each table the audited files that it consists of, and what they were made from. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Final, Self

from lakehouse.contract import layers
from lakehouse.contract.profile import ColumnProfile, Profile
from lakehouse.contract.quality import AuditedFile
from lakehouse.contract.structure import bare
from lakehouse.errors import StorageError

FORMAT: Final = 1
CSV: Final = "csv"
# What made a version, where it was no run of a state machine's layers.
ROLLBACK: Final = "rollback"


@dataclass(frozen=True)
class Input:
    """An exported CSV, or a file of corrections, as a run pinned it.

    Attributes
    ----------
    table : str
        The bronze table that is made from it.
    key, etag : str
    bytes : int
    version_id : str or None
        The object's version; None in a bucket that keeps none.
    modified : str
        When it was uploaded, ISO 8601 in UTC.
    sha256 : str
        Of its content, in hexadecimal; empty until it was read.
    """

    table: str
    key: str
    etag: str
    bytes: int
    version_id: str | None
    modified: str
    sha256: str = ""

    @property
    def identity(self) -> tuple[str, str, int]:
        """What two inputs have in common that are the same: key, ETag and size."""
        return self.key, self.etag, self.bytes


@dataclass(frozen=True)
class TableVersion:
    """A table as a version has it.

    Attributes
    ----------
    table, run : str
        The run that wrote its files.
    files : tuple of AuditedFile
        One per part, in order.
    rows_read, quarantined : int
        How many input rows were considered, and how many of them set aside.
    quarantine_key, quarantine_etag : str or None
        The rows that were set aside; None where there are none.
    superseded : int
        How many rows a correction replaced.
    contract, contract_sha256 : str
        The version of its contract, and the SHA-256 of the contract's text.
    report, report_etag : str
        The audit's report that let it through.
    code : str
        The fingerprint of the code that wrote it (`lakehouse.versions.code`).
    made_from : mapping of str to str
        The run of each table that it was made from; empty for Bronze.
    columns : tuple of ColumnProfile
        What its audit counted of each column, which outlives the files and the report; empty in versions from before
        audits counted.
    new_columns : tuple of str
        The columns of its CSV that its contract does not have, and that were not read: place and shape of the name.
    """

    table: str
    run: str
    files: tuple[AuditedFile, ...]
    rows_read: int
    quarantined: int
    quarantine_key: str | None
    quarantine_etag: str | None
    contract: str
    contract_sha256: str
    report: str
    report_etag: str
    code: str
    made_from: Mapping[str, str] = field(default_factory=dict)
    superseded: int = 0
    columns: Profile = ()
    new_columns: tuple[str, ...] = ()

    @property
    def layer(self) -> str:
        """The layer of its table."""
        return layers.layer_of(self.table)

    @property
    def rows(self) -> int:
        """How many rows all of its files have."""
        return sum(file.rows for file in self.files)

    @property
    def bytes(self) -> int:
        """How many bytes all of its files have."""
        return sum(file.bytes for file in self.files)

    @property
    def parts(self) -> int:
        """In how many parts it is."""
        return len(self.files)

    @property
    def identity(self) -> tuple[tuple[str, str], ...]:
        """What two states of a table have in common that are the same: the key and ETag of every file."""
        return tuple((file.key, file.etag) for file in self.files)

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Self:
        """Return the table that `dataclasses.asdict` made JSON of."""
        files = tuple(AuditedFile(**file) for file in content["files"])
        columns = tuple(map(ColumnProfile.of_json, content.get("columns", ())))
        new_columns = tuple(content.get("new_columns", ()))
        return cls(**{**content, "files": files, "columns": columns, "new_columns": new_columns})


@dataclass(frozen=True)
class Making:
    """How a version is made.

    Attributes
    ----------
    by : str
        ``pipeline``, the name of a layer that was run by itself, or ``rollback``.
    execution : str
        The execution that commits it, as Step Functions names it.
    at : str
        When, ISO 8601 in UTC.
    """

    by: str
    execution: str
    at: str


@dataclass(frozen=True)
class Version:
    """One whole state of the lake.

    Attributes
    ----------
    number : int
        From 1 up, without gaps.
    parent : int
        The version before it; 0 for the first.
    run : str
        The run that made it.
    made : Making
    source : mapping
        The source of its Bronze, as a run's input has it: ``{"type": "csv"}`` or synthetic data with orders and seed.
    inputs : tuple of Input
        The files that its Bronze was made from; empty for synthetic data.
    tables : mapping of str to TableVersion
    restores : int
        Of a rollback, the version whose tables it has; otherwise 0.
    governance, governance_etag : str
        The report of governance that let it through; empty where layers were run by themselves.
    """

    number: int
    parent: int
    run: str
    made: Making
    source: Mapping[str, Any]
    inputs: tuple[Input, ...]
    tables: Mapping[str, TableVersion]
    restores: int = 0
    governance: str = ""
    governance_etag: str = ""

    @cached_property
    def seal(self) -> str:
        """The SHA-256 of all that it says: whoever knows it can tell whether its object was changed since.

        A field that later code adds, and that is empty here, changes nothing.
        """
        return hashlib.sha256(json.dumps(bare(self.as_json()), sort_keys=True).encode()).hexdigest()

    @property
    def runs(self) -> dict[str, str]:
        """The run of each layer that it has tables of, in the order of the layers."""
        return {table.layer: table.run for table in self.ordered}

    @property
    def ordered(self) -> tuple[TableVersion, ...]:
        """Its tables, in the order in which tables are listed."""
        return tuple(self.tables[name] for name in layers.all_tables() if name in self.tables)

    @property
    def is_from_csv(self) -> bool:
        """Whether its Bronze was read from exported CSVs."""
        return bool(self.source.get("type", CSV) == CSV)

    @property
    def outdated(self) -> dict[str, tuple[str, ...]]:
        """The tables that were made from other files than the version has, each with those tables' names.

        That happens where a layer was run by itself: the layers above it follow when they are run.
        """
        found = {}
        for each in self.ordered:
            others = tuple(name for name, run in each.made_from.items() if self.run_of(name) != run)
            if others:
                found[each.table] = others
        return found

    @property
    def before(self) -> int:
        """The version to go back to from it: the one before, or of a rollback the one before what it restored.

        0 where it is the first state of the lake.
        """
        return (self.restores or self.number) - 1

    def run_of(self, table: str) -> str | None:
        """Return the run that wrote a table; None where the version has no such table."""
        return self.tables[table].run if table in self.tables else None

    def as_json(self) -> dict[str, Any]:
        """Return it as the lake keeps it."""
        return {"format": FORMAT, **asdict(self), "tables": [asdict(table) for table in self.ordered]}

    @classmethod
    def of_json(cls, content: Mapping[str, Any], place: str) -> Self:
        """Return the version that the lake keeps; raise `StorageError`, naming its place, where it cannot be read."""
        if content.get("format") != FORMAT:
            raise StorageError(
                f"{place} has the format {content.get('format')!r}, and this code reads {FORMAT}: it was written by "
                "another version of the project; deploy that one"
            )
        fields = {name: value for name, value in content.items() if name != "format"}
        tables = [TableVersion.of_json(table) for table in content["tables"]]
        return cls(
            **fields
            | {
                "made": Making(**content["made"]),
                "inputs": tuple(Input(**each) for each in content["inputs"]),
                "tables": {table.table: table for table in tables},
            }
        )
