"""The rows to mend as files for a person: a CSV with the columns of the table, and beside it why each row waits."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from botocore.exceptions import ClientError

from bronze.csv.compression import CompressionError, beginning_of
from bronze.csv.corrections import fields_of
from bronze.csv.pieces import LONGEST_HEADER, header
from cli.contents.quarantine import WaitingRow, WaitingTable
from cli.errors import DENIED, UsageError
from lakehouse.contract.model import load
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.versions.view import View

REASONS: Final = ".reasons.csv"
_HEADING: Final = ("row", "file", "line", "reasons")


def write(view: View, tables: Sequence[WaitingTable], folder: Path) -> list[Path]:
    """Write the waiting rows of bronze tables to a folder; return the files to mend.

    Parameters
    ----------
    view : View
        The version in which they wait.
    tables : sequence of WaitingTable
    folder : Path
        Made where it is missing.

    Raises
    ------
    UsageError
        One of the files is there already, or cannot be written.
    """
    wanted = {each.table: (folder / f"{each.table}.csv", folder / f"{each.table}{REASONS}") for each in tables}
    there = [str(path) for pair in wanted.values() for path in pair if path.exists()]
    if there:
        raise UsageError(
            f"{', '.join(there)} is there already, perhaps half mended",
            "Name another folder, or move those files away.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for each in tables:
            rows, why = wanted[each.table]
            _write(rows, [load(each.table).schema.names, *_fields(view, each)])
            _write(why, [_HEADING, *(_why(number, row) for number, row in enumerate(each.rows, 1))])
    except OSError as error:
        raise UsageError(f"{error.filename or folder} cannot be written: {error.strerror}") from error
    return [rows for rows, _ in wanted.values()]


def _write(path: Path, rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as content:
        csv.writer(content, lineterminator="\n").writerows(rows)


def _why(number: int, row: WaitingRow) -> tuple[object, ...]:
    return number, row.file, row.line, "; ".join(row.reasons)


def _fields(view: View, table: WaitingTable) -> list[list[str]]:
    """Return the fields of each row in the contract's order; as they are, where there are too few or too many."""
    names = load(table.table).schema.names
    columns = {file: _columns(view, table.table, file) for file in {row.file for row in table.rows}}
    found = []
    for row in table.rows:
        fields, of_file = fields_of(row.text), columns[row.file]
        is_whole = len(fields) == len(of_file)
        found.append([fields[of_file.index(name)] for name in names] if is_whole else fields)
    return found


def _columns(view: View, table: str, file: str) -> list[str]:
    """Return the columns of a file in its own order, as its header has them; the contract's where that is gone."""
    names: list[str] = load(table).schema.names
    key = layout.landing_key(table) if file == f"{table}.csv" else layout.correction_key(table)
    pinned = next((each for each in view.version.inputs if each.key == key), None) if view.version else None
    if pinned is None:
        return names
    try:
        content = beginning_of(view.lake.open(key, etag=pinned.etag, version_id=pinned.version_id), LONGEST_HEADER)
    except (StorageError, CompressionError):
        return names
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIED:
            raise
        return names
    columns = header(content.partition(b"\n")[0])
    # It may have others besides, which its run left out.
    return columns if set(names) <= set(columns) and len(set(columns)) == len(columns) else names
