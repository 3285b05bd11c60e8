"""A CSV in pieces: several are read in parallel, each quickly but for its strange rows, and yielded in file order."""

import csv
import io
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from bronze.csv import quick
from bronze.csv.lines import Strange, all_lines, sure_end, whole_records
from bronze.csv.normalise import composed, normalised
from bronze.csv.records import BOM, Lines, Records, decoded, picked, split, together
from bronze.piece import Piece
from bronze.reasons import Reasons
from lakehouse.contract.model import Contract
from lakehouse.engine.arrays import integers
from lakehouse.engine.dictionaries import replaced, stacked
from lakehouse.engine.keys import flat
from lakehouse.engine.segments import Index
from lakehouse.parts import PARTITION_KEY

# Less than the csv module accepts as one field; no real header comes near.
LONGEST_HEADER: Final = 100_000
_Each = TypeVar("_Each")
_Result = TypeVar("_Result")


def header(line: bytes) -> list[str]:
    """Return the names of the columns in a header."""
    # A header that is too long was cut, possibly within a character.
    text = without_marks(line).decode("utf-8", "replace").rstrip("\r\n")
    return [name.strip() for name in next(csv.reader([text]))]


def without_marks(start: bytes) -> bytes:
    """Return the start of a file without byte order marks; each program that saved it may have put one there."""
    while start.startswith(BOM):
        start = start[len(BOM) :]
    return start


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
        for reading in _in_parallel(reader.read, _cuts(content, reader, size)):
            if reading.piece is not None:
                yield replace(reading.piece, line=reading.piece.line + line)
            line += reading.lines


def records_at(contract: Contract, path: Path, size: int, longest: int, wanted: Index) -> Iterator[Piece]:
    """Yield the well-formed records of a file that begin on some lines, and maybe others, in pieces.

    Parameters
    ----------
    contract, path, size, longest
        As of `pieces_of`.
    wanted : numpy int64
        Lines of the file, in order, on each of which a record begins that `pieces_of` found well-formed.
    """
    with path.open("rb") as content:
        reader = _Reader(contract, header(content.readline(LONGEST_HEADER)), longest)
        waiting: list[Records] = []
        for records in _in_parallel(reader.some, _cuts_with(_cuts(content, reader, size), wanted)):
            waiting.append(records)
            # Reading a few records carefully takes as long as reading hundreds.
            if sum(len(each.data) for each in waiting) >= size:
                yield reader.carefully(together(waiting))
                waiting = []
        if waiting:
            yield reader.carefully(together(waiting))


def _cuts_with(cuts: Iterable["_Cut"], wanted: Index) -> Iterator[tuple["_Cut", int, Index]]:
    """Yield the cuts that have some lines, the line that each begins on, and which of its lines those are, from 0."""
    line = 2
    for cut in cuts:
        lines = cut.lines if cut.records is not None else quick.line_count(cut.body)
        first, last = np.searchsorted(wanted, [line, line + lines])
        if last > first:
            yield cut, line, wanted[first:last] - line
        line += lines


class _Cut(NamedTuple):
    """Consecutive bytes of a file that end with a record; split already where finding that end required it."""

    body: bytes
    records: Records | None
    lines: int


class _Reading(NamedTuple):
    """The piece read from a cut, its lines numbered from 0, and how many lines the cut has; None if all are blank."""

    piece: Piece | None
    lines: int


def _in_parallel(work: Callable[[_Each], _Result], items: Iterable[_Each]) -> Iterator[_Result]:
    """Do the work of several items in parallel, and yield the results in order."""
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as threads:
        started: deque[Future[_Result]] = deque()
        for item in items:
            started.append(threads.submit(work, item))
            if len(started) > workers:
                yield started.popleft().result()
        for future in started:
            yield future.result()


def _cuts(content: io.BufferedReader, reader: "_Reader", size: int) -> Iterator[_Cut]:
    start, length = content.tell(), size
    while data := whole_lines(content, start, length, reader.longest):
        final = not content.peek(1)
        used = len(data) if final else sure_end(data)
        if used:
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


@dataclass(frozen=True)
class _Reader:
    """How pieces of one file are read."""

    contract: Contract
    header: list[str]
    longest: int

    def read(self, cut: _Cut) -> _Reading:
        """Read a cut: quickly, but for the records that are out of the ordinary; or else carefully."""
        if cut.records is not None:
            return _Reading(self.carefully(cut.records), cut.lines)
        body = cut.body
        if quick.is_blank(body):
            return _Reading(None, quick.line_count(body))
        found = quick.read(self.contract, self.header, self._keys(), body, self.longest)
        if found is None:
            records, _, count = split(body, 0, len(self.header), final=True, longest=self.longest)
            return _Reading(self.carefully(records), count)
        if found.lines is None:
            return _Reading(_of_lines(found.rows, body), len(found.rows))
        careful = self.carefully(self._picked(body, found.lines, found.apart))
        return _Reading(_merged(found, found.lines, body, careful), len(found.lines.start))

    def some(self, some: tuple[_Cut, int, Index]) -> Records:
        """Return the well-formed records that begin on some lines of a cut, which begins on a line; maybe others."""
        cut, line, wanted = some
        records = cut.records
        if records is None:
            lines = all_lines(cut.body)
            records = self._picked(cut.body, lines, whole_records(cut.body, lines, wanted))
        return replace(records, line=records.line + line)

    def _picked(self, body: bytes, lines: Lines, some: Strange) -> Records:
        """Return records of a body, without those that are blank lines."""
        start, end = lines.start[some.first], lines.text_end[some.last]
        filled = end > start
        wrong = some.wrong.renumbered(np.where(filled, np.cumsum(filled) - 1, -1))
        return picked(body, start[filled], end[filled], some.first[filled], wrong, len(self.header))

    def _keys(self) -> list[str]:
        return [name for name in self.header if name in {*self.contract.key, PARTITION_KEY}]

    def carefully(self, records: Records) -> Piece:
        """Read records as `bronze.csv.normalise` defines it."""
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


def _of_lines(rows: pa.Table, body: bytes) -> Piece:
    """Return a piece of which every line is a row."""
    line = np.arange(len(rows))
    return Piece(rows, line, line, Reasons(), lambda numbers: _text_of(body, all_lines(body), numbers))


def _merged(found: quick.Found, lines: Lines, body: bytes, careful: Piece) -> Piece:
    """Return what was read of a piece quickly and what was read carefully, in the order of the file.

    Parameters
    ----------
    found : bronze.csv.quick.Found
    lines : Lines
    body : bytes
        The piece.
    careful : Piece
        The records that `found` left apart.
    """
    quick_line = found.line[found.sure]
    line = np.concatenate([quick_line, careful.line])
    order = np.argsort(line, kind="stable")
    record = np.empty(len(line), np.int64)
    record[order] = np.arange(len(line))
    of_quick, of_careful = record[: len(quick_line)], record[len(quick_line) :]
    reasons = Reasons()
    reasons.add_all(careful.reasons, of_careful)

    careful_line = careful.line[careful.record]
    if np.array_equal(careful_line, found.line[~found.sure]):
        table, of_rows = replaced(found.rows, ~found.sure, careful.table), np.searchsorted(line[order], found.line)
    else:
        rows = np.concatenate([np.flatnonzero(found.sure), len(found.rows) + np.arange(len(careful.table))])
        in_order = np.argsort(np.concatenate([quick_line, careful_line]), kind="stable")
        table = stacked(found.rows, careful.table).take(integers(rows[in_order]))
        of_rows = np.concatenate([of_quick, of_careful[careful.record]])[in_order]

    def text(numbers: Index) -> pa.Array:
        is_careful = order[numbers] >= len(quick_line)
        texts = pa.concat_arrays([
            careful.text(order[numbers[is_careful]] - len(quick_line)),
            _text_of(body, lines, line[order[numbers[~is_careful]]]),
        ])  # fmt: skip
        place = np.argsort(np.argsort(~is_careful, kind="stable"), kind="stable")
        return texts.take(integers(place))

    return Piece(table, of_rows, line[order], reasons, text)


def _text_of(body: bytes, lines: Lines, numbers: Index) -> pa.Array:
    """Return the text of lines by their numbers, from 0."""
    return decoded(body, lines.start[numbers], lines.text_end[numbers])
