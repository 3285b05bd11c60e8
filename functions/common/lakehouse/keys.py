"""Keys become row numbers once; every join after that is a gather."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.segments import Index

ABSENT: Final = -1


def flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return a column as one contiguous array."""
    if isinstance(column, pa.Array):
        return column
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def find(values: pa.ChunkedArray | pa.Array, keys: pa.ChunkedArray | pa.Array) -> Index:
    """Return each value's row in ``keys``, shape (n,); `ABSENT` where it is NULL or not there."""
    rows = pc.index_in(flat(values), value_set=flat(keys), skip_nulls=True)
    return np.asarray(pc.fill_null(rows, ABSENT).to_numpy(zero_copy_only=False), np.int64)


def gather(column: pa.ChunkedArray | pa.Array, rows: Index) -> pa.Array:
    """Return the column's values at ``rows``; NULL where a row is `ABSENT`."""
    missing = rows < 0
    if not missing.any():
        return flat(column).take(pa.array(rows))
    return flat(column).take(pa.array(rows, mask=missing))


def sort_rows(key: pa.ChunkedArray | pa.Array, groups: Index | None = None) -> Index:
    """Return the rows in the order of their key (by bytes, NULLs last), within groups where given."""
    by_key = np.asarray(pc.sort_indices(flat(key)).to_numpy(), np.int64)
    if groups is None:
        return by_key
    return by_key[np.argsort(groups[by_key], kind="stable")]
