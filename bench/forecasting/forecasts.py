"""What `forecast.outlook` says of synthetic companies, beside its peers, and what then comes."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.forecasting.companies import AHEAD, KINDS, MONTHS, Truth
from forecast.backtest import chosen
from forecast.methods import METHODS
from forecast.outlook import outlook
from forecast.series import Series, month_text

Floats = npt.NDArray[np.float64]

TODAY: Final = datetime.date(2026, 1, 15)
_FIRST: Final = (TODAY.year - 1970) * 12 - MONTHS
_NO_LOANS: Final = pd.DataFrame({"mes_referencia": [], "valor": []})
OURS: Final = "forecast.outlook"
WITHOUT: Final = "the least MASE, benchmarks included"
ORACLE: Final = "who knows the process"
PEERS: Final = ("AutoETS", "AutoTheta")


def said(company: Sequence[Truth]) -> dict[str, Any]:
    """Return what the table says of a company.

    Returns
    -------
    dict
        ``point``, ``low``, ``high`` (series and at last the total, AHEAD), in reais; ``claimed`` (series and total),
        the coverage that the table itself states, in percent; ``method`` (series).
    """
    rows = [
        (month_text(_FIRST + month), series.kind, "BRL", Decimal(f"{value:.2f}"))
        for series in company
        for month, value in enumerate(series.history.tolist())
    ]
    monthly = pd.DataFrame(rows, columns=["mes_referencia", "categoria", "moeda_origem", "valor_fluxo_brl"])
    table = outlook(monthly, _NO_LOANS, TODAY).to_pylist()
    by_key = {(row["categoria"], row["horizonte"]): row for row in table}
    kinds = [*(series.kind for series in company), None]

    def column(name: str) -> list[list[float]]:
        return [[float(by_key[kind, ahead + 1][name]) for ahead in range(AHEAD)] for kind in kinds]

    return {
        "point": column("previsto_brl"), "low": column("inferior_90_brl"), "high": column("superior_90_brl"),
        "claimed": [float(by_key[kind, 1]["cobertura_90"]) for kind in kinds],
        "method": [by_key[kind, 1]["metodo"] for kind in kinds[:-1]],
    }  # fmt: skip


def measured(companies: Sequence[Sequence[Truth]], peers: Mapping[str, Floats]) -> dict[str, Any]:
    """Compare what was said of companies with what then came.

    Parameters
    ----------
    companies : sequence of companies, of series
    peers : mapping of str to numpy float64, shape (companies x series, AHEAD)
        What statsforecast says of the same series.
    """
    outlooks = [said(company) for company in companies]
    series = [each for company in companies for each in company]
    futures = np.stack([each.futures for each in series])
    history = np.stack([each.history for each in series])
    scale = np.abs(history[:, 12:] - history[:, :-12]).mean(-1)
    kinds = np.array([each.kind for each in series])

    def errors(points: Floats) -> Floats:
        """Return the MASE of every series and future."""
        return np.asarray(np.abs(points[:, None] - futures).mean(-1) / scale[:, None])

    single = _each_method(history)
    ours = np.concatenate([np.array(each["point"])[:-1] for each in outlooks])
    candidates = {
        OURS: ours,
        **{name: np.maximum(points, 0) for name, points in peers.items()},
        WITHOUT: _without_handicap(companies),
        ORACLE: np.median(futures, axis=1),
        **single,
    }
    mase = {name: errors(points) for name, points in candidates.items()}
    seasonal = mase["SAZONAL"]
    return {
        "mase": {
            name: {
                "all": float(its.mean()),
                "beats": float((its.mean(-1) < seasonal.mean(-1)).mean()),
                "beats_once": float((its < seasonal).mean()),
                **{kind: float(its[kinds == kind].mean()) for kind in KINDS},
            }
            for name, its in mase.items()
        },
        "coverage": _coverage(companies, outlooks),
        "methods": {
            kind: {name: int(sum(each["method"][at] == name for each in outlooks)) for name in METHODS}
            for at, kind in enumerate(KINDS)
        },
    }


def _coverage(companies: Sequence[Sequence[Truth]], outlooks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return which share of what came lay in its interval: by horizon and kind, and of the totals."""
    low, high = (np.array([each[end] for each in outlooks])[:, :, None] for end in ("low", "high"))
    futures = np.stack([[each.futures for each in company] for company in companies])
    # A future of a company is one of each of its series; they are drawn independently.
    came = np.concatenate([futures, futures.sum(1, keepdims=True)], axis=1)
    inside = (came >= low) & (came <= high)
    parts, total = inside[:, :-1], inside[:, -1]
    claimed = np.array([each["claimed"] for each in outlooks])
    return {
        "all": float(parts.mean()),
        "horizons": parts.mean((0, 1, 2)).tolist(),
        "kinds": dict(zip(KINDS, parts.mean((0, 2, 3)).tolist(), strict=True)),
        "total": float(total.mean()),
        "total_horizons": total.mean((0, 1)).tolist(),
        "claimed": float(claimed[:, :-1].mean() / 100),
        "claimed_total": float(claimed[:, -1].mean() / 100),
        "companies": parts.mean((1, 2, 3)).tolist(),
    }


def _each_method(history: Floats) -> dict[str, Floats]:
    """Return what every candidate alone says, where it can say anything of all series."""
    origin = np.full((len(history), 1), history.shape[1])
    all_said = {name: np.maximum(method(history, origin)[:, 0], 0) for name, method in METHODS.items()}
    return {name: points for name, points in all_said.items() if not np.isnan(points).any()}


def _without_handicap(companies: Sequence[Sequence[Truth]]) -> Floats:
    """Return what would be said if a benchmark were chosen wherever its MASE is the least."""
    none = np.zeros(AHEAD, np.int64)
    points = []
    for company in companies:
        cents = [np.rint(each.history * 100).astype(np.int64) for each in company]
        series = [Series((each.kind, "BRL"), _FIRST, its, none) for each, its in zip(company, cents, strict=True)]
        points += [choice.forecast / 100 for choice in chosen(series, handicap=0)]
    return np.array(points)


def example(company: Sequence[Truth]) -> list[dict[str, Any]]:
    """Return what a picture of a company shows: history, futures and what was said, a series each."""
    its = said(company)
    return [
        {
            "kind": series.kind, "history": series.history.tolist(), "futures": series.futures.tolist(),
            "point": its["point"][at], "low": its["low"][at], "high": its["high"][at], "method": its["method"][at],
        }
        for at, series in enumerate(company)
    ]  # fmt: skip
