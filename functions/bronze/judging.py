"""Judging records: which are kept, which are set aside, and which repeat another record's key.

The records of any source are read once, in pieces, and a hash of each key is kept. Where two hashes are equal, which is
rare, their records are read a second time and the keys themselves are compared. Keys that ascend, as in most exports,
do not repeat.
"""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bronze.corrections import Corrections, Placing
from bronze.keys import key_of, shown_keys
from bronze.piece import Piece
from lakehouse.contract.model import Contract
from lakehouse.contract.quarantine import SCHEMA as QUARANTINE
from lakehouse.contract.quarantine import quarantined
from lakehouse.engine.arrays import Mask, integers, validity
from lakehouse.engine.keys import ascend
from lakehouse.engine.segments import Index
from lakehouse.parts import hashed, repeated

Again = Callable[[Index], Iterable[Piece]]
_Hashes = npt.NDArray[np.uint64]
_Number = TypeVar("_Number", np.uint64, np.int64)
_NO_HASHES: Final[_Hashes] = np.empty(0, np.uint64)


class Sink(Protocol):
    """Receives the kept rows."""

    def add(self, rows: pa.Table, stays: Mask | None = None) -> None:
        """Add the next rows, or those of them that stay."""

    def drop(self, numbers: Index) -> bool:
        """Drop some rows, by their numbers in the order in which they were added; False where that is impossible."""

    def clear(self) -> None:
        """Drop all rows: the records are read again."""


class Judgement(NamedTuple):
    """The result of judging the records of a source.

    Attributes
    ----------
    rows_read, kept, superseded : int
        How many rows there are, corrections included, how many are kept, and how many a correction replaces.
    quarantine : pa.Table
        With `lakehouse.contract.quarantine.SCHEMA`, in the order of the source; then the corrections set aside.
    """

    rows_read: int
    kept: int
    quarantine: pa.Table
    superseded: int = 0


class Normalised(NamedTuple):
    """One bronze table in memory.

    Attributes
    ----------
    kept : pa.Table
        With the contract's schema, in the order of the source.
    quarantine : pa.Table
        With `lakehouse.contract.quarantine.SCHEMA`, in the order of the source; then the corrections set aside.
    rows_read : int
        Always ``len(kept) + len(quarantine) + superseded``.
    superseded : int
        How many rows a correction replaces.
    """

    kept: pa.Table
    quarantine: pa.Table
    rows_read: int
    superseded: int = 0


def judge(
    contract: Contract,
    file: str,
    pieces: Callable[[], Iterable[Piece]],
    sink: Sink,
    corrections: Corrections | None = None,
    again: Again | None = None,
) -> Judgement:
    """Judge the records of a source, and add the valid rows to a sink.

    Of several records with one key the first valid one is kept. Corrections take the places of what they replace
    (`bronze.corrections.Placing`).

    Parameters
    ----------
    contract : Contract
    file : str
        The source's name in the quarantine.
    pieces : callable
        Returns all pieces in order; it is called again where keys may repeat, or corrections mend them.
    sink : Sink
    corrections : Corrections, optional
    again : callable, optional
        Takes lines in order, and returns pieces with the records that begin on them, and maybe with others; by default
        all are read again.
    """
    first = _Pass(contract, _NO_HASHES, corrections)
    judgement = first.over(file, pieces(), sink)
    repeated, mending = first.repeated(), first.mending()
    if again is not None and corrections is None and len(repeated):
        second = _Pass(contract, repeated, None)
        repeating = second.repeating(file, again(first.lines_of(repeated)))
        dropped = first.numbers_of(repeating["linha"].to_numpy())
        if sink.drop(dropped):
            quarantine = with_rows(judgement.quarantine, repeating)
            return Judgement(judgement.rows_read, judgement.kept - len(dropped), quarantine)
    # Only a row that was set aside can have had a wrong key.
    if not len(repeated) and (mending is None or not first.set_aside):
        return judgement
    sink.clear()
    return _Pass(contract, repeated, corrections, mending).over(file, pieces(), sink)


def in_memory(
    contract: Contract,
    file: str,
    pieces: Callable[[], Iterable[Piece]],
    corrections: Corrections | None = None,
    again: Again | None = None,
) -> Normalised:
    """Judge the records of a source, and keep the valid rows in memory; see `judge`."""
    sink = _InMemory(contract)
    judgement = judge(contract, file, pieces, sink, corrections, again)
    return Normalised(sink.table(), judgement.quarantine, judgement.rows_read, judgement.superseded)


def with_rows(quarantine: pa.Table, others: pa.Table) -> pa.Table:
    """Return rows of the quarantine of one file in order, of which others take the place where they have the line."""
    stays = ~np.isin(quarantine["linha"].to_numpy(), others["linha"].to_numpy())
    rows = pa.concat_tables([quarantine.filter(pa.array(stays)), others])
    return rows.take(integers(np.argsort(rows["linha"].to_numpy(), kind="stable")))


class _Rows(NamedTuple):
    """What is kept of the rows of a piece.

    Attributes
    ----------
    hashes : numpy uint64, shape (k,)
        Of the keys that there are.
    has_key, stays : numpy bool, shape (n,), or None
        Which rows have a key, and which were kept; None: all of them.
    first : int
        The line of the first row.
    lines : numpy int32, shape (n,), or None
        How many lines each row is after that; None: each is on the line after the one before.
    size : int
        How many rows there are.
    """

    hashes: _Hashes
    has_key: Mask | None
    stays: Mask | None
    first: int
    lines: npt.NDArray[np.int32] | None
    size: int

    @classmethod
    def of(cls, hashes: _Hashes, has_key: Mask | None, stays: Mask | None, line: Index) -> "_Rows":
        """Return what is kept of rows by their lines."""
        first = int(line[0]) if len(line) else 0
        after = (line - first).astype(np.int32)
        follows = np.array_equal(after, np.arange(len(after), dtype=np.int32))
        return cls(hashes, has_key, stays, first, None if follows else after, len(line))

    def line(self) -> Index:
        """Return the line of each row."""
        return self.first + (np.arange(self.size) if self.lines is None else self.lines.astype(np.int64))


class _Pass:
    """One pass over the records.

    Parameters
    ----------
    contract : Contract
    suspects : numpy uint64
        Hashes of keys that may repeat; none in the first pass.
    corrections : Corrections or None
    mending : numpy bool, optional
        See `bronze.corrections.Placing`.

    Attributes
    ----------
    set_aside : bool
        Whether a record of the source was.
    """

    def __init__(
        self, contract: Contract, suspects: _Hashes, corrections: Corrections | None, mending: Mask | None = None
    ) -> None:
        self._contract, self._suspects = contract, suspects
        self._rows: list[_Rows] = []
        self._ascends, self._last = True, pa.array([], pa.string())
        self._line_of: dict[str, int] = {}
        self._corrections = corrections
        self._placing = None if corrections is None else Placing(corrections, mending)
        self.set_aside = False

    def over(self, file: str, pieces: Iterable[Piece], sink: Sink) -> Judgement:
        """Judge every record; see `judge`."""
        read = kept = 0
        aside = [QUARANTINE.empty_table()]
        for each in pieces:
            piece, read = each, read + len(each.line)
            if self._placing is not None:
                piece = self._placing.by_key(piece)
            keys = self._check_keys(piece)
            if self._placing is not None:
                piece = self._placing.by_values(piece)
            broken = piece.reasons.broken(len(piece.line))
            stays = None
            if broken.any():
                self.set_aside = True
                aside.append(set_aside(file, piece, np.flatnonzero(broken), piece.reasons.lists()))
                stays = ~broken[piece.record]
            if keys is not None:
                self._rows.append(_Rows.of(*keys, stays, piece.line[piece.record]))
            sink.add(piece.table, stays)
            kept += len(piece.table) if stays is None else int(np.count_nonzero(stays))
        if self._corrections is None or self._placing is None:
            return Judgement(read, kept, pa.concat_tables(aside))
        rest = self._placing.rest()
        if len(rest):
            sink.add(rest)
        return Judgement(
            rows_read=read + self._corrections.read,
            kept=kept + len(rest),
            quarantine=pa.concat_tables([*aside, self._corrections.quarantine]),
            superseded=self._placing.superseded,
        )

    def mending(self) -> Mask | None:
        """Return which corrections have a key that was in no record; None where each of them was, or there are none."""
        if self._placing is None:
            return None
        unplaced = self._placing.unplaced()
        return unplaced if unplaced.any() else None

    def repeated(self) -> _Hashes:
        """Return the hashes that occurred more than once; where the keys ascended there are none."""
        if self._ascends:
            return _NO_HASHES
        return repeated([rows.hashes for rows in self._rows])

    def lines_of(self, hashes: _Hashes) -> Index:
        """Return the lines of the rows with some hashes, in order."""
        found = []
        for rows in self._rows:
            of_rows = np.flatnonzero(_among(rows.hashes, hashes))
            if len(of_rows):
                found.append(rows.line()[of_rows if rows.has_key is None else np.flatnonzero(rows.has_key)[of_rows]])
        return np.concatenate(found) if found else np.empty(0, np.int64)

    def numbers_of(self, lines: Index) -> Index:
        """Return the rows on some lines that were kept, by their numbers among all that were."""
        found, before = [np.empty(0, np.int64)], 0
        for rows in self._rows:
            line = rows.line()
            if rows.stays is not None:
                line = line[rows.stays]
            found.append(before + np.flatnonzero(_among(line, lines)))
            before += len(line)
        return np.concatenate(found)

    def repeating(self, file: str, pieces: Iterable[Piece]) -> pa.Table:
        """Return the records that repeat a key, with all their reasons, as rows of the quarantine."""
        found = [QUARANTINE.empty_table()]
        for piece in pieces:
            before = piece.reasons.count()
            self._check_keys(piece)
            repeats = piece.reasons.rows_since(before)
            if len(repeats):
                broken = np.flatnonzero(piece.reasons.broken(len(piece.line)))
                reasons = piece.reasons.lists().take(integers(np.searchsorted(broken, repeats)))
                found.append(set_aside(file, piece, repeats, reasons))
        return pa.concat_tables(found)

    def _check_keys(self, piece: Piece) -> tuple[_Hashes, Mask | None] | None:
        """Return the hashes of a piece's keys and which rows have one.

        In the second pass it returns None, and gives a reason to records that repeat a key.
        """
        keys = key_of(piece.table, self._contract.key)
        has_key = validity(keys)
        hashes = hashed(keys) if has_key is None else hashed(keys)[has_key]
        if not len(self._suspects):
            if self._ascends:
                self._ascends = ascend(pa.concat_arrays([self._last, keys]))
                # A piece may hold no well-formed row: the next is compared with the last key there was.
                self._last = keys[-1:] if len(keys) else self._last
            return hashes, has_key
        suspicious = np.flatnonzero(_among(hashes, self._suspects))
        if has_key is not None:
            suspicious = np.flatnonzero(has_key)[suspicious]
        broken = piece.reasons.broken(len(piece.line))
        repeats, repeated_keys, firsts = [], [], []
        for row, key in zip(suspicious.tolist(), keys.take(pa.array(suspicious)).to_pylist(), strict=True):
            record = piece.record[row]
            if key in self._line_of:
                repeats.append(record)
                repeated_keys.append(key)
                firsts.append(str(self._line_of[key]))
            elif not broken[record]:
                self._line_of[key] = int(piece.line[record])
        texts = repeats_of(pa.array(repeated_keys, pa.string()), pa.array(firsts, pa.string()), self._contract.key)
        piece.reasons.add(np.array(repeats, np.int64), texts)
        return None


def repeats_of(keys: pa.Array, lines: pa.Array, names: tuple[str, ...]) -> pa.Array:
    """Return the reasons of records that repeat a key, shape (n,).

    Parameters
    ----------
    keys : pa.Array of string, shape (n,)
        Their keys, of `bronze.keys.key_of`.
    lines : pa.Array of string, shape (n,)
        The lines of the records that have them first.
    names : tuple of str
        The columns of the key.
    """
    shown = shown_keys(keys, names)
    return pc.binary_join_element_wise("chave: a chave (", shown, ") repete a da linha ", lines, "")


def set_aside(file: str, piece: Piece, records: Index, reasons: pa.Array) -> pa.Table:
    """Return some records of a piece as rows of the quarantine."""
    return quarantined(file, piece.line[records], piece.text(records), reasons)


def _among(values: npt.NDArray[_Number], some: npt.NDArray[_Number]) -> Mask:
    """Return which values are among some, which are sorted."""
    if not len(some):
        return np.zeros(len(values), bool)
    place = np.minimum(np.searchsorted(some, values), len(some) - 1)
    return np.asarray(some[place] == values)


class _InMemory:
    """A sink that keeps everything, as one table with the contract's schema."""

    def __init__(self, contract: Contract) -> None:
        self._schema = contract.schema
        self._tables: list[pa.Table] = []

    def add(self, rows: pa.Table, stays: Mask | None = None) -> None:
        """Add rows."""
        self._tables.append((rows if stays is None else rows.filter(pa.array(stays))).cast(self._schema))

    def drop(self, numbers: Index) -> bool:
        """Drop some rows."""
        rows = self.table()
        stays = np.ones(len(rows), bool)
        stays[numbers] = False
        self._tables = [rows.filter(pa.array(stays))]
        return True

    def clear(self) -> None:
        """Drop all rows."""
        self._tables.clear()

    def table(self) -> pa.Table:
        """Return all rows."""
        return pa.concat_tables(self._tables or [self._schema.empty_table()])
