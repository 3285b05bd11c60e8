"""The sheet of the cash flow: Gold's table as it is, to filter."""

from typing import Final

from cli.workbook.content import rows_of, shown
from cli.workbook.page import Desk, fields
from lakehouse.contract import layers
from lakehouse.contract.model import load

NAME: Final = "Fluxo de caixa"
_SUMMED: Final = (
    "saida_paga_brl", "saida_pendente_brl", "saida_agendada_brl", "saida_prevista_brl", "cancelado_brl",
    "total_saida_brl", "variacao_cambial_brl",
)  # fmt: skip


def add(desk: Desk) -> None:
    """Add the sheet."""
    table = layers.in_role("cash_flow")
    page = desk.page(NAME, "Fluxo de caixa mensal", f"{load(table).description} Tabela {table}, linha por linha.")
    rows = rows_of(desk.content.cash_flow)
    page.table(fields(load(table), shown(table), keys=3, summed=_SUMMED), rows, is_main=True)
