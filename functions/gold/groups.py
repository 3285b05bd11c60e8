"""Exact aggregation: rows into groups, and sums, extremes, means and deviations of integer units by group."""

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.errors import MoneyRangeError
from lakehouse.keys import flat
from lakehouse.money import Mask, Units, to_units
from lakehouse.segments import Index, Segments

_SAFE_SUM: Final = float(2**62)
_SAFE_SQUARE: Final = 3_000_000_000
_LOW: Final = (1 << 32) - 1


class Groups:
    """The rows of a table by a key of several columns, the groups sorted by it (by bytes, NULLs last).

    Parameters
    ----------
    table : pa.Table
    by : list of str
        The key's columns, all strings.

    Attributes
    ----------
    keys : pa.Table, shape (groups, len(by))
    rows : numpy int64, shape (rows,)
        The table's rows, group after group.
    segments : Segments
    """

    def __init__(self, table: pa.Table, by: list[str]) -> None:
        code = np.zeros(len(table), np.int64)
        for name in by:
            rank, size = _ranked(table[name])
            code = code * size + rank
        self.rows: Index = np.argsort(code, kind="stable")
        in_order = code[self.rows]
        firsts = np.flatnonzero(np.concatenate([[True], in_order[1:] != in_order[:-1]]) if len(code) else [])
        counts = np.diff(np.append(firsts, len(code)))
        self.segments = Segments.of_counts(np.asarray(counts, np.int64))
        firsts_only = table.select(by).take(pa.array(self.rows[firsts]))
        self.keys = firsts_only.cast(pa.schema([(name, pa.string()) for name in by]))  # may be dictionaries

    def __len__(self) -> int:
        """Return how many groups there are."""
        return len(self.keys)

    def sum(self, values: Units, where: Mask | None = None) -> Units:
        """Sum units by group, exactly, over the rows where ``where``; 0 where there are none.

        Raises
        ------
        MoneyRangeError
            A sum might not fit 64 bits.
        """
        kept = values if where is None else np.where(where, values, 0)
        if float(np.abs(kept.astype(np.float64)).sum()) >= _SAFE_SUM:
            raise MoneyRangeError("the sum of the amounts of a group does not fit decimal(18,2)")
        return np.asarray(self.segments.sum(kept[self.rows]), np.int64)

    def count(self, where: Mask) -> Index:
        """Count the rows of each group where ``where``."""
        return self.sum(where.astype(np.int64))

    def distinct(self, column: pa.ChunkedArray) -> Index:
        """Count the distinct values of a column in each group, NULLs not among them."""
        encoded = pc.dictionary_encode(flat(column))
        size = max(len(encoded.dictionary), 1)
        codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)[self.rows]
        pairs = np.unique((self.segments.groups * size + codes)[codes >= 0])
        return np.bincount(pairs // size, minlength=len(self)).astype(np.int64)

    def rates(self, column: pa.ChunkedArray) -> "Rates":
        """Return the plain statistics of a rate over the rows that have one."""
        known = np.asarray(column.is_valid().to_numpy())[self.rows]
        units = to_units(column)[self.rows]
        segments = Segments.of_codes(self.segments.groups[known], len(self))
        return Rates(units[known], segments)


class Rates:
    """Statistics of rates by group, from exact integer sums, so in any row order the same to the last bit.

    Parameters
    ----------
    units : numpy int64, shape (n,)
        Millionths, group after group.
    segments : Segments
    """

    def __init__(self, units: Units, segments: Segments) -> None:
        self.units, self.segments, self.counts = units, segments, segments.counts
        self._sums = segments.sum(units).astype(object)

    def extreme(self, function: np.ufunc) -> tuple[Units, Mask]:
        """Return each group's ``np.minimum`` or ``np.maximum``, and which groups have one."""
        some = self.counts > 0
        result = np.zeros(len(self.counts), np.int64)
        if some.any():
            result[some] = function.reduceat(self.units, self.segments.starts[some])
        return result, some

    def mean(self) -> list[float | None]:
        """Return each group's mean in reais; None for a group without rates."""
        return [int(total) / (int(n) * 10**6) if n else None for total, n in zip(self._sums, self.counts, strict=True)]

    def deviation(self) -> list[float | None]:
        """Return each group's sample standard deviation in reais; None for fewer than two rates."""
        squares = self._sums_of_squares()
        return [
            math.sqrt((int(n) * int(square) - int(total) ** 2) / (int(n) * (int(n) - 1))) / 10**6 if n > 1 else None
            for total, square, n in zip(self._sums, squares, self.counts, strict=True)
        ]

    def _sums_of_squares(self) -> npt.NDArray[Any]:
        """Sum the squares by group: in two halves of 32 bits, which cannot overflow, unless a rate is enormous."""
        if len(self.units) and self.units.max() > _SAFE_SQUARE:
            return self.segments.sum(self.units.astype(object) ** 2)
        square = self.units * self.units
        low, high = self.segments.sum(square & _LOW), self.segments.sum(square >> 32)
        return np.asarray(high.astype(object) * (1 << 32) + low, object)


def _ranked(column: pa.ChunkedArray) -> tuple[Index, int]:
    """Return each value's place among the distinct ones in byte order, NULL last, and how many places there are."""
    encoded = pc.dictionary_encode(flat(column))
    order = pc.sort_indices(encoded.dictionary).to_numpy()
    rank = np.empty(len(order) + 1, np.int64)
    rank[order] = np.arange(len(order))
    rank[-1] = len(order)
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return rank[codes], len(order) + 1
