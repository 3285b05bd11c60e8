"""The landed files of a run: exported CSVs and corrections, fetched as they were pinned, and checked together."""

from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from botocore.exceptions import ClientError

from bronze.csv.compression import CompressionError, expand
from bronze.csv.corrections import file_of
from bronze.csv.source import fetch, has_rows, problems_of, problems_of_all
from bronze.disk import full_disk_explained
from lakehouse.contract import layers
from lakehouse.contract.model import load
from lakehouse.errors import InputError, ReplacedError, StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake, Traffic
from lakehouse.staging import InputRead
from lakehouse.versions.opening import Opening
from lakehouse.versions.version import Input

# What is told, after its name, of a file that is not what was pinned.
REPLACED: Final = ": it was uploaded again after this run began, and the bucket keeps no earlier version; run again"


class Landed(NamedTuple):
    """The files of a bronze table.

    Attributes
    ----------
    path : Path
        Its exported CSV.
    corrected : Path or None
        Its corrections, where there are any.
    traffic : Traffic
        What was read for it.
    inputs : tuple of InputRead
        The same, with the SHA-256 of each file's content.
    """

    path: Path
    corrected: Path | None
    traffic: Traffic
    inputs: tuple[InputRead, ...]


def landed(lake: Lake, opening: Opening, folder: Path) -> dict[str, Landed]:
    """Fetch and check all files, as they were when the run was opened, before the first table is written.

    Parameters
    ----------
    lake : Lake
    opening : Opening
    folder : Path
        Where they are put.

    Raises
    ------
    InputError
        Some files are missing, cannot be read or have no rows; it has every problem of every file.
    """
    found: dict[str, Landed] = {}
    problems: list[str] = []
    (folder / "corrections").mkdir()
    for table in layers.tables_of(layers.BRONZE):
        try:
            found[table] = _fetched(lake, opening, table, folder)
        except InputError as error:
            problems += error.problems
    # Where some files are missing the others are checked all the same: one message names every problem.
    unreadable = problems_of_all(
        {table: files.path for table, files in found.items()},
        {table: opening.new_columns_of(table) for table in found},
    )
    problems += unreadable
    for table, files in found.items():
        problems += problems_of_corrections(table, files.corrected)
        if table not in opening.accept_volume and not any(each.startswith(files.path.name) for each in unreadable):
            problems += [] if has_rows(files.path) else [without_rows(table)]
    if problems:
        raise InputError(problems)
    return found


def problems_of_corrections(table: str, path: Path | None) -> list[str]:
    """Return why a file of corrections cannot be read; None: there is none."""
    return [] if path is None else problems_of(load(table), path, file_of(table))


def without_rows(table: str) -> str:
    """Return what is told of a table's file that has nothing below its header."""
    return (
        f"{table}.csv: there is no row below the header; export it again or, if the table is to be empty, run with "
        f"--accept-volume {table}"
    )


def _fetched(lake: Lake, opening: Opening, table: str, folder: Path) -> Landed:
    """Fetch the files of a table; raise `InputError` where one is not there any more."""
    export, corrections = opening.input_of(table), opening.correction_of(table)
    path, corrected = folder / f"{table}.csv", folder / file_of(table)
    problems, inputs = [], []
    wanted = [(export, path, path.name)] + ([(corrections, corrected, file_of(table))] if corrections else [])
    with lake.traffic() as traffic:
        for pinned, target, name in wanted:
            try:
                inputs.append(as_pinned(lake, pinned, table, target))
            except StorageError as error:
                problems.append(f"{name}{error}")
    if problems:
        raise InputError(problems)
    return Landed(path, corrected if corrections else None, traffic, tuple(inputs))


def as_pinned(lake: Lake, pinned: Input | None, table: str, path: Path) -> InputRead:
    """Fetch a file as it was pinned, and expand it; raise `StorageError` where it is not there or cannot be read."""
    if pinned is None:
        raise StorageError(missing(lake, table))
    try:
        with full_disk_explained(path.parent):
            digest = fetch(opened_as_pinned(lake, pinned), path)
            expand(path)
    except CompressionError as error:
        raise StorageError(f": {error}") from error
    except ReplacedError as error:
        raise StorageError(REPLACED) from error
    except StorageError as error:
        raise StorageError(f": {error}") from error
    return InputRead(key=pinned.key, sha256=digest)


def missing(lake: Lake, table: str) -> str:
    """Return what is told, after its name, of a table's file that is not there."""
    return (
        f" is missing: {lake.uri(layout.landing_key(table))} does not exist; "
        f"{_elsewhere(lake, table) or 'upload it there'}, or run on synthetic data"
    )


def opened_as_pinned(lake: Lake, pinned: Input) -> BinaryIO:
    """Return a file as it was pinned, to be read once and forwards; raise as `Lake.open` does."""
    try:
        return lake.open(pinned.key, etag=pinned.etag, version_id=pinned.version_id)
    except ClientError as error:
        # Without s3:GetObjectVersion the newest version can be read, which the ETag holds to what was pinned.
        if error.response["Error"]["Code"] != "AccessDenied" or pinned.version_id is None:
            raise
        return lake.open(pinned.key, etag=pinned.etag)


def _elsewhere(lake: Lake, table: str) -> str:
    """Return what to do where a table's file is there under the name that a compressed one has; empty elsewhere."""
    names = layout.compressed_keys(table)
    found = next((key for key in lake.list(f"{layout.LANDING_PREFIX}{table}.") if key in names), None)
    return f"aws s3 mv {lake.uri(found)} {lake.uri(layout.landing_key(table))}, compressed as it is" if found else ""
