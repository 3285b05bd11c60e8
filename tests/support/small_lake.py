"""A lake in moto's AWS, inside this process, with what runs leave in it."""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pyarrow as pa
import pytest
from lakehouse_tables import EVERY_TABLE, TABLES
from moto import mock_aws

from cli.session import Aws
from lakehouse.contract.quality import AuditedFile
from lakehouse.contract.quarantine import quarantined
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.candidate import candidate
from lakehouse.versions.opening import opened
from lakehouse.versions.version import Making, Version

BUCKET = "lake"
ROWS = 30


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
    """Return the audit report of a run, without what it says of files."""
    rules = [
        {"status": "pass", "failed": 0, "severity": "error"},
        *[{"status": "warn", "failed": 2, "severity": "warning"}] * 2,
        *([] if passed else [{"status": "fail", "failed": 1, "severity": "error"}]),
    ]
    return {
        "run_id": run,
        "layer": layer,
        "evaluated_at": "2026-11-23T12:00:00+00:00",
        "passed": passed,
        "made_from": {},
        "tables": [_entry(layer, table, run, quarantined.get(table, 0), rules) for table in TABLES[layer]],
    }


def _entry(layer: str, table: str, run: str, quarantined: int, rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "table": table,
        "verdict": "fail" if any(rule["status"] == "fail" for rule in rules) else "warn",
        "rows": ROWS,
        "rows_read": ROWS + quarantined,
        "quarantined": quarantined,
        "superseded": 0,
        "quarantine_key": layout.quarantine_key(run, layer, table) if quarantined else None,
        "quarantine_etag": None,
        "inputs": [],
        "contract": "1.0.0",
        "contract_sha256": "0" * 64,
        "rules": rules,
    }


def published(
    aws: Aws, run: str, parts: Mapping[str, int] | None = None, tables: Collection[str] | None = None, **aside: int
) -> Version:
    """Leave what a run publishes: a version of ten tables, three reports, and the rows it set aside.

    Parameters
    ----------
    aws : Aws
    run : str
    parts : mapping of str to int, optional
        In how many parts a table is.
    tables : collection of str, optional
        The tables it publishes; all of them by default.
    **aside : int
        How many rows of a table it set aside.
    """
    lake = Lake(BUCKET, aws.s3)
    newest, opening = chain.newest(lake), opened(lake, run, {"type": "synthetic"})
    made = dict(newest.tables) if newest else {}
    for table in aside:
        rows = quarantined(f"{table}.csv", np.arange(2, 3), pa.array([f"set aside by {run}"]), pa.array(["x"]))
        lake.write_table(rows, layout.quarantine_key(run, layout.layer_of(table), table))
    for layer in layout.LAYERS:
        said = report(layer, run, **aside)
        said["tables"] = [entry for entry in said["tables"] if tables is None or entry["table"] in tables]
        for entry in said["tables"]:
            count = (parts or {}).get(entry["table"], 1)
            set_aside = lake.about(entry["quarantine_key"]) if entry["quarantine_key"] else None
            entry["quarantine_etag"] = set_aside.etag if set_aside else None
            entry["files"] = [asdict(_file(aws, lake, entry["table"], run, part, count)) for part in range(count)]
        if said["tables"]:
            put(aws, layout.quality_key(run, layer), said)
            made |= candidate(lake, opening, layer)
    number = newest.number if newest else chain.NONE
    making = Making("pipeline", run, datetime.now(UTC).isoformat())
    ordered = {name: made[name] for name in EVERY_TABLE if name in made}
    version = Version(number + 1, number, run, making, opening.source, (), ordered)
    assert chain.committed(lake, version)
    return version


def _file(aws: Aws, lake: Lake, table: str, run: str, part: int, parts: int) -> AuditedFile:
    key = layout.run_key(table, run, part, parts)
    put(aws, key, f"{table} of {run}" if parts == 1 else f"part {part} of {parts}")
    found = lake.about(key)
    assert found is not None
    return AuditedFile(key, found.etag, found.bytes, ROWS)


def restored(aws: Aws, number: int) -> Version:
    """Go back to a version."""
    lake = Lake(BUCKET, aws.s3)
    old, newest = chain.read(lake, number), chain.newest_number(lake)
    making = Making("rollback", "back", datetime.now(UTC).isoformat())
    version = Version(newest + 1, newest, "back", making, old.source, old.inputs, old.tables, old.restores or number)
    assert chain.committed(lake, version)
    return version


def files_in(directory: Path) -> dict[str, str]:
    """Return the text of every file of a folder, by its path in it; what of it is no text is replaced."""
    return {
        str(file.relative_to(directory)): file.read_text("utf-8", "replace")
        for file in directory.rglob("*")
        if file.is_file()
    }
