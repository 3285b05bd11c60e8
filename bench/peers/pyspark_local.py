"""PySpark in local mode on two threads, by its own tuning guide: few shuffle partitions, adaptive plans, cached reuse.

Written in Spark SQL, which the guide says is as quick as the DataFrame API. In ANSI mode a product that does not fit a
BIGINT is an error, so a result is exact or there is none.
"""

from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from bench.tables import BRONZE, CASH_FLOW, FACT, FACT_COLUMNS, FACT_KEY, FORECAST, NEEDED, sql_type

_SETTINGS = {
    "spark.driver.memory": "10g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.shuffle.partitions": "8",
    "spark.sql.parquet.compression.codec": "snappy",
    "spark.sql.session.timeZone": "UTC",
}


def main(source: Path, target: Path) -> None:
    """Make the fact and the aggregates of the bronze tables."""
    spark = _session()
    _from_parquet(spark, source, target)
    _stop(spark)


def end_to_end(source: Path, target: Path) -> None:
    """Make the bronze tables of the CSVs, and of them the fact and the aggregates."""
    spark, bronze = _session(), target / "bronze"
    for table in BRONZE:
        _read_csv(spark, source / f"{table}.csv").write.parquet(str(bronze / f"{table}.parquet"))
    _from_parquet(spark, bronze, target)
    _stop(spark)


def _from_parquet(spark: SparkSession, source: Path, target: Path) -> None:
    _job(spark, {table: spark.read.parquet(str(source / f"{table}.parquet")) for table in BRONZE}, target)


def _session() -> SparkSession:
    builder = SparkSession.builder.master("local[2]").appName("bench")
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _stop(spark: SparkSession) -> None:
    """End the session and wait for its JVM, so that what it used is known."""
    gateway = spark.sparkContext._gateway
    spark.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()


def _read_csv(spark: SparkSession, path: Path) -> DataFrame:
    with path.open(encoding="utf-8") as file:
        header = file.readline().strip().split(",")
    schema = ", ".join(f"{name} {sql_type(name, 'STRING')}" for name in header)
    return spark.read.csv(str(path), schema=schema, header=True, escape='"')


def _job(spark: SparkSession, tables: dict[str, DataFrame], target: Path) -> None:
    for table, frame in tables.items():
        frame.select(*NEEDED[table]).createOrReplaceTempView(table)
    for name, query in _SILVER.items():
        spark.sql(query).createOrReplaceTempView(name)
        if name in _REUSED:
            spark.catalog.cacheTable(name)
    spark.sql(_FACT_ROWS).write.parquet(str(target / FACT))
    spark.catalog.clearCache()
    spark.read.parquet(str(target / FACT)).createOrReplaceTempView("fact")
    spark.sql(_CASH_FLOW).coalesce(1).write.parquet(str(target / CASH_FLOW))
    spark.sql(_FORECAST).coalesce(1).write.parquet(str(target / FORECAST))


# Silver -------------------------------------------------------------------------------------------------------------


def _units(name: str, scale: int = 2) -> str:
    return f"CAST({name} * {10**scale} AS BIGINT)"


def _decimal(units: str, scale: int) -> str:
    return f"CAST(CAST({units} AS DECIMAL(18,0)) * {10**-scale:.{scale}f} AS DECIMAL(18,{scale}))"


def _part(total: str, weight: str, whole: str, count: str, group: str, ties: str) -> str:
    """Return each row's part of its group's total by the largest remainders; the names are columns."""
    product = f"({total} * IF({whole} = 0, 1, {weight}))"
    divisor = f"IF({whole} = 0, {count}, {whole})"
    return f"""
        {product} div {divisor} + IF(
            row_number() OVER (PARTITION BY {group} ORDER BY {product} % {divisor} DESC, {ties})
            <= {total} - sum({product} div {divisor}) OVER (PARTITION BY {group}), 1, 0)"""


def _origin(method: str) -> str:
    return f"IF({method} = 'CARTAO_CREDITO', 'CARTAO_CREDITO_PJ', 'CONTA_CORRENTE_PJ')"


def _instalment(value: str) -> str:
    return f"""IF(num_parcelas > 1 AND {_units("valor_pago_brl")} = coalesce({_units("valor_total_brl")}, -1),
        {value} div num_parcelas + IF(parcela_atual <= {value} % num_parcelas, 1, 0), {value})"""


_REUSED = frozenset({"calendar", "payments", "unpaid", "dues", "shares"})
_SILVER = {
    "payments": f"""
        SELECT p.*, o.pedido_id IS NOT NULL AS known, o.data_pedido, o.status AS status_pedido,
            o.fornecedor_id AS fornecedor_do_pedido, {_instalment(_units("valor_pago_brl"))} AS value,
            {_instalment(_units("valor_moeda_origem"))} AS foreign_value, {_units("taxa_cambio_aplicada", 6)} AS applied
        FROM pagamentos p LEFT JOIN pedidos o ON o.pedido_id = p.pedido_id""",
    "quoted": f"""
        SELECT moeda, data_cotacao, {_units("taxa_ptax", 6)} AS ptax,
            lead(data_cotacao) OVER (PARTITION BY moeda ORDER BY data_cotacao) AS next_day
        FROM cambio WHERE moeda <> 'BRL'""",
    "calendar": """
        SELECT moeda, data_cotacao, ptax, explode(sequence(data_cotacao,
            date_sub(coalesce(next_day, date_add(greatest(last, data_cotacao), 1)), 1))) AS day
        FROM quoted CROSS JOIN (SELECT greatest(
            (SELECT max(data_pagamento) FROM pagamentos),
            (SELECT max(date_add(data_pedido, CAST(prazo_dias AS INT))) FROM pedidos)) AS last)""",
    "unpaid": f"""
        SELECT o.pedido_id, o.fornecedor_id, o.data_pedido, o.status AS status_pedido, tipo_pagamento,
            date_add(data_pedido, CAST(prazo_dias AS INT)) AS data_vencimento, moeda_negociacao AS moeda_origem,
            {_units("valor_total_brl")} AS value, IF(moeda_negociacao = 'BRL', 1000000, ptax) AS applied,
            IF(moeda_negociacao = 'BRL', {_units("valor_total_brl")},
                ({_units("valor_total_brl")} * 2000000 + ptax) div (2 * ptax)) AS foreign_value
        FROM pedidos o LEFT ANTI JOIN pagamentos p ON p.pedido_id = o.pedido_id
        LEFT JOIN fornecedores f ON f.fornecedor_id = o.fornecedor_id
        LEFT JOIN calendar ON calendar.moeda = moeda_negociacao AND calendar.day = o.data_pedido""",
    "dues": """
        SELECT pedido_id, pagamento_id, parcela_atual, value, foreign_value FROM payments WHERE known
        UNION ALL SELECT pedido_id, NULL, NULL, value, foreign_value FROM unpaid""",
    "cells": f"""
        SELECT dues.*, item_id, produto_id, quantidade, {_units("valor_total_item")} AS item_value, items, items_value,
            dues_count, dues_value
        FROM dues LEFT JOIN itens_pedido i ON i.pedido_id = dues.pedido_id
        LEFT JOIN (SELECT pedido_id AS of, count(*) AS items, sum({_units("valor_total_item")}) AS items_value
            FROM itens_pedido GROUP BY pedido_id) ON of = dues.pedido_id
        LEFT JOIN (SELECT pedido_id AS due_of, count(*) AS dues_count, sum(value) AS dues_value
            FROM dues GROUP BY pedido_id) ON due_of = dues.pedido_id""",
    "shares": f"""
        SELECT pedido_id, pagamento_id, item_id, produto_id,
            IF(item_id IS NULL, value, {
        _part("value", "item_value", "items_value", "items", "pedido_id, pagamento_id", "item_id")
    }) AS value,
            IF(item_id IS NULL, foreign_value, {
        _part("foreign_value", "item_value", "items_value", "items", "pedido_id, pagamento_id", "item_id")
    }) AS foreign_value,
            IF(item_id IS NULL, NULL, {
        _part("item_value", "value", "dues_value", "dues_count", "pedido_id, item_id", "parcela_atual, pagamento_id")
    }) AS item_value,
            IF(item_id IS NULL, NULL, {
        _part("quantidade", "value", "dues_value", "dues_count", "pedido_id, item_id", "parcela_atual, pagamento_id")
    }) AS quantidade
        FROM cells""",
    "commitments": f"""
        SELECT 'PAGAMENTO' AS tipo_registro, p.pedido_id, item_id, p.pagamento_id,
            CAST(NULL AS STRING) AS emprestimo_id, produto_id, fornecedor_do_pedido AS fornecedor_id, data_pedido,
            data_vencimento, data_pagamento,
            status_pedido, status_pagamento, metodo_pagamento, {_origin("metodo_pagamento")} AS origem_recurso,
            num_parcelas, parcela_atual, CAST(NULL AS STRING) AS instituicao_financeira,
            CAST(NULL AS STRING) AS finalidade_emprestimo, moeda_origem, quantidade, item_value, s.value,
            s.foreign_value, applied, data_pagamento AS day
        FROM shares s JOIN payments p ON p.pagamento_id = s.pagamento_id
        UNION ALL SELECT 'PAGAMENTO_SEM_PEDIDO', pedido_id, NULL, pagamento_id, NULL, NULL, fornecedor_id, NULL,
            data_vencimento, data_pagamento, NULL, status_pagamento, metodo_pagamento, {_origin("metodo_pagamento")},
            num_parcelas, parcela_atual, NULL, NULL, moeda_origem, NULL, NULL, value, foreign_value, applied,
            data_pagamento
        FROM payments WHERE NOT known
        UNION ALL SELECT 'PARCELA_EMPRESTIMO', NULL, NULL, NULL, emprestimo_id, NULL, NULL, NULL,
            add_months(data_vencimento_proxima, CAST(k AS INT)), NULL, NULL, 'AGENDADO', NULL, 'EMPRESTIMO_PJ',
            prazo_meses, num_parcelas_pagas + k + 1, instituicao_financeira, finalidade, 'BRL', NULL, NULL,
            {_units("valor_parcela_mensal")}, {_units("valor_parcela_mensal")}, 1000000, NULL
        FROM (SELECT *, explode(sequence(0, prazo_meses - num_parcelas_pagas - 1)) AS k FROM emprestimos
            WHERE status <> 'QUITADO' AND num_parcelas_pagas < prazo_meses)
        UNION ALL SELECT 'PEDIDO_SEM_PAGAMENTO', u.pedido_id, item_id, NULL, NULL, produto_id, fornecedor_id,
            data_pedido, data_vencimento, NULL, status_pedido, IF(status_pedido = 'CANCELADO', 'CANCELADO', 'PREVISTO'),
            tipo_pagamento, {_origin("tipo_pagamento")}, NULL, NULL, NULL, NULL, moeda_origem, quantidade, item_value,
            s.value, s.foreign_value, applied, data_vencimento
        FROM shares s JOIN unpaid u ON u.pedido_id = s.pedido_id WHERE s.pagamento_id IS NULL""",
    "rated": """
        SELECT c.*, IF(moeda_origem = 'BRL', 1000000, ptax) AS rate, data_cotacao AS data_ptax,
            CAST(datediff(c.day, data_cotacao) AS BIGINT) AS dias_defasagem_ptax
        FROM commitments c LEFT JOIN calendar q ON q.moeda = moeda_origem AND q.day = c.day""",
    "completed": f"""
        SELECT r.*, p.fornecedor_id AS fornecedor_produto_id, nome_produto, categoria, subcategoria, razao_social,
            pais_origem, rating, date_format(data_vencimento, 'yyyy-MM') AS mes_referencia,
            {_decimal("item_value", 2)} AS valor_item_brl, {_decimal("value", 2)} AS valor_fluxo_brl,
            {_decimal("foreign_value", 2)} AS valor_moeda_origem, {_decimal("applied", 6)} AS taxa_cambio_aplicada,
            {_decimal("rate", 6)} AS taxa_ptax,
            {
        _decimal(
            '''IF(moeda_origem = 'BRL', 0, IF(foreign_value * (rate - applied) < 0, -1, 1)
                * ((abs(foreign_value * (rate - applied)) + 500000) div 1000000))''',
            2,
        )
    } AS variacao_cambial_brl
        FROM rated r LEFT JOIN produtos p ON p.produto_id = r.produto_id
        LEFT JOIN fornecedores f ON f.fornecedor_id = r.fornecedor_id""",
}
_FACT_ROWS = f"""
    SELECT {", ".join(FACT_COLUMNS)} FROM completed
    ORDER BY {", ".join(f"{name} NULLS LAST" for name in FACT_KEY)}"""

# Gold ---------------------------------------------------------------------------------------------------------------


def _paid(*statuses: str, column: str = "valor_fluxo_brl") -> str:
    listed = ", ".join(f"'{status}'" for status in statuses)
    return f"CAST(coalesce(sum({column}) FILTER (WHERE status_pagamento IN ({listed})), 0) AS DECIMAL(18,2))"


_EXPOSURE = """CAST(coalesce(sum(valor_moeda_origem) FILTER (
    WHERE status_pagamento NOT IN ('PAGO', 'CANCELADO') AND moeda_origem <> 'BRL'), 0) AS DECIMAL(18,2))"""
_CASH_FLOW = f"""
    WITH groups AS (
        SELECT mes_referencia, origem_recurso, moeda_origem, {_paid("PAGO")} AS saida_paga_brl,
            {_paid("PENDENTE")} AS saida_pendente_brl, {_paid("AGENDADO")} AS saida_agendada_brl,
            {_paid("PREVISTO")} AS saida_prevista_brl, {_paid("CANCELADO")} AS cancelado_brl,
            {_paid("PAGO", "PENDENTE", "AGENDADO", "PREVISTO")} AS total_saida_brl,
            {_EXPOSURE} AS exposicao_moeda_origem,
            {_paid("PAGO", "PENDENTE", "AGENDADO", "PREVISTO", column="variacao_cambial_brl")} AS variacao_cambial_brl,
            count(DISTINCT pedido_id) AS qtd_pedidos, count(DISTINCT pagamento_id) AS qtd_pagamentos,
            count(DISTINCT emprestimo_id) AS qtd_emprestimos
        FROM fact GROUP BY mes_referencia, origem_recurso, moeda_origem)
    SELECT mes_referencia, origem_recurso, moeda_origem, saida_paga_brl, saida_pendente_brl, saida_agendada_brl,
        saida_prevista_brl, cancelado_brl, total_saida_brl,
        CAST(sum(total_saida_brl) OVER (PARTITION BY origem_recurso, moeda_origem ORDER BY mes_referencia)
            AS DECIMAL(18,2)) AS total_saida_acumulado_brl,
        exposicao_moeda_origem, variacao_cambial_brl, qtd_pedidos, qtd_pagamentos, qtd_emprestimos
    FROM groups ORDER BY mes_referencia NULLS LAST, origem_recurso NULLS LAST, moeda_origem NULLS LAST"""


def _at(months: int) -> str:
    """Return the value so many months away, 0 where the month has no rows."""
    return f"""coalesce(max(valor_fluxo_brl) OVER (PARTITION BY categoria, moeda_origem ORDER BY month
        RANGE BETWEEN {months} FOLLOWING AND {months} FOLLOWING), CAST(0 AS DECIMAL(18,2)))"""


_FORECAST = f"""
    WITH groups AS (
        SELECT mes_referencia, categoria, moeda_origem, CAST(sum(valor_fluxo_brl) AS DECIMAL(18,2)) AS valor_fluxo_brl,
            CAST(coalesce(sum(valor_item_brl), 0) AS DECIMAL(18,2)) AS valor_item_brl,
            coalesce(sum(quantidade), 0) AS quantidade, count(DISTINCT pedido_id) AS qtd_pedidos,
            avg(CAST(taxa_ptax AS DOUBLE)) AS taxa_ptax_media, min(taxa_ptax) AS taxa_ptax_min,
            max(taxa_ptax) AS taxa_ptax_max, stddev_samp(CAST(taxa_ptax AS DOUBLE)) AS taxa_ptax_desvio,
            {_EXPOSURE} AS exposicao_moeda_origem,
            CAST(coalesce(sum(variacao_cambial_brl), 0) AS DECIMAL(18,2)) AS variacao_cambial_brl,
            CAST(substr(mes_referencia, 1, 4) AS INT) * 12 + CAST(substr(mes_referencia, 6) AS INT) - 1 AS month
        FROM fact WHERE tipo_registro <> 'PARCELA_EMPRESTIMO' AND status_pagamento <> 'CANCELADO'
        GROUP BY mes_referencia, categoria, moeda_origem),
    series AS (
        SELECT *, month - min(month) OVER (PARTITION BY categoria, moeda_origem) AS age, max(month) OVER () AS last
        FROM groups),
    lagged AS (
        SELECT *, IF(age >= 1, {_at(-1)}, NULL) AS lag_1, IF(age >= 2, {_at(-2)}, NULL) AS lag_2,
            IF(age >= 3, {_at(-3)}, NULL) AS lag_3, IF(month < last, {_at(1)}, NULL) AS target
        FROM series)
    SELECT mes_referencia, categoria, moeda_origem, valor_fluxo_brl, valor_item_brl, quantidade,
        IF(quantidade <> 0, CAST(valor_item_brl AS DOUBLE) / quantidade, NULL) AS preco_medio_brl, qtd_pedidos,
        taxa_ptax_media, taxa_ptax_min, taxa_ptax_max, taxa_ptax_desvio, exposicao_moeda_origem, variacao_cambial_brl,
        lag_1 AS valor_fluxo_lag_1, lag_2 AS valor_fluxo_lag_2, lag_3 AS valor_fluxo_lag_3,
        IF(age >= 1, CAST(lag_1 + coalesce(lag_2, 0) + coalesce(lag_3, 0) AS DOUBLE) / least(age, 3), NULL)
            AS media_movel_3m_brl,
        sin(2 * pi() * (month % 12 + 1) / 12) AS mes_seno, cos(2 * pi() * (month % 12 + 1) / 12) AS mes_cosseno,
        target AS alvo_valor_fluxo_proximo_mes_brl
    FROM lagged ORDER BY mes_referencia NULLS LAST, categoria NULLS LAST, moeda_origem NULLS LAST"""
