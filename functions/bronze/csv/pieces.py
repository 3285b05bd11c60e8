"""A CSV in pieces: each read by itself, the quick way or the careful one, several at once, and given in file order."""

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

# Less than the csv module takes as one name; no header of seven or fourteen columns comes near.
LONGEST_HEADER: Final = 100_000
BOM: Final = b"\xef\xbb\xbf"
# A piece that the quick way declines is cut into so many, for mostly it is a single row that is out of the ordinary;
# but not into smaller ones than these bytes, which take longer to set about than to read carefully.
_CUTS: Final = 16
_SMALLEST: Final = 1 << 18


def header(line: bytes) -> list[str]:
    """Return the columns that a header names."""
    # A header that is too long was cut, and that may have been within a character.
    text = line.removeprefix(BOM).decode("utf-8", "replace").rstrip("\r\n")
    return [name.strip() for name in next(csv.reader([text]))]


def whole_lines(content: BinaryIO, start: int, size: int, longest: int = -1) -> bytes:
    """Read so many bytes, and what is missing of the line they end in: in one go, as pieces are large to copy.

    Parameters
    ----------
    content : binary file
        Is left behind what was read.
    start, size : int
        Bytes.
    longest : int
        Bytes of the line to read at most; by default there is no limit.
    """
    content.seek(start + size)
    content.readline(longest)
    end = content.tell()
    content.seek(start)
    return content.read(end - start)


def pieces_of(contract: Contract, path: Path, size: int, longest: int) -> Iterator[Piece]:
    """Yield a file's records, piece by piece, in its order.

    Parameters
    ----------
    contract : Contract
    path : Path
        Can be decoded and has the contract's columns.
    size : int
        Bytes read at a time; what is read does not depend on it.
    longest : int
        Bytes that a record of several lines may have.
    """
    with path.open("rb") as content:
        reader = _Reader(contract, header(content.readline(LONGEST_HEADER)), longest)
        line = 2
        for found in _read(reader, _cuts(content, reader, size)):
            for piece in found.pieces:
                yield replace(piece, line=piece.line + line)
            line += found.lines


class _Cut(NamedTuple):
    """Some records of a file; their records and lines, where finding their end took finding all of them."""

    body: bytes
    records: Records | None
    lines: int


class _Found(NamedTuple):
    """What was read, with lines from 0 on, and how many lines that were."""

    pieces: list[Piece]
    lines: int


def _read(reader: "_Reader", cuts: Iterable[_Cut]) -> Iterator[_Found]:
    """Read several at once, and yield what is found in their order."""
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as threads:
        started: deque[Future[_Found]] = deque()
        for cut in cuts:
            started.append(threads.submit(reader.read, cut))
            if len(started) > workers:
                yield started.popleft().result()
        for future in started:
            yield future.result()


def _cuts(content: io.BufferedReader, reader: "_Reader", size: int) -> Iterator[_Cut]:
    start, wanted = content.tell(), size
    while data := whole_lines(content, start, wanted, reader.longest):
        final = not content.peek(1)
        used = len(data) if final else data.rfind(b"\n") + 1
        if used and b'"' not in data:
            cut = _Cut(data if used == len(data) else data[:used], None, 0)
        else:
            records, used, lines = split(data, 0, len(reader.header), final=final, longest=reader.longest)
            cut = _Cut(data, records, lines)
        if used:
            yield cut
            start, wanted = start + used, size
        else:
            wanted *= 2
        if final:
            return


def _smaller(body: bytes) -> Iterator[bytes]:
    """Yield the body cut between lines; all of it at once where it is small, or one line."""
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

    def read(self, cut: _Cut) -> _Found:
        """Read all of it quickly, or some of it, or carefully."""
        if cut.records is not None:
            return _Found([self._carefully(cut.records)], cut.lines)
        body = cut.body
        table = quick.read(self.contract, self.header, self._keys(), body)
        if table is not None:
            rows = np.arange(len(table))
            return _Found([Piece(table, rows, rows, Reasons(), partial(_text_of_lines, body))], len(table))
        found, lines = [], 0
        for smaller in _smaller(body):
            if len(smaller) == len(body):
                records, _, lines = split(body, 0, len(self.header), final=True, longest=self.longest)
                return _Found([self._carefully(records)], lines)
            read = self.read(_Cut(smaller, None, 0))
            found += [replace(piece, line=piece.line + lines) for piece in read.pieces]
            lines += read.lines
        return _Found(found, lines)

    def _keys(self) -> list[str]:
        return [name for name in self.header if name in {*self.contract.key, PARTITION_KEY}]

    def _carefully(self, records: Records) -> Piece:
        good = np.flatnonzero(~records.malformed.broken(len(records)))
        reasons, found = Reasons(), Reasons()
        table = normalised(self.contract, self._text(records, good), found)
        reasons.add_all(records.malformed, np.arange(len(records)))
        reasons.add_all(found, good)
        return Piece(table, good, records.line, reasons, records.original)

    def _text(self, records: Records, good: Index) -> dict[str, pa.Array]:
        """Read well-formed records as text: no type and no missing value is guessed."""
        if not len(good):
            return {name: pa.array([], pa.string()) for name in self.header}
        text = composed(records.text(good))
        rows = arrow_csv.read_csv(
            pa.BufferReader(text),
            arrow_csv.ReadOptions(column_names=self.header, use_threads=False, block_size=len(text) + 1),
            arrow_csv.ParseOptions(newlines_in_values=True),
            arrow_csv.ConvertOptions(column_types=dict.fromkeys(self.header, pa.string()), strings_can_be_null=False),
        )
        if len(rows) != len(good):
            raise AssertionError(f"{len(rows)} records were read where there are {len(good)}")
        return {name: flat(rows[name]) for name in self.header}


def _text_of_lines(body: bytes, numbers: Index) -> pa.Array:
    """Return the text of lines by their numbers, from 0."""
    ends = np.append(np.flatnonzero(np.frombuffer(body, np.uint8) == ord("\n")), len(body))
    starts = np.append(0, ends[:-1] + 1)
    returned = np.array([body[end - 1 : end] == b"\r" for end in ends[numbers].tolist()], np.int64)
    return decoded(body, starts[numbers], ends[numbers] - returned)
