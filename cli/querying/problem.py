"""Why Athena refused a query, in the words of whoever asked: what is wrong, where, and what to write instead."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from cli.errors import CliError
from cli.querying.statement import Statement
from cli.querying.tables import Tables, nearest
from lakehouse.lake import layout

# Trino's error, as Athena hands it on: a code, mostly a place, and a sentence.
_CODE: Final = re.compile(
    r"(?:FAILED: )?(?P<code>[A-Z][A-Z_]+): (?:line (?P<line>\d+):(?P<column>\d+): )?(?P<rest>.*)", re.DOTALL
)
_QUOTED: Final = re.compile(r"'([^']*)'")
_NAMED: Final = 12
_NOT_PAID: Final = "Nothing is paid for it."


def explained(reason: str, statement: Statement, tables: Tables, database: str = "") -> CliError:
    """Return why a query failed.

    Parameters
    ----------
    reason : str
        Athena's message.
    statement : Statement
    tables : Tables
    database : str
        Where its tables were read, where that is not in their own databases.
    """
    if "bytes scanned limit" in reason.casefold():
        return CliError(
            "the query would scan more than its workgroup allows, and was stopped",
            "Name only the columns that you need, or ask for fewer months; the bound is BytesScannedCutoffPerQuery in "
            "template.yaml.",
        )
    if "AccessDenied" in reason or "Access denied" in reason or "not authorized to perform" in reason:
        return CliError(
            f"Athena may not read that for you: {_line(reason)}",
            "`./importau check` says which permissions are missing; docs/permissions.md lists those of `query`.",
        )
    found = _CODE.match(reason)
    explain = _EXPLAINED.get(found["code"]) if found else None
    if found is None or explain is None:
        return CliError(f"Athena refused the query: {_line(reason)}", _NOT_PAID)
    place = statement.place(int(found["line"]), int(found["column"]), database) if found["line"] else None
    where = f" in line {place[0]}, column {place[1]}" if place else ""
    message, fix = explain(found["rest"], statement, tables)
    return CliError(f"{message}{where}", fix)


def _line(text: str) -> str:
    return " ".join(text.split())


def _name(rest: str) -> str:
    found = _QUOTED.search(rest)
    return found[1] if found else ""


def _column(rest: str, statement: Statement, tables: Tables) -> tuple[str, str]:
    name = _name(rest)
    there = tables.columns(statement.tables)
    near = nearest(name.rpartition(".")[2], there)
    of = f" of {', '.join(statement.tables)}" if statement.tables else ""
    if near:
        return f"there is no column '{name}'", f"Is it {' or '.join(near)}?{_describe(statement)}"
    rest_of = f", and more.{_describe(statement)}" if len(there) > _NAMED else "."
    return f"there is no column '{name}'", f"The columns{of}: {', '.join(there[:_NAMED])}{rest_of}" if there else ""


def _describe(statement: Statement) -> str:
    tables = (f'`./importau query "DESCRIBE {table}"`' for table in statement.tables)
    return f" All of them: {' or '.join(tables)}." if statement.tables else ""


def _table(rest: str, _: Statement, tables: Tables) -> tuple[str, str]:
    name = _name(rest).removeprefix("awsdatacatalog.")
    near: Iterable[str] = nearest(name.rpartition(".")[2], tables.contracts)
    if name.rpartition(".")[2] in tables.contracts:
        return f"Athena does not know the table '{name}'", "Complete the catalogue: `./importau verify --repair`."
    return f"there is no table '{name}'", f"Is it {' or '.join(near)}?" if near else "`./importau search --type table`."


def _schema(rest: str, _: Statement, __: Tables) -> tuple[str, str]:
    return f"there is no database '{_name(rest)}'", f"The lakehouse has {', '.join(layout.databases())}."


def _function(rest: str, _: Statement, __: Tables) -> tuple[str, str]:
    return (
        f"there is no function '{_name(rest)}'",
        "Athena has Trino's functions: https://trino.io/docs/current/functions.html.",
    )


def _aggregate(rest: str, _: Statement, __: Tables) -> tuple[str, str]:
    name = _name(rest)
    return f"'{name}' is neither grouped by nor added up", f"Write GROUP BY {name}, or sum({name}), max({name})."


def _ambiguous(rest: str, _: Statement, __: Tables) -> tuple[str, str]:
    return f"more than one table has a column '{_name(rest)}'", f"Say which: TABLE.{_name(rest)}."


def _types(rest: str, _: Statement, __: Tables) -> tuple[str, str]:
    # What stands in it are types and names of functions, never a value.
    return f"types do not fit: {_line(rest)}", "Bring them together: CAST(x AS double), or CAST(x AS varchar)."


def _cast(_: str, __: Statement, ___: Tables) -> tuple[str, str]:
    return "a value cannot be read as the type of a CAST", "TRY_CAST makes NULL of what cannot be read."


def _zero(_: str, __: Statement, ___: Tables) -> tuple[str, str]:
    return "something is divided by zero", "NULLIF(x, 0) makes NULL of a zero: a / NULLIF(b, 0)."


def _syntax(rest: str, _: Statement, __: Tables) -> tuple[str, str]:
    return f"Athena cannot read the SQL: {_line(rest)}", "Something is missing there, or before it."


_EXPLAINED: Final[Mapping[str, Callable[[str, Statement, Tables], tuple[str, str]]]] = {
    "COLUMN_NOT_FOUND": _column,
    "TABLE_NOT_FOUND": _table,
    "SCHEMA_NOT_FOUND": _schema,
    "FUNCTION_NOT_FOUND": _function,
    "EXPRESSION_NOT_AGGREGATE": _aggregate,
    "AMBIGUOUS_NAME": _ambiguous,
    "TYPE_MISMATCH": _types,
    "INVALID_CAST_ARGUMENT": _cast,
    "DIVISION_BY_ZERO": _zero,
    "SYNTAX_ERROR": _syntax,
}
