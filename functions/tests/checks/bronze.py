"""Table rules of Bronze: accounting, references between the seven tables, and the oddities of the export."""

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.quality import Outcome
from tests.audited import Audited, absent, failing, summed, total

BRL = "BRL"


def contabilidade_de_linhas(audited: Audited) -> Outcome:
    """Rows read = rows kept + rows quarantined, and as many rows as said are there."""
    staged, rows = audited.staged, len(audited.table)
    adds_up = staged["rows_read"] == rows + staged["quarantined"] and staged["rows"] == rows
    said = f"{staged['rows_read']} read, {rows} kept, {staged['quarantined']} quarantined"
    return Outcome(0 if adds_up else 1, 1, () if adds_up else (said,))


def pedido_difere_da_soma_dos_itens(audited: Audited) -> Outcome:
    """Count the orders whose value is not the sum of their items."""
    orders = audited.table.select(["pedido_id", "valor_total_brl"])
    both = orders.join(summed(audited.layer["itens_pedido"], "pedido_id", "valor_total_item"), "pedido_id")
    return failing(pc.not_equal(total(both["valor_total_brl"]), both["found"]), both["pedido_id"])


def pedido_sem_pagamento(audited: Audited) -> Outcome:
    """Count the orders no payment mentions."""
    orders = audited.table["pedido_id"]
    return failing(absent(orders, audited.layer["pagamentos"]["pedido_id"]), orders)


def pedido_sem_fornecedor(audited: Audited) -> Outcome:
    """Count the orders of unknown suppliers."""
    return _unknown(audited, "fornecedor_id", "fornecedores", "pedido_id")


def item_sem_pedido(audited: Audited) -> Outcome:
    """Count the items of unknown orders."""
    return _unknown(audited, "pedido_id", "pedidos", "item_id")


def item_sem_produto(audited: Audited) -> Outcome:
    """Count the items of unknown products."""
    return _unknown(audited, "produto_id", "produtos", "item_id")


def pagamento_sem_pedido(audited: Audited) -> Outcome:
    """Count the payments of unknown orders, and those that name none."""
    orders = audited.table["pedido_id"]
    known = pc.is_in(orders, value_set=audited.layer["pedidos"]["pedido_id"].combine_chunks(), skip_nulls=True)
    return failing(pc.invert(known), audited.table["pagamento_id"])


def produto_sem_fornecedor(audited: Audited) -> Outcome:
    """Count the products of unknown suppliers."""
    return _unknown(audited, "fornecedor_id", "fornecedores", "produto_id")


def pagamento_com_ptax_defasada(audited: Audited) -> Outcome:
    """Count, of the foreign payments, those dated after the newest quotation of their currency."""
    foreign = audited.table.filter(pc.not_equal(audited.table["moeda_origem"], BRL))
    both = _with_newest_quotation(foreign, audited.layer["cambio"])
    return failing(pc.fill_null(pc.greater(both["data_pagamento"], both["data_cotacao"]), False), both["pagamento_id"])


def preco_origem_incoerente_com_ptax(audited: Audited) -> Outcome:
    """Count, of the priced foreign products, those whose prices imply a rate over 50 % away from the newest PTAX."""
    table = audited.table
    foreign = table.filter(pc.and_(pc.not_equal(table["moeda_origem"], BRL), table["preco_origem"].is_valid()))
    both = _with_newest_quotation(foreign, audited.layer["cambio"])
    both = both.filter(both["taxa_ptax"].is_valid())
    twice = pc.multiply(both["preco_unitario_brl"], pa.scalar(Decimal(2)))
    at_ptax = pc.multiply(both["preco_origem"], both["taxa_ptax"])
    thrice = pc.multiply(at_ptax.cast(pa.decimal256(37, 8)), pa.scalar(Decimal(3)).cast(pa.decimal256(1, 0)))
    return failing(pc.or_(pc.less(twice, at_ptax), pc.greater(twice, thrice)), both["produto_id"])


def _unknown(audited: Audited, column: str, other: str, key: str) -> Outcome:
    known = audited.layer[other][column]
    return failing(absent(audited.table[column], known), audited.table[key])


def _with_newest_quotation(table: pa.Table, cambio: pa.Table) -> pa.Table:
    """Join each row to the newest quotation of its currency; NULLs where there is none."""
    newest = cambio.group_by("moeda").aggregate([("data_cotacao", "max")])
    newest = newest.rename_columns({"data_cotacao_max": "data_cotacao"})
    rates = newest.join(cambio.select(["moeda", "data_cotacao", "taxa_ptax"]), ["moeda", "data_cotacao"])
    return table.join(rates, "moeda_origem", "moeda")
