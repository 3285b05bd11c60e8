"""The table rules of Silver: right facts pass them all, and each rule finds, and counts, what is broken."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pyarrow.compute as pc
import pytest
from audits import audited, counts, errors_of, row_of, swapped, twice, with_value, without
from bronze_tables import bronze as worlds
from exports import EVERY, RULES
from hypothesis import given
from lakehouse_tables import FACT
from layers import correlate

from lakehouse.contract.model import load
from lakehouse.lake.layout import SILVER

CENT = Decimal("0.01")
CHECKS = [rule for rule in load(FACT).rules if rule.kind == "check" and rule.check != "atualidade"]
ERRORS = [rule.check for rule in CHECKS if rule.severity == "error"]


def one_more_cent(value):
    return value + CENT


def kind(fact, name):
    """The first row of a kind."""
    return row_of(fact, tipo_registro=name)


@pytest.fixture(scope="module", params=EVERY)
def export(request):
    return request.param


@pytest.fixture(scope="module")
def bronze(export):
    return {name: read.kept for name, read in export.read().items()}


@pytest.fixture(scope="module")
def fact(bronze):
    return correlate(bronze).fact


@pytest.fixture(scope="module")
def quarantine(bronze):
    return correlate(bronze).quarantine


@pytest.fixture
def broken(bronze, fact, quarantine):
    """Say how one rule judges a fact, by default the right one."""

    def judge(check, table=fact):
        return counts(check, audited(FACT, table, below=bronze, quarantine=quarantine))

    return judge


@given(worlds())
def test_every_right_fact_passes_every_rule_of_severity_error(tables):
    fact, quarantine = correlate(tables)
    assert errors_of(audited(FACT, fact, below=tables, quarantine=quarantine)) == {}


@pytest.mark.parametrize("check", [check for check in RULES if RULES[check] == SILVER])
def test_the_fact_of_an_export_conserves_all_and_its_oddities_are_counted(export, broken, check):
    assert broken(check) == export.odd[check]


@pytest.mark.parametrize(
    ("row_kind", "check"),
    [
        ("PAGAMENTO", "conserva_parcelas_de_pagamento"),
        ("PEDIDO_SEM_PAGAMENTO", "conserva_pedidos_sem_pagamento"),
        ("PARCELA_EMPRESTIMO", "conserva_parcelas_de_emprestimo"),
    ],
)
def test_one_cent_of_flow_too_much_is_found_in_its_kind_and_in_no_other(export, broken, fact, row_kind, check):
    changed = with_value(fact, "valor_fluxo_brl", kind(fact, row_kind), one_more_cent)
    assert broken(check, changed) == (1, export.odd[check][1])
    assert [name for name in ERRORS if broken(name, changed)[0]] == [check]


def test_two_wrong_cents_that_cancel_out_are_both_found(export, broken, fact):
    changed = with_value(fact, "valor_fluxo_brl", row_of(fact, pagamento_id="PAG001"), one_more_cent)
    changed = with_value(changed, "valor_fluxo_brl", row_of(fact, pagamento_id="PAG002"), lambda value: value - CENT)
    assert broken("conserva_parcelas_de_pagamento", changed) == (2, export.odd["conserva_parcelas_de_pagamento"][1])


def test_instalments_that_repeat_the_whole_total_are_found(export, bronze, broken, fact):
    totals = {order["pedido_id"]: order["valor_total_brl"] for order in bronze["pedidos"].to_pylist()}
    of_card = (payment for payment in bronze["pagamentos"].to_pylist() if payment["num_parcelas"] == 3)
    repeating = [payment for payment in of_card if payment["valor_pago_brl"] == totals.get(payment["pedido_id"])]
    changed, examined = fact, export.odd["conserva_parcelas_de_pagamento"][1]
    for n, payment in enumerate(repeating[:3]):
        row = row_of(fact, pagamento_id=payment["pagamento_id"])
        changed = with_value(changed, "valor_fluxo_brl", row, payment["valor_pago_brl"])
        assert broken("conserva_parcelas_de_pagamento", changed) == (n + 1, examined)
    assert broken("conserva_parcelas_de_pagamento", changed)[0] == 3


@pytest.mark.parametrize(
    ("column", "check"), [("valor_item_brl", "conserva_valor_dos_itens"), ("quantidade", "conserva_quantidade")]
)
def test_one_unit_too_much_of_an_item_is_found(export, broken, fact, column, check):
    more = with_value(fact, column, row_of(fact, item_id="ITEM005"), lambda value: value + 1)
    assert broken(check, more) == (1, export.odd[check][1])


@pytest.mark.parametrize(
    ("column", "check"), [("valor_item_brl", "conserva_valor_dos_itens"), ("quantidade", "conserva_quantidade")]
)
def test_an_items_measure_on_a_row_without_an_item_is_found(broken, fact, column, check):
    stray = with_value(fact, column, kind(fact, "PARCELA_EMPRESTIMO"), 5)
    assert broken(check, stray)[0] == 1


@pytest.mark.parametrize(
    ("row_kind", "wrong"),
    [
        ("PAGAMENTO", ["contabilidade_de_linhas", "conserva_parcelas_de_pagamento", "conserva_valor_dos_itens"]),
        ("PEDIDO_SEM_PAGAMENTO", ["contabilidade_de_linhas", "conserva_pedidos_sem_pagamento"]),
        ("PARCELA_EMPRESTIMO", ["contabilidade_de_linhas", "conserva_parcelas_de_emprestimo"]),
    ],
)
def test_a_dropped_row_and_a_repeated_one_are_missed_by_count_and_by_value(broken, fact, row_kind, wrong):
    row = kind(fact, row_kind)
    for changed in (without(fact, row), twice(fact, row)):
        assert {check: broken(check, changed)[0] for check in wrong} == dict.fromkeys(wrong, 1)


def test_an_order_that_left_the_fact_is_missed(export, broken, fact):
    changed = fact.filter(pc.fill_null(pc.not_equal(fact["pedido_id"], "PED009"), True))
    assert broken("todo_pedido_aparece", changed) == (1, export.odd["todo_pedido_aparece"][1])


def test_two_rows_changed_for_one_another_are_out_of_order(broken, fact):
    assert broken("ordenado_pela_chave", swapped(fact, 0, 1)) == (1, len(fact))
    last = len(fact) - 1
    assert broken("ordenado_pela_chave", swapped(fact, last - 1, last)) == (1, len(fact))


def test_null_keys_come_last(fact):
    rows = fact.slice(0, 3)
    for row, key in enumerate([("A", "x"), ("A", None), ("B", "a")]):
        for column, value in zip(("tipo_registro", "pedido_id"), key, strict=True):
            rows = with_value(rows, column, row, value)
    assert counts("ordenado_pela_chave", audited(FACT, rows)) == (0, 3)
    assert counts("ordenado_pela_chave", audited(FACT, swapped(rows, 0, 1))) == (1, 3)


def test_items_of_unknown_orders_are_counted_and_their_money_is_not_asked_for(export, bronze):
    row = row_of(bronze["itens_pedido"], item_id="ITEM014")
    tables = bronze | {"itens_pedido": with_value(bronze["itens_pedido"], "pedido_id", row, "PED999")}
    fact, quarantine = correlate(tables)
    of = audited(FACT, fact, below=tables, quarantine=quarantine)
    aside, examined = export.odd["itens_em_quarentena"]
    assert counts("itens_em_quarentena", of) == (aside + 1, examined)
    assert {check: counts(check, of)[0] for check in ERRORS} == dict.fromkeys(ERRORS, 0)


def test_an_orphan_item_that_nobody_set_aside_is_missed(bronze):
    row = row_of(bronze["itens_pedido"], item_id="ITEM014")
    tables = bronze | {"itens_pedido": with_value(bronze["itens_pedido"], "pedido_id", row, "PED999")}
    of = audited(FACT, correlate(tables).fact, below=tables)
    assert counts("contabilidade_de_linhas", of)[0] == 1


def stale(fact):
    """The first row of a payment whose quotation is more than a week old."""
    days = zip(fact["dias_defasagem_ptax"].to_pylist(), fact["pagamento_id"].to_pylist(), strict=True)
    return next(row for row, (age, payment) in enumerate(days) if age is not None and age > 7 and payment)


def test_a_row_without_a_quotation_is_counted(export, broken, fact):
    absent, examined = export.odd["ptax_ausente"]
    assert broken("ptax_ausente", with_value(fact, "taxa_ptax", stale(fact), None)) == (absent + 1, examined)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("taxa_ptax", Decimal("5.250000")),
        ("data_ptax", lambda day: day - timedelta(1)),
        ("dias_defasagem_ptax", 1),
        ("taxa_ptax", None),
    ],
    ids=["rate", "day", "age", "none"],
)
def test_a_rate_that_is_not_the_newest_quotations_is_found(broken, fact, column, value):
    failed, examined = broken("ptax_confere", with_value(fact, column, stale(fact), value))
    assert failed == 1
    assert examined >= 5


def test_a_quotation_of_a_week_ago_is_not_yet_stale(export, broken, fact):
    old, examined = export.odd["ptax_defasada"]
    changed = with_value(fact, "dias_defasagem_ptax", stale(fact), 7)
    assert broken("ptax_defasada", changed) == (old - 1, examined)


def test_an_items_supplier_counts_once_however_many_payments_share_it(bronze):
    paid = Counter(bronze["pagamentos"]["pedido_id"].to_pylist())
    of_order = Counter(bronze["itens_pedido"]["pedido_id"].to_pylist())
    order = next(order for order in paid if order and (paid[order], of_order[order]) == (3, 1))
    items = bronze["itens_pedido"].filter(pc.equal(bronze["itens_pedido"]["pedido_id"], order))
    tables = bronze | {"itens_pedido": items}
    fact = correlate(tables).fact
    assert pc.sum(pc.fill_null(pc.equal(fact["item_id"], items["item_id"][0]), False)).as_py() == 3
    assert counts("fornecedor_divergente", audited(FACT, fact, below=tables)) == (1, 1)


def test_a_loan_nobody_pays_any_more_owes_nothing(export, bronze):
    open_ = export.odd["conserva_parcelas_de_emprestimo"][1]
    loans = with_value(bronze["emprestimos"], "status", row_of(bronze["emprestimos"], status="ATIVO"), "QUITADO")
    tables = bronze | {"emprestimos": loans}
    of = audited(FACT, correlate(tables).fact, below=tables)
    assert counts("conserva_parcelas_de_emprestimo", of) == (0, open_ - 1)
    unpaid = audited(FACT, correlate(bronze).fact, below=tables)
    assert counts("conserva_parcelas_de_emprestimo", unpaid) == (1, open_)


def test_the_largest_amounts_there_are_can_be_summed(bronze):
    most = Decimal("9999999999999999.99")
    payments = bronze["pagamentos"].slice(0, 1)
    payments = with_value(with_value(payments, "valor_pago_brl", 0, most), "valor_moeda_origem", 0, most)
    item = bronze["itens_pedido"].slice(0, 2)
    for row in (0, 1):
        item = with_value(item, "valor_total_item", row, most)
    loan = bronze["emprestimos"].slice(row_of(bronze["emprestimos"], status="ATIVO"), 1)
    loan = with_value(loan, "valor_parcela_mensal", 0, most)
    order = bronze["pedidos"].slice(0, 1)
    tables = bronze | {"pedidos": order, "itens_pedido": item, "pagamentos": payments, "emprestimos": loan}
    of = audited(FACT, correlate(tables).fact, below=tables)
    assert {check: counts(check, of)[0] for check in ERRORS} == dict.fromkeys(ERRORS, 0)
    tables = tables | {"pagamentos": payments.slice(0, 0), "pedidos": with_value(order, "valor_total_brl", 0, most)}
    of = audited(FACT, correlate(tables).fact, below=tables)
    assert {check: counts(check, of)[0] for check in ERRORS} == dict.fromkeys(ERRORS, 0)


@pytest.mark.parametrize("age", [23.0, 25.0])
def test_the_bronze_tables_may_be_as_old_as_the_contract_allows(fact, bronze, age):
    of = audited(FACT, fact, below=bronze, age_hours=age)
    assert counts("atualidade", of) == (int(age > 24), 1)
