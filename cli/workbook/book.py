"""The workbook of a version: its sheets in their order, and the same bytes for the same version."""

from datetime import datetime
from io import BytesIO
from typing import Final

from cli.workbook import cash_flow, cover, dictionary, exposure, forecast, next_months, quality, questions, risk, seal
from cli.workbook.content import Content, gathered
from cli.workbook.page import Desk
from cli.workbook.styles import Styles
from lakehouse.versions.view import View

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(view: View) -> bytes:
    """Return the workbook of a version of the lake.

    Parameters
    ----------
    view : View
        Of a version that has the cash flow.

    Returns
    -------
    bytes
        An ``.xlsx``; the same for the same version of the same lake.

    Raises
    ------
    StorageError
        There is no cash flow yet, or a file is not the one that was audited.
    """
    return book_of(gathered(view))


def file_name(view: View) -> str:
    """Return a name for the file of a version's workbook: ``importau-versao-3.xlsx``."""
    return f"importau-versao-{view.number}.xlsx"


def book_of(content: Content) -> bytes:
    """Return the workbook of what was read of a version."""
    from xlsxwriter import Workbook

    file = BytesIO()
    # In memory, so that no file's time gets into it.
    book = Workbook(file, {"in_memory": True})
    book.set_size(2400, 1500)
    book.set_properties(
        {
            "title": f"IMPORTAÚ, versão {content.version.number}",
            "subject": "Fluxo de caixa, exposição, risco cambial e previsão",
            "author": "importau",
            "comments": f"Execução {content.version.run}, {content.place}",
            "created": datetime.fromisoformat(content.version.made.at).replace(tzinfo=None, microsecond=0),
        }
    )
    seal.prepare(book)
    desk = Desk(book, Styles(book), content)
    cover.add(desk, sheets(content))
    questions.add(desk)
    next_months.add(desk)
    cash_flow.add(desk)
    exposure.add(desk)
    exposure.add_months(desk)
    risk.add(desk)
    risk.add_months(desk)
    forecast.add(desk)
    forecast.add_series(desk)
    quality.add(desk)
    dictionary.add(desk)
    book.close()
    return seal.sealed(file.getvalue())


def sheets(content: Content) -> list[str]:
    """Return the sheets after the first one that a version has, in their order."""
    absent: set[str] = set()
    if content.outlook is None:
        absent |= {forecast.NAME, forecast.BY_SERIES}
    if content.risk is None:
        absent |= {risk.NAME, risk.BY_MONTH}
    return [name for name in cover.SHEETS if name not in absent]
