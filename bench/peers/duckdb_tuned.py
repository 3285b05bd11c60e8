"""DuckDB, tuned by its own guide: integer keys, windows only over the rows that need one, one ORDER BY.

Products and sums that do not fit a BIGINT are errors in DuckDB, so a result is exact or there is none. Keys are a
prefix and a number of one width, so their numbers sort and join as they do; that is checked.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import duckdb

from bench.tables import BRONZE, CASH_FLOW, FACT, FACT_COLUMNS, FORECAST, NEEDED, sql_type

_PARQUET = "(FORMAT parquet, COMPRESSION snappy)"


# Writes a CSV's bronze table: to a database, the file and the target.
Write = Callable[[duckdb.DuckDBPyConnection, Path, Path], None]


class Keys(NamedTuple):
    """How keys become numbers that sort and join as they do.

    Attributes
    ----------
    statements : tuple of str
        Make ``numbered_orders``, ``numbered_items`` and ``numbered_payments``, the tables with ``o``, ``i`` and ``d``.
    checks : str
        A query of which every row has to be true; none where it is empty.
    distinct : callable
        Given a key's name, the expression of how many different ones there are.
    """

    statements: tuple[str, ...]
    checks: str
    distinct: Callable[[str], str]


def prepare(source: Path, target: Path) -> None:
    """Write each input as DuckDB writes Parquet, in its own row groups."""
    database = _database()
    for table in BRONZE:
        columns = ", ".join(NEEDED[table])
        database.execute(
            f"COPY (SELECT {columns} FROM '{source / table}.parquet') TO '{target / table}.parquet' {_PARQUET}"
        )


def main(source: Path, target: Path) -> None:
    """Make the fact and the aggregates of prepared inputs."""
    job({table: f"read_parquet('{source / table}.parquet')" for table in BRONZE}, target, _THEIR_NUMBERS)


def end_to_end(source: Path, target: Path) -> None:
    """Make the bronze tables of the CSVs, and of them the fact and the aggregates."""
    through_bronze(source, target, _write, _THEIR_NUMBERS)


def straight(source: Path, target: Path) -> None:
    """Make the fact and the aggregates of the CSVs, without bronze tables."""
    job({table: csv(source / f"{table}.csv") for table in BRONZE}, target, _THEIR_NUMBERS)


def through_bronze(source: Path, target: Path, write: Write, keys: Keys) -> None:
    """Write the typed bronze tables of the CSVs, each by ``write``, and make the fact and the aggregates of them."""
    bronze = target / "bronze"
    bronze.mkdir()
    database = _database()
    for table in BRONZE:
        write(database, source / f"{table}.csv", bronze / f"{table}.parquet")
    job({table: f"read_parquet('{bronze / table}.parquet')" for table in BRONZE}, target, keys)


def _write(database: duckdb.DuckDBPyConnection, path: Path, target: Path) -> None:
    copy(database, csv(path), target)


def copy(database: duckdb.DuckDBPyConnection, rows: str, target: Path) -> None:
    """Write rows as Parquet."""
    database.execute(f"COPY (FROM {rows}) TO '{target}' {_PARQUET}")


def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 2})


def csv(path: Path) -> str:
    """Return the function that reads a file."""
    with path.open(encoding="utf-8") as file:
        header = file.readline().strip().split(",")
    return (
        f"read_csv('{path}', header = true, auto_detect = false, delim = ',', quote = '\"', columns = {types(header)})"
    )


def types(header: list[str]) -> str:
    """Return the types of a file's columns."""
    return "{" + ", ".join(f"'{name}': '{sql_type(name)}'" for name in header) + "}"


def job(tables: dict[str, str], target: Path, keys: Keys) -> None:
    """Make the fact and the aggregates of the bronze tables."""
    for name in (FACT, CASH_FLOW, FORECAST):
        (target / name).mkdir()
    database = _database()
    for table, source in tables.items():
        database.execute(f"CREATE VIEW {table} AS SELECT {', '.join(NEEDED[table])} FROM {source}")
    for statement in (*keys.statements, *_SILVER):
        database.execute(statement)
    if keys.checks and database.execute(f"SELECT bool_and(good) FROM ({keys.checks})").fetchone() != (True,):
        raise ValueError("the keys are not a prefix and a number of one width")
    database.execute(f"COPY ({_FACT_ROWS}) TO '{target / FACT}/0.parquet' {_PARQUET}")
    database.execute(f"CREATE VIEW fact AS FROM read_parquet('{target / FACT}/0.parquet')")
    database.execute(f"COPY ({_cash_flow(keys.distinct)}) TO '{target / CASH_FLOW}/0.parquet' {_PARQUET}")
    database.execute(f"COPY ({_forecast(keys.distinct)}) TO '{target / FORECAST}/0.parquet' {_PARQUET}")


# Silver -------------------------------------------------------------------------------------------------------------


def _part(total: str, weight: str, whole: str, count: str, group: str, ties: str) -> str:
    """Return each row's part of its group's total by the largest remainders; the names are columns."""
    product = f"({total} * CASE WHEN {whole} = 0 THEN 1 ELSE {weight} END)"
    divisor = f"CASE WHEN {whole} = 0 THEN {count} ELSE {whole} END"
    return f"""
        {product} // ({divisor}) + CASE WHEN
            row_number() OVER (PARTITION BY {group} ORDER BY {product} % ({divisor}) DESC, {ties})
            <= {total} - sum({product} // ({divisor})) OVER (PARTITION BY {group})
        THEN 1 ELSE 0 END"""


def _units(name: str, scale: int = 2) -> str:
    return f"CAST({name} * {10**scale} AS BIGINT)"


def _money(units: str) -> str:
    # 16 and 2 digits make 18: the product is one of 64-bit integers.
    return f"CAST({units} AS DECIMAL(16,0)) * CAST(0.01 AS DECIMAL(2,2))"


def _rate(units: str) -> str:
    return f"CAST({units} AS DECIMAL(12,0)) * CAST(0.000001 AS DECIMAL(6,6))"


_PREFIXES = {"pedido_id": "PED", "item_id": "ITEM", "pagamento_id": "PAG"}


def _number(key: str) -> str:
    return f"CAST(substr({key}, {len(_PREFIXES[key]) + 1}) AS INTEGER)"


def _is_key(name: str) -> str:
    """Return the check that a column's keys are a prefix and a number of one width."""
    return (
        f"coalesce(bool_and(starts_with({name}, '{_PREFIXES[name]}')) "
        f"AND min(strlen({name})) = max(strlen({name})), true)"
    )


_THEIR_NUMBERS = Keys(
    (
        f"CREATE VIEW numbered_orders AS SELECT *, {_number('pedido_id')} AS o FROM pedidos",
        f"""CREATE VIEW numbered_items AS
            SELECT *, {_number("pedido_id")} AS o, {_number("item_id")} AS i FROM itens_pedido""",
        f"""CREATE VIEW numbered_payments AS
            SELECT *, {_number("pedido_id")} AS o, {_number("pagamento_id")} AS d FROM pagamentos""",
    ),
    f"""SELECT {_is_key("pedido_id")} AS good FROM orders
        UNION ALL SELECT {_is_key("item_id")} FROM items
        UNION ALL SELECT {_is_key("pagamento_id")} AND {_is_key("pedido_id")} FROM payments""",
    lambda key: f"count(DISTINCT {_number(key)})",
)


def _enums(table: str, source: str, key: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Make a dimension of a table, its attributes as ENUMs: sorted and written as small numbers."""
    types = (f"CREATE TYPE {table}_{name} AS ENUM (SELECT DISTINCT {name} FROM {source} WHERE {name} IS NOT NULL)"
             for name in columns)  # fmt: skip
    cast = ", ".join(f"{name}::{table}_{name} AS {name}" for name in columns)
    return (*types, f"CREATE TEMP TABLE {table} AS SELECT {key}, {cast} FROM {source}")


_SILVER = (
    *_enums("products", "produtos", "produto_id", ("nome_produto", "categoria", "subcategoria", "fornecedor_id")),
    *_enums("suppliers", "fornecedores", "fornecedor_id", ("razao_social", "pais_origem", "rating")),
    f"""CREATE TEMP TABLE orders AS SELECT o, pedido_id, data_pedido, fornecedor_id,
        {_units("valor_total_brl")} AS total, status, tipo_pagamento, prazo_dias FROM numbered_orders""",
    f"""CREATE TEMP TABLE items AS SELECT o, i, item_id, produto_id, quantidade,
        {_units("valor_total_item")} AS item_value FROM numbered_items""",
    f"""CREATE TEMP TABLE payments AS SELECT p.* EXCLUDE (valor_pago_brl, valor_moeda_origem),
        orders.o IS NOT NULL AS known,
        num_parcelas > 1 AND {_units("valor_pago_brl")} = coalesce(total, -1) AS repeats,
        {_units("valor_pago_brl")} AS stated, {_units("valor_moeda_origem")} AS stated_foreign,
        CASE WHEN repeats THEN stated // num_parcelas + CAST(parcela_atual <= stated % num_parcelas AS BIGINT)
            ELSE stated END AS value,
        CASE WHEN repeats
            THEN stated_foreign // num_parcelas + CAST(parcela_atual <= stated_foreign % num_parcelas AS BIGINT)
            ELSE stated_foreign END AS foreign_value,
        {_units("taxa_cambio_aplicada", 6)} AS applied
        FROM numbered_payments p LEFT JOIN orders ON orders.o = p.o""",
    f"""CREATE TEMP TABLE calendar AS
        WITH quoted AS (
            SELECT moeda, data_cotacao, {_units("taxa_ptax", 6)} AS ptax,
                lead(data_cotacao) OVER (PARTITION BY moeda ORDER BY data_cotacao) AS next_day FROM cambio
            WHERE moeda <> 'BRL'),
        last AS (SELECT greatest(
            (SELECT max(data_pagamento) FROM payments), (SELECT max(data_pedido + prazo_dias::INTEGER) FROM orders)
        ) AS day)
        SELECT moeda, data_cotacao, ptax, unnest(generate_series(data_cotacao,
            coalesce(next_day, greatest(last.day, data_cotacao) + 1) - 1, INTERVAL 1 DAY))::DATE AS day
        FROM quoted, last""",
    """CREATE TEMP TABLE unpaid AS
        SELECT orders.*, moeda_negociacao AS moeda_origem,
            CASE WHEN moeda_negociacao = 'BRL' THEN 1000000 ELSE ptax END AS applied,
            CASE WHEN moeda_negociacao = 'BRL' THEN total
                ELSE (total * 2000000 + ptax) // (2 * ptax) END AS foreign_value
        FROM orders ANTI JOIN payments ON payments.o = orders.o
        LEFT JOIN fornecedores USING (fornecedor_id)
        LEFT JOIN calendar ON calendar.moeda = moeda_negociacao AND calendar.day = data_pedido""",
    """CREATE TEMP TABLE dues AS
        SELECT o, d, parcela_atual AS current, value, foreign_value FROM payments WHERE known
        UNION ALL SELECT o, -o, NULL, total, foreign_value FROM unpaid""",
    # What an order's items and dues add up to, and how many there are.
    """CREATE TEMP TABLE cells AS
        SELECT dues.o, d, i, current, value AS weight, dues.value, foreign_value, quantidade, item_value,
            item_value AS item_weight, coalesce(items_count, 1) AS items_count, items_value, dues_count, dues_value
        FROM dues LEFT JOIN items USING (o)
        LEFT JOIN (SELECT o, count(*) AS items_count, CAST(sum(item_value) AS BIGINT) AS items_value
            FROM items GROUP BY o) USING (o)
        LEFT JOIN (SELECT o, count(*) AS dues_count, CAST(sum(value) AS BIGINT) AS dues_value
            FROM dues GROUP BY o) USING (o)""",
    f"""CREATE TEMP TABLE flows AS
        SELECT * FROM cells WHERE items_count = 1
        UNION ALL SELECT * REPLACE (
            {_part("value", "item_weight", "items_value", "items_count", "d", "i")} AS value,
            {_part("foreign_value", "item_weight", "items_value", "items_count", "d", "i")} AS foreign_value)
        FROM cells WHERE items_count > 1""",
    f"""CREATE TEMP TABLE shares AS
        SELECT * FROM flows WHERE dues_count = 1 OR i IS NULL
        UNION ALL SELECT * REPLACE (
            {_part("quantidade", "weight", "dues_value", "dues_count", "i", "current, d")} AS quantidade,
            {_part("item_value", "weight", "dues_value", "dues_count", "i", "current, d")} AS item_value)
        FROM flows WHERE dues_count > 1 AND i IS NOT NULL""",
)

# The rows of each kind, with the columns of the fact that are of this kind alone; the others are completed below.
_ORIGIN = "CASE WHEN {0} = 'CARTAO_CREDITO' THEN 'CARTAO_CREDITO_PJ' ELSE 'CONTA_CORRENTE_PJ' END AS origem_recurso"
_KINDS = (
    f"""SELECT 'PAGAMENTO' AS tipo_registro, 0 AS kind, shares.o, shares.i, shares.d, orders.pedido_id, item_id,
        pagamento_id, produto_id, orders.fornecedor_id, data_pedido, data_vencimento, data_pagamento,
        orders.status AS status_pedido,
        status_pagamento, metodo_pagamento, {_ORIGIN.format("metodo_pagamento")}, num_parcelas, parcela_atual,
        moeda_origem, shares.quantidade, shares.item_value, shares.value, shares.foreign_value, applied,
        data_pagamento AS day
    FROM shares JOIN payments USING (d) JOIN orders ON orders.o = shares.o LEFT JOIN items ON items.i = shares.i""",
    f"""SELECT 'PAGAMENTO_SEM_PEDIDO' AS tipo_registro, 1 AS kind, o, d, pedido_id, pagamento_id, fornecedor_id,
        data_vencimento, data_pagamento, status_pagamento, metodo_pagamento, {_ORIGIN.format("metodo_pagamento")},
        num_parcelas, parcela_atual, moeda_origem, value, foreign_value, applied, data_pagamento AS day
    FROM payments WHERE NOT known""",
    f"""SELECT 'PARCELA_EMPRESTIMO' AS tipo_registro, 2 AS kind,
        CAST(row_number() OVER (ORDER BY emprestimo_id, k) AS INTEGER) AS o, emprestimo_id,
        CAST(data_vencimento_proxima + to_months(k::INTEGER) AS DATE) AS data_vencimento,
        'AGENDADO' AS status_pagamento, 'EMPRESTIMO_PJ' AS origem_recurso, prazo_meses AS num_parcelas,
        num_parcelas_pagas + k + 1 AS parcela_atual, instituicao_financeira, finalidade AS finalidade_emprestimo,
        'BRL' AS moeda_origem, {_units("valor_parcela_mensal")} AS value, value AS foreign_value, 1000000 AS applied
    FROM emprestimos, unnest(range(prazo_meses - num_parcelas_pagas)) AS remaining(k) WHERE status <> 'QUITADO'""",
    f"""SELECT 'PEDIDO_SEM_PAGAMENTO' AS tipo_registro, 3 AS kind, shares.o, shares.i, pedido_id, item_id,
        produto_id, fornecedor_id, data_pedido, CAST(data_pedido + prazo_dias::INTEGER AS DATE) AS data_vencimento,
        status AS status_pedido,
        CASE WHEN status = 'CANCELADO' THEN 'CANCELADO' ELSE 'PREVISTO' END AS status_pagamento,
        tipo_pagamento AS metodo_pagamento, {_ORIGIN.format("tipo_pagamento")}, moeda_origem, shares.quantidade,
        shares.item_value, shares.value, shares.foreign_value, applied, data_vencimento AS day
    FROM shares JOIN unpaid ON unpaid.o = -shares.d LEFT JOIN items ON items.i = shares.i""",
)
_BRL = "moeda_origem = 'BRL'"
_COMPLETED = f"""
    SELECT fact.* EXCLUDE (item_value, value, foreign_value, applied, day),
        products.fornecedor_id AS fornecedor_produto_id, nome_produto, categoria, subcategoria, razao_social,
        pais_origem, rating, strftime(data_vencimento, '%Y-%m') AS mes_referencia,
        {_money("item_value")} AS valor_item_brl, {_money("value")} AS valor_fluxo_brl,
        {_money("foreign_value")} AS valor_moeda_origem, {_rate("applied")} AS taxa_cambio_aplicada,
        CASE WHEN {_BRL} THEN 1000000 ELSE ptax END AS rate, {_rate("rate")} AS taxa_ptax,
        data_cotacao AS data_ptax, CAST(fact.day - data_cotacao AS BIGINT) AS dias_defasagem_ptax,
        foreign_value * (rate - applied) AS exact,
        {_money(f"CASE WHEN {_BRL} THEN 0 ELSE sign(exact) * ((abs(exact) + 500000) // 1000000) END")}
            AS variacao_cambial_brl
    FROM ({" UNION ALL BY NAME ".join(_KINDS)}) AS fact
    LEFT JOIN products USING (produto_id)
    LEFT JOIN suppliers ON suppliers.fornecedor_id = fact.fornecedor_id
    LEFT JOIN calendar ON calendar.moeda = moeda_origem AND calendar.day = fact.day"""
_FACT_ROWS = f"""SELECT {", ".join(FACT_COLUMNS)} FROM ({_COMPLETED})
    ORDER BY kind, o NULLS LAST, i NULLS LAST, d"""

# Gold ---------------------------------------------------------------------------------------------------------------

_EXPOSURE = """coalesce(sum(valor_moeda_origem) FILTER (
    status_pagamento NOT IN ('PAGO', 'CANCELADO') AND moeda_origem <> 'BRL'), 0)::DECIMAL(18,2)"""


def _paid(*statuses: str, column: str = "valor_fluxo_brl") -> str:
    listed = ", ".join(f"'{status}'" for status in statuses)
    return f"coalesce(sum({column}) FILTER (status_pagamento IN ({listed})), 0)::DECIMAL(18,2)"


def _cash_flow(distinct: Callable[[str], str]) -> str:
    return f"""
    WITH groups AS (
        SELECT mes_referencia, origem_recurso, moeda_origem, {_paid("PAGO")} AS saida_paga_brl,
            {_paid("PENDENTE")} AS saida_pendente_brl, {_paid("AGENDADO")} AS saida_agendada_brl,
            {_paid("PREVISTO")} AS saida_prevista_brl, {_paid("CANCELADO")} AS cancelado_brl,
            {_paid("PAGO", "PENDENTE", "AGENDADO", "PREVISTO")} AS total_saida_brl,
            {_EXPOSURE} AS exposicao_moeda_origem,
            {_paid("PAGO", "PENDENTE", "AGENDADO", "PREVISTO", column="variacao_cambial_brl")} AS variacao_cambial_brl,
            {distinct("pedido_id")} AS qtd_pedidos, {distinct("pagamento_id")} AS qtd_pagamentos,
            count(DISTINCT emprestimo_id) AS qtd_emprestimos
        FROM fact GROUP BY mes_referencia, origem_recurso, moeda_origem)
    SELECT mes_referencia, origem_recurso, moeda_origem, saida_paga_brl, saida_pendente_brl, saida_agendada_brl,
        saida_prevista_brl, cancelado_brl, total_saida_brl,
        (sum(total_saida_brl) OVER (PARTITION BY origem_recurso, moeda_origem ORDER BY mes_referencia))::DECIMAL(18,2)
            AS total_saida_acumulado_brl,
        exposicao_moeda_origem, variacao_cambial_brl, qtd_pedidos, qtd_pagamentos, qtd_emprestimos
    FROM groups ORDER BY mes_referencia, origem_recurso, moeda_origem NULLS LAST"""


def _lag(months: int) -> str:
    """Return the value so many months back: 0 without rows, NULL before the series' first month."""
    return f"""CASE WHEN month - {months} >= first THEN coalesce((
        max(valor_fluxo_brl) OVER (PARTITION BY categoria, moeda_origem ORDER BY month
            RANGE BETWEEN {months} PRECEDING AND {months} PRECEDING)), 0) END::DECIMAL(18,2)"""


def _forecast(distinct: Callable[[str], str]) -> str:
    return f"""
    WITH groups AS (
        SELECT mes_referencia, categoria, moeda_origem, sum(valor_fluxo_brl)::DECIMAL(18,2) AS valor_fluxo_brl,
            coalesce(sum(valor_item_brl), 0)::DECIMAL(18,2) AS valor_item_brl,
            coalesce(sum(quantidade), 0)::BIGINT AS quantidade, {distinct("pedido_id")} AS qtd_pedidos,
            avg(taxa_ptax)::DOUBLE AS taxa_ptax_media, min(taxa_ptax) AS taxa_ptax_min, max(taxa_ptax) AS taxa_ptax_max,
            stddev_samp(taxa_ptax::DOUBLE) AS taxa_ptax_desvio, {_EXPOSURE} AS exposicao_moeda_origem,
            coalesce(sum(variacao_cambial_brl), 0)::DECIMAL(18,2) AS variacao_cambial_brl,
            CAST(substr(mes_referencia, 1, 4) AS INTEGER) * 12 + CAST(substr(mes_referencia, 6) AS INTEGER) - 1 AS month
        FROM fact WHERE tipo_registro <> 'PARCELA_EMPRESTIMO' AND status_pagamento <> 'CANCELADO'
        GROUP BY mes_referencia, categoria, moeda_origem),
    series AS (
        SELECT *, min(month) OVER (PARTITION BY categoria, moeda_origem) AS first, max(month) OVER () AS last
        FROM groups)
    SELECT mes_referencia, categoria, moeda_origem, valor_fluxo_brl, valor_item_brl, quantidade,
        CASE WHEN quantidade <> 0 THEN valor_item_brl::DOUBLE / quantidade END AS preco_medio_brl, qtd_pedidos,
        taxa_ptax_media, taxa_ptax_min, taxa_ptax_max, taxa_ptax_desvio, exposicao_moeda_origem, variacao_cambial_brl,
        {_lag(1)} AS valor_fluxo_lag_1, {_lag(2)} AS valor_fluxo_lag_2, {_lag(3)} AS valor_fluxo_lag_3,
        list_avg([valor_fluxo_lag_1::DOUBLE, valor_fluxo_lag_2::DOUBLE, valor_fluxo_lag_3::DOUBLE])
            AS media_movel_3m_brl,
        sin(2 * pi() * (month % 12 + 1) / 12) AS mes_seno, cos(2 * pi() * (month % 12 + 1) / 12) AS mes_cosseno,
        CASE WHEN month < last THEN coalesce(max(valor_fluxo_brl) OVER (
            PARTITION BY categoria, moeda_origem ORDER BY month
            RANGE BETWEEN 1 FOLLOWING AND 1 FOLLOWING), 0) END::DECIMAL(18,2) AS alvo_valor_fluxo_proximo_mes_brl
    FROM series ORDER BY mes_referencia, categoria NULLS LAST, moeda_origem NULLS LAST"""
