"""What the embedded AWS's crawler makes of files: tables, types and partitions as AWS's makes them."""

import io
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.embedded.standins.crawled_tables import beside, content_of, hive_type, table_name, tables, united, wider
from lakehouse.contract.model import load_all

A = pa.table({"id": pa.array([1, 2]), "valor": pa.array(["1.00", "2.00"]).cast(pa.decimal128(18, 2))})
B = pa.table({"id": pa.array(["x"]), "novo": pa.array([True])})
types = st.sampled_from(
    ["tinyint", "int", "bigint", "double", "string", "date", "decimal(18,2)", "decimal(38,6)", "decimal(9,9)"]
)


def parquet(table):
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def crawled(files, prefix="bronze/pedidos", **wishes):
    """Return the tables of a target by name, and the keys that were read."""
    read = []

    def content(key):
        read.append(key)
        return files[key]

    given_ = {"level": 3, "combine": True} | wishes
    found = tables("lake", prefix, {key: len(data) for key, data in files.items()}, content, **given_)
    assert len({table.name for table in found}) == len(found)
    return {table.name: table for table in found}, read


@pytest.mark.parametrize("contract", load_all(), ids=lambda contract: contract.table)
def test_a_table_of_ours_has_the_types_of_its_contract(contract):
    content = content_of(parquet(contract.schema.empty_table()))
    assert content.columns == tuple((column.name, column.glue_type) for column in contract.columns)


@pytest.mark.parametrize(
    ("arrow", "hive"),
    [
        (pa.decimal128(18, 2), "decimal(18,2)"), (pa.timestamp("ms"), "timestamp"), (pa.date32(), "date"),
        (pa.string(), "string"), (pa.large_string(), "string"), (pa.int64(), "bigint"), (pa.int32(), "int"),
        (pa.int16(), "smallint"), (pa.float64(), "double"), (pa.float32(), "float"), (pa.bool_(), "boolean"),
        (pa.binary(), "binary"), (pa.dictionary(pa.int32(), pa.string()), "string"),
        (pa.list_(pa.int64()), "array<bigint>"), (pa.map_(pa.string(), pa.int32()), "map<string,int>"),
        (pa.struct([("A", pa.date32()), ("b", pa.list_(pa.string()))]), "struct<a:date,b:array<string>>"),
    ],
)  # fmt: skip
def test_a_type_is_named_as_hive_names_it(arrow, hive):
    assert hive_type(arrow) == hive


def test_runs_are_partitions_of_one_table_at_its_level():
    files = {f"bronze/pedidos/run={run}/pedidos.parquet": parquet(A) for run in ("r1", "r2")}
    found, _ = crawled(files)
    (table,) = found.values()
    assert (table.name, table.location, table.classification) == ("pedidos", "s3://lake/bronze/pedidos/", "parquet")
    assert (table.keys, table.columns) == (("run",), (("id", "bigint"), ("valor", "decimal(18,2)")))
    assert [(each.values, each.location) for each in table.partitions] == [
        ((run,), f"s3://lake/bronze/pedidos/run={run}/") for run in ("r1", "r2")
    ]
    assert {(each.objects, each.records) for each in table.partitions} == {(1, 2)}


def test_a_partition_keeps_the_schema_of_its_own_files_and_the_table_has_all_of_them():
    files = {"bronze/pedidos/run=r1/a.parquet": parquet(A), "bronze/pedidos/run=r2/a.parquet": parquet(B)}
    (table,) = crawled(files)[0].values()
    assert table.columns == (("id", "string"), ("valor", "decimal(18,2)"), ("novo", "boolean"))
    assert [each.columns for each in table.partitions] == [content_of(parquet(each)).columns for each in (A, B)]


@pytest.mark.parametrize(("sample", "read"), [(1, 1), (2, 2), (None, 3)])
def test_of_a_folder_as_many_files_are_read_as_were_asked_for(sample, read):
    files = {f"bronze/pedidos/run=r1/{part}.parquet": parquet(A) for part in range(3)}
    found, keys = crawled(files, sample=sample)
    assert len(keys) == read
    (partition,) = found["pedidos"].partitions
    assert (partition.objects, partition.records) == (3, 2 * read)


def test_a_stranger_in_the_folder_is_a_table_beside_it():
    files = {f"bronze/pedidos/run=r{n}/pedidos.parquet": parquet(A) for n in range(3)}
    files |= {
        "bronze/pedidos/run=r1/notas.csv": b"data;valor\n2026-01-01;3\n",
        "bronze/pedidos/a.bin": b"\0\1\2",
    }
    found, _ = crawled(files)
    assert found.pop("pedidos").keys == ("run",)
    assert all(re.fullmatch("pedidos_[0-9a-f]{32}", name) for name in found)
    assert {table.classification: (table.keys, table.columns) for table in found.values()} == {
        "csv": (("run",), (("data", "string"), ("valor", "bigint"))),
        "UNKNOWN": ((), ()),
    }


def test_folders_without_names_are_numbered_partitions_and_empty_files_are_nothing():
    files = {"bronze/pedidos/2026/01/a.parquet": parquet(A), "bronze/pedidos/2026/01/_SUCCESS": b""}
    (table,) = crawled(files)[0].values()
    assert table.keys == ("partition_0", "partition_1")
    assert [each.values for each in table.partitions] == [("2026", "01")]


def test_without_files_there_is_no_table():
    assert crawled({}) == ({}, [])


def test_the_level_says_where_tables_lie_whatever_the_target():
    files = {f"bronze/{name}/run=r/a.parquet": parquet(A) for name in ("pedidos", "cambio")}
    assert {name: table.keys for name, table in crawled(files, "bronze")[0].items()} == {
        "cambio": ("run",), "pedidos": ("run",),
    }  # fmt: skip
    (table,) = crawled(files, "bronze", level=2)[0].values()
    assert (table.name, table.keys) == ("bronze", ("partition_0", "run"))


def test_without_a_level_and_a_policy_folders_that_are_not_alike_are_tables_of_their_own():
    files = {"bronze/pedidos/run=R1/a.parquet": parquet(A), "bronze/pedidos/run=R2/a.parquet": parquet(B)}
    assert set(crawled(files, level=None, combine=False)[0]) == {"run_r1", "run_r2"}
    assert set(crawled(files, level=None)[0]) == {"pedidos"}
    alike = dict.fromkeys(files, parquet(A))
    assert crawled(alike, level=None, combine=False)[0]["pedidos"].keys == ("run",)


@given(types, types)
def test_the_wider_of_two_types_is_the_same_either_way_and_of_one_it_is_itself(one, other):
    assert wider(one, other) == wider(other, one)
    assert wider(one, one) == one
    assert wider(wider(one, other), one) == wider(one, other)


def test_what_no_number_holds_becomes_text():
    assert wider("int", "bigint") == "bigint"
    assert wider("bigint", "double") == "double"
    assert wider("decimal(18,2)", "decimal(18,6)") == "decimal(22,6)"
    assert wider("decimal(38,0)", "decimal(38,6)") == "string"
    assert wider("date", "bigint") == "string"
    assert united([(("a", "int"),), (("b", "date"), ("a", "string"))]) == (("a", "string"), ("b", "date"))


def test_names_are_in_small_letters_and_a_second_one_has_a_hash():
    assert table_name("gold/Fluxo-de Caixa.v2") == "fluxo_de_caixa_v2"
    assert beside("pedidos", "a") != beside("pedidos", "b")
    assert re.fullmatch("pedidos_[0-9a-f]{32}", beside("pedidos", "a"))


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("Id,Valor\n1,2.5\n2,3\n", (("id", "bigint"), ("valor", "double"))),
        ("a;b\n;x\n", (("a", "string"), ("b", "string"))),
    ],
)
def test_a_csv_has_the_names_of_its_header_and_types_by_its_values(text, columns):
    assert content_of(text.encode()).columns == columns
