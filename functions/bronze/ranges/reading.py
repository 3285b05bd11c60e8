"""A range of a CSV is read: its rows cut by a hash, its keys by another, what is set aside, and how many lines it has.

A range is a file by itself here: the header, then the records that begin within it. Its lines are counted from 0; what
number the first one has, only the ranges before it tell.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bronze.corrections import Corrections, Placing, same_but_for_key
from bronze.csv.pieces import pieces_of, records_at
from bronze.csv.quick import lines_in
from bronze.csv.records import LONGEST_RECORD
from bronze.csv.source import PIECE, Undecodable, has_rows, undecodable
from bronze.judging import repeats_of, set_aside, with_rows
from bronze.keys import key_of
from bronze.part_files import encoded
from bronze.piece import Piece
from bronze.ranges.plan import Cut
from bronze.ranges.sections import LINE, packed
from lakehouse.contract.model import Contract, load
from lakehouse.contract.quarantine import SCHEMA as QUARANTINE
from lakehouse.engine.arrays import integers
from lakehouse.engine.keys import ascend, flat
from lakehouse.engine.segments import Index, rows_by
from lakehouse.parts import PARTITION_KEY, part_of

# The first line of a range is the second one of its file, after the header.
FIRST_LINE: Final = 2
_BLOCK: Final = 1 << 20
KEY, VALID = "chave", "valido"


@dataclass
class Found:
    """What is known of a range besides its rows. It is JSON.

    Attributes
    ----------
    wrong : list of int, or None
        An `Undecodable`, where the range is not UTF-8: then there is nothing else.
    lines : int
        How many line ends it has.
    filled : bool
        Whether it has anything but blank lines.
    read, aside, superseded : int
        Records, and those that are set aside, or that a correction replaces.
    ascends : bool
        Whether its keys ascend, from the first to the last.
    first_key, last_key : str or None
        None where no record has a key.
    placed : list of int
        The corrections that have the key of a record.
    alike : list of list of int
        The records that a correction may mend: line, the first of the corrections that are alike, whether it is broken.
    """

    wrong: list[int] | None = None
    lines: int = 0
    filled: bool = False
    read: int = 0
    aside: int = 0
    superseded: int = 0
    ascends: bool = True
    first_key: str | None = None
    last_key: str | None = None
    placed: list[int] = field(default_factory=list)
    alike: list[list[int]] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        """Return it as a record has it."""
        return asdict(self)

    @property
    def undecodable(self) -> Undecodable | None:
        """The first byte that is not UTF-8; its line is one of the range as a file."""
        return None if self.wrong is None else Undecodable(*self.wrong)


def read_range(
    cut: Cut, path: Path, corrections: Corrections | None, *, piece: int = PIECE, longest: int = LONGEST_RECORD
) -> tuple[bytes, Found]:
    """Read a range.

    Parameters
    ----------
    cut : Cut
    path : Path
        The range as a file.
    corrections : Corrections or None
    piece : int
        Bytes read at a time.
    longest : int
        The most bytes that a record of several lines may have.

    Returns
    -------
    bytes
        Its sections: rows by group, keys by bucket, and the quarantine, whose lines are those of the range.
    Found
    """
    found = Found()
    with path.open("rb") as content:
        wrong = undecodable(content)
        if wrong is not None:
            found.wrong = list(wrong)
            return packed([QUARANTINE.empty_table()] * cut.sections, cut.sections), found
        content.seek(0)
        content.readline()
        found.lines = sum(map(lines_in, iter(lambda: content.read(_BLOCK), b"")))
    found.filled = has_rows(path)
    reading = _Reading(cut, load(cut.table), found, corrections)
    for each in pieces_of(reading.contract, path, piece, longest):
        reading.add(each)
    return packed(reading.sections(), cut.sections), reading.finished()


def repeating(cut: Cut, path: Path, aside: pa.Table, lines: Index, keys: pa.Array, firsts: pa.Array) -> pa.Table:
    """Return the quarantine of a range with the records that repeat a key, all their reasons included.

    Parameters
    ----------
    cut : Cut
    path : Path
        The range as a file.
    aside : pa.Table
        What was set aside for other reasons; lines are those of the range.
    lines : numpy int64, shape (n,)
        The lines of the records that repeat a key, in order.
    keys, firsts : pa.Array of string, shape (n,)
        Their keys, and the lines of the file that have them first.
    """
    contract = load(cut.table)
    reasons = repeats_of(keys, firsts, contract.key)
    found = [QUARANTINE.empty_table()]
    for piece in records_at(contract, path, PIECE, LONGEST_RECORD, lines + FIRST_LINE):
        of_piece = piece.line - FIRST_LINE
        records = np.flatnonzero(np.isin(of_piece, lines))
        piece.reasons.add(records, reasons.take(integers(np.searchsorted(lines, of_piece[records]))))
        broken = np.flatnonzero(piece.reasons.broken(len(piece.line)))
        lists = piece.reasons.lists().take(integers(np.searchsorted(broken, records)))
        found.append(_in_range(set_aside(file_of(cut), piece, records, lists)))
    return with_rows(aside, pa.concat_tables(found))


def file_of(cut: Cut) -> str:
    """Return how the quarantine names the file of a table."""
    return f"{cut.table}.csv"


def moved(aside: pa.Table, lines: int) -> pa.Table:
    """Return rows of the quarantine whose lines are so many later."""
    at = aside.schema.get_field_index("linha")
    return aside.set_column(at, QUARANTINE.field("linha"), integers(aside["linha"].to_numpy() + lines))


def _in_range(aside: pa.Table) -> pa.Table:
    return moved(aside, -FIRST_LINE)


class _Reading:
    """The rows of a range, as they are read."""

    def __init__(self, cut: Cut, contract: Contract, found: Found, corrections: Corrections | None) -> None:
        self.contract = contract
        self._cut, self._found, self._corrections = cut, found, corrections
        self._placing = None if corrections is None else Placing(corrections)
        self._rows: list[pa.Table] = []
        self._keys: list[pa.Table] = []
        self._aside = [QUARANTINE.empty_table()]
        self._last = pa.array([], pa.string())
        self._not_repeating = {*contract.key, PARTITION_KEY}

    def add(self, piece: Piece) -> None:
        """Read a piece."""
        found, read = self._found, len(piece.line)
        if self._placing is not None:
            piece = self._placing.by_key(piece)
        line, broken = piece.line - FIRST_LINE, piece.reasons.broken(len(piece.line))
        row_line, is_broken = line[piece.record], broken[piece.record]
        self._add_keys(key_of(piece.table, self.contract.key), row_line, ~is_broken)
        if self._corrections is not None:
            alike = same_but_for_key(self._corrections, piece.table)
            there = np.flatnonzero(alike >= 0)
            columns = (row_line[there], alike[there], is_broken[there].astype(np.int64))
            found.alike += np.stack(columns, axis=1).tolist()
        if broken.any():
            records = np.flatnonzero(broken)
            self._aside.append(_in_range(set_aside(file_of(self._cut), piece, records, piece.reasons.lists())))
        rows, row_line = piece.table.filter(pa.array(~is_broken)), row_line[~is_broken]
        self._rows.append(encoded(rows, self._not_repeating).append_column(LINE, integers(row_line)))
        found.read += read
        found.aside += int(broken.sum())

    def finished(self) -> Found:
        """Return what is known of the range."""
        if self._corrections is not None and self._placing is not None:
            self._found.superseded = self._placing.superseded - self._corrections.superseded
            self._found.placed = np.flatnonzero(~self._placing.unplaced()).tolist()
        return self._found

    def sections(self) -> Iterator[pa.Table]:
        """Yield the sections."""
        yield from self._by_group()
        yield from self._by_bucket()
        yield pa.concat_tables(self._aside)

    def _add_keys(self, keys: pa.Array, line: Index, valid: Any) -> None:
        found = self._found
        if found.ascends:
            found.ascends = ascend(pa.concat_arrays([self._last, keys]))
        there = keys.drop_null()
        if not len(there):
            return
        if found.first_key is None:
            found.first_key = there[0].as_py()
        self._last, found.last_key = keys[-1:], there[-1].as_py()
        columns: Mapping[str, pa.Array] = {KEY: keys, LINE: integers(line), VALID: pa.array(valid)}
        table = pa.table(columns)
        self._keys.append(table if len(there) == len(keys) else table.filter(keys.is_valid()))

    def _by_group(self) -> Iterator[pa.Table]:
        rows, self._rows = [each for each in self._rows if len(each)], []
        if not rows:
            yield from [pa.table({})] * self._cut.super_groups
            return
        together = pa.concat_tables(rows).unify_dictionaries().combine_chunks()
        del rows
        yield from rows_of_each(together, groups_of(self._cut, together) // self._cut.a_super, self._cut.super_groups)

    def _by_bucket(self) -> Iterator[pa.Table]:
        keys, self._keys = self._keys, []
        if not keys:
            yield from [pa.table({})] * self._cut.super_buckets
            return
        together = pa.concat_tables(keys)
        yield from rows_of_each(together, buckets_of(self._cut, together) // self._cut.a_super, self._cut.super_buckets)


def groups_of(cut: Cut, rows: pa.Table) -> Index:
    """Return the group of each row, shape (n,)."""
    if cut.parts == 1:
        return np.zeros(len(rows), np.int64)
    return part_of(rows[PARTITION_KEY], cut.parts) // cut.parts_a_group


def buckets_of(cut: Cut, keys: pa.Table) -> Index:
    """Return the bucket of each key, shape (n,)."""
    return part_of(keys[KEY], cut.buckets)


def rows_of_each(rows: pa.Table, codes: Index, count: int) -> Iterator[pa.Table]:
    """Yield the rows of each code, in their order, with dictionaries of their own."""
    order = rows_by(codes, count)
    ends = np.cumsum(np.bincount(codes, minlength=count))
    for start, end in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True):
        yield _by_itself(rows.take(integers(order[start:end])))


def _by_itself(rows: pa.Table) -> pa.Table:
    """Return a few of many rows with dictionaries of their own, made of their values alone."""
    columns = {}
    for name in rows.column_names:
        column = flat(rows[name])
        is_encoded = pa.types.is_dictionary(column.type)
        columns[name] = pc.dictionary_encode(column.dictionary_decode()) if is_encoded else column
    return pa.table(columns)
