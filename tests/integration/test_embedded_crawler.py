"""Crawlers of the embedded AWS: their states, what they write into their database, and what they leave alone."""

import io
import re
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from cli.embedded.endpoint import ACCOUNT, REGION
from cli.embedded.server import EmbeddedAws

BUCKET, DATABASE, ROLE = "lake", "descoberta", f"arn:aws:iam::{ACCOUNT}:role/LabRole"
CONFIGURATION = (
    '{"Version": 1.0, "Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas", "TableLevelConfiguration": 3}}'
)
A = pa.table({"id": pa.array([1, 2])})
B = pa.table({"id": pa.array([1.5]), "novo": pa.array(["x"])})
Policy = tuple[str, str]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with EmbeddedAws(tmp_path_factory.mktemp("aws")) as endpoint:
        session = boto3.session.Session(ACCOUNT, "test", region_name=REGION)
        yield lambda service: session.client(service, endpoint_url=endpoint.url)


class World:
    """A bucket, a database, and one crawler that looks at the folder ``bronze/pedidos/``."""

    def __init__(self, session: Any) -> None:
        self.glue, self.s3 = session("glue"), session("s3")
        self.s3.create_bucket(Bucket=BUCKET)
        self.glue.create_database(DatabaseInput={"Name": DATABASE})
        self.written: list[str] = []

    def crawler(self, policy: Policy = ("UPDATE_IN_DATABASE", "DEPRECATE_IN_DATABASE"), **given: Any) -> None:
        """Make the crawler."""
        targets = {"S3Targets": [{"Path": f"s3://{BUCKET}/bronze/pedidos/", "SampleSize": 1}]}
        changes = {"UpdateBehavior": policy[0], "DeleteBehavior": policy[1]}
        settings = {"Targets": targets, "Configuration": CONFIGURATION, "SchemaChangePolicy": changes} | given
        self.glue.create_crawler(Name="c", Role=ROLE, DatabaseName=DATABASE, **settings)

    def put(self, run: str, table: pa.Table) -> None:
        """Write a run's file."""
        sink = io.BytesIO()
        pq.write_table(table, sink)
        self.written.append(f"bronze/pedidos/run={run}/pedidos.parquet")
        self.s3.put_object(Bucket=BUCKET, Key=self.written[-1], Body=sink.getvalue())

    def crawl(self) -> dict[str, Any]:
        """Crawl, and return how that ended."""
        self.glue.start_crawler(Name="c")
        return self.ended()

    def ended(self) -> dict[str, Any]:
        deadline = time.monotonic() + 20
        while (crawler := self.glue.get_crawler(Name="c")["Crawler"])["State"] != "READY":
            assert time.monotonic() < deadline, crawler
            time.sleep(0.01)
        last: dict[str, Any] = crawler["LastCrawl"]
        return last

    def tables(self) -> dict[str, dict[str, Any]]:
        return {each["Name"]: each for each in self.glue.get_tables(DatabaseName=DATABASE)["TableList"]}

    def columns(self, name: str = "pedidos") -> dict[str, str]:
        return {each["Name"]: each["Type"] for each in self.tables()[name]["StorageDescriptor"]["Columns"]}

    def partitions(self) -> dict[str, dict[str, Any]]:
        found = self.glue.get_partitions(DatabaseName=DATABASE, TableName="pedidos")["Partitions"]
        return {each["Values"][0]: each for each in found}

    def forget(self) -> None:
        for name in self.tables():
            self.glue.delete_table(DatabaseName=DATABASE, Name=name)
        self.glue.delete_database(Name=DATABASE)
        self.glue.delete_crawler(Name="c")
        for key in self.written:
            self.s3.delete_object(Bucket=BUCKET, Key=key)


@pytest.fixture
def world(session: Any) -> Iterator[World]:
    world = World(session)
    yield world
    world.forget()


def test_a_crawl_makes_tables_with_partitions_and_the_crawlers_marks(world: World) -> None:
    world.crawler()
    world.put("r1", A)
    assert "LastCrawl" not in world.glue.get_crawler(Name="c")["Crawler"]
    last = world.crawl()
    assert (last["Status"], last["LogGroup"]) == ("SUCCEEDED", "/aws-glue/crawlers")
    table = world.tables()["pedidos"]
    assert table["PartitionKeys"] == [{"Name": "run", "Type": "string"}]
    assert table["StorageDescriptor"]["Location"] == f"s3://{BUCKET}/bronze/pedidos/"
    marks = {"UPDATED_BY_CRAWLER": "c", "CrawlerSchemaSerializerVersion": "1.0", "classification": "parquet"}
    assert table["Parameters"].items() >= (marks | {"recordCount": "2", "objectCount": "1"}).items()
    assert (world.columns(), list(world.partitions())) == ({"id": "bigint"}, ["r1"])
    (crawl,) = world.glue.list_crawls(CrawlerName="c")["Crawls"]
    assert (crawl["State"], crawl["DPUHour"] > 0) == ("COMPLETED", True)


def test_its_own_table_follows_the_files_and_each_partition_has_its_own_schema(world: World) -> None:
    world.crawler()
    world.put("r1", A)
    world.crawl()
    world.put("r2", B)
    world.crawl()
    assert world.columns() == {"id": "double", "novo": "string"}
    own = {
        run: {each["Name"]: each["Type"] for each in partition["StorageDescriptor"]["Columns"]}
        for run, partition in world.partitions().items()
    }
    assert own == {"r1": {"id": "bigint"}, "r2": {"id": "double", "novo": "string"}}


def test_partitions_inherit_from_the_table_where_they_are_told_to(world: World) -> None:
    inheriting = '{"Version": 1.0, "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}}, '
    world.crawler(Configuration=inheriting + CONFIGURATION.removeprefix('{"Version": 1.0, '))
    world.put("r1", A)
    world.put("r2", B)
    world.crawl()
    assert {len(each["StorageDescriptor"]["Columns"]) for each in world.partitions().values()} == {2}


def test_a_policy_of_log_changes_no_table_that_is_there_and_adds_partitions(world: World) -> None:
    world.crawler(("LOG", "LOG"))
    world.put("r1", A)
    world.crawl()
    before = world.tables()
    world.put("r2", B)
    world.crawl()
    assert world.tables() == before
    assert list(world.partitions()) == ["r1", "r2"]


@pytest.mark.parametrize("erased", [(), ("CrawlerSchemaSerializerVersion", "CrawlerSchemaDeserializerVersion")])
def test_a_table_of_that_name_without_the_marks_stays_and_another_is_made_beside_it(
    world: World, erased: tuple[str, ...]
) -> None:
    world.crawler()
    world.put("r1", A)
    world.crawl()
    ours = world.tables()["pedidos"]
    kept = {name: value for name, value in ours["Parameters"].items() if name in {"classification", *erased}}
    entry = {"Name": "pedidos", "Parameters": kept, "StorageDescriptor": ours["StorageDescriptor"]}
    world.glue.update_table(DatabaseName=DATABASE, TableInput=entry)
    for _ in range(2):
        world.crawl()
        other, pedidos = sorted(world.tables(), key=len, reverse=True)
        assert (pedidos, bool(re.fullmatch("pedidos_[0-9a-f]{32}", other))) == ("pedidos", True)
    assert world.tables()["pedidos"]["Parameters"] == kept


@pytest.mark.parametrize(
    ("policy", "there", "marked"),
    [("LOG", True, False), ("DEPRECATE_IN_DATABASE", True, True), ("DELETE_FROM_DATABASE", False, False)],
)
def test_what_it_does_not_find_any_more_is_what_the_policy_says(
    world: World, policy: str, there: bool, marked: bool
) -> None:
    world.crawler(("UPDATE_IN_DATABASE", policy))
    world.put("r1", A)
    world.crawl()
    for key in world.written:
        world.s3.delete_object(Bucket=BUCKET, Key=key)
    world.crawl()
    assert ("pedidos" in world.tables()) == there
    if there:
        assert ("DEPRECATED_BY_CRAWLER" in world.tables()["pedidos"]["Parameters"]) == marked
    world.put("r2", A)
    world.crawl()
    assert "DEPRECATED_BY_CRAWLER" not in world.tables()["pedidos"]["Parameters"]


def test_a_crawl_out_of_reach_runs_until_it_is_stopped_and_starts_no_second_time(world: World) -> None:
    world.crawler(Targets={"JdbcTargets": [{"ConnectionName": "nowhere", "Path": "db/%"}]})
    world.glue.start_crawler(Name="c")
    with pytest.raises(ClientError, match="already started") as refused:
        world.glue.start_crawler(Name="c")
    assert refused.value.response["Error"]["Code"] == "CrawlerRunningException"
    assert world.glue.get_crawler(Name="c")["Crawler"]["State"] == "RUNNING"
    world.glue.stop_crawler(Name="c")
    assert world.ended()["Status"] == "CANCELLED"
    with pytest.raises(ClientError, match="isn't running"):
        world.glue.stop_crawler(Name="c")


def test_a_crawl_that_cannot_be_done_says_why(world: World) -> None:
    world.crawler(Targets={"S3Targets": [{"Path": "s3://no-such-bucket/x/"}]})
    last = world.crawl()
    assert (last["Status"], "no-such-bucket" in last["ErrorMessage"]) == ("FAILED", True)
    world.glue.update_crawler(Name="c", DatabaseName="nowhere")
    last = world.crawl()
    assert (last["Status"], "nowhere" in last["ErrorMessage"]) == ("FAILED", True)
    with pytest.raises(ClientError, match="does not exist"):
        world.glue.start_crawler(Name="other")
