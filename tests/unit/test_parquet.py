"""What a contract requires, its Parquet files declare; who reads them here gets columns that may be NULL again."""

import io
from datetime import date
from decimal import Decimal
from random import Random
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bronze.part_files import PartFiles
from bronze.synthetic.company import accepted, generate
from lakehouse.contract.model import load, load_all
from lakehouse.engine import parquet
from lakehouse.engine.money import DIGITS, MONEY, RATE, narrow

texts = st.lists(st.one_of(st.none(), st.sampled_from(["", "a", "ção"])), max_size=12)


def written(table: pa.Table) -> io.BytesIO:
    sink = io.BytesIO()
    parquet.write(table, sink)
    return sink


def declared_in(file: object) -> list[str]:
    """Return the columns that a file says are never NULL."""
    return [field.name for field in pq.read_schema(file) if not field.nullable]


@given(texts, texts, st.booleans())
def test_a_file_declares_what_is_required_and_has_no_null_and_keeps_every_value(
    some: list[str | None], others: list[str | None], encoded: bool
) -> None:
    rows = min(len(some), len(others))
    columns = [pa.array(values[:rows], pa.string()) for values in (some, some, others)]
    if encoded:
        columns[0] = columns[0].dictionary_encode()
    table = pa.table(columns, names=["required", "other", "also"])
    file = written(parquet.declared(table, {"required", "also", "of another table"}))
    assert declared_in(file) == [name for name in ("required", "also") if not table[name].null_count]
    read = parquet.read(file)
    assert read.to_pydict() == table.to_pydict()
    assert all(field.nullable for field in read.schema)


def test_a_column_of_a_file_can_be_null_in_what_is_made_of_it() -> None:
    table = pa.table({"key": ["a"]})
    one = parquet.read(written(parquet.declared(table, {"key"})), ["key"])
    other = parquet.read(written(pa.table({"key": pa.array([None], pa.string())})))
    assert pa.concat_tables([one, other])["key"].to_pylist() == ["a", None]


@pytest.mark.parametrize("orders", [0, 50])
def test_every_part_of_a_table_declares_what_its_contract_requires(tmp_path, orders: int) -> None:
    contract = load("pedidos")
    rows = accepted("pedidos", generate(50, 7)["pedidos"]).kept.slice(0, orders)
    files = PartFiles("pedidos", 3, tmp_path)
    files.add(rows)
    files.close(contract.schema)
    for path in files.paths:
        assert declared_in(path) == [column.name for column in contract.columns if column.required]
        assert parquet.read(path).schema == contract.schema


def test_what_a_contract_requires_is_what_may_not_be_null_in_its_rules() -> None:
    for contract in load_all():
        asked = {rule.column for rule in contract.rules if rule.metric == "nullValues" and rule.severity == "error"}
        assert contract.required == asked


def compressions(path: object) -> set[str]:
    """Return how the columns of a file are compressed."""
    group = pq.read_metadata(path).row_group(0)
    return {group.column(number).compression for number in range(group.num_columns)}


def uuids(count: int) -> list[str]:
    return [str(UUID(int=Random(number).getrandbits(128))) for number in range(count)]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (uuids(1_024), ("key",)),
        ([None, *uuids(500)], ("key",)),
        (uuids(100), ()),
        ([f"PED{number:07d}" for number in range(5_000)], ()),
        ([None] * 5_000, ()),
        ([], ()),
        ([""] * 5_000, ()),
    ],
    ids=["UUIDs", "a NULL", "a few", "counted", "NULLs", "none", "empty"],
)
def test_what_compression_makes_no_smaller_is_told_by_its_first_values(values: list[str], found: tuple[str]) -> None:
    keys = pa.array(["skipped", *values], pa.string()).slice(1)
    table = pa.table({"key": keys, "text": keys.dictionary_encode(), "count": range(len(values))})
    lists = pa.table({"list": pa.array([["a"]] * len(values), pa.list_(pa.string()))})
    assert parquet.incompressible(table) == found
    sink = io.BytesIO()
    parquet.write(table, sink, found)
    assert parquet.read(sink, encoded=["key"]).column("key").cast(pa.string()).to_pylist() == values
    if values:
        assert compressions(written(lists)) == {"SNAPPY"}
        assert compressions(sink) == ({"UNCOMPRESSED", "SNAPPY"} if found else {"SNAPPY"})


@pytest.mark.parametrize("waiting", [None, 1 << 28])
def test_keys_that_are_uuids_are_not_compressed_in_the_files_of_parts(tmp_path, waiting: int | None) -> None:
    rows = accepted("pedidos", generate(600, 7)["pedidos"]).kept
    rows = rows.set_column(0, "pedido_id", pa.array(uuids(600)))
    files = PartFiles("pedidos", 2, tmp_path, waiting)
    files.add(rows)
    files.close(rows.schema)
    assert [compressions(path) for path in files.paths] == [{"UNCOMPRESSED", "SNAPPY"}] * 2


amounts = st.one_of(st.none(), st.integers(-(10**DIGITS) + 1, 10**DIGITS - 1))


@given(st.lists(st.tuples(amounts, st.dates() | st.none(), st.integers(-(2**63), 2**63 - 1) | st.none())))
@example([(10**DIGITS - 1, date.max, 2**63 - 1), (-(10**DIGITS) + 1, date.min, -(2**63)), (None, None, None)])
def test_numbers_come_back_to_the_last_digit_however_they_are_written(
    rows: list[tuple[int | None, date | None, int | None]],
) -> None:
    units = [row[0] for row in rows]
    table = pa.table(
        {
            "money": pa.array([None if unit is None else Decimal(unit).scaleb(-2) for unit in units], MONEY),
            "rate": pa.array([None if unit is None else Decimal(unit).scaleb(-6) for unit in units], RATE),
            "date": pa.array([row[1] for row in rows], pa.date32()),
            "count": pa.array([row[2] for row in rows], pa.int64()),
        }
    )
    narrowed = pa.table(
        {name: narrow(column.combine_chunks()) for name, column in zip(table.column_names, table.columns, strict=True)}
    )
    assert {str(narrowed.schema.field(name).type) for name in ("money", "rate")} == {
        "decimal64(18, 2)", "decimal64(18, 6)"
    }  # fmt: skip
    assert parquet.read(written(table)).equals(table)
    assert written(narrowed).getvalue() == written(table).getvalue()


def test_amounts_and_dates_are_written_as_differences_and_what_repeats_as_dictionaries() -> None:
    table = pa.table(
        {
            "key": ["a"], "text": pa.array(["a"]).dictionary_encode(), "money": pa.array([1], MONEY),
            "rate": pa.array([1], RATE), "date": pa.array([date(2026, 1, 1)]), "count": [1], "mean": [0.5],
        }
    )  # fmt: skip
    group = pq.read_metadata(written(table)).row_group(0)
    chunks = [group.column(number) for number in range(group.num_columns)]
    said = {chunk.path_in_schema: set(chunk.encodings) - {"RLE"} for chunk in chunks}
    values, repeated, differences = {"PLAIN"}, {"PLAIN", "RLE_DICTIONARY"}, {"DELTA_BINARY_PACKED"}
    assert said == {
        "key": values, "text": repeated, "money": differences, "rate": repeated, "date": differences,
        "count": repeated, "mean": values,
    }  # fmt: skip
    assert {chunk.compression for chunk in chunks} == {"SNAPPY"}
