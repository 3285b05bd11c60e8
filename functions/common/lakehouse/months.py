"""Calendar months: dates k months on with the day clipped, and months as numbers and as ``YYYY-MM``."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.segments import Index

EPOCH_YEAR: Final = 1970


def add_months(day: Index, months: Index) -> Index:
    """Return the dates ``months`` calendar months later; a day the month lacks becomes its last.

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
    last = (target + 1).astype("datetime64[D]").astype(np.int64) - 1
    return np.asarray(np.minimum(first + day_of_month, last), np.int64)


def month_number(day: Index) -> Index:
    """Return the months since 1970-01 of days since 1970-01-01."""
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def month_text(month: Index) -> pa.Array:
    """Return months since 1970-01 as ``YYYY-MM``."""
    return pa.array(np.datetime_as_string(month.astype("datetime64[M]")).astype(object), pa.string())


def parse_month(text: pa.Array | pa.ChunkedArray) -> Index:
    """Return ``YYYY-MM`` as months since 1970-01; the column has no NULL."""
    year = pc.cast(pc.utf8_slice_codeunits(text, 0, 4), pa.int64()).to_numpy(zero_copy_only=False)
    month = pc.cast(pc.utf8_slice_codeunits(text, 5, 7), pa.int64()).to_numpy(zero_copy_only=False)
    return np.asarray((year - EPOCH_YEAR) * 12 + month - 1, np.int64)
