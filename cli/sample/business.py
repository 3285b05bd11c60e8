"""What the company does: its lines of business, and when it placed how large an order in each."""

from datetime import date
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from bronze.synthetic.drawing import Random

FIRST_DAY: Final = date(2024, 1, 2)
# The day of the export: no order is placed later, and what falls due later is not paid yet.
TODAY: Final = date(2026, 6, 30)
MONTHS: Final = 30
ORDERS: Final = 240


class Line(NamedTuple):
    """A line of business.

    Attributes
    ----------
    category, currency : str
        What is bought, and what its suppliers are paid in.
    weight : int
        How often it orders, relative to the other lines.
    value : int
        The value of a typical order at the start, in cents.
    growth : int
        The growth of that value, in per cent a year.
    peak : int
        The month of the year with the largest orders, 1 to 12.
    since : int
        The month, of the thirty, in which it began.
    """

    category: str
    currency: str
    weight: int
    value: int
    growth: int
    peak: int
    since: int = 0


# The last three are new or rare, so that little can be forecast for them.
LINES: Final = (
    Line("Tecnologia", "USD", 38, 24_000_00, 35, 11),
    Line("Eletrônicos", "USD", 34, 13_000_00, 18, 11),
    Line("Industrial", "EUR", 34, 21_000_00, 10, 3),
    Line("Autopeças", "JPY", 30, 12_000_00, 22, 7),
    Line("Embalagens", "BRL", 34, 7_500_00, 8, 10),
    Line("Têxtil", "BRL", 30, 9_500_00, -14, 5),
    Line("Químicos", "BRL", 26, 11_000_00, 0, 8),
    Line("Agrícola", "BRL", 8, 10_000_00, 20, 9, since=22),
    Line("Madeira", "GBP", 5, 9_000_00, 0, 4, since=1),
    Line("Mineração", "CAD", 5, 16_000_00, 0, 2, since=2),
)
_FIRST_MONTH: Final = np.datetime64(FIRST_DAY, "M")
# Per cent of a typical order's value, by the distance from the peak in months.
_SEASON: Final = np.array([130, 120, 108, 96, 87, 82, 80])


def placed(rng: Random) -> pd.DataFrame:
    """Draw when orders are placed, evenly over each line's months, and what each should be worth.

    Returns
    -------
    pd.DataFrame, shape (ORDERS, ...)
        In the order of their days: ``line``, ``day`` (datetime64) and ``worth`` (cents, before items are chosen).
    """
    month = np.arange(MONTHS)
    weights = np.array([[line.weight if m >= line.since else 0 for m in month] for line in LINES])
    # One order per fixed amount of accumulated weight, so that no line is without orders for long.
    reached = np.cumsum(weights) * ORDERS // weights.sum()
    cell = np.repeat(np.arange(weights.size), np.diff(reached, prepend=0))
    line, month = np.divmod(cell, MONTHS)
    months = _FIRST_MONTH + np.stack([month, month + 1]).astype("timedelta64[M]")
    start, end = months.astype("datetime64[D]")
    day = start + rng.integers(0, (end - start).astype(int))
    value, growth, peak = np.array([(each.value, each.growth, each.peak) for each in LINES]).T[:, line]
    away = np.abs(month % 12 + 1 - peak)
    worth = value * (1_200 + growth * month) // 1_200 * _SEASON[np.minimum(away, 12 - away)] // 100
    worth = worth * rng.integers(85, 116, ORDERS) // 100
    orders = pd.DataFrame({"line": line, "day": np.maximum(day, np.datetime64(FIRST_DAY)), "worth": worth})
    orders = orders.sort_values(["day", "line"], kind="stable", ignore_index=True)
    orders.loc[ORDERS - 1, "day"] = np.datetime64(TODAY)
    return orders
