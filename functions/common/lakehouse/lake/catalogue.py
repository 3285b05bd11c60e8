"""The one Glue module: it registers tables as their contracts say, and reads them back."""

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
# The fields of `GetTable`'s answer that `UpdateTable` accepts.
_TABLE_INPUT: Final = ("Name", "Description", "Owner", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters")


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
        Parameters of the table that come from the last run: rows, size, time, run id.
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
        """Create or update the catalogue's entry of a table; return ``created``, ``updated`` or ``unchanged``."""
        table_input = table.as_input()
        existing = self.get(table.database, table.name)
        if existing is None:
            self.client.create_table(DatabaseName=table.database, TableInput=table_input)  # type: ignore[arg-type]
            return "created"
        if _matches(table_input, {name: existing[name] for name in _TABLE_INPUT if name in existing}):
            return "unchanged"
        self.client.update_table(DatabaseName=table.database, TableInput=table_input)  # type: ignore[arg-type]
        return "updated"

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Tag a database or a crawler (tables take no tags)."""
        self.client.tag_resource(ResourceArn=arn, TagsToAdd=dict(tags))


def _within(text: str, size: int) -> str:
    """Return a text on one line, cut to a number of bytes."""
    line = " ".join(text.split()).encode()
    return line.decode() if len(line) <= size else line[: size - len("…".encode())].decode(errors="ignore") + "…"


def _matches(desired: Any, existing: Any) -> bool:
    """Return whether an existing entry already has everything that is desired.

    What Glue itself adds to a table is ignored. Columns must be equal: what a contract no longer says of a column has
    to leave the catalogue.
    """
    if isinstance(desired, Mapping):
        return isinstance(existing, Mapping) and all(_matches(v, existing.get(k)) for k, v in desired.items())
    if isinstance(desired, list):
        return [_bare(column) for column in desired] == [_bare(column) for column in existing or ()]
    return bool(desired == existing or (not desired and not existing))


def _bare(column: Mapping[str, Any]) -> dict[str, Any]:
    """Return a column without its empty fields, which not every catalogue returns."""
    return {name: value for name, value in column.items() if value}
