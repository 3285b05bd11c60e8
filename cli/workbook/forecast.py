"""The sheets of the forecast: the total with its interval, and every series."""

from collections.abc import Mapping
from typing import Any, Final

from cli.workbook.charts import FONT, finished, scale, series
from cli.workbook.content import rows_of
from cli.workbook.page import Desk, Field, fields
from cli.workbook.risk import WITHOUT
from cli.workbook.styles import BLUE
from lakehouse.contract import layers
from lakehouse.contract.model import load

NAME: Final = "Previsão"
BY_SERIES: Final = "Previsão por série"
_TOTAL: Final = (
    "mes_referencia", "comprometido_brl", "comprometido_emprestimos_brl", "previsto_brl", "inferior_90_brl",
    "superior_90_brl",
)  # fmt: skip
_PROOF: Final = ("metodo", "mase", "vies_percentual", "cobertura_90", "origens")
_WIDTH: Final = Field("largura", "Largura do intervalo", "money")
_KEYS: Final = ("mes_referencia", "categoria", "moeda_origem")
_SERIES: Final = (
    "comprometido_brl", "previsto_brl", "inferior_90_brl", "superior_90_brl", "metodo", "mase", "vies_percentual",
    "cobertura_90", "meses_da_serie", "meses_com_valor", "motivo",
)  # fmt: skip
_BAND: Final = "#C9DDF0"
_COMMITTED: Final = "#E2A03F"


def total_rows(desk: Desk) -> list[Mapping[str, Any]]:
    """Return the rows of the total, month by month, each with the width of its interval; none without a forecast."""
    if desk.content.outlook is None:
        return []
    return [
        row | {_WIDTH.name: None if row["previsto_brl"] is None else row["superior_90_brl"] - row["inferior_90_brl"]}
        for row in rows_of(desk.content.outlook)
        if row["categoria"] is None and row["moeda_origem"] is None
    ]


def add(desk: Desk) -> None:
    """Add the sheet of the total, with its chart where there are numbers."""
    if desk.content.outlook is None:
        return
    contract = load(layers.in_role("outlook"))
    rows = total_rows(desk)
    page = desk.page(
        NAME,
        "Previsão do fluxo de caixa",
        "O que está comprometido e o que se espera do total de cada mês, com o intervalo que contém 90 % dos casos; "
        "empréstimos à parte.",
    )
    columns = (*fields(contract, _TOTAL, keys=1), _WIDTH, *fields(contract, _PROOF))
    head = page.table(columns, rows, missing=WITHOUT)
    for reason in dict.fromkeys(row["motivo"] for row in rows if row["motivo"]):
        page.note(reason, len(columns))
    if not rows or rows[0]["previsto_brl"] is None:
        return
    at = {field.name: number for number, field in enumerate(columns)}
    where = head + 1, head + len(rows)
    # An area that nobody sees up to the lower limit, and on top of it the interval.
    band = desk.book.add_chart({"type": "area", "subtype": "stacked"})
    unseen, seen = {"fill": {"none": True}, "border": {"none": True}}, {"fill": {"color": _BAND}}
    band.add_series(series(NAME, head, where, at["inferior_90_brl"], **unseen))
    band.add_series(series(NAME, head, where, at[_WIDTH.name], **seen) | {"name": "Intervalo de 90 %"})
    lines = desk.book.add_chart({"type": "line"})
    marker = {"type": "circle", "size": 6, "fill": {"color": BLUE}, "border": {"color": BLUE}}
    lines.add_series(series(NAME, head, where, at["previsto_brl"], line={"color": BLUE, "width": 2.25}, marker=marker))
    dashed = {"color": _COMMITTED, "width": 2.25, "dash_type": "dash"}
    lines.add_series(series(NAME, head, where, at["comprometido_brl"], line=dashed))
    band.combine(lines)
    unit = scale(row["superior_90_brl"] for row in rows)
    chart = finished(band, "Total previsto e seu intervalo de 90 %", unit, (900, 380))
    chart.set_x_axis({"num_format": "mm/yyyy", "num_font": FONT, "text_axis": True, "position_axis": "on_tick"})
    chart.set_legend({"position": "bottom", "font": FONT, "delete_series": [0]})
    page.on_one_page()
    page.sheet.insert_chart(page.row, 0, chart)


def add_series(desk: Desk) -> None:
    """Add the sheet of every series: where there is no number, why."""
    if desk.content.outlook is None:
        return
    contract = load(layers.in_role("outlook"))
    page = desk.page(
        BY_SERIES,
        "Previsão por categoria e moeda",
        "As partes do total; onde não há número honesto a linha diz por quê. DEMAIS reúne as séries curtas, que também "
        "estão aqui uma a uma: somar as duas conta em dobro.",
    )
    rows = [
        row for row in rows_of(desk.content.outlook)
        if not (row["categoria"] is None and row["moeda_origem"] is None)
    ]  # fmt: skip
    page.table(
        fields(contract, (*_KEYS, *_SERIES), keys=3, wrapped={"motivo": 40}), rows, is_main=True, missing=WITHOUT
    )
