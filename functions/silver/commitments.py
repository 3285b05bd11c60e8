"""Financial commitments: what IMPORTAÚ pays or will pay, before it is shared over items.

Each function returns the commitments of one or two kinds (``tipo_registro``): the columns of the fact that do not
depend on an item, and ``dia_ptax``, the date whose rate applies.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from lakehouse.domain import (
    AGENDADO,
    BRL,
    CANCELADO,
    CARTAO_CREDITO,
    EMPRESTIMO_PJ,
    PAGAMENTO,
    PAGAMENTO_SEM_PEDIDO,
    PARCELA_EMPRESTIMO,
    PEDIDO_SEM_PAGAMENTO,
    PREVISTO,
    QUITADO,
)
from lakehouse.engine.arrays import selected, strings
from lakehouse.engine.columns import Columns, Number, Text
from lakehouse.engine.keys import ABSENT, find, flat, sort_rows
from lakehouse.engine.money import MONEY, ONE_RATE, RATE, Units, mul_div_half_up
from lakehouse.engine.months import add_months, months_of
from lakehouse.engine.segments import Index, Segments
from silver.exchange import Quotations
from silver.instalments import instalment, repeats_total

CARD_RESOURCE: Final = "CARTAO_CREDITO_PJ"
ACCOUNT_RESOURCE: Final = "CONTA_CORRENTE_PJ"

_TEXTS: Final = (
    "tipo_registro", "pedido_id", "pagamento_id", "emprestimo_id", "fornecedor_id", "mes_referencia", "status_pedido",
    "status_pagamento", "metodo_pagamento", "origem_recurso", "instituicao_financeira", "finalidade_emprestimo",
    "moeda_origem",
)  # fmt: skip
_NUMBERS: Final = {
    "data_pedido": pa.date32(),
    "data_vencimento": pa.date32(),
    "data_pagamento": pa.date32(),
    "dia_ptax": pa.date32(),
    "num_parcelas": pa.int64(),
    "parcela_atual": pa.int64(),
    "taxa_cambio_aplicada": RATE,
}
# The columns of orders and payments that the fact needs; only these are read.
ORDER_COLUMNS: Final = (
    "pedido_id", "data_pedido", "fornecedor_id", "valor_total_brl", "status", "tipo_pagamento", "prazo_dias",
)  # fmt: skip
PAYMENT_COLUMNS: Final = (
    "pagamento_id", "pedido_id", "fornecedor_id", "data_pagamento", "valor_pago_brl", "metodo_pagamento",
    "status_pagamento", "taxa_cambio_aplicada", "moeda_origem", "valor_moeda_origem", "num_parcelas", "parcela_atual",
    "data_vencimento",
)  # fmt: skip


@dataclass(frozen=True)
class Commitments:
    """Commitments of one or more kinds.

    Attributes
    ----------
    columns : Columns
        `_TEXTS` and `_NUMBERS`, shape (n,).
    value, foreign : Number, shape (n,)
        Cents, and hundredths of the currency of origin (NULL where unknown).
    order : numpy int64, shape (n,)
        Row of the sorted orders; `ABSENT` where a commitment has no order.
    """

    columns: Columns
    value: Units
    foreign: Number
    order: Index

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.value)


@dataclass(frozen=True)
class Orders:
    """Bronze ``pedidos``, sorted by ``pedido_id``.

    Attributes
    ----------
    columns : Columns
        `ORDER_COLUMNS`, shape (n,).
    row : numpy int64, shape (n,)
        The sorted position of each row of the bronze table.
    keys : pa.Array of string, shape (n,)
        ``pedido_id`` of each row of the bronze table.
    """

    columns: Columns
    row: Index
    keys: pa.Array

    @classmethod
    def of(cls, pedidos: pa.Table) -> "Orders":
        """Read the bronze table."""
        keys = flat(pedidos["pedido_id"])
        rows = sort_rows(keys)
        row = np.empty(len(rows), np.int64)
        row[rows] = np.arange(len(rows))
        columns = Columns.of(pedidos, ORDER_COLUMNS[1:]).with_({"pedido_id": Text.of_keys(keys)})
        return cls(columns.at(rows), row, keys)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.row)

    def find(self, pedido_id: pa.ChunkedArray | pa.Array) -> Index:
        """Return the sorted position of each key's order, shape (n,); `ABSENT` where the key is NULL or unknown."""
        return np.append(self.row, ABSENT)[find(pedido_id, self.keys)]


def _columns(rows: int, **values: Any) -> Columns:
    """Return the columns of commitments: without a value a column is NULL, and a single value is that of every row."""
    columns = Columns()
    for name in _TEXTS:
        value = values.pop(name, None)
        columns[name] = value if isinstance(value, Text) else Text.repeated(value, rows)
    for name, type_ in _NUMBERS.items():
        value = values.pop(name, None)
        if isinstance(value, np.ndarray):
            value = Number(value, None, type_)
        columns[name] = Number.nulls(rows, type_) if value is None else value
    if values:
        raise TypeError(f"no such column: {sorted(values)}")
    return columns


def _resource(method: Text) -> Text:
    """Return the source of funds of payment methods; any method but the card is paid from the account."""
    return Text(method.is_(CARTAO_CREDITO).astype(np.int32), strings([ACCOUNT_RESOURCE, CARD_RESOURCE]))


def payments(pagamentos: pa.Table, orders: Orders) -> tuple[Commitments, Commitments]:
    """Return the payments of known orders, sorted by (order, ``pagamento_id``), and those of unknown orders.

    The latter are sorted by (``pedido_id``, ``pagamento_id``).

    Parameters
    ----------
    pagamentos : pa.Table
        Bronze, at least `PAYMENT_COLUMNS`.
    orders : Orders
    """
    order = orders.find(pagamentos["pedido_id"])
    keys, columns = flat(pagamentos["pagamento_id"]), Columns.of(pagamentos, PAYMENT_COLUMNS[2:])
    # All rows of the fact have one dictionary of payments.
    columns = columns.with_({"pagamento_id": Text.of_keys(keys)})
    paid = sort_rows(keys, order)
    # Without an order they can only be sorted by the key of one that they state.
    orphans = np.flatnonzero(order == ABSENT)
    orphans = orphans[sort_rows(selected(keys, orphans))]
    stated = flat(pagamentos["pedido_id"])
    orphans = orphans[sort_rows(selected(stated, orphans))]
    return (
        _payments(columns.at(paid), orders, order[paid], None),
        _payments(columns.at(orphans), orders, order[orphans], Text.of(selected(stated, orphans))),
    )


def _payments(payment: Columns, orders: Orders, order: Index, stated: Text | None) -> Commitments:
    """Return some payments: either all of them have a known order, or none has, but may have ``stated`` one."""
    known = stated is None
    value, foreign = payment.number("valor_pago_brl").units, payment.number("valor_moeda_origem")
    count, current = payment.number("num_parcelas").units, payment.number("parcela_atual").units
    total = orders.columns.number("valor_total_brl").units[order] if known else np.full(len(order), -1)
    shared = repeats_total(value, total, count)
    due = payment.number("data_vencimento")
    columns = _columns(
        len(order),
        tipo_registro=PAGAMENTO if known else PAGAMENTO_SEM_PEDIDO,
        pedido_id=orders.columns.text("pedido_id").at(order) if stated is None else stated,
        pagamento_id=payment["pagamento_id"],
        fornecedor_id=orders.columns.text("fornecedor_id").at(order) if known else payment["fornecedor_id"],
        data_pedido=orders.columns.number("data_pedido").at(order) if known else None,
        data_vencimento=due,
        data_pagamento=payment["data_pagamento"],
        dia_ptax=payment["data_pagamento"],
        mes_referencia=months_of(due.units),
        status_pedido=orders.columns.text("status").at(order) if known else None,
        status_pagamento=payment["status_pagamento"],
        metodo_pagamento=payment["metodo_pagamento"],
        origem_recurso=_resource(payment.text("metodo_pagamento")),
        num_parcelas=payment["num_parcelas"],
        parcela_atual=payment["parcela_atual"],
        moeda_origem=payment["moeda_origem"],
        taxa_cambio_aplicada=payment["taxa_cambio_aplicada"],
    )
    return Commitments(
        columns,
        np.where(shared, instalment(value, count, current), value),
        Number(np.where(shared, instalment(foreign.units, count, current), foreign.units), foreign.valid, MONEY),
        order,
    )


def unpaid_orders(orders: Orders, unpaid: Index, suppliers: pa.Table, quotations: Quotations) -> Commitments:
    """Return one commitment for each order without a payment.

    Parameters
    ----------
    orders : Orders
    unpaid : numpy int64
        The orders that have no payment, ascending.
    suppliers : pa.Table
        Bronze ``fornecedores``.
    quotations : Quotations
        The source of a foreign order's rate, as of ``data_pedido``.
    """
    columns = orders.columns.at(unpaid)
    supplier = columns.text("fornecedor_id").rows_of(suppliers["fornecedor_id"])
    currency = Text.of(suppliers["moeda_negociacao"]).at(supplier, supplier != ABSENT)
    value = columns.number("valor_total_brl").units
    method, status = columns.text("tipo_pagamento"), columns.text("status")
    placed = columns.number("data_pedido")
    due = placed.units + columns.number("prazo_dias").units

    rate = quotations.rates(currency, quotations.on(currency, placed))
    foreign = mul_div_half_up(value, np.int64(ONE_RATE), rate.units)
    return Commitments(
        _columns(
            len(unpaid),
            tipo_registro=PEDIDO_SEM_PAGAMENTO,
            pedido_id=columns["pedido_id"],
            fornecedor_id=columns["fornecedor_id"],
            data_pedido=placed,
            data_vencimento=due,
            dia_ptax=due,
            mes_referencia=months_of(due),
            status_pedido=status,
            status_pagamento=Text(status.is_(CANCELADO).astype(np.int32), strings([PREVISTO, CANCELADO])),
            metodo_pagamento=method,
            origem_recurso=_resource(method),
            moeda_origem=currency,
            taxa_cambio_aplicada=rate,
        ),
        value,
        Number(np.where(rate.known(), foreign, 0), rate.valid, MONEY),
        unpaid,
    )


def loan_instalments(emprestimos: pa.Table) -> Commitments:
    """Return the remaining instalments of each loan that is not ``QUITADO``, sorted by (``emprestimo_id``, due date).

    Parameters
    ----------
    emprestimos : pa.Table
        Bronze.
    """
    rows = sort_rows(emprestimos["emprestimo_id"])
    rows = rows[~Text.of(emprestimos["status"]).is_(QUITADO)[rows]]
    loans = Columns.of(emprestimos, emprestimos.column_names).at(rows)
    paid = loans.number("num_parcelas_pagas").units
    remaining = Segments.of_counts(loans.number("prazo_meses").units - paid)
    loan, k = remaining.groups, remaining.positions
    each = loans.at(loan)
    due = add_months(each.number("data_vencimento_proxima").units, k)
    value = each.number("valor_parcela_mensal")
    return Commitments(
        _columns(
            len(loan),
            tipo_registro=PARCELA_EMPRESTIMO,
            emprestimo_id=each["emprestimo_id"],
            data_vencimento=due,
            dia_ptax=due,
            mes_referencia=months_of(due),
            status_pagamento=AGENDADO,
            origem_recurso=EMPRESTIMO_PJ,
            num_parcelas=each["prazo_meses"],
            parcela_atual=paid[loan] + k + 1,
            instituicao_financeira=each["instituicao_financeira"],
            finalidade_emprestimo=each["finalidade"],
            moeda_origem=BRL,
            taxa_cambio_aplicada=np.full(len(loan), ONE_RATE),
        ),
        value.units,
        value,
        np.full(len(loan), ABSENT),
    )
