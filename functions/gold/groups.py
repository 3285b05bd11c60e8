"""Exact aggregation: rows into groups, and sums, extremes and distinct counts of integer units by group."""

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
# Up to so many possible groups are counted in a table of them all; beyond, they are sorted.
_DENSE: Final = 1 << 22
# An order has few months and currencies; who has more values than this is counted by sorting.
_ROUNDS: Final = 8


class Groups:
    """The rows of a table by a key of several text columns, the groups sorted by it (by bytes, NULLs last).

    Parameters
    ----------
    columns : Columns
    by : sequence of str
        The key's columns.

    Attributes
    ----------
    keys : Columns, shape (groups,)
    code : numpy int64, shape (rows,)
        Each row's group.
    rows : numpy int64, shape (rows,)
        The table's rows, group after group, otherwise in their order.
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
        """Sum units by group, exactly.

        Raises
        ------
        MoneyRangeError
            A sum might not fit 64 bits.
        """
        # The greatest times their number is quick to work out, and nearly always small enough.
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
        # Every group has a row, so every run has a first.
        return np.asarray(function.reduceat(values[self.rows], self.segments.starts))


def distinct(codes: Codes, values: int, group: Index, groups: int) -> Index:
    """Count the distinct values of a column in each group, NULLs not among them.

    Most values are of one group: each value's first row is counted there, and what is of the same group with it.
    What is left goes round again, a few times.

    Parameters
    ----------
    codes : numpy int32, shape (n,)
        Each row's value, less than ``values``; negative where it is NULL.
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
    """Return each value's place among the dictionary's in byte order, NULL last, and how many places there are."""
    order = rows_in(pc.sort_indices(column.values))
    rank = np.empty(len(order) + 1, np.int64)
    rank[order] = np.arange(len(order))
    rank[-1] = len(order)
    return rank[column.codes], len(order) + 1


def _dense(code: Index, size: int) -> tuple[Index, int]:
    """Return the codes numbered 0, 1, ... in their order, and how many of them occur."""
    if size > _DENSE:
        occurring, dense = np.unique(code, return_inverse=True)
        return dense, len(occurring)
    occurs = np.zeros(size, bool)
    occurs[code] = True
    occurring = np.flatnonzero(occurs)
    # Only the places of codes that occur are ever written, and read.
    dense = np.empty(size, np.int64)
    dense[occurring] = np.arange(len(occurring))
    return dense[code], len(occurring)
