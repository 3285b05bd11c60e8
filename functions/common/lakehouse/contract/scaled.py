"""Exact decimal arithmetic in 64 bits, where the numbers at hand are small enough.

A number is an integer of units with a count of digits after the point. Every operation bounds its result first: where
that might not fit, nothing is computed, and `lakehouse.contract.rules` uses Arrow's 256 bits, which are slower.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakehouse.engine.arrays import Mask
from lakehouse.engine.columns import Number
from lakehouse.engine.money import is_exact

_LIMIT: Final = 2**62


class UnfitError(Exception):
    """A result might not fit 64 bits, or an operand is not a number."""


@dataclass(frozen=True)
class Scaled:
    """An array of numbers, or a single one.

    Attributes
    ----------
    units : numpy int64, shape (n,) or ()
    scale : int
        Digits after the point.
    bound : int
        The absolute value of no unit is greater.
    valid : numpy bool, shape (n,), or None
        Where the value is not NULL; None: everywhere.
    """

    units: npt.NDArray[np.int64]
    scale: int
    bound: int
    valid: Mask | None = None

    @classmethod
    def of_column(cls, column: pa.ChunkedArray | pa.Array) -> "Scaled":
        """Read integers or decimals of at most 18 digits; raise `UnfitError` for other columns."""
        is_amount = is_exact(column.type)
        if not (is_amount or column.type == pa.int64()):
            raise UnfitError(str(column.type))
        number = Number.of(column)
        bound = max(int(number.units.max()), -int(number.units.min())) if len(number) else 0
        return cls(number.units, column.type.scale if is_amount else 0, bound, number.valid)

    @classmethod
    def of_constant(cls, value: Decimal) -> "Scaled":
        """Return one number."""
        sign, digits, exponent = value.as_tuple()
        if not isinstance(exponent, int):
            raise UnfitError(str(value))
        units = int("".join(map(str, digits))) * (-1 if sign else 1) * 10 ** max(exponent, 0)
        if abs(units) >= _LIMIT:
            raise UnfitError(str(value))
        return cls(np.array(units), max(-exponent, 0), abs(units))

    def plus(self, other: "Scaled") -> "Scaled":
        """Return the sum."""
        one, two = aligned(self, other)
        return Scaled(one.units + two.units, one.scale, _fitting(one.bound + two.bound), one.both_valid(two))

    def minus(self, other: "Scaled") -> "Scaled":
        """Return the difference."""
        return self.plus(Scaled(-other.units, other.scale, other.bound, other.valid))

    def times(self, other: "Scaled") -> "Scaled":
        """Return the product."""
        bound = _fitting(self.bound * other.bound)
        return Scaled(self.units * other.units, self.scale + other.scale, bound, self.both_valid(other))

    def rounded(self, digits: int) -> "Scaled":
        """Return the numbers rounded to a number of digits after the point, ties away from zero."""
        if self.scale <= digits:
            return self
        unit = 10 ** (self.scale - digits)
        _fitting(self.bound + unit)
        size = (np.abs(self.units) + unit // 2) // unit
        return Scaled(np.where(self.units < 0, -size, size), digits, self.bound // unit + 1, self.valid)

    def at_scale(self, scale: int) -> "Scaled":
        """Return the same numbers with more digits after the point."""
        factor = 10 ** (scale - self.scale)
        return Scaled(self.units * np.int64(factor), scale, _fitting(self.bound * factor), self.valid)

    def both_valid(self, other: "Scaled") -> Mask | None:
        """Return where neither is NULL."""
        if self.valid is None or other.valid is None:
            return self.valid if other.valid is None else other.valid
        return self.valid & other.valid


def aligned(one: Scaled, two: Scaled) -> tuple[Scaled, Scaled]:
    """Return two numbers at the greater of their scales; raise `UnfitError` where they get too large."""
    scale = max(one.scale, two.scale)
    return one.at_scale(scale), two.at_scale(scale)


def _fitting(bound: int) -> int:
    if bound >= _LIMIT:
        raise UnfitError(f"up to {bound}")
    return bound
