"""Table rules of Silver: the fact against Bronze, key by key, by joins and grouped decimal sums.

Silver itself works with integer units, row numbers and dense blocks; none of its code is used here.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contract.model import known_words
from lakehouse.contract.quality import EXAMPLES, Outcome
from lakehouse.domain import (
    BRL,
    PAGAMENTO,
    PAGAMENTO_SEM_PEDIDO,
    PARCELA_EMPRESTIMO,
    PEDIDO_SEM_PAGAMENTO,
    QUITADO,
)
from lakehouse.personal.quoting import keys
from tests.audited import Audited, absent, agreement, failing, summed

_CENT: Final = Decimal("0.01")
_KIND: Final = "tipo_registro"


def contabilidade_de_linhas(audited: Audited) -> Outcome:
    """Compare the number of rows of each kind, and of those set aside, with what follows from Bronze."""
    bronze = audited.below
    items = _counted(bronze["itens_pedido"], "pedido_id", "items")
    payments = _counted(bronze["pagamentos"], "pedido_id", "payments")
    orders = bronze["pedidos"].select(["pedido_id"]).join(items, "pedido_id").join(payments, "pedido_id")
    # An order without items still has one row per payment; an order without payments has one per item.
    n_items = pc.max_element_wise(pc.fill_null(orders["items"], 0), 1)
    n_payments = pc.fill_null(orders["payments"], 0)
    expected = {
        PAGAMENTO: pc.sum(pc.multiply(n_items, n_payments)).as_py() or 0,
        PAGAMENTO_SEM_PEDIDO: len(_without_order(audited, "pagamentos")),
        PARCELA_EMPRESTIMO: pc.sum(_open_loans(bronze["emprestimos"])["remaining"]).as_py() or 0,
        PEDIDO_SEM_PAGAMENTO: pc.sum(n_items.filter(pc.equal(n_payments, 0))).as_py() or 0,
        "set aside": len(_without_order(audited, "itens_pedido")),
        "reported": len(audited.table) + len(audited.quarantine),
    }
    by_kind = audited.table[_KIND].value_counts()
    actual = dict.fromkeys(expected, 0) | dict(zip(*(f.to_pylist() for f in by_kind.flatten()), strict=True))
    actual["set aside"] = len(audited.quarantine)
    actual["reported"] = audited.staged["rows"] + audited.staged["quarantined"]
    wrong = [what for what in actual if actual[what] != expected.get(what, 0)]
    examples = tuple(f"{what}: {actual[what]} rows instead of {expected.get(what, 0)}" for what in wrong)
    return Outcome(len(wrong), len(actual), examples)


def conserva_parcelas_de_pagamento(audited: Audited) -> Outcome:
    """Compare each payment's rows with its instalment, computed from Bronze, in reais and in its own currency."""
    orders = audited.below["pedidos"].select(["pedido_id", "valor_total_brl"])
    payments = audited.below["pagamentos"].join(orders, "pedido_id")
    repeats = pc.and_(
        pc.greater(payments["num_parcelas"], 1), pc.equal(payments["valor_pago_brl"], payments["valor_total_brl"])
    )
    expected = {
        "pagamento_id": payments["pagamento_id"],
        "valor_fluxo_brl": _instalment(payments, "valor_pago_brl", repeats),
        "valor_moeda_origem": _instalment(payments, "valor_moeda_origem", repeats),
    }
    rows = _with_kind(audited.table, PAGAMENTO, PAGAMENTO_SEM_PEDIDO)
    actual = summed(rows, ["pagamento_id"], ["valor_fluxo_brl", "valor_moeda_origem"])
    return agreement(pa.table(expected), actual, ["pagamento_id"])


def conserva_pedidos_sem_pagamento(audited: Audited) -> Outcome:
    """Compare the rows of each order without a payment with its total."""
    orders = audited.below["pedidos"]
    unpaid = orders.filter(absent(orders["pedido_id"], audited.below["pagamentos"]["pedido_id"]))
    expected = pa.table({"pedido_id": unpaid["pedido_id"], "valor_fluxo_brl": unpaid["valor_total_brl"]})
    actual = summed(_with_kind(audited.table, PEDIDO_SEM_PAGAMENTO), ["pedido_id"], ["valor_fluxo_brl"])
    return agreement(expected, actual, ["pedido_id"])


def conserva_valor_dos_itens(audited: Audited) -> Outcome:
    """Compare the rows of each item with its value in Bronze."""
    return _items_agree(audited, "valor_total_item", "valor_item_brl")


def conserva_quantidade(audited: Audited) -> Outcome:
    """Compare the rows of each item with its quantity in Bronze."""
    return _items_agree(audited, "quantidade", "quantidade")


def conserva_parcelas_de_emprestimo(audited: Audited) -> Outcome:
    """Compare the rows of each open loan with its remaining instalments."""
    loans = _open_loans(audited.below["emprestimos"])
    loans = loans.filter(pc.greater(loans["remaining"], 0))
    owed = pc.multiply(loans["valor_parcela_mensal"], loans["remaining"].cast(pa.decimal128(19, 0)))
    actual = summed(_with_kind(audited.table, PARCELA_EMPRESTIMO), ["emprestimo_id"], ["valor_fluxo_brl"])
    expected = pa.table({"emprestimo_id": loans["emprestimo_id"], "valor_fluxo_brl": owed})
    return agreement(expected, actual, ["emprestimo_id"])


def todo_pedido_aparece(audited: Audited) -> Outcome:
    """Count the orders of Bronze that the fact lacks."""
    orders = audited.below["pedidos"]
    return failing(absent(orders["pedido_id"], audited.table["pedido_id"]), orders, ["pedido_id"])


def itens_em_quarentena(audited: Audited) -> Outcome:
    """Count the items set aside, which are those of unknown orders."""
    items = audited.below["itens_pedido"]
    return failing(absent(items["pedido_id"], audited.below["pedidos"]["pedido_id"]), items, ["item_id"])


def fornecedor_divergente(audited: Audited) -> Outcome:
    """Count the items, not their rows, whose product has another supplier than their order."""
    columns = ["item_id", "fornecedor_id", "fornecedor_produto_id"]
    items = audited.table.filter(audited.table["item_id"].is_valid()).select(columns)
    items = items.group_by(columns).aggregate([])
    differ = pc.not_equal(items["fornecedor_id"], items["fornecedor_produto_id"])
    return failing(pc.fill_null(differ, False), items, ["item_id"])


def ptax_confere(audited: Audited) -> Outcome:
    """Look up each currency and date of the fact in the quotations; there are few, however large the fact is."""
    quoted: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for row in audited.below["cambio"].select(["moeda", "data_cotacao", "taxa_ptax"]).to_pylist():
        quoted[row["moeda"]].append((row["data_cotacao"], row["taxa_ptax"]))
    for quotations in quoted.values():
        quotations.sort()
    foreign = _foreign(audited.table)
    by_payment = pc.is_in(foreign[_KIND], value_set=pa.array([PAGAMENTO, PAGAMENTO_SEM_PEDIDO]))
    rates = foreign.select(["moeda_origem", "taxa_ptax", "data_ptax", "dias_defasagem_ptax"]).append_column(
        "day", pc.if_else(by_payment, foreign["data_pagamento"], foreign["data_vencimento"])
    )
    cases = rates.group_by(rates.column_names).aggregate([]).to_pylist()
    wrong = [case for case in cases if _newest(quoted, case) != _in_fact(case)]
    currencies = keys(pa.array([case["moeda_origem"] for case in wrong], pa.string()), known_words).to_pylist()
    examples = sorted(f"{currency} {case['day']}" for currency, case in zip(currencies, wrong, strict=True))
    return Outcome(len(wrong), len(cases), tuple(examples[:EXAMPLES]))


def ptax_ausente(audited: Audited) -> Outcome:
    """Count the rows in a foreign or unknown currency that have no quotation."""
    foreign = _foreign(audited.table)
    return failing(foreign["taxa_ptax"].is_null(), foreign, audited.contract.key)


def ptax_defasada(audited: Audited, days: int) -> Outcome:
    """Count the rows whose quotation is older than so many days."""
    foreign = _foreign(audited.table)
    quoted = foreign.filter(foreign["dias_defasagem_ptax"].is_valid())
    return failing(pc.greater(quoted["dias_defasagem_ptax"], days), quoted, audited.contract.key)


def _instalment(payments: pa.Table, column: str, repeats: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a value, or its share where every instalment repeats it; the first instalments get the cents left over."""
    repeats = pc.fill_null(repeats, False)
    count = pc.if_else(repeats, payments["num_parcelas"], 1)
    cents = pc.multiply(payments[column], pa.scalar(Decimal(100))).cast(pa.int64())
    quotient = pc.divide(cents, count)
    left_over = pc.subtract(cents, pc.multiply(quotient, count))
    share = pc.add(quotient, pc.cast(pc.less_equal(payments["parcela_atual"], left_over), pa.int64()))
    share = pc.multiply(share.cast(pa.decimal128(19, 0)), pa.scalar(_CENT)).cast(pa.decimal128(18, 2))
    return pc.if_else(repeats, share, payments[column])


def _items_agree(audited: Audited, bronze_column: str, fact_column: str) -> Outcome:
    items = audited.below["itens_pedido"]
    kept = items.filter(pc.invert(absent(items["pedido_id"], audited.below["pedidos"]["pedido_id"])))
    expected = pa.table({"item_id": kept["item_id"], fact_column: kept[bronze_column]})
    fact = audited.table.select(["item_id", fact_column])
    # A row without an item must have no share of one; where it has, it becomes a key that is not expected.
    fact = fact.filter(pc.or_(fact["item_id"].is_valid(), pc.fill_null(pc.not_equal(fact[fact_column], 0), False)))
    return agreement(expected, summed(fact, ["item_id"], [fact_column]), ["item_id"])


def _with_kind(fact: pa.Table, *kinds: str) -> pa.Table:
    return fact.filter(pc.is_in(fact[_KIND], value_set=pa.array(kinds)))


def _without_order(audited: Audited, table: str) -> pa.Table:
    rows = audited.below[table]
    return rows.filter(absent(rows["pedido_id"], audited.below["pedidos"]["pedido_id"]))


def _newest(quoted: Mapping[str, list[tuple[date, Decimal]]], case: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """Return the date, rate and age of the newest quotation on or before the case's day, or three times None."""
    day, quotations = case["day"], quoted.get(case["moeda_origem"], [])
    known = bisect_right(quotations, day, key=lambda quotation: quotation[0]) if day is not None else 0
    if not known:
        return (None, None, None)
    on, rate = quotations[known - 1]
    return (on, rate, (day - on).days)


def _in_fact(case: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    return (case["data_ptax"], case["taxa_ptax"], case["dias_defasagem_ptax"])


def _foreign(fact: pa.Table) -> pa.Table:
    return fact.filter(pc.fill_null(pc.not_equal(fact["moeda_origem"], BRL), True))


def _open_loans(loans: pa.Table) -> pa.Table:
    """Return the loans that are not ``QUITADO``, with how many instalments remain."""
    loans = loans.filter(pc.not_equal(loans["status"], QUITADO))
    return loans.append_column("remaining", pc.subtract(loans["prazo_meses"], loans["num_parcelas_pagas"]))


def _counted(table: pa.Table, key: str, name: str) -> pa.Table:
    return table.group_by(key).aggregate([([], "count_all")]).rename_columns({"count_all": name})
