"""The correlation: the bronze tables, or one part of them, become ``FATO_PEDIDO_CORRELACIONADO``."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contract.model import known_words, load
from lakehouse.contract.quarantine import joined_values, quarantined
from lakehouse.domain import BRL
from lakehouse.engine.arrays import Mask
from lakehouse.engine.columns import Columns, Number, Text, stack
from lakehouse.engine.keys import ABSENT, flat, sort_rows
from lakehouse.engine.money import MONEY, Units
from lakehouse.engine.segments import Index, Segments
from lakehouse.personal.quoting import keys
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
# The columns that the correlation reads; of bronze tables not listed it reads all.
READ: Final[Mapping[str, tuple[str, ...]]] = {
    "pedidos": ORDER_COLUMNS,
    "itens_pedido": ITEM_COLUMNS,
    "pagamentos": PAYMENT_COLUMNS,
}
# Those of them with few distinct values, which are read as dictionaries.
ENCODED: Final[Mapping[str, tuple[str, ...]]] = {
    "pedidos": ("fornecedor_id", "status", "tipo_pagamento"),
    "itens_pedido": ("produto_id",),
    "pagamentos": ("fornecedor_id", "metodo_pagamento", "status_pagamento", "moeda_origem"),
}
# The columns of the fact with nearly as many values as rows: plain text is smaller, and faster to write and read.
KEYS: Final = frozenset({"pedido_id", "item_id", "pagamento_id"})
_PRODUCT_COLUMNS: Final = ("nome_produto", "categoria", "subcategoria")
_SUPPLIER_COLUMNS: Final = ("razao_social", "pais_origem", "rating")


class Correlation(NamedTuple):
    """The result of the correlation.

    Attributes
    ----------
    fact : pa.Table
        One row per financial commitment and item, with the contract's columns, sorted by its key; text as dictionaries,
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
        The tables that the fact is made from, by name, in any row order; those in `READ` need only the columns there.
        Text may be plain or dictionaries.

    Raises
    ------
    MoneyRangeError
        An amount of the fact does not fit ``decimal(18,2)``.
    """
    orders = Orders.of(bronze["pedidos"])
    items = _OrderItems.of(bronze["itens_pedido"], orders)
    quotations = Quotations.of(bronze["cambio"])

    paid, orphans = payments(bronze["pagamentos"], orders)
    payment_counts = np.bincount(paid.order, minlength=len(orders))
    unpaid = unpaid_orders(orders, np.flatnonzero(payment_counts == 0), bronze["fornecedores"], quotations)
    loans = loan_instalments(bronze["emprestimos"])
    # The fact's key begins with the kind of commitment: this is the alphabetical order of the kinds.
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
        As `correlate` returns them.
    """
    rows = itens_pedido.take(pa.array(unknown))
    order = keys(flat(rows["pedido_id"]).cast(pa.string()), known_words)
    reason = pc.binary_join_element_wise("pedido_id: o pedido '", order, "' não existe em pedidos", "")
    return quarantined("bronze.itens_pedido", unknown + 1, joined_values(rows), reason)


class _OrderItems(NamedTuple):
    """Bronze ``itens_pedido``, sorted by (order, ``item_id``).

    Attributes
    ----------
    columns : Columns
        Shape (n,).
    counts, starts : numpy int64, shape (orders,)
        How many items each order has, and its first item.
    unknown : numpy int64
        The rows of the bronze table whose order is unknown, which are left out.
    """

    columns: Columns
    counts: Index
    starts: Index
    unknown: Index

    @classmethod
    def of(cls, itens_pedido: pa.Table, orders: Orders) -> "_OrderItems":
        order = orders.find(itens_pedido["pedido_id"])
        unknown = np.flatnonzero(order == ABSENT)
        rows = sort_rows(itens_pedido["item_id"], order)
        columns = Columns.of(itens_pedido, ITEM_COLUMNS[2:]).with_({"item_id": Text.of_keys(itens_pedido["item_id"])})
        segments = Segments.of_codes(order[rows], len(orders))
        return cls(columns.at(rows), segments.counts, segments.starts, unknown)

    def __len__(self) -> int:
        return len(self.columns["item_id"])

    def select(self, orders: Index) -> Items:
        """Return the items of some orders; an order without items gets an item of value 0, in row ``len(self)``."""
        counts, starts = self.counts[orders], self.starts[orders]
        value = np.append(self.columns.number("valor_total_item").units, 0)
        quantity = np.append(self.columns.number("quantidade").units, 0)
        return Items(Segments(np.maximum(counts, 1), np.where(counts == 0, len(self), starts)), value, quantity)


def _shared(items: _OrderItems, dues: Commitments) -> Shares:
    """Share commitments, sorted by order, over the orders' items, and the items over the commitments."""
    firsts = np.flatnonzero(np.diff(dues.order, prepend=ABSENT))
    segments = Segments(np.diff(np.append(firsts, len(dues))), firsts)
    current = dues.columns.number("parcela_atual").units
    return share_orders(
        items.select(dues.order[firsts]),
        Dues(segments, dues.value, dues.foreign.units, segments.sorted_by(current)),
    )


def _alone(items: _OrderItems, dues: Commitments) -> Shares:
    """Return one row for each of these commitments, which have no order."""
    nothing = np.zeros(len(dues), np.int64)
    item = np.full(len(dues), len(items))
    return Shares(item, np.arange(len(dues)), dues.value, dues.foreign.units, nothing, nothing)


def _fact(
    rows: Shares, commitments: Columns, has_foreign: Mask, items: _OrderItems, bronze: Mapping[str, pa.Table]
) -> pa.Table:
    """Return the fact: its columns gathered, in the contract's order."""
    has_item = None if not len(rows.item) or rows.item.max() < len(items) else rows.item < len(items)
    item_columns = items.columns.at(rows.item, has_item)
    product = item_columns.text("produto_id").rows_of(bronze["produtos"]["produto_id"])
    products = Columns.of(bronze["produtos"], (*_PRODUCT_COLUMNS, "fornecedor_id")).at(product, product != ABSENT)
    supplier = commitments.text("fornecedor_id").rows_of(bronze["fornecedores"]["fornecedor_id"])
    suppliers = Columns.of(bronze["fornecedores"], _SUPPLIER_COLUMNS).at(supplier, supplier != ABSENT)

    brl = commitments.text("moeda_origem").is_(BRL)
    ptax, applied = commitments.number("taxa_ptax"), commitments.number("taxa_cambio_aplicada")
    rated = ptax.known() & applied.known() & has_foreign
    difference: Units = np.where(rated & ~brl, ptax.units - applied.units, 0)
    columns = (
        commitments.with_(suppliers)
        .at(rows.due)
        .with_({name: item_columns[name] for name in ("item_id", "produto_id")})
        .with_({name: products[name] for name in _PRODUCT_COLUMNS})
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
