"""``AGREGADO_FLUXO_DE_CAIXA_MENSAL``: what leaves the company, by month, source of funds and currency."""

from typing import Final

import numpy as np
import pyarrow as pa

from gold.groups import Groups
from gold.partial import CASH_FLOW_KEY, Partial
from lakehouse.contract.model import load
from lakehouse.domain import AGENDADO, BRL, CANCELADO, PAGO, PENDENTE, PREVISTO
from lakehouse.engine.arrays import Mask
from lakehouse.engine.columns import Columns, Number
from lakehouse.engine.money import Units

CASH_FLOW: Final = "agregado_fluxo_de_caixa_mensal"
OUTFLOWS: Final = {
    "saida_paga_brl": PAGO,
    "saida_pendente_brl": PENDENTE,
    "saida_agendada_brl": AGENDADO,
    "saida_prevista_brl": PREVISTO,
}


def cash_flow(partial: Partial) -> pa.Table:
    """Roll the fact's aggregates up by month, source of funds and currency of origin.

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
    cells, counts = Columns.of(partial.cells, partial.cells.column_names), partial.cash_flow
    groups = Groups(cells, CASH_FLOW_KEY)
    money = {name: groups.sum(units) for name, units in contributions(cells).items()}
    money["total_saida_acumulado_brl"] = _running(money["total_saida_brl"], groups.keys)
    schema = load(CASH_FLOW).schema
    numbers = {name: Number(units, None, schema.field(name).type) for name, units in money.items()}
    # Both tables have the same groups, sorted by the key.
    return Columns.of(counts, counts.column_names).with_(numbers).table(schema)


def contributions(columns: Columns) -> dict[str, Units]:
    """Return what each row of the fact, or of its aggregates, adds to each measure of its group, in cents.

    Parameters
    ----------
    columns : Columns, shape (n,)
        The fact's status, currency and amounts.

    Returns
    -------
    dict of str to numpy int64, shape (n,)
        Only measures that are sums: a running total is the sum of those up to its month.
    """
    status, value = columns.text("status_pagamento"), columns.number("valor_fluxo_brl").units
    cancelled = status.is_(CANCELADO)
    outflows = {name: np.where(status.is_(its_status), value, 0) for name, its_status in OUTFLOWS.items()}
    total = np.sum(list(outflows.values()), axis=0)
    return outflows | {
        "cancelado_brl": np.where(cancelled, value, 0),
        "total_saida_brl": total,
        "exposicao_moeda_origem": np.where(is_exposed(columns), columns.number("valor_moeda_origem").units, 0),
        "variacao_cambial_brl": np.where(cancelled, 0, columns.number("variacao_cambial_brl").units),
    }


def is_exposed(columns: Columns) -> Mask:
    """Return which rows have an open foreign value: not in BRL, and neither paid nor cancelled."""
    currency = columns.text("moeda_origem")
    foreign: Mask = currency.known() & ~currency.is_(BRL)
    return foreign & ~columns.text("status_pagamento").is_(PAGO, CANCELADO)


def _running(total: Units, keys: Columns) -> Units:
    """Return the running total over the months, by source of funds and currency."""
    series = Groups(keys, ["origem_recurso", "moeda_origem"])
    # The keys are sorted by month, and each group's rows keep that order.
    in_series = total[series.rows]
    running = np.cumsum(in_series)
    before = (running - in_series)[series.segments.starts]
    result = np.empty_like(total)
    result[series.rows] = running - np.repeat(before, series.segments.counts)
    return result
