"""The one Glue module: tables registered as their contracts say, and read back as they are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import ClientError

from lakehouse.contract.model import Contract
from lakehouse.lake import layout

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
# Glue's limits, in bytes of UTF-8.
_COMMENT: Final = 255
_DESCRIPTION: Final = 2048
# What `UpdateTable` takes of what `GetTable` gives.
_TABLE_INPUT: Final = ("Name", "Description", "Owner", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters")


@dataclass(frozen=True)
class GlueColumn:
    """A column as Glue knows it.

    Attributes
    ----------
    name, type, comment : str
        The type in Glue's words.
    parameters : mapping of str to str
    """

    name: str
    type: str
    comment: str = ""
    parameters: Mapping[str, str] | None = None

    def as_input(self) -> dict[str, Any]:
        """Return what Glue's API calls a column."""
        given: dict[str, Any] = {"Name": self.name, "Type": self.type, "Comment": _within(self.comment, _COMMENT)}
        return given if not self.parameters else {**given, "Parameters": dict(self.parameters)}


@dataclass(frozen=True)
class GlueTable:
    """A table as Glue knows it.

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
        """Return what Glue's API calls a table input."""
        return {
            "Name": self.name,
            "Description": _within(self.description, _DESCRIPTION),
            "Owner": self.owner,
            "TableType": "EXTERNAL_TABLE",
            "PartitionKeys": [],
            "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet", **self.parameters},
            "StorageDescriptor": {
                "Columns": [column.as_input() for column in self.columns],
                "Location": self.location,
                **_PARQUET,
            },
        }


def table_of(contract: Contract, bucket: str, facts: Mapping[str, str]) -> GlueTable:
    """Return the catalogue's entry of a contract's table.

    Parameters
    ----------
    contract : Contract
    bucket : str
    facts : mapping of str to str
        What the last run found out (rows, size, when, by which run), as table parameters.
    """
    return GlueTable(
        database=contract.database,
        name=contract.table,
        description=contract.description,
        owner=contract.owner,
        location=f"s3://{bucket}/{layout.published_prefix(contract.table)}",
        columns=[
            GlueColumn(
                column.name,
                column.glue_type,
                f"[{column.classification}] {column.description}" if column.classification else column.description,
                {"classification": column.classification} if column.classification else None,
            )
            for column in contract.columns
        ],
        parameters={
            "layer": contract.layer,
            "domain": contract.domain,
            "tags": ", ".join(contract.tags),
            "contract_version": contract.version,
            "classification_pii": ", ".join(c.name for c in contract.columns if c.classification == "PII"),
            **facts,
        },
    )


class Catalog:
    """The Glue Data Catalog of an account.

    Parameters
    ----------
    client : GlueClient, optional
        A boto3 client; by default one made from the environment.
    """

    def __init__(self, client: "GlueClient | None" = None) -> None:
        self.client: GlueClient = client or boto3.client("glue")

    def get(self, database: str, table: str) -> dict[str, Any] | None:
        """Return a table as Glue describes it, or None when there is none."""
        try:
            return dict(self.client.get_table(DatabaseName=database, Name=table)["Table"])
        except ClientError as error:
            if error.response["Error"]["Code"] == "EntityNotFoundException":
                return None
            raise

    def tables(self, database: str) -> Iterator[dict[str, Any]]:
        """Yield the tables of a database, as Glue describes them; nothing when there is no such database."""
        try:
            for page in self.client.get_paginator("get_tables").paginate(DatabaseName=database):
                yield from map(dict, page["TableList"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "EntityNotFoundException":
                raise

    def register(self, table: GlueTable) -> str:
        """Make the catalogue's entry what ``table`` says; return ``created``, ``updated`` or ``unchanged``."""
        wanted = table.as_input()
        existing = self.get(table.database, table.name)
        if existing is None:
            self.client.create_table(DatabaseName=table.database, TableInput=wanted)  # type: ignore[arg-type]
            return "created"
        if _same(wanted, {name: existing[name] for name in _TABLE_INPUT if name in existing}):
            return "unchanged"
        self.client.update_table(DatabaseName=table.database, TableInput=wanted)  # type: ignore[arg-type]
        return "updated"

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Tag a database or a crawler (tables take no tags)."""
        self.client.tag_resource(ResourceArn=arn, TagsToAdd=dict(tags))


def _within(text: str, size: int) -> str:
    """Return a text on one line, cut to a number of bytes."""
    line = " ".join(text.split()).encode()
    return line.decode() if len(line) <= size else line[: size - len("…".encode())].decode(errors="ignore") + "…"


def _same(wanted: Any, existing: Any) -> bool:
    """Return whether everything wanted is there already.

    What Glue adds to a table by itself does not count; a column is the contract's alone, and what it no longer says of
    one has to go.
    """
    if isinstance(wanted, Mapping):
        return isinstance(existing, Mapping) and all(_same(v, existing.get(k)) for k, v in wanted.items())
    if isinstance(wanted, list):
        return [_bare(column) for column in wanted] == [_bare(column) for column in existing or ()]
    return bool(wanted == existing or (not wanted and not existing))


def _bare(column: Mapping[str, Any]) -> dict[str, Any]:
    """Return a column without what is empty: not every catalogue gives that back."""
    return {name: value for name, value in column.items() if value}
