"""Parts: a large run cut by a hash of ``pedido_id``, so that an order, its items and its payments stay together.

Tables without orders (products, suppliers, quotations, loans) are not cut: every part reads all of them, or only the
first one does, as their contracts say (`lakehouse.contract.layers.Head.parts`). A part is a file of each table that is
cut, and the unit of work of Silver and Gold; small runs have one part.
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakehouse.contract.layers import head, is_cut
from lakehouse.engine.keys import flat
from lakehouse.engine.segments import Index

# Every table that is cut is cut by this column, so that all rows of an order are in one part.
PARTITION_KEY: Final = "pedido_id"

_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(32)
_WORD: Final = 8
# Longer strings are no keys that anybody gave, but text that a quote was never closed before: few, each hashed at once.
_LONG: Final = 1024


def parts_of_table(table: str, parts: int) -> int:
    """Return how many parts a table has in a run of ``parts`` parts: one where it is not cut."""
    return parts if is_cut(table) else 1


def read_by_part(tables: Mapping[str, pa.Table], part: int) -> dict[str, pa.Table]:
    """Return the tables as one part reads them: of some, such as loans, all rows belong to the first part."""
    return {name: rows.slice(0, 0) if part and head(name).parts == "first" else rows for name, rows in tables.items()}


def part_of(keys: pa.ChunkedArray | pa.Array, parts: int) -> Index:
    """Return each key's part, shape (n,), in 0 .. parts - 1; a NULL is in part 0.

    The part depends on the key's bytes alone, not on its table, its row or the machine.
    """
    if parts == 1:
        return np.zeros(len(keys), np.int64)
    # The high bits of the product are mixed best.
    mixed = (hashed(keys) * _MULTIPLIER) >> _SHIFT
    part = (mixed % np.uint64(parts)).astype(np.int64)
    if keys.null_count:
        part[np.asarray(keys.is_null().to_numpy(zero_copy_only=False))] = 0
    return part


def hashed(keys: pa.ChunkedArray | pa.Array) -> npt.NDArray[np.uint64]:
    """Return a 64-bit hash of each string's bytes, shape (n,); the hash of a NULL is arbitrary.

    Strings of one length are hashed together, eight bytes at a time: keys have few lengths.
    """
    array = flat(keys)
    if not pa.types.is_string(array.type):
        raise TypeError(f"keys are strings, not {array.type}")
    if not len(array):
        return np.empty(0, np.uint64)
    _, offsets, data = array.buffers()
    bounds = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1]
    text = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    lengths = np.diff(bounds)
    if (lengths == lengths[0]).all() and lengths[0] <= _LONG:
        return _hashed(text[bounds[0] : bounds[-1]], len(array), int(lengths[0]))
    result = np.empty(len(array), np.uint64)
    # A word may end after the text.
    words = np.ndarray(len(text) + 1, "<u8", np.concatenate([text, np.zeros(_WORD, np.uint8)]), 0, (1,))
    for length in np.flatnonzero(np.bincount(lengths)).tolist():
        rows = np.flatnonzero(lengths == length)
        if length > _LONG:
            result[rows] = [_hash_of_one(text[start : start + length]) for start in bounds[rows].tolist()]
        else:
            result[rows] = _mixed(_words_at(words, bounds[rows], length), len(rows), length)
    return result


def repeated(hashes: Iterable[npt.NDArray[np.uint64]]) -> npt.NDArray[np.uint64]:
    """Return the distinct hashes that occur more than once, sorted."""
    values = np.sort(np.concatenate([np.empty(0, np.uint64), *hashes]))
    return np.unique(values[1:][values[1:] == values[:-1]])


def _hashed(text: npt.NDArray[np.uint8], count: int, length: int) -> npt.NDArray[np.uint64]:
    """Return the hashes of strings of one length that follow one another in ``text``."""
    return _mixed(_words(text, count, length), count, length)


def _mixed(words: Iterable[npt.NDArray[np.uint64]], count: int, length: int) -> npt.NDArray[np.uint64]:
    """Return the hashes of strings of one length by their words."""
    value = np.full(count, length, np.uint64)
    for word in words:
        value = (value ^ word) * _MULTIPLIER
        value ^= value >> _SHIFT
    return value


def _hash_of_one(text: npt.NDArray[np.uint8]) -> int:
    """Return the hash of one string, which is long."""
    return int.from_bytes(blake2b(text, digest_size=_WORD).digest(), "little")


def _words(text: npt.NDArray[np.uint8], count: int, length: int) -> Iterator[npt.NDArray[np.uint64]]:
    """Yield the first eight bytes of every string, then the next eight, padded with zeros."""
    if 0 < length < _WORD:
        padded = np.zeros((count, _WORD), np.uint8)
        padded[:, :length] = text.reshape(count, length)
        yield padded.view("<u8").ravel()
        return
    for at in range(0, length, _WORD):
        # The last word may overlap the one before it; the overlap is shifted out.
        before = max(at + _WORD - length, 0)
        yield np.ndarray(count, "<u8", text, at - before, (length,)) >> np.uint64(8 * before)


def _words_at(
    words: npt.NDArray[np.uint64], starts: npt.NDArray[np.int32], length: int
) -> Iterator[npt.NDArray[np.uint64]]:
    """Yield the words of strings wherever they begin, as `_words` does; ``words`` has one that begins at each byte."""
    if 0 < length < _WORD:
        yield words[starts] & np.uint64((1 << 8 * length) - 1)
        return
    for at in range(0, length, _WORD):
        before = max(at + _WORD - length, 0)
        yield words[starts + (at - before)] >> np.uint64(8 * before)
