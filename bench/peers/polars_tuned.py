"""Polars, tuned by its own guide: lazy from scan to sink, the streaming engine, integer keys, categoricals.

Keys are a prefix and a number of one width, so their numbers sort and join as they do; that is checked. Amounts are
int64 units; that the product of any two of them fits is checked as well.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl

from bench.tables import BRONZE, CASH_FLOW, COUNTS, DECIMALS, FACT, FACT_COLUMNS, FORECAST, GOLD_NEEDS, NEEDED

PREFIXES = {"pedido_id": "PED", "item_id": "ITEM", "pagamento_id": "PAG"}
# Text of few values: dictionaries in the files, categoricals in memory.
FEW = frozenset({
    "fornecedor_id", "produto_id", "status", "tipo_pagamento", "metodo_pagamento", "status_pagamento", "moeda_origem",
    "moeda", "moeda_negociacao", "nome_produto", "categoria", "subcategoria", "razao_social", "pais_origem", "rating",
    "instituicao_financeira", "finalidade",
})  # fmt: skip
ONE_RATE = 1_000_000
Tables = dict[str, pl.LazyFrame]


def prepare(source: Path, target: Path) -> None:
    """Write each input as Polars writes Parquet, text of few values as categoricals."""
    for table in BRONZE:
        frame = pl.scan_parquet(source / f"{table}.parquet").select(NEEDED[table])
        categorical(frame).sink_parquet(target / f"{table}.parquet", compression="snappy")


class Keys(NamedTuple):
    """How keys become numbers that sort and join as they do.

    Attributes
    ----------
    checks : mapping of str to sequence of pl.Expr
        What has to be true of each table.
    numbered : callable
        Adds ``order`` to the orders, ``order`` and ``item`` to the items, ``order`` and ``due`` to the payments.
    """

    checks: Mapping[str, Sequence[pl.Expr]]
    numbered: Callable[[Tables], Tables]


def main(source: Path, target: Path) -> None:
    """Make the fact and the aggregates of prepared inputs."""
    job(_typed(source), target, _THEIR_NUMBERS)


def end_to_end(source: Path, target: Path) -> None:
    """Make the bronze tables of the CSVs, and of them the fact and the aggregates."""
    job(through_bronze(source, target, _write), target, _THEIR_NUMBERS)


def straight(source: Path, target: Path) -> None:
    """Make the fact and the aggregates of the CSVs, without bronze tables."""
    job({table: csv(source / f"{table}.csv").select(NEEDED[table]) for table in BRONZE}, target, _THEIR_NUMBERS)


def bronze(source: Path, target: Path) -> None:
    """Read and write each file as it is: every column text."""
    for table in BRONZE:
        text = pl.scan_csv(source / f"{table}.csv", infer_schema=False)
        text.sink_parquet(target / f"{table}.parquet", compression="snappy")


def through_bronze(source: Path, target: Path, write: Callable[[Path, Path], None]) -> Tables:
    """Write the typed bronze tables of the CSVs, each by ``write``, and return them as they are read again."""
    typed = target / "bronze"
    typed.mkdir()
    for table in BRONZE:
        write(source / f"{table}.csv", typed / f"{table}.parquet")
    return _typed(typed)


def _write(path: Path, target: Path) -> None:
    csv(path).sink_parquet(target, compression="snappy")


def _typed(folder: Path) -> Tables:
    return {table: pl.scan_parquet(folder / f"{table}.parquet").select(NEEDED[table]) for table in BRONZE}


def job(tables: Tables, target: Path, keys: Keys) -> None:
    """Make the fact and the aggregates of the bronze tables."""
    for name in (FACT, CASH_FLOW, FORECAST):
        (target / name).mkdir()
    facts = pl.concat(_fact(keys.numbered(tables), _checked(tables, keys)))
    facts.sink_parquet(target / FACT / "0.parquet", compression="snappy")
    fact = pl.scan_parquet(target / FACT / "0.parquet").select(GOLD_NEEDS)
    _cash_flow(fact).write_parquet(target / CASH_FLOW / "0.parquet", compression="snappy")
    _forecast(fact).write_parquet(target / FORECAST / "0.parquet", compression="snappy")


# What comes in ------------------------------------------------------------------------------------------------------


def csv(path: Path) -> pl.LazyFrame:
    """Return a file's table."""
    with path.open(encoding="utf-8") as file:
        header = file.readline().strip().split(",")
    return categorical(pl.scan_csv(path, schema=schema(header)))


def schema(header: list[str]) -> dict[str, pl.DataType | type[pl.DataType]]:
    """Return the types of a file's columns."""
    return {
        name: pl.Decimal(*DECIMALS[name]) if name in DECIMALS
        else pl.Int64 if name in COUNTS else pl.Date if name.startswith("data_") else pl.String
        for name in header
    }  # fmt: skip


def categorical(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Return a table with its text of few values as categoricals."""
    few = [name for name in frame.collect_schema().names() if name in FEW]
    return frame.with_columns(pl.col(few).cast(pl.Categorical))


_NUMBERS = {
    "pedidos": {"order": "pedido_id"},
    "itens_pedido": {"order": "pedido_id", "item": "item_id"},
    "pagamentos": {"order": "pedido_id", "due": "pagamento_id"},
}


def _of_one_width(key: str) -> list[pl.Expr]:
    """Return the checks that a column's keys are a prefix and a number of one width."""
    width = pl.col(key).str.len_bytes()
    return [
        pl.col(key).str.starts_with(PREFIXES[key]).all(),
        width.min().fill_null(0) == width.max().fill_null(0),
    ]


def _with_their_numbers(tables: Tables) -> Tables:
    def number(key: str) -> pl.Expr:
        return pl.col(key).str.slice(len(PREFIXES[key])).cast(pl.Int64)

    return tables | {
        table: tables[table].with_columns(**{name: number(key) for name, key in names.items()})
        for table, names in _NUMBERS.items()
    }


_THEIR_NUMBERS = Keys(
    {table: [check for key in names.values() for check in _of_one_width(key)] for table, names in _NUMBERS.items()},
    _with_their_numbers,
)


def _units(name: str) -> pl.Expr:
    """Return a decimal column in its smallest unit."""
    return pl.col(name).to_physical().cast(pl.Int64)


def _decimal(units: str, scale: int) -> pl.Expr:
    one = pl.lit(f"{10**-scale:.{scale}f}").cast(pl.Decimal(18, scale))
    return (pl.col(units).cast(pl.Decimal(18, 0)) * one).cast(pl.Decimal(18, scale))


def _checked(tables: Tables, keys: Keys) -> date:
    """Check what the shortcuts rest on, and return the last day whose rate may be asked for."""
    most, last = {}, []
    for table, amounts, day in (
        ("pedidos", ["valor_total_brl"], pl.col("data_pedido") + pl.duration(days="prazo_dias")),
        ("itens_pedido", ["valor_total_item", "quantidade"], None),
        (
            "pagamentos",
            ["valor_pago_brl", "valor_moeda_origem"],
            pl.max_horizontal("data_pagamento", "data_vencimento"),
        ),
    ):
        checks = keys.checks.get(table, ())
        found = tables[table].select(
            *(check.alias(f"check {number}") for number, check in enumerate(checks)),
            *(pl.col(name).max().cast(pl.Float64).fill_null(0).alias(name) for name in amounts),
            *([] if day is None else [day.max().alias("last")]),
        ).collect(engine="streaming").row(0, named=True)  # fmt: skip
        if not all(found[f"check {number}"] for number in range(len(checks))):
            raise ValueError(f"the keys of {table} are not a prefix and a number of one width")
        most |= {name: found[name] for name in amounts}
        if found.get("last"):
            last.append(found["last"])
    whole = max(most["valor_total_brl"], most["valor_pago_brl"], most["valor_moeda_origem"]) * 100
    if whole * max(most["valor_total_item"] * 100, ONE_RATE * 100.0, whole) >= 2**63:
        raise ValueError("amounts whose products do not fit int64")
    return max(last, default=date(1970, 1, 1))


# Silver -------------------------------------------------------------------------------------------------------------


class _World(NamedTuple):
    """What rows of every kind are completed with."""

    calendar: pl.LazyFrame
    products: pl.LazyFrame
    suppliers: pl.LazyFrame


def _fact(tables: Tables, last: date) -> list[pl.LazyFrame]:
    """Return the four kinds of rows, each sorted by the key, in the order of their names.

    Commitments and items are collected once. Their sharing is worked out on few narrow columns, with the commitments'
    and items' row numbers beside them; everything else is then gathered by row number.
    """
    orders = tables["pedidos"].select(
        "order", "pedido_id", "data_pedido", "fornecedor_id", "tipo_pagamento", "prazo_dias",
        _units("valor_total_brl").alias("total"), pl.col("status").alias("status_pedido"),
    )  # fmt: skip
    world = _World(
        _calendar(tables["cambio"], last).collect().lazy(),
        tables["produtos"].rename({"fornecedor_id": "fornecedor_produto_id"}),
        tables["fornecedores"].select("fornecedor_id", "razao_social", "pais_origem", "rating"),
    )
    items = (
        tables["itens_pedido"]
        .select(
            "order", "item", "item_id", "produto_id", pl.col("quantidade").alias("pieces"),
            _units("valor_total_item").alias("item_value"),
        )
        .with_row_index("item_row").collect(engine="streaming")
    )  # fmt: skip
    payments = _payments(tables["pagamentos"], orders).collect(engine="streaming")
    unpaid = _unpaid(orders, tables["pagamentos"], tables["fornecedores"], world.calendar).collect(engine="streaming")

    def with_items(dues: pl.DataFrame) -> pl.LazyFrame:
        dues = dues.with_row_index("due_row")
        shares = _shared(dues, items)
        gathered = [
            dues[shares["due_row"]].drop("value", "foreign", "order", "due", "due_row"),
            items.select(pl.col("item_id", "produto_id").gather(shares["item_row"])),
        ]
        return pl.concat([shares.drop("due_row", "item_row"), *gathered], how="horizontal").lazy()

    known = pl.col("total").is_not_null()
    return [
        _completed(with_items(payments.filter(known)), world),
        _completed(_alone(payments.lazy().filter(~known).sort("pedido_id", "pagamento_id", nulls_last=True)), world),
        _completed(_alone(_loans(tables["emprestimos"])), world),
        _completed(with_items(unpaid), world),
    ]


def _calendar(cambio: pl.LazyFrame, last: date) -> pl.LazyFrame:
    """Return the quotation that holds for each currency and day, from its first one to the last day asked for."""
    next_day = pl.col("data_cotacao").shift(-1).over("moeda", order_by="data_cotacao")
    return (
        cambio.filter(pl.col("moeda") != "BRL")
        .with_columns(until=next_day.fill_null(pl.max_horizontal(pl.lit(last + timedelta(1)), "data_cotacao")))
        .select(
            pl.col("moeda").alias("moeda_origem"), pl.col("data_cotacao").alias("data_ptax"),
            _units("taxa_ptax").alias("ptax"), pl.date_ranges("data_cotacao", "until", closed="left").alias("day"),
        )
        .explode("day", empty_as_null=False)
    )  # fmt: skip


def _payments(pagamentos: pl.LazyFrame, orders: pl.LazyFrame) -> pl.LazyFrame:
    """Return the payments as commitments; those of no known order have no total."""
    count, current = pl.col("num_parcelas"), pl.col("parcela_atual")
    repeats = (count > 1) & (pl.col("value") == pl.col("total")).fill_null(False)

    def instalment(name: str) -> pl.Expr:
        value = pl.col(name)
        return pl.when(repeats).then(value // count + (current <= value % count).cast(pl.Int64)).otherwise(value)

    return (
        pagamentos.with_columns(
            _units("valor_pago_brl").alias("value"), _units("valor_moeda_origem").alias("foreign"),
            _units("taxa_cambio_aplicada").alias("applied"),
        )
        .join(orders.select("order", "total", "data_pedido", "status_pedido", ordered_of="fornecedor_id"),
              on="order", how="left")
        .with_columns(
            value=instalment("value"), foreign=instalment("foreign"), day=pl.col("data_pagamento"),
            fornecedor_id=pl.when(pl.col("total").is_null()).then("fornecedor_id").otherwise("ordered_of"),
            tipo_registro=pl.when(pl.col("total").is_null()).then(pl.lit("PAGAMENTO_SEM_PEDIDO"))
            .otherwise(pl.lit("PAGAMENTO")).cast(pl.Categorical),
            origem_recurso=_resource("metodo_pagamento"),
            emprestimo_id=pl.lit(None, pl.String),
            instituicao_financeira=pl.lit(None, pl.Categorical), finalidade_emprestimo=pl.lit(None, pl.Categorical),
        )
    )  # fmt: skip


def _resource(method: str) -> pl.Expr:
    card = pl.col(method) == "CARTAO_CREDITO"
    return pl.when(card).then(pl.lit("CARTAO_CREDITO_PJ")).otherwise(pl.lit("CONTA_CORRENTE_PJ")).cast(pl.Categorical)


def _unpaid(
    orders: pl.LazyFrame, pagamentos: pl.LazyFrame, fornecedores: pl.LazyFrame, calendar: pl.LazyFrame
) -> pl.LazyFrame:
    """Return one commitment for each order without a payment."""
    rate = pl.col("ptax")
    brl = pl.col("moeda_origem") == "BRL"
    cancelled = pl.col("status_pedido") == "CANCELADO"
    return (
        orders.join(pagamentos.select("order"), on="order", how="anti")
        .join(fornecedores.select("fornecedor_id", moeda_origem="moeda_negociacao"), on="fornecedor_id", how="left")
        .join(calendar.drop("data_ptax"), left_on=["moeda_origem", "data_pedido"], right_on=["moeda_origem", "day"],
              how="left")
        .with_columns(
            value="total", due="order",
            applied=pl.when(brl).then(ONE_RATE).otherwise(rate),
            foreign=pl.when(brl).then("total").otherwise((pl.col("total") * (2 * ONE_RATE) + rate) // (2 * rate)),
            data_vencimento=pl.col("data_pedido") + pl.duration(days="prazo_dias"),
            metodo_pagamento="tipo_pagamento", origem_recurso=_resource("tipo_pagamento"),
            tipo_registro=pl.lit("PEDIDO_SEM_PAGAMENTO").cast(pl.Categorical),
            status_pagamento=pl.when(cancelled).then(pl.lit("CANCELADO")).otherwise(pl.lit("PREVISTO"))
            .cast(pl.Categorical),
            pagamento_id=pl.lit(None, pl.String), emprestimo_id=pl.lit(None, pl.String),
            data_pagamento=pl.lit(None, pl.Date), num_parcelas=pl.lit(None, pl.Int64),
            parcela_atual=pl.lit(None, pl.Int64), instituicao_financeira=pl.lit(None, pl.Categorical),
            finalidade_emprestimo=pl.lit(None, pl.Categorical),
        )
        .with_columns(day="data_vencimento")
        .drop("ptax")
    )  # fmt: skip


def _loans(emprestimos: pl.LazyFrame) -> pl.LazyFrame:
    """Return the remaining instalments of the loans."""
    paid, value = pl.col("num_parcelas_pagas"), _units("valor_parcela_mensal")
    none = {name: pl.lit(None, pl.Categorical) for name in ("fornecedor_id", "status_pedido", "metodo_pagamento")} | {
        name: pl.lit(None, pl.String) for name in ("pedido_id", "pagamento_id")
    }
    return (
        emprestimos.filter((pl.col("status") != "QUITADO") & (paid < pl.col("prazo_meses")))
        .sort("emprestimo_id")
        .with_columns(k=pl.int_ranges(0, pl.col("prazo_meses") - paid))
        .explode("k")
        .with_columns(
            parcela_atual=paid + pl.col("k") + 1, num_parcelas="prazo_meses", value=value, foreign=value,
            data_vencimento=pl.col("data_vencimento_proxima").dt.offset_by(pl.format("{}mo", "k")),
            tipo_registro=pl.lit("PARCELA_EMPRESTIMO").cast(pl.Categorical),
            status_pagamento=pl.lit("AGENDADO").cast(pl.Categorical),
            origem_recurso=pl.lit("EMPRESTIMO_PJ").cast(pl.Categorical),
            moeda_origem=pl.lit("BRL").cast(pl.Categorical), applied=pl.lit(ONE_RATE, pl.Int64),
            finalidade_emprestimo="finalidade", data_pedido=pl.lit(None, pl.Date),
            data_pagamento=pl.lit(None, pl.Date), day=pl.lit(None, pl.Date), **none,
        )
    )  # fmt: skip


def _alone(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Return commitments that have no item."""
    return rows.with_columns(
        item_id=pl.lit(None, pl.String), produto_id=pl.lit(None, pl.Categorical), pieces=pl.lit(None, pl.Int64),
        item_value=pl.lit(None, pl.Int64),
    )  # fmt: skip


def _shared(dues: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Cross every order's commitments with its items, share each over the other, and sort by the key."""
    of_items = items.lazy().select("order", "item", "item_row", "pieces", "item_value")
    of_dues = dues.lazy().select("order", "due", "due_row", "value", "foreign", current="parcela_atual")
    cells = (
        of_dues.join(of_items, on="order", how="left")
        .join(of_items.group_by("order").agg(items=pl.len(), items_value=pl.col("item_value").sum()),
              on="order", how="left")
        .join(of_dues.group_by("order").agg(dues=pl.len(), dues_value=pl.col("value").sum()), on="order", how="left")
        # The payments' own values are the weights of what is shared over them, so they stay.
        .with_columns(weight="value", item_weight="item_value")
        .collect(engine="streaming")
    )  # fmt: skip
    one_item = pl.col("items").fill_null(1) == 1
    many = cells.filter(~one_item)
    for total in ("value", "foreign"):
        many = _parts(many, total, "due", ["item"], weight="item_weight", whole="items_value", count="items")
    cells = pl.concat([cells.filter(one_item), many])
    one_due = (pl.col("dues") == 1) | pl.col("item").is_null()
    many = cells.filter(~one_due)
    for total in ("item_value", "pieces"):
        many = _parts(many, total, "item", ["current", "due"], weight="weight", whole="dues_value", count="dues")
    cells = pl.concat([cells.filter(one_due), many])
    cells = cells.sort("order", "item", "due", nulls_last=True)
    return cells.select("value", "foreign", "item_value", "pieces", "due_row", "item_row")


def _parts(
    cells: pl.DataFrame, total: str, group: str, ties: list[str], *, weight: str, whole: str, count: str
) -> pl.DataFrame:
    """Replace each row's total by its part of it, by the largest remainders, ties to the lowest key.

    In the order of the remainders a group's rows are neighbours, so a row's place is how far its group's first is.
    """
    nothing, row = pl.col(whole) == 0, pl.int_range(pl.len())
    first = pl.when(pl.col(group) != pl.col(group).shift(1, fill_value=-1)).then(row).forward_fill()
    return (
        cells.lazy()
        .with_columns(
            product=pl.col(total) * pl.when(nothing).then(1).otherwise(weight),
            divisor=pl.when(nothing).then(pl.col(count).cast(pl.Int64)).otherwise(whole),
        )
        .with_columns(part=pl.col("product") // pl.col("divisor"))
        .with_columns(remainder=pl.col("product") - pl.col("part") * pl.col("divisor"))
        .sort(group, "remainder", *ties, descending=[False, True, *[False] * len(ties)])
        .with_columns(
            (pl.col("part") + (row - first < pl.col(total) - pl.col("part").sum().over(group)).cast(pl.Int64)).alias(
                total
            )
        )
        .drop("product", "divisor", "part", "remainder")
        .collect()
    )


def _completed(rows: pl.LazyFrame, world: _World) -> pl.LazyFrame:
    """Add PTAX, variation and dimensions, and select the fact's columns."""
    brl = pl.col("moeda_origem") == "BRL"
    rows = rows.join(world.calendar, on=["moeda_origem", "day"], how="left", maintain_order="left")
    rows = rows.with_columns(
        dias_defasagem_ptax=(pl.col("day") - pl.col("data_ptax")).dt.total_days(),
        ptax=pl.when(brl).then(ONE_RATE).otherwise("ptax"),
    )
    exact = pl.col("foreign") * (pl.col("ptax") - pl.col("applied"))
    half_up = exact.sign() * ((exact.abs() + ONE_RATE // 2) // ONE_RATE)
    rows = (
        rows.with_columns(variation=pl.when(brl).then(0).otherwise(half_up))
        .join(world.products, on="produto_id", how="left", maintain_order="left")
        .join(world.suppliers, on="fornecedor_id", how="left", maintain_order="left")
        .with_columns(
            mes_referencia=pl.col("data_vencimento").dt.strftime("%Y-%m").cast(pl.Categorical),
            quantidade="pieces", valor_item_brl=_decimal("item_value", 2), valor_fluxo_brl=_decimal("value", 2),
            valor_moeda_origem=_decimal("foreign", 2), taxa_cambio_aplicada=_decimal("applied", 6),
            taxa_ptax=_decimal("ptax", 6), variacao_cambial_brl=_decimal("variation", 2),
        )
    )  # fmt: skip
    return rows.select(FACT_COLUMNS)


# Gold ---------------------------------------------------------------------------------------------------------------

_CASH_KEY = ["mes_referencia", "origem_recurso", "moeda_origem"]
_FORECAST_KEY = ["mes_referencia", "categoria", "moeda_origem"]
_OUTFLOWS = {
    "saida_paga_brl": "PAGO", "saida_pendente_brl": "PENDENTE", "saida_agendada_brl": "AGENDADO",
    "saida_prevista_brl": "PREVISTO",
}  # fmt: skip


def _exposure() -> pl.Expr:
    open_ = ~pl.col("status_pagamento").is_in(["PAGO", "CANCELADO"]) & (pl.col("moeda_origem") != "BRL")
    return pl.col("valor_moeda_origem").filter(open_).sum()


def _distinct(name: str) -> pl.Expr:
    return pl.col(name).drop_nulls().n_unique().cast(pl.Int64)


def _cash_flow(fact: pl.LazyFrame) -> pl.DataFrame:
    status, value = pl.col("status_pagamento"), pl.col("valor_fluxo_brl")
    groups = fact.group_by(_CASH_KEY).agg(
        *(value.filter(status == paid).sum().alias(name) for name, paid in _OUTFLOWS.items()),
        value.filter(status == "CANCELADO").sum().alias("cancelado_brl"),
        _exposure().alias("exposicao_moeda_origem"),
        pl.col("variacao_cambial_brl").filter(status != "CANCELADO").sum(),
        *(_distinct(f"{what}_id").alias(f"qtd_{what}s") for what in ("pedido", "pagamento", "emprestimo")),
    ).collect(engine="streaming")  # fmt: skip
    return (
        groups.with_columns(pl.col(_CASH_KEY).cast(pl.String), total_saida_brl=pl.sum_horizontal(*_OUTFLOWS))
        .sort(_CASH_KEY, nulls_last=True)
        .with_columns(total_saida_acumulado_brl=pl.col("total_saida_brl").cum_sum().over(_CASH_KEY[1:]))
        .select(
            *_CASH_KEY,
            pl.col(*_OUTFLOWS, "cancelado_brl", "total_saida_brl", "total_saida_acumulado_brl",
                   "exposicao_moeda_origem", "variacao_cambial_brl").cast(pl.Decimal(18, 2)),
            "qtd_pedidos", "qtd_pagamentos", "qtd_emprestimos",
        )
    )  # fmt: skip


def _forecast(fact: pl.LazyFrame) -> pl.DataFrame:
    rate = pl.col("taxa_ptax")
    kept = (pl.col("tipo_registro") != "PARCELA_EMPRESTIMO") & (pl.col("status_pagamento") != "CANCELADO")
    groups = (
        fact.filter(kept)
        .group_by(_FORECAST_KEY)
        .agg(
            pl.col("valor_fluxo_brl", "valor_item_brl", "quantidade", "variacao_cambial_brl").sum(),
            _distinct("pedido_id").alias("qtd_pedidos"),
            rate.cast(pl.Float64).mean().alias("taxa_ptax_media"),
            rate.min().alias("taxa_ptax_min"), rate.max().alias("taxa_ptax_max"),
            rate.cast(pl.Float64).std().alias("taxa_ptax_desvio"),
            _exposure().alias("exposicao_moeda_origem"),
        )
        .collect(engine="streaming")
        .with_columns(pl.col(_FORECAST_KEY).cast(pl.String))
        .with_columns(
            month=pl.col("mes_referencia").str.slice(0, 4).cast(pl.Int64) * 12
            + pl.col("mes_referencia").str.slice(5).cast(pl.Int64) - 1
        )
    )  # fmt: skip
    series = ["categoria", "moeda_origem"]
    first = pl.col("month").min().over(series)
    frame = groups
    for k in (1, 2, 3, -1):
        there = groups.select(*series, pl.col("month") + k, pl.col("valor_fluxo_brl").alias(f"at {k}"))
        frame = frame.join(there, on=[*series, "month"], how="left", nulls_equal=True)
    lags = [f"valor_fluxo_lag_{k}" for k in (1, 2, 3)]
    frame = frame.with_columns(
        *(
            pl.when(pl.col("month") - k >= first).then(pl.col(f"at {k}").fill_null(0)).alias(name)
            for k, name in zip((1, 2, 3), lags, strict=True)
        ),
        alvo_valor_fluxo_proximo_mes_brl=pl.when(pl.col("month") < pl.col("month").max())
        .then(pl.col("at -1").fill_null(0)),
        preco_medio_brl=pl.when(pl.col("quantidade") != 0)
        .then(pl.col("valor_item_brl").cast(pl.Float64) / pl.col("quantidade")),
        mes_seno=((pl.col("month") % 12 + 1) * (math.tau / 12)).sin(),
        mes_cosseno=((pl.col("month") % 12 + 1) * (math.tau / 12)).cos(),
    )  # fmt: skip
    return (
        frame.with_columns(media_movel_3m_brl=pl.mean_horizontal(pl.col(lags).cast(pl.Float64)))
        .sort(_FORECAST_KEY, nulls_last=True)
        .select(
            *_FORECAST_KEY, pl.col("valor_fluxo_brl", "valor_item_brl").cast(pl.Decimal(18, 2)), "quantidade",
            "preco_medio_brl", "qtd_pedidos", "taxa_ptax_media", "taxa_ptax_min", "taxa_ptax_max",
            "taxa_ptax_desvio", pl.col("exposicao_moeda_origem", "variacao_cambial_brl", *lags)
            .cast(pl.Decimal(18, 2)), "media_movel_3m_brl", "mes_seno", "mes_cosseno",
            pl.col("alvo_valor_fluxo_proximo_mes_brl").cast(pl.Decimal(18, 2)),
        )
    )  # fmt: skip
