"""The one Glue module: it registers tables as their contracts say, and reads them back."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from lakehouse.clients import client_of
from lakehouse.contract.glossary import terms
from lakehouse.contract.model import Column, Contract
from lakehouse.contract.structure import Unlike, unlike, without
from lakehouse.lake import layout
from lakehouse.stage import NONE

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient

_PARQUET: Final = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        "Parameters": {"serialization.format": "1"},
    },
}
# The parameter with the number of the version that an entry shows.
LAKE_VERSION: Final = "lake_version"
# What somebody else did to a table since it was read, and how often that is tried again.
_MET: Final = frozenset({"ConcurrentModificationException", "AlreadyExistsException"})
_ATTEMPTS: Final = 8
# Glue's limits, in bytes of UTF-8.
_COMMENT: Final = 255
_DESCRIPTION: Final = 2048
# The fields of `GetTable`'s answer that Glue itself decides.
_GLUES_OWN: Final = frozenset(
    {
        "DatabaseName", "CreateTime", "UpdateTime", "LastAccessTime", "LastAnalyzedTime", "CreatedBy", "CatalogId",
        "VersionId", "IsRegisteredWithLakeFormation", "IsMultiDialectView", "FederatedTable", "IsMaterializedView",
        "Status",
    }
)  # fmt: skip
# Where people and programs besides this one may note something: the parameters of a table, its storage, its SerDe.
_NOTED: Final = ("Parameters.", "StorageDescriptor.Parameters.", "StorageDescriptor.SerdeInfo.Parameters.")
# What Glue, Athena and crawlers note of themselves, and what people do: `nota`, or `nota_` and anything. None of these
# decides what a reader reads; other parameters may (`projection.enabled`, `storage.location.template`).
_HARMLESS: Final = re.compile(
    r"nota(_.*)?|UPDATED_BY_CRAWLER|CrawlerSchema\w+|CRAWL_\w+|averageRecordSize|recordCount|objectCount|sizeKey"
    r"|compressionType|typeOfData|numFiles|numRows|rawDataSize|totalSize|transient_lastDdlTime|last_modified_\w+"
    r"|COLUMN_STATS_ACCURATE|STATS_\w+|parquet\.column\.index\.access"
)
# What a catalogue says that counts no buckets.
_NO_BUCKETS: Final = -1


@dataclass(frozen=True)
class GlueColumn:
    """A column in the Glue catalogue.

    Attributes
    ----------
    name, type, comment : str
        The type as Glue names it.
    parameters : mapping of str to str
    """

    name: str
    type: str
    comment: str = ""
    parameters: Mapping[str, str] | None = None

    def as_input(self) -> dict[str, Any]:
        """Return the column as Glue's API takes it."""
        column: dict[str, Any] = {"Name": self.name, "Type": self.type, "Comment": _within(self.comment, _COMMENT)}
        return column if not self.parameters else {**column, "Parameters": dict(self.parameters)}


@dataclass(frozen=True)
class GlueTable:
    """A table in the Glue catalogue.

    Attributes
    ----------
    database, name, description, owner, location : str
    columns : sequence of GlueColumn
    parameters : mapping of str to str
    """

    database: str
    name: str
    description: str
    owner: str
    location: str
    columns: Sequence[GlueColumn]
    parameters: Mapping[str, str]

    def as_input(self) -> dict[str, Any]:
        """Return the table as Glue's API takes it, a ``TableInput``."""
        return {
            "Name": self.name,
            "Description": _within(self.description, _DESCRIPTION),
            # Glue takes no empty owner.
            **({"Owner": self.owner} if self.owner else {}),
            "TableType": "EXTERNAL_TABLE",
            "PartitionKeys": [],
            "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet", **self.parameters},
            "StorageDescriptor": {
                "Columns": [column.as_input() for column in self.columns],
                "Location": self.location,
                **_PARQUET,
            },
        }


def table_of(contract: Contract, location: str, facts: Mapping[str, str]) -> GlueTable:
    """Return the catalogue's entry of a contract's table.

    Parameters
    ----------
    contract : Contract
    location : str
        Where its files are, and nothing else.
    facts : mapping of str to str
        Parameters of the table that come from its version: its number, rows, size, time, run.
    """
    return GlueTable(
        database=contract.database,
        name=contract.table,
        description=contract.description,
        owner=contract.owner,
        location=location,
        columns=[
            GlueColumn(
                column.name,
                column.glue_type,
                f"[{column.classification}] {column.description}" if column.classification else column.description,
                _parameters_of(column),
            )
            for column in contract.columns
        ],
        parameters={
            "layer": contract.layer,
            "domain": contract.domain,
            "tags": ", ".join(contract.tags),
            "terms": _named(contract.terms),
            "contract_version": contract.version,
            "classification_pii": ", ".join(c.name for c in contract.columns if c.classification == "PII"),
            **facts,
        },
    )


def _parameters_of(column: Column) -> dict[str, str] | None:
    of_column = {"classification": column.classification or "", "terms": _named(column.terms)}
    return {name: value for name, value in of_column.items() if value} or None


def _named(ids: Sequence[str]) -> str:
    """Return the names of terms of the glossary, as people read them."""
    return ", ".join(terms()[each].name for each in ids)


class Catalog:
    """The Glue Data Catalog of an account, as one stage of the lakehouse sees it.

    Databases have the names that contracts and people use, given and returned; Glue's, which say the stage
    (`layout.glue_database`), are known here alone. A crawler has the name that Glue has.

    Parameters
    ----------
    client : GlueClient, optional
        A boto3 client; by default this process's one (`lakehouse.clients`).
    stage : str
        Which lakehouse's databases are meant.
    """

    def __init__(self, client: "GlueClient | None" = None, stage: str = NONE) -> None:
        self.client: GlueClient = client or client_of("glue")
        self.stage = stage

    def get(self, database: str, table: str) -> dict[str, Any] | None:
        """Return a table as Glue describes it, or None when there is none."""
        try:
            found = self.client.get_table(DatabaseName=self._glue(database), Name=table)["Table"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "EntityNotFoundException":
                return None
            raise
        return {**found, "DatabaseName": database}

    def tables(self, database: str) -> Iterator[dict[str, Any]]:
        """Yield the tables of a database, as Glue describes them; nothing when there is no such database."""
        try:
            for page in self.client.get_paginator("get_tables").paginate(DatabaseName=self._glue(database)):
                yield from ({**table, "DatabaseName": database} for table in page["TableList"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "EntityNotFoundException":
                raise

    def searched(self, database: str) -> Iterator[dict[str, Any]]:
        """Yield the same by the account's own search, which not every catalogue has."""
        stored = self._glue(database)
        query: Any = {"Filters": [{"Key": "DatabaseName", "Value": stored, "Comparator": "EQUALS"}]}
        while True:
            page = self.client.search_tables(**query)
            for table in page["TableList"]:
                if table.get("DatabaseName") == stored:
                    yield {**table, "DatabaseName": database}
            if not page.get("NextToken"):
                return
            query["NextToken"] = page["NextToken"]

    def partition(self, database: str, table: str, values: Sequence[str]) -> dict[str, Any] | None:
        """Return a partition of a table as Glue describes it, or None when there is none."""
        try:
            found = self.client.get_partition(
                DatabaseName=self._glue(database), TableName=table, PartitionValues=list(values)
            )
        except ClientError as error:
            # A table with another number of partition keys has none of these values, which Glue finds invalid.
            if error.response["Error"]["Code"] in {"EntityNotFoundException", "InvalidInputException"}:
                return None
            raise
        return dict(found["Partition"])

    def crawler(self, name: str) -> dict[str, Any] | None:
        """Return a crawler as Glue describes it, or None when there is none."""
        try:
            return dict(self.client.get_crawler(Name=name)["Crawler"])
        except ClientError as error:
            if error.response["Error"]["Code"] == "EntityNotFoundException":
                return None
            raise

    def register(self, table: GlueTable, *, exactly: bool = False) -> str:
        """Create or update the catalogue's entry of a table.

        Parameters of it that others have set, and that are not the project's, stay. Of several that register a table
        at once the one with the newest version of the lake prevails.

        Parameters
        ----------
        table : GlueTable
        exactly : bool
            Whether what `unlike_entry` names goes too: all that others have set but for harmless notes.

        Returns
        -------
        str
            ``created``, ``updated``, ``unchanged``; ``newer`` where the catalogue has a newer version already.
        """
        for attempt in range(_ATTEMPTS):
            try:
                return self._register(table, exactly)
            except ClientError as error:
                if error.response["Error"]["Code"] not in _MET or attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(0.05 * 2**attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _register(self, table: GlueTable, exactly: bool) -> str:
        table_input: Any = table.as_input()
        database = self._glue(table.database)
        existing = self.get(table.database, table.name)
        if existing is None:
            self.client.create_table(DatabaseName=database, TableInput=table_input)
            return "created"
        if _version(existing.get("Parameters", {})) > _version(table.parameters):
            return "newer"
        theirs = without(existing, _is_harmless if exactly else _is_noted)
        ours = table_input if exactly else without(table_input, _is_noted)
        if not any(unlike(ours, _as_input(theirs))) and _noted(table_input, existing):
            return "unchanged"
        guard: Any = {"VersionId": existing["VersionId"]} if existing.get("VersionId") else {}
        kept: Any = _with_parameters(table_input, without(existing, _is_strange) if exactly else existing)
        self.client.update_table(DatabaseName=database, TableInput=kept, SkipArchive=True, **guard)
        return "updated"

    def remove(self, database: str, table: str) -> None:
        """Remove the catalogue's entry of a table, if there is one; its files stay."""
        try:
            self.client.delete_table(DatabaseName=self._glue(database), Name=table)
        except ClientError as error:
            if error.response["Error"]["Code"] != "EntityNotFoundException":
                raise

    def tags(self, arn: str) -> dict[str, str]:
        """Return the tags of a database or a crawler."""
        return dict(self.client.get_tags(ResourceArn=arn).get("Tags", {}))

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Tag a database or a crawler (tables take no tags)."""
        self.client.tag_resource(ResourceArn=arn, TagsToAdd=dict(tags))

    def _glue(self, database: str) -> str:
        return layout.glue_database(database, self.stage)


def _version(parameters: Mapping[str, str]) -> int:
    """Return the version of the lake that an entry shows; 0 for one that shows none."""
    text = parameters.get(LAKE_VERSION, "")
    return int(text) if text.isdigit() else 0


def _with_parameters(desired: Mapping[str, Any], existing: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table as it is desired, with the parameters of the existing one that it says nothing of.

    Statistics of queries, marks of crawlers and what people note on a table are parameters of it, of its storage and
    of its SerDe; an update replaces them all. Columns are the contract's alone.
    """
    kept = dict(desired)
    for inner in ("StorageDescriptor", "SerdeInfo"):
        if isinstance(desired.get(inner), Mapping):
            kept[inner] = _with_parameters(desired[inner], existing.get(inner) or {})
    parameters = {**(existing.get("Parameters") or {}), **(desired.get("Parameters") or {})}
    return kept | ({"Parameters": parameters} if parameters else {})


def _within(text: str, size: int) -> str:
    """Return a text on one line, cut to a number of bytes."""
    line = " ".join(text.split()).encode()
    return line.decode() if len(line) <= size else line[: size - len("…".encode())].decode(errors="ignore") + "…"


def unlike_entry(table: GlueTable, found: Mapping[str, Any]) -> list[Unlike]:
    """Return every place in which an entry of the catalogue is not what a table is to be, with both values.

    Parameters
    ----------
    table : GlueTable
        As it is registered.
    found : mapping
        The entry, as Glue describes it.

    Returns
    -------
    list of Unlike
        Also for what others have added, but for what Glue decides itself and for harmless notes. Their paths begin
        with the name of the table, and its database.
    """
    where = f"{table.database}.{table.name}"
    return [each.of(where) for each in unlike(table.as_input(), _as_input(without(found, _is_harmless)))]


def _as_input(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what somebody has put into an entry: all of it but what Glue itself decides."""
    table = {name: value for name, value in found.items() if name not in _GLUES_OWN}
    storage = table.get("StorageDescriptor")
    if isinstance(storage, Mapping) and storage.get("NumberOfBuckets") == _NO_BUCKETS:
        table["StorageDescriptor"] = {name: each for name, each in storage.items() if name != "NumberOfBuckets"}
    return table


def _is_noted(path: str) -> bool:
    return path.startswith(_NOTED)


def _is_harmless(path: str) -> bool:
    return any(path.startswith(place) and _HARMLESS.fullmatch(path.removeprefix(place)) for place in _NOTED)


def _is_strange(path: str) -> bool:
    return _is_noted(path) and not _is_harmless(path)


def _noted(desired: Mapping[str, Any], existing: Mapping[str, Any]) -> bool:
    """Return whether an entry has every parameter that is desired of the table, its storage and its SerDe."""
    for inner in ("StorageDescriptor", "SerdeInfo"):
        if inner in desired and not _noted(desired[inner], existing.get(inner) or {}):
            return False
    there = existing.get("Parameters") or {}
    return all(there.get(name, "") == value for name, value in (desired.get("Parameters") or {}).items())
