"""The correlation: the bronze tables, or one part of them, become ``FATO_PEDIDO_CORRELACIONADO``."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contract.model import load
from lakehouse.contract.quarantine import joined_values, quarantined
from lakehouse.domain import BRL
from lakehouse.engine.arrays import Mask
from lakehouse.engine.columns import Columns, Number, Text, stack
from lakehouse.engine.keys import ABSENT, flat, sort_rows
from lakehouse.engine.money import MONEY, Units
from lakehouse.engine.segments import Index, Segments
from silver.commitments import (
    ORDER_COLUMNS,
    PAYMENT_COLUMNS,
    Commitments,
    Orders,
    loan_instalments,
    payments,
    unpaid_orders,
)
from silver.exchange import Quotations, variation, with_ptax
from silver.sharing import Dues, Items, Shares, share_orders

FACT: Final = "fato_pedido_correlacionado"
ITEM_COLUMNS: Final = ("item_id", "pedido_id", "produto_id", "quantidade", "valor_total_item")
# What the correlation reads of Bronze; of other tables everything.
READ: Final[Mapping[str, tuple[str, ...]]] = {
    "pedidos": ORDER_COLUMNS,
    "itens_pedido": ITEM_COLUMNS,
    "pagamentos": PAYMENT_COLUMNS,
}
# Of these, what is few different values is read as codes.
ENCODED: Final[Mapping[str, tuple[str, ...]]] = {
    "pedidos": ("fornecedor_id", "status", "tipo_pagamento"),
    "itens_pedido": ("produto_id",),
    "pagamentos": ("fornecedor_id", "metodo_pagamento", "status_pagamento", "moeda_origem"),
}
# Of the fact, what is nearly as many values as rows: written plain it is smaller, and sooner written and read.
KEYS: Final = frozenset({"pedido_id", "item_id", "pagamento_id"})
_OF_PRODUCT: Final = ("nome_produto", "categoria", "subcategoria")
_OF_SUPPLIER: Final = ("razao_social", "pais_origem", "rating")


class Correlation(NamedTuple):
    """What Silver makes of Bronze.

    Attributes
    ----------
    fact : pa.Table
        One row a financial commitment and item, with the contract's columns, sorted by its key; text as dictionaries,
        but for `KEYS`.
    unknown : numpy int64
        The rows of ``itens_pedido`` whose order is unknown.
    """

    fact: pa.Table
    unknown: Index


def correlate(bronze: Mapping[str, pa.Table]) -> Correlation:
    """Correlate orders, items, payments, products, suppliers, exchange rates and loans.

    Parameters
    ----------
    bronze : mapping of str to pa.Table
        The tables the fact is made from by name, in any row order; of those in `READ` at least these columns, plain or
        as dictionaries.

    Raises
    ------
    MoneyRangeError
        An amount of the fact does not fit ``decimal(18,2)``.
    """
    orders = Orders.of(bronze["pedidos"])
    items = _OrderItems.of(bronze["itens_pedido"], orders)
    quotations = Quotations.of(bronze["cambio"])

    paid, orphans = payments(bronze["pagamentos"], orders)
    per_order = np.bincount(paid.order, minlength=len(orders))
    unpaid = unpaid_orders(orders, np.flatnonzero(per_order == 0), bronze["fornecedores"], quotations)
    loans = loan_instalments(bronze["emprestimos"])
    # The key begins with the kind of commitment: in the alphabet as in this order.
    kinds = (paid, orphans, loans, unpaid)
    shares = [_shared(items, kind) if kind is paid or kind is unpaid else _alone(items, kind) for kind in kinds]
    starts = np.cumsum([0, *map(len, kinds)])
    rows = Shares(
        item=np.concatenate([share.item for share in shares]),
        due=np.concatenate([share.due + start for share, start in zip(shares, starts, strict=False)]),
        value=np.concatenate([share.value for share in shares]),
        foreign=np.concatenate([share.foreign for share in shares]),
        item_value=np.concatenate([share.item_value for share in shares]),
        quantity=np.concatenate([share.quantity for share in shares]),
    )
    commitments = with_ptax(stack([kind.columns for kind in kinds]), quotations)
    has_foreign = np.concatenate([kind.foreign.known() for kind in kinds])
    return Correlation(_fact(rows, commitments, has_foreign, items, bronze), items.unknown)


def set_aside(itens_pedido: pa.Table, unknown: Index) -> pa.Table:
    """Return the items of unknown orders as a quarantine (`lakehouse.contract.quarantine.SCHEMA`).

    Parameters
    ----------
    itens_pedido : pa.Table
        Bronze, with all its columns.
    unknown : numpy int64
        As `correlate` found them.
    """
    rows = itens_pedido.take(pa.array(unknown))
    reason = pc.binary_join_element_wise(
        "pedido_id: o pedido '", flat(rows["pedido_id"]), "' não existe em pedidos", ""
    )
    return quarantined("bronze.itens_pedido", unknown + 1, joined_values(rows), reason)


class _OrderItems(NamedTuple):
    """Bronze ``itens_pedido`` by (order, ``item_id``).

    Attributes
    ----------
    columns : Columns
        Shape (n,).
    counts, starts : numpy int64, shape (orders,)
        How many items each order has, and where they begin.
    unknown : numpy int64
        The rows of the bronze table whose order is unknown; they are not among the n.
    """

    columns: Columns
    counts: Index
    starts: Index
    unknown: Index

    @classmethod
    def of(cls, itens_pedido: pa.Table, orders: Orders) -> "_OrderItems":
        order = orders.find(itens_pedido["pedido_id"])
        unknown = np.flatnonzero(order == ABSENT)
        rows = sort_rows(itens_pedido["item_id"], order)[len(unknown) :]
        columns = Columns.of(itens_pedido, ITEM_COLUMNS[2:]).with_({"item_id": Text.of_keys(itens_pedido["item_id"])})
        segments = Segments.of_codes(order[rows], len(orders))
        return cls(columns.at(rows), segments.counts, segments.starts, unknown)

    def __len__(self) -> int:
        return len(self.columns["item_id"])

    def of_orders(self, orders: Index) -> Items:
        """Return the items of some orders; an order without any gets the one after the last, worth nothing."""
        counts, starts = self.counts[orders], self.starts[orders]
        value = np.append(self.columns.number("valor_total_item").units, 0)
        quantity = np.append(self.columns.number("quantidade").units, 0)
        return Items(Segments(np.maximum(counts, 1), np.where(counts == 0, len(self), starts)), value, quantity)


def _shared(items: _OrderItems, dues: Commitments) -> Shares:
    """Share commitments, which are by order, over the orders' items, and the items over the commitments."""
    firsts = np.flatnonzero(np.diff(dues.order, prepend=ABSENT))
    segments = Segments(np.diff(np.append(firsts, len(dues))), firsts)
    current = dues.columns.number("parcela_atual").units
    return share_orders(
        items.of_orders(dues.order[firsts]),
        Dues(segments, dues.value, dues.foreign.units, segments.sorted_by(current)),
    )


def _alone(items: _OrderItems, dues: Commitments) -> Shares:
    """Return a row each for commitments that are of no order."""
    nothing = np.zeros(len(dues), np.int64)
    item = np.full(len(dues), len(items))
    return Shares(item, np.arange(len(dues)), dues.value, dues.foreign.units, nothing, nothing)


def _fact(
    rows: Shares, commitments: Columns, has_foreign: Mask, items: _OrderItems, bronze: Mapping[str, pa.Table]
) -> pa.Table:
    """Gather the columns of the fact, in the contract's order."""
    has_item = None if not len(rows.item) or rows.item.max() < len(items) else rows.item < len(items)
    of_item = items.columns.at(rows.item, has_item)
    product = of_item.text("produto_id").rows_of(bronze["produtos"]["produto_id"])
    products = Columns.of(bronze["produtos"], (*_OF_PRODUCT, "fornecedor_id")).at(product, product != ABSENT)
    supplier = commitments.text("fornecedor_id").rows_of(bronze["fornecedores"]["fornecedor_id"])
    suppliers = Columns.of(bronze["fornecedores"], _OF_SUPPLIER).at(supplier, supplier != ABSENT)

    brl = commitments.text("moeda_origem").is_(BRL)
    ptax, applied = commitments.number("taxa_ptax"), commitments.number("taxa_cambio_aplicada")
    rated = ptax.known() & applied.known() & has_foreign
    difference: Units = np.where(rated & ~brl, ptax.units - applied.units, 0)
    columns = (
        commitments.with_(suppliers)
        .at(rows.due)
        .with_({name: of_item[name] for name in ("item_id", "produto_id")})
        .with_({name: products[name] for name in _OF_PRODUCT})
        .with_(
            {
                "fornecedor_produto_id": products["fornecedor_id"],
                "quantidade": Number(rows.quantity, has_item, pa.int64()),
                "valor_item_brl": Number(rows.item_value, has_item, MONEY),
                "valor_fluxo_brl": Number(rows.value, None, MONEY),
                "valor_moeda_origem": Number(rows.foreign, has_foreign[rows.due], MONEY),
                "variacao_cambial_brl": Number(
                    variation(rows.foreign, difference[rows.due]), (brl | rated)[rows.due], MONEY
                ),
            }
        )
    )
    names = load(FACT).schema.names
    arrays = [columns[name].array() for name in names]
    return pa.table(
        [array.dictionary_decode() if name in KEYS else array for name, array in zip(names, arrays, strict=True)],
        names=names,
    )
