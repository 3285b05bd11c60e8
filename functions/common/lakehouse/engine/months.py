"""Calendar months: dates k months on with the day clipped, and months as numbers and as ``YYYY-MM``."""

from typing import Final

import numpy as np
import pyarrow as pa

from lakehouse.engine.arrays import strings
from lakehouse.engine.columns import Text
from lakehouse.engine.segments import Index

EPOCH_YEAR: Final = 1970


def add_months(day: Index, months: Index) -> Index:
    """Return the dates ``months`` calendar months later; a day that the month lacks becomes its last day.

    Parameters
    ----------
    day : numpy int64, shape (n,)
        Days since 1970-01-01.
    months : numpy int64, shape (n,)

    Returns
    -------
    numpy int64, shape (n,)
        Days since 1970-01-01.
    """
    date = day.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    day_of_month = (date - month.astype("datetime64[D]")).astype(np.int64)
    target = month + months.astype("timedelta64[M]")
    first = target.astype("datetime64[D]").astype(np.int64)
    last = (target + np.timedelta64(1, "M")).astype("datetime64[D]").astype(np.int64) - 1
    return np.asarray(np.minimum(first + day_of_month, last), np.int64)


def month_number(day: Index) -> Index:
    """Return the months since 1970-01 of days since 1970-01-01."""
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def months_of(day: Index) -> Text:
    """Return the ``YYYY-MM`` of days since 1970-01-01; each month's text is made once, as months are few."""
    month = month_number(day)
    if not len(month):
        return Text.repeated(None, 0)
    first = int(month.min())
    occurs = np.bincount(month - first) > 0
    code = (np.cumsum(occurs) - 1).astype(np.int32)
    return Text(code[month - first], month_text(np.flatnonzero(occurs) + first))


def month_text(month: Index) -> pa.Array:
    """Return months since 1970-01 as ``YYYY-MM``."""
    return strings(np.datetime_as_string(month.astype("datetime64[M]")).tolist())


def parse_month(text: Text) -> Index:
    """Return ``YYYY-MM`` as months since 1970-01; the column has no NULL."""
    number = [(int(value[:-3]) - EPOCH_YEAR) * 12 + int(value[-2:]) - 1 for value in text.values.to_pylist()]
    return np.array(number, np.int64)[text.codes]
