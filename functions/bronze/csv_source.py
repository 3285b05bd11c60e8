"""The CSV source: files fetched once, checked all together, then read in pieces and typed by their contracts."""

import csv
import io
import mmap
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from bronze.acceptance import Normalised, Origin, accept
from bronze.normalise import composed, normalised
from bronze.reasons import Reasons
from bronze.records import LONGEST_RECORD, Records, split
from lakehouse.contracts import Contract, load
from lakehouse.errors import InputError
from lakehouse.keys import flat
from lakehouse.segments import Index

PIECE: Final = 16 << 20
# Less than the csv module takes as one name; no header of seven or fourteen columns comes near.
_LONGEST_HEADER: Final = 100_000
_BOM: Final = b"\xef\xbb\xbf"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_TEXT: Final = pd.ArrowDtype(pa.string())


def fetch(stream: BinaryIO, path: Path) -> None:
    """Copy a stream into a file, which is read twice: to check it, and when all files are right, to use it."""
    with path.open("wb") as target:
        shutil.copyfileobj(stream, target, PIECE)


def check(files: Mapping[str, Path]) -> None:
    """Make sure that files can be decoded and have the columns of their contracts.

    Parameters
    ----------
    files : mapping of str to Path
        By table.

    Raises
    ------
    InputError
        With every problem of every file.
    """
    problems = [problem for table, path in files.items() for problem in problems_of(load(table), path)]
    if problems:
        raise InputError(problems)


def problems_of(contract: Contract, path: Path) -> list[str]:
    """Return why a file cannot be read at all, each with its place and its remedy; nothing if it can."""
    file = path.name
    with path.open("rb") as content:
        head = content.readline(_LONGEST_HEADER)
        if head.startswith(_UTF16) or b"\0" in head:
            return [f"{file}: the file is not UTF-8 text but looks like UTF-16; save it as 'CSV UTF-8'"]
        head = head.removeprefix(_BOM)
        if not head.strip():
            return [f"{file}, line 1: there is no header, the file is empty or begins blank; {_columns(contract)}"]
        content.seek(0)
        undecodable = _undecodable(file, content)
    if undecodable:
        return [undecodable]
    if b"\r" in head.rstrip(b"\r\n"):
        return [f"{file}, line 1: lines end in CR alone; save the file with line ends LF or CRLF"]
    return list(_header_problems(contract, file, _header(head)))


def _undecodable(file: str, content: BinaryIO) -> str | None:
    """Say where a file stops being UTF-8; None if it never does."""
    line = 1
    # No character's bytes hold a line end, so whole lines can be decoded by themselves.
    while piece := content.read(PIECE) + content.readline():
        try:
            piece.decode("utf-8")
        except UnicodeDecodeError as error:
            before = piece[: error.start]
            where = line + before.count(b"\n")
            column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
            return (
                f"{file}, line {where}, column {column}: byte 0x{piece[error.start]:02X} is not UTF-8, the file looks "
                f"like Latin-1; save it as 'CSV UTF-8', or: iconv -f WINDOWS-1252 -t UTF-8 {file}"
            )
        line += piece.count(b"\n")
    return None


def _header_problems(contract: Contract, file: str, header: list[str]) -> Iterator[str]:
    wanted = [column.name for column in contract.columns]
    missing = [name for name in wanted if name not in header]
    unknown = [name for name in header if name not in wanted]
    repeated = [name for name in wanted if header.count(name) > 1]
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


def _header(line: bytes) -> list[str]:
    # A header that is too long was cut, and that may have been within a character.
    text = line.removeprefix(_BOM).decode("utf-8", "replace").rstrip("\r\n")
    return [name.strip() for name in next(csv.reader([text]))]


def normalise(table: str, path: Path, *, piece: int = PIECE, longest: int = LONGEST_RECORD) -> Normalised:
    """Read a file that `check` found right.

    Parameters
    ----------
    table : str
    path : Path
    piece : int
        Bytes read at a time; what is read does not depend on it.
    longest : int
        Bytes that a record of several lines may have.
    """
    contract, reasons = load(table), Reasons()
    with path.open("rb") as content, mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ) as data:
        head = content.readline()
        tables, rows = [contract.schema.empty_table()], [np.empty(0, np.int64)]
        start, end, line = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        count = 0
        for position, records in _pieces(data, len(head), len(_header(head)), piece, longest):
            good = np.flatnonzero(~records.malformed.broken(len(records)))
            numbers = np.arange(count, count + len(records))
            found = Reasons()
            tables.append(normalised(contract, _read(_header(head), records, good), found))
            reasons.add_all(records.malformed, numbers)
            reasons.add_all(found, numbers[good])
            rows.append(numbers[good])
            start.append(records.start + position)
            end.append(records.end + position)
            line.append(records.line)
            count += len(records)
        starts, ends = np.concatenate(start), np.concatenate(end)
        origin = Origin(path.name, np.concatenate(line), lambda rows: _text(data, starts[rows], ends[rows]))
        return accept(contract, pa.concat_tables(tables), np.concatenate(rows), reasons, origin)


def _pieces(data: mmap.mmap, position: int, fields: int, size: int, longest: int) -> Iterator[tuple[int, Records]]:
    """Yield the records of a file from a position on, in pieces, each with its position."""
    line, wanted = 2, size
    while position < len(data):
        final = position + wanted >= len(data)
        records, used, lines = split(data[position : position + wanted], line, fields, final=final, longest=longest)
        if used:
            yield position, records
            position, line, wanted = position + used, line + lines, size
        else:
            wanted *= 2


def _read(header: list[str], records: Records, good: Index) -> dict[str, pa.Array]:
    """Read well-formed records with pandas, as text: no type, no missing value and no line is guessed."""
    if not len(good):
        return {name: pa.array([], pa.string()) for name in header}
    frame = pd.read_csv(
        io.BytesIO(composed(records.text(good))), header=None, names=header, index_col=False, dtype=_TEXT, engine="c",
        na_filter=False, low_memory=False, encoding="utf-8",
    )  # fmt: skip
    if len(frame) != len(good):
        raise AssertionError(f"pandas read {len(frame)} records where there are {len(good)}")
    return {name: flat(pa.chunked_array([frame[name].array])) for name in header}


def _text(data: mmap.mmap, start: Index, end: Index) -> pa.Array:
    """Return the bytes from each start to its end as text."""
    # One value for each record and one for what lies between it and the next; the offsets are then their borders.
    borders = np.column_stack([start, end]).ravel()
    spans = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), max(len(borders) - 1, 0), [None, pa.py_buffer(borders), pa.py_buffer(data)]
    )
    return spans.take(pa.array(np.arange(0, len(spans), 2))).cast(pa.large_string()).cast(pa.string())
