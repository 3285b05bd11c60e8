"""The answers to those of the controller's twelve questions that have a query of their own, row by row."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from lakehouse_tables import CASH_FLOW, FACT, OUTLOOK, RISK

CENT = Decimal("0.01")
Row = dict[str, Any]


def total(rows: Iterable[Row], column: str) -> Decimal:
    return sum((row[column] for row in rows if row[column] is not None), Decimal("0.00"))


def half_up(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def newest_order(tables: Any) -> date:
    return max(row["data_pedido"] for row in tables["pedidos"] if row["data_pedido"])


def next_month(tables: Any) -> str:
    newest = newest_order(tables)
    return f"{newest.year + newest.month // 12}-{newest.month % 12 + 1:02}"


def open_rows(tables: Any) -> list[Row]:
    return [row for row in tables[FACT] if row["status_pagamento"] not in {"PAGO", "CANCELADO"}]


def is_loan(row: Row) -> bool:
    return bool(row["tipo_registro"] == "PARCELA_EMPRESTIMO")


def falling_due(tables: Any) -> list[Row]:
    newest = newest_order(tables)
    found = []
    for days in (30, 90, 365):
        until = newest + timedelta(days)
        rows = [row for row in open_rows(tables) if newest <= row["data_vencimento"] <= until]
        loans = total([row for row in rows if is_loan(row)], "valor_fluxo_brl")
        whole = total(rows, "valor_fluxo_brl")
        found.append(
            {"dias": days, "ate": until, "compras_brl": whole - loans, "emprestimos_brl": loans, "total_brl": whole}
        )
    return found


def overdue(tables: Any) -> list[Row]:
    groups = defaultdict(list)
    for row in open_rows(tables):
        if row["data_vencimento"] < newest_order(tables):
            who = (row["instituicao_financeira"], "EMPRESTIMO") if is_loan(row) else (row["razao_social"], "COMPRA")
            groups[*who, row["moeda_origem"]].append(row)
    whole = sum((total(rows, "valor_fluxo_brl") for rows in groups.values()), Decimal(0))
    found = [
        {
            "credor": who, "tipo": kind, "moeda": currency, "mais_antigo": min(row["data_vencimento"] for row in rows),
            "vencido_brl": total(rows, "valor_fluxo_brl"), "total_vencido_brl": whole,
        }
        for (who, kind, currency), rows in groups.items()
    ]  # fmt: skip
    return sorted(found, key=lambda row: (-row["vencido_brl"], row["credor"], row["tipo"], row["moeda"]))


def exposure(tables: Any) -> list[Row]:
    last: dict[str, Row] = {}
    for row in sorted(tables["cambio"], key=lambda row: row["data_cotacao"]):
        last[row["moeda"]] = row
    months: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in tables[CASH_FLOW]:
        if row["moeda_origem"] != "BRL":
            months[row["moeda_origem"]][row["mes_referencia"]] += row["exposicao_moeda_origem"]
    found = [
        {
            "moeda": currency, "em_aberto": sum(each.values()), "data_ptax": last[currency]["data_cotacao"],
            "taxa_ptax": last[currency]["taxa_ptax"],
            "em_aberto_brl": sum(half_up(amount * last[currency]["taxa_ptax"]) for amount in each.values()),
        }
        for currency, each in months.items() if any(each.values())
    ]  # fmt: skip
    whole = total(found, "em_aberto_brl")
    ordered = sorted(found, key=lambda row: (-row["em_aberto_brl"], row["moeda"]))
    return [row | {"todas_brl": whole} for row in ordered]


def rise(tables: Any) -> list[Row]:
    return [
        {
            "moeda": row["moeda"], "em_aberto_brl": row["em_aberto_brl"],
            "alta_10_brl": half_up(row["em_aberto_brl"] / 10), "todas_alta_10_brl": half_up(row["todas_brl"] / 10),
        }
        for row in exposure(tables)
    ]  # fmt: skip


def at_risk(tables: Any) -> list[Row]:
    columns = ("exposicao_brl", "var_95_ewma_brl", "var_95_historico_brl", "motivo")
    found = [
        {"moeda": row["moeda_origem"], **{name: row[name] for name in columns}}
        for row in tables[RISK] if row["mes_vencimento"] is None
    ]  # fmt: skip
    return sorted(found, key=lambda row: row["moeda"] or "")


def loans_next_month(tables: Any) -> list[Row]:
    month = next_month(tables)
    rows = [
        row for row in tables[FACT]
        if is_loan(row) and row["mes_referencia"] == month and row["status_pagamento"] != "CANCELADO"
    ]  # fmt: skip
    return [{"mes": month, "parcelas": len(rows), "total_brl": total(rows, "valor_fluxo_brl")}]


def expected_next_month(tables: Any) -> list[Row]:
    columns = ("comprometido_brl", "previsto_brl", "inferior_90_brl", "superior_90_brl", "metodo", "motivo")
    return [
        {"mes": row["mes_referencia"], **{name: row[name] for name in columns}}
        for row in tables[OUTLOOK]
        if row["categoria"] is None and row["moeda_origem"] is None and row["mes_referencia"] == next_month(tables)
    ]


def exchange_of_the_year(tables: Any) -> list[Row]:
    year, until = f"{newest_order(tables):%Y}", f"{newest_order(tables):%Y-%m}"
    months = defaultdict(list)
    for row in tables[CASH_FLOW]:
        months[row["mes_referencia"]].append(row)
    sofar = [row for month in months if month[:4] == year and month <= until for row in months[month]]
    ahead = [row for month in months if month > until for row in months[month]]
    return [
        {
            "ano": year, "ate_mes": until, "variacao_brl": total(sofar, "variacao_cambial_brl"),
            "depois_brl": total(ahead, "variacao_cambial_brl"),
        }
    ]  # fmt: skip


def year_on_year(tables: Any) -> list[Row]:
    newest = newest_order(tables)
    month, before = f"{newest:%Y-%m}", f"{newest.year - 1}-{newest:%m}"
    now, then = (
        total([row for row in tables[CASH_FLOW] if row["mes_referencia"] == each], "total_saida_brl")
        for each in (month, before)
    )
    return [
        {
            "mes": month, "total_brl": now, "mes_anterior": before, "total_anterior_brl": then,
            "diferenca_brl": now - then,
        }
    ]  # fmt: skip


def by_status(tables: Any) -> list[Row]:
    statuses = {"pago_brl": "PAGO", "pendente_brl": "PENDENTE", "agendado_brl": "AGENDADO", "previsto_brl": "PREVISTO"}
    sums = {
        name: total([row for row in tables[FACT] if row["status_pagamento"] == status], "valor_fluxo_brl")
        for name, status in statuses.items()
    }
    return [sums | {"total_brl": sum(sums.values(), Decimal(0))}]


def of_when(tables: Any) -> list[Row]:
    order, rate = newest_order(tables), max(row["data_cotacao"] for row in tables["cambio"])
    return [{"pedido_mais_novo": order, "ptax_mais_nova": rate, "dias_de_atraso": max((order - rate).days, 0)}]


ANSWERS: Mapping[str, Callable[[Any], list[Row]]] = {
    "a-vencer": falling_due,
    "alta-das-moedas": rise,
    "cambio-do-ano": exchange_of_the_year,
    "data-dos-dados": of_when,
    "emprestimos-do-proximo-mes": loans_next_month,
    "exposicao-cambial": exposure,
    "mes-contra-ano-anterior": year_on_year,
    "previsao-do-proximo-mes": expected_next_month,
    "totais-por-situacao": by_status,
    "valor-em-risco": at_risk,
    "vencidos": overdue,
}
