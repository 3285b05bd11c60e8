"""The sample events: one a function; each fits the one before it, and together they are a run on the sample."""

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from golden import assert_golden
from lakehouse_tables import TABLES
from simulated_aws import make_databases, simulated_lake

from lakehouse.lake import layout

ROOT = Path(__file__).resolve().parent.parent.parent
BUCKET = "importau-lakehouse-events"
SIZE = 8192
CONTEXT = SimpleNamespace(
    function_name="sample",
    memory_limit_in_mb=3008,
    aws_request_id="request",
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:sample",
)


@pytest.fixture
def s3(csv_dir: Path) -> Iterator[Any]:
    """Return S3 with the sample in the landing folder."""
    with simulated_lake(BUCKET) as lake:
        for table in TABLES[layout.BRONZE]:
            lake.client.upload_file(str(csv_dir / f"{table}.csv"), BUCKET, layout.landing_key(table))
        make_databases(layout.GOVERNANCE_DATABASE)
        yield lake.client


def handled(function: str, module: str) -> Any:
    event = json.loads((ROOT / f"events/{function}.json").read_text("utf-8"))
    return importlib.import_module(module).handler(event, CONTEXT)


@pytest.mark.golden
def test_the_sample_events_are_one_whole_run(s3: Any) -> None:
    for layer in layout.LAYERS:
        staged = handled(layer, f"{layer}.app")
        for table in staged["tables"]:
            table["bytes"] = SIZE  # is not the sample's promise
        told = {name: value for name, value in staged.items() if name != "lineage"}
        assert_golden(json.dumps(told, indent=2, ensure_ascii=False) + "\n", ROOT / f"events/teste_{layer}.json")
        verdict = handled(f"teste_{layer}", f"tests.teste_{layer}")
        assert verdict["passed"], verdict["cause"]
        for table in staged["tables"]:
            source = {"Bucket": BUCKET, "Key": table["staged_key"]}
            s3.copy_object(Bucket=BUCKET, Key=table["published_key"], CopySource=source)
    governed = handled("governance", "governance.app")
    assert governed["passed"], governed["cause"]


def test_every_message_is_far_below_the_limit_of_a_state(s3: Any) -> None:
    for layer in layout.LAYERS:
        staged = handled(layer, f"{layer}.app")
        verdict = handled(f"teste_{layer}", f"tests.teste_{layer}")
        assert max(len(json.dumps(message)) for message in (staged, verdict)) < 32_000
        for table in staged["tables"]:
            source = {"Bucket": BUCKET, "Key": table["staged_key"]}
            s3.copy_object(Bucket=BUCKET, Key=table["published_key"], CopySource=source)
