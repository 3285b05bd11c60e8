"""The sheets of the currency risk: the portfolio and each currency side by side, and every month."""

from collections.abc import Mapping
from typing import Any, Final

from cli.workbook.content import rows_of, shown
from cli.workbook.page import Desk, Field, Page, fields
from cli.workbook.styles import Kind, kind_of, written
from lakehouse.contract import layers
from lakehouse.contract.model import Column, load

NAME: Final = "Risco cambial"
BY_MONTH: Final = "Risco por mês"
# What stands where there is no honest number.
WITHOUT: Final = "sem número"
_KEYS: Final = ("moeda_origem", "mes_vencimento")
_PORTFOLIO: Final = "Carteira"
_WRAP: Final = 20
_MEANING: Final = 58
_MONTHLY: Final = (
    "exposicao_moeda", "exposicao_brl", "dias_uteis", "metodo", "var_95_ewma_brl", "var_95_historico_brl",
    "var_99_ewma_brl", "var_99_historico_brl", "estresse_mais_10_brl", "estresse_menos_10_brl",
    "pior_movimento_brl", "motivo",
)  # fmt: skip


def add(desk: Desk) -> None:
    """Add the sheet of the totals: a row a measure, a column a currency, and what the measure means."""
    if desk.content.risk is None:
        return
    contract = load(layers.in_role("currency_risk"))
    page = desk.page(NAME, "Risco cambial", "Quanto se pode perder com o câmbio, no total de cada moeda e na carteira.")
    totals = {row["moeda_origem"] or _PORTFOLIO: row for row in rows_of(desk.content.risk)
              if row["mes_vencimento"] is None}  # fmt: skip
    names = sorted(totals, key=lambda name: (name != _PORTFOLIO, name))
    if not names:
        page.note("Não há exposição cambial em aberto, e por isso não há risco a medir.", 6)
        return
    head = (Field("medida", "Medida", "text", is_key=True), *(Field(name, name, "money") for name in names),
            Field("sentido", "O que é", "text", wrap=_MEANING))  # fmt: skip
    page.table(head, [])
    page.row -= 1
    for column in (contract.column(name) for name in shown(contract.table) if name not in _KEYS):
        desk.appeared(contract.table, column.name, NAME)
        _measure(page, column, [totals[name] for name in names])
    page.widths([22, *[_WRAP] * len(names), _MEANING])
    page.sheet.freeze_panes(4, 1)


def _measure(page: Page, column: Column, totals: list[Mapping[str, Any]]) -> None:
    values = [row[column.name] for row in totals]
    page.put(page.row, 0, column.business_name, Field("", "", "text", is_key=True))
    is_reason = column.name == "motivo"
    kind: Kind = "word" if kind_of(column) in {"text", "date"} else kind_of(column)
    field = Field(column.name, "", kind, wrap=_WRAP if is_reason else 0)
    for number, (row, value) in enumerate(zip(totals, values, strict=True), 1):
        # Only where the row says why it has no number is a number missing; elsewhere it does not apply.
        shown_as = written(value, kind_of(column)) if kind == "word" and value is not None else value
        page.put(page.row, number, shown_as, field, missing=WITHOUT if row["motivo"] else "")
    page.put(page.row, len(values) + 1, column.description, Field("", "", "text", wrap=_MEANING))
    page.tall(page.row, [(column.description, _MEANING), *((value, _WRAP) for value in values if is_reason)])
    page.row += 1


def add_months(desk: Desk) -> None:
    """Add the sheet of every currency and month."""
    if desk.content.risk is None:
        return
    contract = load(layers.in_role("currency_risk"))
    page = desk.page(BY_MONTH, "Risco cambial por mês de vencimento", contract.description)
    rows = [row for row in rows_of(desk.content.risk) if row["mes_vencimento"] is not None]
    page.table(
        fields(contract, (*_KEYS, *_MONTHLY), keys=2, wrapped={"motivo": 36}), rows, is_main=True, missing=WITHOUT
    )
