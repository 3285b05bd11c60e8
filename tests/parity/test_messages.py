"""What passes between states in a real run, against what Step Functions lets pass; and how long each function takes."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from deployed_lakehouse import Lakehouse
from deployment import Deployment
from lakehouse_tables import TABLES

from lakehouse.lake import layout

pytestmark = pytest.mark.parity

# 256 KiB are the service's limit of an input or output ("Service quotas", AWS Step Functions guide); this is the
# project's own, for a run may have several messages in one.
MESSAGE_LIMIT = 32 * 1024
TIMEOUT_SECONDS = 900


@pytest.fixture(scope="module")
def lakehouse(deployment: Deployment, csv_dir: Path) -> Lakehouse:
    """Return the lakehouse with fifty rows more in every file, of which no field is of its column's type."""
    made = Lakehouse(deployment)
    changed = {}
    for table in TABLES[layout.BRONZE]:
        text = (csv_dir / f"{table}.csv").read_bytes()
        columns = text.split(b"\n", 1)[0].count(b",") + 1
        changed[table] = text.rstrip(b"\n") + b"\n" + b"\n".join([b",".join([b"?"] * columns)] * 50) + b"\n"
    made.upload(csv_dir, **changed)
    return made


@pytest.fixture(scope="module")
def execution(lakehouse: Lakehouse) -> dict[str, Any]:
    described: dict[str, Any] = lakehouse.run(
        "pipeline", source={"type": "csv", "accept_volume": [*TABLES[layout.BRONZE]]}
    )
    assert described["status"] == "SUCCEEDED", described.get("cause")
    return described


def histories(deployment: Deployment, execution: str) -> Iterator[dict[str, Any]]:
    """Yield the events of an execution and of those that it started."""
    states = deployment.client("stepfunctions")
    for page in states.get_paginator("get_execution_history").paginate(executionArn=execution):
        for event in page["events"]:
            yield event
            output = event.get("taskSucceededEventDetails", {}).get("output", "{}")
            started = json.loads(output).get("ExecutionArn") if output.startswith("{") else None
            if started:
                yield from histories(deployment, started)


def messages(event: Any) -> Iterator[str]:
    """Yield every input, output and payload in an event of a history."""
    for key, value in event.items():
        if isinstance(value, dict):
            yield from messages(value)
        elif key in ("input", "output", "parameters", "cause") and isinstance(value, str):
            yield value


def test_every_table_of_the_run_has_quarantined_rows(execution: dict[str, Any]) -> None:
    tables = execution["output"]["bronze"]["tables"]
    assert {table["table"] for table in tables if table["quarantined"] >= 50} == set(TABLES[layout.BRONZE])


def test_no_message_of_a_run_is_near_the_limit(execution: dict[str, Any], deployment: Deployment) -> None:
    sizes = [
        len(message.encode())
        for event in histories(deployment, execution["executionArn"])
        for message in messages(event)
    ]
    print(f"{len(sizes)} messages, the largest of {max(sizes):,} bytes")
    assert len(sizes) > 50
    assert max(sizes) < MESSAGE_LIMIT


def test_every_function_of_a_run_takes_less_than_a_quarter_of_its_time(
    execution: dict[str, Any], deployment: Deployment
) -> None:
    invoke = "arn:aws:states:::lambda:invoke"
    began, took = datetime.max, []
    for event in histories(deployment, execution["executionArn"]):  # a machine has one function at a time
        if event.get("taskScheduledEventDetails", {}).get("resource") == invoke:
            began = event["timestamp"]
        if event.get("taskSucceededEventDetails", {}).get("resource") == invoke:
            took.append((event["timestamp"] - began).total_seconds())
    # A layer opens, writes and audits; the pipeline opens, governs, publishes, discovers, and notes what was crawled.
    assert len(took) == 3 * len(layout.LAYERS) + 5
    assert max(took) < TIMEOUT_SECONDS / 4


def test_the_verdict_on_seven_ruined_tables_is_no_longer_than_on_good_ones(
    lakehouse: Lakehouse, execution: dict[str, Any]
) -> None:
    run = f"{execution['name']}-ruined"
    lakehouse.invoke("publish", run_id=run, do="open", source={"type": "csv"})
    staged = [
        {
            "table": table,
            "staged_key": layout.run_key(table, run),
            "rows_read": 10**6, "rows": 10**6, "quarantined": 0, "superseded": 0, "quarantine_key": None,
            "source_keys": [], "inputs": [], "bytes": 0, "parts": 1,
        }
        for table in TABLES[layout.BRONZE]
    ]  # fmt: skip
    for table in staged:
        lakehouse.put(str(table["staged_key"]), pa.table({"nothing": ["of", "theirs"]}))
    verdict = lakehouse.invoke("teste-bronze", run_id=run, layer=layout.BRONZE, tables=staged)
    assert not verdict["passed"]
    assert all(table["verdict"] == "fail" for table in verdict["tables"])
    assert len(json.dumps(verdict)) < MESSAGE_LIMIT
    assert len(verdict["cause"]) < MESSAGE_LIMIT


def test_what_is_deployed_has_no_alias_of_yaml_which_cloudformation_does_not_know(deployment: Deployment) -> None:
    packaged = (deployment.build / "template.yaml").read_text("utf-8")
    assert not [token for token in yaml.scan(packaged) if isinstance(token, yaml.AliasToken)]
    body = deployment.client("cloudformation").get_template(StackName="importau")["TemplateBody"]
    text = body if isinstance(body, str) else json.dumps(body)
    assert not [token for token in yaml.scan(text) if isinstance(token, yaml.AliasToken)]
    assert len(text) < 1_000_000  # of a template in a bucket, "CloudFormation quotas"
