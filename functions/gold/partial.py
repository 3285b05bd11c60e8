"""Partial aggregates: what both gold tables need of the fact, small and exact, so that parts add up.

Every number is an integer: a sum of cents, of millionths or of squares (in two halves), or a count. The total is the
same to the last bit, in whatever order and from however many parts it is added up. Distinct counts add up as well,
since each order with its payments is in one part, and all loans are (`lakehouse.parts`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar, Final

import numpy as np
import pyarrow as pa

from gold.groups import Groups, distinct
from lakehouse.domain import CANCELADO, PARCELA_EMPRESTIMO
from lakehouse.engine.arrays import Mask
from lakehouse.engine.columns import Columns, Number, stack
from lakehouse.engine.keys import Codes, numbered_values
from lakehouse.engine.money import Units
from lakehouse.engine.segments import Index
from lakehouse.errors import MoneyRangeError

FACT: Final = "fato_pedido_correlacionado"
CASH_FLOW_KEY: Final = ("mes_referencia", "origem_recurso", "moeda_origem")
FORECAST_KEY: Final = ("mes_referencia", "categoria", "moeda_origem")
_CELL: Final = ("mes_referencia", "origem_recurso", "categoria", "moeda_origem", "status_pagamento", "tipo_registro")

# The columns that are read of the fact; text that repeats is read as dictionaries.
NUMBERS: Final = (
    "quantidade", "valor_item_brl", "valor_fluxo_brl", "valor_moeda_origem", "taxa_ptax", "variacao_cambial_brl",
)  # fmt: skip
ENCODED: Final = (*_CELL, "emprestimo_id")
COLUMNS: Final = (*ENCODED, "pedido_id", "pagamento_id", *NUMBERS)

_SUMMED: Final = (
    "quantidade", "valor_item_brl", "valor_fluxo_brl", "valor_moeda_origem", "variacao_cambial_brl",
    "taxas", "soma_taxas", "soma_quadrados_alta", "soma_quadrados_baixa",
)  # fmt: skip
_COUNTS: Final[dict[tuple[str, ...], dict[str, str]]] = {
    CASH_FLOW_KEY: {"qtd_pedidos": "pedido_id", "qtd_pagamentos": "pagamento_id", "qtd_emprestimos": "emprestimo_id"},
    FORECAST_KEY: {"qtd_pedidos": "pedido_id"},
}
# How many partial aggregates are in memory at once.
_TOGETHER: Final = 32
_LOW_BITS: Final = 32
_LOW: Final = (1 << _LOW_BITS) - 1
# The square of a greater number of millionths does not fit 64 bits.
_LARGEST_RATE: Final = 3_000_000_000
_NO_LEAST: Final = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Partial:
    """Aggregates of a fact, or of one part of it.

    Attributes
    ----------
    cells : pa.Table
        One row per month, resource, category, currency, status and kind: the sums of amounts (cents) and quantities,
        and of the rates (millionths) the count, sum, sum of squares (in two halves of 32 bits), least and greatest.
    cash_flow, forecast : pa.Table
        The distinct counts by the key of each gold table; for the forecast without loans and cancelled rows.
    """

    TABLES: ClassVar = ("cells", "cash_flow", "forecast")

    cells: pa.Table
    cash_flow: pa.Table
    forecast: pa.Table


def aggregated(fact: pa.Table) -> Partial:
    """Aggregate a fact, or a part of it.

    Parameters
    ----------
    fact : pa.Table
        At least `COLUMNS`, text plain or as dictionaries.

    Raises
    ------
    MoneyRangeError
        A sum does not fit 64 bits, or a rate is beyond R$ 3 000.
    """
    columns = Columns.of(fact, (*_CELL, *NUMBERS))
    keys = {name: numbered_values(fact[name]) for name in _COUNTS[CASH_FLOW_KEY].values()}
    groups = Groups(columns, _CELL)
    measures = {name: columns.number(name).units for name in NUMBERS if name != "taxa_ptax"}
    measures |= _powers(columns.number("taxa_ptax"))
    return Partial(
        _cells(groups, measures, *_extremes(columns.number("taxa_ptax"))),
        _distinct_counts(keys, groups, CASH_FLOW_KEY, np.ones(len(groups), bool)),
        _distinct_counts(keys, groups, FORECAST_KEY, is_forecast(groups.keys)),
    )


def combined(partials: Iterable[Partial]) -> Partial:
    """Return the sum of partial aggregates; it adds some at a time, so memory does not grow with their number.

    Parameters
    ----------
    partials : iterable of Partial
        At least one; the result does not depend on their order.

    Raises
    ------
    MoneyRangeError
        A sum does not fit 64 bits.
    """
    rest = iter(partials)
    total = _added(list(islice(rest, _TOGETHER)))
    while more := list(islice(rest, _TOGETHER)):
        total = _added([total, *more])
    return total


def _added(partials: Sequence[Partial]) -> Partial:
    cells = stack([Columns.of(partial.cells, partial.cells.column_names) for partial in partials])
    measures = {name: cells.number(name).units for name in _SUMMED}
    least, greatest = cells.number("menor_taxa").units, cells.number("maior_taxa").units
    return Partial(
        _cells(Groups(cells, _CELL), measures, least, greatest),
        _counts_added([partial.cash_flow for partial in partials], CASH_FLOW_KEY),
        _counts_added([partial.forecast for partial in partials], FORECAST_KEY),
    )


def is_forecast(columns: Columns) -> Mask:
    """Return which rows the forecast is made from: those that are neither of a loan nor cancelled."""
    return ~(columns.text("tipo_registro").is_(PARCELA_EMPRESTIMO) | columns.text("status_pagamento").is_(CANCELADO))


def _powers(rate: Number) -> dict[str, Units]:
    """Return the count (0 or 1), value and square of each rate; 0 where it is NULL."""
    if len(rate) and rate.units.max() > _LARGEST_RATE:
        raise MoneyRangeError("a rate is beyond R$ 3000, so that its deviation cannot be worked out exactly")
    square = rate.units * rate.units
    return {
        "taxas": rate.known().astype(np.int64),
        "soma_taxas": rate.units,
        "soma_quadrados_alta": square >> _LOW_BITS,
        "soma_quadrados_baixa": square & _LOW,
    }


def _extremes(rate: Number) -> tuple[Units, Units]:
    known = rate.known()
    return np.where(known, rate.units, _NO_LEAST), np.where(known, rate.units, -1)


def joined(high: int, low: int) -> int:
    """Return a sum of squares from the sums of its two halves."""
    return (high << _LOW_BITS) + low


def _cells(groups: Groups, measures: dict[str, Units], least: Units, greatest: Units) -> pa.Table:
    columns = {name: groups.sum(measures[name]) for name in _SUMMED}
    columns |= {"menor_taxa": groups.least(least), "maior_taxa": groups.greatest(greatest)}
    return _table(groups.keys, columns)


def _distinct_counts(
    keys: Mapping[str, tuple[Codes, int]], cells: Groups, key: Sequence[str], included: Mask
) -> pa.Table:
    """Return the distinct orders, payments and loans of each group of a key, counted over the included cells."""
    groups = Groups(cells.keys.at(np.flatnonzero(included)), key)
    group_of_cell = np.full(len(cells), -1)
    group_of_cell[included] = groups.code
    group = group_of_cell[cells.code]
    counts = {name: distinct(*keys[column], group, len(groups)) for name, column in _COUNTS[tuple(key)].items()}
    return _table(groups.keys, counts)


def _counts_added(tables: Sequence[pa.Table], key: Sequence[str]) -> pa.Table:
    columns = stack([Columns.of(table, table.column_names) for table in tables])
    groups = Groups(columns, key)
    return _table(groups.keys, {name: groups.sum(columns.number(name).units) for name in _COUNTS[tuple(key)]})


def _table(keys: Columns, numbers: dict[str, Index]) -> pa.Table:
    columns = keys.with_({name: Number(units, None, pa.int64()) for name, units in numbers.items()})
    return columns.table()
