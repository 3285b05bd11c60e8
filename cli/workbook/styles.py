"""How values look: each kind of value has the number format of Brazil, and each part of a sheet its own look."""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

from lakehouse.contract.model import Column

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format

Kind = Literal["money", "foreign", "rate", "percent", "ratio", "count", "date", "month", "text", "word"]
Look = Literal["title", "lead", "note", "section", "head", "row", "total", "key", "missing", "link"]

# Separators are those of whoever opens the file: in Brazil 1.234,56. 416 is Portuguese of Brazil in Excel's numbering.
FORMATS: Final[dict[Kind, str]] = {
    "money": "[$R$-416] #,##0.00;[Red]-[$R$-416] #,##0.00",
    "foreign": "#,##0.00;[Red]-#,##0.00",
    "rate": "#,##0.0000##",
    "percent": '0.0"%";[Red]-0.0"%"',
    "ratio": "0.000",
    "count": "#,##0",
    "date": "dd/mm/yyyy",
    "month": "mm/yyyy",
    "text": "@",
    # Text in a column of numbers.
    "word": "@",
}
BLUE: Final = "#1F3A5F"
PALE: Final = "#E9EEF5"
GREY: Final = "#8A94A3"
_LINE: Final = "#D5DBE3"
_LOOKS: Final[dict[Look, dict[str, Any]]] = {
    "title": {"bold": True, "font_size": 18, "font_color": BLUE},
    "lead": {"font_color": "#3C4756", "font_size": 10},
    "note": {"font_color": "#7A4B00", "bg_color": "#FFF4DB", "text_wrap": True, "valign": "top", "font_size": 10},
    "section": {"bold": True, "font_size": 12, "font_color": BLUE, "bottom": 2, "bottom_color": BLUE},
    "head": {"bold": True, "font_color": "#FFFFFF", "bg_color": BLUE, "text_wrap": True, "valign": "vcenter"},
    "row": {"bottom": 1, "bottom_color": _LINE, "valign": "top"},
    "key": {"bottom": 1, "bottom_color": _LINE, "valign": "top", "bold": True},
    "total": {"bold": True, "bg_color": PALE, "bottom": 1, "bottom_color": _LINE},
    "link": {"bottom": 1, "bottom_color": _LINE, "font_color": "#1155CC", "underline": 1, "valign": "top"},
    "missing": {
        "bottom": 1, "bottom_color": _LINE, "bg_color": "#F1F2F4", "font_color": GREY,
        "align": "right", "valign": "top",
    },
}  # fmt: skip
_KINDS: Final[dict[str, Kind]] = {
    "decimal(18,6)": "rate", "decimal(9,4)": "percent", "double": "ratio", "bigint": "count", "date": "date",
}  # fmt: skip
_LEFT: Final = frozenset({"text", "date", "month"})
# A cell is a double: of so many digits each is one that no other number of as many digits shares.
EXACT_DIGITS: Final = 15


def kind_of(column: Column) -> Kind:
    """Return the kind of a contract's column, by its type and, where types do not tell, by its name.

    >>> from lakehouse.contract.model import load
    >>> from lakehouse.contract import layers
    >>> contract = load(layers.in_role("cash_flow"))
    >>> [kind_of(contract.column(name)) for name in ("mes_referencia", "total_saida_brl", "exposicao_moeda_origem")]
    ['month', 'money', 'foreign']
    """
    if column.physical_type == "decimal(18,2)":
        return "money" if column.name.endswith("_brl") else "foreign"
    if column.physical_type == "string":
        return "month" if "mes" in column.name.split("_") else "text"
    return _KINDS[column.physical_type]


def exact(value: Decimal) -> bool:
    """Return whether a cell keeps every digit of an amount: up to R$ 9,999,999,999,999.99.

    >>> exact(Decimal("9999999999999.99")), exact(Decimal("10000000000000.00"))
    (True, False)
    """
    return len(value.as_tuple().digits) <= EXACT_DIGITS


def written(value: Any, kind: Kind) -> str:
    """Return a value as Brazil writes it: in a sentence, for the width of a column, or where no number can hold it.

    >>> from datetime import date
    >>> [written(Decimal("-1234.50"), "money"), written(date(2024, 3, 9), "date"), written("2024-03", "month")]
    ['-R$ 1.234,50', '09/03/2024', '03/2024']
    >>> [written(Decimal("91.6667"), "percent"), written(1500, "count"), written(None, "text")]
    ['91,7 %', '1.500', '']
    """
    if value is None:
        return ""
    plain: dict[Kind, Callable[[], str]] = {
        "money": lambda: f"{'-' * (value < 0)}R$ {_brazilian(abs(value), 2)}",
        "foreign": lambda: _brazilian(value, 2),
        "rate": lambda: _brazilian(value, 4),
        "percent": lambda: f"{_brazilian(value, 1)} %",
        "ratio": lambda: _brazilian(value, 3),
        "count": lambda: _brazilian(value, 0),
        "date": lambda: f"{value:%d/%m/%Y}",
        "month": lambda: f"{value[5:]}/{value[:4]}",
        "text": lambda: str(value),
        "word": lambda: str(value),
    }
    return plain[kind]()


def _brazilian(number: Decimal | float, digits: int) -> str:
    return f"{number:,.{digits}f}".translate(str.maketrans(",.", ".,"))


class Styles:
    """The formats of a workbook, each made once."""

    def __init__(self, book: "Workbook") -> None:
        self._book = book
        self._made: dict[tuple[Look, Kind | None, bool], Format] = {}

    def of(self, look: Look, kind: Kind | None = None, wrapped: bool = False) -> "Format":
        """Return the format of a cell: its look, the kind of its value, and whether long text goes on below."""
        key = look, kind, wrapped
        if key not in self._made:
            properties = {"font_name": "Calibri", "font_size": 10} | _LOOKS[look]
            if kind is not None:
                # Text after a number does not stand close to it.
                properties |= {"align": "left", "indent": 1} if kind in _LEFT else {"align": "right"}
                if look != "head":
                    properties["num_format"] = FORMATS[kind]
            if wrapped:
                properties |= {"text_wrap": True}
            self._made[key] = self._book.add_format(properties)
        return self._made[key]
