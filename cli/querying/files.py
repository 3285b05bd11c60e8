"""An answer as a file: CSV or Excel, whole or not there at all."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pc

from cli.errors import CliError, UsageError
from cli.querying.asking import Answered
from cli.querying.printing import is_number, plain

# Excel's own limits: rows of a sheet, characters of a cell, and the digits that a number keeps.
_MOST_ROWS: Final = 1_048_576
_MOST_TEXT: Final = 32_767
_MOST_DIGITS: Final = 15
_WIDEST: Final = 50
# The sheet that says what was asked: characters of a line; points of a line, and of the highest row.
_WIDE: Final = 110
_LINE, _HIGHEST = 15, 409


def require_place(file: Path, ending: str) -> None:
    """Raise `UsageError` where a file cannot be written, before anything is asked."""
    if file.suffix.casefold() != ending:
        raise UsageError(f"{file} does not end with {ending}", f"Name it {file.with_suffix(ending).name}.")
    if not file.parent.is_dir():
        raise UsageError(f"{file} cannot be written: there is no folder {file.parent}", "Make it first.")
    if file.is_dir():
        raise UsageError(f"{file} is a folder", "Name a file.")
    if not os.access(file.parent, os.W_OK):
        raise UsageError(f"{file} cannot be written: {file.parent} is not yours to write to")


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """Yield a path beside a file; it takes the file's place when the block succeeds, and is gone otherwise."""
    beside = file.with_name(f".{file.name}.new")
    try:
        yield beside
        beside.replace(file)
    except OSError as error:
        raise CliError(f"{file} cannot be written: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)


def write_csv(answered: Answered, file: Path, limit: int | None) -> int:
    """Write the rows as CSV in UTF-8, and return how many there are; NULL is empty, and empty text ``""``."""
    rows = 0
    with replacing(file) as beside, pc.CSVWriter(str(beside), _texts(answered.schema)) as writer:
        for batch in answered.batches(limit):
            rows += len(batch)
            writer.write_batch(_as_text(batch))
    return rows


def _texts(schema: pa.Schema) -> pa.Schema:
    """Return a schema whose timestamps are text, in the form that SQL has."""
    return pa.schema([pa.field(f.name, pa.string() if pa.types.is_timestamp(f.type) else f.type) for f in schema])


def _as_text(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [
        pa.array([None if each is None else plain(each) for each in column.to_pylist()], pa.string())
        if pa.types.is_timestamp(column.type)
        else column
        for column in batch.columns
    ]
    return pa.record_batch(columns, schema=_texts(batch.schema))


def write_excel(answered: Answered, file: Path, limit: int | None, question: str) -> int:
    """Write the rows as a sheet of Excel, with a second one that says what was asked; return how many rows there are.

    A decimal is a number with as many decimals as its type has. One with more digits than Excel keeps is text.

    Raises
    ------
    CliError
        There are more rows than a sheet takes.
    """
    import xlsxwriter

    rows = 0
    with replacing(file) as beside:
        book = xlsxwriter.Workbook(beside, {"strings_to_formulas": False, "strings_to_urls": False})
        try:
            # The same answer gives the same bytes: the file is as old as the version.
            made = datetime.fromisoformat(answered.made_at) if answered.made_at else datetime(2000, 1, 1, tzinfo=UTC)
            book.set_properties({"created": made.astimezone(UTC).replace(tzinfo=None)})
            sheet = _Sheet(book, answered.schema)
            for batch in answered.batches(None if limit is None else limit):
                for row in zip(*(column.to_pylist() for column in batch), strict=True):
                    rows += 1
                    if rows >= _MOST_ROWS:
                        raise CliError(
                            f"the answer has more rows than a sheet of Excel takes ({_MOST_ROWS - 1:,})",
                            "Write it with --csv FILE, or fewer rows with --limit N.",
                        )
                    sheet.add(rows, row)
            sheet.finish()
            _about(book, answered, question)
        finally:
            book.close()
    return rows


class _Sheet:
    """The sheet of the rows."""

    def __init__(self, book: Any, schema: pa.Schema) -> None:
        self._schema = schema
        self._sheet = book.add_worksheet("resposta")
        bold = {"bold": True, "bottom": 1}
        heads = [book.add_format({**bold, "align": "right" if _stands_right(f.type) else "left"}) for f in schema]
        self._formats = [book.add_format(_format(field.type)) for field in schema]
        self._widths = [len(field.name) for field in schema]
        for column, field in enumerate(schema):
            self._sheet.write_string(0, column, field.name, heads[column])
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_landscape()
        self._sheet.fit_to_pages(1, 0)
        self._rows = 0

    def add(self, number: int, row: tuple[Any, ...]) -> None:
        """Write a row."""
        self._rows = number
        for column, value in enumerate(row):
            if value is None:
                continue
            self._widths[column] = max(self._widths[column], len(plain(value)) + 2)
            _write(self._sheet, number, column, value, self._formats[column])

    def finish(self) -> None:
        """Make columns as wide as what is in them."""
        for column, width in enumerate(self._widths):
            self._sheet.set_column(column, column, min(width + 1, _WIDEST))
        if self._rows:
            self._sheet.autofilter(0, 0, self._rows, len(self._schema) - 1)


def _write(sheet: Any, row: int, column: int, value: Any, form: Any) -> None:
    match value:
        case bool():
            sheet.write_boolean(row, column, value, form)
        case Decimal() if len(value.as_tuple().digits) <= _MOST_DIGITS:
            sheet.write_number(row, column, value, form)
        case int() if len(str(abs(value))) <= _MOST_DIGITS:
            sheet.write_number(row, column, value, form)
        case float() if math.isfinite(value):
            sheet.write_number(row, column, value, form)
        case _ if hasattr(value, "isoformat"):
            sheet.write_datetime(row, column, value, form)
        case _:
            sheet.write_string(row, column, plain(value)[:_MOST_TEXT])


def _stands_right(type_: pa.DataType) -> bool:
    return is_number(type_) or pa.types.is_date(type_) or pa.types.is_timestamp(type_)


def _format(type_: pa.DataType) -> dict[str, str]:
    if pa.types.is_decimal(type_):
        return {"num_format": f"#,##0.{'0' * type_.scale}" if type_.scale else "#,##0"}
    if pa.types.is_date(type_):
        return {"num_format": "yyyy-mm-dd"}
    if pa.types.is_timestamp(type_):
        return {"num_format": "yyyy-mm-dd hh:mm:ss"}
    return {"num_format": "0" if pa.types.is_integer(type_) else "General"}


def _about(book: Any, answered: Answered, question: str) -> None:
    """Say on a second sheet what was asked, of which version."""
    sheet = book.add_worksheet("consulta")
    bold, wrapped = (
        book.add_format({"bold": True, "valign": "top"}),
        book.add_format({"text_wrap": True, "valign": "top"}),
    )
    lines = [("pergunta", question)] if question else []
    lines += [("versão", str(answered.version))] if answered.version else []
    lines += [("publicada em", answered.made_at)] if answered.made_at else []
    lines += [("bytes lidos", str(answered.answer.scanned)), ("SQL", answered.statement.sql())]
    for row, (name, value) in enumerate(lines):
        sheet.write_string(row, 0, name, bold)
        sheet.write_string(row, 1, value[:_MOST_TEXT], wrapped)
        high = sum(1 + len(line) // _WIDE for line in value.splitlines()) * _LINE
        sheet.set_row(row, min(max(high, _LINE), _HIGHEST))
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, _WIDE)
