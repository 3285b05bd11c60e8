"""``AGREGADO_ML_FORECAST_RISCO_CAMBIAL``: features and target of a monthly forecast, by category and currency."""

import math
from typing import Final

import numpy as np
import pyarrow as pa

from gold.fact import CANCELLED, equals, is_exposed
from gold.groups import Groups
from lakehouse.contracts import load
from lakehouse.keys import ABSENT, flat, gather
from lakehouse.layout import FORECAST
from lakehouse.money import RATE_SCALE, Mask, Units, from_units, to_units
from lakehouse.months import parse_month
from lakehouse.segments import Index

KEY: Final = ["mes_referencia", "categoria", "moeda_origem"]
SERIES: Final = ["categoria", "moeda_origem"]
LOAN: Final = "PARCELA_EMPRESTIMO"
LAGS: Final = (1, 2, 3)
# By the C library, month by month: numpy's vectorised sines differ in the last bit from one processor to another.
_ANGLES: Final = [math.tau * month / 12 for month in range(1, 13)]
SINES: Final = np.array([math.sin(angle) for angle in _ANGLES])
COSINES: Final = np.array([math.cos(angle) for angle in _ANGLES])


def forecast(fact: pa.Table) -> pa.Table:
    """Aggregate the fact, without loans and cancelled rows, by month, category and currency of origin.

    Apart from the target, no feature of a month changes when later months are removed.

    Parameters
    ----------
    fact : pa.Table
        At least `gold.fact.COLUMNS`.

    Returns
    -------
    pa.Table
        With the contract's schema, sorted by its key.

    Raises
    ------
    MoneyRangeError
        A sum does not fit ``decimal(18,2)``.
    """
    left_out = equals(fact["tipo_registro"], LOAN) | equals(fact["status_pagamento"], CANCELLED)
    rows = fact.filter(pa.array(~left_out))
    groups = Groups(rows, KEY)
    value = groups.sum(to_units(rows["valor_fluxo_brl"]))
    item_value = groups.sum(to_units(rows["valor_item_brl"]))
    quantity = groups.sum(rows["quantidade"].fill_null(0).to_numpy())
    rates = groups.rates(rows["taxa_ptax"])
    month = parse_month(groups.keys["mes_referencia"])
    neighbours = _Neighbours(groups.keys, month)
    money = from_units(value)
    lags = [neighbours.value(money, -k, since_first=True) for k in LAGS]
    with np.errstate(divide="ignore", invalid="ignore"):
        price = item_value / (quantity * 100)

    columns = {name: groups.keys[name] for name in KEY}
    columns |= {
        "valor_fluxo_brl": money,
        "valor_item_brl": from_units(item_value),
        "quantidade": pa.array(quantity),
        "preco_medio_brl": pa.array(price, mask=quantity == 0),
        "qtd_pedidos": pa.array(groups.distinct(rows["pedido_id"])),
        "taxa_ptax_media": pa.array(rates.mean(), pa.float64()),
        "taxa_ptax_min": from_units(*_rate(rates.extreme(np.minimum))),
        "taxa_ptax_max": from_units(*_rate(rates.extreme(np.maximum))),
        "taxa_ptax_desvio": pa.array(rates.deviation(), pa.float64()),
        "exposicao_moeda_origem": from_units(groups.sum(to_units(rows["valor_moeda_origem"]), is_exposed(rows))),
        "variacao_cambial_brl": from_units(groups.sum(to_units(rows["variacao_cambial_brl"]))),
        "valor_fluxo_lag_1": lags[0],
        "valor_fluxo_lag_2": lags[1],
        "valor_fluxo_lag_3": lags[2],
        "media_movel_3m_brl": _mean_of_known(lags),
        "mes_seno": pa.array(SINES[month % 12]),
        "mes_cosseno": pa.array(COSINES[month % 12]),
        "alvo_valor_fluxo_proximo_mes_brl": neighbours.value(money, 1, since_first=False),
    }
    schema = load(FORECAST).schema
    return pa.table([columns[name] for name in schema.names], schema=schema)


class _Neighbours:
    """Values of the same category and currency, calendar months away.

    Parameters
    ----------
    keys : pa.Table, shape (groups, 3)
    month : numpy int64, shape (groups,)
        Months since 1970-01.
    """

    def __init__(self, keys: pa.Table, month: Index) -> None:
        self.month = month
        series = Groups(keys, SERIES)
        self.series = np.empty(len(month), np.int64)
        self.series[series.rows] = series.segments.groups
        firsts = np.zeros(len(series), np.int64)
        if len(month):
            firsts = np.minimum.reduceat(month[series.rows], series.segments.starts)
        self.first = firsts[self.series]
        self.last = int(month.max()) if len(month) else 0
        self._span = self.last - int(month.min()) + 1 if len(month) else 1
        self._place = self.series * self._span + (month - (self.last - self._span + 1))
        self._order = np.argsort(self._place)

    def value(self, money: pa.Array, offset: int, *, since_first: bool) -> pa.Array:
        """Return the value ``offset`` months away: 0 for a month without rows, NULL out of the window.

        The window is from the series' first month on (``since_first``), or up to the table's last month.
        """
        wanted = self.month + offset
        inside = wanted >= self.first if since_first else wanted <= self.last
        place = self._place + offset
        at = np.minimum(np.searchsorted(self._place, place, sorter=self._order), len(place) - 1)
        row = self._order[at]
        hit = inside & (self._place[row] == place)
        units = np.where(hit, to_units(gather(money, np.where(hit, row, ABSENT))), 0)
        return from_units(units, valid=inside)


def _rate(found: tuple[Units, Mask]) -> tuple[Units, int, Mask]:
    units, known = found
    return units, RATE_SCALE, known


def _mean_of_known(lags: list[pa.Array]) -> pa.Array:
    """Return the mean of the lags that are not NULL, in reais; NULL where all are."""
    units = np.sum([to_units(flat(lag)) for lag in lags], axis=0)
    known = np.sum([np.asarray(lag.is_valid()) for lag in lags], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return pa.array(units / (known * 100), mask=known == 0)
