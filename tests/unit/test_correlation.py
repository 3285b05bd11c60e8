"""The fact, against the definition worked out row by row, and what the definition promises."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from bronze_tables import bronze, table
from hypothesis import given
from lakehouse_tables import FACT, OF_THE_FACT
from layers import correlate
from naive import Naive

from lakehouse.contract.model import load
from lakehouse.errors import MoneyRangeError
from silver import correlation


def world(**rows):
    return {name: table(name, rows.get(name, [])) for name in OF_THE_FACT}


def order(**changes):
    return {
        "pedido_id": "P1", "data_pedido": date(2024, 10, 15), "fornecedor_id": "F1",
        "valor_total_brl": Decimal("100.00"), "status": "PENDENTE", "tipo_pagamento": "PIX", "prazo_dias": 30,
    } | changes  # fmt: skip


def item(**changes):
    return {
        "item_id": "I1", "pedido_id": "P1", "produto_id": "R1", "quantidade": 1, "valor_total_item": Decimal("100.00"),
    } | changes  # fmt: skip


def payment(**changes):
    return {
        "pagamento_id": "G1", "pedido_id": "P1", "fornecedor_id": "F1", "data_pagamento": date(2024, 11, 1),
        "valor_pago_brl": Decimal("100.00"), "metodo_pagamento": "PIX", "status_pagamento": "PAGO",
        "taxa_cambio_aplicada": Decimal(1), "moeda_origem": "BRL", "valor_moeda_origem": Decimal("100.00"),
        "num_parcelas": 1, "parcela_atual": 1, "data_vencimento": date(2024, 11, 1),
    } | changes  # fmt: skip


@given(bronze())
def test_the_fact_equals_the_definition_worked_out_row_by_row(tables):
    schema = load(FACT).schema
    naive = Naive(tables)
    fact, quarantine = correlate(tables)
    assert fact.schema == schema
    assert fact.to_pylist() == pa.Table.from_pylist(naive.fact(schema.names), schema).to_pylist()
    assert len(quarantine) == len(naive.orphan_items)


def test_text_is_written_as_codes_but_keys_that_nearly_every_row_has_another_of_are_plain():
    fact = correlation.correlate(world(pedidos=[order()], itens_pedido=[item()], pagamentos=[payment()])).fact
    text = {field.name for field in load(FACT).schema if pa.types.is_string(field.type)}
    plain = {field.name for field in fact.schema if pa.types.is_string(field.type)}
    assert plain == {"pedido_id", "item_id", "pagamento_id"}
    assert {field.name for field in fact.schema if pa.types.is_dictionary(field.type)} == text - plain


@given(bronze())
def test_the_row_order_of_the_input_does_not_matter(tables):
    reverse = {name: rows.take(pa.array(range(len(rows) - 1, -1, -1), pa.int64())) for name, rows in tables.items()}
    assert correlate(reverse).fact == correlate(tables).fact


def test_instalments_that_repeat_the_total_are_shared_and_odd_cents_go_to_the_first():
    paid = [
        payment(pagamento_id=f"G{k}", num_parcelas=3, parcela_atual=k, valor_pago_brl=Decimal("100.00"))
        for k in (1, 2, 3)
    ]
    fact = correlate(world(pedidos=[order()], itens_pedido=[item()], pagamentos=paid)).fact
    assert fact["valor_fluxo_brl"].to_pylist() == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]


def test_instalments_that_state_their_own_value_stay_as_they_are():
    paid = [payment(num_parcelas=2, valor_pago_brl=Decimal("60.00"))]
    fact = correlate(world(pedidos=[order()], itens_pedido=[item()], pagamentos=paid)).fact
    assert fact["valor_fluxo_brl"].to_pylist() == [Decimal("60.00")]


def test_an_order_without_items_keeps_its_money_on_a_row_without_an_item():
    fact = correlate(world(pedidos=[order()], pagamentos=[payment()])).fact
    (row,) = fact.to_pylist()
    assert (row["item_id"], row["valor_fluxo_brl"], row["valor_item_brl"]) == (None, Decimal("100.00"), None)


def test_an_item_of_an_unknown_order_is_quarantined_with_its_reason():
    _, quarantine = correlate(world(itens_pedido=[item(pedido_id="P9")]))
    (row,) = quarantine.to_pylist()
    assert row["linha"] == 1
    assert row["texto_original"].startswith("I1,P9,R1,1,")
    assert row["motivos"] == ["pedido_id: o pedido 'P9' não existe em pedidos"]


def test_an_order_of_ten_billion_reais_is_shared_to_the_cent():
    total = Decimal("10000000000.00")
    items = [item(item_id=f"I{k}", valor_total_item=Decimal("3333333333.33")) for k in range(3)]
    fact = correlate(
        world(pedidos=[order(valor_total_brl=total)], itens_pedido=items, pagamentos=[payment(valor_pago_brl=total)])
    ).fact
    assert pc.sum(fact["valor_fluxo_brl"]).as_py() == total
    assert fact["valor_fluxo_brl"].to_pylist() == [
        Decimal("3333333333.34"),
        Decimal("3333333333.33"),
        Decimal("3333333333.33"),
    ]


def test_a_variation_that_does_not_fit_the_type_is_an_error_and_no_wrong_number():
    huge = Decimal("9999999999999999.99")
    paid = payment(moeda_origem="USD", valor_moeda_origem=huge, taxa_cambio_aplicada=Decimal(1))
    quoted = {"data_cotacao": date(2024, 1, 1), "moeda": "USD", "taxa_ptax": Decimal(900)}
    with pytest.raises(MoneyRangeError):
        correlate(world(pedidos=[order()], pagamentos=[paid], cambio=[quoted]))


def test_a_loans_due_day_is_clipped_to_the_months_end():
    loan = {
        "emprestimo_id": "E1", "status": "ATIVO", "prazo_meses": 3, "num_parcelas_pagas": 0,
        "valor_parcela_mensal": Decimal(10), "data_vencimento_proxima": date(2024, 1, 31),
    }  # fmt: skip
    fact = correlate(world(emprestimos=[loan])).fact
    assert fact["data_vencimento"].to_pylist() == [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)]


def test_empty_tables_give_an_empty_fact():
    fact, quarantine = correlate(world())
    assert (len(fact), len(quarantine), fact.schema) == (0, 0, load(FACT).schema)
