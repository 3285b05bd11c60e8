"""The table rules of Bronze: what they say of an export, and each of them on a table broken on purpose."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from audits import MODULES, audited, counts, found, row_of, with_value, without
from bronze_tables import bronze as worlds
from bronze_tables import table as table_of
from exports import EVERY, RULES
from hypothesis import given
from lakehouse_tables import TABLES

from lakehouse.contract.model import load, load_all
from lakehouse.contract.quality import Outcome
from lakehouse.errors import ContractError
from lakehouse.lake.layout import BRONZE
from tests.examination import check_named

CENT = Decimal("0.01")


@pytest.fixture(scope="module", params=EVERY)
def export(request):
    return request.param


@pytest.fixture
def layer(export):
    return {name: read.kept for name, read in export.read().items()}


def rows(table, **where):
    """The rows with the given values."""
    return [row for row in table.to_pylist() if where.items() <= row.items()]


def payments_by_order(layer):
    return Counter(layer["pagamentos"]["pedido_id"].to_pylist())


def test_every_check_a_contract_names_exists_and_every_one_that_exists_is_named():
    named = {(contract.layer, rule.check) for contract in load_all() for rule in contract.rules if rule.kind == "check"}
    there = {
        (layer, name)
        for layer, modules in MODULES.items()
        for module in modules
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__ and callable(value)
    }
    assert named <= there
    assert {name for _, name in there} == {name for _, name in named}


def test_a_check_that_nobody_wrote_is_an_error_that_says_where_checks_are():
    for name in ("confere_tudo", "_not_among", "differs", "Final"):
        with pytest.raises(ContractError, match=rf"'{name}'.*functions/tests/checks"):
            check_named(name, MODULES[BRONZE])


def test_rows_are_named_by_columns_that_are_neither_personal_nor_confidential():
    assert [(c.table, name) for c in load_all() for name in c.key if c.column(name).classification] == []


@pytest.mark.parametrize("check", [c for c in RULES if RULES[c] == BRONZE and c != "linhas_em_quarentena"])
def test_the_oddities_of_an_export_are_counted(export, layer, check):
    [table] = [table for table in layer if check in {rule.check for rule in load(table).rules}]
    assert counts(check, audited(table, layer[table], layer)) == export.odd[check]


def test_the_orders_without_payment_and_the_odd_prices_are_named(export, layer):
    unpaid = found("pedido_sem_pagamento", audited("pedidos", layer["pedidos"], layer))
    assert unpaid.examples == export.unpaid
    odd = found("preco_origem_incoerente_com_ptax", audited("produtos", layer["produtos"], layer))
    assert odd.examples == export.prices


@pytest.mark.parametrize("table", TABLES[BRONZE])
def test_every_line_of_an_export_is_accounted_for(export, table):
    read = export.read()[table]
    of = audited(table, read.kept, quarantine=read.quarantine, rows_read=read.rows_read)
    assert counts("contabilidade_de_linhas", of) == (0, read.rows_read)
    set_aside = (f"emprestimos.csv:{export.line}",) if table == "emprestimos" else ()
    assert found("linhas_em_quarentena", of) == Outcome(len(set_aside), read.rows_read, set_aside)


def test_a_row_lost_between_reading_and_staging_is_missed(layer):
    lost = without(layer["pedidos"], 7)
    all_ = len(layer["pedidos"])
    there = f"{all_} read, {all_ - 1} kept, 0 in the quarantine"
    for told in (all_, all_ - 1):
        outcome = found("contabilidade_de_linhas", audited("pedidos", lost, rows_read=all_, rows=told))
        assert outcome == Outcome(1, all_, (there, f"told: {told} kept, 0 in the quarantine"))


def test_rows_that_the_write_step_counts_otherwise_than_they_are_there_are_told_by_both_counts(layer):
    all_ = len(layer["pedidos"])
    outcome = found("contabilidade_de_linhas", audited("pedidos", layer["pedidos"], rows=all_ - 2, quarantined=1))
    there = f"{all_} read, {all_} kept, 0 in the quarantine"
    assert outcome == Outcome(3, all_, (there, f"told: {all_ - 2} kept, 1 in the quarantine"))


def test_an_order_one_cent_off_the_sum_of_its_items_is_counted(export, layer):
    items = defaultdict(Decimal)
    for item in layer["itens_pedido"].to_pylist():
        items[item["pedido_id"]] += item["valor_total_item"]
    totals = [(order["valor_total_brl"], items[order["pedido_id"]]) for order in layer["pedidos"].to_pylist()]
    row = next(row for row, (total, of_items) in enumerate(totals) if total == of_items)
    broken = with_value(layer["pedidos"], "valor_total_brl", row, lambda value: value + CENT)
    failed, examined = export.odd["pedido_difere_da_soma_dos_itens"]
    assert counts("pedido_difere_da_soma_dos_itens", audited("pedidos", broken, layer)) == (failed + 1, examined)


def test_an_order_that_loses_its_only_payment_is_counted(export, layer):
    order = next(order for order, payments in payments_by_order(layer).items() if payments == 1)
    layer["pagamentos"] = without(layer["pagamentos"], row_of(layer["pagamentos"], pedido_id=order))
    failed, examined = export.odd["pedido_sem_pagamento"]
    assert counts("pedido_sem_pagamento", audited("pedidos", layer["pedidos"], layer)) == (failed + 1, examined)


def test_orders_and_products_of_a_supplier_that_vanished_are_counted(layer):
    orders, products = [], []
    for gone in ("FORN001", "FORN022"):
        layer["fornecedores"] = without(layer["fornecedores"], row_of(layer["fornecedores"], fornecedor_id=gone))
        orders += rows(layer["pedidos"], fornecedor_id=gone)
        products += [row["produto_id"] for row in rows(layer["produtos"], fornecedor_id=gone)]
    assert orders
    assert products
    counted = counts("pedido_sem_fornecedor", audited("pedidos", layer["pedidos"], layer))
    assert counted == (len(orders), len(layer["pedidos"]))
    named = found("produto_sem_fornecedor", audited("produtos", layer["produtos"], layer)).examples
    assert named == tuple(sorted(products)[:5])


def test_items_and_payments_of_an_order_that_vanished_are_counted(export, layer):
    paid = [order for order in layer["pedidos"]["pedido_id"].to_pylist() if payments_by_order(layer)[order]]
    several = [order for order in paid if payments_by_order(layer)[order] > 1]
    items, payments = [], []
    for gone in (paid[0], several[0]):
        layer["pedidos"] = without(layer["pedidos"], row_of(layer["pedidos"], pedido_id=gone))
        items += [row["item_id"] for row in rows(layer["itens_pedido"], pedido_id=gone)]
        payments += [row["pagamento_id"] for row in rows(layer["pagamentos"], pedido_id=gone)]
    counted = found("item_sem_pedido", audited("itens_pedido", layer["itens_pedido"], layer))
    assert counted.failed == len(items) + export.odd["item_sem_pedido"][0]
    assert counted.examples[: len(items)] == tuple(items[:5])
    counted = found("pagamento_sem_pedido", audited("pagamentos", layer["pagamentos"], layer))
    assert counted.failed == len(payments) + export.odd["pagamento_sem_pedido"][0]
    assert counted.examples[: len(payments)] == tuple(payments[:5])


def test_a_payment_that_names_no_order_is_a_payment_without_one(export, layer):
    broken = with_value(layer["pagamentos"], "pedido_id", 4, None)
    failed, examined = export.odd["pagamento_sem_pedido"]
    assert counts("pagamento_sem_pedido", audited("pagamentos", broken, layer)) == (failed + 1, examined)


def test_items_of_a_product_that_vanished_are_counted(layer):
    layer["produtos"] = without(layer["produtos"], row_of(layer["produtos"], produto_id="PROD006"))
    items = [row["item_id"] for row in rows(layer["itens_pedido"], produto_id="PROD006")]
    assert len(items) > 2
    counted = found("item_sem_produto", audited("itens_pedido", layer["itens_pedido"], layer))
    assert (counted.failed, counted.examples) == (len(items), tuple(items[:5]))


def test_a_payment_on_the_day_of_the_newest_quotation_is_not_stale(export, layer):
    failed, examined = export.odd["pagamento_com_ptax_defasada"]
    first = found("pagamento_com_ptax_defasada", audited("pagamentos", layer["pagamentos"], layer)).examples[0]
    row = row_of(layer["pagamentos"], pagamento_id=first)
    currency = layer["pagamentos"]["moeda_origem"][row].as_py()
    newest = max(quotation["data_cotacao"] for quotation in rows(layer["cambio"], moeda=currency))
    on_the_day = with_value(layer["pagamentos"], "data_pagamento", row, newest)
    assert counts("pagamento_com_ptax_defasada", audited("pagamentos", on_the_day, layer)) == (failed - 1, examined)
    day_after = with_value(layer["pagamentos"], "data_pagamento", row, newest + timedelta(1))
    assert counts("pagamento_com_ptax_defasada", audited("pagamentos", day_after, layer)) == (failed, examined)
    unknown = with_value(layer["pagamentos"], "data_pagamento", row, None)
    assert counts("pagamento_com_ptax_defasada", audited("pagamentos", unknown, layer)) == (failed - 1, examined)


@pytest.mark.parametrize(
    ("price", "odd"), [("15.00", False), ("15.01", True), ("5.00", False), ("4.99", True), ("0.00", True)]
)
def test_a_price_is_odd_from_one_cent_beyond_half_of_ptax_on(layer, price, odd):
    newest = max(quotation["data_cotacao"] for quotation in rows(layer["cambio"], moeda="USD"))
    quotation = row_of(layer["cambio"], data_cotacao=newest, moeda="USD")
    layer["cambio"] = with_value(layer["cambio"], "taxa_ptax", quotation, 10)
    row = row_of(layer["produtos"], moeda_origem="USD")
    product = with_value(layer["produtos"], "preco_origem", row, Decimal("1.00"))
    product = with_value(product, "preco_unitario_brl", row, Decimal(price)).slice(row, 1)
    assert counts("preco_origem_incoerente_com_ptax", audited("produtos", product, layer)) == (int(odd), 1)


def test_a_price_in_a_currency_without_quotation_cannot_be_judged(layer):
    row = row_of(layer["produtos"], moeda_origem="USD")
    unquoted = with_value(layer["produtos"], "moeda_origem", row, "CHF").slice(row, 1)
    assert counts("preco_origem_incoerente_com_ptax", audited("produtos", unquoted, layer)) == (0, 0)


@pytest.mark.parametrize(("age", "late"), [(0.5, 0), (24.0, 0), (24.1, 1), (900.0, 1)])
def test_an_export_older_than_its_contract_allows_is_late(layer, age, late):
    assert load("pedidos").freshness_hours == 24
    assert counts("atualidade", audited("pedidos", layer["pedidos"], age_hours=age)) == (late, 1)


def test_synthetic_data_has_no_age(layer):
    assert counts("atualidade", audited("pedidos", layer["pedidos"], age_hours=None)) == (0, 0)


def test_no_example_shows_a_personal_or_confidential_value(layer):
    secret = {
        str(value)
        for name, table in layer.items()
        for column in load(name).columns
        if column.classification
        for value in table[column.name].to_pylist()
        if value is not None
    }
    for name, table in layer.items():
        for rule in load(name).rules:
            if rule.kind == "check":
                assert not secret & set(found(rule.check, audited(name, table, layer)).examples)


@given(worlds())
def test_each_rule_finds_in_any_tables_what_is_found_row_by_row(tables):
    rows = {name: table.to_pylist() for name, table in tables.items()}
    for name, table in tables.items():
        of = audited(name, table, tables)
        for check in [rule.check for rule in load(name).rules if rule.kind == "check"]:
            judged = ROW_BY_ROW[check](rows[name], rows) if check in ROW_BY_ROW else []
            expected = (sum(judged), len(judged)) if check in ROW_BY_ROW else (0, NOTHING_WRONG[check](len(table)))
            assert counts(check, of) == expected, check


# Of the rows a rule looks at, which break it.
ROW_BY_ROW = {
    "pedido_difere_da_soma_dos_itens": lambda rows, of: [
        row["valor_total_brl"]
        != sum_of([i["valor_total_item"] for i in of["itens_pedido"] if i["pedido_id"] == row["pedido_id"]])
        for row in rows
    ],
    "pedido_sem_pagamento": lambda rows, of: unknown(rows, "pedido_id", of["pagamentos"]),
    "pedido_sem_fornecedor": lambda rows, of: unknown(rows, "fornecedor_id", of["fornecedores"]),
    "item_sem_pedido": lambda rows, of: unknown(rows, "pedido_id", of["pedidos"]),
    "item_sem_produto": lambda rows, of: unknown(rows, "produto_id", of["produtos"]),
    "pagamento_sem_pedido": lambda rows, of: unknown(rows, "pedido_id", of["pedidos"]),
    "produto_sem_fornecedor": lambda rows, of: unknown(rows, "fornecedor_id", of["fornecedores"]),
    "pagamento_com_ptax_defasada": lambda rows, of: [
        (newest := quotation(row, of)) is not None
        and row["data_pagamento"] is not None
        and row["data_pagamento"] > newest["data_cotacao"]
        for row in rows
        if row["moeda_origem"] != "BRL"
    ],
    "preco_origem_incoerente_com_ptax": lambda rows, of: [
        not Decimal("0.5") <= row["preco_unitario_brl"] / (row["preco_origem"] * newest["taxa_ptax"]) <= Decimal("1.5")
        for row in rows
        if row["moeda_origem"] not in ("BRL", None)
        and row["preco_origem"] is not None
        and (newest := quotation(row, of)) is not None
    ],
}
# The rules of what was set aside and of age examine the rows read, or nothing, and nothing is wrong here.
NOTHING_WRONG = {
    "contabilidade_de_linhas": int, "linhas_em_quarentena": int, "atualidade": lambda _: 0,
    "volume_da_quarentena": int, "volume_da_tabela": lambda _: 0,
}  # fmt: skip


def sum_of(values):
    return sum(values) if values else None


def unknown(rows, column, others):
    return [row[column] is None or row[column] not in {other[column] for other in others} for row in rows]


def quotation(row, of):
    known = [each for each in of["cambio"] if each["moeda"] == row["moeda_origem"]]
    return max(known, key=lambda each: each["data_cotacao"], default=None)


@pytest.mark.parametrize(
    ("price", "failed"), [("24.99", 1), ("25.00", 0), ("50.00", 0), ("75.00", 0), ("75.01", 1)], ids=str
)
def test_a_price_is_coherent_from_half_the_newest_ptax_to_one_and_a_half_of_it(layer, price, failed):
    rates = table_of(
        "cambio",
        [
            {"data_cotacao": date(2024, 5, day), "moeda": "USD", "taxa_ptax": Decimal(rate)}
            for day, rate in ((2, 9), (3, 5))
        ],
    )
    product = {
        "produto_id": "P1",
        "moeda_origem": "USD",
        "preco_origem": Decimal(10),
        "preco_unitario_brl": Decimal(price),
    }
    of = audited("produtos", table_of("produtos", [product]), {"cambio": rates})
    assert counts("preco_origem_incoerente_com_ptax", of) == (failed, 1)


def test_empty_tables_break_nothing(layer):
    empty = {name: table.slice(0, 0) for name, table in layer.items()}
    for name, table in empty.items():
        for rule in load(name).rules:
            if rule.kind == "check":
                assert counts(rule.check, audited(name, table, empty))[0] == 0
