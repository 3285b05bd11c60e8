"""A version made again, from exactly its inputs, without publishing it: the same code has to give the same bytes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cli.errors import CliError, UsageError
from cli.running import machines
from cli.running.changing import change
from cli.session import Aws
from lakehouse.contract import layers
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions.candidate import candidate
from lakehouse.versions.code import contract_sha256
from lakehouse.versions.opening import Opening, opened
from lakehouse.versions.version import Input, TableVersion, Version


@dataclass(frozen=True)
class Compared:
    """A table as a version has it, and as the replay made it.

    Attributes
    ----------
    table : str
    files : int
        How many files the version has of it.
    differing : tuple of str
        The names of the files that are not the same to the byte, or that only one of the two has.
    reasons : tuple of str
        What was not the same as when the version was made: then other bytes are no fault.
    """

    table: str
    files: int
    differing: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def identical(self) -> bool:
        """Whether every file is the same."""
        return not self.differing

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` has of it."""
        return asdict(self) | {"identical": self.identical}


@dataclass(frozen=True)
class Replay:
    """A version that was made again.

    Attributes
    ----------
    version : int
    run_id : str
        The replay's run; it is discarded.
    seconds : float
    tables : list of Compared
    """

    version: int
    run_id: str
    seconds: float
    tables: list[Compared]

    @property
    def identical(self) -> bool:
        """Whether every file of every table is the same."""
        return all(table.identical for table in self.tables)

    @property
    def unexplained(self) -> list[Compared]:
        """The tables that differ although inputs, code and contracts are the same."""
        return [table for table in self.tables if table.differing and not table.reasons]

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` has of it."""
        return {
            "version": self.version, "run": self.run_id, "seconds": round(self.seconds, 1),
            "identical": self.identical, "tables": [table.as_json() for table in self.tables],
        }  # fmt: skip


def replay(aws: Aws, lake: Lake, version: Version) -> Replay:
    """Make a version again from exactly its inputs, compare every file, and discard what was made.

    Raises
    ------
    UsageError
        An input cannot be read again as it was.
    RunFailedError
        The run did not come to its end.
    """
    source = source_of(lake, version)
    run_id = machines.new_run_id()
    replayed = change(aws, _input(source), run_id=run_id, what=f"the replay of version {version.number}")
    try:
        opening = opened(lake, run_id)
        made = {name: table for layer in layers.LAYERS for name, table in candidate(lake, opening, layer).items()}
        tables = compared(version, made, opening)
    finally:
        change(aws, {"only": "discard", "run_id": run_id})
    return Replay(version.number, run_id, replayed.outcome.seconds, tables)


def source_of(lake: Lake, version: Version) -> dict[str, Any]:
    """Return the source of a run that reads exactly what a version was made from.

    Raises
    ------
    UsageError
        The bucket kept no versions of its objects, or not long enough.
    """
    if not version.is_from_csv:
        return dict(version.source)
    _still_there(lake, version)
    exported = {each.table: str(each.version_id) for each in version.inputs if not _is_correction(each)}
    corrections = {each.table: str(each.version_id) for each in version.inputs if _is_correction(each)}
    return dict(version.source) | {
        "inputs": exported,
        "corrections": corrections,
        # What was right then is compared with the volume of today.
        "accept_volume": list(layers.tables_of(layers.BRONZE)),
    }


def compared(version: Version, made: Mapping[str, TableVersion], opening: Opening) -> list[Compared]:
    """Return how each table of a version compares with what a replay made."""
    other_inputs = {each.identity for each in version.inputs} != {each.identity for each in opening.inputs}
    outdated = version.outdated
    found = []
    for table in version.ordered:
        then, now = _files(table), _files(made[table.table]) if table.table in made else {}
        differing = tuple(sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name)))
        reasons = [
            *(["the inputs are not those of the version"] if other_inputs else []),
            *([f"the code was {table.code}, and is {opening.code}"] if table.code != opening.code else []),
            *(["its contract was another one"] if _has_other_contract(table) else []),
            *(["the version has it made from older tables"] if table.table in outdated else []),
        ]
        found.append(Compared(table.table, len(then), differing, tuple(reasons)))
    return found


def _input(source: Mapping[str, Any]) -> dict[str, Any]:
    # Held, so that a replay never publishes; by force, since what it makes is there already.
    return {"source": dict(source), "force": True, "hold": True}


def _still_there(lake: Lake, version: Version) -> None:
    """Refuse a version whose inputs cannot be read again, naming every one."""
    unkept = [each.key for each in version.inputs if each.version_id is None]
    if unkept:
        raise UsageError(
            f"version {version.number} cannot be made again: the bucket kept no versions of {', '.join(unkept)}",
            "From now on it can: `./importau bucket` turns versions on.",
        )
    gone = [each.key for each in version.inputs if not _is_there(lake, each)]
    if gone:
        raise UsageError(
            f"version {version.number} cannot be made again: of {', '.join(gone)} the bucket has no longer what it was "
            "made from",
            "Old versions of objects are kept for 90 days; a newer version can be made again.",
        )


def _is_there(lake: Lake, each: Input) -> bool:
    """Return whether the bucket still has the version of an object, by a listing: that needs no further permission."""
    pages = lake.client.get_paginator("list_object_versions").paginate(Bucket=lake.bucket, Prefix=each.key)
    return any(
        entry["Key"] == each.key and entry["VersionId"] == each.version_id
        for page in pages
        for entry in page.get("Versions", ())
    )


def _is_correction(each: Input) -> bool:
    return each.key == layout.correction_key(each.table)


def _files(table: TableVersion) -> dict[str, tuple[str, int]]:
    """Return ETag and size of each file of a table by its name, which every run gives it."""
    return {file.key.rpartition("/")[2]: (file.etag, file.bytes) for file in table.files}


def _has_other_contract(table: TableVersion) -> bool:
    return table.table not in layers.all_tables() or table.contract_sha256 != contract_sha256(table.table)


def verdict(found: Replay) -> CliError | None:
    """Return the error of a replay that gave other bytes for no reason; None where it is as it has to be."""
    if not found.unexplained:
        return None
    names = [name for table in found.unexplained for name in table.differing]
    return CliError(
        f"the replay of version {found.version} is not identical, although inputs, code and contracts are: "
        f"{', '.join(names)}",
        "The same input has to give the same bytes: this is a defect, or a file that was changed; `./importau verify` "
        "says which.",
    )
