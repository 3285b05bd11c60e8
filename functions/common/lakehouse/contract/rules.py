"""Contract rules over Arrow tables: which rows break which rule, exactly and without a loop over rows.

A row rule is the condition that its SQL was compiled to (`lakehouse.contract.compiled`), a tree of operators:

- ``["column", name]``, ``["number", "0.01"]``, ``["text", "BRL"]``, ``["date", "2024-01-31"]``;
- ``=  <>  <  <=  >  >=``, ``is null``, ``is not null``, ``is nan``, ``and``, ``or``, ``not``;
- ``+  -  *``, ``negate`` and ``["round", x, digits]``, with ties away from zero.

Arithmetic is decimal and exact, so there is no division. A condition that is unknown, as a value is NULL, is not met.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contract.compiled import Tree
from lakehouse.contract.model import Rule
from lakehouse.contract.scaled import Scaled, UnfitError, aligned
from lakehouse.engine.arrays import booleans
from lakehouse.engine.keys import flat
from lakehouse.errors import ContractError

_COMPARISONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "=": pc.equal,
    "<>": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}
_ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": pc.add_checked,
    "-": pc.subtract_checked,
    "*": pc.multiply_checked,
}
_UNITS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "=": np.equal,
    "<>": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
_JOINS: Final[dict[str, Callable[[Any, Any], Any]]] = {"and": pc.and_kleene, "or": pc.or_kleene}
_TESTS: Final[dict[str, Callable[[Any], Any]]] = {
    "is null": pc.is_null,
    "is not null": pc.is_valid,
    "is nan": pc.is_nan,
    "not": pc.invert,
}
_INT64_DIGITS: Final = 19
_DECIMAL128_DIGITS: Final = 38
_DECIMAL256_DIGITS: Final = 76


def broken_by(rule: Rule, table: pa.Table) -> pa.BooleanArray:
    """Return which rows break a library or row rule, shape (n,), without NULLs.

    ``duplicateValues`` marks every row whose key an earlier row has; NULLs are equal to each other.

    Raises
    ------
    ContractError
        The rule is a table rule, or cannot be evaluated exactly; the message names the rule and the fix.
    """
    try:
        if rule.broken is not None:
            return pc.fill_null(_met(rule.broken, table), False)
        if rule.kind == "library" and rule.metric in _METRICS:
            return _METRICS[rule.metric](rule, table)
    except (ContractError, KeyError, pa.ArrowException) as error:
        raise ContractError(f"rule '{rule.name}': {error}") from error
    raise ContractError(f"rule '{rule.name}' is about the table and cannot be evaluated row by row")


def _met(condition: Tree, table: pa.Table) -> pa.BooleanArray:
    """Return which rows meet a condition; NULL where that is unknown."""
    value = _value(condition, table)
    if not pa.types.is_boolean(value.type):
        raise ContractError("it is neither true nor false of a row; write a comparison")
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


def _value(tree: Tree, table: pa.Table) -> Any:  # noqa: PLR0911 - one a kind of operator
    """Evaluate a tree to an array or a scalar."""
    match tree:
        case [str(operator), left, right] if operator in _COMPARISONS:
            return _compared(operator, left, right, table)
        case ["column", name] if name in table.column_names:
            return flat(table[name])
        case ["column", name]:
            raise ContractError(f"the table has no column '{name}'")
        case ["text", value]:
            return pa.scalar(value)
        case ["number", value]:
            return pa.scalar(Decimal(value))
        case ["date", value]:
            return pa.scalar(value).cast(pa.date32())
        case [str(operator), *conditions] if operator in _JOINS:
            return _joined(_JOINS[operator], [_value(each, table) for each in conditions])
        case [str(operator), operand] if operator in _TESTS:
            return _TESTS[operator](_value(operand, table))
        case ["negate", operand]:
            return pc.negate_checked(_wide(_value(operand, table)))
        case [str(operator), left, right] if operator in _ARITHMETIC:
            return _ARITHMETIC[operator](_wide(_value(left, table)), _wide(_value(right, table)))
        case ["round", operand, digits]:
            # One more digit, as 9.5 becomes 10.
            return pc.round(_wide(_value(operand, table), 1), digits, "half_towards_infinity")
    raise ContractError(f"'{tree[0]}' is no operator of a rule; see functions/common/lakehouse/contract/rules.py")


def _compared(operator: str, left: Tree, right: Tree, table: pa.Table) -> Any:
    try:
        one, two = aligned(_scaled(left, table), _scaled(right, table))
    except UnfitError:
        pass  # not numbers, or too large for 64 bits: evaluated below, in 256 bits
    else:
        holds = np.broadcast_to(_UNITS[operator](one.units, two.units), len(table))
        return booleans(holds, one.both_valid(two))
    return _COMPARISONS[operator](*_comparable(_value(left, table), _value(right, table)))


def _scaled(tree: Tree, table: pa.Table) -> Scaled:
    """Evaluate arithmetic in 64 bits; raise `UnfitError` where that is not exact."""
    match tree:
        case ["column", name] if name in table.column_names:
            return Scaled.of_column(table[name])
        case ["number", value]:
            return Scaled.of_constant(Decimal(value))
        case ["+", left, right]:
            return _scaled(left, table).plus(_scaled(right, table))
        case ["-", left, right]:
            return _scaled(left, table).minus(_scaled(right, table))
        case ["*", left, right]:
            return _scaled(left, table).times(_scaled(right, table))
        case ["round", operand, digits]:
            return _scaled(operand, table).rounded(digits)
    raise UnfitError(str(tree[0]))


def _comparable(a: Any, b: Any) -> tuple[Any, Any]:
    """Return two values in one type, exactly; cheap ways first, as most rules compare a column with a literal."""
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
