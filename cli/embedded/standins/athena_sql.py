"""Athena's SQL in DuckDB's, with Trino's arithmetic: what is exact there is exact here, and has as many decimals.

The two differ where Trino divides and averages: there a whole number by a whole number is a whole number, a decimal by
a decimal a decimal of the larger scale, rounded half up, and the average of decimals has their type; a date and an
interval are a date (Trino's documentation, "Decimal functions and operators", "Date and time functions").
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError, ParseError, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

_ATHENA: Final = "athena"
_DECIMAL: Final = exp.DataType.Type.DECIMAL
_DATE: Final = exp.DataType.Type.DATE
_WHOLE: Final = exp.DataType.INTEGER_TYPES
# Both numbers in millionths, which is as exact as the lake's columns are; the quotient is cut off behind the twelfth
# decimal, and then rounded to the scale of a sum of the two, which is the larger one. Half up, that is exact.
MACROS: Final = """
CREATE MACRO athena_divide(a, b) AS cast_to_type(
    CAST(
        (CAST(CAST(a AS DECIMAL(38, 6)) * 1000000 AS HUGEINT) * 1000000000000)
        // CAST(CAST(b AS DECIMAL(38, 6)) * 1000000 AS HUGEINT) AS DECIMAL(38, 0)
    )
    * 0.000000000001,
    a + b
)
"""
# Of a date they are dates; DuckDB makes timestamps of some.
_OF_DATES: Final = (exp.Add, exp.Sub, exp.DateAdd, exp.DateSub, exp.DateTrunc, exp.TimestampTrunc)
_NUMBER: Final = "standin"


def parsed(query: str) -> exp.Expr:
    """Return the one statement of a query; raise `ValueError` where it is none, in Athena's words."""
    try:
        return sqlglot.parse_one(query, read=_ATHENA)
    except ParseError as error:
        wrong = error.errors[0] if error.errors else {}
        near, line, column = (wrong.get(name) for name in ("highlight", "line", "col"))
        place = f"line {line}:{max(1, (column or 1) - len(near or '') + 1)}" if line else "line 1:1"
        raise ValueError(f"SYNTAX_ERROR: {place}: mismatched input '{near or '<EOF>'}'") from error
    except SqlglotError as error:
        raise ValueError(f"SYNTAX_ERROR: line 1:1: {error}") from error


def tables(tree: exp.Expr) -> Iterator[exp.Table]:
    """Yield the tables that a query reads, without the names that it defines itself."""
    for scope in traverse_scope(tree):
        yield from (source for source in scope.sources.values() if isinstance(source, exp.Table))


def put_views_in(tree: exp.Expr, read: Sequence[exp.Table], statement_of: Callable[[exp.Table], str | None]) -> None:
    """Put the statement of each view in the place of its name.

    Parameters
    ----------
    tree : Expr
        Is changed.
    read : sequence of Table
        The tables and views that it reads, nodes of it.
    statement_of : callable
        Takes one of them, and returns its statement; None where it is a table.
    """
    for table in read:
        statement = statement_of(table)
        if statement is not None:
            alias = exp.TableAlias(this=exp.to_identifier(table.alias_or_name))
            table.replace(exp.Subquery(this=parsed(statement), alias=alias))
    # A column may be named with its view's name and database: without the latter it is the statement's.
    for column in tree.find_all(exp.Column):
        if column.args.get("db") and any(table.name == column.table and table.root() is not tree for table in read):
            column.set("db", None)


def translated(tree: exp.Expr, schema: Mapping[str, Mapping[str, Mapping[str, str]]], database: str) -> str:
    """Return a query in DuckDB's SQL.

    Parameters
    ----------
    tree : Expr
    schema : mapping
        The types of the columns that it may read, by database, table and column.
    database : str
        Where tables are that are named without one.
    """
    tree = tree.copy()
    marked = list(tree.find_all(exp.Div, exp.Avg, exp.Round, *_OF_DATES))
    for number, node in enumerate(marked):
        node.meta[_NUMBER] = number
    types = _types(tree, schema, database)
    for number, node in reversed(list(enumerate(marked))):  # what is inside comes first
        node.meta.pop(_NUMBER)
        _mend(node, *types.get(number, (None, None)))
    return tree.sql("duckdb")


def _types(tree: exp.Expr, schema: Any, database: str) -> dict[int, tuple[Any, Any]]:
    """Return the types of both sides of each marked node, as far as they are known."""
    typed = tree.copy()
    for literal in list(typed.find_all(exp.Literal)):
        if literal.is_number and not literal.is_int and "e" not in literal.name.casefold():
            literal.replace(exp.cast(literal.copy(), "DECIMAL"))  # Trino's 1.5 is a decimal
    try:
        typed = qualify(typed, schema=schema, db=database, dialect=_ATHENA, validate_qualify_columns=False)
        typed = annotate_types(typed, schema=schema, dialect=_ATHENA)
    except OptimizeError:  # a column that there is not, which DuckDB says better
        return {}
    return {
        node.meta[_NUMBER]: (_kind(node.this), _kind(node.args.get("expression")))
        for node in typed.walk()
        if _NUMBER in node.meta
    }


def _kind(node: Any) -> Any:
    return node.type.this if isinstance(node, exp.Expr) and node.type is not None else None


def _mend(node: exp.Expr, left: Any, right: Any) -> None:
    """Replace a node by what has Trino's result, where that is another one."""
    exact = {_DECIMAL, *_WHOLE}
    match node:
        case exp.Div() if left in _WHOLE and right in _WHOLE:
            node.replace(exp.paren(exp.IntDiv(this=node.this.copy(), expression=node.expression.copy())))
        case exp.Div() if left in exact and right in exact:
            node.replace(exp.func("athena_divide", node.this.copy(), node.expression.copy()))
        case exp.Avg() if left is _DECIMAL:
            whole = _with_window(node)
            total, count, any_ = (_instead(whole, node, kind) for kind in (exp.Sum, exp.Count, exp.Max))
            divided = exp.func("athena_divide", total, exp.func("nullif", count, exp.Literal.number(0)))
            whole.replace(exp.func("cast_to_type", divided, any_))
        case exp.Round() if left is _DECIMAL:
            node.replace(exp.func("cast_to_type", node.copy(), node.this.copy()))
        case _ if isinstance(node, _OF_DATES) and left is _DATE and right is not _DATE:
            node.replace(exp.cast(exp.paren(node.copy()), "DATE"))


def _with_window(node: exp.Expr) -> exp.Expr:
    while isinstance(node.parent, exp.Filter | exp.Window) and node.parent.this is node:
        node = node.parent
    return node


def _instead(whole: exp.Expr, node: exp.Expr, kind: Any) -> exp.Expr:
    """Return an aggregate with its filter and window, as another aggregate."""
    copy = whole.copy()
    inner = copy
    while not isinstance(inner, exp.Avg):
        inner = inner.this
    other = kind(this=node.this.copy())
    if inner is copy:
        return other  # type: ignore[no-any-return]
    inner.replace(other)
    return copy


def column_names(tree: exp.Expr, found: Sequence[str]) -> list[str]:
    """Return the names of a result's columns: on Athena one without a name is ``_col`` and its place.

    Parameters
    ----------
    tree : Expr
    found : sequence of str
        As DuckDB names them.
    """
    names = list(found)
    selected = tree.selects if isinstance(tree, exp.Query) else []
    stars = [n for n, each in enumerate(selected) if each.is_star]
    for n, each in enumerate(selected):
        # What stands behind a star is counted from the end; between two stars nobody knows.
        place = n if not stars or n < stars[0] else n - len(selected) + len(names)
        if not stars or n < stars[0] or n > stars[-1]:
            name = each.output_name if isinstance(each, exp.Alias | exp.Column) else ""
            names[place] = name or f"_col{place}"
    return names
