"""The sheet of the next twelve months: what is due by status, loans apart, with what lies before and after."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from cli.workbook.charts import STATUS_COLOURS, columns, filled, finished, scale, series
from cli.workbook.page import Desk, Field, total
from cli.workbook.styles import written
from lakehouse.contract import layers
from lakehouse.domain import EMPRESTIMO_PJ

if TYPE_CHECKING:
    import pandas as pd

NAME: Final = "Próximos 12 meses"
_TABLE: Final = layers.in_role("cash_flow")
_STATUSES: Final = {
    "saida_paga_brl": "Pago", "saida_pendente_brl": "Pendente", "saida_agendada_brl": "Agendado",
    "saida_prevista_brl": "Previsto",
}  # fmt: skip
_LOANS: Final = "parcelas_de_emprestimo"
_FIELDS: Final = (
    Field("periodo", "Período", "text", is_key=True),
    *(Field(name, heading, "money", table=_TABLE) for name, heading in _STATUSES.items()),
    Field(_LOANS, "Empréstimos", "money"),
    Field("total_saida_brl", "Total", "money", table=_TABLE),
)
_AMOUNTS: Final = (*_STATUSES, _LOANS, "total_saida_brl")


def add(desk: Desk) -> None:
    """Add the sheet with its chart."""
    content = desk.content
    months = content.months
    page = desk.page(
        NAME,
        "Fluxo de caixa dos próximos doze meses",
        f"Compromissos por mês de vencimento e situação, sem cancelados, de {written(months[0], 'month')} a "
        f"{written(months[-1], 'month')}; parcelas de empréstimos à parte.",
    )
    before, within, after = periods(content.cash_flow, months)
    everything = {"periodo": "Total do Gold"} | {
        name: total(row[name] for row in (before, *within, after)) for name in _AMOUNTS
    }
    head = page.table(_FIELDS, [before, *within, after], last=everything)
    chart, rows = columns(desk, "stacked"), (head + 2, head + 1 + len(within))
    for number, look in enumerate(filled(STATUS_COLOURS), 1):
        chart.add_series(series(NAME, head, rows, number, **look))
    unit = scale(row["total_saida_brl"] for row in within)
    page.on_one_page()
    page.sheet.insert_chart(page.row, 0, finished(chart, "Saídas por mês de vencimento", unit, (980, 380)))


def periods(
    cash_flow: "pd.DataFrame", months: tuple[str, ...]
) -> tuple[Mapping[str, Any], list[Mapping[str, Any]], Mapping[str, Any]]:
    """Return what is due before some months, in each of them, and after them; together every row of Gold.

    Parameters
    ----------
    cash_flow : pd.DataFrame
        Gold's cash flow.
    months : tuple of str
        Consecutive, ``YYYY-MM``.

    Returns
    -------
    before : mapping
    within : list of mapping, of the length of ``months``
    after : mapping
    """
    month = cash_flow["mes_referencia"]
    return (
        _summed(cash_flow[month < months[0]], f"Antes de {written(months[0], 'month')}"),
        [_summed(cash_flow[month == each], written(each, "month")) for each in months],
        _summed(cash_flow[month > months[-1]], f"Depois de {written(months[-1], 'month')}"),
    )


def _summed(rows: "pd.DataFrame", period: str) -> Mapping[str, Any]:
    is_loan = rows["origem_recurso"] == EMPRESTIMO_PJ
    amounts: dict[str, Decimal] = {name: total(rows.loc[~is_loan, name]) for name in _STATUSES}
    return {
        "periodo": period,
        **amounts,
        _LOANS: total(rows.loc[is_loan, "total_saida_brl"]),
        "total_saida_brl": total(rows["total_saida_brl"]),
    }
