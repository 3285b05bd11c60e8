"""Corrections: rows that people mended, each in place of the row of its key, whether that was kept or set aside."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bronze.keys import key_of
from bronze.piece import Piece
from lakehouse.contract.model import Contract
from lakehouse.engine.arrays import Mask
from lakehouse.engine.keys import flat
from lakehouse.engine.segments import Index

_Place = TypeVar("_Place")
_REMOVED: Final = -1
# Between the values of a row that are compared as one text, and in place of NULL.
_BETWEEN, _NULL = "\x1f", "\x1e"


@dataclass(frozen=True)
class Corrections:
    """The corrections of one table.

    Attributes
    ----------
    contract : Contract
    rows : pa.Table
        The valid ones, with the contract's schema, in file order; of several with one key, the last.
    quarantine : pa.Table
        The invalid ones, with `lakehouse.contract.quarantine.SCHEMA`: what they would have replaced stays.
    read, superseded : int
        How many there are, and how many of them a later one with the same key replaces.
    key_in : callable
        Takes the original text of a malformed record, and returns its key; None where it cannot be read.
    """

    contract: Contract
    rows: pa.Table
    quarantine: pa.Table
    read: int
    superseded: int
    key_in: Callable[[str], str | None]


class Placing:
    """One pass over the records of a source, in which each correction takes the place of what it replaces.

    Every record with a correction's key is superseded, and the correction takes the first one's place. A correction
    whose key is in no record mends a key: it takes the place of a record that was set aside and has the same values
    otherwise. One that replaces nothing is a further row, after all others.

    Parameters
    ----------
    corrections : Corrections
    mending : numpy bool, shape (rows,), optional
        Which of the corrections have a key that is in no record, as an earlier pass found; none by default.
    """

    def __init__(self, corrections: Corrections, mending: Mask | None = None) -> None:
        self._corrections = corrections
        self._keys = key_of(corrections.rows, corrections.contract.key)
        self._placed = np.zeros(len(corrections.rows), bool)
        self._mending = np.zeros(len(corrections.rows), bool) if mending is None else mending
        self.superseded = corrections.superseded

    def by_key(self, piece: Piece) -> Piece:
        """Return a piece with the corrections in place of the records that have their keys."""
        found = pc.index_in(key_of(piece.table, self._corrections.contract.key), value_set=self._keys)
        rows = np.flatnonzero(found.is_valid().to_numpy(zero_copy_only=False))
        records, which = piece.record[rows], found.take(pa.array(rows)).to_numpy()
        malformed = np.setdiff1d(np.arange(len(piece.line)), piece.record)
        if len(malformed):
            texts = piece.text(malformed).to_pylist()
            keys = pa.array(map(self._corrections.key_in, texts), pa.string())
            of_text = pc.index_in(keys, value_set=self._keys, skip_nulls=True)
            rows = np.flatnonzero(of_text.is_valid().to_numpy(zero_copy_only=False))
            records = np.append(records, malformed[rows])
            which = np.append(which, of_text.take(pa.array(rows)).to_numpy())
        order = np.argsort(records, kind="stable")
        return self._replaced(piece, records[order].astype(np.int64), which[order].astype(np.int64))

    def by_values(self, piece: Piece) -> Piece:
        """Return a piece with the corrections that mend a key in place of the records that had it wrong."""
        names = [name for name in piece.table.column_names if name not in self._corrections.contract.key]
        mending = np.flatnonzero(self._mending & ~self._placed)
        broken = piece.reasons.broken(len(piece.line))[piece.record]
        if not len(mending) or not broken.any():
            return piece
        waiting: dict[str, list[int]] = {}
        for each, values in zip(mending.tolist(), _values(self._corrections.rows, mending, names), strict=True):
            waiting.setdefault(values, []).append(each)
        rows = np.flatnonzero(broken)
        records, which = [], []
        for row, values in zip(rows.tolist(), _values(piece.table, rows, names), strict=True):
            if waiting.get(values):
                records.append(piece.record[row])
                which.append(waiting[values].pop(0))
        return self._replaced(piece, np.array(records, np.int64), np.array(which, np.int64))

    def rest(self) -> pa.Table:
        """Return the corrections that replaced nothing."""
        return self._corrections.rows.filter(pa.array(~self._placed))

    def unplaced(self) -> Mask:
        """Return which corrections replaced nothing, shape (rows,)."""
        return ~self._placed

    def _replaced(self, piece: Piece, records: Index, which: Index) -> Piece:
        """Return a piece in which corrections replace records; both in the order of the records."""
        if not len(records):
            return piece
        _, first = np.unique(which, return_index=True)
        is_first = np.zeros(len(which), bool)
        is_first[first] = True
        is_first &= ~self._placed[which]
        self._placed[which] = True
        self.superseded += len(records)
        return _with_rows(piece, self._corrections, records, np.where(is_first, which, _REMOVED))


def same_but_for_key(corrections: Corrections, rows: pa.Table) -> Index:
    """Return for each row the first correction that has the same values but for its key, shape (n,); -1 where none has.

    Parameters
    ----------
    corrections : Corrections
    rows : pa.Table, shape (n, ...)
        With the contract's columns.
    """
    names = [name for name in corrections.contract.schema.names if name not in corrections.contract.key]
    own = pa.array(_values(corrections.rows, np.arange(len(corrections.rows)), names), pa.string())
    found = pc.index_in(pa.array(_values(rows, np.arange(len(rows)), names), pa.string()), value_set=own)
    return np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False), np.int64)


def mended_by(
    corrections: Corrections, unplaced: Iterable[int], candidates: Iterable[tuple[_Place, int]]
) -> list[tuple[_Place, int]]:
    """Return which records are mended by which corrections, as `Placing.by_values` has it.

    Parameters
    ----------
    corrections : Corrections
    unplaced : iterable of int
        The corrections whose keys are in no record.
    candidates : iterable
        The records that are set aside and alike to a correction (`same_but_for_key`), in order: where each is, and the
        first correction that it is alike to.
    """
    alike = same_but_for_key(corrections, corrections.rows).tolist()
    waiting: dict[int, list[int]] = {}
    for which in unplaced:
        waiting.setdefault(alike[which], []).append(which)
    return [(place, waiting[of].pop(0)) for place, of in candidates if waiting.get(of)]


def _with_rows(piece: Piece, corrections: Corrections, records: Index, which: Index) -> Piece:
    """Return a piece whose records have other rows; those whose row is `_REMOVED` are left out."""
    all_records = np.arange(len(piece.line))
    stays = ~np.isin(all_records, records[which == _REMOVED])
    numbers = np.where(stays, np.cumsum(stays) - 1, _REMOVED)
    keeps_row = ~np.isin(piece.record, records)
    placed = which != _REMOVED
    record = np.concatenate([piece.record[keeps_row], records[placed]])
    order = np.argsort(record, kind="stable")
    own = piece.table.filter(pa.array(keeps_row)).cast(corrections.contract.schema)
    rows = pa.concat_tables([own, corrections.rows.take(pa.array(which[placed]))]).take(pa.array(order))
    has_reasons = numbers.copy()
    has_reasons[records] = _REMOVED
    old = np.flatnonzero(stays)
    return replace(
        piece,
        table=rows,
        record=numbers[record[order]],
        line=piece.line[stays],
        reasons=piece.reasons.renumbered(has_reasons),
        text=lambda wanted: piece.text(old[wanted]),
    )


def _values(table: pa.Table, rows: Index, names: list[str]) -> list[str]:
    """Return the values of some rows as texts that are equal where the values are."""
    some = table.take(pa.array(rows))
    columns = [pc.fill_null(flat(some[name]).cast(pa.string()), _NULL) for name in names]
    texts: list[str] = pc.binary_join_element_wise(*columns, _BETWEEN).to_pylist()
    return texts
