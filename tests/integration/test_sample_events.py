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

from lakehouse.contract import layers
from lakehouse.lake import layout

ROOT = Path(__file__).resolve().parent.parent.parent
BUCKET = "importau-lakehouse-events"
SIZE = 8192
# The project's own; the service's is 256 KiB.
MESSAGE_LIMIT = 32 * 1024
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


def handled(function: str, module: str, **changed: Any) -> Any:
    event = json.loads((ROOT / f"events/{function}.json").read_text("utf-8")) | changed
    return importlib.import_module(module).handler(event, CONTEXT)


@pytest.mark.golden
def test_the_sample_events_are_one_whole_run(s3: Any) -> None:
    opened = handled("publish", "publish.app")
    assert (opened["base"], opened["nothing_to_do"]) == (0, False)
    for layer in layout.LAYERS:
        staged = handled(layer, f"{layer}.app")
        for table in staged["tables"]:
            table["bytes"] = SIZE  # is not the sample's promise
        told = {name: value for name, value in staged.items() if name != "lineage"}
        assert_golden(json.dumps(told, indent=2, ensure_ascii=False) + "\n", ROOT / f"events/teste_{layer}.json")
        verdict = handled(f"teste_{layer}", f"tests.teste_{layer}")
        assert verdict["passed"], verdict["cause"]
    governed = handled("governance", "governance.app")
    assert governed["passed"], governed["cause"]
    version = published()
    assert (version["version"], version["lagging"]) == (1, [])


@pytest.mark.parametrize("parts", [1, 64])
def test_every_message_is_far_below_the_limit_of_a_state(s3: Any, parts: int) -> None:
    source = {"type": "csv", "parts": parts}
    messages = [handled("publish", "publish.app", source=source)]
    for layer in layout.LAYERS:
        opened = handled("publish", "publish.app", layer=layer)
        assert opened["parts"] == (parts if layer in layers.IN_PARTS else 1)
        staged = handled(layer, f"{layer}.app", source=source)
        assert staged["parts"] == (parts if layers.cut_tables(layer) else 1)
        messages += [opened, staged, handled(f"teste_{layer}", f"tests.teste_{layer}", tables=staged["tables"])]
        assert messages[-1]["passed"], messages[-1]["cause"]
    messages += [handled("governance", "governance.app"), published()]
    # All that a state may carry on is no more than all of them together.
    assert sum(len(json.dumps(message).encode()) for message in messages) < MESSAGE_LIMIT


def published() -> dict[str, Any]:
    """Publish the sample events' run."""
    version: dict[str, Any] = handled("publish", "publish.app", do="commit")
    return version
