"""``risco_cambial``: what the open amounts in foreign currency may come to cost more, by currency and month."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from forecast import kupiec, var
from forecast.quotations import Currency, History, common, currencies
from forecast.series import Key, cents, keys, nulls_last, parse_month
from forecast.tables import double, tabulated
from lakehouse.contract.model import load
from lakehouse.engine.money import RATE_SCALE, mul_div_half_up

RISK: Final = "risco_cambial"
LEAST_RETURNS: Final = 60
MEASURED: Final = "EWMA_E_HISTORICO"
FEW: Final = "POUCAS_COTACOES"
IMPLAUSIBLE: Final = "COTACOES_IMPLAUSIVEIS"
# From here on a loss fits no decimal(18,2): quotations that leap so far are wrong, and no measure is made of them.
_BEYOND: Final = 10**18
_MIDDLE: Final = 15
STRESS: Final[Mapping[str, int]] = {
    "estresse_mais_10_brl": 10,
    "estresse_mais_20_brl": 20,
    "estresse_menos_10_brl": -10,
    "estresse_menos_20_brl": -20,
}


@dataclass(frozen=True)
class _Exposure:
    """What is open in one currency and due in one month.

    Attributes
    ----------
    currency, month : str
    cents : int
        Of the currency, positive.
    days : int
        Business days until the middle of the month, at least 1.
    """

    currency: str
    month: str
    cents: int
    days: int


def currency_risk(exposures: pd.DataFrame, quotations: pd.DataFrame, today: datetime.date) -> pa.Table:
    """Measure the risk of the open amounts: by currency and month, by currency, and of all together.

    A currency's risk rests on the whole history of that currency; the risk of all together on the business days that
    all of them have, so that they move as they moved.

    Parameters
    ----------
    exposures : pd.DataFrame
        ``mes_referencia`` (``YYYY-MM``), ``moeda_origem``, ``exposicao_moeda_origem`` (decimals). Rows of one month and
        currency are added up; what is not above 0 is no exposure.
    quotations : pd.DataFrame
        ``data_cotacao`` (dates), ``moeda``, ``taxa_ptax`` (decimals).
    today : datetime.date
        T, from which the days until an amount is due count.

    Returns
    -------
    pa.Table
        With the contract's schema, sorted by currency and month, NULLs last. Without exposures it has no rows.

    Raises
    ------
    MoneyRangeError
        An amount does not fit ``decimal(18,2)``.
    """
    known = currencies(quotations)
    by_currency: dict[str, list[_Exposure]] = {}
    for exposure in _exposures(exposures, today):
        by_currency.setdefault(exposure.currency, []).append(exposure)
    rows, measured = [], []
    for name, its in by_currency.items():
        currency = known.get(name)
        is_measured = currency is not None and len(currency.returns) >= LEAST_RETURNS
        rows += _currency_rows(its, currency, is_measured)
        if currency is not None and is_measured:
            measured.append((currency, its))
    if rows:
        rows.append(_portfolio_row(rows, measured))
    for row in rows:
        row["data_referencia"] = today
    rows.sort(key=lambda row: nulls_last((row["moeda_origem"], row["mes_vencimento"])))
    return tabulated(rows, load(RISK).schema)


def _exposures(exposures: pd.DataFrame, today: datetime.date) -> list[_Exposure]:
    sums: dict[Key, int] = {}
    rows = keys(exposures["moeda_origem"], exposures["mes_referencia"])
    for key, value in zip(rows, cents(exposures["exposicao_moeda_origem"]).tolist(), strict=True):
        sums[key] = sums.get(key, 0) + value
    return [
        _Exposure(currency, month, value, business_days_until(month, today))
        for (currency, month), value in sorted(sums.items(), key=lambda item: nulls_last(item[0]))
        if currency is not None and month is not None and value > 0
    ]


def business_days_until(month: str, today: datetime.date) -> int:
    """Return the business days after ``today`` until the 15th of a month, it included; 1 where it is past."""
    number = parse_month(month)
    middle = datetime.date(1970 + number // 12, number % 12 + 1, _MIDDLE)
    return max(int(np.busday_count(today + datetime.timedelta(1), middle + datetime.timedelta(1))), 1)


def _currency_rows(its: Sequence[_Exposure], currency: Currency | None, is_measured: bool) -> list[dict[str, Any]]:
    """Return the rows of one currency: its months, and all of them together."""
    groups: list[tuple[str | None, Sequence[_Exposure]]] = [(each.month, [each]) for each in its]
    groups.append((None, its))
    history = common([currency]) if currency is not None and is_measured else None
    drawn = var.paths(history, np.array([each.days for each in its])) if history else {}
    tested = kupiec.historical(history.tested[:, 0]) if history else None
    rows = []
    for month, group in groups:
        # Each month's amount is rounded by itself, so that a total is the sum of its months.
        in_reais = None if currency is None else sum(_reais(each.cents, currency.rate) for each in group)
        row = _empty(its[0].currency, month) | {
            "exposicao_moeda": sum(each.cents for each in group),
            "taxa_ptax": None if currency is None else currency.rate,
            "data_ptax": None if currency is None else currency.rate_date,
            "exposicao_brl": in_reais,
            "dias_uteis": max(each.days for each in group),
            "cotacoes": 0 if currency is None else currency.quoted,
            "motivo": None if is_measured else _few(currency),
        }
        if history is not None and currency is not None and in_reais is not None:
            positions = _positions([(currency, group)])
            row |= _measured(positions, history, drawn, in_reais, tested)
        rows.append(row)
    return rows


def _portfolio_row(
    rows: Sequence[Mapping[str, Any]],
    measured: Sequence[tuple[Currency, Sequence[_Exposure]]],
) -> dict[str, Any]:
    """Return the row of all currencies together."""
    totals = [row for row in rows if row["mes_vencimento"] is None]
    in_reais = [row["exposicao_brl"] for row in totals if row["exposicao_brl"] is not None]
    without = [row["moeda_origem"] for row in totals if row["metodo"] == FEW]
    row = _empty(None, None) | {
        "exposicao_brl": sum(in_reais) if in_reais else None,
        "dias_uteis": max(row["dias_uteis"] for row in totals),
        "cotacoes": sum(row["cotacoes"] for row in totals),
    }
    if not measured:
        return row | {"motivo": f"Nenhuma moeda tem {LEAST_RETURNS} retornos diários: {', '.join(without)}."}
    history = common([currency for currency, _ in measured])
    if history.days < LEAST_RETURNS:
        return row | {"motivo": f"As moedas têm {history.days} dias úteis em comum; são necessários {LEAST_RETURNS}."}
    positions = _positions(measured)
    weights = np.array([positions.amount[positions.currency == at].sum() for at in range(len(measured))])
    tested = kupiec.historical((history.tested * (weights / weights.sum())).sum(axis=-1))
    its_reais = sum(total["exposicao_brl"] for total in totals if total["metodo"] == MEASURED)
    left_out = f"Risco sem {', '.join(without)}: menos de {LEAST_RETURNS} retornos diários." if without else None
    return row | _measured(positions, history, var.paths(history, positions.days), its_reais, tested, left_out)


def _positions(measured: Sequence[tuple[Currency, Sequence[_Exposure]]]) -> var.Positions:
    flat = [
        (each.cents * currency.rate / 10**RATE_SCALE, each.days, at)
        for at, (currency, its) in enumerate(measured)
        for each in its
    ]
    amounts, days, columns = zip(*flat, strict=True)
    return var.Positions(np.array(amounts), np.array(days, np.int64), np.array(columns, np.int64))


def _measured(
    positions: var.Positions,
    history: History,
    drawn: Mapping[int, np.ndarray[Any, Any]],
    in_reais: int,
    tested: kupiec.Tested | None,
    left_out: str | None = None,
) -> dict[str, Any]:
    """Return the measures of risk, their method and what they leave out; none where the quotations cannot be right."""
    measures = _measures(positions, history, drawn, in_reais, tested)
    if any(abs(value) >= _BEYOND for value in measures.values() if value is not None):
        reason = "As cotações saltam mais do que uma moeda pode: confira taxa_ptax no Bronze."
        return {"metodo": IMPLAUSIBLE, "motivo": reason}
    reasons = [reason for reason in (left_out, _no_worst(positions, history)) if reason]
    return {"metodo": MEASURED, "motivo": " ".join(reasons) or None} | measures


def _measures(
    positions: var.Positions,
    history: History,
    drawn: Mapping[int, np.ndarray[Any, Any]],
    in_reais: int,
    tested: kupiec.Tested | None,
) -> dict[str, Any]:
    """Return the measures of risk, money in cents."""
    worst, losses = var.worst(positions, history), positions.losses(drawn)
    return {
        **{f"var_{percent}_ewma_brl": _cents(var.ewma(positions, history, percent)) for percent in var.NORMAL},
        **{f"var_{percent}_historico_brl": _cents(max(var.quantile(losses, percent), 0.0)) for percent in var.NORMAL},
        **{name: _percent_of(in_reais, percent) for name, percent in STRESS.items()},
        "pior_movimento_brl": None if worst is None else _cents(worst),
        "excecoes_95": tested.exceptions if tested else None,
        "dias_testados": tested.days if tested else None,
        "kupiec_p_valor": double(tested.p_value) if tested else None,
    }


def _empty(currency: str | None, month: str | None) -> dict[str, Any]:
    """Return a row of a key, without numbers."""
    return dict.fromkeys(load(RISK).schema.names) | {"moeda_origem": currency, "mes_vencimento": month, "metodo": FEW}


def _few(currency: Currency | None) -> str:
    """Say, in Portuguese, what is missing of a currency's quotations."""
    if currency is None:
        return "Não há cotação da moeda."
    return f"A moeda tem {len(currency.returns)} retornos diários; são necessários {LEAST_RETURNS}."


def _no_worst(positions: var.Positions, history: History) -> str | None:
    """Say, in Portuguese, why there is no worst move, where there is none."""
    longest = int(positions.days.max())
    if longest <= history.days:
        return None
    days = f"{history.days} dias úteis, menos que os {longest} até o vencimento"
    return f"O histórico tem {days}: sem pior movimento."


def _reais(amount: int, rate: int) -> int:
    return int(mul_div_half_up(np.array([amount]), np.array([rate]), np.array([10**RATE_SCALE]))[0])


def _percent_of(amount: int, percent: int) -> int:
    return int(mul_div_half_up(np.array([amount]), np.array([percent]), np.array([100]))[0])


def _cents(amount: float) -> int:
    """Return whole cents, half-up; an amount beyond all bounds as `_BEYOND`."""
    return int(np.floor(amount + 0.5)) if amount < _BEYOND else _BEYOND
