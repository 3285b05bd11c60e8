"""The lake on S3 (moto): what is not there is told from what may not be read, and reading is observed."""

from types import SimpleNamespace

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from lakehouse_tables import PARTED
from simulated_aws import simulated_lake

import bronze.app
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake, Traffic


@pytest.fixture
def lake():
    with simulated_lake("lake") as lake:
        yield lake


READS = [Lake.open, Lake.read_bytes, Lake.read_json, Lake.read_table, Lake.parquet]


@pytest.mark.parametrize("read", READS, ids=lambda read: read.__name__)
def test_what_is_not_there_is_named(lake, read):
    with lake.traffic() as traffic, pytest.raises(StorageError) as failure:
        read(lake, "a/b")
    assert str(failure.value) == "s3://lake/a/b does not exist"
    assert traffic.read == {}


def test_what_is_not_there_has_no_size_and_no_date(lake):
    assert (lake.size("a"), lake.last_modified("a")) == (None, None)
    assert lake.write_bytes(b"1234", "a") == 4
    assert lake.size("a") == 4
    assert lake.last_modified("a").tzinfo is not None


@pytest.mark.parametrize("look", [*READS, Lake.size, Lake.last_modified], ids=lambda look: look.__name__)
def test_a_refusal_is_no_absence(lake, monkeypatch, look):
    def refuse(**_):
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")

    monkeypatch.setattr(lake.client, "get_object", refuse)
    monkeypatch.setattr(lake.client, "head_object", refuse)
    with pytest.raises(ClientError, match="AccessDenied"):
        look(lake, "a")


def test_everything_read_and_written_is_observed_once_in_order_by_everyone_who_asked(lake, tmp_path):
    file = tmp_path / "x"
    file.write_bytes(b"123")
    with lake.traffic() as outer:
        lake.write_table(pa.table({"a": [1]}), "t")
        with lake.traffic() as inner:
            lake.parquet("t").read()
            lake.write_json({"é": 1}, "j")
            assert lake.upload(file, "u") == 3
            lake.read_json("j")
            lake.read_table("t")
            lake.note_read(["elsewhere"])
        lake.read_bytes("u")
    lake.read_bytes("u")
    assert (list(inner.read), list(inner.written)) == (["t", "j", "elsewhere"], ["j", "u"])
    assert (list(outer.read), list(outer.written)) == (["t", "j", "elsewhere", "u"], ["t", "j", "u"])
    joined = Traffic({"c": None, "a": None}, {}).joined(Traffic({"a": None, "b": None}, {"w": None}))
    assert (list(joined.read), list(joined.written)) == (["a", "b", "c"], ["w"])
    assert outer.joined(None) is outer


def test_text_is_kept_as_people_read_it_and_each_kind_has_its_type(lake):
    lake.write_json({"é": [1]}, "j")
    assert lake.read_bytes("j").decode() == '{\n "é": [\n  1\n ]\n}'
    lake.write_table(pa.table({"a": [1]}), "t")
    lake.write_bytes(b"", "b")
    types = [lake.client.head_object(Bucket="lake", Key=key)["ContentType"] for key in "jtb"]
    assert types == ["application/json", "application/vnd.apache.parquet", "application/octet-stream"]


def test_the_newest_objects_come_first_and_no_more_than_are_wanted(lake, monkeypatch):
    pages = [
        {"Contents": [{"LastModified": moment, "Key": key} for moment, key in some]}
        for some in (((3, "p/b"), (1, "p/a")), ((2, "p/c"), (3, "p/d")))
    ]
    asked = {}

    class Pages:
        def paginate(self, **given):
            asked.update(given)
            return [*pages, {}]

    monkeypatch.setattr(lake.client, "get_paginator", {"list_objects_v2": Pages()}.get)
    assert lake.newest("p/", 3) == ["p/d", "p/b", "p/c"]
    assert asked == {"Bucket": "lake", "Prefix": "p/"}
    assert list(lake.list("p/")) == ["p/b", "p/a", "p/c", "p/d"]


def test_a_table_is_read_by_ranges_as_it_is_read_whole(lake):
    table = pa.table({"a": range(50_000), "b": [str(n) for n in range(50_000)]})
    size = lake.write_table(table, "t")
    fetched = []
    whole = lake.client.get_object

    def counted(**given):
        fetched.append(given.get("Range", "bytes=0-0"))
        return whole(**given)

    lake.client.get_object = counted
    file = lake.parquet("t")
    assert file.metadata.num_rows == 50_000
    assert len(fetched) < 5
    first = [int(each.removeprefix("bytes=").partition("-")[0]) for each in fetched]
    assert min(first) > 0  # the footer alone
    assert all(int(each.partition("-")[2]) < size for each in fetched)
    assert file.read().equals(table)
    assert lake.read_table("t", ["b"]).column_names == ["b"]


def test_a_table_in_parts_is_told_by_its_first_part(lake, monkeypatch):
    monkeypatch.setenv("LAKE_BUCKET", "lake")
    context = SimpleNamespace(
        function_name="f", memory_limit_in_mb=1, aws_request_id="1",
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:f",
    )  # fmt: skip
    source = {"type": "synthetic", "orders": 20, "parts": 2}
    staged = bronze.app.handler({"run_id": "r1", "layer": "bronze", "source": source}, context)
    for entry in staged["tables"]:
        parts = 2 if entry["table"] in PARTED else 1
        assert entry["parts"] == parts
        assert entry["staged_key"] == layout.staging_key("r1", entry["table"], 0, parts)
        assert entry["published_key"] == layout.published_key(entry["table"], 0, parts)
