"""The bytes of a text as bits: where a character is, 64 bytes to a word.

A question about every byte, and about its neighbours, is then answered 64 bytes at a time: whether a comma comes before
each quote, or which bytes are between quotes.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from lakehouse.engine.arrays import Mask
from lakehouse.engine.segments import Index

Bytes = npt.NDArray[np.uint8]
# Bit i of word w is that of byte 64 w + i.
Bits = npt.NDArray[np.uint64]

# Bytes compared at once: the result stays in the processor's cache.
BLOCK: Final = 1 << 18
_WORD: Final = 64
_ONE: Final = np.uint64(1)
_LAST: Final = np.uint64(_WORD - 1)


def where(text: Bytes, byte: int) -> Bits:
    """Return where a byte is, shape (ceil(n / 64),)."""
    return _packed(text, lambda block: block == byte)


def where_less(text: Bytes, byte: int) -> Bits:
    """Return where bytes less than one are."""
    return _packed(text, lambda block: block < byte)


def at(places: Index, size: int) -> Bits:
    """Return bits at some places, of a text of ``size`` bytes."""
    words = np.zeros(-(-size // _WORD), np.uint64)
    np.bitwise_or.at(words, places // _WORD, _ONE << (places % _WORD).astype(np.uint64))
    return words


def places(bits: Bits) -> Index:
    """Return where the bits are, in order."""
    words = np.flatnonzero(bits)
    within = np.flatnonzero(np.unpackbits(bits[words].astype("<u8").view(np.uint8), bitorder="little").view(bool))
    return words[within // _WORD] * _WORD + within % _WORD


def count(bits: Bits) -> int:
    """Return how many bits there are."""
    return int(np.bitwise_count(bits).sum(dtype=np.int64))


def after(bits: Bits) -> Bits:
    """Return the place after each."""
    moved = bits << _ONE
    moved[1:] |= bits[:-1] >> _LAST
    return moved


def before(bits: Bits) -> Bits:
    """Return the place before each; the first byte has none."""
    moved = bits >> _ONE
    moved[:-1] |= bits[1:] << _LAST
    return moved


def between(marks: Bits) -> Bits:
    """Return the bytes from every other mark to the byte before the next one: those inside quotes, of all quotes."""
    inside = marks.copy()
    for distance in (1, 2, 4, 8, 16, 32):
        inside ^= inside << np.uint64(distance)
    # A word that ends inside inverts all words after it, up to the next one that does.
    inverted = np.logical_xor.accumulate((inside >> _LAST).astype(bool))
    inside[1:][inverted[:-1]] ^= np.uint64(2**64 - 1)
    return inside


def holds_at(bits: Bits, some: Index) -> Mask:
    """Return which of some places have a bit."""
    return (bits[some // _WORD] >> (some % _WORD).astype(np.uint64) & _ONE).astype(bool)


def _packed(text: Bytes, matches: Callable[[Bytes], Mask]) -> Bits:
    packed = np.zeros(-(-len(text) // _WORD) * (_WORD // 8), np.uint8)
    for start in range(0, len(text), BLOCK):
        some = np.packbits(matches(text[start : start + BLOCK]), bitorder="little")
        packed[start // 8 : start // 8 + len(some)] = some
    return packed.view("<u8")
