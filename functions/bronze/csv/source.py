"""The CSV source: all files are fetched and checked first, then read in pieces into their contracts' types."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BufferedReader
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final, NamedTuple

import numpy as np
import pyarrow as pa

from bronze.corrections import Corrections
from bronze.csv import corrections
from bronze.csv.new_columns import is_proposable
from bronze.csv.pieces import LONGEST_HEADER, header, pieces_of, records_at, whole_lines, without_marks
from bronze.csv.quick import lines_in
from bronze.csv.records import LONGEST_RECORD
from bronze.judging import Normalised, in_memory, judge
from bronze.part_files import PartFiles
from lakehouse.contract.choices import PROPOSE, STOP
from lakehouse.contract.model import Contract, load, words_of_columns
from lakehouse.errors import InputError
from lakehouse.personal.quoting import quoted_name

PIECE: Final = 8 << 20
# Bytes decoded at once: they stay in the processor's cache.
_BLOCK: Final = 1 << 20
# How many columns a problem of the header names.
_NAMED: Final = 20
# More new columns than these are another export, and no choice is asked for.
_MOST_NEW: Final = 20
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


class TableFiles(NamedTuple):
    """One bronze table as files.

    Attributes
    ----------
    paths : tuple of Path
        One file per part.
    rows : int
        The total of all parts.
    quarantine : pa.Table
        With `lakehouse.contract.quarantine.SCHEMA`, in file order.
    rows_read : int
        Always ``rows + len(quarantine) + superseded``.
    superseded : int
        How many rows a correction replaces.
    """

    paths: tuple[Path, ...]
    rows: int
    quarantine: pa.Table
    rows_read: int
    superseded: int = 0


def fetch(stream: BinaryIO, path: Path) -> str:
    """Copy a stream into a file, which is read twice: to check it and, once all files are right, to use it.

    Returns
    -------
    str
        The SHA-256 of the content, in hexadecimal.
    """
    digest = hashlib.sha256()
    with path.open("wb") as target:
        for piece in iter(partial(stream.read, PIECE), b""):
            digest.update(piece)
            target.write(piece)
    return digest.hexdigest()


def check(files: Mapping[str, Path]) -> None:
    """Check that files are UTF-8 and have the columns of their contracts.

    Parameters
    ----------
    files : mapping of str to Path
        The file of each table.

    Raises
    ------
    InputError
        Some are not; it has every problem of every file.
    """
    problems = problems_of_all(files)
    if problems:
        raise InputError(problems)


def problems_of_all(files: Mapping[str, Path], choices: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """Return why files, by their tables, cannot be read, file by file.

    Parameters
    ----------
    files : mapping of str to Path
    choices : mapping of str to str
        What is done with columns that the contract of a table does not have; by default nothing is read.
    """
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        by_file = threads.map(
            lambda table: problems_of(load(table), files[table], new_columns=choices.get(table, STOP)), files
        )
        return [problem for problems in by_file for problem in problems]


def problems_of(contract: Contract, path: Path, file: str = "", *, new_columns: str = STOP) -> list[str]:
    """Return why a file cannot be read at all, each problem with its place and remedy; empty if it can.

    Parameters
    ----------
    contract : Contract
    path : Path
    file : str
        How the problems name the file; by its own name by default.
    new_columns : {'stop', 'ignore', 'propose'}
        What is done with columns that the contract does not have.
    """
    file = file or path.name
    with path.open("rb") as content:
        head = content.readline(LONGEST_HEADER)
        problems = problems_of_start(contract, head, file)
        if problems:
            return problems
        wrong = undecodable(content)
    return [wrong.problem(file)] if wrong else problems_of_header(contract, head, file, new_columns=new_columns)


def problems_of_start(contract: Contract, head: bytes, file: str) -> list[str]:
    """Return why a file cannot be read that begins with a line; of its columns `problems_of_header` tells."""
    if head.startswith(_UTF16) or b"\0" in head:
        return [f"{file}: the file is not UTF-8 text but looks like UTF-16; save it as 'CSV UTF-8'"]
    if not without_marks(head).strip():
        return [f"{file}, line 1: there is no header, the file is empty or begins blank; {_columns(contract)}"]
    return []


def problems_of_header(contract: Contract, head: bytes, file: str, *, new_columns: str = STOP) -> list[str]:
    """Return what is wrong with the header of a file, which is its first line; see `problems_of`."""
    head = without_marks(head)
    if b"\r" in head.rstrip(b"\r\n"):
        return [f"{file}, line 1: lines end in CR alone; save the file with line ends LF or CRLF"]
    return list(_header_problems(contract, file, header(head), new_columns))


def has_rows(path: Path) -> bool:
    """Return whether anything but blank lines follows a file's header."""
    with path.open("rb") as content:
        content.readline()
        return any(piece.strip() for piece in iter(partial(content.read, _BLOCK), b""))


class Undecodable(NamedTuple):
    """The first byte of a file that is not UTF-8: on which line, at which character of that, and what it is."""

    line: int
    column: int
    byte: int

    def problem(self, file: str) -> str:
        """Return what is told of it."""
        return (
            f"{file}, line {self.line}, column {self.column}: byte 0x{self.byte:02X} is not UTF-8, the file "
            f"looks like Latin-1; save it as 'CSV UTF-8', or: iconv -f WINDOWS-1252 -t UTF-8 {file}"
        )


def undecodable(content: BufferedReader) -> Undecodable | None:
    """Return the first byte of a file that is not UTF-8; None if there is none."""
    start = 0
    # No character contains the byte of a line end, so lines can be decoded by themselves.
    while piece := whole_lines(content, start, _BLOCK):
        if not _is_utf8(piece):
            try:
                piece.decode("utf-8")
            except UnicodeDecodeError as error:
                before = piece[: error.start]
                column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
                return Undecodable(_line_of(start + error.start, content), column, piece[error.start])
        start += len(piece)
    return None


def _line_of(position: int, content: BufferedReader) -> int:
    """Return the line that a byte of a file is on."""
    content.seek(0)
    return 1 + sum(lines_in(content.read(min(_BLOCK, position - at))) for at in range(0, position, _BLOCK))


def _is_utf8(piece: bytes) -> bool:
    """Return whether a piece is UTF-8, by Arrow, which is faster than Python."""
    bounds = pa.py_buffer(np.array([0, len(piece)], np.int64))
    try:
        pa.LargeBinaryArray.from_buffers(pa.large_binary(), 1, [None, bounds, pa.py_buffer(piece)]).cast(
            pa.large_string()
        )
    except pa.ArrowInvalid:
        return False
    return True


def _header_problems(contract: Contract, file: str, header: list[str], new_columns: str) -> Iterator[str]:
    expected = [column.name for column in contract.columns]
    missing = [name for name in expected if name not in header]
    unknown = [name for name in header if name not in expected]
    repeated = [name for name in expected if header.count(name) > 1]
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        yield f"{file}, line 1: the columns are not separated by commas; export the file with commas"
        return
    if len(missing) == len(expected):
        fields = "1 field" if len(header) == 1 else f"{len(header):,} fields"
        yield (
            f"{file}, line 1: none of its {fields} is the name of a column, as if the header were missing; begin the "
            f"file with it: {_columns(contract)}"
        )
        return
    # Where others are missing these may be theirs, by another name: that is no question of new ones.
    fix = _fix_of_new(new_columns, unknown) if unknown and not missing and not repeated else ""
    accepted = unknown and not missing and not repeated and not fix
    for names, what, how in (
        (missing, "misses", ""), ([] if accepted else unknown, "has unknown", fix), (repeated, "repeats", "")
    ):  # fmt: skip
        if names:
            listed = [_as_quoted(name, header) if names is unknown else f"'{name}'" for name in names[:_NAMED]]
            yield f"{file}, line 1: the header {what} {_listed(listed, len(names))}; {how}{_columns(contract)}"


def _fix_of_new(new_columns: str, names: list[str]) -> str:
    """Return what to do about columns that a contract does not have; empty where they are no problem by its choice."""
    if len(names) > _MOST_NEW:
        return f"{len(names):,} are too many to be new ones of this export; "
    if "" in names or len(set(names)) < len(names):
        return "a new one has a name, and no other's; "
    if new_columns == STOP:
        return (
            "run with --new-columns ignore to publish without new ones, with --new-columns propose to have a change of "
            "the contract proposed besides; "
        )
    if new_columns == PROPOSE and not all(map(is_proposable, names)):
        return "a contract's columns have small letters, digits and _ alone: rename it in the export, or ignore it; "
    return ""


def left_out(table: str, path: Path) -> list[str]:
    """Return the columns of a file that passed `problems_of` and that its contract does not have, as they are named."""
    with path.open("rb") as content:
        return left_out_of(table, header(content.readline(LONGEST_HEADER)))


def left_out_of(table: str, names: list[str]) -> list[str]:
    """Return the columns of a header that a table's contract does not have, as they are named."""
    known = {column.name for column in load(table).columns}
    return [_as_quoted(name, names) for name in names if name not in known]


def _as_quoted(name: str, header: list[str]) -> str:
    """Return an unknown name of the header, which may be a value, by its place and as a message may quote it."""
    return f"{header.index(name) + 1} ({quoted_name(name, words_of_columns())})"


def _listed(shown: list[str], count: int) -> str:
    return f"{'column' if count == 1 else 'columns'} {', '.join(shown)}{', ...' if count > len(shown) else ''}"


def _columns(contract: Contract) -> str:
    return f"its columns must be, in any order: {', '.join(column.name for column in contract.columns)}"


def normalise(
    table: str, path: Path, corrected: Path | None = None, *, piece: int = PIECE, longest: int = LONGEST_RECORD
) -> Normalised:
    """Read a file that passed `check` into memory.

    Parameters
    ----------
    table : str
    path : Path
    corrected : Path, optional
        A file of corrections.
    piece : int
        Bytes read at a time; the result does not depend on it.
    longest : int
        The most bytes that a record of several lines may have.
    """
    contract = load(table)
    pieces = partial(pieces_of, contract, path, piece, longest)
    again = partial(records_at, contract, path, piece, longest)
    return in_memory(contract, path.name, pieces, _corrections(contract, path, corrected), again)


def write(
    table: str, path: Path, parts: int, folder: Path, corrected: Path | None = None, *, piece: int = PIECE
) -> TableFiles:
    """Read a file that passed `check`, and write it in parts to a folder; little of it is in memory at a time.

    Parameters
    ----------
    table : str
        For more than one part it must be a table that is cut (`lakehouse.contract.layers.is_cut`).
    path : Path
    parts : int
    folder : Path
    corrected : Path, optional
        A file of corrections.
    piece : int
        Bytes read at a time.
    """
    contract = load(table)
    files = PartFiles(table, parts, folder)
    pieces = partial(pieces_of, contract, path, piece, LONGEST_RECORD)
    again = partial(records_at, contract, path, piece, LONGEST_RECORD)
    judged = judge(contract, path.name, pieces, files, _corrections(contract, path, corrected), again)
    files.close(contract.schema)
    return TableFiles(tuple(files.paths), judged.kept, judged.quarantine, judged.rows_read, judged.superseded)


def _corrections(contract: Contract, path: Path, corrected: Path | None) -> Corrections | None:
    if corrected is None:
        return None
    found = corrections.read(contract, corrected, corrections.columns_of(path))
    return found if found.read else None
