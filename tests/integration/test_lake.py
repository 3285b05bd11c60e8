"""The lake on S3 (moto): what is not there is told from what may not be read, and reading is observed."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from lakehouse_tables import PARTED
from round_trips import counted
from simulated_aws import simulated_lake

import bronze.app
from lakehouse.errors import ReplacedError, StorageError
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
            assert lake.upload_once(file, "u") == 3
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
        {"Contents": [{"LastModified": moment, "Key": key, "ETag": '"e"', "Size": 1} for moment, key in some]}
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


def test_of_many_writers_of_a_new_object_one_succeeds(lake):
    with ThreadPoolExecutor(16) as threads:
        done = list(threads.map(lambda n: lake.put_new(f"{n}".encode(), "k", "text/plain"), range(16)))
    assert done.count(True) == 1
    assert lake.read_bytes("k") == str(done.index(True)).encode()


def test_an_attempt_whose_answer_was_lost_is_known_by_its_content(lake):
    put = lake.client.put_object

    def lost(**given):
        put(**given)
        return put(**given)  # as botocore tries again when no answer comes

    lake.client.put_object = lost
    assert lake.put_new(b"1", "k", "text/plain")
    assert not lake.put_new(b"2", "k", "text/plain")
    assert lake.read_bytes("k") == b"1"


@pytest.mark.parametrize("size", [3, 200])
def test_a_file_is_written_once_in_one_put_or_in_pieces(lake, tmp_path, monkeypatch, size):
    monkeypatch.setattr("lakehouse.lake.s3._PIECE", 64)
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"a" * size)
    other.write_bytes(b"b" * size)
    if size > 64:  # S3 takes pieces of 5 MB up, but for the last
        monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 1)
    with lake.traffic() as traffic:
        assert lake.upload_once(one, "k") == size
        assert lake.upload_once(one, "k") == size
    assert list(traffic.written) == ["k"]
    with pytest.raises(StorageError, match="s3://lake/k is there already, with other content"):
        lake.upload_once(other, "k")
    other.write_bytes(b"a" * (size + 1))
    with pytest.raises(StorageError, match="is there already"):
        lake.upload_once(other, "k")
    assert lake.read_bytes("k") == b"a" * size
    assert not lake.client.list_multipart_uploads(Bucket="lake").get("Uploads")


def test_two_that_meet_at_one_key_try_again(lake, monkeypatch):
    put, met = lake.client.put_object, []
    monkeypatch.setattr("time.sleep", met.append)

    def meeting(**given):
        if len(met) < 2:
            raise ClientError({"Error": {"Code": "ConditionalRequestConflict", "Message": ""}}, "PutObject")
        return put(**given)

    lake.client.put_object = meeting
    assert lake.put_new(b"1", "k", "text/plain")
    assert met == sorted(met)
    lake.client.put_object = lambda **_: (_ for _ in ()).throw(
        ClientError({"Error": {"Code": "ConditionalRequestConflict", "Message": ""}}, "PutObject")
    )
    with pytest.raises(ClientError, match="ConditionalRequestConflict"):
        lake.put_new(b"1", "other", "text/plain")


def test_what_was_replaced_is_not_read_for_what_it_was(lake):
    table = pa.table({"a": [1]})
    lake.write_table(table, "t")
    etag = lake.about("t").etag
    assert lake.read_table("t", etag=etag).equals(table)
    assert lake.get("t") == (lake.read_bytes("t"), etag)
    file = lake.parquet("t", etag=etag)
    lake.write_table(pa.table({"a": [2]}), "t")
    for read in (lake.read_table, lake.parquet, lake.open):
        with pytest.raises(ReplacedError, match="s3://lake/t is not the file that it was"):
            read("t", etag=etag)
    # Of a small file all has come with its footer: what was opened is what is read.
    assert file.read().equals(table)


def test_a_large_file_that_is_replaced_while_it_is_read_is_not_read_on(lake):
    size = lake.write_table(pa.table({"a": range(100_000)}), "t")
    file = lake.parquet("t", etag=lake.about("t").etag, size=size)
    lake.write_table(pa.table({"a": [2]}), "t")
    with pytest.raises(ReplacedError, match="s3://lake/t is not the file that it was"):
        file.read()


def test_some_columns_of_a_file_come_by_as_few_requests_as_that_takes(lake):
    rows = pa.table({name: [f"{name}{n * 7919 % 100_003}" for n in range(60_000)] for name in "abcdef"})
    size = lake.write_table(rows, "t")
    etag = lake.about("t").etag
    assert size > 1 << 20
    with counted() as trips:
        assert lake.read_columns("t", ["e", "b"], etag=etag, size=size).equals(rows.select(["e", "b"]))
    # The footer; both columns with those between them.
    assert dict(trips.requests) == {"s3.GetObject": 2}
    with counted() as trips:
        assert lake.read_columns("t", ["a"]).equals(rows.select(["a"]))
    assert dict(trips.requests) == {"s3.HeadObject": 1, "s3.GetObject": 2}
    with pytest.raises(ReplacedError):
        lake.read_columns("t", ["a"], etag="0" * 32, size=size)
    with pytest.raises(StorageError, match="does not exist"):
        lake.read_columns("nothing", ["a"], etag=etag, size=size)


def test_an_object_is_read_in_an_earlier_version_where_the_bucket_keeps_them(lake):
    lake.client.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    lake.write_bytes(b"1", "k")
    before = lake.about("k")
    lake.write_bytes(b"22", "k")
    assert lake.open("k", version_id=before.version_id).read() == b"1"
    assert lake.about("k", before.version_id) == before
    assert (before.bytes, lake.about("k").bytes) == (1, 2)
    lake.client.delete_object(Bucket="lake", Key="k", VersionId=before.version_id)
    assert lake.about("k", before.version_id) is None


def test_keys_are_listed_after_another_one(lake):
    for key in ("p/a", "p/b", "p/c", "q"):
        lake.write_bytes(b"12", key)
    assert list(lake.list("p/", "p/a")) == ["p/b", "p/c"]
    assert [(each.key, each.bytes) for each in lake.objects("p/")] == [("p/a", 2), ("p/b", 2), ("p/c", 2)]


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
        assert entry["staged_key"] == layout.run_key(entry["table"], "r1", 0, parts)
    assert (staged["parts"], staged["parts_prefix"]) == (2, layout.parts_listed("pedidos", "r1"))
