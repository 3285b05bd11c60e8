"""What the jobs read and write, as every engine knows it; needs nothing but the standard library."""

BRONZE = ("pedidos", "itens_pedido", "pagamentos", "produtos", "fornecedores", "cambio", "emprestimos")
FACT = "fato_pedido_correlacionado"
CASH_FLOW = "agregado_fluxo_de_caixa_mensal"
FORECAST = "agregado_ml_forecast_risco_cambial"

# Of each bronze table, what the fact is made of.
NEEDED = {
    "pedidos": (
        "pedido_id", "data_pedido", "fornecedor_id", "valor_total_brl", "status", "tipo_pagamento", "prazo_dias",
    ),
    "itens_pedido": ("item_id", "pedido_id", "produto_id", "quantidade", "valor_total_item"),
    "pagamentos": (
        "pagamento_id", "pedido_id", "fornecedor_id", "data_pagamento", "valor_pago_brl", "metodo_pagamento",
        "status_pagamento", "taxa_cambio_aplicada", "moeda_origem", "valor_moeda_origem", "num_parcelas",
        "parcela_atual", "data_vencimento",
    ),
    "produtos": ("produto_id", "nome_produto", "categoria", "subcategoria", "fornecedor_id"),
    "fornecedores": ("fornecedor_id", "razao_social", "pais_origem", "rating", "moeda_negociacao"),
    "cambio": ("data_cotacao", "moeda", "taxa_ptax"),
    "emprestimos": (
        "emprestimo_id", "instituicao_financeira", "prazo_meses", "valor_parcela_mensal", "status", "finalidade",
        "data_vencimento_proxima", "num_parcelas_pagas",
    ),
}  # fmt: skip

# Of all bronze columns, those that are decimals, by precision and scale, and those that are whole numbers; what begins
# with `data_` is a date, and the rest is text.
DECIMALS = (
    dict.fromkeys((
        "valor_total_brl", "preco_unitario", "valor_total_item", "valor_pago_brl", "valor_moeda_origem",
        "preco_unitario_brl", "preco_origem", "valor_principal_brl", "valor_parcela_mensal", "saldo_devedor",
    ), (18, 2))
    | dict.fromkeys(("taxa_cambio_aplicada", "taxa_compra", "taxa_venda", "taxa_ptax"), (18, 6))
    | dict.fromkeys(("desconto_percentual", "variacao_dia_percentual", "taxa_juros_anual"), (9, 4))
    | {"peso_kg": (18, 3)}
)  # fmt: skip
COUNTS = (
    "prazo_dias", "quantidade", "num_parcelas", "parcela_atual", "estoque_atual", "estoque_minimo", "lead_time_dias",
    "tempo_parceria_anos", "prazo_meses", "num_parcelas_pagas",
)  # fmt: skip


def sql_type(column: str, text: str = "VARCHAR") -> str:
    """Return a bronze column's type in SQL."""
    if column in DECIMALS:
        return "DECIMAL({}, {})".format(*DECIMALS[column])
    if column in COUNTS:
        return "BIGINT"
    return "DATE" if column.startswith("data_") else text


FACT_COLUMNS = (
    "tipo_registro", "pedido_id", "item_id", "pagamento_id", "emprestimo_id", "produto_id", "fornecedor_id",
    "fornecedor_produto_id", "data_pedido", "data_vencimento", "data_pagamento", "mes_referencia", "status_pedido",
    "status_pagamento", "metodo_pagamento", "origem_recurso", "num_parcelas", "parcela_atual", "nome_produto",
    "categoria", "subcategoria", "razao_social", "pais_origem", "rating", "instituicao_financeira",
    "finalidade_emprestimo", "moeda_origem", "quantidade", "valor_item_brl", "valor_fluxo_brl", "valor_moeda_origem",
    "taxa_cambio_aplicada", "taxa_ptax", "data_ptax", "dias_defasagem_ptax", "variacao_cambial_brl",
)  # fmt: skip
FACT_KEY = ("tipo_registro", "pedido_id", "item_id", "pagamento_id", "emprestimo_id", "data_vencimento")

# Of the fact, what the aggregates read.
GOLD_NEEDS = (
    "tipo_registro", "pedido_id", "pagamento_id", "emprestimo_id", "mes_referencia", "status_pagamento",
    "origem_recurso", "categoria", "moeda_origem", "quantidade", "valor_item_brl", "valor_fluxo_brl",
    "valor_moeda_origem", "taxa_ptax", "variacao_cambial_brl",
)  # fmt: skip
