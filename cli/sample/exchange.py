"""Exchange rates: one for every day, and the published quotations."""

from datetime import date
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from bronze.synthetic.drawing import Random
from cli.sample.business import FIRST_DAY, TODAY
from lakehouse.engine.arrays import Mask
from lakehouse.engine.money import ONE_RATE

# PTAX ends before the orders do.
LAST_QUOTATION: Final = date(2026, 5, 29)


class Currency(NamedTuple):
    """A foreign currency.

    Attributes
    ----------
    name : str
    rate, step : int
        Its first rate, and the unit that rates are rounded to, in millionths of a real.
    quoted : int
        On how many of 100 working days there is a quotation.
    since : date
        The first day of a quotation: before it, orders have none.
    """

    name: str
    rate: int
    step: int
    quoted: int
    since: date = FIRST_DAY


CURRENCIES: Final = (
    Currency("USD", 4_950_000, 100, 97), Currency("EUR", 5_420_000, 100, 85), Currency("JPY", 34_400, 1, 66),
    Currency("GBP", 6_270_000, 100, 40, date(2024, 9, 2)), Currency("CAD", 3_690_000, 100, 30, date(2025, 3, 3)),
)  # fmt: skip
HOME: Final = "BRL"

_EASTERS: Final = np.array(["2024-03-31", "2025-04-20", "2026-04-05"], "datetime64[D]")
_FIXED: Final = ("01-01", "04-21", "05-01", "09-07", "10-12", "11-02", "11-15", "11-20", "12-25")
# Carnival's Monday and Tuesday, Good Friday, Corpus Christi: days from Easter.
_MOVING: Final = (-48, -47, -2, 60)
HOLIDAYS: Final = np.array(
    [*(np.datetime64(f"{easter.astype(object).year}-{day}") for easter in _EASTERS for day in _FIXED),
     *(easter + np.timedelta64(days, "D") for easter in _EASTERS for days in _MOVING)]
)  # fmt: skip


def drawn(rng: Random) -> pd.DataFrame:
    """Draw the rates of all days: all currencies move together, and each a little by itself.

    Returns
    -------
    pd.DataFrame, shape (days, 1 + currencies)
        In millionths of a real, by day (index) and currency (columns); the first column is the real itself.
    """
    days = pd.date_range(FIRST_DAY, TODAY)
    shared = rng.integers(-60, 61, (len(days), 3)).sum(axis=1) * np.where(rng.integers(0, 40, len(days)) == 0, 2, 1)
    own = rng.integers(-20, 21, (len(days), len(CURRENCIES), 3)).sum(axis=2)
    # In ten-thousandths; on other days the rates stay.
    moves = np.where(_working(days)[:, None], shared[:, None] + own, 0)
    level = np.array([currency.rate for currency in CURRENCIES]) * 1_000
    levels = []
    for move in moves:
        level = level * (10_000 + move) // 10_000
        levels.append(level)
    step = np.array([currency.step for currency in CURRENCIES])
    rates = pd.DataFrame(np.array(levels) // 1_000 // step * step, days, [currency.name for currency in CURRENCIES])
    rates.insert(0, HOME, ONE_RATE)
    return rates


def quotations(rng: Random, rates: pd.DataFrame) -> pd.DataFrame:
    """Return ``cambio``: quotations on working days, not of every currency on each, and some currencies begin later."""
    days = pd.DatetimeIndex(rates.index)
    shown = _working(days) & (days <= pd.Timestamp(LAST_QUOTATION))
    since = np.array([currency.since for currency in CURRENCIES], "datetime64[D]")
    quoted = rng.integers(0, 100, (len(days), len(CURRENCIES))) < [currency.quoted for currency in CURRENCIES]
    when, which = np.nonzero(quoted & shown[:, None] & (days.to_numpy()[:, None] >= since))
    ptax = rates.to_numpy()[when, which + 1]
    step = np.array([currency.step for currency in CURRENCIES])[which]
    spread = ptax * 22 // 10_000 // step * step
    cambio = pd.DataFrame({
        "data_cotacao": days[when],
        "moeda": rates.columns[which + 1],
        "taxa_compra": ptax - spread,
        "taxa_venda": ptax + spread,
        "taxa_ptax": ptax,
    })  # fmt: skip
    before = cambio.groupby("moeda")["taxa_ptax"].shift().fillna(cambio["taxa_ptax"]).astype(int)
    # Two decimals, in ten-thousandths of a per cent.
    cambio["variacao_dia_percentual"] = (ptax - before) * 10_000 // before * 100
    return cambio.assign(fonte="SISBACEN", tipo_cambio="COMERCIAL", hora_atualizacao="16:30:00")


def _working(days: pd.DatetimeIndex) -> Mask:
    return np.is_busday(days.to_numpy().astype("datetime64[D]"), holidays=HOLIDAYS)
