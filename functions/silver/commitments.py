"""Financial commitments: what IMPORTAÚ pays or will pay, before it is shared over items.

Each function makes the commitments of one ``tipo_registro``, as a table of the columns of the fact that do not
depend on an item, and four that only the correlation reads: ``ordem`` (row of the sorted orders, NULL where there
is none), ``dia_ptax`` (whose rate applies), ``valor`` and ``moeda`` (cents, and hundredths of the currency of
origin; ``moeda`` is NULL where it is unknown).
"""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.keys import ABSENT, find, gather, sort_rows
from lakehouse.money import ONE_RATE, RATE_SCALE, from_units, mul_div_half_up, to_units
from lakehouse.months import add_months, month_number, month_text
from lakehouse.segments import Index, Segments
from silver.exchange import BRL, Quotations, dates, days, is_brl
from silver.instalments import instalment, repeats_total

PAGAMENTO: Final = "PAGAMENTO"
PAGAMENTO_SEM_PEDIDO: Final = "PAGAMENTO_SEM_PEDIDO"
PARCELA_EMPRESTIMO: Final = "PARCELA_EMPRESTIMO"
PEDIDO_SEM_PAGAMENTO: Final = "PEDIDO_SEM_PAGAMENTO"

CARD: Final = "CARTAO_CREDITO"
CARD_RESOURCE: Final = "CARTAO_CREDITO_PJ"
ACCOUNT_RESOURCE: Final = "CONTA_CORRENTE_PJ"
LOAN_RESOURCE: Final = "EMPRESTIMO_PJ"

SCHEMA: Final = pa.schema(
    {
        "tipo_registro": pa.string(),
        "ordem": pa.int64(),
        "pedido_id": pa.string(),
        "pagamento_id": pa.string(),
        "emprestimo_id": pa.string(),
        "fornecedor_id": pa.string(),
        "data_pedido": pa.date32(),
        "data_vencimento": pa.date32(),
        "data_pagamento": pa.date32(),
        "dia_ptax": pa.date32(),
        "mes_referencia": pa.string(),
        "status_pedido": pa.string(),
        "status_pagamento": pa.string(),
        "metodo_pagamento": pa.string(),
        "origem_recurso": pa.string(),
        "num_parcelas": pa.int64(),
        "parcela_atual": pa.int64(),
        "instituicao_financeira": pa.string(),
        "finalidade_emprestimo": pa.string(),
        "moeda_origem": pa.string(),
        "taxa_cambio_aplicada": pa.decimal128(18, 6),
        "valor": pa.int64(),
        "moeda": pa.int64(),
    }
)


def _table(rows: int, **columns: Any) -> pa.Table:
    """Make commitments: a column not given is NULL, a single value stands for every row."""
    arrays = []
    for field in SCHEMA:
        given = columns.pop(field.name, None)
        if given is None or isinstance(given, str):
            arrays.append(pa.repeat(pa.scalar(given, field.type), rows))
        else:
            arrays.append(pa.array(given, field.type) if isinstance(given, np.ndarray) else given)
    if columns:
        raise TypeError(f"no such column: {sorted(columns)}")
    return pa.table(arrays, schema=SCHEMA)


def _months(day: Index) -> pa.Array:
    """Return the ``YYYY-MM`` of days; few months, so each is written once."""
    month, which = np.unique(month_number(day), return_inverse=True)
    return month_text(month).take(pa.array(which))


def _resource(method: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return where the money of a payment method comes from."""
    return pc.if_else(pc.equal(method, CARD), CARD_RESOURCE, ACCOUNT_RESOURCE)


def payments(pagamentos: pa.Table, orders: pa.Table) -> pa.Table:
    """Return the payments, first those of a known order by (order, ``pagamento_id``), then the others.

    Parameters
    ----------
    pagamentos : pa.Table
        Bronze.
    orders : pa.Table
        Bronze ``pedidos``, sorted by ``pedido_id``.
    """
    order = find(pagamentos["pedido_id"], orders["pedido_id"])
    rows = sort_rows(pagamentos["pagamento_id"], np.where(order == ABSENT, len(orders), order))
    known = int((order != ABSENT).sum())
    orphans = rows[known:]
    # Orphans have no order to be sorted by, only what they say it is.
    rows = np.concatenate([rows[:known], orphans[sort_rows(gather(pagamentos["pedido_id"], orphans))]])
    order, table = order[rows], pagamentos.take(pa.array(rows))

    value, foreign = to_units(table["valor_pago_brl"]), to_units(table["valor_moeda_origem"])
    count, current = table["num_parcelas"].to_numpy(), table["parcela_atual"].to_numpy()
    total = np.where(order == ABSENT, -1, to_units(gather(orders["valor_total_brl"], order)))
    shared = repeats_total(value, total, count)
    due = days(table["data_vencimento"])
    return _table(
        len(table),
        tipo_registro=pa.array([PAGAMENTO, PAGAMENTO_SEM_PEDIDO]).take(pa.array((order == ABSENT).astype(np.int64))),
        ordem=pa.array(order, mask=order == ABSENT),
        pedido_id=table["pedido_id"],
        pagamento_id=table["pagamento_id"],
        fornecedor_id=pc.if_else(
            pa.array(order == ABSENT), table["fornecedor_id"], gather(orders["fornecedor_id"], order)
        ),
        data_pedido=gather(orders["data_pedido"], order),
        data_vencimento=table["data_vencimento"],
        data_pagamento=table["data_pagamento"],
        dia_ptax=table["data_pagamento"],
        mes_referencia=_months(due),
        status_pedido=gather(orders["status"], order),
        status_pagamento=table["status_pagamento"],
        metodo_pagamento=table["metodo_pagamento"],
        origem_recurso=_resource(table["metodo_pagamento"]),
        num_parcelas=table["num_parcelas"],
        parcela_atual=table["parcela_atual"],
        moeda_origem=table["moeda_origem"],
        taxa_cambio_aplicada=table["taxa_cambio_aplicada"],
        valor=np.where(shared, instalment(value, count, current), value),
        moeda=np.where(shared, instalment(foreign, count, current), foreign),
    )


def unpaid_orders(orders: pa.Table, paid: Index, suppliers: pa.Table, quotations: Quotations) -> pa.Table:
    """Return one commitment for each order without a payment, in the order of ``orders``.

    Parameters
    ----------
    orders, suppliers : pa.Table
        Bronze ``pedidos``, sorted by ``pedido_id``, and ``fornecedores``.
    paid : numpy int64
        The orders that have a payment, repeated or not.
    quotations : Quotations
        Gives a foreign order its rate, as of ``data_pedido``.
    """
    rows = np.setdiff1d(np.arange(len(orders)), paid)
    table = orders.take(pa.array(rows))
    currency = gather(suppliers["moeda_negociacao"], find(table["fornecedor_id"], suppliers["fornecedor_id"]))
    value = to_units(table["valor_total_brl"])
    due = days(table["data_pedido"]) + table["prazo_dias"].to_numpy()

    brl, quotation = is_brl(currency), quotations.on(currency, table["data_pedido"])
    quoted = quotation != ABSENT
    rate = np.full(len(rows), ONE_RATE)
    rate[quoted] = quotations.rate[quotation[quoted]]
    foreign = np.where(brl, value, mul_div_half_up(value, np.int64(ONE_RATE), rate))
    return _table(
        len(table),
        tipo_registro=PEDIDO_SEM_PAGAMENTO,
        ordem=rows,
        pedido_id=table["pedido_id"],
        fornecedor_id=table["fornecedor_id"],
        data_pedido=table["data_pedido"],
        data_vencimento=dates(due),
        dia_ptax=dates(due),
        mes_referencia=_months(due),
        status_pedido=table["status"],
        status_pagamento=pc.if_else(pc.equal(table["status"], "CANCELADO"), "CANCELADO", "PREVISTO"),
        metodo_pagamento=table["tipo_pagamento"],
        origem_recurso=_resource(table["tipo_pagamento"]),
        moeda_origem=currency,
        taxa_cambio_aplicada=from_units(rate, RATE_SCALE, brl | quoted),
        valor=value,
        moeda=pa.array(foreign, mask=~(brl | quoted)),
    )


def loan_instalments(emprestimos: pa.Table) -> pa.Table:
    """Return the remaining instalments of every loan that is not ``QUITADO``, by (``emprestimo_id``, due date).

    Parameters
    ----------
    emprestimos : pa.Table
        Bronze.
    """
    loans = emprestimos.filter(pc.not_equal(emprestimos["status"], "QUITADO")).sort_by("emprestimo_id")
    paid = loans["num_parcelas_pagas"].to_numpy()
    remaining = Segments.of_counts(loans["prazo_meses"].to_numpy() - paid)
    loan, k = remaining.groups, remaining.positions
    table = loans.take(pa.array(loan))
    due = add_months(days(table["data_vencimento_proxima"]), k)
    value = to_units(table["valor_parcela_mensal"])
    return _table(
        len(table),
        tipo_registro=PARCELA_EMPRESTIMO,
        emprestimo_id=table["emprestimo_id"],
        data_vencimento=dates(due),
        dia_ptax=dates(due),
        mes_referencia=_months(due),
        status_pagamento="AGENDADO",
        origem_recurso=LOAN_RESOURCE,
        num_parcelas=table["prazo_meses"],
        parcela_atual=paid[loan] + k + 1,
        instituicao_financeira=table["instituicao_financeira"],
        finalidade_emprestimo=table["finalidade"],
        moeda_origem=BRL,
        taxa_cambio_aplicada=from_units(np.full(len(table), ONE_RATE), RATE_SCALE),
        valor=value,
        moeda=value,
    )
