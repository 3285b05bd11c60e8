"""Contract rules over Arrow tables: which rows break which rule, exactly and without a loop over rows.

A row rule is an expression of Python's comparison, arithmetic and boolean syntax over column names and literals, with
``round_half_up(x, digits)`` (ties away from zero) and ``is None`` / ``is not None``; a date is compared with a text
``'YYYY-MM-DD'``. Arithmetic is decimal and exact, so the only divisors are powers of ten. A NULL result passes, as in
SQL's CHECK.
"""

import ast
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contract.model import Rule
from lakehouse.contract.scaled import Scaled, UnfitError, aligned
from lakehouse.engine.arrays import booleans
from lakehouse.engine.keys import flat
from lakehouse.errors import ContractError

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
_UNITS: Final[dict[type, Callable[[Any, Any], Any]]] = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}
_TENS: Final = (10, 100, 1000)
_INT64_DIGITS: Final = 19
_DECIMAL128_DIGITS: Final = 38
_DECIMAL256_DIGITS: Final = 76


def broken_by(rule: Rule, table: pa.Table) -> pa.BooleanArray:
    """Return which rows break a library or row rule, shape (n,), without NULLs.

    ``duplicateValues`` marks every row whose key an earlier row has; NULLs are equal to each other.

    Raises
    ------
    ContractError
        The rule is a table rule, or uses something unknown; the message names the rule and the fix.
    """
    try:
        if rule.kind == "row":
            return pc.invert(pc.fill_null(_holds(rule.expression, table), True))
        if rule.kind == "library" and rule.metric in _METRICS:
            return _METRICS[rule.metric](rule, table)
    except (ContractError, KeyError, pa.ArrowException) as error:
        raise ContractError(f"rule '{rule.name}': {error}") from error
    raise ContractError(f"rule '{rule.name}' is about the table and cannot be evaluated row by row")


def _holds(expression: str, table: pa.Table) -> pa.BooleanArray:
    """Return which rows an expression is true of; NULL where that is unknown."""
    value = _value(_parsed(expression), table)
    if not pa.types.is_boolean(value.type):
        raise ContractError(f"'{expression}' is neither true nor false; write a comparison")
    return pa.repeat(value, len(table)) if isinstance(value, pa.Scalar) else value


def _null_values(rule: Rule, table: pa.Table) -> pa.BooleanArray:
    return flat(table[rule.column]).is_null()


def _invalid_values(rule: Rule, table: pa.Table) -> pa.BooleanArray:
    column, arguments = flat(table[rule.column]), rule.arguments or {}
    if "validValues" in arguments:
        valid = pc.is_in(column, value_set=pa.array(arguments["validValues"], column.type))
    else:
        valid = pc.fill_null(pc.match_substring_regex(column, arguments["pattern"]), False)
    return pc.and_not(column.is_valid(), valid)


def _duplicate_values(rule: Rule, table: pa.Table) -> pa.BooleanArray:
    names = list((rule.arguments or {}).get("properties", [rule.column]))
    # The keys get numbers as names, so that none collides with the column of row numbers.
    keys = [flat(table[name]) for name in names]
    numbered = pa.table([*keys, pa.array(np.arange(len(table)))], names=[*map(str, range(len(names))), "row"])
    grouped = numbered.group_by(numbered.column_names[:-1], use_threads=False).aggregate([("row", "min")])
    repeats = np.ones(len(table), bool)
    repeats[flat(grouped["row_min"]).to_numpy()] = False
    return pa.array(repeats)


_METRICS: Final[dict[str, Callable[[Rule, pa.Table], pa.BooleanArray]]] = {
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
        case ast.Name(id=name) if name in table.column_names:
            return flat(table[name])
        case ast.Name(id=name):
            raise ContractError(f"the table has no column '{name}'")
        case ast.Constant(value=str() as value):
            return pa.scalar(value)
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return pa.scalar(Decimal(str(value)))
        case ast.Compare(left=left, ops=ops, comparators=rest):
            return _joined(
                pc.and_kleene, [_compared(op, a, b, table) for op, a, b in zip(ops, [left, *rest], rest, strict=False)]
            )
        case ast.BoolOp(op=op, values=values):
            join = pc.and_kleene if isinstance(op, ast.And) else pc.or_kleene
            return _joined(join, [_value(value, table) for value in values])
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return pc.invert(_value(operand, table))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return pc.negate_checked(_wide(_value(operand, table)))
        case ast.BinOp(left=left, op=ast.Div(), right=ast.Constant(value=int() as ten)) if ten in _TENS:
            return pc.multiply_checked(_wide(_value(left, table)), _wide(pa.scalar(1 / Decimal(ten))))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return _ARITHMETIC[type(op)](_wide(_value(left, table)), _wide(_value(right, table)))
        case ast.Call(
            func=ast.Name(id="round_half_up"), args=[value, ast.Constant(value=int() as digits)], keywords=[]
        ):
            # One more digit, as 9.5 becomes 10.
            return pc.round(_wide(_value(value, table), 1), digits, "half_towards_infinity")
    raise ContractError(
        f"'{ast.unparse(node)}' is not allowed in a rule; see functions/common/lakehouse/contract/rules.py"
    )


def _compared(op: ast.cmpop, left: ast.expr, right: ast.expr, table: pa.Table) -> Any:
    if type(op) in _UNITS:
        try:
            one, two = aligned(_scaled(left, table), _scaled(right, table))
        except UnfitError:
            pass  # not numbers, or too large for 64 bits: evaluated below, in 256 bits
        else:
            holds = np.broadcast_to(_UNITS[type(op)](one.units, two.units), len(table))
            return booleans(holds, one.both_valid(two))
    a = _value(left, table)
    if isinstance(op, ast.Is | ast.IsNot) and isinstance(right, ast.Constant) and right.value is None:
        return a.is_null() if isinstance(op, ast.Is) else a.is_valid()
    if type(op) not in _COMPARISONS:
        raise ContractError("a rule compares with == != < <= > >=, 'is None' and 'is not None' alone")
    return _COMPARISONS[type(op)](*_comparable(a, _value(right, table)))


def _scaled(node: ast.expr, table: pa.Table) -> Scaled:  # noqa: PLR0911 - one a kind of node
    """Evaluate arithmetic in 64 bits; raise `UnfitError` where that is not exact."""
    match node:
        case ast.Name(id=name) if name in table.column_names:
            return Scaled.of_column(table[name])
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return Scaled.of_constant(Decimal(str(value)))
        case ast.BinOp(left=left, op=ast.Div(), right=ast.Constant(value=int() as ten)) if ten in _TENS:
            return _scaled(left, table).times(Scaled.of_constant(1 / Decimal(ten)))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _scaled(left, table).plus(_scaled(right, table))
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _scaled(left, table).minus(_scaled(right, table))
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _scaled(left, table).times(_scaled(right, table))
        case ast.Call(
            func=ast.Name(id="round_half_up"), args=[value, ast.Constant(value=int() as digits)], keywords=[]
        ):
            return _scaled(value, table).rounded(digits)
    raise UnfitError(ast.unparse(node))


def _comparable(a: Any, b: Any) -> tuple[Any, Any]:
    """Return two values in one type, exactly; cheap ways first, as most rules compare a column with a literal."""
    if pa.types.is_date(a.type) and isinstance(b, pa.StringScalar):
        return a, b.cast(pa.date32())
    if isinstance(a, pa.Scalar) and not isinstance(b, pa.Scalar):
        return _comparable(b, a)[::-1]
    if a.type == b.type or not (_is_number(a.type) and _is_number(b.type)):
        return a, b
    if pa.types.is_integer(a.type) and isinstance(b, pa.Decimal128Scalar) and b.type.scale == 0:
        if b.type.precision < _INT64_DIGITS:
            return a, b.cast(pa.int64())
    elif pa.types.is_decimal128(a.type) and pa.types.is_decimal128(b.type):
        whole = max(a.type.precision - a.type.scale, b.type.precision - b.type.scale)
        if whole + max(a.type.scale, b.type.scale) <= _DECIMAL128_DIGITS:
            return a, b  # Arrow brings them to one scale, and the result fits.
    return _wide(a), _wide(b)


def _joined(join: Callable[[Any, Any], Any], conditions: list[Any]) -> Any:
    first, *others = conditions
    for other in others:
        first = join(first, other)
    return first


def _is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(type_) or pa.types.is_integer(type_))


def _wide(value: Any, more: int = 0) -> Any:
    """Return a number as a decimal256 with its digits and ``more``; Arrow widens sums and products by itself."""
    if pa.types.is_integer(value.type):
        value = value.cast(pa.decimal128(_INT64_DIGITS, 0))
    if not pa.types.is_decimal(value.type):
        raise ContractError(f"arithmetic on {value.type} is not exact and not allowed in a rule")
    digits = min(value.type.precision + more, _DECIMAL256_DIGITS)
    return value.cast(pa.decimal256(digits, value.type.scale))
