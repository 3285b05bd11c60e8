"""Column lineage is proven, not believed: what a source column changes is what the contracts say it changes."""

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from random import Random

import pytest
from bronze_tables import bronze
from hypothesis import given, reject
from hypothesis import strategies as st
from lakehouse_tables import CASH_FLOW, FACT, FORECAST, OF_THE_FACT
from layers import cash_flow, correlate, forecast
from perturbation import (
    Change,
    broken_rules,
    changes,
    differing,
    of_fact,
    of_group,
    paired,
    rotated,
    table_of,
    with_column,
)

from bronze.synthetic.company import accepted, generate
from lakehouse.contract.model import load
from lakehouse.errors import MoneyRangeError

pytestmark = pytest.mark.once

# Changes of a column at the least; what none of them does, a change of a whole company or of a drawn world may do.
TRIED = 30
AGGREGATES = {CASH_FLOW: cash_flow, FORECAST: forecast}


def order(pedido_id, **changed):
    return {
        "pedido_id": pedido_id, "data_pedido": date(2024, 10, 15), "fornecedor_id": "F1",
        "valor_total_brl": Decimal("100.00"), "status": "PENDENTE", "tipo_pagamento": "PIX", "prazo_dias": 30,
    } | changed  # fmt: skip


def item(item_id, pedido_id, produto_id, quantidade):
    price = Decimal("33.33")
    return {
        "item_id": item_id, "pedido_id": pedido_id, "produto_id": produto_id, "quantidade": quantidade,
        "preco_unitario": price, "desconto_percentual": Decimal(0), "valor_total_item": price * quantidade,
    }  # fmt: skip


def payment(pagamento_id, pedido_id, value, foreign, **changed):
    return {
        "pagamento_id": pagamento_id, "pedido_id": pedido_id, "fornecedor_id": "F1",
        "data_pagamento": date(2024, 11, 1), "valor_pago_brl": Decimal(value), "metodo_pagamento": "PIX",
        "status_pagamento": "PAGO", "taxa_cambio_aplicada": Decimal("2.2"), "moeda_origem": "USD",
        "valor_moeda_origem": Decimal(foreign), "num_parcelas": 1, "parcela_atual": 1,
        "data_vencimento": date(2024, 11, 1),
    } | changed  # fmt: skip


def quotation(day, moeda, rate):
    rates = dict.fromkeys(("taxa_compra", "taxa_venda", "taxa_ptax"), Decimal(rate))
    return {"data_cotacao": day, "moeda": moeda, "variacao_dia_percentual": Decimal(0), **rates}


def loan(emprestimo_id, status, due):
    return {
        "emprestimo_id": emprestimo_id, "instituicao_financeira": "BNDES", "valor_principal_brl": Decimal(1000),
        "prazo_meses": 6, "valor_parcela_mensal": Decimal(10), "saldo_devedor": Decimal(10), "status": status,
        "finalidade": "Giro", "data_vencimento_proxima": due, "num_parcelas_pagas": 3, "usuario_responsavel": "a.b",
    }  # fmt: skip


# Small, with a witness for every source: ties in every rateio, instalments that repeat the total and others that do
# not, orders without items, without payments and without both, payments without an order, stale and missing rates.
BRL = {"moeda_origem": "BRL", "taxa_cambio_aplicada": Decimal(1)}
WORLD = {
    "pedidos": [
        order("P1"),
        order("P2", fornecedor_id="F2", valor_total_brl=Decimal("200.01"), data_pedido=date(2024, 10, 16)),
        order("P3", fornecedor_id="F2", valor_total_brl=Decimal("77.77"), prazo_dias=10, usuario_criacao="a.b"),
        order("P4", fornecedor_id="F2", prazo_dias=60, tipo_pagamento="CARTAO_CREDITO", status="CANCELADO"),
        order("P5", status="CANCELADO"),
        order("P6", fornecedor_id="F3", valor_total_brl=Decimal("60.01")),
        order("P7"),
    ],
    "itens_pedido": [
        item("I1", "P1", "R1", 5), item("I2", "P1", "R2", 7), item("I3", "P2", "R1", 2), item("I4", "P2", "R2", 2),
        item("I5", "P5", "R1", 1), item("I6", "P6", "R1", 8), item("I7", "P6", "R3", 8), item("I8", "P7", "R2", 1),
    ],
    "pagamentos": [
        *(
            payment(f"G{k}", "P1", "100", "100", num_parcelas=4, parcela_atual=k, metodo_pagamento="CARTAO_CREDITO",
                    data_vencimento=date(2024 + (k > 2), 12 if k == 2 else 10 + k - 12 * (k > 2), 1), **BRL)
            for k in (1, 2, 3, 4)
        ),
        payment("G5", "P3", "77.77", "15.01", num_parcelas=2),
        payment("G6", "P6", "60.01", "11.11", num_parcelas=2, status_pagamento="PENDENTE"),
        payment("G7", "P6", "30.00", "11.11", data_pagamento=date(2024, 11, 20)),
        payment("G8", "P6", "30.00", "11.11", data_pagamento=date(2024, 10, 20), usuario_aprovacao="a.b"),
        payment("G9", "P9", "33.33", "11.11", fornecedor_id="F2", num_parcelas=2, status_pagamento="AGENDADO"),
        payment("GB", "P7", "50.00", "50.00", **BRL),
        payment("GC", "P7", "50.00", "50.00", **BRL),
        payment("GA", None, "100", "100", fornecedor_id=None, data_pagamento=None, **BRL),
    ],
    "produtos": [
        {"produto_id": f"R{k}", "nome_produto": f"n{k}", "categoria": f"c{k}", "subcategoria": f"s{k}",
         "fornecedor_id": "F2", "preco_unitario_brl": Decimal(1), "moeda_origem": "BRL"}
        for k in (1, 2)
    ],
    "fornecedores": [
        {"fornecedor_id": "F1", "razao_social": "r1", "pais_origem": "p1", "rating": "A", "moeda_negociacao": "BRL",
         "cnpj": "1", "telefone": "1", "contato_email": "a@b.c"},
        {"fornecedor_id": "F2", "razao_social": "r2", "pais_origem": "p2", "rating": "B", "moeda_negociacao": "USD"},
    ],
    "cambio": [
        quotation(date(2024, 10, 2), "USD", "5.1"), quotation(date(2024, 10, 15), "USD", "5.3"),
        quotation(date(2024, 10, 29), "USD", "5.5"), quotation(date(2024, 10, 3), "EUR", "6.1"),
        quotation(date(2024, 11, 15), "USD", "6"),
    ],
    "emprestimos": [
        loan("E1", "ATIVO", date(2024, 11, 30)), loan("E2", "QUITADO", None), loan("E3", "ATIVO", date(2024, 11, 5)),
    ],
}  # fmt: skip
BEFORE = {table: table_of(table, rows) for table, rows in WORLD.items()}
FACT_BEFORE = correlate(BEFORE).fact
FACT_ROWS = FACT_BEFORE.to_pylist()


def declared(contract):
    """Return the columns of a table that each source column changes, and the sources that change its rows."""
    by_source = defaultdict(set)
    for column in contract.columns:
        for source in column.sources:
            by_source[source].add(column.name)
    return by_source, set(contract.row_sources)


def assert_nothing_else(source, change, before, after, contract):
    """Check that a change of a source column changes only what is declared; return what it does change."""
    columns, row_sources = declared(contract)
    differ, rows_differ = differing(before, after)
    wrong = sorted(differ - columns[source])
    assert not wrong, f"{source} ({change.what}) changes {wrong} of {contract.table}, which is undeclared"
    undeclared = rows_differ and source not in row_sources
    assert not undeclared, f"{source} ({change.what}) changes the rows of {contract.table}, which is undeclared"
    return differ, rows_differ


def assert_lineage(source, possible, before, after, contract):
    """Change a source column until all that it is declared to change has changed, and at least `TRIED` times.

    Nothing else may change. Each of its changes is tried where something that is declared does not change.
    """
    columns, row_sources = declared(contract)
    missing, idle = set(columns[source]), source in row_sources
    possible = list(possible)
    Random(source).shuffle(possible)
    for tried, change in enumerate(possible):
        if tried >= TRIED and not missing and not idle:
            break
        differ, rows_differ = assert_nothing_else(source, change, before, after(change), contract)
        missing, idle = missing - differ, idle and not rows_differ
    assert not missing, f"{source} is declared to change {sorted(missing)} of {contract.table}, and does not"
    assert not idle, f"{source} is declared to change the rows of {contract.table}, and does not"


def assert_bronze_lineage(table, column, contract):
    def after(change: Change):
        return paired(correlate(BEFORE | {table: changed(change)}).fact, of_fact, change.undo)

    def changed(change: Change):
        return with_column(BEFORE[table], column, change.rows)

    possible = (change for change in changes(table, column, WORLD[table]) if not broken_rules(table, changed(change)))
    before = paired(FACT_BEFORE, of_fact, {})
    assert_lineage(f"importau_bronze.{table}.{column}", possible, before, after, contract)


def assert_fact_lineage(column, contract):
    identity, aggregate = of_group(contract.key), AGGREGATES[contract.table]

    def after(change: Change):
        return paired(aggregate(with_column(FACT_BEFORE, column, change.rows)), identity, change.undo)

    before = paired(aggregate(FACT_BEFORE), identity, {})
    assert_lineage(f"importau_silver.{FACT}.{column}", changes(FACT, column, FACT_ROWS), before, after, contract)


@pytest.mark.parametrize("table", OF_THE_FACT)
def test_each_bronze_column_changes_exactly_what_the_facts_contract_says(table):
    for column in load(table).schema.names:
        assert_bronze_lineage(table, column, load(FACT))


@pytest.mark.parametrize("target", AGGREGATES)
def test_each_column_of_the_fact_changes_exactly_what_the_aggregates_contract_says(target):
    for column in load(FACT).schema.names:
        assert_fact_lineage(column, load(target))


def with_sources(target, column, change):
    """Return a contract in which one column declares other sources."""
    contract = load(target)
    columns = [replace(c, sources=change(c.sources)) if c.name == column else c for c in contract.columns]
    return replace(contract, columns=tuple(columns))


def without(source):
    return lambda sources: tuple(other for other in sources if other != source)


def test_a_source_forgotten_in_a_contract_is_named():
    rate = "importau_bronze.cambio.taxa_ptax"
    forgotten = with_sources(FACT, "variacao_cambial_brl", without(rate))
    with pytest.raises(AssertionError, match=rf"{rate} \(.*\) changes \['variacao_cambial_brl'\] of {FACT}"):
        assert_bronze_lineage("cambio", "taxa_ptax", forgotten)
    status = f"importau_silver.{FACT}.status_pagamento"
    forgotten = with_sources(CASH_FLOW, "cancelado_brl", without(status))
    with pytest.raises(AssertionError, match=rf"{status} \(.*\) changes \['cancelado_brl'\] of {CASH_FLOW}"):
        assert_fact_lineage("status_pagamento", forgotten)


def test_a_source_that_changes_nothing_is_named():
    rate = "importau_bronze.cambio.taxa_compra"
    believed = with_sources(FACT, "taxa_ptax", lambda sources: (*sources, rate))
    with pytest.raises(AssertionError, match=rf"{rate} is declared to change \['taxa_ptax'\] of {FACT}, and does not"):
        assert_bronze_lineage("cambio", "taxa_compra", believed)


def test_a_source_of_the_rows_that_is_forgotten_or_believed_is_named():
    contract = load(FACT)
    months = "importau_bronze.emprestimos.prazo_meses"
    forgotten = replace(contract, rows_by={each: how for each, how in contract.rows_by.items() if each != months})
    with pytest.raises(AssertionError, match=rf"{months} \(.*\) changes the rows of {FACT}, which is undeclared"):
        assert_bronze_lineage("emprestimos", "prazo_meses", forgotten)
    rate = "importau_bronze.cambio.taxa_compra"
    believed = replace(contract, rows_by={**contract.rows_by, rate: ("FILTER",)})
    with pytest.raises(AssertionError, match=f"{rate} is declared to change the rows of {FACT}, and does not"):
        assert_bronze_lineage("cambio", "taxa_compra", believed)


@cache
def company():
    """Return the rows of a synthetic company, with the traps that its generator leaves out."""
    rows = {table: accepted(table, made).kept.to_pylist() for table, made in generate(150, 42).items()}
    rows["itens_pedido"] = [row for row in rows["itens_pedido"] if not row["pedido_id"].endswith("7")]
    for n, row in enumerate(rows["pagamentos"]):
        row["pedido_id"] = {3: "PED999999", 4: None}.get(n % 20, row["pedido_id"])
        row["data_pagamento"] = None if n % 11 == 5 else row["data_pagamento"]
    return rows


@cache
def company_tables():
    return {table: table_of(table, rows) for table, rows in company().items()}


@cache
def company_fact():
    return correlate(company_tables()).fact


def test_the_company_has_every_kind_of_commitment_and_every_trap():
    fact = company_fact().to_pylist()
    kinds = {(row["tipo_registro"], row["item_id"] is None) for row in fact}
    assert kinds == {
        ("PAGAMENTO", False), ("PAGAMENTO", True), ("PAGAMENTO_SEM_PEDIDO", True), ("PARCELA_EMPRESTIMO", True),
        ("PEDIDO_SEM_PAGAMENTO", False), ("PEDIDO_SEM_PAGAMENTO", True),
    }  # fmt: skip
    assert {"PAGO", "PENDENTE", "AGENDADO", "PREVISTO", "CANCELADO"} == {row["status_pagamento"] for row in fact}
    unpaid = {row["moeda_origem"] for row in fact if row["tipo_registro"] == "PEDIDO_SEM_PAGAMENTO"}
    assert {"BRL", "USD"} <= unpaid
    assert any((row["num_parcelas"] or 1) > 1 for row in fact)
    assert any(row["taxa_ptax"] is None for row in fact)


@pytest.mark.parametrize("table", OF_THE_FACT)
@pytest.mark.parametrize("by", [1, 7])
def test_a_column_rotated_in_a_whole_company_changes_only_what_is_declared(table, by):
    before = paired(company_fact(), of_fact, {})
    for column in load(table).schema.names:
        change = rotated(table, column, company()[table], by)
        fact = correlate(company_tables() | {table: with_column(company_tables()[table], column, change.rows)}).fact
        after = paired(fact, of_fact, change.undo)
        assert_nothing_else(f"importau_bronze.{table}.{column}", change, before, after, load(FACT))


@pytest.mark.parametrize("target", AGGREGATES)
def test_a_column_rotated_in_a_companys_fact_changes_only_what_is_declared(target):
    aggregate, identity, rows = AGGREGATES[target], of_group(load(target).key), company_fact().to_pylist()
    before = paired(aggregate(company_fact()), identity, {})
    for column in load(FACT).schema.names:
        change = rotated(FACT, column, rows, 1)
        after = paired(aggregate(with_column(company_fact(), column, change.rows)), identity, {})
        assert_nothing_else(f"importau_silver.{FACT}.{column}", change, before, after, load(target))


@given(bronze(), st.sampled_from(OF_THE_FACT), st.randoms(use_true_random=False))
def test_in_no_world_does_a_bronze_column_change_what_is_undeclared(tables, table, random):
    try:
        before = paired(correlate(tables).fact, of_fact, {})
    except MoneyRangeError:
        reject()  # Billions at a millionth of a real: refused, and so without lineage.
    rows, already = tables[table].to_pylist(), broken_rules(table, tables[table])
    for column in load(table).schema.names if rows else ():
        possible = list(changes(table, column, rows))
        for change in random.sample(possible, min(3, len(possible))):
            changed = with_column(tables[table], column, change.rows)
            if not broken_rules(table, changed) <= already:
                continue
            try:
                after = paired(correlate(tables | {table: changed}).fact, of_fact, change.undo)
            except MoneyRangeError:
                continue
            assert_nothing_else(f"importau_bronze.{table}.{column}", change, before, after, load(FACT))
