"""An answer on the terminal, and as JSON for programs."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Column

from cli.errors import UsageError
from cli.querying.asking import Answered
from cli.terminal import present

SHOWN: Final = 50
# So many columns of text are folded where they are too wide.
_FOLDED: Final = 3
_NULL: Final = "[dim]NULL[/dim]"


def show(answered: Answered, limit: int | None) -> None:
    """Print the rows, and below them how many there are, of which version, and what it costs.

    Parameters
    ----------
    answered : Answered
    limit : int or None
        No more rows than that; by default `SHOWN`.
    """
    most = limit or SHOWN
    rows = [row for batch in answered.batches(most + 1) for row in zip(*(c.to_pylist() for c in batch), strict=True)]
    schema = answered.schema
    _rows(schema, rows[:most])
    if answered.statement.is_query:
        count = f"the first {most:,} rows" if len(rows) > most else present.count(len(rows), "row")
        more = "; more: --limit N, all: --csv FILE" if len(rows) > most else ""
        present.say(f"{count}{_version(answered)}{more}")
        present.say(cost(answered))
    _warn_behind(answered)


def cost(answered: Answered) -> str:
    """Return what was scanned, and what that costs on AWS."""
    scanned = f"scanned {present.size(answered.answer.scanned)} in {present.duration(answered.answer.seconds)}"
    if answered.aws.endpoint is not None:
        return f"{scanned}: free here, at most {answered.usd} USD on AWS"
    return f"{scanned}: about {answered.usd} USD"


def _version(answered: Answered) -> str:
    return f" of version {answered.version}" if answered.version and not answered.behind else ""


def _warn_behind(answered: Answered) -> None:
    if answered.behind:
        present.warn(
            f"the catalogue does not show version {answered.version} of {', '.join(answered.behind)} yet: what was "
            "read may be of an older one; complete it: `./importau verify --repair`"
        )


def _rows(schema: pa.Schema, rows: Sequence[Sequence[Any]]) -> None:
    right = [is_number(field.type) for field in schema]
    heads = [Column(escape(f.name), justify="right" if r else "left") for f, r in zip(schema, right, strict=True)]
    table = present.table(*heads)
    for row in rows:
        table.add_row(*map(_cell, row))
    narrow = not present.out.is_terminal or not rows or len(schema) <= _FOLDED
    width = Measurement.get(present.out, present.out.options.update(width=10_000), table).maximum
    if narrow or width <= present.out.width:
        present.grid(table)
        return
    # Too wide for the terminal: one block a row.
    name = max(len(field.name) for field in schema)
    for number, row in enumerate(rows, 1):
        present.flow(present.out, f"[bold]row {number}[/bold]")
        for field, value in zip(schema, row, strict=True):
            present.flow(present.out, _cell(value), head=f"  {escape(field.name.ljust(name))}  ")


def is_number(type_: pa.DataType) -> bool:
    """Whether values of a type are numbers, which stand to the right."""
    return bool(pa.types.is_integer(type_) or pa.types.is_decimal(type_) or pa.types.is_floating(type_))


def _cell(value: Any) -> str:
    return _NULL if value is None else escape(plain(value))


def plain(value: Any) -> str:
    """Return a value as text: a decimal with all of its places, a time as SQL writes it."""
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}"
    return str(value)


def as_json(answered: Answered, limit: int | None, names: Sequence[str]) -> dict[str, Any]:
    """Return the answer as JSON: decimals are text, so that they stay exact.

    Raises
    ------
    UsageError
        Two columns have the same name.
    """
    twice = [name for name in dict.fromkeys(names) if list(names).count(name) > 1]
    if twice:
        raise UsageError(f"two columns are called {', '.join(twice)}", "Name them apart, with AS.")
    rows = [
        dict(zip(names, map(_json_value, row), strict=True))
        for batch in answered.batches(limit)
        for row in zip(*(column.to_pylist() for column in batch), strict=True)
    ]
    answer = answered.answer
    return {
        "query_id": answer.id,
        "sql": answered.statement.sql(),
        "version": answered.version or None,
        "catalogue_behind": dict(answered.behind or {}),
        "columns": [{"name": each.name, "type": each.type} for each in answer.columns],
        "rows": rows,
        "scanned_bytes": answer.scanned,
        "usd": str(answered.usd),
        "seconds": answer.seconds,
    }


def _json_value(value: Any) -> Any:
    return plain(value) if isinstance(value, Decimal | date | datetime) else value


def print_json(content: Any) -> None:
    """Print JSON on standard output."""
    present.out.print_json(json.dumps(content, ensure_ascii=False))
