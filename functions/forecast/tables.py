"""Rows as tables: whole units become exact decimals, doubles are rounded so that no last bit shows."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from lakehouse.engine.money import from_units

_DIGITS: Final = 6
_PERCENT_LIMIT: Final = 10**9


def tabulated(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Return rows as a table; decimal columns are given in whole units.

    Raises
    ------
    MoneyRangeError
        An amount does not fit its type.
    """
    return pa.table([_column([row[field.name] for row in rows], field.type) for field in schema], schema=schema)


def _column(values: Sequence[Any], type_: pa.DataType) -> pa.Array:
    if not pa.types.is_decimal(type_):
        return pa.array(values, type_)
    known = np.array([value is not None for value in values], np.bool_)
    units = np.array([value or 0 for value in values], np.int64)
    return from_units(units, type_.scale, known).cast(type_)


def double(value: float | None) -> float | None:
    """Return a double with six digits after the point."""
    return None if value is None else round(value, _DIGITS)


def percent(value: float | None) -> int | None:
    """Return a percentage in units of ``decimal(9,4)``, half-up; None where it has more digits."""
    if value is None:
        return None
    units = math.floor(abs(value) * 10_000 + 0.5)
    return int(math.copysign(units, value)) if units < _PERCENT_LIMIT else None
