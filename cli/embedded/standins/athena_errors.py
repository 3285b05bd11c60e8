"""What is wrong with a query, in Athena's words: the code, the place, and what is missing, without DuckDB's advice."""

import re
from typing import Final

from sqlglot import exp

_UNRESOLVED: Final = (
    "COLUMN_NOT_FOUND: {place}: Column '{name}' cannot be resolved or requester is not authorized to access requested "
    "resources"
)
# What DuckDB says, and what Athena says of the same: `name` is what is wrong, as both name it.
_WORDS: Final = (
    (re.compile(r'Referenced column "(?P<name>[^"]+)" not found'), _UNRESOLVED),
    (re.compile(r'does not have a column named "(?P<name>[^"]+)"'), _UNRESOLVED),
    (re.compile(r'Referenced table "(?P<name>[^"]+)" not found'), _UNRESOLVED),
    (
        re.compile(r"Function with name (?P<name>\w+) does not exist"),
        "FUNCTION_NOT_FOUND: {place}: Function '{name}' not registered",
    ),
    (
        re.compile(r'Ambiguous reference to column name "(?P<name>[^"]+)"'),
        "AMBIGUOUS_NAME: {place}: Column '{name}' is ambiguous",
    ),
    (
        re.compile(r'column "(?P<name>[^"]+)" must appear in the GROUP BY clause'),
        "EXPRESSION_NOT_AGGREGATE: {place}: '{name}' must be an aggregate expression or appear in GROUP BY clause",
    ),
    (
        re.compile(r"Could not convert \w+ '(?P<name>.*?)' to (?P<type>\w+)", re.DOTALL),
        "INVALID_CAST_ARGUMENT: Cannot cast '{name}' to {type}",
    ),
    (
        re.compile(r"argument types '(?P<name>[^']+)'"),
        "TYPE_MISMATCH: {place}: Unexpected parameters for {name}",
    ),
    (re.compile(r"ivision by (?P<name>zero)"), "DIVISION_BY_ZERO: Division by {name}"),
)


def in_athenas_words(message: str, tree: exp.Expr | None = None) -> str:
    """Return DuckDB's error as Athena says it, as far as it is known.

    Parameters
    ----------
    message : str
    tree : Expr, optional
        The query, to say where.
    """
    for pattern, words in _WORDS:
        if found := pattern.search(message):
            named = found.groupdict()
            return words.format(place=_place(tree, named["name"]), **named)
    return f"GENERIC_INTERNAL_ERROR: {message.partition(chr(10))[0]}"


def table_not_found(table: exp.Table, database: str) -> str:
    """Return what Athena says of a table that there is not."""
    return (
        f"TABLE_NOT_FOUND: {_place(table, table.name)}: Table 'awsdatacatalog.{(table.db or database).lower()}."
        f"{table.name.lower()}' does not exist"
    )


def schema_not_found(table: exp.Table) -> str:
    """Return what Athena says of a table in a database that there is not."""
    return f"SCHEMA_NOT_FOUND: {_place(table, table.db)}: Schema '{table.db.lower()}' does not exist"


def _place(tree: exp.Expr | None, name: str) -> str:
    """Return where a name stands first, as ``line 1:8``."""
    identifiers = tree.find_all(exp.Identifier, exp.Anonymous) if tree is not None else ()
    for each in identifiers:
        if each.name.casefold() == name.casefold() and "line" in each.meta:
            return f"line {each.meta['line']}:{each.meta['col'] - len(each.name) + 1}"
    return "line 1:1"
