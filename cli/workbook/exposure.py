"""The sheets of what is open in foreign currencies: by currency, and by month."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from cli.workbook.charts import STATUS_COLOURS, columns, filled, finished, scale, series
from cli.workbook.content import Content, rows_of
from cli.workbook.page import Desk, Field, total
from lakehouse.contract import layers
from lakehouse.domain import BRL

if TYPE_CHECKING:
    import pandas as pd

NAME: Final = "Exposição"
BY_MONTH: Final = "Exposição por mês"
OPEN: Final = ("saida_pendente_brl", "saida_agendada_brl", "saida_prevista_brl")
_RISK: Final = layers.in_role("currency_risk")
_KEYS: Final = (
    Field("mes_referencia", "Mês", "month", is_key=True),
    Field("moeda_origem", "Moeda", "text", is_key=True),
)
_EXPOSED: Final = (
    Field("exposicao_moeda_origem", "Exposição na moeda", "foreign", table=layers.in_role("cash_flow")),
    Field("aberto_brl", "Em aberto, em reais contratados", "money", is_summed=True),
)
_AT_PTAX: Final = (
    Field("taxa_ptax", "PTAX mais nova", "rate", table=_RISK),
    Field("data_ptax", "Data da PTAX", "date", table=_RISK),
    Field("exposicao_brl", "Em reais à PTAX mais nova", "money", is_summed=True, table=_RISK),
)


def add(desk: Desk) -> None:
    """Add the sheet by currency, with its chart."""
    rows = by_currency(desk.content)
    page = desk.page(
        NAME, "Exposição cambial por moeda", "O que está em aberto em moeda estrangeira, de todos os meses."
    )
    shown = (_KEYS[1], *_EXPOSED, *(_AT_PTAX if desk.content.risk is not None else ()))
    if not rows:
        page.note("Não há compromisso em aberto em moeda estrangeira.", len(shown))
        return
    amounts = [(number, field) for number, field in enumerate(shown) if field.is_summed]
    last: dict[str, Any] = {"moeda_origem": "Total"} | {f.name: total(row[f.name] for row in rows) for _, f in amounts}
    if any(row.get("exposicao_brl") is None for row in rows):
        # Without a quotation of one currency its amount is unknown, and a total would be too small.
        last.pop("exposicao_brl", None)
    head = page.table(shown, rows, last=last, missing="sem PTAX")
    chart = columns(desk, "clustered")
    for (number, _), look in zip(amounts, filled(STATUS_COLOURS[::2]), strict=False):
        chart.add_series(series(NAME, head, (head + 1, head + len(rows)), number, **look))
    unit = scale(row[field.name] for row in rows for _, field in amounts)
    page.on_one_page()
    page.sheet.insert_chart(page.row, 0, finished(chart, "Em aberto por moeda, em reais", unit, (760, 360)))


def add_months(desk: Desk) -> None:
    """Add the sheet by month and currency."""
    page = desk.page(
        BY_MONTH,
        "Exposição cambial por mês",
        "O que está em aberto em moeda estrangeira, por mês de vencimento e moeda.",
    )
    page.table((*_KEYS, *_EXPOSED), by_month(desk.content.cash_flow), is_main=True)


def by_currency(content: Content) -> list[Mapping[str, Any]]:
    """Return what is open in each foreign currency; in reais at the newest PTAX too, where the version has the risk."""
    rows = _grouped(content.cash_flow, ["moeda_origem"])
    at_ptax: dict[str, Mapping[str, Any]] = {}
    if content.risk is not None:
        totals = content.risk[content.risk["mes_vencimento"].isna()]
        at_ptax = {row["moeda_origem"]: row for row in rows_of(totals)}
    return [row | {f.name: at_ptax.get(row["moeda_origem"], {}).get(f.name) for f in _AT_PTAX} for row in rows]


def by_month(cash_flow: "pd.DataFrame") -> list[Mapping[str, Any]]:
    """Return what is open in each month and foreign currency."""
    return _grouped(cash_flow, ["mes_referencia", "moeda_origem"])


def in_reais(content: Content) -> list[Mapping[str, Any]]:
    """Return what is open in each foreign currency at the newest PTAX of the version, the largest amount first.

    It needs no forecast. Each month is rounded by itself, so that a total is the sum of its months, as in the table of
    the risk.

    Returns
    -------
    list of mapping
        ``moeda_origem``, ``exposicao_moeda_origem``, ``taxa_ptax``, ``data_ptax``, ``exposicao_brl``; the last three
        None without a quotation.
    """
    rates = {row["moeda_origem"]: row for row in content.commitments.rates or ()}
    months: dict[str, list[Decimal]] = {}
    for row in by_month(content.cash_flow):
        if row["exposicao_moeda_origem"] > 0:
            months.setdefault(row["moeda_origem"], []).append(row["exposicao_moeda_origem"])
    found = []
    for currency, amounts in months.items():
        quoted = rates.get(currency, {"taxa_ptax": None, "data_ptax": None})
        rate = quoted["taxa_ptax"]
        found.append(
            {
                "moeda_origem": currency, "exposicao_moeda_origem": total(amounts), "taxa_ptax": rate,
                "data_ptax": quoted["data_ptax"],
                "exposicao_brl": None if rate is None else total(_at(amount, rate) for amount in amounts),
            }
        )  # fmt: skip
    return sorted(
        found, key=lambda row: (row["exposicao_brl"] is None, -(row["exposicao_brl"] or 0), row["moeda_origem"])
    )


def tenth(amount: Decimal) -> Decimal:
    """Return ten per cent of a positive amount, half up to the cent.

    >>> tenth(Decimal("355521.47")), tenth(Decimal("0.05"))
    (Decimal('35552.15'), Decimal('0.01'))
    """
    return Decimal((int(amount.scaleb(2)) + 5) // 10).scaleb(-2)


def _at(amount: Decimal, rate: Decimal) -> Decimal:
    """Return a positive amount at a rate, half up to the cent."""
    millionths = int(amount.scaleb(2)) * int(rate.scaleb(6))
    return Decimal((millionths + 500_000) // 1_000_000).scaleb(-2)


def _grouped(cash_flow: "pd.DataFrame", by: list[str]) -> list[Any]:
    """Sum the rows of foreign currencies exactly; groups of which nothing is open are left out."""
    currency = cash_flow["moeda_origem"]
    rows = cash_flow[currency.notna() & (currency != BRL)]
    found = []
    for keys, group in rows.groupby(by, sort=True):
        exposed = total(group["exposicao_moeda_origem"])
        still: Decimal = sum((total(group[name]) for name in OPEN), Decimal("0.00"))
        if exposed or still:
            found.append(dict(zip(by, keys, strict=True)) | {"exposicao_moeda_origem": exposed, "aberto_brl": still})
    return found
