"""Measures: the columns whose sum over all rows of a table says something, and that sum, exactly. Pure."""

import re
from decimal import Decimal
from typing import Final

import numpy as np
import pyarrow as pa

from lakehouse.contract.model import Contract
from lakehouse.engine.columns import Number
from lakehouse.engine.money import MONEY, Units

# Amounts that do not add up: of one piece, of other months, or added up already; and what is there at a time.
_NOT_ADDITIVE: Final = re.compile(r"preco_|alvo_|estoque_|.*_acumulado_|.*_lag_")
# Whole numbers that add up; others are terms, ages and places in a sequence. Distinct counts overlap.
_ADDITIVE: Final = "quantidade"
_LOW_BITS: Final = 32
_LOW: Final = (1 << _LOW_BITS) - 1


def measures_of(contract: Contract) -> dict[str, int]:
    """Return the measures of a table, in its order: the digits after the point of each, 0 for a number of things.

    They are the amounts of money that add up, and quantities. Rates, percentages, doubles, prices, running totals, the
    values of other months and distinct counts are none.
    """
    found = {}
    for column in contract.columns:
        if column.arrow_type == MONEY and not _NOT_ADDITIVE.match(column.name):
            found[column.name] = MONEY.scale
        elif column.arrow_type == pa.int64() and column.name == _ADDITIVE:
            found[column.name] = 0
    return found


def total(column: pa.ChunkedArray) -> int:
    """Return the sum of a column in units of its last digit; NULLs count as 0."""
    return exact_sum(Number.of(column).units)


def exact_sum(units: Units) -> int:
    """Return a sum that is exact however large: the halves of each number are added up by themselves."""
    return (int(np.sum(units >> _LOW_BITS)) << _LOW_BITS) + int(np.sum(units & _LOW))


def decimal_of(units: int, scale: int) -> Decimal:
    """Return a number of units as a decimal with that many digits after the point."""
    return Decimal(units).scaleb(-scale)


def scale_of(type_: pa.DataType) -> int:
    """Return the digits after the point that numbers of a type have."""
    return int(type_.scale) if pa.types.is_decimal(type_) else 0
