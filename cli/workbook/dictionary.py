"""The sheet that explains every column of the workbook, as the contracts do."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cli.workbook import exposure, forecast, next_months
from cli.workbook.page import Desk, Field
from lakehouse.contract import layers
from lakehouse.contract.model import load

NAME: Final = "Colunas"
_FIELDS: Final = (
    Field("heading", "Nome", "text", is_key=True, wrap=20), Field("column", "Coluna", "text"),
    Field("description", "O que é", "text", wrap=46), Field("logic", "Como se calcula", "text", wrap=38),
    Field("type", "Tipo", "text", wrap=16), Field("required", "Sempre tem valor", "text"),
    Field("sheets", "Folhas", "text", wrap=26), Field("table", "Tabela", "text", wrap=28),
    Field("owner", "Dono", "text"), Field("classification", "Classificação", "text"),
)  # fmt: skip
# The contracts have a word only for what is not everybody's; nothing else is in the workbook.
_UNCLASSIFIED: Final = "sem restrição"
_TYPES: Final = {"string": "texto", "bigint": "número inteiro", "date": "data", "double": "número aproximado"}


def add(desk: Desk) -> None:
    """Add the sheet."""
    page = desk.page(NAME, "O que é cada coluna", "Dos contratos de dados: nome, sentido, tipo, dono e classificação.")
    page.table(_FIELDS, [*_explained(desk), *_own(desk)], is_main=True)


def _explained(desk: Desk) -> Iterator[Mapping[str, Any]]:
    for (table, name), sheets in desk.appears.items():
        contract = load(table)
        column = contract.column(name)
        yield {
            "heading": column.business_name,
            "column": column.name,
            "description": column.description,
            "logic": column.transform_logic,
            "type": _type(column.physical_type),
            "required": "sim" if column.required else "não",
            "sheets": ", ".join(sheets),
            "table": contract.table,
            "owner": contract.owner,
            "classification": column.classification or _UNCLASSIFIED,
        }


def _own(desk: Desk) -> Iterator[Mapping[str, Any]]:
    """Yield the columns that the sheets work out themselves."""
    owner = load(layers.in_role("cash_flow")).owner
    own = [
        ("Empréstimos", next_months.NAME, "Parcelas de empréstimos, de qualquer situação, em reais.",
         "Soma de total_saida_brl onde origem_recurso é EMPRESTIMO_PJ; as outras colunas da folha são o resto."),
        ("Em aberto, em reais contratados", f"{exposure.NAME}, {exposure.BY_MONTH}",
         "O que falta pagar em moeda estrangeira, em reais pelo câmbio do compromisso.",
         "Soma de saida_pendente_brl, saida_agendada_brl e saida_prevista_brl."),
    ]  # fmt: skip
    if desk.content.outlook is not None:
        own.append(
            ("Largura do intervalo", forecast.NAME, "Quanto o intervalo de 90 % tem de largura, em reais.",
             "superior_90_brl - inferior_90_brl.")
        )  # fmt: skip
    for heading, sheets, description, logic in own:
        yield {
            "heading": heading, "column": "", "description": description, "logic": logic,
            "type": _type("decimal(18,2)"), "required": "não", "sheets": sheets,
            "table": "desta planilha", "owner": owner,
            "classification": _UNCLASSIFIED,
        }  # fmt: skip


def _type(physical: str) -> str:
    """Return a type for people who know sheets: ``número exato, 2 casas``."""
    if physical.startswith("decimal"):
        return f"número exato, {physical.rstrip(')').rpartition(',')[2]} casas"
    return _TYPES[physical]
