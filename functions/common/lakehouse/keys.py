"""Keys become row numbers once; every join after that is a gather."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.arrays import rows_in, validity
from lakehouse.segments import Index

ABSENT: Final = -1
Codes = npt.NDArray[np.int32]


def flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return a column as one contiguous array."""
    if isinstance(column, pa.Array):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else column.combine_chunks()


def codes_of(indices: pa.Array) -> Codes:
    """Return an array of int32 with `ABSENT` for NULLs."""
    if not len(indices):
        return np.empty(0, np.int32)
    codes = np.frombuffer(indices.buffers()[1], np.int32)[indices.offset : indices.offset + len(indices)]
    valid = validity(indices)
    return codes if valid is None else np.where(valid, codes, np.int32(ABSENT))


def find(values: pa.ChunkedArray | pa.Array, keys: pa.ChunkedArray | pa.Array) -> Index:
    """Return each value's row in ``keys``, shape (n,); `ABSENT` where it is NULL or not there."""
    return codes_of(pc.index_in(flat(values), value_set=flat(keys), skip_nulls=True)).astype(np.int64)


def sort_rows(key: pa.ChunkedArray | pa.Array, groups: Index | None = None) -> Index:
    """Return the rows in the order of their key (by bytes, NULLs last), within groups where given.

    Exports mostly come in the order of their keys: what is sorted already is not sorted again.
    """
    array = flat(key)
    by_key = np.arange(len(array)) if is_sorted(array) else rows_in(pc.sort_indices(array))
    if groups is None:
        return by_key
    of_rows = groups[by_key]
    if ascends(of_rows):
        return by_key
    return by_key[np.argsort(of_rows, kind="stable")]


def is_sorted(key: pa.Array) -> bool:
    """Return whether strings ascend (by bytes); never where one of them is NULL."""
    if key.null_count:
        return False
    if len(key) < 2:
        return True
    return bool(pc.all(pc.less_equal(key.slice(0, len(key) - 1), key.slice(1))).as_py())


def ascends(values: npt.NDArray[Any]) -> bool:
    """Return whether no value is less than the one before it."""
    return bool((values[1:] >= values[:-1]).all())
