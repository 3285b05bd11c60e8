"""The primitives of the engine: columns as numbers, groups of them, and exact arithmetic in 64 bits."""

import subprocess
import sys
from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bronze.synthetic.company import accepted, generate
from cli.generated.rule_sql import row_rule
from gold.groups import Groups, distinct
from lakehouse.contract.model import Rule
from lakehouse.contract.rules import broken_by
from lakehouse.contract.scaled import Scaled, UnfitError
from lakehouse.engine import parquet
from lakehouse.engine.arrays import booleans, integers, reals, strings, validity
from lakehouse.engine.columns import Columns, Number, Text, stack
from lakehouse.engine.keys import ABSENT, is_sorted, sort_rows

ROOT = Path(__file__).resolve().parent.parent.parent
texts = st.lists(st.one_of(st.none(), st.sampled_from(["", "a", "b", "ção", "zz"])), max_size=12)
numbers = st.lists(st.one_of(st.none(), st.integers(-(10**17), 10**17)), max_size=12)


def text_of(values: list[str | None], *, encoded: bool = False) -> Text:
    array = pa.array(values, pa.string())
    return Text.of(array.dictionary_encode() if encoded else array)


@given(texts, st.booleans(), st.integers(0, 3))
def test_text_comes_back_as_it_was_whole_or_sliced(values: list[str | None], encoded: bool, start: int) -> None:
    array = pa.array(values, pa.string())
    array = (array.dictionary_encode() if encoded else array).slice(start)
    text = Text.of(array)
    assert text.array().to_pylist() == values[start:]
    assert text.known().tolist() == [value is not None for value in values[start:]]
    assert text.is_("a", "zz").tolist() == [value in ("a", "zz") for value in values[start:]]


@given(texts.filter(len), st.data())
def test_a_gather_gives_null_where_a_row_is_absent(values: list[str | None], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(-1, len(values)), max_size=10))
    index = np.array(rows, np.int64)
    present = (index >= 0) & (index < len(values))
    wanted = [values[row] if 0 <= row < len(values) else None for row in rows]
    assert text_of(values).at(index, present).array().to_pylist() == wanted
    lengths = [None if value is None else len(value) for value in values]
    counted = Number.of(pa.array(lengths, pa.int64())).at(index, present)
    assert counted.array().to_pylist() == [None if value is None else len(value) for value in wanted]


@given(st.lists(st.tuples(texts, st.booleans()), min_size=1, max_size=4))
def test_columns_put_one_below_the_other_are_all_their_values(parts: list[tuple[list[str | None], bool]]) -> None:
    columns = [
        Columns({"t": text_of(values, encoded=encoded), "n": Number.of(pa.array([1] * len(values), pa.int64()))})
        for values, encoded in parts
    ]
    stacked = stack(columns)
    wanted = [value for values, _ in parts for value in values]
    assert stacked.text("t").array().to_pylist() == wanted
    assert stacked.number("n").array().to_pylist() == [1] * len(wanted)


@given(
    st.lists(st.integers(0, 99).map(lambda n: f"PED{n:08}"), min_size=16, max_size=60, unique=True),
    st.lists(
        st.integers(0, 150).map(lambda n: f"PED{n:08}") | st.sampled_from(["x", "", None]), min_size=1, max_size=2
    ),
)
def test_a_few_values_below_many_are_looked_up_among_them(many: list[str], few: list[str | None]) -> None:
    stacked = stack([Columns({"t": Text.of_keys(pa.array(many))}), Columns({"t": text_of(few)})]).text("t")
    assert stacked.array().to_pylist() == [*many, *few]
    assert stacked.values.to_pylist() == list(dict.fromkeys(value for value in [*many, *few] if value is not None))


@given(numbers)
def test_numbers_come_back_as_they_were(values: list[int | None]) -> None:
    decimals = pa.array([None if v is None else Decimal(v) / 100 for v in values], pa.decimal128(18, 2))
    for array in (pa.array(values, pa.int64()), decimals):
        assert Number.of(array).array().cast(array.type).equals(array)
        assert Number.of(array.slice(1)).array().cast(array.type).equals(array.slice(1))
    days = pa.array([None if v is None else date.fromordinal(700_000 + v % 9_999) for v in values], pa.date32())
    assert Number.of(days).array().equals(days)


@given(texts, st.lists(st.sampled_from(["a", "b", "ção"]), unique=True))
def test_a_join_finds_each_value_s_row(values: list[str | None], keys: list[str]) -> None:
    found = text_of(values).rows_of(pa.array(keys, pa.string())).tolist()
    assert found == [keys.index(value) if value in keys else ABSENT for value in values]


def test_a_column_of_the_other_kind_is_refused() -> None:
    columns = Columns({"t": text_of(["a"]), "n": Number.of(pa.array([1], pa.int64()))})
    for wrong in (lambda: columns.text("n"), lambda: columns.number("t")):
        with pytest.raises(TypeError):
            wrong()


@given(texts, st.lists(st.integers(0, 3), min_size=12, max_size=12))
def test_rows_are_sorted_by_group_and_key_with_nulls_last(values: list[str | None], groups: list[int]) -> None:
    array, of = pa.array(values, pa.string()), np.array(groups[: len(values)], np.int64)
    order = sort_rows(array, of).tolist()
    key = [(groups[row], values[row] is None, (values[row] or "").encode()) for row in order]
    assert key == sorted(key)
    assert sorted(order) == list(range(len(values)))
    known = [value.encode() for value in values if value is not None]
    assert is_sorted(array) == (len(known) == len(values) and known == sorted(known))


@given(st.lists(st.tuples(st.sampled_from([None, "x", "y"]), st.sampled_from([None, "1", "2"]), st.integers(-9, 9))))
def test_groups_are_sorted_by_their_key_and_sum_exactly(rows: list[tuple[str | None, str | None, int]]) -> None:
    columns = Columns({"a": text_of([row[0] for row in rows]), "b": text_of([row[1] for row in rows])})
    groups = Groups(columns, ["a", "b"])
    wanted: dict[tuple[str | None, str | None], list[int]] = defaultdict(list)
    for a, b, value in rows:
        wanted[a, b].append(value)
    keys = sorted(wanted, key=lambda key: [(part is None, part or "") for part in key])
    assert [tuple(row.values()) for row in groups.keys.table().to_pylist()] == keys
    values = np.array([row[2] for row in rows], np.int64)
    assert groups.sum(values).tolist() == [sum(wanted[key]) for key in keys]
    assert groups.least(values).tolist() == [min(wanted[key]) for key in keys]
    assert groups.greatest(values).tolist() == [max(wanted[key]) for key in keys]


@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 20)), st.integers(-1, 15)), max_size=300))
def test_distinct_values_are_counted_in_each_group(rows: list[tuple[int | None, int]]) -> None:
    column = text_of([None if value is None else f"k{value}" for value, _ in rows])
    group = np.array([group for _, group in rows], np.int64)
    counts = distinct(column.codes, len(column.values), group, 16).tolist()
    for group in range(16):
        assert counts[group] == len({value for value, of in rows if of == group and value is not None})


small = st.integers(-(10**7), 10**7)


@given(st.lists(st.tuples(small, small, small), min_size=1, max_size=8))
def test_arithmetic_in_64_bits_is_decimal_arithmetic(rows: list[tuple[int, int, int]]) -> None:
    x, y, z = (
        Scaled.of_column(pa.array([Decimal(row[i]) / 10**s for row in rows], pa.decimal128(18, s)))
        for i, s in enumerate((2, 0, 4))
    )
    found = x.times(y).plus(z).minus(Scaled.of_constant(Decimal("0.5"))).rounded(1)
    for units, (a, b, c) in zip(found.units.tolist(), rows, strict=True):
        exact = Decimal(a) / 100 * b + Decimal(c) / 10**4 - Decimal("0.5")
        assert Decimal(units) / 10 == exact.quantize(Decimal("0.1"), ROUND_HALF_UP)


@given(st.integers(10**9 - 3, 10**9 + 3), st.integers(10**9 - 3, 10**9 + 3), st.sampled_from([1, 4, 5, 10, 100]))
def test_what_might_not_fit_is_left_to_wider_arithmetic_with_the_same_verdict(a: int, b: int, c: int) -> None:
    column = {name: pa.array([value], pa.int64()) for name, value in (("a", a), ("b", b), ("c", c))}
    fits = a * b * c < 2**62
    try:
        product = (
            Scaled.of_column(column["a"]).times(Scaled.of_column(column["b"])).times(Scaled.of_column(column["c"]))
        )
        assert fits
        assert product.units.tolist() == [a * b * c]
    except UnfitError:
        assert not fits
    for wanted, condition in ((False, "a * b * c <> c * b * a"), (True, "a * b * c <> c * b * a + 1")):
        broken = row_rule(f"SELECT COUNT(*) FROM t WHERE {condition}", "t", column).broken
        rule = Rule("r", "", "accuracy", "error", "row", broken=broken)
        assert broken_by(rule, pa.table(column)).to_pylist() == [wanted]


@given(st.lists(st.one_of(st.none(), st.integers(-9, 9)), max_size=20), st.integers(0, 9))
def test_arrays_made_of_numpy_are_those_that_arrow_makes(values: list[int | None], start: int) -> None:
    valid = np.array([value is not None for value in values], bool)
    units = np.array([value or 0 for value in values], np.int64)
    assert integers(units, valid=valid).equals(pa.array(values, pa.int64()))
    assert reals(units / 2, valid).equals(pa.array([None if v is None else v / 2 for v in values], pa.float64()))
    assert booleans(units > 0, valid).equals(pa.array([None if v is None else v > 0 for v in values], pa.bool_()))
    sliced = pa.array(values, pa.int64()).slice(start)
    found = validity(sliced)
    assert (np.ones(len(sliced), bool) if found is None else found).tolist() == valid[start:].tolist()
    assert strings([str(value) for value in values]).equals(pa.array([str(value) for value in values], pa.string()))


def test_the_engine_does_not_load_pandas(tmp_path: Path) -> None:
    for table, rows in generate(50, 3).items():
        parquet.write(accepted(table, rows).kept, tmp_path / f"{table}.parquet")
    program = f"""
import sys
sys.path[:0] = [{str(ROOT / "functions")!r}, {str(ROOT / "functions/common")!r}, {str(ROOT / "glue")!r}]
from pathlib import Path
from lakehouse.engine import parquet
from silver.correlation import ENCODED, READ, correlate
from gold.partial import COLUMNS, aggregated, combined
from gold.cash_flow import cash_flow
from gold.forecast import forecast
folder = Path({str(tmp_path)!r})
bronze = {{
    path.stem: parquet.read(path, READ.get(path.stem), ENCODED.get(path.stem, ())) for path in folder.glob("*.parquet")
}}
parquet.write(correlate(bronze).fact, folder / "fact")
partial = combined([aggregated(parquet.read(folder / "fact", COLUMNS))])
print(len(cash_flow(partial)) > 0, len(forecast(partial)) > 0, "pandas" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "False"]
