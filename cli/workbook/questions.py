"""The sheet of the controller's twelve questions, each with its answer and where more of it is."""

from typing import Final

from cli.querying.named import find
from cli.workbook.answers import HERE, Answered, answers
from cli.workbook.page import Desk, Field, Page
from cli.workbook.risk import WITHOUT
from cli.workbook.styles import Kind, written

NAME: Final = "Perguntas"
_NUMBER: Final = Field("numero", "Nº", "count", is_key=True)
_ASKED: Final = Field("pergunta", "Pergunta", "text", wrap=46)
_WHAT: Final = Field("o_que", "Resposta", "text", wrap=54)
_VALUE: Final = Field("valor", "Valor", "money")
_SHEET: Final = Field("folha", "Mais nesta planilha", "text")
_QUERY: Final = Field("consulta", "Consulta", "text")
_FIELDS: Final = (_NUMBER, _ASKED, _WHAT, _VALUE, _SHEET, _QUERY)
_WIDTHS: Final = (5, 46, 54, 20, 20, 28)
# One column has all values, and dates stand where numbers do.
_RIGHT: Final[dict[Kind, Kind]] = {"date": "word"}


def add(desk: Desk) -> None:
    """Add the sheet."""
    page = desk.page(
        NAME,
        "As doze perguntas",
        "O que um controller pergunta, com a resposta desta versão: a mesma do portal e de ./importau query CONSULTA.",
    )
    page.widths(_WIDTHS)
    page.on_one_page()
    page.table(_FIELDS, [])
    page.widths(_WIDTHS)
    page.row -= 1
    for number, answered in enumerate(answers(desk.content), 1):
        _question(desk, page, number, answered)


def _question(desk: Desk, page: Page, number: int, answered: Answered) -> None:
    question = find(answered.query).question
    for line, answer in enumerate(answered.lines):
        first = line == 0
        page.put(page.row, 0, number if first else None, _NUMBER)
        page.put(page.row, 1, question if first else None, _ASKED)
        page.put(page.row, 2, answer.what, _WHAT)
        kind = _RIGHT.get(answer.kind, answer.kind)
        is_word = kind == "word" and answer.value is not None
        value = written(answer.value, answer.kind) if is_word else answer.value
        # What is missing is a number, of whatever kind.
        field = Field(_VALUE.name, "", "money" if answer.value is None else kind)
        page.put(page.row, 3, value, field, missing=WITHOUT)
        if first and answered.sheet != HERE:
            link = f"internal:'{answered.sheet}'!A1"
            page.sheet.write_url(page.row, 4, link, desk.styles.of("link", "text"), answered.sheet)
        else:
            page.put(page.row, 4, "só aqui" if first else None, _SHEET)
        page.put(page.row, 5, answered.query if first else None, _QUERY)
        page.tall(page.row, [(question if first else None, _ASKED.wrap), (answer.what, _WHAT.wrap)])
        page.row += 1
