"""Table rules of Silver: the fact against Bronze, key by key, by joins and grouped decimal sums.

The writer works with integer units, row numbers and dense blocks; nothing of it is used here.
"""

from decimal import Decimal
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.quality import Outcome
from tests.audited import Audited, absent, agreement, failing, summed, total

STALE_DAYS: Final = 7
_CENTS: Final = pa.scalar(Decimal(100))


def contabilidade_de_linhas(audited: Audited) -> Outcome:
    """Compare the rows of each kind with what Bronze asks for."""
    bronze = audited.below
    items = _counted(bronze["itens_pedido"], "pedido_id", "items")
    payments = _counted(bronze["pagamentos"], "pedido_id", "payments")
    orders = bronze["pedidos"].select(["pedido_id"]).join(items, "pedido_id").join(payments, "pedido_id")
    # An order without items has one row a payment all the same; one without payments, one row an item.
    n_items = pc.max_element_wise(pc.fill_null(orders["items"], 0), 1)
    n_payments = pc.fill_null(orders["payments"], 0)
    loans = _open_loans(bronze["emprestimos"])
    expected = {
        "PAGAMENTO": pc.sum(pc.multiply(n_items, n_payments)).as_py() or 0,
        "PAGAMENTO_SEM_PEDIDO": len(_of_unknown_orders(audited)),
        "PARCELA_EMPRESTIMO": pc.sum(_remaining(loans)).as_py() or 0,
        "PEDIDO_SEM_PAGAMENTO": pc.sum(n_items.filter(pc.equal(n_payments, 0))).as_py() or 0,
    }
    counted = audited.table["tipo_registro"].value_counts()
    found = dict(zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True))
    wrong = [k for k in sorted(expected.keys() | found.keys()) if expected.get(k, 0) != found.get(k, 0)]
    said = tuple(f"{kind}: {found.get(kind, 0)} rows, expected {expected.get(kind, 0)}" for kind in wrong)
    return Outcome(len(wrong), len(expected), said)


def conserva_parcelas_de_pagamento(audited: Audited) -> Outcome:
    """Compare each payment's rows with its instalment, worked out from Bronze."""
    orders = audited.below["pedidos"].select(["pedido_id", "valor_total_brl"])
    payments = audited.below["pagamentos"].join(orders, "pedido_id")
    cents = pc.multiply(payments["valor_pago_brl"], _CENTS).cast(pa.int64())
    count = payments["num_parcelas"]
    quotient = pc.divide(cents, count)
    odd = pc.subtract(cents, pc.multiply(quotient, count))
    share = pc.add(quotient, pc.cast(pc.less_equal(payments["parcela_atual"], odd), pa.int64()))
    repeats = pc.and_(pc.greater(count, 1), pc.equal(payments["valor_pago_brl"], payments["valor_total_brl"]))
    expected = pc.if_else(pc.fill_null(repeats, False), share, cents)
    return agreement(
        pa.table({"pagamento_id": payments["pagamento_id"], "expected": _money(expected)}),
        summed(_of_kinds(audited.table, "PAGAMENTO", "PAGAMENTO_SEM_PEDIDO"), "pagamento_id", "valor_fluxo_brl"),
        "pagamento_id",
    )


def conserva_pedidos_sem_pagamento(audited: Audited) -> Outcome:
    """Compare the rows of each order without a payment with its total."""
    orders = audited.below["pedidos"]
    unpaid = orders.filter(absent(orders["pedido_id"], audited.below["pagamentos"]["pedido_id"]))
    return agreement(
        pa.table({"pedido_id": unpaid["pedido_id"], "expected": total(unpaid["valor_total_brl"])}),
        summed(_of_kinds(audited.table, "PEDIDO_SEM_PAGAMENTO"), "pedido_id", "valor_fluxo_brl"),
        "pedido_id",
    )


def conserva_valor_dos_itens(audited: Audited) -> Outcome:
    """Compare the rows of each item with its value in Bronze."""
    return _items_agree(audited, "valor_total_item", "valor_item_brl")


def conserva_quantidade(audited: Audited) -> Outcome:
    """Compare the rows of each item with its quantity in Bronze."""
    return _items_agree(audited, "quantidade", "quantidade")


def conserva_parcelas_de_emprestimo(audited: Audited) -> Outcome:
    """Compare the rows of each open loan with its remaining instalments."""
    loans = _open_loans(audited.below["emprestimos"])
    remaining = _remaining(loans)
    expected = pc.multiply(loans["valor_parcela_mensal"], remaining.cast(pa.decimal128(19, 0))).cast(
        pa.decimal128(38, 2)
    )
    owing = pc.greater(remaining, 0)
    return agreement(
        pa.table({"emprestimo_id": loans["emprestimo_id"], "expected": expected}).filter(owing),
        summed(_of_kinds(audited.table, "PARCELA_EMPRESTIMO"), "emprestimo_id", "valor_fluxo_brl"),
        "emprestimo_id",
    )


def todo_pedido_aparece(audited: Audited) -> Outcome:
    """Find orders of Bronze that the fact lacks."""
    orders = audited.below["pedidos"]["pedido_id"]
    return failing(absent(orders, audited.table["pedido_id"]), orders)


def itens_em_quarentena(audited: Audited) -> Outcome:
    """Count the items set aside, which are those of unknown orders."""
    return Outcome(audited.staged["quarantined"], len(audited.below["itens_pedido"]))


def fornecedor_divergente(audited: Audited) -> Outcome:
    """Count the items whose product is of another supplier than the order."""
    fact = audited.table.filter(audited.table["item_id"].is_valid())
    items = pa.table({"item_id": fact["item_id"], "a": fact["fornecedor_id"], "b": fact["fornecedor_produto_id"]})
    items = items.group_by(["item_id", "a", "b"]).aggregate([])
    return failing(pc.fill_null(pc.not_equal(items["a"], items["b"]), False), items["item_id"])


def ptax_ausente(audited: Audited) -> Outcome:
    """Count, of the rows not in reais, those without a quotation."""
    foreign = _foreign(audited.table)
    return failing(foreign["taxa_ptax"].is_null(), foreign["pedido_id"])


def ptax_defasada(audited: Audited) -> Outcome:
    """Count, of the rows with a quotation, those whose quotation is older than a week."""
    foreign = _foreign(audited.table)
    quoted = foreign.filter(foreign["dias_defasagem_ptax"].is_valid())
    return failing(pc.greater(quoted["dias_defasagem_ptax"], STALE_DAYS), quoted["pedido_id"])


def _items_agree(audited: Audited, of_bronze: str, of_fact: str) -> Outcome:
    items = audited.below["itens_pedido"]
    kept = items.filter(pc.invert(absent(items["pedido_id"], audited.below["pedidos"]["pedido_id"])))
    fact = audited.table.filter(audited.table["item_id"].is_valid())
    expected = pa.table({"item_id": kept["item_id"], "expected": total(kept[of_bronze])})
    return agreement(expected, summed(fact, "item_id", of_fact), "item_id")


def _of_kinds(fact: pa.Table, *kinds: str) -> pa.Table:
    return fact.filter(pc.is_in(fact["tipo_registro"], value_set=pa.array(kinds)))


def _of_unknown_orders(audited: Audited) -> pa.Table:
    payments = audited.below["pagamentos"]
    orders = audited.below["pedidos"]["pedido_id"].combine_chunks()
    return payments.filter(pc.invert(pc.is_in(payments["pedido_id"], value_set=orders, skip_nulls=True)))


def _foreign(fact: pa.Table) -> pa.Table:
    return fact.filter(pc.fill_null(pc.not_equal(fact["moeda_origem"], "BRL"), True))


def _open_loans(loans: pa.Table) -> pa.Table:
    return loans.filter(pc.not_equal(loans["status"], "QUITADO"))


def _remaining(loans: pa.Table) -> pa.ChunkedArray:
    return pc.subtract(loans["prazo_meses"], loans["num_parcelas_pagas"])


def _counted(table: pa.Table, key: str, name: str) -> pa.Table:
    return table.group_by(key).aggregate([([], "count_all")]).rename_columns({"count_all": name})


def _money(cents: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return cents as decimals wide enough to be compared with sums."""
    return pc.multiply(cents.cast(pa.decimal128(19, 0)), pa.scalar(Decimal("0.01"))).cast(pa.decimal128(38, 2))
