"""Rows of the two tables of the forecast, made up with their contracts' schemas: with numbers, and without."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from lakehouse.contract import layers
from lakehouse.contract.model import load

OUTLOOK, RISK = (layers.in_role(role) for role in ("outlook", "currency_risk"))
TODAY = date(2026, 11, 20)
MONTHS = ("2026-11", "2026-12", "2027-01", "2027-02", "2027-03", "2027-04")
SHORT = "SERIE_CURTA: 5 meses com valor, e são precisos 9."
FEW = "POUCAS_COTACOES: 41 retornos diários, e são precisos 60."

Row = dict[str, Any]


def table_of(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    schema = load(name).schema
    return pa.table([pa.array([row.get(field.name) for row in rows], field.type) for field in schema], schema=schema)


def outlook(*series: tuple[str | None, str | None, Decimal | None]) -> pa.Table:
    """Return six months of each series: its category, its currency, its first month's point; None in a short one."""
    rows = [row for each in series for row in _months(*each)]
    return table_of(OUTLOOK, sorted(rows, key=lambda row: (row["mes_referencia"], row["categoria"] or "~")))


def _months(category: str | None, currency: str | None, point: Decimal | None) -> list[Row]:
    is_total = category is None and currency is None
    rows: list[Row] = []
    for number, month in enumerate(MONTHS):
        row: Row = {
            "mes_referencia": month, "categoria": category, "moeda_origem": currency, "horizonte": number + 1,
            "comprometido_brl": Decimal("1000.01") * (6 - number),
            "comprometido_emprestimos_brl": Decimal("20000.00") if is_total else Decimal(0),
            "metodo": "SERIE_CURTA", "origens": 0, "meses_da_serie": 20, "meses_com_valor": 5,
            "ultimo_mes_completo": "2026-10", "data_referencia": TODAY, "motivo": SHORT,
        }  # fmt: skip
        if point is not None:
            middle = point + number * Decimal("1500.37")
            width = Decimal("4000.00") * (number + 2)
            row |= {
                "previsto_brl": middle, "inferior_90_brl": max(middle - width, row["comprometido_brl"]),
                "superior_90_brl": middle + width, "metodo": "THETA", "mase": 0.8137,
                "vies_percentual": Decimal("-2.5"), "cobertura_90": Decimal("91.6667"),
                "origens": 12, "meses_da_serie": 30, "meses_com_valor": 28,
                "motivo": None,
            }  # fmt: skip
        rows.append(row)
    return rows


def risk(exposed: Mapping[str, Decimal], few: Sequence[str] = ()) -> pa.Table:
    """Return the portfolio, and the total and one month of each currency; those of ``few`` have too few quotations."""
    rows = [_risk(None, None, None, False)]
    for currency, amount in exposed.items():
        rows += [_risk(currency, month, amount, currency in few) for month in (None, MONTHS[1])]
    return table_of(RISK, rows)


def _risk(currency: str | None, month: str | None, amount: Decimal | None, few: bool) -> Row:
    reais = (amount * 5).quantize(Decimal("0.01")) if amount is not None else Decimal("100000.00")
    row: Row = {
        "moeda_origem": currency, "mes_vencimento": month, "exposicao_moeda": amount,
        "taxa_ptax": Decimal("5.000000") if currency else None, "data_ptax": TODAY if currency else None,
        "exposicao_brl": reais, "dias_uteis": 40, "metodo": "POUCAS_COTACOES" if few else "EWMA_HISTORICO",
        "cotacoes": 41 if few else 600, "data_referencia": TODAY, "motivo": FEW if few else None,
    }  # fmt: skip
    if few:
        return row
    shares = {
        "var_95_ewma_brl": 9, "var_95_historico_brl": 10, "var_99_ewma_brl": 13, "var_99_historico_brl": 15,
        "estresse_mais_10_brl": 10, "estresse_mais_20_brl": 20, "estresse_menos_10_brl": -10,
        "estresse_menos_20_brl": -20, "pior_movimento_brl": 17,
    }  # fmt: skip
    amounts = {name: (reais * share / 100).quantize(Decimal("0.01")) for name, share in shares.items()}
    return row | amounts | {"excecoes_95": 18, "dias_testados": 350, "kupiec_p_valor": 0.904}
