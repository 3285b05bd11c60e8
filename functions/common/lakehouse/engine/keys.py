"""Keys become row numbers once; every join after that is a gather.

Keys are mostly a constant prefix and a number of fixed width, so they differ in their last eight bytes alone. Read as
one integer, those are compared, sorted and looked up several times as fast as text. Longer keys of one length, such as
UUIDs, are so many words: they are sorted by the first, and by the others only where that is the same; they are looked
up by a mixture of all, and compared where that is the same. Other text goes through Arrow, with the same result.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.engine.arrays import rows_in, validity
from lakehouse.engine.segments import Index

ABSENT: Final = -1
Codes = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.uint64]

_WORD: Final = 8
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
_HALF: Final = np.uint64(32)
# A row in the low half of a number, whose high half is what the rows are sorted by.
_ROW_BITS: Final = 32
_ROW: Final = (1 << _ROW_BITS) - 1


def flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return a column as one contiguous array."""
    if isinstance(column, pa.Array):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else column.combine_chunks()


def codes_of(indices: pa.Array) -> Codes:
    """Return an int32 array as codes, with `ABSENT` for NULLs."""
    if not len(indices):
        return np.empty(0, np.int32)
    codes = np.frombuffer(indices.buffers()[1], np.int32)[indices.offset : indices.offset + len(indices)]
    valid = validity(indices)
    return codes if valid is None else np.where(valid, codes, np.int32(ABSENT))


def numbered(*columns: pa.Array) -> list[Numbers] | None:
    """Return keys as numbers that compare as the keys' bytes do, within a column and between columns.

    Parameters
    ----------
    *columns : pa.Array of string

    Returns
    -------
    list of numpy uint64, each shape (n,), or None
        None where that is impossible: keys are NULL, of several lengths, shorter than eight bytes, or differ before
        their last eight bytes.
    """
    numbers, common_prefix = [], None
    for column in columns:
        if not len(column):
            numbers.append(np.empty(0, np.uint64))
            continue
        words = _words(column)
        if words is None:
            return None
        *heads, last = words
        if any((head != head[0]).any() for head in heads):
            return None
        prefix = [int(head[0]) for head in heads]
        if common_prefix is not None and prefix != common_prefix:
            return None
        common_prefix = prefix
        numbers.append(last)
    return numbers


def _words(keys: pa.Array) -> list[Numbers] | None:
    """Return the length of keys of equal length and their bytes, eight at a time; the last eight are the last entry."""
    if keys.null_count or not pa.types.is_string(keys.type):
        return None
    _, offsets, text = keys.buffers()
    bounds = np.frombuffer(offsets, np.int32)[keys.offset : keys.offset + len(keys) + 1]
    length = int(bounds[1] - bounds[0])
    if length < _WORD or (np.diff(bounds) != length).any():
        return None

    def word(at: int) -> Numbers:
        # Big-endian, so that the first byte decides first.
        return np.ndarray(len(keys), ">u8", text, int(bounds[0]) + at, (length,)).astype(np.uint64)

    last = length - _WORD
    # Bytes that belong to the last eight are shifted out.
    heads = [word(at) >> np.uint64(8 * max(at + _WORD - last, 0)) for at in range(0, last, _WORD)]
    return [np.array([length], np.uint64), *heads, word(last)]


def find(values: pa.ChunkedArray | pa.Array, keys: pa.ChunkedArray | pa.Array) -> Index:
    """Return each value's (first) row in ``keys``, shape (n,); `ABSENT` where it is NULL or not one of them."""
    numbers = numbered(flat(values), flat(keys))
    if numbers is not None:
        return _found(*numbers)
    found = _found_by_words(flat(values), flat(keys))
    if found is not None:
        return found
    return codes_of(pc.index_in(flat(values), value_set=flat(keys), skip_nulls=True)).astype(np.int64)


def _found(values: Numbers, keys: Numbers) -> Index:
    """Return each number's first row in ``keys``, or `ABSENT`."""
    if not len(keys):
        return np.full(len(values), ABSENT)
    order = _order(keys)
    in_order = keys if order is None else keys[order]
    position = _places(in_order, values)
    position[position == len(in_order)] = 0
    row = position if order is None else order[position]
    return np.where(in_order[position] == values, row, ABSENT)


def _found_by_words(values: pa.Array, keys: pa.Array) -> Index | None:
    """Return each value's first row in ``keys``, or `ABSENT`, by a mixture of their words.

    None where they are not all of one length of at least eight bytes or, which hardly happens, two become one number.
    """
    if not len(values) or not len(keys):
        return None
    of_values, of_keys = _words(values), _words(keys)
    if of_values is None or of_keys is None or of_values[0] != of_keys[0]:
        return None
    numbers = _mixed(of_keys[1:])
    if numbers is None:
        return None
    found = _found(_mixture(of_values[1:]), numbers)
    known = np.flatnonzero(found != ABSENT)
    # The first entry is their length.
    words = zip(of_values[1:], of_keys[1:], strict=True)
    if any((one[known] != other[found[known]]).any() for one, other in words):
        return None
    return found


def _places(in_order: Numbers, values: Numbers) -> Index:
    """Return where each value is, or would be, in sorted numbers: looked up in order, they are near each other."""
    if ascends(values):
        return np.searchsorted(in_order, values)
    order = np.argsort(values)
    places = np.empty(len(values), np.int64)
    places[order] = np.searchsorted(in_order, values[order])
    return places


def _mixture(words: list[Numbers]) -> Numbers:
    """Return a number for each key that is made of all its words."""
    number = np.zeros(len(words[0]), np.uint64)
    for word in words:
        number = (number ^ word) * _MULTIPLIER
        number ^= number >> _HALF
    return number


def _mixed(words: list[Numbers]) -> Numbers | None:
    """Return numbers that are equal where keys are, in no order; None where two keys have one, which hardly happens."""
    number = _mixture(words)
    order = np.argsort(number)
    in_order = number[order]
    same = np.flatnonzero(in_order[1:] == in_order[:-1])
    if any((word[order[same]] != word[order[same + 1]]).any() for word in words):
        return None
    return number


def _sorted_words(words: list[Numbers]) -> Index:
    """Return the rows sorted by their first words and, where those are the same, by the others; ties in row order."""
    order = np.argsort(words[0])
    in_order = words[0][order]
    same = np.append(False, in_order[1:] == in_order[:-1])
    # Only rows that share their first word change places, and among themselves.
    tied = np.flatnonzero(same | np.append(same[1:], False))
    if len(tied):
        rows = order[tied]
        order[tied] = rows[np.lexsort((rows, *(word[rows] for word in reversed(words))))]
    return order


def _order(values: npt.NDArray[Any]) -> Index | None:
    """Return the rows sorted by their values, ties in row order; None where they are sorted already.

    numpy sorts several times as fast where the order of ties is open, and numbers faster than rows by their numbers.
    """
    if ascends(values):
        return None
    order = np.argsort(values)
    in_order = values[order]
    differs = in_order[1:] != in_order[:-1]
    if differs.all():
        return order
    rank = np.append(0, np.cumsum(differs))
    return np.sort(rank << _ROW_BITS | order) & _ROW


def numbered_values(column: pa.ChunkedArray | pa.Array) -> tuple[Codes, int]:
    """Give each distinct value of a column a code, in no particular order.

    Parameters
    ----------
    column : pa.ChunkedArray or pa.Array of string, plain or as a dictionary, shape (n,)

    Returns
    -------
    codes : numpy int32, shape (n,)
        `ABSENT` for NULLs.
    count : int
        Every code is less than this.
    """
    array = flat(column)
    if pa.types.is_dictionary(array.type):
        return codes_of(array.indices), len(array.dictionary)
    valid = validity(array)
    numbers = numbered(array if valid is None else array.drop_null())
    # Hashing text takes half the time of sorting numbers; numbers that are sorted only have to be counted.
    if numbers is None or not ascends(numbers[0]):
        encoded = array.dictionary_encode()
        return codes_of(encoded.indices), len(encoded.dictionary)
    (known,) = numbers
    ranks = np.cumsum(np.append(False, known[1:] != known[:-1])[: len(known)], dtype=np.int32)
    count = int(ranks[-1]) + 1 if len(ranks) else 0
    if valid is None:
        return ranks, count
    codes = np.full(len(array), ABSENT, np.int32)
    codes[valid] = ranks
    return codes, count


def sort_rows(key: pa.ChunkedArray | pa.Array, groups: Index | None = None) -> Index:
    """Return the rows sorted by their key (by bytes, NULLs last), or by group and then by key.

    Exports mostly come sorted by key: rows in order are not sorted again.
    """
    array = flat(key)
    numbers = numbered(array)
    if numbers is not None:
        order = _order(numbers[0])
        by_key = np.arange(len(array)) if order is None else order
    elif is_sorted(array):
        by_key = np.arange(len(array))
    else:
        words = _words(array)
        by_key = rows_in(pc.sort_indices(array)) if words is None else _sorted_words(words[1:])
    if groups is None:
        return by_key
    by_group = _order(groups[by_key])
    return by_key if by_group is None else by_key[by_group]


def ascend(keys: pa.Array) -> bool:
    """Return whether each string is greater (by bytes) than the one before it; False where one is NULL."""
    if keys.null_count:
        return False
    if len(keys) < 2:
        return True
    numbers = numbered(keys)
    if numbers is not None:
        return bool((numbers[0][1:] > numbers[0][:-1]).all())
    return bool(pc.all(pc.less(keys.slice(0, len(keys) - 1), keys.slice(1))).as_py())


def is_sorted(key: pa.Array) -> bool:
    """Return whether no string is less (by bytes) than the one before it; False where one is NULL."""
    if key.null_count:
        return False
    if len(key) < 2:
        return True
    return bool(pc.all(pc.less_equal(key.slice(0, len(key) - 1), key.slice(1))).as_py())


def ascends(values: npt.NDArray[Any]) -> bool:
    """Return whether no value is less than the one before it."""
    return bool((values[1:] >= values[:-1]).all())
