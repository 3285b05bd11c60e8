"""Keys become row numbers once; every join after that is a gather.

Keys are mostly a constant prefix and a number of fixed width, so they differ in their last eight bytes alone. Read as
one integer, those are compared, sorted and looked up several times as fast as text. Longer keys of one length, such as
UUIDs, are so many words: they are sorted by the first, and by the others only where that is the same; they are looked
up by a mixture of all, and compared where that is the same. A few that are unlike the others
(`lakehouse.engine.alike`), and other text, go through Arrow, with the same result.
"""

from bisect import bisect_left
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.engine.alike import WORD, Numbers, Words, alike, bounds_of, like, words_of
from lakehouse.engine.arrays import integers, rows_in, validity
from lakehouse.engine.segments import Index, rows_by

ABSENT: Final = -1
Codes = npt.NDArray[np.int32]

_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
_HALF: Final = np.uint64(32)
# The halves of a number's bytes, and how the lower ones are moved together.
_UPPER: Final = np.uint64(0xF0F0F0F0F0F0F0F0)
_LOWER: Final = np.uint64(0x0F0F0F0F0F0F0F0F)
_TOGETHER: Final = (
    (np.uint64(4), np.uint64(0x00FF00FF00FF00FF)),
    (np.uint64(8), np.uint64(0x0000FFFF0000FFFF)),
    (np.uint64(16), np.uint64(0x00000000FFFFFFFF)),
)
_HALVES: Final = 1 << 32
# Where more of the rows than one in so many are unlike the others, Arrow sorts all of them as quickly.
_SORTED_APART: Final = 500


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


def _words(keys: pa.Array) -> Words | None:
    """Return the length of keys of equal length and their bytes, eight at a time; the last eight are the last entry."""
    if keys.null_count or not pa.types.is_string(keys.type):
        return None
    bounds = bounds_of(keys)
    length = int(bounds[1] - bounds[0])
    if length < WORD or (np.diff(bounds) != length).any():
        return None
    return [np.array([length], np.uint64), *words_of(keys, length)]


def find(values: pa.ChunkedArray | pa.Array, keys: pa.ChunkedArray | pa.Array) -> Index:
    """Return each value's (first) row in ``keys``, shape (n,); `ABSENT` where it is NULL or not one of them."""
    numbers = numbered(flat(values), flat(keys))
    if numbers is not None:
        return _found(*numbers)
    found = _found_alike(flat(values), flat(keys))
    if found is not None:
        return found
    return codes_of(pc.index_in(flat(values), value_set=flat(keys), skip_nulls=True)).astype(np.int64)


def _found(values: Numbers, keys: Numbers) -> Index:
    """Return each number's first row in ``keys``, or `ABSENT`."""
    if not len(keys):
        return np.full(len(values), ABSENT)
    if not (ascends(keys) and ascends(values)):
        return codes_of(pc.index_in(integers(values), value_set=integers(keys))).astype(np.int64)
    row = np.searchsorted(keys, values)
    row[row == len(keys)] = 0
    return np.where(keys[row] == values, row, ABSENT)


def _found_alike(values: pa.Array, keys: pa.Array) -> Index | None:
    """Return each value's first row in ``keys``, or `ABSENT`: what is alike by its words, the few others by Arrow.

    None where too little is alike or, which hardly happens, two keys become one number.
    """
    of_keys = alike(keys)
    if of_keys is None or not len(values) or not pa.types.is_string(values.type):
        return None
    of_values = like(values, of_keys)
    if of_keys.beginning is None:
        rows = _found_by_words(of_values.words, of_keys.words)
    else:
        rows = _found(of_values.words[-1], of_keys.words[-1]) if of_values.words else np.empty(0, np.int64)
    if rows is None:
        return None
    found = np.full(len(values), ABSENT)
    found[of_values.rows] = np.append(of_keys.rows, ABSENT)[rows]
    if len(of_values.others) and len(of_keys.others):
        known = pc.index_in(values.take(integers(of_values.others)), value_set=keys.take(integers(of_keys.others)),
                            skip_nulls=True)  # fmt: skip
        found[of_values.others] = np.append(of_keys.others, ABSENT)[codes_of(known)]
    return found


def _found_by_words(values: Words, keys: Words) -> Index | None:
    """Return the first row in ``keys`` of each value, or `ABSENT`, by a mixture of their words."""
    if not values:
        return np.empty(0, np.int64)
    found = _found(_mixture(values), _mixture(keys))
    known = np.flatnonzero(found != ABSENT)
    if any((one[known] != other[found[known]]).any() for one, other in zip(values, keys, strict=True)):
        return None
    return found


def _mixture(words: list[Numbers]) -> Numbers:
    """Return a number for each key that is made of all its words."""
    number = np.zeros(len(words[0]), np.uint64)
    for word in words:
        number = (number ^ word) * _MULTIPLIER
        number ^= number >> _HALF
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


def _order(values: Numbers) -> Index | None:
    """Return the rows sorted by their values, ties in row order; None where they are sorted already."""
    if ascends(values):
        return None
    halves = _lower_halves(values)
    return rows_by(halves, _HALVES) if halves is not None else np.argsort(values, kind="stable")


def _lower_halves(values: Numbers) -> Index | None:
    """Return numbers of 32 bits that compare as some of 64 do whose bytes, as digits', differ in lower halves alone.

    None where they differ in an upper half, too.
    """
    if ((values ^ values[0]) & _UPPER).any():
        return None
    halves = values & _LOWER
    for shift, apart in _TOGETHER:
        halves = (halves | halves >> shift) & apart
    return halves.view(np.int64)


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
    ranked = _ranked(array if valid is None else array.drop_null())
    if ranked is None:
        encoded = array.dictionary_encode()
        return codes_of(encoded.indices), len(encoded.dictionary)
    ranks, count = ranked
    if valid is None:
        return ranks, count
    codes = np.full(len(array), ABSENT, np.int32)
    codes[valid] = ranks
    return codes, count


def _ranked(keys: pa.Array) -> tuple[Codes, int] | None:
    """Return the rank of each key among the distinct ones, and how many those are; None where hashing is quicker."""
    numbers = numbered(keys)
    if numbers is None:
        return None
    (known,) = numbers
    if not len(known):
        return np.empty(0, np.int32), 0
    order = None
    if not ascends(known):
        halves = _lower_halves(known)
        if halves is None:
            return None
        order = rows_by(halves, _HALVES)
        known = known[order]
    in_order = np.cumsum(np.append(False, known[1:] != known[:-1]), dtype=np.int32)
    count = int(in_order[-1]) + 1
    if order is None:
        return in_order, count
    ranks = np.empty(len(order), np.int32)
    ranks[order] = in_order
    return ranks, count


def sort_rows(key: pa.ChunkedArray | pa.Array, groups: Index | None = None) -> Index:
    """Return the rows sorted by their key (by bytes, NULLs last), or those of a group by group and then by key.

    A row whose group is `ABSENT` is left out.

    Exports mostly come sorted by key: rows in order are not sorted again.
    """
    by_key = _sorted(flat(key))
    if groups is None:
        return by_key
    in_group = groups[by_key] != ABSENT
    if not in_group.all():
        by_key = by_key[in_group]
    in_order = groups[by_key]
    if ascends(in_order):
        return by_key
    return by_key[rows_by(in_order, int(in_order.max()) + 1)]


def _sorted(keys: pa.Array) -> Index:
    """Return the rows sorted by their keys, by bytes, NULLs last, ties in row order."""
    numbers = numbered(keys)
    if numbers is not None:
        order = _order(numbers[0])
        return np.arange(len(keys)) if order is None else order
    found = alike(keys)
    if (found is None or found.beginning is None) and is_sorted(keys):
        return np.arange(len(keys))
    if found is None or len(found.others) * _SORTED_APART > len(keys):
        return rows_in(pc.sort_indices(keys))
    order = _sorted_words(found.words) if found.beginning is None else _order(found.words[-1])
    rows = found.rows if order is None else found.rows[order]
    return rows if not len(found.others) else _with_others(keys, rows, found.others)


def _with_others(keys: pa.Array, rows: Index, others: Index) -> Index:
    """Put a few other rows, in the order of their keys, among rows that are sorted; none of them has the same key."""

    def text_at(place: int) -> bytes:
        return str(keys[int(rows[place])]).encode()

    few = keys.take(integers(others))
    in_order = rows_in(pc.sort_indices(few))
    places = [
        len(rows) if text is None else bisect_left(range(len(rows)), text.encode(), key=text_at)
        for text in few.take(integers(in_order)).to_pylist()
    ]
    return np.insert(rows, places, others[in_order])


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
