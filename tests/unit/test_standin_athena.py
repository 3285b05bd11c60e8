"""The embedded Athena: Trino's SQL and arithmetic on DuckDB, Athena's types, texts and errors."""

import datetime as dt
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.embedded.standins import athena_catalogue, athena_errors, athena_sql
from cli.embedded.standins.athena_types import athena_type, column_info, csv, text

SCHEMA = {
    "gold": {
        "t": {
            "v": "decimal(18,2)", "taxa": "decimal(18,6)", "n": "bigint", "d": "date", "s": "string", "x": "double",
        }
    }
}  # fmt: skip


def ran(query: str, rows: Sequence[str] = ()) -> tuple[list[tuple[str, str]], list[list[str | None]]]:
    """Return names, types and texts of what a query answers on the table `t`."""
    tree = athena_sql.parsed(query)
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA gold")
        columns = ", ".join(f"{name} {type_}" for name, type_ in SCHEMA["gold"]["t"].items())
        connection.execute(f"CREATE TABLE gold.t ({columns})")
        for row in rows:
            connection.execute(f"INSERT INTO gold.t VALUES ({row})")
        connection.execute(athena_sql.MACROS)
        connection.execute("SET search_path = 'gold,main'")
        result = connection.execute(athena_sql.translated(tree, SCHEMA, "gold"))
        names = athena_sql.column_names(tree, [name for name, *_ in result.description])
        types = [athena_type(str(type_)) for _, type_, *_ in result.description]
        return list(zip(names, types, strict=True)), [[text(v) for v in row] for row in result.fetchall()]


ROWS = (
    "10.05, 5.250000, 7, '2024-01-31', 'a', 1.5", "0.10, NULL, 2, '2024-02-29', 'b', NULL",
    "NULL, 1, 3, NULL, NULL, 2",
)  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "type_", "value"),
    [
        # As Trino does it: SELECT typeof(...), ... there.
        ("7 / 2", "integer", "3"),
        ("-7 / 2", "integer", "-3"),
        ("7 / 2.0", "decimal(13,1)", "3.5"),
        ("CAST(1 AS double) / 3", "double", "0.3333333333333333"),
        ("CAST(10 AS decimal(18,2)) / 3", "decimal(20,2)", "3.33"),
        ("CAST(0.05 AS decimal(18,2)) / 10", "decimal(20,2)", "0.01"),
        ("CAST(-0.05 AS decimal(18,2)) / 10", "decimal(20,2)", "-0.01"),
        ("round(CAST(1.25 AS decimal(18,2)), 1)", "decimal(18,2)", "1.30"),
        ("date '2024-01-31' + interval '1' month", "date", "2024-02-29"),
        ("date_trunc('month', date '2024-01-31')", "date", "2024-01-01"),
        ("date_add('day', 1, date '2024-01-31')", "date", "2024-02-01"),
        ("date_diff('day', date '2024-01-01', date '2024-02-01')", "bigint", "31"),
        ("date_format(date '2024-01-31', '%Y-%m')", "varchar", "2024-01"),
        ("CAST(NULL AS varchar)", "varchar", None),
        ("'a' || 'b'", "varchar", "ab"),
        ("ARRAY[1, NULL]", "array", "[1, null]"),
        ("timestamp '2024-01-01 10:00:00'", "timestamp", "2024-01-01 10:00:00.000"),
        ("1.0E7", "double", "1.0E7"),
    ],
)
def test_an_expression_has_athenas_type_and_text(expression: str, type_: str, value: str | None) -> None:
    ((name, found),), rows = ran(f"SELECT {expression}")
    assert name == "_col0"
    assert (found.partition("(")[0], rows) == (type_.partition("(")[0], [[value]])
    if "decimal" in type_:  # the scale, not the precision, decides how it is written
        assert found.rpartition(",")[2] == type_.rpartition(",")[2]


@pytest.mark.parametrize(
    ("query", "types", "rows"),
    [
        ("SELECT avg(v), sum(v), count(*), sum(n), avg(n) FROM t",
         ["decimal(18,2)", "decimal(38,2)", "bigint", "bigint", "double"], [["5.08", "10.15", "3", "12", "4.0"]]),
        ("SELECT avg(v) FILTER (WHERE n < 5), avg(v) FILTER (WHERE n < 0) FROM t",
         ["decimal(18,2)", "decimal(18,2)"], [["0.10", None]]),
        ("SELECT avg(v) OVER (ORDER BY n) FROM t ORDER BY n", ["decimal(18,2)"], [["0.10"], ["0.10"], ["5.08"]]),
        ("SELECT sum(v) / count(*), 100 * sum(v) / sum(sum(v)) OVER () FROM t GROUP BY s ORDER BY s NULLS LAST",
         ["decimal(38,2)", "decimal(38,2)"], [["10.05", "99.01"], ["0.10", "0.99"], [None, None]]),
        ("WITH c AS (SELECT s, sum(v) AS v, sum(n) AS n FROM t GROUP BY s) SELECT v / n FROM c ORDER BY n",
         ["decimal(38,2)"], [["0.05"], [None], ["1.44"]]),
        ("SELECT CAST(v * taxa AS decimal(18,2)) FROM t WHERE v > 1", ["decimal(18,2)"], [["52.76"]]),
        ("SELECT sum(n) / 5, n / 2 FROM t WHERE n = 7 GROUP BY n", ["bigint", "bigint"], [["1", "3"]]),
    ],
)  # fmt: skip
def test_aggregates_of_decimals_are_decimals_rounded_half_up(query: str, types: list[str], rows: Any) -> None:
    columns, found = ran(query, ROWS)
    assert [type_ for _, type_ in columns] == types
    assert found == rows


@given(
    st.decimals(-(10**12), 10**12, places=2),
    st.decimals(-(10**6), 10**6, places=2).filter(bool),
)
def test_a_quotient_is_exact_and_rounded_half_up(a: Decimal, b: Decimal) -> None:
    _, ((found,),) = ran(f"SELECT CAST({a} AS decimal(18,2)) / CAST({b} AS decimal(18,2))")
    assert found == f"{(a / b).quantize(Decimal('0.01'), ROUND_HALF_UP):f}" or Decimal(found or 0) == 0 == round(
        a / b, 2
    )


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (
            "SELECT s, count(*), v AS total, CAST(n AS varchar) FROM t GROUP BY s, v, n",
            ["s", "_col1", "total", "_col3"],
        ),
        ("SELECT sum(v), * FROM (SELECT v, n FROM t) GROUP BY v, n", ["_col0", "v", "n"]),
        ("SELECT *, n + 1 FROM (SELECT v, n FROM t)", ["v", "n", "_col2"]),
        ("SELECT s, s FROM t", ["s", "s"]),
        ("SELECT n + 1 FROM t UNION ALL SELECT n FROM t", ["_col0"]),
    ],
)
def test_a_column_without_a_name_has_its_place(query: str, names: list[str]) -> None:
    columns, _ = ran(query, ROWS)
    assert [name for name, _ in columns] == names


def test_column_info_is_that_of_athena() -> None:
    found = {each["Type"]: each for each in map(column_info, "abcd", ["decimal(38,2)", "bigint", "varchar", "date"])}
    assert (found["decimal"]["Precision"], found["decimal"]["Scale"]) == (38, 2)
    assert (found["bigint"]["Precision"], found["varchar"]["Precision"]) == (19, 2147483647)
    assert [found[kind]["CaseSensitive"] for kind in ("varchar", "bigint")] == [True, False]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, None), (True, "true"), (12, "12"), (Decimal("1E+3"), "1000"), (Decimal("12.30"), "12.30"),
        (1.0, "1.0"), (1e7, "1.0E7"), (-1.5e-4, "-1.5E-4"), (0.001, "0.001"), (0.0, "0.0"), (float("nan"), "NaN"),
        (float("inf"), "Infinity"), (123456789.125, "1.23456789125E8"),
        (dt.date(2024, 2, 1), "2024-02-01"), (dt.datetime(2024, 2, 1, 3, 4, 5, 678_901), "2024-02-01 03:04:05.678"),
        (dt.datetime(2024, 2, 1, tzinfo=dt.UTC), "2024-02-01 00:00:00.000 UTC"), (dt.time(1, 2, 3), "01:02:03.000"),
        (b"\x00\xff", "00 ff"), ([1, None, "a"], "[1, null, a]"), ({"a": 1, "b": None}, "{a=1, b=null}"), ("ã", "ã"),
    ],
)  # fmt: skip
def test_a_value_is_written_as_athena_writes_it(value: Any, written: str | None) -> None:
    assert text(value) == written


def test_a_result_is_quoted_but_for_null() -> None:
    assert csv(["a", "b"], [["x", None], ['"', ""]]) == '"a","b"\n"x",\n"""",""\n'


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT nada FROM t", "COLUMN_NOT_FOUND: line 1:8: Column 'nada' cannot be resolved"),
        ("SELECT t.nada FROM t", "COLUMN_NOT_FOUND: line 1:10: Column 'nada' cannot be resolved"),
        ("SELECT q.v FROM t", "COLUMN_NOT_FOUND: line 1:8: Column 'q' cannot be resolved"),
        ("SELECT foo(v) FROM t", "FUNCTION_NOT_FOUND: line 1:"),
        ("SELECT s, count(*) FROM t", "EXPRESSION_NOT_AGGREGATE: line 1:8: 's' must be an aggregate expression"),
        ("SELECT sum(s) FROM t", "TYPE_MISMATCH: line 1:1: Unexpected parameters for sum(VARCHAR)"),
        ("SELECT v FROM t, t AS u", "AMBIGUOUS_NAME: line 1:8: Column 'v' is ambiguous"),
        ("SELECT CAST(s AS bigint) FROM t", "INVALID_CAST_ARGUMENT: Cannot cast 'a' to INT64"),
        ("SELECT n / (n - n) FROM t", "DIVISION_BY_ZERO: Division by zero"),
    ],
)
def test_what_is_wrong_is_said_in_athenas_words(query: str, words: str) -> None:
    with pytest.raises(duckdb.Error) as raised:
        ran(query, ROWS)
    assert athena_errors.in_athenas_words(str(raised.value), athena_sql.parsed(query)).startswith(words)


def test_what_cannot_be_read_is_said_with_its_place() -> None:
    with pytest.raises(ValueError, match="SYNTAX_ERROR: line 1:17: mismatched input"):
        athena_sql.parsed("SELECT v FROM t WHERE")


GLUE = {
    "gold/t": {"StorageDescriptor": {"Columns": [{"Name": "v", "Type": "decimal(18,2)", "Comment": "Valor."}]}},
    "gold/u": {"StorageDescriptor": {"Columns": []}, "PartitionKeys": [{"Name": "ano", "Type": "string"}]},
}


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SHOW DATABASES", [["gold"], ["silver"]]),
        ("show schemas like 'g*'", [["gold"]]),
        ("SHOW TABLES;", [["t"], ["u"]]),
        ("SHOW TABLES IN silver", []),
        ("SHOW TABLES IN gold 't|x'", [["t"]]),
        ("SHOW COLUMNS IN u", [["ano                 "]]),
        ("describe gold.t", [["v                   \tdecimal(18,2)       \tValor.              "]]),
    ],
)
def test_show_and_describe_are_answered_from_the_catalogue(query: str, rows: Any) -> None:
    assert athena_catalogue.answered(query, "gold", ["silver", "gold"], GLUE)[1] == rows


@pytest.mark.parametrize("query", ["SHOW TABLES IN nada", "DESCRIBE nada", "SHOW PARTITIONS t"])
def test_what_is_not_in_the_catalogue_is_refused(query: str) -> None:
    with pytest.raises(ValueError, match=r"not exist|not found|NOT_SUPPORTED"):
        athena_catalogue.answered(query, "gold", ["gold"], GLUE)
