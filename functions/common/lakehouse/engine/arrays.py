"""Arrow arrays over numpy's memory. ``pa.array`` makes them too, but first imports pandas, which takes 0.7 s."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.engine.segments import Index

Mask = npt.NDArray[np.bool_]
Reals = npt.NDArray[np.float64]
_NO_ROWS: Final[Index] = np.empty(0, np.int64)


def bitmap(valid: Mask | None) -> pa.Buffer | None:
    """Return a mask of the values that are not NULL as Arrow's validity bitmap; None: there are no NULLs."""
    return None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))


def validity(array: pa.Array) -> Mask | None:
    """Return a mask of the values that are not NULL, shape (n,); None: there are no NULLs."""
    if not array.null_count:
        return None
    bits = np.frombuffer(array.buffers()[0], np.uint8)
    return np.unpackbits(bits, count=array.offset + len(array), bitorder="little")[array.offset :].view(bool)


def holds(condition: pa.Array) -> Mask:
    """Return where a condition is true, shape (n,); NULL counts as false."""
    return np.asarray(pc.fill_null(condition, False).to_numpy(zero_copy_only=False), bool)


def is_text(type_: pa.DataType) -> bool:
    """Return whether values of a type are text, itself or by way of a dictionary."""
    if pa.types.is_dictionary(type_):
        return is_text(type_.value_type)
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def rows_in(array: pa.Array) -> Index:
    """Return the row numbers in an array (uint64, without NULLs), shape (n,)."""
    return (
        np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array)]
        if len(array)
        else _NO_ROWS
    )


def integers(
    values: npt.NDArray[np.int32] | npt.NDArray[np.int64] | npt.NDArray[np.uint64],
    type_: pa.DataType | None = None,
    valid: Mask | None = None,
) -> pa.Array:
    """Return integers, or dates, without copying them; NULL where not ``valid``."""
    buffer = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(type_ or pa.from_numpy_dtype(values.dtype), len(values), [bitmap(valid), buffer])


def booleans(values: Mask, valid: Mask | None = None) -> pa.Array:
    """Return truth values; NULL where not ``valid``."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [bitmap(valid), bitmap(values)])


def reals(values: Reals, valid: Mask | None = None) -> pa.Array:
    """Return doubles; NULL where not ``valid``."""
    known = np.ascontiguousarray(values if valid is None else np.where(valid, values, 0.0))
    return pa.Array.from_buffers(pa.float64(), len(known), [bitmap(valid), pa.py_buffer(known)])


def strings(values: Sequence[str]) -> pa.Array:
    """Return strings; it loops over them, so for a few."""
    texts = [value.encode() for value in values]
    offsets = np.cumsum([0, *map(len, texts)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(b"".join(texts)))


def selected(array: pa.Array, rows: Index) -> pa.Array:
    """Return the values at ``rows``."""
    return array.take(integers(rows))
