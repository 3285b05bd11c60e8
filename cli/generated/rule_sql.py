"""The SQL of one rule, in DuckDB's dialect, compiled to what `lakehouse.contract.rules` evaluates, or refused.

A row rule counts rows of its own table that meet a condition, ``SELECT COUNT(*) FROM <table> WHERE <condition>``; the
condition is compiled, so it may use what there is a kernel for and nothing else. Or it counts those that repeat a key,
``SELECT COUNT(*) - COUNT(DISTINCT ROW(<columns>)) FROM <table>``. A table rule is any other query that gives one
number; a function that is named after the rule computes the same, and tests hold it to the SQL.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lakehouse.contract.compiled import Compiled, Tree, fingerprint

DIALECT: Final = "duckdb"
# A table rule's constants, which its function gets as arguments.
LIMITS: Final = "limites"
_NUMBER: Final = re.compile(r"\d{1,18}(\.\d{1,18})?")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_COUNTED: Final = "SELECT COUNT(*) FROM <table> WHERE <condition>"
_REPEATS: Final = "SELECT COUNT(*) - COUNT(DISTINCT ROW(<columns>)) FROM <table>"

_OPERATORS: Final[Mapping[type[exp.Expr], str]] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.And: "and", exp.Or: "or",
    exp.Not: "not", exp.Neg: "negate", exp.IsNan: "is nan",
}  # fmt: skip
_NO_KERNEL: Final = "has no kernel; see functions/common/lakehouse/contract/rules.py"
_WHY: Final[Mapping[type[exp.Expr], str]] = {
    exp.Div: "a division is no exact decimal; multiply, as in `x * 0.01`",
    exp.IntDiv: "a whole division has no kernel",
    exp.Subquery: "a subquery needs a table rule: a function of its name in functions/tests/checks/",
    exp.Exists: "a subquery needs a table rule: a function of its name in functions/tests/checks/",
    exp.Window: "a window needs a table rule: a function of its name in functions/tests/checks/",
    exp.Boolean: "a constant is no condition of a row; write a comparison",
}
# What a table rule may call: DuckDB gives exact results, and two people read the same in it.
_FUNCTIONS: Final = (
    exp.Abs, exp.And, exp.Case, exp.Cast, exp.Coalesce, exp.Count, exp.Exists, exp.Greatest, exp.If, exp.IsNan, exp.Lag,
    exp.Least, exp.Max, exp.Min, exp.Nullif, exp.Or, exp.RegexpLike, exp.Round, exp.Struct, exp.Substring, exp.Sum,
    exp.TimestampTrunc, exp.DateTrunc, exp.TimeToStr, exp.TryCast,
)  # fmt: skip
# One of them, which the parser has no class for.
_ROW: Final = "ROW"


@dataclass(frozen=True)
class RefusedError(Exception):
    """SQL that cannot be a rule.

    Attributes
    ----------
    why : str
    line, column : int
        Where in the SQL, from 1.
    """

    why: str
    line: int = 1
    column: int = 1


def row_rule(query: str, table: str, columns: Collection[str]) -> Compiled:
    """Compile a row rule.

    Parameters
    ----------
    query : str
    table : str
        The rule's own.
    columns : collection of str
        Those of the table.

    Raises
    ------
    RefusedError
        It is another query, or its condition has something that there is no kernel for.
    """
    select, known = _select(query), frozenset(columns)
    source = select.args.get("from_")
    used = {name for name, value in select.args.items() if value}
    if source is not None and source.this.name != table:
        raise _refused(source, f"a row rule counts rows of its own table, {table}")
    if source is not None and not source.this.args.get("alias"):
        if used == {"expressions", "from_", "where"} and _is_count(*select.expressions):
            return Compiled(fingerprint(query), broken=_condition(select.args["where"].this, known))
        key = _key(select.expressions[0])
        if used == {"expressions", "from_"} and len(select.expressions) == 1 and key:
            return Compiled(fingerprint(query), key=tuple(_leaf(each, known)[1] for each in key))
    raise RefusedError(
        f"it is no row rule, `{_COUNTED}` or `{_REPEATS}`, and no function of its name is in functions/tests/checks/ "
        "to make it a table rule"
    )


def table_rule(query: str, tables: Collection[str], fits: Callable[[Mapping[str, str | int]], bool]) -> Compiled:
    """Check a table rule, and read its limits.

    Parameters
    ----------
    query : str
    tables : collection of str
        Those that it may read.
    fits : callable
        Whether the rule's function takes these limits as its arguments, and no others.

    Raises
    ------
    RefusedError
        It reads another table, calls a function that it may not, gives no single number, or has other limits.
    """
    select = _select(query)
    if len(select.expressions) != 1:
        raise RefusedError("a rule gives one number: how often it is broken")
    own = {each.alias for each in select.find_all(exp.CTE)}
    for each in select.walk():
        if isinstance(each, exp.Table) and (not each.name or each.name not in own | set(tables)):
            raise _refused(each, f"it reads '{each.sql(DIALECT)}', which is no table of the lake")
        if isinstance(each, exp.Func) and not isinstance(each, _FUNCTIONS) and each.name.upper() != _ROW:
            raise _refused(each, f"{_called(each)} is not among the functions of a rule; see cli/generated/rule_sql.py")
    limits = _limits(select)
    if not fits(limits):
        raise RefusedError(f"its function takes other arguments than its `{LIMITS}`: {', '.join(limits) or 'none'}")
    return Compiled(fingerprint(query), limits=limits)


def _select(query: str) -> exp.Select:
    try:
        statements = [each for each in sqlglot.parse(query, dialect=DIALECT) if each is not None]
    except SqlglotError as error:
        first = (getattr(error, "errors", None) or [{}])[0]
        why = f"it is no SQL that DuckDB reads: {first.get('description') or error}"
        end, token = int(first.get("col") or 1), str(first.get("highlight") or " ")
        raise RefusedError(why, int(first.get("line") or 1), max(end - len(token) + 1, 1)) from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Select):
        raise RefusedError("a rule is a single SELECT that gives one number")
    return statements[0]


def _condition(node: exp.Expr, columns: frozenset[str]) -> Tree:  # noqa: PLR0911 - one a kind of node
    def of(inner: exp.Expr) -> Tree:
        return _condition(inner, columns)

    match node:
        case exp.Paren():
            return of(node.this)
        case exp.Column() | exp.Literal() | exp.Cast():
            return _leaf(node, columns)
        case exp.Not(this=exp.Is(expression=exp.Null())):
            return ["is not null", of(node.this.this)]
        case exp.Is(expression=exp.Null()):
            return ["is null", of(node.this)]
        case exp.Between() if not node.args.get("symmetric"):
            value, low, high = of(node.this), of(node.args["low"]), of(node.args["high"])
            return ["and", [">=", value, low], ["<=", value, high]]
        case exp.In() if node.expressions:
            return ["or", *(["=", of(node.this), of(each)] for each in node.expressions)]
        case exp.Round() if _digits(node) is not None:
            return ["round", of(node.this), _digits(node)]
        case exp.Expr() if type(node) in _OPERATORS:
            return [_OPERATORS[type(node)], *(of(each) for each in (node.this, node.args.get("expression")) if each)]
    raise _refused(node, _WHY.get(type(node), f"{_called(node)} {_NO_KERNEL}"))


def _leaf(node: exp.Expr, columns: frozenset[str]) -> Tree:
    match node:
        case exp.Column() if node.name in columns and not node.table:
            return ["column", node.name]
        case exp.Column():
            raise _refused(node, f"the table has no column '{node.sql(DIALECT)}'")
        case exp.Literal(is_string=True):
            return ["text", node.name]
        case exp.Literal() if _NUMBER.fullmatch(node.name):
            return ["number", node.name]
        case exp.Cast(this=exp.Literal(is_string=True)) if node.is_type("date") and _DATE.fullmatch(node.this.name):
            return ["date", node.this.name]
    raise _refused(node, f"{_called(node)} {_NO_KERNEL}")


def _digits(node: exp.Round) -> int | None:
    """Return to how many digits it rounds; None where that is no constant."""
    digits = node.args.get("decimals")
    return int(digits.name) if isinstance(digits, exp.Literal) and digits.is_int else None


def _is_count(*selected: exp.Expr) -> bool:
    return [each.sql(DIALECT) for each in selected] == ["COUNT(*)"]


def _key(node: exp.Expr) -> list[exp.Column]:
    """Return the columns of which a query counts how many rows repeat others; none where it counts something else."""
    match node:
        case exp.Sub(this=rows, expression=exp.Count(this=exp.Distinct(expressions=[exp.Anonymous() as row]))):
            if _is_count(rows) and row.name.upper() == _ROW and all(isinstance(e, exp.Column) for e in row.expressions):
                return list(row.expressions)
    return []


def _limits(select: exp.Select) -> dict[str, str | int]:
    """Return the named constants of the query's ``limites``."""
    found: dict[str, str | int] = {}
    for cte in select.find_all(exp.CTE):
        if cte.alias != LIMITS:
            continue
        for each in cte.this.expressions:
            value = each.this
            if not (isinstance(each, exp.Alias) and isinstance(value, exp.Literal) and _NUMBER.fullmatch(value.name)):
                raise _refused(each, f"`{LIMITS}` has named numbers alone, as in `SELECT 0.10 AS share, 10 AS least`")
            found[each.alias] = int(value.name) if value.is_int else value.name
    return found


def _called(node: exp.Expr) -> str:
    name = node.sql(DIALECT).partition("(")[0] if isinstance(node, exp.Func) else ""
    return name if name and " " not in name else f"`{node.sql(DIALECT)}`"


def _refused(node: exp.Expr, why: str) -> RefusedError:
    """Return the error with the place of a node: the first of its words that the parser knows the place of."""
    known = [each.meta for each in node.walk() if "line" in each.meta]
    places = [(each["line"], each["col"] - each["end"] + each["start"]) for each in known]
    return RefusedError(why, *min(places, default=(1, 1)))
