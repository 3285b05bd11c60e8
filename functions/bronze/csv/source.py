"""The CSV source: all files are fetched and checked first, then read in pieces into their contracts' types."""

import os
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import numpy as np
import pyarrow as pa

from bronze.csv.pieces import BOM, LONGEST_HEADER, header, pieces_of, whole_lines
from bronze.csv.quick import lines_in
from bronze.csv.records import LONGEST_RECORD
from bronze.judging import Normalised, in_memory, judge
from bronze.part_files import PartFiles
from lakehouse.contract.model import Contract, load
from lakehouse.errors import InputError

PIECE: Final = 8 << 20
# Bytes decoded at once: they stay in the processor's cache.
_BLOCK: Final = 1 << 20
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
        Always ``rows + len(quarantine)``.
    """

    paths: tuple[Path, ...]
    rows: int
    quarantine: pa.Table
    rows_read: int


def fetch(stream: BinaryIO, path: Path) -> None:
    """Copy a stream into a file, which is read twice: to check it and, once all files are right, to use it."""
    with path.open("wb") as target:
        shutil.copyfileobj(stream, target, PIECE)


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


def problems_of_all(files: Mapping[str, Path]) -> list[str]:
    """Return why files, by their tables, cannot be read, file by file."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        by_file = threads.map(lambda table: problems_of(load(table), files[table]), files)
        return [problem for problems in by_file for problem in problems]


def problems_of(contract: Contract, path: Path) -> list[str]:
    """Return why a file cannot be read at all, each problem with its place and remedy; empty if it can."""
    file = path.name
    with path.open("rb") as content:
        head = content.readline(LONGEST_HEADER)
        if head.startswith(_UTF16) or b"\0" in head:
            return [f"{file}: the file is not UTF-8 text but looks like UTF-16; save it as 'CSV UTF-8'"]
        head = head.removeprefix(BOM)
        if not head.strip():
            return [f"{file}, line 1: there is no header, the file is empty or begins blank; {_columns(contract)}"]
        undecodable = _undecodable(file, content)
    if undecodable:
        return [undecodable]
    if b"\r" in head.rstrip(b"\r\n"):
        return [f"{file}, line 1: lines end in CR alone; save the file with line ends LF or CRLF"]
    return list(_header_problems(contract, file, header(head)))


def _undecodable(file: str, content: BufferedReader) -> str | None:
    """Return the problem of the first byte that is not UTF-8; None if there is none."""
    start = 0
    # No character contains the byte of a line end, so lines can be decoded by themselves.
    while piece := whole_lines(content, start, _BLOCK):
        if not _is_utf8(piece):
            try:
                piece.decode("utf-8")
            except UnicodeDecodeError as error:
                before = piece[: error.start]
                line = _line_of(start + error.start, content)
                column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
                return (
                    f"{file}, line {line}, column {column}: byte 0x{piece[error.start]:02X} is not UTF-8, the file "
                    f"looks like Latin-1; save it as 'CSV UTF-8', or: iconv -f WINDOWS-1252 -t UTF-8 {file}"
                )
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


def _header_problems(contract: Contract, file: str, header: list[str]) -> Iterator[str]:
    expected = [column.name for column in contract.columns]
    missing = [name for name in expected if name not in header]
    unknown = [name for name in header if name not in expected]
    repeated = [name for name in expected if header.count(name) > 1]
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        yield f"{file}, line 1: the columns are not separated by commas; export the file with commas"
        return
    for names, what in (
        (missing, "misses"), (unknown, "has unknown"), (repeated, "repeats")
    ):  # fmt: skip
        if names:
            yield f"{file}, line 1: the header {what} {_listed(names)}; {_columns(contract)}"


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"'{name[:60]}'" for name in names[:20])
    return f"{'column' if len(names) == 1 else 'columns'} {shown}{', ...' if len(names) > 20 else ''}"


def _columns(contract: Contract) -> str:
    return f"its columns must be, in any order: {', '.join(column.name for column in contract.columns)}"


def normalise(table: str, path: Path, *, piece: int = PIECE, longest: int = LONGEST_RECORD) -> Normalised:
    """Read a file that passed `check` into memory.

    Parameters
    ----------
    table : str
    path : Path
    piece : int
        Bytes read at a time; the result does not depend on it.
    longest : int
        The most bytes that a record of several lines may have.
    """
    contract = load(table)
    return in_memory(contract, path.name, partial(pieces_of, contract, path, piece, longest))


def write(table: str, path: Path, parts: int, folder: Path, *, piece: int = PIECE) -> TableFiles:
    """Read a file that passed `check`, and write it in parts to a folder; little of it is in memory at a time.

    Parameters
    ----------
    table : str
        For more than one part it must be a table that is cut (`lakehouse.contract.layers.is_cut`).
    path : Path
    parts : int
    folder : Path
    piece : int
        Bytes read at a time.
    """
    contract = load(table)
    files = PartFiles(table, parts, folder)
    judged = judge(contract, path.name, partial(pieces_of, contract, path, piece, LONGEST_RECORD), files)
    files.close(contract.schema)
    return TableFiles(tuple(files.paths), judged.kept, judged.quarantine, judged.rows_read)
