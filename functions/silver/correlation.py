"""The correlation: seven bronze tables become ``FATO_PEDIDO_CORRELACIONADO``."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts import load
from lakehouse.keys import ABSENT, find, flat, gather, sort_rows
from lakehouse.layout import FACT
from lakehouse.money import Units, from_units, to_units
from lakehouse.quarantine import quarantined
from lakehouse.segments import Index, Segments
from silver.commitments import PAGAMENTO_SEM_PEDIDO, loan_instalments, payments, unpaid_orders
from silver.exchange import Quotations, is_brl, variation, with_ptax
from silver.sharing import Dues, Items, Shares, share_orders


class Correlation(NamedTuple):
    """What Silver makes of Bronze.

    Attributes
    ----------
    fact : pa.Table
        One row a financial commitment and item, with the contract's schema, sorted by its key.
    quarantine : pa.Table
        The items whose order is unknown.
    """

    fact: pa.Table
    quarantine: pa.Table


def correlate(bronze: Mapping[str, pa.Table]) -> Correlation:
    """Correlate orders, items, payments, products, suppliers, exchange rates and loans.

    Parameters
    ----------
    bronze : mapping of str to pa.Table
        The seven bronze tables by name, in any row order.

    Raises
    ------
    MoneyRangeError
        An amount of the fact does not fit ``decimal(18,2)``.
    """
    orders = bronze["pedidos"].take(pa.array(sort_rows(bronze["pedidos"]["pedido_id"])))
    items, quarantine = _items_of(orders, bronze["itens_pedido"])
    quotations = Quotations.of(bronze["cambio"])

    paid = payments(bronze["pagamentos"], orders)
    known = len(paid) - int(pc.sum(pc.equal(paid["tipo_registro"], PAGAMENTO_SEM_PEDIDO)).as_py() or 0)
    unpaid = unpaid_orders(orders, _ordinals(paid.slice(0, known)), bronze["fornecedores"], quotations)
    of_orders = pa.concat_tables([paid.slice(0, known), unpaid])
    # One run of commitments an order; the sort is stable, so payments stay by pagamento_id.
    of_orders = of_orders.take(pa.array(np.argsort(_ordinals(of_orders), kind="stable")))
    without_order = pa.concat_tables([paid.slice(known), loan_instalments(bronze["emprestimos"])])

    commitments = with_ptax(pa.concat_tables([of_orders, without_order]), quotations)
    shares = _shared(orders, items, of_orders)
    alone = np.arange(len(of_orders), len(commitments))
    rows = _Rows(
        item=np.concatenate([shares.item, np.full(len(alone), ABSENT)]),
        commitment=np.concatenate([shares.due, alone]),
        value=np.concatenate([shares.value, _units(without_order["valor"])]),
        foreign=np.concatenate([shares.foreign, _units(without_order["moeda"])]),
        item_value=np.concatenate([shares.item_value, np.zeros(len(alone), np.int64)]),
        quantity=np.concatenate([shares.quantity, np.zeros(len(alone), np.int64)]),
    )
    # Within each kind the rows already have the key's order; the kinds are put one after the other.
    kind = pc.dictionary_encode(flat(commitments["tipo_registro"]))
    rank = pc.rank(kind.dictionary).to_numpy().astype(np.int64)
    kinds = rank[kind.indices.to_numpy()][rows.commitment]
    return Correlation(_fact(rows.take(np.argsort(kinds, kind="stable")), commitments, items, bronze), quarantine)


class _Rows(NamedTuple):
    """The fact before its columns: which item and commitment each row is of, and its additive measures."""

    item: Index
    commitment: Index
    value: Units
    foreign: Units
    item_value: Units
    quantity: Index

    def take(self, rows: Index) -> "_Rows":
        return _Rows(*(column[rows] for column in self))


def _units(column: pa.ChunkedArray) -> Units:
    """Return an integer column with NULLs as 0."""
    return np.asarray(pc.fill_null(column, 0).to_numpy(), np.int64)


def _ordinals(commitments: pa.Table) -> Index:
    """Return the rows of the sorted orders that the commitments belong to."""
    return _units(commitments["ordem"])


def _items_of(orders: pa.Table, itens_pedido: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Return the items by (order, ``item_id``), with their order's row as ``ordem``; and those of unknown orders."""
    order = find(itens_pedido["pedido_id"], orders["pedido_id"])
    unknown = np.flatnonzero(order == ABSENT)
    rows = sort_rows(itens_pedido["item_id"], order)[len(unknown) :]
    reason = pc.binary_join_element_wise(
        "pedido_id: o pedido '", gather(itens_pedido["pedido_id"], unknown), "' não existe em pedidos", ""
    )
    items = itens_pedido.take(pa.array(rows)).append_column("ordem", pa.array(order[rows]))
    return items, quarantined(itens_pedido.take(pa.array(unknown)), "bronze.itens_pedido", unknown + 1, reason)


def _shared(orders: pa.Table, items: pa.Table, commitments: pa.Table) -> Shares:
    """Share commitments over items and items over commitments; ``item`` is `ABSENT` where the order has none."""
    ordinal = _ordinals(items)
    counts = np.bincount(ordinal, minlength=len(orders)).astype(np.int64)
    without = np.flatnonzero(counts == 0)
    padded = np.concatenate([np.arange(len(items)), np.full(len(without), ABSENT)])
    padded = padded[np.argsort(np.concatenate([ordinal, without]), kind="stable")]

    order, current = _ordinals(commitments), _units(commitments["parcela_atual"])
    shares = share_orders(
        Items(
            Segments.of_counts(np.maximum(counts, 1)),
            _or_zero(to_units(items["valor_total_item"]), padded),
            _or_zero(_units(items["quantidade"]), padded),
        ),
        Dues(
            Segments.of_codes(order, len(orders)),
            _units(commitments["valor"]),
            _units(commitments["moeda"]),
            np.lexsort((np.arange(len(order)), current, order)),
        ),
    )
    return shares._replace(item=padded[shares.item])


def _or_zero(values: Units, rows: Index) -> Units:
    """Return the values at ``rows``, 0 where a row is `ABSENT`."""
    return np.where(rows == ABSENT, 0, values[rows] if len(values) else 0)


def _fact(rows: _Rows, commitments: pa.Table, items: pa.Table, bronze: Mapping[str, pa.Table]) -> pa.Table:
    """Gather the columns of the fact, in the contract's order and types."""
    products, suppliers = bronze["produtos"], bronze["fornecedores"]
    product = find(items["produto_id"], products["produto_id"])
    supplier = find(commitments["fornecedor_id"], suppliers["fornecedor_id"])
    of_item = {
        "item_id": items["item_id"],
        "produto_id": items["produto_id"],
        "fornecedor_produto_id": gather(products["fornecedor_id"], product),
        "nome_produto": gather(products["nome_produto"], product),
        "categoria": gather(products["categoria"], product),
        "subcategoria": gather(products["subcategoria"], product),
    }
    of_commitment = {name: commitments[name] for name in commitments.column_names} | {
        name: gather(suppliers[name], supplier) for name in ("razao_social", "pais_origem", "rating")
    }
    columns = {name: gather(column, rows.item) for name, column in of_item.items()}
    schema = load(FACT).schema
    columns |= {name: gather(column, rows.commitment) for name, column in of_commitment.items() if name in schema.names}

    has_item = rows.item != ABSENT
    has_foreign = np.asarray(commitments["moeda"].is_valid().to_numpy())[rows.commitment]
    ptax, applied = columns["taxa_ptax"], columns["taxa_cambio_aplicada"]
    brl = is_brl(columns["moeda_origem"])
    rated = np.asarray(pc.and_(ptax.is_valid(), applied.is_valid()).to_numpy(zero_copy_only=False)) & has_foreign
    difference = np.where(brl | ~rated, 0, to_units(ptax) - to_units(applied))
    columns |= {
        "quantidade": pa.array(rows.quantity, mask=~has_item),
        "valor_item_brl": from_units(rows.item_value, valid=has_item),
        "valor_fluxo_brl": from_units(rows.value),
        "valor_moeda_origem": from_units(rows.foreign, valid=has_foreign),
        "variacao_cambial_brl": from_units(variation(rows.foreign, difference), valid=brl | rated),
    }
    return pa.table([columns[name] for name in schema.names], schema=schema)
