"""What `forecast.risk` says of synthetic histories, whether it passes its test, and what then comes."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd

from bench.forecasting.histories import AHEAD, KINDS, History
from forecast import kupiec
from forecast.quotations import currencies
from forecast.risk import business_days_until, currency_risk

# Kupiec's test does not refuse a value at risk at 5 %.
SIGNIFICANT: Final = 0.05
_CURRENCY: Final = "USD"


def said(history: History) -> dict[str, Any]:
    """Return what the table says of an exposure of a million reais that is due in about a month, and the tests.

    Returns
    -------
    dict
        ``historical``, ``ewma``: exceptions, days and p-value of the one-day value at risk; ``beyond``: which share of
        the futures costs more than the value at risk of the days until the exposure is due.
    """
    quotations = pd.DataFrame(
        {
            "data_cotacao": [day.item() for day in history.dates],
            "moeda": _CURRENCY,
            "taxa_ptax": [Decimal(f"{rate:.6f}") for rate in history.rates],
        }
    )
    today = history.dates[-1].item()
    month = str(np.datetime64(today, "M") + np.timedelta64(1, "M"))
    days = business_days_until(month, today)
    assert days <= AHEAD, "the futures are too short"
    exposures = pd.DataFrame(
        {
            "mes_referencia": [month],
            "moeda_origem": [_CURRENCY],
            "exposicao_moeda_origem": [Decimal(f"{1_000_000 / history.rates[-1]:.2f}")],
        }
    )
    row = currency_risk(exposures, quotations, today).to_pylist()[0]
    assert row["dias_uteis"] == days
    cost = float(row["exposicao_brl"]) * np.expm1(history.futures[:, :days].sum(-1))
    tested = kupiec.ewma(currencies(quotations)[_CURRENCY].returns)
    assert tested is not None, "the history is too short"
    return {
        "historical": [row["excecoes_95"], row["dias_testados"], row["kupiec_p_valor"]],
        "ewma": [tested.exceptions, tested.days, tested.p_value],
        "beyond": {
            "historical": float((cost > float(row["var_95_historico_brl"])).mean()),
            "ewma": float((cost > float(row["var_95_ewma_brl"])).mean()),
        },
    }


def measured(histories: Mapping[str, Sequence[History]]) -> dict[str, Any]:
    """Return for every kind how many histories pass, how often they exceed, and each one's share of exceptions."""
    result: dict[str, Any] = {}
    for kind in KINDS:
        outcomes = [said(history) for history in histories[kind]]
        result[kind] = {"histories": len(outcomes)}
        for way in ("historical", "ewma"):
            exceptions, days, p_values = (
                np.array(column) for column in zip(*(its[way] for its in outcomes), strict=True)
            )
            result[kind][way] = {
                "passed": int((p_values >= SIGNIFICANT).sum()),
                "rate": float(exceptions.sum() / days.sum()),
                "rates": (exceptions / days).round(6).tolist(),
                "days": int(np.median(days)),
                "beyond": float(np.mean([its["beyond"][way] for its in outcomes])),
            }
    return result
