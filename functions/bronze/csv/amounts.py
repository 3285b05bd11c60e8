"""Amounts as the export writes them: text of digits, a point and two digits becomes cents, eight digits at a time.

Eight characters are one 64-bit word, the first one in its lowest byte. Three multiplications combine neighbours into
numbers of two digits, of four, and of eight.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from lakehouse.engine.money import Units

Bytes = npt.NDArray[np.uint8]
_Words = npt.NDArray[np.uint64]

_WORD: Final = 8
_SHORTEST, _LONGEST = len("0.00"), 2 * _WORD
_FROM_THE_END: Final = len(".00")
_DOT, _SLASH, _NINE = b"./9"
# Masks of the last eight characters: those before the point, and the two after it. Seven of them are digits.
_WHOLE, _CENTS = np.uint64(0xFFFFFFFFFF), np.uint64(0xFFFF << 48)
_SEVEN_DIGITS: Final = np.uint64(10**7)
_ZEROS: Final = np.uint64(int.from_bytes(b"0" * _WORD))
_ALL: Final = np.uint64(2**64 - 1)
_BYTE: Final = np.uint64(8)


def in_cents(text: Bytes, ends: npt.NDArray[np.int64]) -> Units | None:
    """Return amounts in cents.

    Parameters
    ----------
    text : numpy uint8
        The amounts, one after the other.
    ends : numpy int64, shape (n,)
        Where each of them ends.

    Returns
    -------
    numpy int64, shape (n,), or None
        None where an amount is not digits, a point and two digits, or has more than 16 characters.
    """
    lengths = np.diff(ends, prepend=0)
    if not len(ends) or lengths.min() < _SHORTEST or lengths.max() > _LONGEST:
        return None
    points = text == _DOT
    if np.count_nonzero(points) != len(ends) or not points[ends - _FROM_THE_END].all():
        return None
    if not are_plain(text):
        return None
    before = np.concatenate([np.zeros(_WORD, np.uint8), text])
    words = np.ndarray(len(text) + 1, "<u8", before, 0, (1,))
    last = _digits(words[ends], np.minimum(lengths, _WORD))
    units = _number((last & _WHOLE) << _BYTE | last & _CENTS)
    long = np.flatnonzero(lengths > _WORD)
    units[long] += _number(_digits(words[ends[long] - _WORD], lengths[long] - _WORD)) * _SEVEN_DIGITS
    return units.view(np.int64)


def are_plain(text: Bytes) -> bool:
    """Return whether there are only digits and points: the characters from ``.`` to ``9`` without ``/``."""
    return within(text, _DOT, _NINE) and not (text == _SLASH).any()


def within(text: Bytes, first: int, last: int) -> bool:
    """Return whether all bytes are from ``first`` to ``last``; the difference of a smaller one wraps around."""
    return bool((text - np.uint8(first) <= last - first).all())


def _digits(words: _Words, count: npt.NDArray[np.int64]) -> _Words:
    """Return the last ``count`` characters of each word as digits, with zeros before them."""
    return (words ^ _ZEROS) & (_ALL << (_BYTE * (_WORD - count).astype(np.uint64)))


def _number(digits: _Words) -> _Words:
    """Return the number that the eight digits of each word make."""
    pairs = (digits * np.uint64(10) + (digits >> _BYTE)) & np.uint64(0x00FF00FF00FF00FF)
    fours = (pairs * np.uint64(100) + (pairs >> np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    return (fours * np.uint64(10_000) + (fours >> np.uint64(32))) & np.uint64(0xFFFFFFFF)
