"""``previsao_fluxo_de_caixa``: what will leave the company in the next six months, by category and currency."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from forecast import intervals
from forecast.backtest import Backtest, Chosen, chosen, summed
from forecast.methods import Floats
from forecast.series import (
    HORIZONS,
    LEAST_MONTHS,
    LEAST_WITH_VALUE,
    REST,
    TOTAL,
    Key,
    Series,
    by_horizon,
    month_number,
    month_text,
    monthly_series,
    nulls_last,
    together,
)
from forecast.tables import double, percent, tabulated
from lakehouse.contract.model import load
from lakehouse.engine.money import Units
from lakehouse.engine.rateio import share

OUTLOOK: Final = "previsao_fluxo_de_caixa"
SHORT: Final = "SERIE_CURTA"
SUM: Final = "SOMA_DAS_PARTES"


@dataclass(frozen=True)
class Numbers:
    """What is said of one key, in cents by horizon, and how well it was said before.

    Attributes
    ----------
    point, low, high : numpy int64, shape (HORIZONS,)
    backtest : Backtest
    coverage : float
        Percent.
    """

    point: Units
    low: Units
    high: Units
    backtest: Backtest
    coverage: float


@dataclass(frozen=True)
class Entry:
    """The rows of one key: with numbers, or with the reason why there are none (or what they leave out)."""

    series: Series
    method: str
    numbers: Numbers | None
    reason: str | None
    loans: Units


def outlook(monthly: pd.DataFrame, loans: pd.DataFrame, today: datetime.date) -> pa.Table:
    """Forecast what leaves the company in the month of ``today`` and the five after it.

    Parameters
    ----------
    monthly : pd.DataFrame
        Gold's aggregate for machine learning: ``mes_referencia`` (``YYYY-MM``), ``categoria``, ``moeda_origem`` (either
        may be NULL), ``valor_fluxo_brl`` (decimals); past months, and what is committed of those to come.
    loans : pd.DataFrame
        ``mes_referencia`` and ``valor`` (decimals) of the loans' instalments, which are no part of the former.
    today : datetime.date
        T; its month is the first of the forecast.

    Returns
    -------
    pa.Table
        With the contract's schema, six rows a key and of the total, sorted by month, category and currency, NULLs last.

    Raises
    ------
    MoneyRangeError
        An amount does not fit ``decimal(18,2)``.
    """
    own, rest = _parts(monthly_series(monthly, today))
    none = np.zeros(HORIZONS, np.int64)
    parts = [series for series in own if not series.is_short] + [each for each in rest if not each.is_short]
    schedule = by_horizon(loans["mes_referencia"], loans["valor"], today)
    everything = [*parts, *(each for each in rest if each.is_short)]
    at = month_number(today)
    whole = together(TOTAL, everything) if everything else Series(TOTAL, at, none[:0], none)
    said = _numbers(parts, whole)
    entries = [
        Entry(
            series,
            said[series.key][0] if series.key in said else SHORT,
            said[series.key][1] if series.key in said else None,
            _reason(series) if series.is_short else None,
            none,
        )
        for series in [*own, *rest]
    ]
    total = said.get(TOTAL)
    entries.append(
        Entry(whole, SUM, total[1], _left_out(rest), schedule)
        if total
        else Entry(whole, SHORT, None, _reason(whole), schedule)
    )
    return _table(entries, today)


def _parts(series: Sequence[Series]) -> tuple[list[Series], list[Series]]:
    """Return the series with rows of their own, and what goes into `REST`: none or one series.

    The rest are all short series, and one without category and currency, whose key is the total's.
    """
    own = [each for each in series if each.key not in {TOTAL, REST}]
    rest = [each for each in series if each.key in {TOTAL, REST} or each.is_short]
    return own, [together(REST, rest)] if rest else []


def _numbers(parts: Sequence[Series], whole: Series) -> Mapping[Key, tuple[str, Numbers]]:
    """Return method and numbers of each part and of the total, which is their sum; nothing without parts."""
    if not parts:
        return {}
    choices = chosen(parts)
    backtests = [choice.backtest for choice in choices]
    points = [np.maximum(choice.forecast, part.commitments) for part, choice in zip(parts, choices, strict=True)]
    total = Chosen(SUM, np.sum(points, axis=0), summed(backtests, together(TOTAL, parts)))
    pools, large = _pools(backtests, total.backtest)
    # A short rest is no part: what is committed of it is all that is known.
    known = whole.commitments - np.sum([part.commitments for part in parts], axis=0)
    units = _rounded(total.forecast)
    result = {TOTAL: (SUM, _said(units, total.forecast, total.backtest, large, known, whole.commitments))}
    shares = _shares(units, points, [part.commitments for part in parts])
    nothing = np.zeros(HORIZONS, np.int64)
    for part, choice, point, share_of, pool in zip(parts, choices, points, shares, pools, strict=True):
        result[part.key] = (
            choice.method,
            _said(share_of, point, choice.backtest, pool, nothing, part.commitments),
        )
    return result


def _pools(backtests: Sequence[Backtest], total: Backtest) -> tuple[list[list[Floats]], list[Floats]]:
    """Return the scores that each part's interval is made of, and the total's: those of the large parts and its own."""
    scores = [intervals.scores(backtest) for backtest in backtests]
    classes = intervals.size_classes(backtests)
    pools: list[list[Floats]] = [[] for _ in backtests]
    for members in classes:
        for member in members:
            pools[member] = [scores[each] for each in members]
    return pools, [*pools[classes[-1][-1]], intervals.scores(total)]


def _said(
    units: Units, point: Floats, backtest: Backtest, pool: Sequence[Floats], known: Units, commitments: Units
) -> Numbers:
    """Return point and interval in cents, ``known`` added, none below what is committed, the point within."""
    low, high = intervals.interval(point, intervals.reach(backtest), np.concatenate(pool))
    return Numbers(
        units + known,
        np.minimum(np.maximum(_rounded(low) + known, commitments), units + known),
        np.maximum(_rounded(high) + known, units + known),
        backtest,
        intervals.coverage(backtest, pool),
    )


def _shares(total: Units, points: Sequence[Floats], commitments: Sequence[Units]) -> Sequence[Units]:
    """Return the parts' points in cents: they add up to the total's, and none is below what is committed.

    What is above the commitments is shared by the largest-remainder method, so each is within a cent of its own.
    """
    floors = np.stack(commitments, axis=-1)
    above = np.stack(points, axis=-1) - floors
    # Thousandths of a cent, where they fit.
    weights = np.rint(above * (1000 if above.max() < 1e14 else 1)).astype(np.int64)
    return list(np.moveaxis(floors + share(np.maximum(total - floors.sum(-1), 0), weights), -1, 0))


def _rounded(cents: Floats) -> Units:
    """Return whole cents, half-up."""
    return np.floor(cents + 0.5).astype(np.int64)


def _reason(series: Series) -> str:
    """Say, in Portuguese, what a short series has and what is missing."""
    lacks = [
        f"{'falta' if missing == 1 else 'faltam'} {_months(missing)}{of} para os {least} necessários"
        for missing, least, of in (
            (LEAST_MONTHS - series.months, LEAST_MONTHS, ""),
            (LEAST_WITH_VALUE - series.with_value, LEAST_WITH_VALUE, " com valor"),
        )
        if missing > 0
    ]
    complete = f"{_months(series.months)} {'completo' if series.months == 1 else 'completos'}"
    return f"Série curta: {complete}, {series.with_value} com valor; {' e '.join(lacks)}."


def _months(count: int) -> str:
    return f"{count} {'mês' if count == 1 else 'meses'}"


def _left_out(rest: Sequence[Series]) -> str | None:
    """Say what the total counts without a forecast."""
    if not any(each.is_short for each in rest):
        return None
    return "As séries curtas (DEMAIS) não têm previsão: entram no total apenas com o que já está comprometido."


def _table(entries: Sequence[Entry], today: datetime.date) -> pa.Table:
    at = month_number(today)
    rows: list[dict[str, Any]] = []
    for entry in entries:
        series, numbers = entry.series, entry.numbers
        of_series = {
            "categoria": series.key[0],
            "moeda_origem": series.key[1],
            "metodo": entry.method,
            "mase": None if numbers is None else double(numbers.backtest.mase()),
            "vies_percentual": None if numbers is None else percent(numbers.backtest.bias()),
            "cobertura_90": None if numbers is None else percent(numbers.coverage),
            "origens": 0 if numbers is None else numbers.backtest.origins,
            "meses_da_serie": series.months,
            "meses_com_valor": series.with_value,
            "ultimo_mes_completo": month_text(at - 1),
            "data_referencia": today,
            "motivo": entry.reason,
        }
        for ahead in range(HORIZONS):
            rows.append(
                of_series
                | {
                    "mes_referencia": month_text(at + ahead),
                    "horizonte": ahead + 1,
                    "comprometido_brl": int(series.commitments[ahead]),
                    "comprometido_emprestimos_brl": int(entry.loans[ahead]),
                    "previsto_brl": None if numbers is None else int(numbers.point[ahead]),
                    "inferior_90_brl": None if numbers is None else int(numbers.low[ahead]),
                    "superior_90_brl": None if numbers is None else int(numbers.high[ahead]),
                }
            )
    rows.sort(key=lambda row: nulls_last((row["mes_referencia"], row["categoria"], row["moeda_origem"])))
    return tabulated(rows, load(OUTLOOK).schema)
