"""Exact aggregation: groups of rows, and the sums, extremes and distinct counts of integer units by group."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow.compute as pc

from lakehouse.engine.arrays import rows_in
from lakehouse.engine.columns import Columns, Text
from lakehouse.engine.keys import Codes
from lakehouse.engine.money import Units
from lakehouse.engine.segments import Index, Segments, rows_by
from lakehouse.errors import MoneyRangeError

_SAFE_SUM: Final = float(2**62)
# Up to this many possible groups are counted in an array with a place for each; more are sorted.
_DENSE: Final = 1 << 22
# An order is in few groups; what is in more groups than this is counted by sorting.
_ROUNDS: Final = 8


class Groups:
    """The rows of a table grouped by a key of text columns; groups are sorted by it (by bytes, NULLs last).

    Parameters
    ----------
    columns : Columns
    by : sequence of str
        The columns of the key.

    Attributes
    ----------
    keys : Columns, shape (groups,)
    code : numpy int64, shape (rows,)
        Each row's group.
    rows : numpy int64, shape (rows,)
        The table's rows, group after group, each group's in table order.
    segments : Segments
    """

    def __init__(self, columns: Columns, by: Sequence[str]) -> None:
        code, size = np.zeros(len(columns.text(by[0])), np.int64), 1
        for name in by:
            rank, values = _ranked(columns.text(name))
            if size * values > _DENSE:
                code, size = _dense(code, size)
            code, size = code * values + rank, size * values
        code, size = _dense(code, size)
        self.code: Index = code
        self.rows: Index = rows_by(code, size)
        self.segments = Segments.of_codes(code, size)
        self.keys = Columns({name: columns[name] for name in by}).at(self.rows[self.segments.starts])

    def __len__(self) -> int:
        """Return how many groups there are."""
        return len(self.segments.counts)

    def sum(self, values: Units) -> Units:
        """Return the exact sum of each group.

        Raises
        ------
        MoneyRangeError
            A sum might not fit 64 bits.
        """
        # The greatest value times the number of values is quickly computed, and nearly always small enough.
        bound = float(max(values.max(), -values.min())) * len(values) if len(values) else 0.0
        if bound >= _SAFE_SUM and float(np.abs(values.astype(np.float64)).sum()) >= _SAFE_SUM:
            raise MoneyRangeError("the sum of the amounts of a group does not fit decimal(18,2)")
        return np.asarray(self._reduced(np.add, values), np.int64)

    def least(self, values: Units) -> Units:
        """Return each group's least value."""
        return self._reduced(np.minimum, values)

    def greatest(self, values: Units) -> Units:
        """Return each group's greatest value."""
        return self._reduced(np.maximum, values)

    def _reduced(self, function: np.ufunc, values: Units) -> Units:
        # Every group has a row, so no segment is empty, as `reduceat` needs it.
        return np.asarray(function.reduceat(values[self.rows], self.segments.starts))


def distinct(codes: Codes, values: int, group: Index, groups: int) -> Index:
    """Return the number of distinct values of a column in each group, without NULL.

    Most values are in one group only. A round counts each value in one of its groups, and drops all its rows there; the
    remaining rows go into the next round, and those left after the last round are sorted.

    Parameters
    ----------
    codes : numpy int32, shape (n,)
        The number of each row's value, less than ``values``; negative where it is NULL.
    values : int
    group : numpy int64, shape (n,)
        Each row's group; negative where it has none.
    groups : int

    Returns
    -------
    numpy int64, shape (groups,)
    """
    counts = np.zeros(groups, np.int64)
    known = np.flatnonzero((codes >= 0) & (group >= 0))
    code, group = codes[known], group[known]
    first = np.empty(values, np.int64)
    for _ in range(_ROUNDS):
        if not len(code):
            return counts
        first[:] = -1
        first[code] = group
        counts += np.bincount(first[first >= 0], minlength=groups)
        others = np.flatnonzero(first[code] != group)
        code, group = code[others], group[others]
    pairs = np.unique(group * values + code)
    return counts + np.bincount(pairs // values, minlength=groups)


def _ranked(column: Text) -> tuple[Index, int]:
    """Return the rank of each row's value in byte order, NULL last, and how many ranks there are."""
    order = rows_in(pc.sort_indices(column.values))
    rank = np.empty(len(order) + 1, np.int64)
    rank[order] = np.arange(len(order))
    rank[-1] = len(order)
    return rank[column.codes], len(order) + 1


def _dense(code: Index, size: int) -> tuple[Index, int]:
    """Return the codes renumbered 0, 1, ... in ascending order, without gaps, and how many there are."""
    if size > _DENSE:
        occurring, dense = np.unique(code, return_inverse=True)
        return dense, len(occurring)
    occurs = np.zeros(size, bool)
    occurs[code] = True
    occurring = np.flatnonzero(occurs)
    # Only the places of codes that occur are written and read.
    dense = np.empty(size, np.int64)
    dense[occurring] = np.arange(len(occurring))
    return dense[code], len(occurring)
