"""Drawing of synthetic columns, with whole numbers alone, so that every machine draws the same."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from lakehouse.engine.arrays import Mask
from lakehouse.engine.money import from_units
from lakehouse.engine.segments import Index

Random = np.random.Generator


def weighted(rng: Random, weights: Sequence[int], rows: int) -> Index:
    """Return numbers 0 .. len(weights) - 1, in proportion to their weights, shape (rows,)."""
    borders = np.cumsum(weights)
    return np.searchsorted(borders, rng.integers(0, borders[-1], rows), side="right")


def one_in(rng: Random, often: int, rows: int) -> Mask:
    """Return a mask of shape (rows,) that is true in one of ``often`` rows, on average."""
    return np.asarray(rng.integers(0, often, rows) == 0)


def words(choices: Sequence[str], numbers: Index, shown: Mask | None = None) -> pa.Array:
    """Return the words with these numbers; NULL where they are not shown."""
    return pa.array(choices, pa.string()).take(pa.array(numbers, mask=None if shown is None else ~shown))


def evenly(rng: Random, choices: Sequence[str], rows: int) -> pa.Array:
    """Return words, each drawn with the same probability."""
    return words(choices, rng.integers(0, len(choices), rows))


def dates(day: Index, shown: Mask | None = None) -> pa.Array:
    """Return days since 1970-01-01 as dates; NULL where they are not shown."""
    return pa.array(day.astype("datetime64[D]"), pa.date32(), mask=None if shown is None else ~shown)


def percentages(units: Index) -> pa.Array:
    """Return ten-thousandths as ``decimal128(9, 4)``."""
    return from_units(units, 4).cast(pa.decimal128(9, 4))


def digits(numbers: Index, width: int) -> pa.Array:
    """Return numbers as text of ``width`` digits, with leading zeros."""
    text = np.empty((len(numbers), width), np.uint8)
    rest = numbers
    for place in range(width - 1, -1, -1):
        rest, digit = np.divmod(rest, 10)
        text[:, place] = digit + ord("0")
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * width
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(text))


def check_digits(base: Index) -> Index:
    """Return the two check digits of 12-digit CNPJ numbers (modulo 11), as one number 0 .. 99, shape (rows,)."""
    places = (base[:, None] // 10 ** np.arange(11, -1, -1)) % 10
    for _ in range(2):
        weights = np.resize(np.arange(2, 10), places.shape[1])[::-1]
        rest = (places * weights).sum(axis=1) % 11
        places = np.column_stack([places, np.where(rest < 2, 0, 11 - rest)])
    return np.asarray(places[:, -2] * 10 + places[:, -1], np.int64)
