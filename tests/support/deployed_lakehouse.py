"""A deployed lakehouse, for the e2e tests."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from lakehouse_tables import TABLES

from lakehouse.lake import layout


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

    def published(self, table: str) -> pa.Table:
        return self.table(layout.published_key(table))

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

    def publish(self, staged: Sequence[Mapping[str, Any]]) -> None:
        """Copy staged tables to where they are read, as a layer's state machine does after its audit."""
        for table in staged:
            folder, name, parts = table["staged_key"].rpartition("/")[0], table["table"], table["parts"]
            files = {layout.file_name(name, part, parts) for part in range(parts)}
            for file in sorted(files):
                source, key = f"{folder}/{file}", f"{layout.published_prefix(name)}{file}"
                self.s3.copy_object(Bucket=self.bucket, Key=key, CopySource={"Bucket": self.bucket, "Key": source})
            for key in self.keys(layout.published_prefix(name)):
                if key.rpartition("/")[2] not in files:
                    self.s3.delete_object(Bucket=self.bucket, Key=key)

    def empty_landing(self) -> None:
        for key in self.keys("landing/"):
            self.s3.delete_object(Bucket=self.bucket, Key=key)
