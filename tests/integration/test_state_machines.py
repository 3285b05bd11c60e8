"""The state machines on the embedded AWS, with stand-ins for the Lambdas: what they publish, and what failures say."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from machines import ungoverned

from cli.embedded import ACCOUNT, REGION, EmbeddedAws
from lakehouse import layout

ROOT = Path(__file__).resolve().parent.parent.parent
BUCKET = "lake"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
# The event's source says how the stand-in behaves; the audit fails where a staged object says so.
WRITE = """
import boto3, os
TABLES = {tables!r}
class InputError(Exception): pass
def handler(event, context):
    source = event.get("source", {{}})
    if source.get("fault"):
        raise InputError(source["fault"])
    client, prefix = boto3.client("s3"), "staging/" + event["run_id"] + "/" + event["layer"] + "/"
    tables = []
    for table, key in TABLES.items():
        staged = prefix + table + "/" + key.rsplit("/", 1)[1]
        body = source.get("body", "new ") + event["run_id"] + " " + event["origin"]["state_machine"]
        client.put_object(Bucket="lake", Key=staged, Body=body)
        tables.append(dict(table=table, staged_key=staged, published_key=key, rows_read=1, rows=1, quarantined=0,
                           quarantine_key=None, bytes=1))
    return dict(run_id=event["run_id"], layer=event["layer"], tables=tables, staging_prefix=prefix)
"""
AUDIT = """
import boto3
def handler(event, context):
    bodies = [boto3.client("s3").get_object(Bucket="lake", Key=t["staged_key"])["Body"].read() for t in event["tables"]]
    passed = not any(body.startswith(b"bad") for body in bodies)
    return dict(run_id=event["run_id"], layer=event["layer"], passed=passed, report_key="governance/quality/x.json",
                cause="" if passed else "pedidos: the rule 'chave unica' failed for 2 of 30 rows",
                tables=[dict(table=t["table"], verdict="pass", rows=1, quarantined=0, errors=0, warnings=0)
                        for t in event["tables"]])
"""


@dataclass
class Account:
    """Clients of one embedded AWS and the ARNs of the four machines."""

    s3: Any
    states: Any
    machines: dict[str, str]

    def run(self, machine: str, **given: Any) -> dict[str, Any]:
        """Run a machine to its end and return what Step Functions says of the execution."""
        arn = self.states.start_execution(stateMachineArn=self.machines[machine], input=json.dumps(given))
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            execution: dict[str, Any] = self.states.describe_execution(executionArn=arn["executionArn"])
            if execution["status"] != "RUNNING":
                return execution
            time.sleep(0.05)
        raise AssertionError(f"{machine} did not end")

    def body(self, key: str) -> str:
        """Return a published object's content."""
        content: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content.decode()


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with EmbeddedAws(tmp_path_factory.mktemp("aws")) as endpoint:
        session = boto3.session.Session(ACCOUNT, "test", region_name=REGION)
        s3, lambdas, states = (session.client(n, endpoint_url=endpoint.url) for n in ("s3", "lambda", "stepfunctions"))
        s3.create_bucket(Bucket=BUCKET)
        machines: dict[str, str] = {}
        for layer, tables in layout.TABLES.items():
            write = WRITE.format(tables={table: layout.published_key(table) for table in tables})
            arns = {
                "WriteFunctionArn": _function(lambdas, f"write-{layer}", write),
                "AuditFunctionArn": _function(lambdas, f"audit-{layer}", AUDIT),
                "LakeBucket": BUCKET,
            }
            machines[layer] = _machine(states, layer, arns)
        nested = {f"{layer.capitalize()}StateMachineArn": arn for layer, arn in machines.items()}
        machines["pipeline"] = _machine(states, "pipeline", nested)
        yield Account(s3, states, machines)


def _function(lambdas: Any, name: str, source: str) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", source)
    answer: dict[str, str] = lambdas.create_function(
        FunctionName=name, Runtime="python3.11", Role=ROLE, Handler="app.handler", Code={"ZipFile": packed.getvalue()}
    )
    return answer["FunctionArn"]


def _machine(states: Any, name: str, substitutions: dict[str, str]) -> str:
    definition = (ROOT / f"statemachine/{name}.asl.json").read_text()
    if name == "pipeline":
        definition = ungoverned(definition)
    for variable, value in substitutions.items():
        definition = definition.replace(f"${{{variable}}}", value)
    assert "${" not in definition
    answer: dict[str, str] = states.create_state_machine(
        name=f"StateMachine_DAG_{name}", definition=definition, roleArn=ROLE
    )
    return answer["stateMachineArn"]


def test_a_layer_publishes_every_audited_table_under_the_runs_name(account: Account) -> None:
    execution = account.run("bronze", run_id="run-1")
    assert execution["status"] == "SUCCEEDED", execution
    output = json.loads(execution["output"])
    keys = [layout.published_key(table) for table in layout.TABLES["bronze"]]
    assert output["run_id"] == "run-1"
    assert output["layer"] == "bronze"
    assert output["published"] == keys
    assert [table["verdict"] for table in output["tables"]] == ["pass"] * 7
    assert {account.body(key) for key in keys} == {"new run-1 StateMachine_DAG_bronze"}


def test_a_layer_run_by_itself_is_named_after_its_execution(account: Account) -> None:
    execution = account.run("silver")
    assert json.loads(execution["output"])["run_id"] == execution["name"]


def test_a_failed_audit_says_which_rule_failed_and_leaves_the_published_table_as_it_was(account: Account) -> None:
    account.run("bronze", run_id="good")
    execution = account.run("bronze", run_id="worse", source={"body": "bad "})
    assert execution["status"] == "FAILED"
    assert execution["error"] == "AuditFailed"
    assert execution["cause"] == "pedidos: the rule 'chave unica' failed for 2 of 30 rows"
    assert account.body(layout.published_key("pedidos")).startswith("new good")
    assert account.body(layout.staging_key("worse", "pedidos")).startswith("bad worse")


def test_an_error_of_a_lambda_is_the_cause_in_its_own_words(account: Account) -> None:
    message = 'pedidos.csv: the column "valor_total_brl" is missing;\nadd it {to the} file'
    execution = account.run("bronze", source={"fault": message})
    assert execution["status"] == "FAILED"
    assert execution["cause"] == message


def test_the_pipeline_runs_the_three_layers_under_one_run_id(account: Account) -> None:
    execution = account.run("pipeline")
    assert execution["status"] == "SUCCEEDED", execution
    output = json.loads(execution["output"])
    assert output["run_id"] == execution["name"]
    assert [table["table"] for table in output["gold"]["tables"]] == list(layout.TABLES["gold"])
    assert account.body(layout.published_key(layout.FORECAST)).startswith(f"new {execution['name']}")


def test_the_pipeline_hands_on_what_a_layer_says_of_its_failure_and_stops(account: Account) -> None:
    account.run("pipeline", run_id="before")
    execution = account.run("pipeline", run_id="after", source={"body": "bad "})
    assert execution["status"] == "FAILED"
    assert execution["error"] == "AuditFailed"
    assert execution["cause"] == "pedidos: the rule 'chave unica' failed for 2 of 30 rows"
    assert account.body(layout.published_key(layout.FACT)).startswith("new before")


def test_a_staged_object_that_vanished_is_said_to_be_the_reason_that_nothing_was_published(account: Account) -> None:
    definition = account.states.describe_state_machine(stateMachineArn=account.machines["gold"])["definition"]
    broken = definition.replace("Map.Item.Value.staged_key", "Map.Item.Value.quarantine_key")
    arn = account.states.create_state_machine(name="broken", definition=broken, roleArn=ROLE)["stateMachineArn"]
    account.machines["broken"] = arn
    execution = account.run("broken")
    assert execution["status"] == "FAILED"
    assert execution["cause"].startswith("The audit of gold passed, but not every table could be published: ")
