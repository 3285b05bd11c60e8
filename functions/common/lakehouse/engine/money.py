"""Exact money: ``decimal128`` columns as int64 units (cents, millionths of a rate) and back.

An amount is an integer number of units inside the core and a decimal at its edges; it is never a float.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakehouse.engine.arrays import Mask, bitmap, integers, validity
from lakehouse.errors import MoneyRangeError

Units = npt.NDArray[np.int64]

DIGITS: Final = 18
LIMIT: Final = 10**DIGITS
RATE_SCALE: Final = 6
ONE_RATE: Final = 10**RATE_SCALE
MONEY: Final = pa.decimal128(DIGITS, 2)
RATE: Final = pa.decimal128(DIGITS, RATE_SCALE)

# Below this a quotient estimated in float64 is off by one at most: five roundings of 2**-53 each.
_FLOAT_QUOTIENT: Final = float(2**50)
# Below this a remainder that is off by one divisor still fits int64.
_INT64_DIVISOR: Final = 2**61


def to_units(column: pa.ChunkedArray | pa.Array) -> Units:
    """Return a ``decimal128(p <= 18, s)`` or ``decimal64`` column as integers of its smallest unit.

    Parameters
    ----------
    column : pa.ChunkedArray or pa.Array, shape (n,)
        NULLs become 0: `lakehouse.engine.arrays.validity` has where they are.

    Returns
    -------
    numpy int64, shape (n,)

    Raises
    ------
    TypeError
        The column is not a decimal of at most 18 digits.
    """
    if not is_exact(column.type):
        raise TypeError(f"a decimal128 of at most {DIGITS} digits is needed, not {column.type}")
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):  # combine_chunks of no chunks
        return np.empty(0, np.int64)
    words = np.frombuffer(array.buffers()[1], np.int64) if len(array) else np.empty(0, np.int64)
    # At most 18 digits fit the low word of the 128-bit value, sign included.
    width = 1 if pa.types.is_decimal64(array.type) else 2
    units = words[width * array.offset : width * (array.offset + len(array)) : width]
    valid = validity(array)
    return np.ascontiguousarray(units) if valid is None else np.where(valid, units, np.int64(0))


def is_exact(type_: pa.DataType) -> bool:
    """Return whether a type is a decimal whose units fit 64 bits."""
    return bool(pa.types.is_decimal64(type_) or (pa.types.is_decimal128(type_) and type_.precision <= DIGITS))


def narrow(column: pa.Array) -> pa.Array:
    """Return amounts and rates as decimal64, half as wide, as Parquet stores them; other columns as they are."""
    if not pa.types.is_decimal128(column.type) or column.type.precision != DIGITS:
        return column
    return integers(to_units(column), pa.decimal64(DIGITS, column.type.scale), validity(column))


def from_units(units: Units, scale: int = 2, valid: Mask | None = None) -> pa.Array:
    """Return integers of the smallest unit as ``decimal128(18, scale)``.

    Parameters
    ----------
    units : numpy int64, shape (n,)
    scale : int
        Digits after the point: 2 for money, 6 for rates.
    valid : numpy bool, shape (n,), optional
        The result is NULL where it is False.

    Raises
    ------
    MoneyRangeError
        An amount has more than 18 digits.
    """
    known = units if valid is None else np.where(valid, units, 0)
    check_range(known, scale)
    words = np.empty((len(known), 2), np.int64)
    words[:, 0] = known
    words[:, 1] = known >> 63
    return pa.Array.from_buffers(pa.decimal128(DIGITS, scale), len(known), [bitmap(valid), pa.py_buffer(words)])


def check_range(units: Units, scale: int) -> None:
    """Raise `MoneyRangeError` for an amount of more than 18 digits."""
    if len(units) and (units.max() >= LIMIT or units.min() <= -LIMIT):
        raise MoneyRangeError(f"an amount does not fit decimal({DIGITS},{scale})")


def mul_div(a: Any, b: Any, c: Any) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return ``a * b // c`` and ``a * b % c`` exactly, even where the product does not fit 64 bits.

    The quotient is estimated in float64. The remainder of the estimate is small, so it is exact although computed
    modulo 2**64, and shows by how much (one at most) the estimate is off. Where the quotient or the divisor is too
    large for this, Python's integers are used.

    Parameters
    ----------
    a, b : numpy int64 (or Python integers as object), broadcastable to one shape, not negative
    c : likewise, positive

    Returns
    -------
    quotient, remainder : numpy int64, or object where an argument is object or the numbers are too large
    """
    a, b, c = np.asarray(a), np.asarray(b), np.asarray(c)
    if object not in (a.dtype, b.dtype, c.dtype):
        estimate = a.astype(np.float64) * b / c
        if estimate.size == 0 or (estimate.max() < _FLOAT_QUOTIENT and c.max() < _INT64_DIVISOR):
            quotient = estimate.astype(np.int64)
            with np.errstate(over="ignore"):
                remainder = a * b - quotient * c
            high = (remainder < 0).astype(np.int64)
            low = (remainder >= c).astype(np.int64)
            return quotient - high + low, remainder + (high - low) * c
    product = a.astype(object) * b
    quotient = product // c
    return quotient, product - quotient * c


def mul_div_half_up(a: Any, b: Any, c: Any) -> Units:
    """Return ``a * b / c`` rounded to an integer, ties away from zero.

    Parameters
    ----------
    a, b : numpy int64, of any sign
    c : numpy int64, positive

    Raises
    ------
    MoneyRangeError
        A result has more than 18 digits.
    """
    a, b, c = np.asarray(a), np.asarray(b), np.asarray(c)
    quotient, remainder = mul_div(np.abs(a), np.abs(b), c)
    rounded = quotient + (remainder >= c - remainder)
    if rounded.dtype == object:
        if rounded.size and rounded.max() >= LIMIT:
            raise MoneyRangeError(f"a product does not fit {DIGITS} digits")
        rounded = rounded.astype(np.int64)
    return np.asarray(np.where((a < 0) == (b < 0), rounded, -rounded), np.int64)
