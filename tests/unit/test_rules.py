"""The rule engine, against the same rules worked out row by row with Python's decimals."""

import ast
import operator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from violations import violations

from lakehouse.contract.model import Rule, load, load_all
from lakehouse.contract.rules import broken_by
from lakehouse.errors import ContractError

SCHEMA = pa.schema({"a": pa.decimal128(18, 2), "b": pa.decimal128(9, 4), "n": pa.int64(), "s": pa.string()})
OPERATORS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}  # fmt: skip


def naive(node, row):  # noqa: PLR0911 - one a kind of node
    """Evaluate an expression for one row, as SQL would: NULL in, NULL out, and Kleene's and, or, not."""
    match node:
        case ast.Constant():
            return Decimal(str(node.value)) if isinstance(node.value, int | float) else node.value
        case ast.Name():
            return Decimal(row[node.id]) if isinstance(row[node.id], int) else row[node.id]
        case ast.UnaryOp():
            value = naive(node.operand, row)
            return None if value is None else (not value if isinstance(node.op, ast.Not) else -value)
        case ast.BinOp():
            x, y = naive(node.left, row), naive(node.right, row)
            return None if x is None or y is None else OPERATORS[type(node.op)](x, y)
        case ast.Call():
            x = naive(node.args[0], row)
            return None if x is None else x.quantize(Decimal(1).scaleb(-node.args[1].value), ROUND_HALF_UP)
        case ast.BoolOp():
            values = [naive(value, row) for value in node.values]
            decisive = isinstance(node.op, ast.Or)
            return decisive if decisive in values else (None if None in values else not decisive)
        case ast.Compare():
            sides = [naive(side, row) for side in [node.left, *node.comparators]]
            if isinstance(node.ops[0], ast.Is | ast.IsNot):
                return (sides[0] is None) == isinstance(node.ops[0], ast.Is)
            parts = [
                None if None in pair else OPERATORS[type(op)](*pair)
                for op, pair in zip(node.ops, pairwise(sides), strict=True)
            ]
            return False if False in parts else (None if None in parts else True)
    raise AssertionError(ast.dump(node))


def decimals(digits, scale):
    edge = 10**digits - 1
    near = st.sampled_from([0, 1, -1, 5, -5, 15, -25, 49, 50, -50, 150, edge, -edge])
    return st.one_of(near, st.integers(-edge, edge)).map(lambda units: Decimal(units).scaleb(-scale))


rows = st.lists(
    st.fixed_dictionaries(
        {
            "a": st.none() | decimals(18, 2),
            "b": st.none() | decimals(9, 4),
            "n": st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3),
            "s": st.none() | st.sampled_from(["BRL", "USD", ""]),
        }
    ),
    max_size=8,
)
literals = st.sampled_from(["0", "1", "2", "100", "0.05", "2.5", "9223372036854775808", "1e3"])
numbers = st.recursive(
    st.sampled_from(["a", "b", "n"]) | literals,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner),
        st.builds("({} / {})".format, inner, st.sampled_from(["10", "100"])),
        st.builds("round_half_up({}, {})".format, inner, st.integers(0, 2)),
        st.builds("(-{})".format, inner),
    ),
    max_leaves=2,
)
order = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
conditions = st.recursive(
    st.one_of(
        st.builds("({} {} {})".format, numbers, order, numbers),
        st.builds("({} <= {} < {})".format, literals, numbers, literals),
        st.builds("(s {} '{}')".format, st.sampled_from(["==", "!="]), st.sampled_from(["BRL", ""])),
        st.builds("({} {} None)".format, st.sampled_from("abns"), st.sampled_from(["is", "is not"])),
    ),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner),
        st.builds("(not {})".format, inner),
    ),
    max_leaves=4,
)


def row_rule(expression):
    return Rule("regra", "", "accuracy", "error", "row", expression=expression)


def library_rule(metric, column=None, **arguments):
    return Rule("regra", "", "conformity", "error", "library", column, metric, arguments)


def broken(rule, **columns):
    return broken_by(rule, pa.table(columns)).to_pylist()


@given(rows, conditions)
def test_a_row_rule_gives_what_decimals_give_row_by_row_and_unknown_passes(given_rows, expression):
    table = pa.table([pa.array([row[f.name] for row in given_rows], f.type) for f in SCHEMA], schema=SCHEMA)
    tree = ast.parse(expression, mode="eval").body
    with localcontext(prec=120):
        expected = [naive(tree, row) is False for row in given_rows]
    assert broken_by(row_rule(expression), table).to_pylist() == expected


@given(st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from([1, 2, None])), max_size=20))
def test_every_repetition_of_a_key_after_its_first_row_is_a_duplicate(keys):
    seen, expected = set(), []
    for key in keys:
        expected.append(key in seen)
        seen.add(key)
    columns = {"row": pa.array([k[0] for k in keys], pa.string()), "y": pa.array([k[1] for k in keys], pa.int64())}
    assert broken(library_rule("duplicateValues", properties=["row", "y"]), **columns) == expected


def test_half_a_cent_rounds_away_from_zero_on_both_sides():
    a = pa.array([Decimal("0.0250"), Decimal("-0.0250"), Decimal("0.0249")], pa.decimal128(9, 4))
    wanted = pa.array([Decimal("0.03"), Decimal("-0.03"), Decimal("0.02")], pa.decimal128(18, 2))
    assert broken(row_rule("wanted == round_half_up(a, 2)"), a=a, wanted=wanted) == [False] * 3


def test_rounding_may_need_a_digit_that_the_column_does_not_have():
    a = pa.array([Decimal("9999999999999999.99")], pa.decimal128(18, 2))
    assert broken(row_rule("round_half_up(a, 1) == 10000000000000000"), a=a) == [False]


def test_the_value_of_the_largest_possible_item_is_checked_without_overflow():
    item = {
        "quantidade": pa.array([2**63 - 1, 3]),
        "preco_unitario": pa.array([Decimal("9999999999999999.99"), Decimal("0.35")], pa.decimal128(18, 2)),
        "desconto_percentual": pa.array([Decimal("0.0001"), Decimal("50")], pa.decimal128(9, 4)),
        "valor_total_item": pa.array([Decimal("9999999999999999.99"), Decimal("0.53")], pa.decimal128(18, 2)),
    }
    (rule,) = (r for r in load("itens_pedido").rules if r.name == "valor_total_item_confere")
    assert broken(rule, **item) == [True, False]


def test_a_date_is_compared_with_a_text():
    d = pa.array([date(2024, 1, 1), date(9999, 12, 31), None])
    assert broken(row_rule("d <= '9899-12-31'"), d=d) == [False, True, False]
    assert broken(row_rule("'2024-01-01' < d"), d=d) == [True, False, False]


def test_a_rule_that_names_no_column_holds_for_all_rows_or_none():
    assert broken(row_rule("1 < 2"), a=[1, 2]) == [False, False]
    assert broken(row_rule("1 > 2"), a=[1, 2]) == [True, True]


def test_null_values_are_marked():
    assert broken(library_rule("nullValues", "s"), s=["x", None, ""]) == [False, True, False]


def test_values_out_of_the_domain_are_marked_and_null_is_not():
    assert broken(library_rule("invalidValues", "s", validValues=["A"]), s=["A", "a", None]) == [False, True, False]
    pattern = library_rule("invalidValues", "s", pattern="^[A-Z]{3}$")
    assert broken(pattern, s=["BRL", "BRLX", "brl", "BRL\n", None]) == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("a / 3 > 1", "not allowed"),
        ("__import__('os').system('true') == 0", "not allowed"),
        ("a if a else a", "not allowed"),
        ("True", "not allowed"),
        ("a in [1]", "compares with"),
        ("a ==", "not valid"),
        ("missing > 1", "no column 'missing'"),
        ("a + 1", "neither true nor false"),
        ("f * 2 > 1", "not exact"),
        ("a == 'BRL'", "no kernel"),
        ("d < 'ontem'", "date32"),
    ],
)
def test_a_rule_that_cannot_be_evaluated_says_its_name_and_why(expression, says):
    columns = {"a": pa.array([1]), "f": pa.array([1.0]), "d": pa.array([date(2024, 1, 1)])}
    with pytest.raises(ContractError, match=f"rule 'regra'.*{says}"):
        broken(row_rule(expression), **columns)


def test_a_table_rule_is_not_evaluated_row_by_row():
    with pytest.raises(ContractError, match="about the table"):
        broken(Rule("regra", "", "accuracy", "error", "check", check="x"), a=[1])


@pytest.mark.parametrize("contract", load_all(), ids=lambda contract: contract.table)
def test_every_rule_of_every_contract_can_be_evaluated(contract):
    nothing, unknown = contract.schema.empty_table(), [pa.nulls(2, field.type) for field in contract.schema]
    assert all(len(mask) == 0 for _, mask in violations(contract, nothing))
    found = violations(contract, pa.table(unknown, schema=contract.schema))
    assert {rule.column for rule, mask in found if mask[0].as_py()} == {c.name for c in contract.columns if c.required}
