"""pandas, as a student writes it who has read its user guide: merge, groupby, transform, merge_asof; int64 cents.

Products of two amounts are int64: what does not fit is refused, not wrapped around.
"""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.tables import (
    BRONZE,
    CASH_FLOW,
    COUNTS,
    DECIMALS,
    FACT,
    FACT_COLUMNS,
    FACT_KEY,
    FORECAST,
    GOLD_NEEDS,
    NEEDED,
)

RATES = ("taxa_cambio_aplicada", "taxa_ptax", "taxa_ptax_min", "taxa_ptax_max")
ONE_RATE = 1_000_000
Frames = dict[str, pd.DataFrame]


def main(source: Path, target: Path) -> None:
    """Make the fact and the aggregates of the bronze tables."""
    _job({table: _read(source / f"{table}.parquet", NEEDED[table]) for table in BRONZE}, target)


def end_to_end(source: Path, target: Path) -> None:
    """Make the bronze tables of the CSVs, and of them the fact and the aggregates."""
    bronze = target / "bronze"
    bronze.mkdir()
    for table in BRONZE:
        _read_csv(source / f"{table}.csv").to_parquet(bronze / f"{table}.parquet")
    main(bronze, target)


def _job(tables: Frames, target: Path) -> None:
    for name in (FACT, CASH_FLOW, FORECAST):
        (target / name).mkdir()
    _write(_fact(tables), target / FACT / "0.parquet")
    fact = _read(target / FACT / "0.parquet", GOLD_NEEDS)
    _write(_cash_flow(fact), target / CASH_FLOW / "0.parquet")
    _write(_forecast(fact), target / FORECAST / "0.parquet")


# In and out ---------------------------------------------------------------------------------------------------------


def _read(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    frame = pd.read_parquet(path, columns=list(columns), to_pandas_kwargs={"date_as_object": False})
    types = pq.read_schema(path)
    for name in columns:
        if pa.types.is_decimal(types.field(name).type):
            frame[name] = _units(frame[name], 6 if name in RATES else 2)
        elif pa.types.is_date(types.field(name).type):
            frame[name] = frame[name].astype("datetime64[us]")
        elif frame[name].dtype == "float64":  # counts of which some are missing
            frame[name] = frame[name].astype("Int64")
    return frame


def _read_csv(path: Path) -> pd.DataFrame:
    columns = pd.read_csv(path, nrows=0).columns
    decimals = [name for name in columns if name in DECIMALS]
    days = [name for name in columns if name.startswith("data_")]
    types = {name: "Int64" if name in COUNTS else "str" for name in columns if name not in decimals}
    frame = pd.read_csv(path, dtype=types, converters=dict.fromkeys(decimals, _exact), parse_dates=days)
    for name in days:
        frame[name] = frame[name].dt.date
    return frame


def _exact(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _units(values: pd.Series, scale: int) -> pd.Series:
    """Return decimals in their smallest unit; Int64 where some are missing, since float64 would lose cents."""
    known = values.dropna()
    units = (known * 10**scale).astype("int64")
    return units if len(known) == len(values) else units.astype("Int64").reindex(values.index)


def _decimal(units: pd.Series, scale: int) -> pa.ChunkedArray:
    whole = pa.array(units, pa.int64(), from_pandas=True).cast(pa.decimal128(19, 0))
    return pc.multiply(whole, pa.scalar(Decimal(10) ** -scale)).cast(pa.decimal128(18, scale))


def _write(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame; what it has in smallest units is written as decimals."""
    columns = {}
    for name in frame.columns:
        if name in RATES:
            columns[name] = _decimal(frame[name], 6)
        elif frame[name].dtype in ("int64", "Int64") and name.startswith(_MONEY_OUT):
            columns[name] = _decimal(frame[name], 2)
        elif name.startswith("data_"):
            columns[name] = pa.array(frame[name], pa.timestamp("ms"), from_pandas=True).cast(pa.date32())
        else:
            plain = pa.string() if frame[name].dtype in ("str", "object") else None
            columns[name] = pa.array(frame[name], plain, from_pandas=True)
    pq.write_table(pa.table(columns), path, compression="snappy", store_schema=False)


_MONEY_OUT = ("valor_", "variacao_", "saida_", "cancelado_", "total_", "exposicao_", "alvo_")


# Silver -------------------------------------------------------------------------------------------------------------


def _fact(tables: Frames) -> pd.DataFrame:
    orders = tables["pedidos"].rename(columns={"status": "status_pedido"})
    items = tables["itens_pedido"]
    items = items[items["pedido_id"].isin(orders["pedido_id"])]
    quotations = tables["cambio"].rename(columns={"moeda": "moeda_origem", "data_cotacao": "data_ptax"})
    payments = _payments(tables["pagamentos"], orders)
    known = payments["valor_total_brl"].notna()
    orphans = payments[~known].assign(tipo_registro="PAGAMENTO_SEM_PEDIDO")
    unpaid = _unpaid(orders, tables["pagamentos"], tables["fornecedores"], quotations)
    loans = _loans(tables["emprestimos"])
    rows = pd.concat(
        [_shared(payments[known], items), _shared(unpaid, items), orphans, loans], ignore_index=True
    )  # fmt: skip
    rows = _with_rates(rows, quotations)
    products = tables["produtos"].rename(columns={"fornecedor_id": "fornecedor_produto_id"})
    rows = rows.merge(products, on="produto_id", how="left")
    rows = rows.merge(tables["fornecedores"].drop(columns="moeda_negociacao"), on="fornecedor_id", how="left")
    rows["mes_referencia"] = rows["data_vencimento"].dt.strftime("%Y-%m")
    return rows.sort_values(list(FACT_KEY), na_position="last")[list(FACT_COLUMNS)]


def _payments(payments: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    of_order = orders.drop(columns=["tipo_pagamento", "prazo_dias"]).astype({"valor_total_brl": "Int64"})
    rows = payments.merge(of_order, on="pedido_id", how="left", suffixes=("", "_pedido"))
    repeats = ((rows["num_parcelas"] > 1) & (rows["valor_pago_brl"] == rows["valor_total_brl"])).fillna(False)
    for column, name in (("valor_pago_brl", "valor_fluxo_brl"), ("valor_moeda_origem", "valor_moeda_origem")):
        value, count = rows[column], rows["num_parcelas"]
        part = value // count + (rows["parcela_atual"] <= value % count)
        rows[name] = np.where(repeats.astype(bool), part, value)
    has_order = rows["valor_total_brl"].notna()
    rows["fornecedor_id"] = rows["fornecedor_id_pedido"].where(has_order, rows["fornecedor_id"])
    return rows.assign(
        tipo_registro="PAGAMENTO",
        origem_recurso=_resource(rows["metodo_pagamento"]),
        dia=rows["data_pagamento"],
    )


def _resource(method: pd.Series) -> np.ndarray:
    return np.where(method == "CARTAO_CREDITO", "CARTAO_CREDITO_PJ", "CONTA_CORRENTE_PJ")


def _unpaid(
    orders: pd.DataFrame, payments: pd.DataFrame, suppliers: pd.DataFrame, quotations: pd.DataFrame
) -> pd.DataFrame:
    rows = orders[~orders["pedido_id"].isin(payments["pedido_id"])]
    currency = suppliers[["fornecedor_id", "moeda_negociacao"]].rename(columns={"moeda_negociacao": "moeda_origem"})
    rows = rows.merge(currency, on="fornecedor_id", how="left")
    rows = _as_of(rows.assign(dia=rows["data_pedido"]), quotations)
    brl = rows["moeda_origem"] == "BRL"
    rate = rows["taxa_ptax"].astype("Int64").mask(brl, ONE_RATE)
    total = rows["valor_total_brl"]
    due = rows["data_pedido"] + pd.to_timedelta(rows["prazo_dias"], unit="D")
    return rows.drop(columns=["taxa_ptax", "data_ptax"]).assign(
        tipo_registro="PEDIDO_SEM_PAGAMENTO",
        taxa_cambio_aplicada=rate,
        valor_fluxo_brl=total,
        valor_moeda_origem=(total * (2 * ONE_RATE) + rate) // (2 * rate),
        data_vencimento=due,
        dia=due,
        status_pagamento=np.where(rows["status_pedido"] == "CANCELADO", "CANCELADO", "PREVISTO"),
        metodo_pagamento=rows["tipo_pagamento"],
        origem_recurso=_resource(rows["tipo_pagamento"]),
    )


def _loans(loans: pd.DataFrame) -> pd.DataFrame:
    loans = loans[loans["status"] != "QUITADO"]
    remaining = (loans["prazo_meses"] - loans["num_parcelas_pagas"]).clip(lower=0)
    rows = loans.loc[loans.index.repeat(remaining)]
    k = rows.groupby(level=0).cumcount()
    month = rows["data_vencimento_proxima"].dt.to_period("M") + k
    day = np.minimum(rows["data_vencimento_proxima"].dt.day, month.dt.days_in_month)
    return rows.assign(
        tipo_registro="PARCELA_EMPRESTIMO",
        data_vencimento=month.dt.start_time + pd.to_timedelta(day - 1, unit="D"),
        status_pagamento="AGENDADO",
        origem_recurso="EMPRESTIMO_PJ",
        num_parcelas=rows["prazo_meses"],
        parcela_atual=rows["num_parcelas_pagas"] + k + 1,
        finalidade_emprestimo=rows["finalidade"],
        moeda_origem="BRL",
        taxa_cambio_aplicada=ONE_RATE,
        valor_fluxo_brl=rows["valor_parcela_mensal"],
        valor_moeda_origem=rows["valor_parcela_mensal"],
    )


def _shared(dues: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Cross every order's commitments with its items, and share each over the other."""
    dues = dues.reset_index(drop=True)
    dues["due"] = dues.index
    rows = dues.merge(
        items.astype({"valor_total_item": "Int64", "quantidade": "Int64"}), on="pedido_id", how="left"
    )  # fmt: skip
    rows = rows.sort_values(["pedido_id", "item_id"], na_position="last").reset_index(drop=True)
    weight = rows["valor_total_item"].fillna(0).astype("int64")
    due_weight = rows["valor_fluxo_brl"].astype("int64")
    ties = [name for name in ("parcela_atual", "pagamento_id") if name in rows]
    for name in ("valor_fluxo_brl", "valor_moeda_origem"):
        rows[name] = _share(rows, name, weight, "due", ["item_id"])
    rows["valor_item_brl"] = rows["valor_total_item"]
    has_item = rows["item_id"].notna()
    for name in ("valor_item_brl", "quantidade"):
        rows.loc[has_item, name] = _share(rows[has_item], name, due_weight[has_item], "item_id", ties)
    return rows


def _share(rows: pd.DataFrame, total: str, weight: pd.Series, group: str, ties: list[str]) -> pd.Series:
    """Share each group's total by the largest remainders, ties to the first by the columns ``ties``."""
    total_units = rows[total].astype("Int64")
    whole = weight.groupby(rows[group]).transform("sum")
    size = weight.groupby(rows[group]).transform("size")
    weight, whole = weight.mask(whole == 0, 1), whole.mask(whole == 0, size)
    if float(total_units.max()) * float(weight.max()) >= 2**63:
        raise OverflowError("amounts whose products do not fit int64")
    product = total_units * weight
    part, remainder = product // whole, product % whole
    left = total_units - part.groupby(rows[group]).transform("sum")
    ranked = rows[[group, *ties]].assign(remainder=remainder)
    ranked = ranked.sort_values([group, "remainder", *ties], ascending=[True, False, *[True] * len(ties)])
    place = ranked.groupby(group).cumcount().reindex(rows.index)
    return part + (place < left)


def _as_of(rows: pd.DataFrame, quotations: pd.DataFrame) -> pd.DataFrame:
    """Add the newest quotation of each row's currency on or before its day; ``merge_asof`` wants both sorted."""
    asked = rows["dia"].notna() & rows["moeda_origem"].notna() & (rows["moeda_origem"] != "BRL")
    left = rows.loc[asked, ["moeda_origem", "dia"]].sort_values("dia")
    right = quotations.assign(dia=quotations["data_ptax"]).sort_values("dia")
    found = pd.merge_asof(left.reset_index(), right, on="dia", by="moeda_origem").set_index("index")
    return rows.assign(
        taxa_ptax=found["taxa_ptax"].astype("Int64").reindex(rows.index),
        data_ptax=found["data_ptax"].reindex(rows.index),
    )


def _with_rates(rows: pd.DataFrame, quotations: pd.DataFrame) -> pd.DataFrame:
    rows = _as_of(rows, quotations)
    brl = rows["moeda_origem"] == "BRL"
    rows["dias_defasagem_ptax"] = (rows["dia"] - rows["data_ptax"]).dt.days.astype("Int64")
    rows["taxa_ptax"] = rows["taxa_ptax"].mask(brl, ONE_RATE)
    exact = rows["valor_moeda_origem"].astype("Int64") * (
        rows["taxa_ptax"] - rows["taxa_cambio_aplicada"].astype("Int64")
    )
    half_up = (exact.abs() + ONE_RATE // 2) // ONE_RATE
    rows["variacao_cambial_brl"] = half_up.mask(exact < 0, -half_up).mask(brl, 0)
    for name in ("num_parcelas", "parcela_atual"):
        rows[name] = rows[name].astype("Int64")
    return rows


# Gold ---------------------------------------------------------------------------------------------------------------

_CASH_KEY = ["mes_referencia", "origem_recurso", "moeda_origem"]
_FORECAST_KEY = ["mes_referencia", "categoria", "moeda_origem"]
_OUTFLOWS = {
    "saida_paga_brl": "PAGO", "saida_pendente_brl": "PENDENTE", "saida_agendada_brl": "AGENDADO",
    "saida_prevista_brl": "PREVISTO",
}  # fmt: skip


def _exposure(fact: pd.DataFrame) -> pd.Series:
    currency, status = fact["moeda_origem"], fact["status_pagamento"]
    is_open = currency.notna() & (currency != "BRL") & ~status.isin(["PAGO", "CANCELADO"])
    return fact["valor_moeda_origem"].fillna(0).where(is_open, 0).astype("int64")


def _cash_flow(fact: pd.DataFrame) -> pd.DataFrame:
    status = fact["status_pagamento"]
    columns = {name: fact["valor_fluxo_brl"].where(status == paid, 0) for name, paid in _OUTFLOWS.items()}
    columns["cancelado_brl"] = fact["valor_fluxo_brl"].where(status == "CANCELADO", 0)
    columns["exposicao_moeda_origem"] = _exposure(fact)
    columns["variacao_cambial_brl"] = (
        fact["variacao_cambial_brl"].fillna(0).mask(status == "CANCELADO", 0).astype("int64")
    )
    fact = fact[[*_CASH_KEY, "pedido_id", "pagamento_id", "emprestimo_id"]].assign(**columns)
    groups = fact.groupby(_CASH_KEY, dropna=False)
    result = groups[list(columns)].sum()
    for what in ("pedido", "pagamento", "emprestimo"):
        result[f"qtd_{what}s"] = groups[f"{what}_id"].nunique()
    result = result.reset_index().sort_values(_CASH_KEY, na_position="last")
    result["total_saida_brl"] = result[list(_OUTFLOWS)].sum(axis=1)
    running = result.groupby(_CASH_KEY[1:], dropna=False)["total_saida_brl"].cumsum()
    result["total_saida_acumulado_brl"] = running
    return result[
        [*_CASH_KEY, *_OUTFLOWS, "cancelado_brl", "total_saida_brl", "total_saida_acumulado_brl",
         "exposicao_moeda_origem", "variacao_cambial_brl", "qtd_pedidos", "qtd_pagamentos", "qtd_emprestimos"]
    ]  # fmt: skip


def _forecast(fact: pd.DataFrame) -> pd.DataFrame:
    fact = fact[(fact["tipo_registro"] != "PARCELA_EMPRESTIMO") & (fact["status_pagamento"] != "CANCELADO")]
    sums = ["valor_fluxo_brl", "valor_item_brl", "quantidade", "variacao_cambial_brl"]
    fact = fact.assign(exposicao_moeda_origem=_exposure(fact), rate=fact["taxa_ptax"].astype("Float64") / ONE_RATE)
    groups = fact.groupby(_FORECAST_KEY, dropna=False)
    result = groups[[*sums, "exposicao_moeda_origem"]].sum()
    result["qtd_pedidos"] = groups["pedido_id"].nunique()
    result["taxa_ptax_media"], result["taxa_ptax_desvio"] = groups["rate"].mean(), groups["rate"].std()
    result["taxa_ptax_min"], result["taxa_ptax_max"] = groups["taxa_ptax"].min(), groups["taxa_ptax"].max()
    result = result.reset_index().sort_values(_FORECAST_KEY, na_position="last", ignore_index=True)
    month = result["mes_referencia"].str[:4].astype("int64") * 12 + result["mes_referencia"].str[5:].astype("int64") - 1
    series = ["categoria", "moeda_origem"]
    result["month"] = month
    first = result.groupby(series, dropna=False)["month"].transform("min")
    at = result[[*series, "month", "valor_fluxo_brl"]]
    lags = ["valor_fluxo_lag_1", "valor_fluxo_lag_2", "valor_fluxo_lag_3"]
    for k, name in ((1, lags[0]), (2, lags[1]), (3, lags[2]), (-1, "alvo_valor_fluxo_proximo_mes_brl")):
        there = at.assign(month=at["month"] + k).rename(columns={"valor_fluxo_brl": name}).astype({name: "Int64"})
        result = result.merge(there, on=[*series, "month"], how="left")
        inside = month - k >= first if k > 0 else month < month.max()
        result[name] = result[name].fillna(0).where(inside)
    result["media_movel_3m_brl"] = result[lags].astype("Float64").mean(axis=1) / 100
    result["preco_medio_brl"] = (
        result["valor_item_brl"].astype("Float64") / 100 / result["quantidade"].mask(result["quantidade"] == 0)
    )
    angle = 2 * np.pi * (month % 12 + 1) / 12
    result["mes_seno"], result["mes_cosseno"] = np.sin(angle), np.cos(angle)
    return result[
        [*_FORECAST_KEY, "valor_fluxo_brl", "valor_item_brl", "quantidade", "preco_medio_brl", "qtd_pedidos",
         "taxa_ptax_media", "taxa_ptax_min", "taxa_ptax_max", "taxa_ptax_desvio", "exposicao_moeda_origem",
         "variacao_cambial_brl", *lags, "media_movel_3m_brl", "mes_seno", "mes_cosseno",
         "alvo_valor_fluxo_proximo_mes_brl"]
    ]  # fmt: skip
