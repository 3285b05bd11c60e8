"""A lake in moto's AWS, inside this process, with what runs leave in it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from lakehouse_tables import EVERY_TABLE, TABLES
from moto import mock_aws

from cli.session import Aws
from lakehouse.lake import layout

BUCKET = "lake"


@contextmanager
def account(patch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """Yield an account with an empty bucket, where no stack is deployed."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        patch.delenv(name, raising=False)
    with mock_aws():
        aws = Aws(boto3.Session("AKIA", "secret", region_name="us-east-1"), "importau")
        aws.s3.create_bucket(Bucket=BUCKET)
        yield aws


def deploy(aws: Aws, **outputs: str) -> None:
    """Give the stack its outputs."""
    vars(aws)["outputs"] = {"BucketName": BUCKET} | outputs


def put(aws: Aws, key: str, content: Any) -> None:
    """Write an object: a text, or anything as JSON."""
    aws.s3.put_object(Bucket=BUCKET, Key=key, Body=content if isinstance(content, str) else json.dumps(content))


def report(layer: str, run: str, passed: bool = True, **quarantined: int) -> dict[str, Any]:
    """Return the audit report of a run."""
    return {
        "run_id": run,
        "passed": passed,
        "tables": [
            {
                "table": table, "verdict": "warn", "rows": 30, "quarantined": quarantined.get(table, 0),
                "rules": [{"status": "pass"}, {"status": "warn"}, {"status": "warn"}, {"status": "fail"}],
            }
            for table in TABLES[layer]
        ],
    }  # fmt: skip


def published(aws: Aws, run: str, **quarantined: int) -> None:
    """Leave what a run publishes: ten tables, three reports, and the rows it set aside."""
    for table in EVERY_TABLE:
        put(aws, layout.published_key(table), f"{table} of {run}")
    for layer in layout.LAYERS:
        put(aws, layout.quality_key(run, layer), report(layer, run, **quarantined))
    for table in quarantined:
        put(aws, layout.quarantine_key(run, layout.layer_of(table), table), f"set aside by {run}")


def files_in(directory: Path) -> dict[str, str]:
    """Return the text of every file of a folder, by its path in it."""
    return {str(file.relative_to(directory)): file.read_text() for file in directory.rglob("*") if file.is_file()}
