"""Hypothesis strategies for valid bronze tables: small worlds in which every trap of data.md can happen."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st
from lakehouse_tables import OF_THE_FACT

from lakehouse.contract.model import load

Row = dict[str, Any]
DAY0 = date(2024, 1, 29)
METHODS = ("BOLETO", "TRANSFERENCIA", "CARTAO_CREDITO", "PIX")
CURRENCIES = ("BRL", "USD", "JPY", "EUR")

amounts = st.one_of(st.integers(0, 5), st.integers(0, 10**7), st.integers(10**12 - 3, 10**12)).map(
    lambda units: Decimal(units) / 100
)
rates = st.integers(1, 9_000_000).map(lambda units: Decimal(units) / 10**6)
dates = st.integers(0, 60).map(lambda n: DAY0 + timedelta(n))
order_ids = st.integers(1, 5).map("PED{:03d}".format)


def table(name: str, rows: list[Row]) -> pa.Table:
    """Make a bronze table with its contract's schema; a column not given is NULL."""
    schema = load(name).schema
    return pa.table([pa.array([row.get(f.name) for row in rows], f.type) for f in schema], schema=schema)


def rows_of(key: str, prefix: str, most: int, **columns: st.SearchStrategy) -> st.SearchStrategy[list[Row]]:
    """Rows with distinct keys, in any order."""
    ids = st.integers(1, 3 * most).map((prefix + "{:03d}").format)
    return st.lists(st.fixed_dictionaries({key: ids, **columns}), max_size=most, unique_by=lambda row: row[key])


orders = rows_of(
    "pedido_id", "PED", 5,
    data_pedido=dates, fornecedor_id=st.sampled_from(["FORN001", "FORN002", "FORN009"]), valor_total_brl=amounts,
    status=st.sampled_from(["ENTREGUE", "CANCELADO"]), tipo_pagamento=st.sampled_from(METHODS),
    prazo_dias=st.integers(0, 90),
)  # fmt: skip
items = rows_of(
    "item_id", "ITEM", 9,
    pedido_id=order_ids, produto_id=st.sampled_from(["PROD001", "PROD002", "PROD009"]),
    quantidade=st.integers(0, 9), preco_unitario=amounts, desconto_percentual=st.just(Decimal(0)),
    valor_total_item=amounts,
)  # fmt: skip
products = rows_of(
    "produto_id", "PROD", 2,
    nome_produto=st.just("Cabo"), categoria=st.sampled_from(["Têxtil", "Autopeças"]), subcategoria=st.just("x"),
    fornecedor_id=st.just("FORN002"),
)  # fmt: skip
suppliers = rows_of(
    "fornecedor_id", "FORN", 3,
    razao_social=st.just("Ação Ltda"), pais_origem=st.just("Brasil"), rating=st.just("A"),
    moeda_negociacao=st.sampled_from(CURRENCIES),
)  # fmt: skip
quotations = st.lists(
    st.fixed_dictionaries({"data_cotacao": dates, "moeda": st.sampled_from(CURRENCIES), "taxa_ptax": rates}),
    max_size=8,
    unique_by=lambda row: (row["data_cotacao"], row["moeda"]),
)
loans = rows_of(
    "emprestimo_id", "EMP", 3,
    status=st.sampled_from(["ATIVO", "QUITADO", "INADIMPLENTE"]), prazo_meses=st.integers(4, 15),
    num_parcelas_pagas=st.integers(0, 4), valor_parcela_mensal=amounts, data_vencimento_proxima=dates,
    instituicao_financeira=st.just("BNDES"), finalidade=st.just("Giro"),
)  # fmt: skip


@st.composite
def payments(draw: st.DrawFn, order_rows: list[Row]) -> list[Row]:
    """Payments, many of which repeat their order's total in every instalment."""
    totals = {row["pedido_id"]: row["valor_total_brl"] for row in order_rows}
    drawn = draw(
        rows_of(
            "pagamento_id", "PAG", 8,
            pedido_id=st.one_of(order_ids, st.none()), fornecedor_id=st.sampled_from(["FORN001", None]),
            data_pagamento=st.one_of(dates, st.none()), valor_pago_brl=amounts,
            metodo_pagamento=st.sampled_from(METHODS),
            status_pagamento=st.sampled_from(["PAGO", "PENDENTE", "AGENDADO", "CANCELADO"]),
            taxa_cambio_aplicada=rates, moeda_origem=st.sampled_from(CURRENCIES), valor_moeda_origem=amounts,
            num_parcelas=st.integers(1, 3), parcela_atual=st.integers(1, 3), data_vencimento=dates,
        )
    )  # fmt: skip
    for row in drawn:
        row["parcela_atual"] = min(row["parcela_atual"], row["num_parcelas"])
        if row["pedido_id"] in totals and draw(st.booleans()):
            row["valor_pago_brl"] = totals[row["pedido_id"]]
    return drawn


@st.composite
def bronze(draw: st.DrawFn) -> Mapping[str, pa.Table]:
    """Draw the tables of a small company that the fact is made from."""
    order_rows = draw(orders)
    rows = {
        "pedidos": order_rows,
        "itens_pedido": draw(items),
        "pagamentos": draw(payments(order_rows)),
        "produtos": draw(products),
        "fornecedores": draw(suppliers),
        "cambio": draw(quotations),
        "emprestimos": draw(loans),
    }
    return {name: table(name, rows[name]) for name in OF_THE_FACT}
