"""Amounts as exports write them, digits and a point before one or two more, become cents, eight digits at a time.

Eight characters are one 64-bit word, the first one in its lowest byte. Three multiplications combine neighbours into
numbers of two digits, of four, and of eight.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from bronze.csv.bits import Bytes
from lakehouse.engine.arrays import Mask
from lakehouse.engine.money import Units
from lakehouse.engine.segments import Index

_Words = npt.NDArray[np.uint64]

_WORD: Final = 8
_BYTE: Final = np.uint64(8)
_LONGEST: Final = 2 * _WORD
# A point is this where digits are 0 to 9; in the last word it is the third from the end.
_DOT: Final = np.uint64(ord(".") ^ ord("0"))
_ANY: Final = np.uint64(0xFF)
_THIRD, _SECOND = np.uint64(8 * 5), np.uint64(8 * 6)
# What an amount lacks at its end: ``.00`` or ``0``.
_MISSING_POINT, _MISSING_ZERO = 3, 1
# Masks of the last eight characters: those before the point, and the two after it. Seven of them are digits.
_WHOLE, _CENTS = np.uint64(0xFFFFFFFFFF), np.uint64(0xFFFF << 48)
_SEVEN_DIGITS: Final = np.uint64(10**7)
_ZEROS: Final = np.uint64(int.from_bytes(b"0" * _WORD))
# A byte of 10 or more has its highest bit set, or gets it by this addition; one of less than 10 does not.
_TOO_HIGH, _HIGHEST = np.uint64(0x7676767676767676), np.uint64(0x8080808080808080)
_ALL: Final = np.uint64(2**64 - 1)


def in_cents(text: Bytes, bounds: Index) -> tuple[Units, Mask]:
    """Return amounts in cents.

    Parameters
    ----------
    text : numpy uint8
        The amounts, one after the other.
    bounds : numpy int64, shape (n + 1,)
        Where each of them begins, and the last one ends.

    Returns
    -------
    units : numpy int64, shape (n,)
        Anything where an amount is not plain.
    plain : numpy bool, shape (n,)
        Which amounts are digits, or digits, a point and one or two digits, of 16 characters at most with two digits
        after the point.
    """
    ends, lengths = bounds[1:], np.diff(bounds)
    # Words may begin before the text.
    padded = np.concatenate([np.zeros(_LONGEST, np.uint8), text])
    words = np.ndarray(len(text) + _WORD + 1, "<u8", padded, 0, (1,))
    last, first = words[ends + _WORD] ^ _ZEROS, np.zeros(len(ends), np.uint64)
    last &= _ALL << (_BYTE * np.maximum(_WORD - lengths, 0).astype(np.uint64))
    long = np.flatnonzero(lengths > _WORD)
    first[long] = _kept(words[ends[long]] ^ _ZEROS, np.minimum(lengths[long], _LONGEST) - _WORD)
    short = np.flatnonzero(last >> _THIRD & _ANY != _DOT)
    if len(short):
        lengths = lengths.copy()
        first[short], last[short], lengths[short] = _with_decimals(first[short], last[short], lengths[short])
    is_point = last >> _THIRD & _ANY == _DOT
    last &= ~(_ANY << _THIRD)
    high = ((first + _TOO_HIGH) | first | (last + _TOO_HIGH) | last) & _HIGHEST
    plain = is_point & (high == 0) & (lengths > _MISSING_POINT) & (lengths <= _LONGEST)
    units = _number((last & _WHOLE) << _BYTE | last & _CENTS)
    long = np.flatnonzero(first)
    units[long] += _number(first[long]) * _SEVEN_DIGITS
    return units.view(np.int64), plain


def _with_decimals(first: _Words, last: _Words, lengths: Index) -> tuple[_Words, _Words, Index]:
    """Return amounts of one digit after the point, or of none, with those that they lack."""
    has_one: Mask = last >> _SECOND & _ANY == _DOT
    # A point without a digit after it stays where no point may be.
    lacks = np.where(has_one, _MISSING_ZERO, _MISSING_POINT)
    shift: _Words = _BYTE * lacks.astype(np.uint64)
    moved: _Words = last >> shift | np.where(has_one, np.uint64(0), _DOT << _THIRD)
    carried: _Words = first >> shift | last << (np.uint64(64) - shift)
    return carried, moved, lengths + lacks


def within(text: Bytes, first: int, last: int) -> bool:
    """Return whether all bytes are from ``first`` to ``last``; the difference of a smaller one wraps around."""
    return bool((text - np.uint8(first) <= last - first).all())


def _kept(words: _Words, count: Index) -> _Words:
    """Return the last ``count`` bytes of each word, with zeros before them."""
    return words & (_ALL << (_BYTE * (_WORD - count).astype(np.uint64)))


def _number(digits: _Words) -> _Words:
    """Return the number that the eight digits of each word make."""
    pairs = (digits * np.uint64(10) + (digits >> _BYTE)) & np.uint64(0x00FF00FF00FF00FF)
    fours = (pairs * np.uint64(100) + (pairs >> np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    return (fours * np.uint64(10_000) + (fours >> np.uint64(32))) & np.uint64(0xFFFFFFFF)
