"""Keys become row numbers once; every join after that is a gather.

Keys are mostly a constant prefix and a number of fixed width, so they differ in their last eight bytes alone. Read as
one integer, those are compared, sorted and looked up several times as fast as text. Other text goes through Arrow,
with the same result.
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
    if numbers is None:
        return codes_of(pc.index_in(flat(values), value_set=flat(keys), skip_nulls=True)).astype(np.int64)
    value_numbers, key_numbers = numbers
    if not len(key_numbers):
        return np.full(len(value_numbers), ABSENT)
    order = _order(key_numbers)
    in_order = key_numbers if order is None else key_numbers[order]
    position = np.searchsorted(in_order, value_numbers)
    position[position == len(in_order)] = 0
    row = position if order is None else order[position]
    return np.where(in_order[position] == value_numbers, row, ABSENT)


def _order(values: npt.NDArray[Any]) -> Index | None:
    """Return the rows sorted by their values; None where they are sorted already."""
    return None if ascends(values) else np.argsort(values, kind="stable")


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
    known = array if valid is None else array.drop_null()
    numbers = numbered(known)
    if numbers is None:
        encoded = array.dictionary_encode()
        return codes_of(encoded.indices), len(encoded.dictionary)
    order = _order(numbers[0])
    in_order = numbers[0] if order is None else numbers[0][order]
    ranks = np.cumsum(np.append(False, in_order[1:] != in_order[:-1])[: len(in_order)], dtype=np.int32)
    codes = ranks
    if order is not None:
        codes = np.empty(len(ranks), np.int32)
        codes[order] = ranks
    if valid is not None:
        known_codes, codes = codes, np.full(len(array), ABSENT, np.int32)
        codes[valid] = known_codes
    return codes, int(ranks[-1]) + 1 if len(ranks) else 0


def sort_rows(key: pa.ChunkedArray | pa.Array, groups: Index | None = None) -> Index:
    """Return the rows sorted by their key (by bytes, NULLs last), or by group and then by key.

    Exports mostly come sorted by key: rows in order are not sorted again.
    """
    array = flat(key)
    numbers = numbered(array)
    if numbers is not None:
        order = _order(numbers[0])
        by_key = np.arange(len(array)) if order is None else order
    else:
        by_key = np.arange(len(array)) if is_sorted(array) else rows_in(pc.sort_indices(array))
    if groups is None:
        return by_key
    row_groups = groups[by_key]
    if ascends(row_groups):
        return by_key
    return by_key[np.argsort(row_groups, kind="stable")]


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
