"""A CSV in pieces: each read by itself, the quick way or the careful one, several at once, and given in file order."""

import csv
import io
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from bronze import quick
from bronze.normalise import composed, normalised
from bronze.reasons import Reasons
from bronze.records import Records, split
from lakehouse.contracts import Contract
from lakehouse.keys import flat
from lakehouse.parts import PARTITION_KEY
from lakehouse.segments import Index

# Less than the csv module takes as one name; no header of seven or fourteen columns comes near.
LONGEST_HEADER: Final = 100_000
BOM: Final = b"\xef\xbb\xbf"
# A piece that the quick way declines is cut into so many, for mostly it is a single row that is out of the ordinary.
_CUTS: Final = 16
_SMALLEST: Final = 1 << 17
_TEXT: Final = pd.ArrowDtype(pa.string())


@dataclass(frozen=True)
class Piece:
    """Consecutive records of a CSV.

    Attributes
    ----------
    table : pa.Table, shape (rows, ...)
        The records that are well-formed, with the contract's columns; text may be dictionaries.
    record : numpy int64, shape (rows,)
        The record that each row is.
    line : numpy int64, shape (records,)
        Line of each record.
    reasons : Reasons
        What speaks against records; nothing about keys that other records have.
    records : Records or None
        Where the records are; None where they are the lines of ``body``.
    body : bytes
    """

    table: pa.Table
    record: Index
    line: Index
    reasons: Reasons
    records: Records | None
    body: bytes

    def text(self, numbers: Index) -> pa.Array:
        """Return the original text of records."""
        if self.records is not None:
            start, end = self.records.start[numbers], self.records.end[numbers]
        else:
            ends = np.append(np.flatnonzero(np.frombuffer(self.body, np.uint8) == ord("\n")), len(self.body))
            starts = np.append(0, ends[:-1] + 1)
            returned = np.array([self.body[end - 1 : end] == b"\r" for end in ends[numbers].tolist()], np.int64)
            start, end = starts[numbers], ends[numbers] - returned
        spans = zip(start.tolist(), end.tolist(), strict=True)
        return pa.array([self.body[first:last].decode("utf-8") for first, last in spans], pa.string())


def header(line: bytes) -> list[str]:
    """Return the columns that a header names."""
    # A header that is too long was cut, and that may have been within a character.
    text = line.removeprefix(BOM).decode("utf-8", "replace").rstrip("\r\n")
    return [name.strip() for name in next(csv.reader([text]))]


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
    workers = os.cpu_count() or 1
    with path.open("rb") as content, ThreadPoolExecutor(workers) as threads:
        reader = _Reader(contract, header(content.readline(LONGEST_HEADER)), longest)
        started: deque[Future[list[Piece]]] = deque()
        for cut in _cuts(content, reader, size):
            started.append(threads.submit(reader.pieces, *cut))
            if len(started) > workers:
                yield from started.popleft().result()
        for future in started:
            yield from future.result()


def _cuts(content: io.BufferedReader, reader: "_Reader", size: int) -> Iterator[tuple[bytes, int, Records | None]]:
    """Yield bodies with their first line, and with their records where finding their end took finding them all."""
    line, rest, wanted = 2, b"", size
    while True:
        more = max(wanted - len(rest), 0)
        read = content.read(more)
        final = len(read) < more
        data = rest + read if rest else read + content.readline(reader.longest)
        if not data:
            return
        end = len(data) if final else data.rfind(b"\n") + 1
        if end and b'"' not in data:
            body, records = data if end == len(data) else data[:end], None
            used, lines = end, quick.lines_in(body) + (not body.endswith(b"\n"))
        else:
            records, used, lines = split(data, line, len(reader.header), final=final, longest=reader.longest)
            body = data
        if used:
            yield body, line, records
            rest, line, wanted = data[used:], line + lines, size
        else:
            rest, wanted = data, wanted * 2
        if final:
            return


@dataclass(frozen=True)
class _Reader:
    """How pieces of one file are read."""

    contract: Contract
    header: list[str]
    longest: int

    def pieces(self, body: bytes, line: int, records: Records | None) -> list[Piece]:
        """Read a body: all of it quickly, or parts of it, or carefully."""
        if records is not None:
            return [self._carefully(body, records)]
        table = quick.read(self.contract, self.header, self._keys(), body)
        if table is not None:
            rows = np.arange(len(table))
            return [Piece(table, rows, line + rows, Reasons(), None, body)]
        if len(body) <= _SMALLEST:
            found, _, _ = split(body, line, len(self.header), final=True, longest=self.longest)
            return [self._carefully(body, found)]
        found_pieces: list[Piece] = []
        start = 0
        while start < len(body):
            end = body.find(b"\n", min(start + len(body) // _CUTS, len(body) - 1)) + 1 or len(body)
            found_pieces += self.pieces(body[start:end], line, None)
            line += quick.lines_in(body[start:end])
            start = end
        return found_pieces

    def _keys(self) -> list[str]:
        return [name for name in self.header if name in {*self.contract.key, PARTITION_KEY}]

    def _carefully(self, body: bytes, records: Records) -> Piece:
        good = np.flatnonzero(~records.malformed.broken(len(records)))
        reasons, found = Reasons(), Reasons()
        table = normalised(self.contract, self._text(records, good), found)
        reasons.add_all(records.malformed, np.arange(len(records)))
        reasons.add_all(found, good)
        return Piece(table, good, records.line, reasons, records, body)

    def _text(self, records: Records, good: Index) -> dict[str, pa.Array]:
        """Read well-formed records with pandas, as text: no type, no missing value and no line is guessed."""
        if not len(good):
            return {name: pa.array([], pa.string()) for name in self.header}
        frame = pd.read_csv(
            io.BytesIO(composed(records.text(good))), header=None, names=self.header, index_col=False, dtype=_TEXT,
            engine="c", na_filter=False, low_memory=False, encoding="utf-8",
        )  # fmt: skip
        if len(frame) != len(good):
            raise AssertionError(f"pandas read {len(frame)} records where there are {len(good)}")
        return {name: flat(pa.chunked_array([frame[name].array])) for name in self.header}
