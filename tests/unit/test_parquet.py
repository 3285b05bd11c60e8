"""What a contract requires, its Parquet files declare; who reads them here gets columns that may be NULL again."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bronze.part_files import PartFiles
from bronze.synthetic import accepted, generate
from lakehouse import parquet
from lakehouse.contracts import load, load_all

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
