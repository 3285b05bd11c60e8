"""The ten tables of an export worked out apart from the product: `csv` and `Decimal`, then `naive`, row by row."""

import csv
import math
import statistics
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import naive
import pyarrow as pa
from lakehouse_tables import CASH_FLOW, FACT, FORECAST, TABLES

from lakehouse.contract.model import load
from lakehouse.lake import layout

Row = dict[str, Any]


def tables(folder: Path) -> dict[str, pa.Table]:
    """Return the ten tables, with the contracts' schemas."""
    bronze = {name: table(name, rows_of(folder / f"{name}.csv", name)) for name in TABLES[layout.BRONZE]}
    fact = naive.Naive(bronze).fact(load(FACT).schema.names)
    return bronze | {
        FACT: table(FACT, fact),
        CASH_FLOW: table(CASH_FLOW, naive.cash_flow(fact)),
        FORECAST: table(FORECAST, [row | doubles(row, fact) for row in naive.forecast(fact)]),
    }


def table(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    schema = load(name).schema
    return pa.table([pa.array([row[field.name] for row in rows], field.type) for field in schema], schema=schema)


def rows_of(file: Path, name: str) -> list[Row]:
    """Read a CSV; the loan that has more instalments paid than it has is the only row that falls."""
    types = {field.name: field.type for field in load(name).schema}
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = [{column: value(text, types[column]) for column, text in row.items()} for row in csv.DictReader(lines)]
    if name != "emprestimos":
        return rows
    return [row for row in rows if row["num_parcelas_pagas"] <= row["prazo_meses"]]


def value(text: str, type_: pa.DataType) -> Any:
    text = unicodedata.normalize("NFC", text).strip()
    if text in ("", "--"):
        return None
    if pa.types.is_decimal(type_):
        return Decimal(text).quantize(Decimal(1).scaleb(-type_.scale))
    if pa.types.is_date(type_):
        return date.fromisoformat(text)
    return int(text) if pa.types.is_integer(type_) else text


def doubles(group: Row, fact: Sequence[Row]) -> Row:
    """Return the columns of the forecast that are not exact, of one of its rows."""
    key = ("mes_referencia", "categoria", "moeda_origem")
    rates = [
        row["taxa_ptax"]
        for row in fact
        if all(row[column] == group[column] for column in key)
        and row["tipo_registro"] != "PARCELA_EMPRESTIMO"
        and row["status_pagamento"] != "CANCELADO"
        and row["taxa_ptax"] is not None
    ]
    lags = [group[f"valor_fluxo_lag_{k}"] for k in (1, 2, 3)]
    known = [lag for lag in lags if lag is not None]
    angle = 2 * math.pi * int(group["mes_referencia"][5:]) / 12
    return {
        "preco_medio_brl": float(group["valor_item_brl"] / group["quantidade"]) if group["quantidade"] else None,
        "taxa_ptax_media": float(statistics.mean(rates)) if rates else None,
        "taxa_ptax_desvio": float(statistics.stdev(rates)) if len(rates) > 1 else None,
        "media_movel_3m_brl": float(statistics.mean(known)) if known else None,
        "mes_seno": math.sin(angle),
        "mes_cosseno": math.cos(angle),
    }
