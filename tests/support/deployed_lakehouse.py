"""A deployed lakehouse, for the e2e tests."""

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from lakehouse_tables import TABLES

from lakehouse.lake import layout

# Where runs leave something, beside the tables.
_LEFT = (layout.LAKE_PREFIX, layout.STAGING_PREFIX, layout.QUARANTINE_PREFIX, layout.GOVERNANCE_PREFIX)


class Lakehouse:
    """A deployment, and its bucket as tables, bytes and reports."""

    def __init__(self, deployment: Any) -> None:
        self.deployment, self.s3, self.bucket = deployment, deployment.client("s3"), deployment.bucket

    def upload(self, folder: Path, **changed: bytes) -> None:
        for table in TABLES[layout.BRONZE]:
            content = changed.get(table, (folder / f"{table}.csv").read_bytes())
            self.s3.put_object(Bucket=self.bucket, Key=layout.landing_key(table), Body=content)

    def run(self, machine: str, **execution_input: Any) -> Any:
        return self.deployment.run(machine, **execution_input)

    def invoke(self, function: str, **event: Any) -> Any:
        answer = self.deployment.client("lambda").invoke(FunctionName=f"importau-{function}", Payload=json.dumps(event))
        result = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, result
        return result

    def bytes_of(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def table(self, key: str) -> pa.Table:
        return pq.read_table(io.BytesIO(self.bytes_of(key)))

    def version(self) -> Any:
        """Return the newest version, as the lake keeps it; None where nothing was published yet."""
        keys = self.keys(layout.VERSIONS_PREFIX)
        return self.json(keys[-1]) if keys else None

    def files(self, table: str) -> list[str]:
        """Return the keys of a table's files in the newest version."""
        (found,) = (each for each in self.version()["tables"] if each["table"] == table)
        return [file["key"] for file in found["files"]]

    def published(self, table: str) -> pa.Table:
        return pa.concat_tables([self.table(key) for key in self.files(table)])

    def published_bytes(self, table: str) -> list[bytes]:
        """Return the content of a table's files in the newest version."""
        return [self.bytes_of(key) for key in self.files(table)]

    def put(self, key: str, content: bytes | pa.Table) -> None:
        if isinstance(content, pa.Table):
            sink = io.BytesIO()
            pq.write_table(content, sink)
            content = sink.getvalue()
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=content)

    def json(self, key: str) -> Any:
        return json.loads(self.bytes_of(key))

    def keys(self, prefix: str) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def forget(self) -> None:
        """Delete all that runs have left: versions, files, reports, and what the catalogue says of them."""
        for prefix in (*(f"{layer}/" for layer in layout.LAYERS), *_LEFT):
            for key in self.keys(prefix):
                self.s3.delete_object(Bucket=self.bucket, Key=key)
        glue = self.deployment.client("glue")
        # An entry that shows a later version would never be moved back.
        for database in (*map(layout.database_of, layout.LAYERS), layout.DISCOVERED_DATABASE):
            for table in glue.get_tables(DatabaseName=database)["TableList"]:
                glue.delete_table(DatabaseName=database, Name=table["Name"])

    def empty_landing(self) -> None:
        for key in self.keys("landing/"):
            self.s3.delete_object(Bucket=self.bucket, Key=key)
