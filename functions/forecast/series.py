"""Monthly series out of Gold's rows: what left the company by category and currency, and what is committed already."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from lakehouse.engine.money import MONEY, Units, to_units

HORIZONS: Final = 6
# Below these a series is not forecast.
LEAST_MONTHS: Final = 18
LEAST_WITH_VALUE: Final = 9

# Category and currency of origin.
Key = tuple[str | None, str | None]
TOTAL: Final[Key] = (None, None)
# The series that are too short for a forecast of their own, together.
REST: Final[Key] = ("DEMAIS", None)


@dataclass(frozen=True)
class Series:
    """What left the company month by month under one key, in cents.

    Attributes
    ----------
    key : Key
    first : int
        Months since 1970-01 of ``values[0]``; without complete months, the first month of the forecast.
    values : numpy int64, shape (complete months,)
        Every calendar month from the first one with rows to the last complete one; months without rows are 0.
    commitments : numpy int64, shape (HORIZONS,)
        What Gold already holds for the months of the forecast.
    """

    key: Key
    first: int
    values: Units
    commitments: Units

    @property
    def months(self) -> int:
        """The complete months it has."""
        return len(self.values)

    @property
    def with_value(self) -> int:
        """Those of them in which something left the company."""
        return int(np.count_nonzero(self.values))

    @property
    def is_short(self) -> bool:
        """Whether it is too short to be forecast."""
        return self.months < LEAST_MONTHS or self.with_value < LEAST_WITH_VALUE


def monthly_series(monthly: pd.DataFrame, today: datetime.date) -> list[Series]:
    """Return the series of each key, sorted by it, NULLs last.

    Parameters
    ----------
    monthly : pd.DataFrame
        ``mes_referencia`` (``YYYY-MM``), ``categoria``, ``moeda_origem``, ``valor_fluxo_brl`` (decimals).
    today : datetime.date
        T: the month it lies in is the forecast's first, and not complete.
    """
    at = month_number(today)
    rows = zip(
        keys(monthly["categoria"], monthly["moeda_origem"]),
        map(parse_month, monthly["mes_referencia"]),
        cents(monthly["valor_fluxo_brl"]).tolist(),
        strict=True,
    )
    by_key: dict[Key, dict[int, int]] = {}
    for key, month, value in rows:
        months = by_key.setdefault(key, {})
        months[month] = months.get(month, 0) + value
    return [_series(key, by_key[key], at) for key in sorted(by_key, key=nulls_last)]


def _series(key: Key, by_month: Mapping[int, int], at: int) -> Series:
    first = min(*by_month, at)
    values = np.array([by_month.get(month, 0) for month in range(first, at)], np.int64)
    commitments = np.array([by_month.get(month, 0) for month in range(at, at + HORIZONS)], np.int64)
    return Series(key, first, values, commitments)


def together(key: Key, parts: Iterable[Series]) -> Series:
    """Return the sum of series under a key of its own; each counts from its own first month on."""
    parts = list(parts)
    first = min(part.first for part in parts)
    values = np.zeros(max(part.first + part.months for part in parts) - first, np.int64)
    for part in parts:
        values[len(values) - part.months :] += part.values
    return Series(key, first, values, np.sum([part.commitments for part in parts], axis=0))


def by_horizon(months: pd.Series, values: pd.Series, today: datetime.date) -> Units:
    """Return the sums of the months of the forecast, in cents, shape (HORIZONS,)."""
    at, sums = month_number(today), np.zeros(HORIZONS, np.int64)
    for month, value in zip(map(parse_month, months), cents(values).tolist(), strict=True):
        if at <= month < at + HORIZONS:
            sums[month - at] += value
    return sums


def keys(first: pd.Series, second: pd.Series) -> Iterable[Key]:
    """Return the keys of rows: whatever pandas has for NULL is None."""
    texts = [[None if pd.isna(value) else str(value) for value in column] for column in (first, second)]
    return zip(*texts, strict=True)


def cents(column: pd.Series) -> Units:
    """Return a column of decimals as cents; it may be of Python's decimals or of Arrow's. NULLs are 0."""
    return to_units(pa.array([None if pd.isna(value) else value for value in column], MONEY))


def nulls_last(key: tuple[str | None, ...]) -> tuple[tuple[bool, str], ...]:
    """Return what sorts keys as the tables are sorted."""
    return tuple((part is None, part or "") for part in key)


def month_number(day: datetime.date) -> int:
    """Return the months since 1970-01 of a day."""
    return (day.year - 1970) * 12 + day.month - 1


def parse_month(text: str) -> int:
    """Return ``YYYY-MM`` as months since 1970-01."""
    return (int(text[:-3]) - 1970) * 12 + int(text[-2:]) - 1


def month_text(month: int) -> str:
    """Return months since 1970-01 as ``YYYY-MM``."""
    return f"{1970 + month // 12:04d}-{month % 12 + 1:02d}"
