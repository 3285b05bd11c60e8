"""The charts of the workbook: Excel's own, so that they can be changed there."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from cli.workbook.page import Desk
from cli.workbook.styles import BLUE, GREY

if TYPE_CHECKING:
    from xlsxwriter.chart import Chart

# Told apart without colour as well: from dark to light, loans in another hue.
STATUS_COLOURS: Final = ("#1F3A5F", "#4F7CAC", "#8DB4D9", "#C9DDF0", "#E2A03F")
_GRID: Final = "#E1E5EA"
FONT: Final = {"name": "Calibri", "size": 9, "color": "#3C4756"}
_MILLION: Final = 10**6


def scale(values: Iterable[Decimal | None]) -> tuple[str, str]:
    """Return the unit of an axis and its number format, by the largest amount.

    >>> scale([Decimal("250000.00")]), scale([Decimal("12500000.00"), None])
    (('R$ mil', '#,##0,'), ('R$ milhões', '#,##0.0,,'))
    """
    largest = max((abs(value) for value in values if value is not None), default=Decimal(0))
    return ("R$ milhões", "#,##0.0,,") if largest >= 10 * _MILLION else ("R$ mil", "#,##0,")


def finished(chart: "Chart", title: str, unit: tuple[str, str], size: tuple[int, int]) -> "Chart":
    """Give a chart its title, axes, legend and size in pixels."""
    name, number_format = unit
    chart.set_title({"name": title, "name_font": FONT | {"size": 12, "bold": True, "color": BLUE}, "overlay": False})
    chart.set_x_axis({"num_font": FONT, "line": {"color": GREY}, "text_axis": True})
    chart.set_y_axis(
        {
            "name": name, "name_font": FONT, "num_font": FONT, "num_format": number_format,
            "major_gridlines": {"visible": True, "line": {"color": _GRID}}, "line": {"none": True},
        }
    )  # fmt: skip
    chart.set_legend({"position": "bottom", "font": FONT})
    chart.set_size({"width": size[0], "height": size[1]})
    chart.show_blanks_as("gap")
    return chart


def series(sheet: str, head: int, rows: tuple[int, int], column: int, **look: Any) -> dict[str, Any]:
    """Return a series of a chart: named by the head of a column, by the first column's categories.

    Parameters
    ----------
    sheet : str
    head : int
        The row of the heads.
    rows : tuple of int
        The first and the last row.
    column : int
    **look
        Fill, line and what else the kind of chart has.
    """
    first, last = rows
    return {
        "name": [sheet, head, column],
        "categories": [sheet, first, 0, last, 0],
        "values": [sheet, first, column, last, column],
    } | look


def columns(desk: Desk, kind: str) -> "Chart":
    """Return an empty column chart, ``clustered`` or ``stacked``."""
    return desk.book.add_chart({"type": "column", "subtype": kind})


def filled(colours: Sequence[str]) -> list[dict[str, Any]]:
    """Return the look of the columns of each series."""
    return [{"fill": {"color": colour}, "border": {"none": True}, "gap": 60} for colour in colours]
