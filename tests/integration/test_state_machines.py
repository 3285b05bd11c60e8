"""The state machines on the embedded AWS, with stand-ins for the Lambdas: what they publish, and what failures say."""

import io
import json
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from lakehouse_tables import FACT, FORECAST, PARTED, TABLES
from machines import AUDITS, rendered, ungoverned

from cli.embedded.endpoint import ACCOUNT, REGION
from cli.embedded.server import EmbeddedAws
from lakehouse.lake import layout

BUCKET = "lake"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
# The numbers of parts that runs here have.
PARTS = (1, 3, 5)
# The event's source says how the stand-in behaves; the audit fails where a staged object says so. One part is made to
# fail by an object that says how often; every call for a part leaves an object behind.
OF_A_PART = """
import json, re, uuid
import boto3
client = boto3.client("s3")
class InputError(Exception): pass
def keys(prefix):
    return [o["Key"] for o in client.list_objects_v2(Bucket="lake", Prefix=prefix).get("Contents", [])]
def put(key, body):
    client.put_object(Bucket="lake", Key=key, Body=body)
def of_a_part(step, event):
    part, parts = map(int, re.search(r"-([0-9]{5})-of-([0-9]{5})", event["part_key"]).groups())
    of = event["layer"] + "/" + step + "/" + str(part) + "/"
    put("calls/" + event["run_id"] + "/" + of + uuid.uuid4().hex, b"")
    for fault in keys("faults/" + of)[:1]:
        client.delete_object(Bucket="lake", Key=fault)
        raise InputError("part " + str(part) + " is broken")
    return dict(run_id=event["run_id"], layer=event["layer"], part=part, parts=parts)
"""
WRITE = """
PUBLISHED = {published!r}
def handler(event, context):
    source = event.get("source", {{}})
    if source.get("fault"):
        raise InputError(source["fault"])
    prefix = "staging/" + event["run_id"] + "/" + event["layer"] + "/"
    if "part_key" in event:
        done = of_a_part("write", event)
        for table, by_parts in PUBLISHED.items():
            if len(by_parts) > 1:
                key = by_parts[done["parts"]][done["part"]]
                put(prefix + table + "/" + key.rsplit("/", 1)[1], "part of " + event["run_id"])
        return done
    below = keys("bronze/pedidos/") if event["layer"] == "silver" else [None] * source.get("parts", 1)
    tables, copies, stale = [], [], []
    for table, by_parts in PUBLISHED.items():
        published = by_parts.get(len(below), by_parts[1])
        staged = [prefix + table + "/" + key.rsplit("/", 1)[1] for key in published]
        for place in staged:
            if event["layer"] == "bronze" or len(staged) == 1:
                body = source.get("body", "new ") + event["run_id"] + " " + event["origin"]["state_machine"]
                put(place, body)
        tables.append(dict(table=table, parts=len(staged), staged_key=staged[0], published_key=published[0],
                           rows_read=1, rows=1, quarantined=0, quarantine_key=None, bytes=1))
        copies += [dict(source="lake/" + one, key=other) for one, other in zip(staged, published)]
        stale += [dict(key=key) for key in keys(event["layer"] + "/" + table + "/") if key not in published]
    lists = {{what: prefix + "parts/" + what + ".json" for what in ("publish", "retire")}}
    in_parts = bool(stale) or len(copies) > len(tables)
    if in_parts:
        put(lists["publish"], json.dumps(copies))
        put(lists["retire"], json.dumps(stale))
    return dict(run_id=event["run_id"], layer=event["layer"], tables=tables, staging_prefix=prefix,
                parts=max(table["parts"] for table in tables), in_parts=in_parts, stale=len(stale),
                publish_key=lists["publish"], retire_key=lists["retire"])
"""
AUDIT = """
def handler(event, context):
    if "part_key" in event:
        return of_a_part("audit", event)
    folders = [t["staged_key"].rpartition("/")[0] for t in event["tables"]]
    if event["of"] == "published":
        folders = [event["layer"] + "/"]
    staged = [key for folder in folders for key in keys(folder)]
    bodies = [client.get_object(Bucket="lake", Key=key)["Body"].read() for key in staged]
    for lost in keys("lost/" + event["layer"] + "/"):
        client.delete_object(Bucket="lake", Key=lost)
        client.delete_object(Bucket="lake", Key=staged[-1])
    if any(body.startswith(b"torn") for body in bodies):
        raise InputError("the object is torn")
    passed = not any(body.startswith(b"bad") for body in bodies)
    return dict(run_id=event["run_id"], layer=event["layer"], passed=passed, report_key="governance/quality/x.json",
                cause="" if passed else "pedidos: the rule 'chave unica' failed for 2 of 30 rows",
                tables=[dict(table=t["table"], verdict="pass", rows=1, quarantined=0, errors=0, warnings=0)
                        for t in event["tables"]])
"""


@dataclass
class Account:
    """Clients of one embedded AWS and the ARNs of the seven machines."""

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

    def audit_of(self, execution: dict[str, Any]) -> dict[str, Any]:
        """Return the execution of the audit that a layer's execution started, which has its name."""
        machine, _, name = execution["executionArn"].rpartition(":StateMachine_DAG_")[2].partition(":")
        arn = self.machines[f"teste_{machine}"].replace(":stateMachine:", ":execution:")
        found: dict[str, Any] = self.states.describe_execution(executionArn=f"{arn}:{name}")
        return found

    def body(self, key: str) -> str:
        """Return a published object's content."""
        content: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content.decode()

    def keys(self, prefix: str) -> list[str]:
        """Return the keys under a prefix."""
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", ())]

    def fail(self, layer: str, step: str, part: int, times: int) -> None:
        """Let the next so many calls for a part fail."""
        for time_ in range(times):
            self.s3.put_object(Bucket=BUCKET, Key=f"faults/{layer}/{step}/{part}/{time_}", Body=b"")

    def calls(self, run_id: str, layer: str, step: str) -> dict[int, int]:
        """Return how often a step was called for each part."""
        return Counter(int(key.split("/")[4]) for key in self.keys(f"calls/{run_id}/{layer}/{step}/"))

    def maps(self, execution: dict[str, Any]) -> dict[str, str]:
        """Return how each Distributed Map of an execution ended."""
        runs = self.states.list_map_runs(executionArn=execution["executionArn"])["mapRuns"]
        ended = [self.states.describe_map_run(mapRunArn=run["mapRunArn"]) for run in runs]
        return {run["mapRunArn"].split("/")[1].split(":")[0]: run["status"] for run in ended}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with EmbeddedAws(tmp_path_factory.mktemp("aws")) as endpoint:
        session = boto3.session.Session(ACCOUNT, "test", region_name=REGION)
        s3, lambdas, states = (session.client(n, endpoint_url=endpoint.url) for n in ("s3", "lambda", "stepfunctions"))
        s3.create_bucket(Bucket=BUCKET)
        machines: dict[str, str] = {}
        for layer, tables in TABLES.items():
            write = WRITE.format(published={table: _published(table) for table in tables})
            audit, lake = _function(lambdas, f"audit-{layer}", AUDIT), {"LakeBucket": BUCKET}
            machines[f"teste_{layer}"] = _machine(states, f"teste_{layer}", {"AuditFunctionArn": audit} | lake)
            arns = {
                "WriteFunctionArn": _function(lambdas, f"write-{layer}", write),
                "AuditStateMachineArn": machines[f"teste_{layer}"],
            }
            machines[layer] = _machine(states, layer, arns | lake)
        nested = {f"{layer.capitalize()}StateMachineArn": machines[layer] for layer in layout.LAYERS}
        machines["pipeline"] = _machine(states, "pipeline", nested)
        yield Account(s3, states, machines)


def _published(table: str) -> dict[int, list[str]]:
    """Return the keys of a table by the number of its parts; one that is not cut has one."""
    numbers = PARTS if table in (*PARTED, FACT) else PARTS[:1]
    return {parts: [layout.published_key(table, part, parts) for part in range(parts)] for parts in numbers}


def _function(lambdas: Any, name: str, source: str) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", OF_A_PART + source)
    answer: dict[str, str] = lambdas.create_function(
        FunctionName=name, Runtime="python3.11", Role=ROLE, Handler="app.handler", Code={"ZipFile": packed.getvalue()}
    )
    return answer["FunctionArn"]


def _machine(states: Any, name: str, substitutions: dict[str, str]) -> str:
    definition = rendered(name, **substitutions)
    if name == "pipeline":
        definition = ungoverned(definition)
    assert "${" not in definition
    answer: dict[str, str] = states.create_state_machine(
        name=f"StateMachine_DAG_{name}", definition=definition, roleArn=ROLE
    )
    return answer["stateMachineArn"]


def test_a_layer_publishes_every_audited_table_under_the_runs_name(account: Account) -> None:
    execution = account.run("bronze", run_id="run-1")
    assert execution["status"] == "SUCCEEDED", execution
    output = json.loads(execution["output"])
    keys = [layout.published_key(table) for table in TABLES["bronze"]]
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
    assert [table["table"] for table in output["gold"]["tables"]] == list(TABLES["gold"])
    assert account.body(layout.published_key(FORECAST)).startswith(f"new {execution['name']}")


def test_the_pipeline_hands_on_what_a_layer_says_of_its_failure_and_stops(account: Account) -> None:
    account.run("pipeline", run_id="before")
    execution = account.run("pipeline", run_id="after", source={"body": "bad "})
    assert execution["status"] == "FAILED"
    assert execution["error"] == "AuditFailed"
    assert execution["cause"] == "pedidos: the rule 'chave unica' failed for 2 of 30 rows"
    assert account.body(layout.published_key(FACT)).startswith("new before")


def test_a_staged_object_that_vanished_is_said_to_be_the_reason_that_nothing_was_published(account: Account) -> None:
    definition = account.states.describe_state_machine(stateMachineArn=account.machines["gold"])["definition"]
    broken = definition.replace("Map.Item.Value.staged_key", "Map.Item.Value.quarantine_key")
    arn = account.states.create_state_machine(name="broken", definition=broken, roleArn=ROLE)["stateMachineArn"]
    account.machines["broken"] = arn
    execution = account.run("broken")
    assert execution["status"] == "FAILED"
    assert execution["cause"].startswith("The audit of gold passed, but not every table could be published: ")


# ---- audits ---------------------------------------------------------------------------------------------------------


def test_a_layers_audit_gives_its_verdict_as_data_and_only_the_layer_fails(account: Account) -> None:
    execution = account.run("bronze", run_id="worse-again", source={"body": "bad "})
    assert execution["error"] == "AuditFailed"
    audit = account.audit_of(execution)
    assert audit["status"] == "SUCCEEDED"
    verdict = json.loads(audit["output"])
    assert (verdict["passed"], verdict["cause"]) == (False, execution["cause"])
    assert json.loads(audit["input"])["AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"] == execution["executionArn"]


@pytest.mark.parametrize("audit", AUDITS)
def test_an_audit_by_itself_looks_at_what_is_published_and_is_named_after_its_execution(
    account: Account, audit: str
) -> None:
    account.run("pipeline", run_id="before-audits")
    execution = account.run(audit)
    assert execution["status"] == "SUCCEEDED", execution
    verdict = json.loads(execution["output"])
    assert (verdict["run_id"], verdict["layer"]) == (execution["name"], audit.removeprefix("teste_"))
    assert verdict["passed"] is True


def test_an_audit_by_itself_fails_with_the_rule_that_failed(account: Account) -> None:
    account.run("pipeline", run_id="before-audits")
    key = layout.published_key(FACT)
    account.s3.put_object(Bucket=BUCKET, Key=key, Body=b"bad since it was published")
    execution = account.run("teste_silver")
    assert (execution["status"], execution["error"]) == ("FAILED", "AuditFailed")
    assert execution["cause"] == "pedidos: the rule 'chave unica' failed for 2 of 30 rows"
    assert account.body(key) == "bad since it was published"


def test_an_error_of_the_audits_lambda_is_the_layers_cause_in_its_own_words(account: Account) -> None:
    execution = account.run("gold", source={"body": "torn "})
    assert (execution["status"], execution["cause"]) == ("FAILED", "the object is torn")
    assert account.audit_of(execution)["status"] == "FAILED"


# ---- in parts ------------------------------------------------------------------------------------------------------


def published(account: Account, table: str) -> list[str]:
    return account.keys(layout.published_prefix(table))


def parts_of(table: str, parts: int) -> list[str]:
    return [layout.published_key(table, part, parts) for part in range(parts)]


@pytest.fixture
def in_five_parts(account: Account) -> Account:
    """Bronze published in five parts, and silver as well."""
    for layer in (layout.BRONZE, layout.SILVER):
        execution = account.run(layer, run_id="five", source={"parts": 5})
        assert execution["status"] == "SUCCEEDED", execution
    assert published(account, FACT) == parts_of(FACT, 5)
    return account


def test_tables_in_parts_are_published_part_by_part_and_those_of_another_number_go(account: Account) -> None:
    for parts in (5, 3, 1, 1):
        execution = account.run("pipeline", source={"parts": parts})
        assert execution["status"] == "SUCCEEDED", execution
        for table in (*PARTED, FACT):
            assert published(account, table) == parts_of(table, parts)
        for table in ("produtos", *TABLES["gold"]):
            assert published(account, table) == [layout.published_key(table)]
        assert account.body(layout.published_key("produtos")).startswith(f"new {execution['name']}")
        assert account.body(layout.published_key("pedidos", parts - 1, parts)).startswith(f"new {execution['name']}")
        each = dict.fromkeys(range(parts), 1) if parts > 1 else {}
        for layer, step in (
            *(("silver", "write"), ("gold", "write")),
            *((layer, "audit") for layer in layout.LAYERS),
        ):
            assert account.calls(execution["name"], layer, step) == each
        assert account.calls(execution["name"], "bronze", "write") == {}


def test_a_layer_in_parts_says_what_it_published(in_five_parts: Account) -> None:
    execution = in_five_parts.run("silver", run_id="again")
    output = json.loads(execution["output"])
    assert output["published"] == [layout.published_key(FACT, 0, 5)]
    assert [table["table"] for table in output["tables"]] == [FACT]
    assert in_five_parts.maps(execution) == {"SilverParts": "SUCCEEDED", "PublishParts": "SUCCEEDED"}
    assert in_five_parts.maps(in_five_parts.audit_of(execution)) == {"AuditSilverParts": "SUCCEEDED"}
    assert {in_five_parts.body(key) for key in parts_of(FACT, 5)} == {"part of again"}


def test_a_small_run_enters_no_distributed_map(account: Account) -> None:
    for layer in layout.LAYERS:
        account.run(layer, run_id="before")
        execution = account.run(layer, run_id="small")
        assert execution["status"] == "SUCCEEDED", execution
        assert account.maps(execution) == account.maps(account.audit_of(execution)) == {}
    assert account.keys("calls/small/") == []


@pytest.mark.parametrize("step", ["write", "audit"])
def test_a_part_that_fails_once_is_tried_again_and_no_other(in_five_parts: Account, step: str) -> None:
    in_five_parts.fail("silver", step, 2, times=1)
    execution = in_five_parts.run("silver", run_id=f"once-{step}")
    assert execution["status"] == "SUCCEEDED", execution
    once = dict.fromkeys(range(5), 1)
    for each in ("write", "audit"):
        calls = in_five_parts.calls(f"once-{step}", "silver", each)
        assert calls == (once | {2: 2} if each == step else once)
    assert {in_five_parts.body(key) for key in parts_of(FACT, 5)} == {f"part of once-{step}"}


def test_a_part_that_fails_for_good_fails_the_layer_and_nothing_is_published(in_five_parts: Account) -> None:
    in_five_parts.fail("silver", "write", 4, times=3)
    execution = in_five_parts.run("silver", run_id="for-good")
    assert execution["status"] == "FAILED"
    assert execution["error"] == "States.ExceedToleratedFailureThreshold"
    assert in_five_parts.calls("for-good", "silver", "write")[4] == 3
    assert in_five_parts.maps(execution) == {"SilverParts": "FAILED"}
    assert {in_five_parts.body(key) for key in parts_of(FACT, 5)} == {"part of five"}


def test_a_failed_audit_of_parts_publishes_and_retires_nothing(in_five_parts: Account) -> None:
    execution = in_five_parts.run("bronze", run_id="worse", source={"body": "bad ", "parts": 3})
    assert execution["status"] == "FAILED"
    assert execution["cause"] == "pedidos: the rule 'chave unica' failed for 2 of 30 rows"
    for table in PARTED:
        assert published(in_five_parts, table) == parts_of(table, 5)
        assert {in_five_parts.body(key)[:8] for key in parts_of(table, 5)} == {"new five"}


def test_what_is_stale_stays_until_all_is_published(in_five_parts: Account) -> None:
    in_five_parts.s3.put_object(Bucket=BUCKET, Key="lost/bronze/one", Body=b"")
    execution = in_five_parts.run("bronze", run_id="lost", source={"parts": 3})
    assert execution["status"] == "FAILED"
    assert execution["cause"].startswith("The audit of bronze passed, but not every table could be published: ")
    assert in_five_parts.maps(execution) == {"PublishParts": "FAILED"}
    assert in_five_parts.maps(in_five_parts.audit_of(execution)) == {"AuditBronzeParts": "SUCCEEDED"}
    for table in PARTED:
        assert set(parts_of(table, 5)) <= set(published(in_five_parts, table))
    assert in_five_parts.run("bronze", run_id="mended", source={"parts": 3})["status"] == "SUCCEEDED"
    for table in PARTED:
        assert published(in_five_parts, table) == parts_of(table, 3)


@pytest.mark.parametrize("layer", layout.LAYERS)
def test_an_audit_of_published_parts_looks_at_each_once(in_five_parts: Account, layer: str) -> None:
    in_five_parts.run("gold", run_id="five")
    execution = in_five_parts.run(f"teste_{layer}")
    assert execution["status"] == "SUCCEEDED", execution
    assert in_five_parts.maps(execution) == {f"Audit{layer.capitalize()}Parts": "SUCCEEDED"}
    assert in_five_parts.calls(execution["name"], layer, "audit") == dict.fromkeys(range(5), 1)


def test_a_part_whose_audit_fails_for_good_fails_the_layer(in_five_parts: Account) -> None:
    in_five_parts.fail("silver", "audit", 4, times=3)
    execution = in_five_parts.run("silver", run_id="audit-for-good")
    assert execution["status"] == "FAILED"
    assert execution["error"] == "States.ExceedToleratedFailureThreshold"
    assert in_five_parts.maps(execution) == {"SilverParts": "SUCCEEDED"}
    assert in_five_parts.maps(in_five_parts.audit_of(execution)) == {"AuditSilverParts": "FAILED"}
    assert {in_five_parts.body(key) for key in parts_of(FACT, 5)} == {"part of five"}
