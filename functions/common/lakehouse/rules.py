"""Contract rules over Arrow tables: which rows break which rule, exactly and without a loop over rows.

A row rule is an expression of Python's comparison, arithmetic and boolean syntax over column names and literals, with
``round_half_up(x, digits)`` (ties away from zero) and ``is None`` / ``is not None``. Arithmetic is decimal and exact;
a NULL result passes, as in an SQL CHECK.
"""

import ast
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts import Contract, Rule
from lakehouse.errors import ContractError
from lakehouse.keys import flat

_COMPARISONS: Final[dict[type, Callable[[Any, Any], Any]]] = {
    ast.Eq: pc.equal,
    ast.NotEq: pc.not_equal,
    ast.Lt: pc.less,
    ast.LtE: pc.less_equal,
    ast.Gt: pc.greater,
    ast.GtE: pc.greater_equal,
}
_ARITHMETIC: Final[dict[type, Callable[[Any, Any], Any]]] = {
    ast.Add: pc.add_checked,
    ast.Sub: pc.subtract_checked,
    ast.Mult: pc.multiply_checked,
}


def violations(contract: Contract, table: pa.Table) -> Iterator[tuple[Rule, pa.Array]]:
    """Yield every library and row rule of a contract with the rows that break it.

    Parameters
    ----------
    contract : Contract
    table : pa.Table, shape (n, ...)
        Has the columns the rules name, with the contract's types.

    Yields
    ------
    rule, broken : Rule, pa.BooleanArray of shape (n,)
    """
    for rule in contract.rules:
        if rule.kind != "check":
            yield rule, broken_by(rule, table)


def broken_by(rule: Rule, table: pa.Table) -> pa.Array:
    """Return which rows break a library or row rule, shape (n,), without NULLs.

    Raises
    ------
    ContractError
        The rule is a table rule, or asks for something unknown.
    """
    if rule.kind == "row":
        holds = _value(_parsed(rule.expression), table)
        return pc.invert(pc.fill_null(_column_of(holds, len(table)), True))
    if rule.kind == "library" and rule.metric in _METRICS:
        return _METRICS[rule.metric](rule, table)
    raise ContractError(f"rule '{rule.name}': {rule.metric or rule.check!r} cannot be evaluated row by row")


def _null_values(rule: Rule, table: pa.Table) -> pa.Array:
    return flat(table[rule.column]).is_null()


def _invalid_values(rule: Rule, table: pa.Table) -> pa.Array:
    column, arguments = flat(table[rule.column]), rule.arguments or {}
    if "validValues" in arguments:
        valid = pc.is_in(column, value_set=pa.array(arguments["validValues"], column.type))
    elif "pattern" in arguments:
        valid = pc.match_substring_regex(column, arguments["pattern"])
    else:
        raise ContractError(f"rule '{rule.name}': invalidValues needs arguments validValues or pattern")
    return pc.and_(column.is_valid(), pc.invert(pc.fill_null(valid, False)))


def _duplicate_values(rule: Rule, table: pa.Table) -> pa.Array:
    """Mark every repetition of a key after its first row; a NULL equals another one."""
    names = list((rule.arguments or {}).get("properties", [rule.column]))
    numbered = table.select(names).append_column("row", pa.array(range(len(table)), pa.int64()))
    firsts = numbered.group_by(names, use_threads=False).aggregate([("row", "min")])["row_min"]
    return pc.invert(pc.is_in(flat(numbered["row"]), value_set=flat(firsts)))


_METRICS: Final[dict[str, Callable[[Rule, pa.Table], pa.Array]]] = {
    "nullValues": _null_values,
    "invalidValues": _invalid_values,
    "duplicateValues": _duplicate_values,
}


@cache
def _parsed(expression: str) -> ast.expr:
    try:
        return ast.parse(expression, mode="eval").body
    except SyntaxError as error:
        raise ContractError(f"the expression '{expression}' is not valid: {error.msg}") from None


def _value(node: ast.expr, table: pa.Table) -> Any:  # noqa: PLR0911 - one a kind of node
    """Evaluate an expression to an array or a scalar."""
    match node:
        case ast.Name(id=name):
            if name not in table.column_names:
                raise ContractError(f"an expression names the column '{name}', which the table lacks")
            return flat(table[name])
        case ast.Constant(value=str() | None as value):
            return pa.scalar(value)
        case ast.Constant(value=int() | float() as value):
            return pa.scalar(Decimal(str(value)))
        case ast.Compare(left=left, ops=ops, comparators=rest):
            return _all([_compared(op, a, b, table) for op, a, b in zip(ops, [left, *rest], rest, strict=False)])
        case ast.BoolOp(op=ast.And(), values=values):
            return _all([_value(value, table) for value in values])
        case ast.BoolOp(op=ast.Or(), values=values):
            first, *others = [_value(value, table) for value in values]
            for other in others:
                first = pc.or_kleene(first, other)
            return first
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return pc.invert(_value(operand, table))
        case ast.BinOp(left=left, op=ast.Div(), right=ast.Constant(value=10 | 100 | 1000 as ten)):
            # Dividing by a power of ten moves the point, exactly; any other division would not be exact.
            return pc.multiply_checked(_wide(_value(left, table)), _wide(pa.scalar(1 / Decimal(str(ten)))))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return _ARITHMETIC[type(op)](_wide(_value(left, table)), _wide(_value(right, table)))
        case ast.Call(func=ast.Name(id="round_half_up"), args=[value, ast.Constant(value=int() as digits)]):
            return pc.round(_wide(_value(value, table)), digits, "half_towards_infinity")
    raise ContractError(f"'{ast.unparse(node)}' is not allowed in a rule; see functions/common/lakehouse/rules.py")


def _compared(op: ast.cmpop, left: ast.expr, right: ast.expr, table: pa.Table) -> Any:
    a = _value(left, table)
    if isinstance(op, ast.Is | ast.IsNot) and isinstance(right, ast.Constant) and right.value is None:
        return a.is_null() if isinstance(op, ast.Is) else a.is_valid()
    if type(op) not in _COMPARISONS:
        raise ContractError(f"the comparison {type(op).__name__} is not allowed in a rule")
    b = _value(right, table)
    if _is_number(a.type) and _is_number(b.type) and a.type != b.type:
        a, b = _wide(a), _wide(b)
    return _COMPARISONS[type(op)](a, b)


def _all(conditions: list[Any]) -> Any:
    first, *others = conditions
    for other in others:
        first = pc.and_kleene(first, other)
    return first


def _is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(type_) or pa.types.is_integer(type_))


def _wide(value: Any) -> Any:
    """Return a number as a decimal256 just wide enough, so that sums and products of a few cannot overflow."""
    if pa.types.is_integer(value.type):
        value = value.cast(pa.decimal128(19, 0))
    if not pa.types.is_decimal(value.type):
        raise ContractError(f"arithmetic on {value.type} is not exact and not allowed in a rule")
    if pa.types.is_decimal128(value.type):
        return value.cast(pa.decimal256(value.type.precision, value.type.scale))
    return value


def _column_of(value: Any, rows: int) -> pa.Array:
    """Return an expression's value as a column, also where it names no column."""
    return pa.repeat(value, rows) if isinstance(value, pa.Scalar) else value
