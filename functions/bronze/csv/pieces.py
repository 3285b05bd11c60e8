"""A CSV in pieces: several are read in parallel, each quickly or else carefully, and yielded in file order."""

import csv
import io
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from bronze.csv import quick
from bronze.csv.normalise import composed, normalised
from bronze.csv.records import Records, decoded, split
from bronze.judging import Piece
from bronze.reasons import Reasons
from lakehouse.contract.model import Contract
from lakehouse.engine.keys import flat
from lakehouse.engine.segments import Index
from lakehouse.parts import PARTITION_KEY

# Less than the csv module accepts as one field; no real header comes near.
LONGEST_HEADER: Final = 100_000
BOM: Final = b"\xef\xbb\xbf"
# A piece that cannot be read quickly is cut into this many smaller ones, as mostly a single row is the cause; but not
# into less than this many bytes, as the overhead of a read would outweigh reading them carefully.
_CUTS: Final = 16
_SMALLEST: Final = 1 << 18


def header(line: bytes) -> list[str]:
    """Return the names of the columns in a header."""
    # A header that is too long was cut, possibly within a character.
    text = line.removeprefix(BOM).decode("utf-8", "replace").rstrip("\r\n")
    return [name.strip() for name in next(csv.reader([text]))]


def whole_lines(content: BinaryIO, start: int, size: int, longest: int = -1) -> bytes:
    """Read a number of bytes and the rest of the line that they end in, at once: pieces are too large to be copied.

    Parameters
    ----------
    content : binary file
        Its position is then after what was read.
    start, size : int
        Bytes.
    longest : int
        Bytes of that rest to read at most; by default there is no limit.
    """
    content.seek(start + size)
    content.readline(longest)
    end = content.tell()
    content.seek(start)
    return content.read(end - start)


def pieces_of(contract: Contract, path: Path, size: int, longest: int) -> Iterator[Piece]:
    """Yield a file's records, piece by piece, in order.

    Parameters
    ----------
    contract : Contract
    path : Path
        It is UTF-8 and has the contract's columns.
    size : int
        Bytes read at a time; the result does not depend on it.
    longest : int
        The most bytes that a record of several lines may have.
    """
    with path.open("rb") as content:
        reader = _Reader(contract, header(content.readline(LONGEST_HEADER)), longest)
        line = 2
        for reading in _read(reader, _cuts(content, reader, size)):
            for piece in reading.pieces:
                yield replace(piece, line=piece.line + line)
            line += reading.lines


class _Cut(NamedTuple):
    """Consecutive bytes of a file that end with a record; split already where finding that end required it."""

    body: bytes
    records: Records | None
    lines: int


class _Reading(NamedTuple):
    """The pieces read from a cut, their lines numbered from 0, and how many lines the cut has."""

    pieces: list[Piece]
    lines: int


def _read(reader: "_Reader", cuts: Iterable[_Cut]) -> Iterator[_Reading]:
    """Read several cuts in parallel, and yield the results in order."""
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as threads:
        started: deque[Future[_Reading]] = deque()
        for cut in cuts:
            started.append(threads.submit(reader.read, cut))
            if len(started) > workers:
                yield started.popleft().result()
        for future in started:
            yield future.result()


def _cuts(content: io.BufferedReader, reader: "_Reader", size: int) -> Iterator[_Cut]:
    start, length = content.tell(), size
    while data := whole_lines(content, start, length, reader.longest):
        final = not content.peek(1)
        used = len(data) if final else data.rfind(b"\n") + 1
        if used and b'"' not in data:
            cut = _Cut(data if used == len(data) else data[:used], None, 0)
        else:
            records, used, lines = split(data, 0, len(reader.header), final=final, longest=reader.longest)
            cut = _Cut(data, records, lines)
        if used:
            yield cut
            start, length = start + used, size
        else:
            length *= 2
        if final:
            return


def _smaller(body: bytes) -> Iterator[bytes]:
    """Yield the body cut between lines; all of it at once where it is small or a single line."""
    start, size = 0, max(len(body) // _CUTS, _SMALLEST)
    while start < len(body):
        end = body.find(b"\n", start + size) + 1 or len(body)
        yield body[start:end]
        start = end


@dataclass(frozen=True)
class _Reader:
    """How pieces of one file are read."""

    contract: Contract
    header: list[str]
    longest: int

    def read(self, cut: _Cut) -> _Reading:
        """Read a cut: quickly if possible, else in smaller cuts, the smallest of them carefully."""
        if cut.records is not None:
            return _Reading([self._carefully(cut.records)], cut.lines)
        body = cut.body
        table = quick.read(self.contract, self.header, self._keys(), body)
        if table is not None:
            rows = np.arange(len(table))
            return _Reading([Piece(table, rows, rows, Reasons(), partial(_text_of_lines, body))], len(table))
        pieces, lines = [], 0
        for smaller in _smaller(body):
            if len(smaller) == len(body):
                records, _, lines = split(body, 0, len(self.header), final=True, longest=self.longest)
                return _Reading([self._carefully(records)], lines)
            reading = self.read(_Cut(smaller, None, 0))
            pieces += [replace(piece, line=piece.line + lines) for piece in reading.pieces]
            lines += reading.lines
        return _Reading(pieces, lines)

    def _keys(self) -> list[str]:
        return [name for name in self.header if name in {*self.contract.key, PARTITION_KEY}]

    def _carefully(self, records: Records) -> Piece:
        well_formed = np.flatnonzero(~records.malformed.broken(len(records)))
        reasons, row_reasons = Reasons(), Reasons()
        table = normalised(self.contract, self._text(records, well_formed), row_reasons)
        reasons.add_all(records.malformed, np.arange(len(records)))
        reasons.add_all(row_reasons, well_formed)
        return Piece(table, well_formed, records.line, reasons, records.original)

    def _text(self, records: Records, well_formed: Index) -> dict[str, pa.Array]:
        """Return the columns of well-formed records as text: no type and no missing value is guessed."""
        if not len(well_formed):
            return {name: pa.array([], pa.string()) for name in self.header}
        text = composed(records.text(well_formed))
        rows = arrow_csv.read_csv(
            pa.BufferReader(text),
            arrow_csv.ReadOptions(column_names=self.header, use_threads=False, block_size=len(text) + 1),
            arrow_csv.ParseOptions(newlines_in_values=True),
            arrow_csv.ConvertOptions(column_types=dict.fromkeys(self.header, pa.string()), strings_can_be_null=False),
        )
        if len(rows) != len(well_formed):
            raise AssertionError(f"{len(rows)} records were read where there are {len(well_formed)}")
        return {name: flat(rows[name]) for name in self.header}


def _text_of_lines(body: bytes, numbers: Index) -> pa.Array:
    """Return the text of lines by their numbers, from 0."""
    ends = np.append(np.flatnonzero(np.frombuffer(body, np.uint8) == ord("\n")), len(body))
    starts = np.append(0, ends[:-1] + 1)
    carriage_returns = np.array([body[end - 1 : end] == b"\r" for end in ends[numbers].tolist()], np.int64)
    return decoded(body, starts[numbers], ends[numbers] - carriage_returns)
