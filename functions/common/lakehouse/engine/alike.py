"""Keys of which nearly all are alike: of one length and, mostly, of one beginning. The few others are told apart.

A key of an export is written by one program, and one in a thousand by accident. What is alike is read as words of eight
bytes, which are compared many times as fast as text (`lakehouse.engine.keys`); only the others are compared as text.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakehouse.engine.arrays import Mask, validity
from lakehouse.engine.segments import Index

Numbers = npt.NDArray[np.uint64]
Words = list[Numbers]

WORD: Final = 8
# Of so many keys at most one may be unlike the others.
_UNLIKE: Final = 16


class Alike(NamedTuple):
    """Keys that are alike, and which are not.

    Attributes
    ----------
    rows : numpy int64, shape (n,)
        The keys that are of one length and, where there is one, of the beginning, in order.
    words : list of numpy uint64, each shape (n,)
        Their bytes, eight at a time, so that they compare as the bytes do; the last entry has the last eight.
    length : int
        How many bytes each has.
    beginning : list of int, or None
        All words but the last, where those are the same for every key; None where they differ.
    others : numpy int64, shape (m,)
        The other keys and NULLs, in order.
    """

    rows: Index
    words: Words
    length: int
    beginning: list[int] | None
    others: Index


def alike(keys: pa.Array) -> Alike | None:
    """Return what is alike in keys, by the length that most of them have; None where too many are of another one.

    Parameters
    ----------
    keys : pa.Array of string, shape (n,)
    """
    if not len(keys) or not pa.types.is_string(keys.type):
        return None
    length = int(np.bincount(np.diff(bounds_of(keys))).argmax())
    if length < WORD:
        return None
    found = _of_length(keys, length)
    if len(found.others) * _UNLIKE > len(keys):
        return None
    middle = len(found.rows) // 2
    beginning = [int(word[middle]) for word in found.words[:-1]]
    fits = _begin(found, beginning)
    unlike = len(keys) - int(np.count_nonzero(fits))
    return found if unlike * _UNLIKE > len(keys) else _of_beginning(found, beginning, fits)


def like(keys: pa.Array, model: Alike) -> Alike:
    """Return which keys are alike as those of a model are."""
    found = _of_length(keys, model.length)
    if model.beginning is None:
        return found
    return _of_beginning(found, model.beginning, _begin(found, model.beginning))


def words_of(keys: pa.Array, length: int) -> Words:
    """Return the words of keys that all have one length, of at least eight bytes."""
    _, _, text = keys.buffers()
    start = int(bounds_of(keys)[0])
    return _split(length, lambda at: np.ndarray(len(keys), ">u8", text, start + at, (length,)).astype(np.uint64))


def bounds_of(keys: pa.Array) -> npt.NDArray[np.int32]:
    """Return where each key begins in the text of all, and where the last one ends, shape (n + 1,)."""
    return np.frombuffer(keys.buffers()[1], np.int32)[keys.offset : keys.offset + len(keys) + 1]


def _of_length(keys: pa.Array, length: int) -> Alike:
    """Return which keys have one length, with all their words."""
    bounds, valid = bounds_of(keys), validity(keys)
    fits = np.diff(bounds) == length
    if valid is not None:
        fits &= valid
    if fits.all():
        none = np.empty(0, np.int64)
        return Alike(np.arange(len(keys)), words_of(keys, length) if len(keys) else [], length, None, none)
    rows = np.flatnonzero(fits)
    if not len(rows):
        return Alike(rows, [], length, None, np.arange(len(keys)))
    text = keys.buffers()[2]
    # A word that begins at every byte; those of the rows end before the text does.
    everywhere = np.ndarray(text.size - WORD + 1, ">u8", text, 0, (1,))
    starts = bounds[rows]
    words = _split(length, lambda at: everywhere[starts + at].astype(np.uint64))
    return Alike(rows, words, length, None, np.flatnonzero(~fits))


def _of_beginning(found: Alike, beginning: list[int], fits: Mask) -> Alike:
    """Return those of the keys that are alike that have a beginning, as `_begin` says; the rest are others."""
    if fits.all():
        return found._replace(beginning=beginning)
    others = np.sort(np.concatenate([found.others, found.rows[~fits]]))
    return Alike(found.rows[fits], [word[fits] for word in found.words], found.length, beginning, others)


def _begin(found: Alike, beginning: list[int]) -> Mask:
    """Return which of the keys that are alike have a beginning."""
    fits: Mask = np.ones(len(found.rows), bool)
    for word, begins in zip(found.words, beginning, strict=False):
        fits &= word == np.uint64(begins)
    return fits


def _split(length: int, word: Callable[[int], Numbers]) -> Words:
    """Return the words of keys of a length, given what reads the word at a place of each."""
    last = length - WORD
    # Bytes that belong to the last eight are shifted out.
    heads = [word(at) >> np.uint64(8 * max(at + WORD - last, 0)) for at in range(0, last, WORD)]
    return [*heads, word(last)]
