"""Quotations of currencies as returns of business days.

Business days are Monday to Friday. Which of them were holidays in Brazil no export says, and a calendar of its own
would be wrong one day: a day without a quotation, whatever the reason, is a gap, and the return over a gap is spread
over its days.
"""

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from lakehouse.engine.money import RATE, RATE_SCALE, to_units

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Currency:
    """The quotations of one currency, at most one a business day: the last one of each.

    Attributes
    ----------
    name : str
    quoted : int
        How many quotations there were.
    rate : int
        The newest, in millionths.
    rate_date : datetime.date
        Its date.
    day : numpy int64, shape (n,)
        Business days since 1970-01-01, ascending.
    log_rate : numpy float64, shape (n,)
    """

    name: str
    quoted: int
    rate: int
    rate_date: datetime.date
    day: Days
    log_rate: Floats

    @property
    def returns(self) -> Floats:
        """One-day log returns, shape (n - 1,): each divided by the root of the business days that it spans."""
        return np.asarray(np.diff(self.log_rate) / np.sqrt(np.diff(self.day)))

    def daily_returns(self) -> Floats:
        """Return a one-day return for every business day from the first quotation (exclusive) to the last.

        A return that spans a gap stands on each of the gap's days: each of them has the variance of one day.
        """
        return np.repeat(self.returns, np.diff(self.day))

    def daily_log_rates(self) -> Floats:
        """Return the logarithm of the rate of every business day from the first quotation to the last.

        The newest quotation on or before the day, as everywhere in this lakehouse.
        """
        days = np.arange(self.day[0], self.day[-1] + 1)
        return np.asarray(self.log_rate[np.searchsorted(self.day, days, side="right") - 1])


@dataclass(frozen=True)
class History:
    """Currencies on the business days that all of them have.

    Attributes
    ----------
    returns : numpy float64, shape (days, currencies)
        One-day returns.
    log_rates : numpy float64, shape (days + 1, currencies)
        The first row is the day before.
    tested : numpy float64, shape (quoted, currencies)
        Returns of the days on which each of them was quoted: these repeat nothing, so they can be tested.
    """

    returns: Floats
    log_rates: Floats
    tested: Floats

    @property
    def days(self) -> int:
        """How many business days it has."""
        return len(self.returns)


def currencies(quotations: pd.DataFrame) -> dict[str, Currency]:
    """Return the currencies by name.

    Parameters
    ----------
    quotations : pd.DataFrame
        ``data_cotacao`` (dates), ``moeda``, ``taxa_ptax`` (decimals, positive).
    """
    units = to_units(pa.array(list(quotations["taxa_ptax"]), RATE))
    dates = np.array(list(quotations["data_cotacao"]), "datetime64[D]")
    names = np.array([str(name) for name in quotations["moeda"]], np.object_)
    return {name: _currency(name, dates[names == name], units[names == name]) for name in sorted(set(names.tolist()))}


def _currency(name: str, dates: npt.NDArray[np.datetime64], units: npt.NDArray[np.int64]) -> Currency:
    order = np.argsort(dates, kind="stable")
    dates, units = dates[order], units[order]
    day = business_day(dates)
    last_of_day = np.append(np.diff(day) > 0, True)
    # From the C library: the last bit of numpy's vectorised functions differs from one processor to another.
    logs = np.array([math.log(value) for value in units[last_of_day].tolist()]) - math.log(10**RATE_SCALE)
    newest: Any = dates[-1].item()
    return Currency(name, len(dates), int(units[-1]), newest, day[last_of_day], logs)


def common(chosen: Sequence[Currency]) -> History:
    """Return what currencies have on the business days from the latest first quotation to the earliest last one."""
    first = max(int(each.day[0]) for each in chosen)
    last = min(int(each.day[-1]) for each in chosen)
    if last < first:
        nothing = np.empty((0, len(chosen)))
        return History(nothing, nothing, nothing)
    rows = [slice(first - int(each.day[0]), last - int(each.day[0])) for each in chosen]
    returns = [each.daily_returns()[row] for each, row in zip(chosen, rows, strict=True)]
    log_rates = [each.daily_log_rates()[row.start : row.stop + 1] for each, row in zip(chosen, rows, strict=True)]
    days = np.arange(first + 1, last + 1)
    quoted = np.logical_and.reduce([np.isin(days, each.day) for each in chosen])
    together = np.stack(returns, axis=-1)
    return History(together, np.stack(log_rates, axis=-1), together[quoted])


def business_day(dates: Any) -> Days:
    """Return the business days from 1970-01-01 to dates; a day of a weekend is the Friday before."""
    rolled = np.busday_offset(np.asarray(dates, "datetime64[D]"), 0, roll="backward")
    return np.asarray(np.busday_count("1970-01-01", rolled), np.int64)
