"""The rule engine, against the same rules worked out row by row with Python's decimals, and by DuckDB."""

import operator
import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from violations import violations

from cli.generated.rule_sql import RefusedError, row_rule
from lakehouse.contract.model import Rule, load, load_all
from lakehouse.contract.rules import broken_by
from lakehouse.errors import ContractError

SCHEMA = pa.schema({"a": pa.decimal128(18, 2), "b": pa.decimal128(9, 4), "n": pa.int64(), "s": pa.string()})
OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def naive(tree, row):  # noqa: PLR0911 - one a kind of operator
    """Evaluate a condition for one row, as SQL would: NULL in, NULL out, and Kleene's and, or, not."""
    match tree:
        case ["column", name]:
            return Decimal(row[name]) if isinstance(row[name], int) else row[name]
        case ["number", value]:
            return Decimal(value)
        case ["text", value]:
            return value
        case ["is null", operand]:
            return naive(operand, row) is None
        case ["is not null", operand]:
            return naive(operand, row) is not None
    values = [naive(each, row) if isinstance(each, list) else each for each in tree[1:]]
    if tree[0] in {"and", "or"}:
        decisive = tree[0] == "or"
        return decisive if decisive in values else (None if None in values else not decisive)
    if None in values:
        return None
    match tree[0]:
        case "not":
            return not values[0]
        case "negate":
            return -values[0]
        case "round":
            return values[0].quantize(Decimal(1).scaleb(-values[1]), ROUND_HALF_UP)
    return OPERATORS[tree[0]](*values)


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
literals = st.sampled_from(["0", "1", "2", "100", "0.05", "2.5", "922337203685477580"])
numbers = st.recursive(
    st.sampled_from(["a", "b", "n"]) | literals,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner),
        st.builds("ROUND({}, {})".format, inner, st.integers(0, 2)),
        st.builds("(-{})".format, inner),
    ),
    max_leaves=2,
)
order = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
conditions = st.recursive(
    st.one_of(
        st.builds("({} {} {})".format, numbers, order, numbers),
        st.builds("({}{} BETWEEN {} AND {})".format, numbers, st.sampled_from(["", " NOT"]), literals, literals),
        st.builds("(s {} '{}')".format, st.sampled_from(["=", "<>"]), st.sampled_from(["BRL", ""])),
        st.builds("(s{} IN ('BRL', ''))".format, st.sampled_from(["", " NOT"])),
        st.builds("({} IS{} NULL)".format, st.sampled_from("abns"), st.sampled_from(["", " NOT"])),
    ),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["AND", "OR"]), inner),
        st.builds("(NOT {})".format, inner),
    ),
    max_leaves=4,
)


def compiled(condition, columns=tuple(SCHEMA.names)):
    return row_rule(f"SELECT COUNT(*) FROM t WHERE {condition}", "t", columns).broken


def rule_of(condition, columns=tuple(SCHEMA.names)):
    return Rule("regra", "", "accuracy", "error", "row", broken=compiled(condition, columns))


def library_rule(metric, column=None, **arguments):
    return Rule("regra", "", "conformity", "error", "library", column, metric, arguments)


def broken(rule, **columns):
    return broken_by(rule, pa.table(columns)).to_pylist()


def table_of(given_rows):
    return pa.table([pa.array([row[f.name] for row in given_rows], f.type) for f in SCHEMA], schema=SCHEMA)


@given(rows, conditions)
def test_a_row_rule_gives_what_decimals_give_row_by_row_and_unknown_passes(given_rows, condition):
    tree = compiled(condition)
    with localcontext(prec=120):
        expected = [naive(tree, row) is True for row in given_rows]
    assert broken_by(rule_of(condition), table_of(given_rows)).to_pylist() == expected


@given(rows, conditions)
def test_a_row_rule_gives_what_duckdb_gives_for_its_sql(given_rows, condition):
    given_table = table_of(given_rows)
    with duckdb.connect() as connection:
        connection.register("t", given_table)
        try:
            [(count,)] = connection.execute(f"SELECT COUNT(*) FROM t WHERE {condition}").fetchall()
        except (duckdb.OutOfRangeException, duckdb.ConversionException, duckdb.BinderException) as error:
            # It has 38 digits, and refuses what needs more.
            assert re.search("overflow|out of range|precision", str(error), re.IGNORECASE)
            reject()
    assert sum(broken_by(rule_of(condition), given_table).to_pylist()) == count


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
    assert broken(rule_of("wanted <> ROUND(a, 2)", ("a", "wanted")), a=a, wanted=wanted) == [False] * 3


def test_rounding_may_need_a_digit_that_the_column_does_not_have():
    a = pa.array([Decimal("9999999999999999.99")], pa.decimal128(18, 2))
    assert broken(rule_of("ROUND(a, 1) <> 10000000000000000"), a=a) == [False]


def test_the_value_of_the_largest_possible_item_is_checked_without_overflow():
    item = {
        "quantidade": pa.array([2**63 - 1, 3]),
        "preco_unitario": pa.array([Decimal("9999999999999999.99"), Decimal("0.35")], pa.decimal128(18, 2)),
        "desconto_percentual": pa.array([Decimal("0.0001"), Decimal("50")], pa.decimal128(9, 4)),
        "valor_total_item": pa.array([Decimal("9999999999999999.99"), Decimal("0.53")], pa.decimal128(18, 2)),
    }
    (rule,) = (r for r in load("itens_pedido").rules if r.name == "valor_total_item_confere")
    assert broken(rule, **item) == [True, False]


def test_a_date_is_compared_with_a_date():
    d = pa.array([date(2024, 1, 1), date(9999, 12, 31), None])
    assert broken(rule_of("d > DATE '9899-12-31'", ("d",)), d=d) == [False, True, False]
    assert broken(rule_of("DATE '2024-01-01' >= d", ("d",)), d=d) == [True, False, False]


def test_what_is_no_number_is_told_from_numbers_and_from_null():
    x = pa.array([float("nan"), 1.0, None])
    assert broken(rule_of("x < 0 OR ISNAN(x)", ("x",)), x=x) == [True, False, False]


def test_a_rule_that_names_no_column_is_broken_by_all_rows_or_none():
    assert broken(rule_of("1 > 2"), a=[1, 2]) == [False, False]
    assert broken(rule_of("1 < 2"), a=[1, 2]) == [True, True]


def test_null_values_are_marked():
    assert broken(library_rule("nullValues", "s"), s=["x", None, ""]) == [False, True, False]


def test_values_out_of_the_domain_are_marked_and_null_is_not():
    assert broken(library_rule("invalidValues", "s", validValues=["A"]), s=["A", "a", None]) == [False, True, False]
    pattern = library_rule("invalidValues", "s", pattern="^[A-Z]{3}$")
    assert broken(pattern, s=["BRL", "BRLX", "brl", "BRL\n", None]) == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("tree", "says"),
    [
        (["/", ["column", "a"], ["number", "3"]], "'/' is no operator"),
        ([">", ["column", "missing"], ["number", "1"]], "no column 'missing'"),
        (["+", ["column", "a"], ["number", "1"]], "neither true nor false"),
        ([">", ["*", ["column", "f"], ["number", "2"]], ["number", "1"]], "not exact"),
        (["=", ["column", "a"], ["text", "BRL"]], "no kernel"),
    ],
)
def test_a_rule_that_cannot_be_evaluated_says_its_name_and_why(tree, says):
    with pytest.raises(ContractError, match=f"rule 'regra'.*{says}"):
        broken(Rule("regra", "", "accuracy", "error", "row", broken=tree), a=pa.array([1]), f=pa.array([1.0]))


@pytest.mark.parametrize(
    ("condition", "at", "says"),
    [
        ("a / 3 > 1", "a / 3", "no exact decimal"),
        ("a // 3 > 1", "a // 3", "no kernel"),
        ("a > 1 AND MEDIAN(b) > 2", "MEDIAN", "MEDIAN has no kernel"),
        ("a > 1 AND system('true') = 0", "system", "SYSTEM has no kernel"),
        ("a > (SELECT MAX(b) FROM u)", "b)", "a subquery needs a table rule"),
        ("a > 1 OR EXISTS (SELECT 1 FROM u)", "1 FROM", "a subquery needs a table rule"),
        ("CASE WHEN a > 1 THEN b > 2 END", "a > 1 THEN", "has no kernel"),
        ("TRUE", "SELECT", "constant"),
        ("a = = 1", "= 1", "no SQL that DuckDB reads"),
        ("a >", ">", "no SQL that DuckDB reads"),
        ("missing > 1", "missing", "no column 'missing'"),
        ("u.a > 1", "u.a", "no column 'u.a'"),
        ("a > 1e3", "1e3", "`1e3` has no kernel"),
        ("a LIKE 'x'", "a LIKE", "has no kernel"),
        ("a > 1; DROP TABLE t", "SELECT", "a single SELECT"),
        ("a > 1 LIMIT 1", "SELECT", "it is no row rule"),
    ],
)
def test_sql_without_a_kernel_is_refused_with_its_place_and_why(condition, at, says):
    with pytest.raises(RefusedError) as refused:
        compiled(condition)
    assert says in refused.value.why
    query = f"SELECT COUNT(*) FROM t WHERE {condition}"
    assert (refused.value.line, query[refused.value.column - 1 :][: len(at)]) == (1, at)


def test_the_place_of_what_is_refused_is_in_the_line_that_has_it():
    with pytest.raises(RefusedError) as refused:
        compiled("a > 1\n  AND a / 3 > 1")
    assert (refused.value.line, refused.value.column) == (2, 7)


def test_a_table_rule_is_not_evaluated_row_by_row():
    with pytest.raises(ContractError, match="about the table"):
        broken(Rule("regra", "", "accuracy", "error", "check", check="x"), a=[1])


@pytest.mark.parametrize("contract", load_all(), ids=lambda contract: contract.table)
def test_every_rule_of_every_contract_can_be_evaluated(contract):
    nothing, unknown = contract.schema.empty_table(), [pa.nulls(2, field.type) for field in contract.schema]
    assert all(len(mask) == 0 for _, mask in violations(contract, nothing))
    found = violations(contract, pa.table(unknown, schema=contract.schema))
    assert {rule.column for rule, mask in found if mask[0].as_py()} == {c.name for c in contract.columns if c.required}
