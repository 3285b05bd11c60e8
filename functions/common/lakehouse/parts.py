"""Parts: a large run cut by a hash of ``pedido_id``, so that an order, its items and its payments stay together.

What has no order (products, suppliers, quotations, loans) is not cut: every part reads all of it. A part is a file
of each table, and the unit of work of the layers above; small runs have one.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakehouse.errors import StorageError
from lakehouse.keys import flat
from lakehouse.segments import Index

if TYPE_CHECKING:
    from lakehouse.s3 import Lake

# The tables that are cut, all by this column.
PARTITION_KEY: Final = "pedido_id"
PARTED: Final = ("pedidos", "itens_pedido", "pagamentos")
# How much one part holds: two threads, each on one, stay within 0.45 GB together.
ORDERS_A_PART: Final = 1 << 16
# As CSV text of the three tables together, an order with its items and payments.
BYTES_AN_ORDER: Final = 400

# As many as the names of part files have digits for.
MOST_PARTS: Final = 99_999

_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(32)


def parts_of_orders(orders: int) -> int:
    """Return how many parts so many orders are cut into, at least one."""
    return max(1, -(-orders // ORDERS_A_PART))


def parts_of_bytes(size: int) -> int:
    """Return how many parts the CSVs of `PARTED` are cut into, by their bytes together."""
    return parts_of_orders(size // BYTES_AN_ORDER)


def parts_published(lake: "Lake", tables: Iterable[str]) -> int:
    """Return how many parts tables that belong together are published in.

    Raises
    ------
    StorageError
        One of them is not published, or not whole, or they are not in the same number of parts.
    """
    parts = {table: lake.parts(table) for table in tables}
    if len(set(parts.values())) > 1:
        said = ", ".join(f"{table} {count}" for table, count in parts.items())
        raise StorageError(f"the tables are in different numbers of parts ({said}); run bronze again")
    return max(parts.values())


def part_of(keys: pa.ChunkedArray | pa.Array, parts: int) -> Index:
    """Return each key's part, shape (n,), in 0 .. parts - 1; a NULL is of part 0.

    A key's part depends on its bytes alone: not on its table, its row or the machine.
    """
    if parts == 1:
        return np.zeros(len(keys), np.int64)
    # The high bits of the product are the well mixed ones.
    mixed = (hashed(keys) * _MULTIPLIER) >> _SHIFT
    part = (mixed % np.uint64(parts)).astype(np.int64)
    if keys.null_count:
        part[np.asarray(keys.is_null().to_numpy(zero_copy_only=False))] = 0
    return part


def hashed(keys: pa.ChunkedArray | pa.Array) -> npt.NDArray[np.uint64]:
    """Return a 64-bit hash of each string's bytes, shape (n,); that of a NULL means nothing.

    Strings of one length are hashed together, eight bytes at a time: keys have few lengths.
    """
    array = flat(keys)
    if not pa.types.is_string(array.type):
        raise TypeError(f"keys are strings, not {array.type}")
    result = np.zeros(len(array), np.uint64)
    if not len(array):
        return result
    _, offsets, data = array.buffers()
    bounds = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1].astype(np.int64)
    text = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    lengths = np.diff(bounds)
    for length in np.flatnonzero(np.bincount(lengths)).tolist():
        rows = np.flatnonzero(lengths == length)
        padded = np.zeros((len(rows), -(-length // 8) * 8), np.uint8)
        if len(rows) == len(array):
            padded[:, :length] = text[bounds[0] : bounds[-1]].reshape(len(rows), length)
        else:
            padded[:, :length] = text[bounds[rows, None] + np.arange(length)]
        value = np.full(len(rows), length, np.uint64)
        for word in padded.view("<u8").T:
            value = (value ^ word) * _MULTIPLIER
            value ^= value >> _SHIFT
        result[rows] = value
    return result
