"""A sheet as all of them are: a title, what it is, tables with a head, and how it is printed."""

import dataclasses
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from cli.workbook.content import Content
from cli.workbook.styles import Kind, Look, Styles, exact, kind_of, written
from lakehouse.contract.model import Contract

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

_A4: Final = 9
_NARROWEST: Final = 9
_WIDEST: Final = 60
# The height of a line, in points.
_LINE: Final = 13
# What an amount is whose digits a cell cannot hold.
_ZERO: Final = Decimal("0.00")


@dataclass(frozen=True)
class Field:
    """A column of a table in a sheet.

    Attributes
    ----------
    name : str
        In the rows.
    heading : str
    kind : Kind
    is_key : bool
        Whether it tells which row it is, and stays in view.
    is_summed : bool
        Whether a total of it means something.
    wrap : int
        The width at which long text goes on below; 0 where it does not.
    table : str
        Whose column it is; empty for one that the workbook works out itself.
    across : int
        Over how many columns it goes: 1, or more for the last one, which is text and makes none of them wide.
    """

    name: str
    heading: str
    kind: Kind
    is_key: bool = False
    is_summed: bool = False
    wrap: int = 0
    table: str = ""
    across: int = 1


def fields(
    contract: Contract, names: Iterable[str], keys: int = 0, summed: Iterable[str] = (), wrapped: Mapping[str, int] = {}
) -> tuple[Field, ...]:
    """Return columns of a contract as a sheet shows them, the first ones as keys; classified ones are left out."""
    columns = [contract.column(name) for name in names]
    return tuple(
        Field(
            column.name, column.business_name, kind_of(column), number < keys, column.name in set(summed),
            wrapped.get(column.name, 0), contract.table,
        )
        for number, column in enumerate(columns)
        if column.classification is None
    )  # fmt: skip


def total(values: Iterable[Decimal | None]) -> Decimal:
    """Return an exact sum; what is NULL adds nothing."""
    return sum((value for value in values if value is not None), _ZERO)


@dataclass(frozen=True)
class Desk:
    """What every sheet is written with: the workbook, its styles, what it is of.

    Attributes
    ----------
    book : Workbook
    styles : Styles
    content : Content
    appears : dict
        The sheets in which each column of a table appears, by table and column: it grows with every sheet.
    """

    book: "Workbook"
    styles: Styles
    content: Content
    appears: dict[tuple[str, str], list[str]] = dataclasses.field(default_factory=dict)

    def page(self, name: str, title: str, lead: str) -> "Page":
        """Return a new sheet; its tab has the name."""
        return Page(self, name, title, lead)

    def appeared(self, table: str, column: str, sheet: str) -> None:
        """Note that a column of a table appears in a sheet."""
        names = self.appears.setdefault((table, column), [])
        if sheet not in names:
            names.append(sheet)


class Page:
    """A sheet that is written from top to bottom.

    Parameters
    ----------
    desk : Desk
    name : str
        Of its tab.
    title : str
    lead : str
        What it is, in a sentence.
    """

    def __init__(self, desk: Desk, name: str, title: str, lead: str) -> None:
        version, styles = desk.content.version, desk.styles
        self.name = name
        self.sheet: Worksheet = desk.book.add_worksheet(name)
        self.row = 0
        self._desk = desk
        self._styles = styles
        self._widths: dict[int, float] = {}
        self.sheet.hide_gridlines(2)
        self.sheet.set_landscape()
        self.sheet.set_paper(_A4)
        self.sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_footer(f"&L&8IMPORTAÚ, versão {version.number}, execução {version.run}&C&8{name}&R&8&P de &N")
        self.sheet.set_row(0, 28)
        self.sheet.write_string(0, 0, title, styles.of("title"))
        self.sheet.write_string(1, 0, lead, styles.of("lead"))
        self.row = 3

    def on_one_page(self) -> None:
        """Print it on one page, as a chart is not to be cut."""
        self.sheet.fit_to_pages(1, 1)

    def note(self, text: str, across: int) -> None:
        """Write a warning over so many columns."""
        self.tall(self.row, [(text, sum(self._widths.get(number, _NARROWEST) for number in range(across)))])
        self.sheet.merge_range(self.row, 0, self.row, across - 1, text, self._styles.of("note"))
        self.row += 2

    def section(self, text: str, across: int) -> None:
        """Write the title of a part of the sheet over so many columns."""
        for column in range(across):
            self.sheet.write_blank(self.row, column, None, self._styles.of("section"))
        self.sheet.write_string(self.row, 0, text, self._styles.of("section"))
        self.sheet.set_row(self.row, 20)
        self.row += 1

    def tall(self, row: int, texts: Iterable[tuple[str | None, float]]) -> None:
        """Make a row tall enough for texts that go on below, each at its width."""
        lines = max((_lines(text, width) for text, width in texts if text), default=1)
        if lines > 1:
            self.sheet.set_row(row, _LINE * lines + 2)

    def widths(self, widths: Sequence[float]) -> None:
        """Set the widths of the first columns, in characters."""
        for number, width in enumerate(widths):
            self._widths[number] = width
            self.sheet.set_column(number, number, width)

    def table(
        self,
        shown: Sequence[Field],
        rows: Sequence[Mapping[str, Any]],
        is_main: bool = False,
        last: Mapping[str, Any] | None = None,
        missing: str = "",
    ) -> int:
        """Write a table, and return the row of its head.

        Parameters
        ----------
        shown : sequence of Field
        rows : sequence of mapping
        is_main : bool
            Whether it is the table of its sheet: its head stays in view and on every printed page, it can be filtered,
            and its totals stand above it, exactly and as the filter leaves them.
        last : mapping, optional
            A row of totals below it.
        missing : str
            What stands where a number is NULL, so that nobody reads a zero; empty: nothing.
        """
        if is_main and any(field.is_summed for field in shown):
            self._totals(shown, rows)
        head = self.row
        self.sheet.set_row(head, 32)
        for number, field in enumerate(shown):
            # A per cent sign does not begin a line.
            heading, style = field.heading.replace(" %", "\u00a0%"), self._styles.of("head", field.kind)
            if field.across > 1:
                self.sheet.merge_range(head, number, head, number + field.across - 1, heading, style)
            self.sheet.write_string(head, number, heading, style)
            if field.table:
                self._desk.appeared(field.table, field.name, self.name)
            self._fit(number, field, [row[field.name] for row in rows])
        for row in rows:
            self.row += 1
            for number, field in enumerate(shown):
                self.put(self.row, number, row[field.name], field, missing)
            self.tall(self.row, [(row[field.name], field.wrap) for field in shown if field.wrap])
        if is_main:
            self.sheet.freeze_panes(head + 1, sum(field.is_key for field in shown))
            self.sheet.autofilter(head, 0, max(self.row, head + 1), len(shown) - 1)
            self.sheet.repeat_rows(head)
        if last is not None:
            self.row += 1
            for number, field in enumerate(shown):
                self.put(self.row, number, last.get(field.name), field, look="total")
        self.row += 2
        return head

    def _totals(self, shown: Sequence[Field], rows: Sequence[Mapping[str, Any]]) -> None:
        """Write two rows of totals above a table: of every row, and of those that the filter shows."""
        from xlsxwriter.utility import xl_range

        first, final = self.row + 3, self.row + 2 + len(rows)
        for number, field in enumerate(shown):
            for below, label in enumerate(("Total", "Total do filtro")):
                self.put(self.row + below, number, None if number else label, Field("", "", "text"), look="total")
            if field.is_summed:
                whole = total(row[field.name] for row in rows)
                self._number(self.row, number, whole, field.kind, "total")
                where = xl_range(first, number, final, number)
                if rows and exact(whole):
                    formula = f"=ROUND(SUBTOTAL(109,{where}),2)"
                    self.sheet.write_formula(self.row + 1, number, formula, self._styles.of("total", field.kind), whole)
        self.row += 2

    def put(self, row: int, column: int, value: Any, field: Field, missing: str = "", look: Look = "row") -> None:
        """Write a value as its kind looks; NULL as ``missing`` where a number would stand."""
        wrapped = bool(field.wrap)
        look = "key" if look == "row" and field.is_key and not column else look
        if field.across > 1:
            last = column + field.across - 1
            self.sheet.merge_range(row, column, row, last, "", self._styles.of(look, field.kind, wrapped))
        if value is None:
            if missing and field.kind not in {"text", "word", "month", "date"}:
                self.sheet.write_string(row, column, missing, self._styles.of("missing"))
            else:
                self.sheet.write_blank(row, column, None, self._styles.of(look, field.kind, wrapped))
        elif field.kind in {"text", "word"}:
            self.sheet.write_string(row, column, str(value), self._styles.of(look, field.kind, wrapped))
        elif field.kind in {"month", "date"}:
            day = date.fromisoformat(f"{value}-01") if field.kind == "month" else value
            self.sheet.write_datetime(row, column, day, self._styles.of(look, field.kind))
        else:
            self._number(row, column, value, field.kind, look)

    def _number(self, row: int, column: int, value: Any, kind: Kind, look: Look) -> None:
        """Write a number exactly: as text where it has more digits than a cell keeps."""
        style = self._styles.of(look, kind)
        if isinstance(value, Decimal) and not exact(value):
            self.sheet.write_string(row, column, written(value, kind), style)
        else:
            self.sheet.write_number(row, column, value, style)

    def _fit(self, number: int, field: Field, values: Iterable[Any]) -> None:
        """Make a column wide enough for all that stands in it."""
        if field.across > 1:
            return
        if field.wrap:
            width: float = field.wrap
        else:
            texts = [written(value, field.kind) for value in values]
            if field.is_summed:
                texts.append(written(total(values), field.kind))
            word = max(map(len, field.heading.split()))
            width = min(max([_NARROWEST, word + 3, *(len(text) + 2 for text in texts)]), _WIDEST)
        self._widths[number] = max(width, self._widths.get(number, 0))
        self.sheet.set_column(number, number, self._widths[number])


def _lines(text: str, width: float) -> int:
    """Return on how many lines a text goes, broken between words; letters are narrower than the digits of a width."""
    return len(textwrap.wrap(text, max(1, int(width * 1.2)))) or 1
