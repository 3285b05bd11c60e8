"""A crawler crawls as it does on AWS: it reads the files of its targets, and writes tables into its database.

MiniStack's changes its state after five seconds and makes nothing. Here it goes RUNNING, STOPPING, READY, as fast as
its files are read; its tables have the marks by which a crawler knows its own again, and a table of the same name
without them is left alone: beside it stands ``<name>_<hash>``. What it does with its own tables is what its
``SchemaChangePolicy`` says. A target that is not in S3 is a database out of reach: such a crawl runs until it is
stopped.
"""

import contextvars
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlparse

from cli.embedded.standins import crawled_tables, data_events
from cli.embedded.standins.crawled_tables import Columns, Partition, Table

_UPDATED_BY: Final = "UPDATED_BY_CRAWLER"
_DEPRECATED: Final = "DEPRECATED_BY_CRAWLER"
_MARKS: Final = {"CrawlerSchemaSerializerVersion": "1.0", "CrawlerSchemaDeserializerVersion": "1.0"}
# AWS's own answers (Glue's API, StartCrawler and StopCrawler).
_BAD: Final = 400
_DPUS: Final = 2
_POLL_SECONDS: Final = 0.02
_FORMATS: Final[Mapping[str, tuple[str, str, str, Mapping[str, str]]]] = {
    "parquet": (
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        {"serialization.format": "1"},
    ),
    "csv": (
        "org.apache.hadoop.mapred.TextInputFormat",
        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
        {"field.delim": ","},
    ),
}
# The crawls that run in this process: one that a server's end interrupted is not among them.
_at_work: Final = set[str]()
# What ListCrawls tells, by crawler, oldest first.
_ended: Final = dict[str, list[dict[str, Any]]]()

Answer = tuple[int, dict[str, str], bytes]


class _FailedError(Exception):
    """A crawl that ends as FAILED; the message says why."""


def install() -> None:
    """Put it into the MiniStack of this process."""
    from ministack.services import glue

    glue._start_crawler = _starting(glue)
    glue._stop_crawler = _stopping(glue)
    glue._handle_request_sync = _listing(glue, glue._handle_request_sync)


# ---- its states ------------------------------------------------------------------------------------------------------


def _starting(glue: Any) -> Callable[[Mapping[str, Any]], Answer]:
    def started(data: Mapping[str, Any]) -> Answer:
        name = data.get("Name", "")
        crawler = glue._crawlers.get(name)
        if crawler is None:
            return _refused(glue, "EntityNotFoundException", f"Crawler with name {name} does not exist")
        key = glue._arn("crawler", name)
        if crawler["State"] != "READY" and key in _at_work:
            return _refused(glue, "CrawlerRunningException", f"Crawler with name {name} has already started")
        _at_work.add(key)
        crawler |= {"State": "RUNNING", "CrawlElapsedTime": 0}
        # A thread has the account and region of whoever started it only if it is given them.
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(_crawl, glue, name, key), daemon=True).start()
        answer: Answer = glue.json_response({})
        return answer

    return started


def _stopping(glue: Any) -> Callable[[Mapping[str, Any]], Answer]:
    def stopped(data: Mapping[str, Any]) -> Answer:
        name = data.get("Name", "")
        crawler = glue._crawlers.get(name)
        if crawler is None:
            return _refused(glue, "EntityNotFoundException", f"Crawler with name {name} does not exist")
        if crawler["State"] == "STOPPING":
            return _refused(glue, "CrawlerStoppingException", f"Crawler with name {name} is already stopping")
        if crawler["State"] != "RUNNING":
            return _refused(glue, "CrawlerNotRunningException", f"Crawler with name {name} isn't running")
        crawler["State"] = "STOPPING"
        answer: Answer = glue.json_response({})
        return answer

    return stopped


def _listing(glue: Any, handle: Callable[..., Answer]) -> Callable[..., Answer]:
    """Answer ListCrawls, which MiniStack does not know."""

    def handled(method: str, path: str, headers: Mapping[str, str], body: Any, query: Any) -> Answer:
        if headers.get("x-amz-target", "") != "AWSGlue.ListCrawls":
            return handle(method, path, headers, body, query)
        name = (json.loads(body) if body else {}).get("CrawlerName", "")
        if glue._crawlers.get(name) is None:
            return _refused(glue, "EntityNotFoundException", f"Crawler with name {name} does not exist")
        answer: Answer = glue.json_response({"Crawls": _ended.get(glue._arn("crawler", name), [])[::-1]})
        return answer

    return handled


def _refused(glue: Any, code: str, message: str) -> Answer:
    answer: Answer = glue.error_response_json(code, message, _BAD)
    return answer


def _crawl(glue: Any, name: str, key: str) -> None:
    """Crawl, and write down how that ended."""
    began, crawler = time.time(), glue._crawlers[name]
    status, said = "SUCCEEDED", ""
    try:
        if _out_of_reach(crawler):
            while crawler["State"] == "RUNNING":
                crawler["CrawlElapsedTime"] = int((time.time() - began) * 1000)
                time.sleep(_POLL_SECONDS)
        else:
            _discover(glue, crawler)
        if crawler["State"] == "STOPPING":
            status = "CANCELLED"
    except _FailedError as error:
        status, said = "FAILED", str(error)
    except Exception as error:
        status, said = "FAILED", f"Internal Service Exception: {error!r}"
        raise
    finally:
        ended = time.time()
        crawler |= {"State": "STOPPING", "CrawlElapsedTime": int((ended - began) * 1000)}
        last = {
            "Status": status, "LogGroup": "/aws-glue/crawlers", "LogStream": name, "MessagePrefix": glue.new_uuid(),
            "StartTime": began, **({"ErrorMessage": said} if said else {}),
        }  # fmt: skip
        told = {
            "CrawlId": last["MessagePrefix"], "State": "COMPLETED" if status == "SUCCEEDED" else status,
            "StartTime": began, "EndTime": ended, "DPUHour": _DPUS * (ended - began) / 3600,
            "LogGroup": last["LogGroup"], "LogStream": name, "MessagePrefix": last["MessagePrefix"],
        }  # fmt: skip
        _ended.setdefault(key, []).append(told)
        crawler |= {"LastCrawl": last, "State": "READY", "CrawlElapsedTime": 0}
        _at_work.discard(key)


def _out_of_reach(crawler: Mapping[str, Any]) -> bool:
    return any(targets for kind, targets in (crawler.get("Targets") or {}).items() if kind != "S3Targets")


# ---- what it reads ---------------------------------------------------------------------------------------------------


def _discover(glue: Any, crawler: Mapping[str, Any]) -> None:
    """Read the targets' files, and write what they are into the crawler's database."""
    database = crawler["DatabaseName"]
    if database not in glue._databases:
        raise _FailedError(f"Service Principal: glue.amazonaws.com: database {database} does not exist")
    configuration = json.loads(crawler.get("Configuration") or "{}")
    grouping = configuration.get("Grouping", {})
    partitions = configuration.get("CrawlerOutput", {}).get("Partitions", {})
    found: list[Table] = []
    for target in (crawler.get("Targets") or {}).get("S3Targets", ()):
        if crawler["State"] != "RUNNING":
            return
        found += _under(target, grouping)
    writer = _Writer(glue, crawler, inherit=partitions.get("AddOrUpdateBehavior") == "InheritFromTable")
    writer.write(found)


def _under(target: Mapping[str, Any], grouping: Mapping[str, Any]) -> list[Table]:
    from ministack.services import s3

    place = urlparse(target["Path"])
    bucket, prefix = place.netloc, place.path.strip("/")
    stored = s3._buckets.get(bucket)
    if stored is None:
        raise _FailedError(f"The specified bucket does not exist: {bucket}")
    folder = f"{prefix}/" if prefix else ""
    sizes = {key: int(each.get("size", 0)) for key, each in list(stored["objects"].items()) if key.startswith(folder)}

    def read(key: str) -> bytes:
        data_events.record("GetObject", "AWS-Crawler", bucket, key)
        return s3._get_object_data(bucket, key) or b""

    return crawled_tables.tables(
        bucket,
        prefix,
        sizes,
        read,
        sample=target.get("SampleSize"),
        level=grouping.get("TableLevelConfiguration"),
        combine=grouping.get("TableGroupingPolicy") == "CombineCompatibleSchemas",
    )


# ---- and what it writes ----------------------------------------------------------------------------------------------


class _Writer:
    """Writes tables into a crawler's database, as its policy says."""

    def __init__(self, glue: Any, crawler: Mapping[str, Any], *, inherit: bool) -> None:
        policy = crawler.get("SchemaChangePolicy") or {}
        self._glue, self._name, self._database = glue, crawler["Name"], crawler["DatabaseName"]
        self._prefix = crawler.get("TablePrefix") or ""
        self._updates = policy.get("UpdateBehavior", "UPDATE_IN_DATABASE") == "UPDATE_IN_DATABASE"
        self._gone = policy.get("DeleteBehavior", "DEPRECATE_IN_DATABASE")
        self._inherit = inherit

    def write(self, found: Iterable[Table]) -> None:
        """Write the tables that were found; what this crawler made before and does not find any more is gone."""
        written = {self._table(table) for table in found}
        for key, table in list(self._glue._tables.items()):
            database, _, name = key.partition("/")
            if database == self._database and name not in written and self._is_mine(table):
                self._lose(name, table)

    def _table(self, table: Table) -> str:
        name = self._prefix + table.name
        existing = self._glue._tables.get(f"{self._database}/{name}")
        if existing is not None and not _is_same(existing, table):
            name = crawled_tables.beside(name, table.location)
            existing = self._glue._tables.get(f"{self._database}/{name}")
        given = {"DatabaseName": self._database, "TableInput": self._input(name, table)}
        if existing is None:
            self._glue._create_table(given)
        elif self._updates:
            self._glue._update_table(given)
        if table.keys:
            self._partitions(f"{self._database}/{name}", name, table)
        return name

    def _input(self, name: str, table: Table) -> dict[str, Any]:
        parameters = self._parameters(table.classification, table.partitions)
        return {
            "Name": name,
            "Owner": "owner",
            "TableType": "EXTERNAL_TABLE",
            "Retention": 0,
            "PartitionKeys": [{"Name": key, "Type": "string"} for key in table.keys],
            "Parameters": parameters | ({"partition_filtering.enabled": "true"} if table.keys else {}),
            "StorageDescriptor": _storage(table.classification, table.columns, table.location, parameters),
        }

    def _partitions(self, key: str, name: str, table: Table) -> None:
        kept = {tuple(each["Values"]): each for each in self._glue._partitions.get(key, [])}
        for each in table.partitions:
            columns = table.columns if self._inherit else each.columns
            if each.values in kept and not self._updates:
                continue
            parameters = self._parameters(table.classification, [each])
            kept[each.values] = {
                "Values": list(each.values),
                "DatabaseName": self._database,
                "TableName": name,
                "CreationTime": kept.get(each.values, {}).get("CreationTime", int(time.time())),
                "LastAccessTime": int(time.time()),
                "CatalogId": self._glue.get_account_id(),
                "Parameters": parameters,
                "StorageDescriptor": _storage(table.classification, columns, each.location, parameters),
            }
        there = {each.values for each in table.partitions}
        if self._gone == "DELETE_FROM_DATABASE":
            kept = {values: each for values, each in kept.items() if values in there}
        elif self._gone == "DEPRECATE_IN_DATABASE":
            for values, each in kept.items():
                if values not in there:
                    each["Parameters"] = {**each.get("Parameters", {}), _DEPRECATED: _now()}
        self._glue._partitions[key] = list(kept.values())

    def _lose(self, name: str, table: dict[str, Any]) -> None:
        if self._gone == "DELETE_FROM_DATABASE":
            self._glue._delete_table({"DatabaseName": self._database, "Name": name})
        elif self._gone == "DEPRECATE_IN_DATABASE" and _DEPRECATED not in table["Parameters"]:
            table["Parameters"] = table["Parameters"] | {_DEPRECATED: _now()}

    def _is_mine(self, table: Mapping[str, Any]) -> bool:
        return bool((table.get("Parameters") or {}).get(_UPDATED_BY) == self._name)

    def _parameters(self, classification: str, partitions: Sequence[Partition]) -> dict[str, str]:
        objects, size = sum(each.objects for each in partitions), sum(each.bytes for each in partitions)
        records = sum(each.records for each in partitions)
        return {
            **_MARKS,
            _UPDATED_BY: self._name,
            "averageRecordSize": str(size // records if records else 0),
            "classification": classification,
            "compressionType": "none",
            "objectCount": str(objects),
            "recordCount": str(records),
            "sizeKey": str(size),
            "typeOfData": "file",
        }


def _is_same(existing: Mapping[str, Any], table: Table) -> bool:
    """Return whether an existing table is this one, made by a crawler: its marks and its place say so."""
    marks = {_UPDATED_BY, *_MARKS}
    location = (existing.get("StorageDescriptor") or {}).get("Location", "")
    return marks.issubset(existing.get("Parameters") or ()) and str(location) == table.location


def _storage(classification: str, columns: Columns, location: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    reads, writes, serde, settings = _FORMATS.get(classification, ("", "", "", {}))
    return {
        "Columns": [{"Name": name, "Type": type_} for name, type_ in columns],
        "Location": location,
        "InputFormat": reads,
        "OutputFormat": writes,
        "Compressed": False,
        "NumberOfBuckets": -1,
        "SerdeInfo": {"SerializationLibrary": serde, "Parameters": dict(settings)},
        "BucketColumns": [],
        "SortColumns": [],
        "Parameters": dict(parameters),
        "StoredAsSubDirectories": False,
    }


def _now() -> str:
    return str(int(time.time() * 1000))
