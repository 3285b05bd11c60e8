"""``AGREGADO_ML_FORECAST_RISCO_CAMBIAL``: features and target of a monthly forecast, by category and currency."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from gold.cash_flow import is_exposed
from gold.groups import Groups
from gold.partial import FORECAST_KEY, Partial, is_forecast, joined
from lakehouse.contract.model import load
from lakehouse.engine.arrays import Mask, Reals, reals
from lakehouse.engine.columns import Columns, Number
from lakehouse.engine.money import MONEY, RATE, Units
from lakehouse.engine.months import parse_month
from lakehouse.engine.segments import Index

FORECAST: Final = "agregado_ml_forecast_risco_cambial"
SERIES: Final = ("categoria", "moeda_origem")
LAGS: Final = (1, 2, 3)
# From the C library, as the last bit of numpy's vectorised sines differs from one processor to another.
_ANGLES: Final = [math.tau * month / 12 for month in range(1, 13)]
SINES: Final = np.array([math.sin(angle) for angle in _ANGLES])
COSINES: Final = np.array([math.cos(angle) for angle in _ANGLES])


def forecast(partial: Partial) -> pa.Table:
    """Roll the fact's aggregates, without loans and cancelled rows, up by month, category and currency of origin.

    Apart from the target, no feature of a month depends on later months.

    Parameters
    ----------
    partial : Partial
        The aggregates of the whole fact.

    Returns
    -------
    pa.Table
        With the contract's schema, sorted by its key.

    Raises
    ------
    MoneyRangeError
        A sum does not fit ``decimal(18,2)``.
    """
    all_cells = Columns.of(partial.cells, partial.cells.column_names)
    cells = all_cells.at(np.flatnonzero(is_forecast(all_cells)))
    groups = Groups(cells, FORECAST_KEY)
    sums = {name: groups.sum(units) for name, units in contributions(cells).items()}
    value, item_value, quantity = sums["valor_fluxo_brl"], sums["valor_item_brl"], sums["quantidade"]
    rates = _Rates.of(cells, groups)
    month = parse_month(groups.keys.text("mes_referencia"))
    neighbours = _Neighbours(groups.keys, month)
    lags = [neighbours.value(value, -k, since_first=True) for k in LAGS]
    with np.errstate(divide="ignore", invalid="ignore"):
        price = item_value / (quantity * 100)

    columns = groups.keys.with_(
        {
            "valor_fluxo_brl": Number(value, None, MONEY),
            "valor_item_brl": Number(item_value, None, MONEY),
            "quantidade": Number(quantity, None, pa.int64()),
            "qtd_pedidos": Columns.of(partial.forecast, ["qtd_pedidos"])["qtd_pedidos"],
            "taxa_ptax_min": rates.least(),
            "taxa_ptax_max": rates.greatest(),
            "exposicao_moeda_origem": Number(sums["exposicao_moeda_origem"], None, MONEY),
            "variacao_cambial_brl": Number(sums["variacao_cambial_brl"], None, MONEY),
            "valor_fluxo_lag_1": lags[0],
            "valor_fluxo_lag_2": lags[1],
            "valor_fluxo_lag_3": lags[2],
            "alvo_valor_fluxo_proximo_mes_brl": neighbours.value(value, 1, since_first=False),
        }
    )
    doubles = {
        "preco_medio_brl": (price, quantity != 0),
        "taxa_ptax_media": rates.mean(),
        "taxa_ptax_desvio": rates.deviation(),
        "media_movel_3m_brl": _mean_of_known(lags),
        "mes_seno": (SINES[month % 12], None),
        "mes_cosseno": (COSINES[month % 12], None),
    }
    return columns.table(load(FORECAST).schema, {name: reals(*column) for name, column in doubles.items()})


def contributions(columns: Columns) -> dict[str, Units]:
    """Return what each row that `is_forecast` adds to each measure of its group that is a sum.

    Parameters
    ----------
    columns : Columns, shape (n,)
        Of the fact, or of its aggregates.

    Returns
    -------
    dict of str to numpy int64, shape (n,)
        In cents, and numbers of goods.
    """
    summed = ("valor_fluxo_brl", "valor_item_brl", "quantidade", "variacao_cambial_brl")
    exposed = np.where(is_exposed(columns), columns.number("valor_moeda_origem").units, 0)
    return {name: columns.number(name).units for name in summed} | {"exposicao_moeda_origem": exposed}


@dataclass(frozen=True)
class _Rates:
    """Statistics of rates by group, from exact integer sums: the same to the last bit from any number of parts.

    Attributes
    ----------
    counts : numpy int64, shape (groups,)
    sums, squares : list of int
        Sums of the rates in millionths, and of their squares.
    extremes : tuple of numpy int64
        The least and the greatest rate of each group; arbitrary where a group has no rate.
    """

    counts: Index
    sums: list[int]
    squares: list[int]
    extremes: tuple[Units, Units]

    @classmethod
    def of(cls, cells: Columns, groups: Groups) -> "_Rates":
        halves = (f"soma_quadrados_{half}" for half in ("alta", "baixa"))
        high, low = (groups.sum(cells.number(name).units).tolist() for name in halves)
        return cls(
            groups.sum(cells.number("taxas").units),
            groups.sum(cells.number("soma_taxas").units).tolist(),
            [joined(*pair) for pair in zip(high, low, strict=True)],
            (groups.least(cells.number("menor_taxa").units), groups.greatest(cells.number("maior_taxa").units)),
        )

    def least(self) -> Number:
        return self._where_known(self.extremes[0])

    def greatest(self) -> Number:
        return self._where_known(self.extremes[1])

    def _where_known(self, units: Units) -> Number:
        known = self.counts > 0
        return Number(np.where(known, units, 0), known, RATE)

    def mean(self) -> tuple[Reals, Mask]:
        """Return each group's mean in reais, and which groups have one."""
        pairs = zip(self.sums, self.counts.tolist(), strict=True)
        return np.array([total / (n * 10**6) if n else 0 for total, n in pairs], np.float64), self.counts > 0

    def deviation(self) -> tuple[Reals, Mask]:
        """Return each group's sample standard deviation in reais, and which groups have one, by at least two rates."""
        triples = zip(self.sums, self.squares, self.counts.tolist(), strict=True)
        deviations = [
            math.sqrt((n * square - total**2) / (n * (n - 1))) / 10**6 if n > 1 else 0 for total, square, n in triples
        ]
        return np.array(deviations, np.float64), self.counts > 1


class _Neighbours:
    """Look-up of values of the same category and currency in other calendar months.

    Parameters
    ----------
    keys : Columns, shape (groups,)
    month : numpy int64, shape (groups,)
        Months since 1970-01.
    """

    def __init__(self, keys: Columns, month: Index) -> None:
        self.month = month
        series = Groups(keys, SERIES)
        self.series = series.code
        firsts = np.zeros(len(series), np.int64)
        if len(month):
            firsts = series.least(month)
        self.first = firsts[self.series]
        self.last = int(month.max()) if len(month) else 0
        # A series' months have positions of their own: within the table's months no two series share one.
        span = self.last - int(month.min()) + 1 if len(month) else 1
        self._position = self.series * span + month
        self._order = np.argsort(self._position)

    def value(self, cents: Units, offset: int, *, since_first: bool) -> Number:
        """Return the value ``offset`` months later: 0 for a month without rows, NULL outside the window.

        The window begins with the series' first month (``since_first``), or else ends with the table's last month.
        """
        target = self.month + offset
        inside = target >= self.first if since_first else target <= self.last
        position = self._position + offset
        at = np.minimum(np.searchsorted(self._position, position, sorter=self._order), len(position) - 1)
        row = self._order[at]
        has_row = inside & (self._position[row] == position)
        return Number(np.where(has_row, cents[row], 0), inside, MONEY)


def _mean_of_known(lags: list[Number]) -> tuple[Reals, Mask]:
    """Return the mean, in reais, of the lags that are not NULL, and which rows have one."""
    units = np.sum([lag.units for lag in lags], axis=0)
    known = np.sum([lag.known() for lag in lags], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return units / (known * 100), known > 0
