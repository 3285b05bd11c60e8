"""``AGREGADO_FLUXO_DE_CAIXA_MENSAL``: what leaves the company, by month, source of funds and currency."""

from typing import Final

import numpy as np
import pyarrow as pa

from gold.fact import CANCELLED, equals, is_exposed
from gold.groups import Groups
from lakehouse.contracts import load
from lakehouse.layout import CASH_FLOW
from lakehouse.money import Units, from_units, to_units

KEY: Final = ["mes_referencia", "origem_recurso", "moeda_origem"]
OUTFLOWS: Final = {
    "saida_paga_brl": "PAGO",
    "saida_pendente_brl": "PENDENTE",
    "saida_agendada_brl": "AGENDADO",
    "saida_prevista_brl": "PREVISTO",
}


def cash_flow(fact: pa.Table) -> pa.Table:
    """Aggregate the fact by month, source of funds and currency of origin.

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
    groups = Groups(fact, KEY)
    status, value = fact["status_pagamento"], to_units(fact["valor_fluxo_brl"])
    outflows = {name: groups.sum(value, equals(status, is_)) for name, is_ in OUTFLOWS.items()}
    total = np.sum(list(outflows.values()), axis=0)
    cancelled = equals(status, CANCELLED)
    money = outflows | {
        "cancelado_brl": groups.sum(value, cancelled),
        "total_saida_brl": total,
        "total_saida_acumulado_brl": _running(total, groups.keys),
        "exposicao_moeda_origem": groups.sum(to_units(fact["valor_moeda_origem"]), is_exposed(fact)),
        "variacao_cambial_brl": groups.sum(to_units(fact["variacao_cambial_brl"]), ~cancelled),
    }
    columns = {name: groups.keys[name] for name in KEY}
    columns |= {name: from_units(units) for name, units in money.items()}
    columns |= {
        "qtd_pedidos": pa.array(groups.distinct(fact["pedido_id"])),
        "qtd_pagamentos": pa.array(groups.distinct(fact["pagamento_id"])),
        "qtd_emprestimos": pa.array(groups.distinct(fact["emprestimo_id"])),
    }
    schema = load(CASH_FLOW).schema
    return pa.table([columns[name] for name in schema.names], schema=schema)


def _running(total: Units, keys: pa.Table) -> Units:
    """Return the running total by source and currency, month after month."""
    series = Groups(keys, ["origem_recurso", "moeda_origem", "mes_referencia"])
    source = Groups(keys, ["origem_recurso", "moeda_origem"])
    running = np.cumsum(total[series.rows])
    before = running[source.segments.starts] - total[series.rows][source.segments.starts]
    result = np.empty_like(total)
    result[series.rows] = running - np.repeat(before, source.segments.counts)
    return result
