"""The generated parts of docs/tour.md: one order, as the pipeline computes it from the sample."""

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, Final

import pyarrow as pa
from audits import audited, found
from exports import SAMPLE
from generated import table
from lakehouse_tables import CASH_FLOW, FACT, FORECAST
from layers import cash_flow, correlate, forecast

from lakehouse.contract.model import load
from lakehouse.contract.rules import broken_by
from tests.audited import failing

ORDER: Final = "PED220"
PAYMENT: Final = "PAG324"
CATEGORY: Final = "Tecnologia"
COLUMN: Final = "variacao_cambial_brl"
# Logins of people are not shown: the contract of the first layer says that they are personal.
_OF_ORDER: Final = ("pedido_id", "data_pedido", "fornecedor_id", "valor_total_brl", "status", "tipo_pagamento")
_OF_ITEM: Final = ("item_id", "produto_id", "quantidade", "preco_unitario", "desconto_percentual", "valor_total_item")
_OF_PAYMENT: Final = (
    "pagamento_id", "data_pagamento", "valor_pago_brl", "status_pagamento", "taxa_cambio_aplicada", "moeda_origem",
    "valor_moeda_origem", "num_parcelas", "parcela_atual", "data_vencimento",
)  # fmt: skip
_TYPED: Final = ("valor_pago_brl", "taxa_cambio_aplicada", "data_pagamento", "num_parcelas", "metodo_pagamento")
_RULES: Final = (
    "contabilidade_de_linhas", "conserva_parcelas_de_pagamento", "conserva_valor_dos_itens", "conserva_quantidade",
    "ptax_confere", "variacao_confere", "ptax_defasada", "fornecedor_divergente",
)  # fmt: skip
_OUTFLOWS: Final = ("saida_paga_brl", "saida_pendente_brl", "saida_agendada_brl")


def parts() -> dict[str, str]:
    """Return every part of the page by its name."""
    return {
        "order": _lines("pedidos", _OF_ORDER),
        "items": _lines("itens_pedido", _OF_ITEM),
        "payments": _lines("pagamentos", _OF_PAYMENT),
        "types": _types(),
        "oddities": _oddities(),
        "instalments": _instalments(),
        "shares": _shares(),
        "rates": _rates(),
        "rules": _rules(),
        "cash flow": _cash_flow(),
        "forecast": _forecast(),
        "sources": _sources(),
    }


@cache
def tables() -> dict[str, pa.Table]:
    """Return the ten tables as the pipeline makes them."""
    bronze = {name: read.kept for name, read in SAMPLE.read().items()}
    fact = correlate(bronze).fact
    return bronze | {FACT: fact, CASH_FLOW: cash_flow(fact), FORECAST: forecast(fact)}


def rows(name: str, **where: Any) -> list[dict[str, Any]]:
    """Return the rows of a table that have the given values."""
    every: list[dict[str, Any]] = tables()[name].to_pylist()
    return [row for row in every if all(row[column] == value for column, value in where.items())]


def _lines(name: str, columns: Sequence[str]) -> str:
    """Show the order's lines of a CSV, as text."""
    with (SAMPLE.folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        order_lines = [(reader.line_num, *map(row.get, columns)) for row in reader if row["pedido_id"] == ORDER]
    return table(("line", *columns), order_lines)


def _types() -> str:
    """Show the values that one payment's text becomes."""
    contract, (row,) = load("pagamentos"), rows("pagamentos", pagamento_id=PAYMENT)
    with (SAMPLE.folder / "pagamentos.csv").open(encoding="utf-8-sig", newline="") as lines:
        text = next(line for line in csv.DictReader(lines) if line["pagamento_id"] == PAYMENT)
    typed = [(name, f"`{text[name]}`", f"`{contract.column(name).physical_type}`", row[name]) for name in _TYPED]
    return table(("column", "text of the CSV", "type of the contract", "value"), typed)


def _oddities() -> str:
    """Show the results of Bronze's audit of the order's tables, and the only row that Bronze set aside."""
    layer = {name: read.kept for name, read in SAMPLE.read().items()}
    outcomes = []
    for name, rule in (
        ("pedidos", "pedido_difere_da_soma_dos_itens"), ("pagamentos", "pagamento_com_ptax_defasada"),
        ("emprestimos", "linhas_em_quarentena"),
    ):  # fmt: skip
        read = SAMPLE.read()[name]
        outcome = found(rule, audited(name, read.kept, layer, quarantine=read.quarantine))
        outcomes.append((f"`{name}`", f"`{rule}`", outcome.failed, outcome.examined))
    return table(("table", "rule", "broken by", "of"), outcomes, ("broken by", "of"))


def _instalments() -> str:
    """Show what each payment states, and what it is worth."""
    shown = []
    for payment in _payments():
        its = rows(FACT, pagamento_id=payment["pagamento_id"])
        shown.append(
            (
                payment["pagamento_id"],
                f"{payment['parcela_atual']} of {payment['num_parcelas']}",
                payment["valor_pago_brl"],
                _sum(its, "valor_fluxo_brl"),
                payment["valor_moeda_origem"],
                _sum(its, "valor_moeda_origem"),
            )
        )
    shown.append(("together", "", *(_total(shown, place) for place in range(2, 6))))
    head = ("payment", "instalment", "BRL stated", "BRL", "USD stated", "USD")
    return table(head, shown, head[2:])


def _shares() -> str:
    """Show the order's eight rows of the fact, and that they add up both ways."""
    columns = ("valor_fluxo_brl", "valor_moeda_origem", "valor_item_brl", "quantidade")
    its = rows(FACT, pedido_id=ORDER)
    shown = [(row["item_id"], row["pagamento_id"], *(row[name] for name in columns)) for row in its]
    shown.append(("together", "", *(_total(shown, place) for place in range(2, 6))))
    return table(("item", "payment", *columns), shown, columns)


def _rates() -> str:
    """Show the quotation that holds for each payment, and the resulting variation."""
    shown = []
    for payment in _payments():
        its = rows(FACT, pagamento_id=payment["pagamento_id"])
        one = its[0]
        shown.append(
            (
                payment["pagamento_id"], one["data_pagamento"], one["data_ptax"], one["dias_defasagem_ptax"],
                one["taxa_ptax"], one["taxa_cambio_aplicada"], *(row["variacao_cambial_brl"] for row in its),
                _sum(its, "variacao_cambial_brl"),
            )
        )  # fmt: skip
    items = [item["item_id"] for item in rows("itens_pedido", pedido_id=ORDER)]
    head = ("payment", "paid, or due", "quotation", "days old", "PTAX", "applied", *items, "variation, BRL")
    return table(head, shown, head[3:])


def _rules() -> str:
    """Show the results of some rules of the fact's contract."""
    silver = correlate({name: read.kept for name, read in SAMPLE.read().items()})
    of = audited(FACT, silver.fact, below=tables(), quarantine=silver.quarantine)
    shown = []
    for name in _RULES:
        rule = next(each for each in of.contract.rules if each.name == name)
        outcome = found(name, of) if rule.kind == "check" else failing(broken_by(rule, of.table), of.table, ())
        shown.append((f"`{name}`", rule.severity, outcome.failed, outcome.examined))
    return table(("rule", "severity", "broken by", "of"), shown, ("broken by", "of"))


def _cash_flow() -> str:
    key = {"origem_recurso": "CARTAO_CREDITO_PJ", "moeda_origem": "USD"}
    months = {row["mes_referencia"] for row in rows(FACT, pedido_id=ORDER)}
    its = [row for row in rows(CASH_FLOW, **key) if row["mes_referencia"] in months]
    columns = (*_OUTFLOWS, "total_saida_acumulado_brl", "exposicao_moeda_origem", COLUMN)
    return table(
        ("month", *columns), [(row["mes_referencia"], *(row[name] for name in columns)) for row in its], columns
    )


def _forecast() -> str:
    (row,) = rows(FORECAST, mes_referencia="2026-06", categoria=CATEGORY, moeda_origem="USD")
    columns = (
        "valor_fluxo_brl", "quantidade", "preco_medio_brl", "taxa_ptax_media", "valor_fluxo_lag_1",
        "alvo_valor_fluxo_proximo_mes_brl",
    )  # fmt: skip
    return table(columns, [[row[name] for name in columns]], columns)


def _sources() -> str:
    """Show the sources of one gold column, layer by layer, as the contracts declare them."""
    shown = []
    for name in (CASH_FLOW, FACT):
        column = load(name).column(COLUMN)
        direct = [source for source in column.sources if source not in column.indirect]
        shown.append((f"`{name}.{COLUMN}`", "<br>".join(f"`{source}`" for source in direct)))
    return table(("column", "its values come from"), shown)


def _payments() -> list[dict[str, Any]]:
    return rows("pagamentos", pedido_id=ORDER)


def _sum(of: Iterable[dict[str, Any]], column: str) -> Decimal:
    return sum((row[column] for row in of), Decimal(0))


def _total(shown: Iterable[Sequence[Any]], place: int) -> Any:
    return sum(row[place] for row in shown)
