"""The as-of join: the newest quotation of a currency on or before a date."""

from typing import Final

import numpy as np
import numpy.typing as npt

from lakehouse.engine.keys import ABSENT
from lakehouse.engine.segments import Index

_DAY_BITS: Final = 32


def as_of(currency: Index, day: Index, quoted_currency: Index, quoted_day: Index) -> Index:
    """Return, for each row, which quotation holds on its day.

    Parameters
    ----------
    currency : numpy int64, shape (n,)
        A currency's number, not negative; negative where the row has none.
    day : numpy int64, shape (n,)
        Days since 1970-01-01.
    quoted_currency, quoted_day : numpy int64, shape (q,)
        The quotations, in any order, at most one per currency and day.

    Returns
    -------
    numpy int64, shape (n,)
        Row of the quotation: that of the row's currency with the latest day on or before the row's day; `ABSENT`
        where the currency has no quotation yet.
    """
    order = np.argsort(_instant(quoted_currency, quoted_day), kind="stable")
    instants = _instant(quoted_currency, quoted_day)[order]
    position = np.searchsorted(instants, _instant(currency, day), side="right") - 1
    if not len(order):
        return np.full(len(currency), ABSENT)
    quotation = order[np.maximum(position, 0)]
    known: npt.NDArray[np.bool_] = (position >= 0) & (currency >= 0) & (quoted_currency[quotation] == currency)
    return np.where(known, quotation, ABSENT)


def _instant(currency: Index, day: Index) -> Index:
    """Return one sortable number for currency and day: a day takes the low 32 bits, so it is within 2**31 of 1970."""
    return (currency << _DAY_BITS) + day
