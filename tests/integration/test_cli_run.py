"""`run`, `audit`, `export` and `local` against an embedded AWS, with stand-ins for the layers' state machines."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from lakehouse_tables import EVERY_TABLE, TABLES
from machines import rendered
from small_lake import published
from typer.testing import CliRunner, Result

from cli import ROOT
from cli.contents.independent import Comparison, Difference
from cli.embedded.endpoint import ACCOUNT
from cli.embedded.server import EmbeddedAws
from cli.main import app
from cli.running import machines
from cli.running.source import exported_files
from cli.session import Aws, at, embedded_aws
from lakehouse.lake import layout

ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
RUNS = count(1)
# A layer that says what it was given, and fails where its source says so.
LAYER = {
    "StartAt": "Given",
    "States": {
        "Given": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.source.orders", "NumericEquals": 664, "Next": "BronzeParts"},
                {"Variable": "$.source.orders", "NumericEquals": 665, "Next": "WriteFailed"},
                {"Variable": "$.source.orders", "NumericEquals": 666, "Next": "AuditFailed"},
            ],
            "Default": "Keep",
        },
        "Keep": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:copyObject",
            "Parameters": {"Bucket": "lake", "CopySource": "lake/origin", "Key.$": "$$.Execution.Name"},
            "ResultSelector": {"report_key": "report", "tables": []},
            "End": True,
        },
        "BronzeParts": {
            "Type": "Map",
            "Label": "BronzeParts",
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:listObjectsV2",
                "Parameters": {"Bucket": "lake", "Prefix": "part-"},
            },
            "ItemSelector": {"part_key.$": "$$.Map.Item.Value.Key"},
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Which",
                "States": {
                    "Which": {
                        "Type": "Choice",
                        "Choices": [{"Variable": "$.part_key", "StringEquals": "part-2", "Next": "PartFailed"}],
                        "Default": "Done",
                    },
                    "PartFailed": {"Type": "Fail", "Error": "StorageError", "Cause": "the part cannot be read"},
                    "Done": {"Type": "Succeed"},
                },
            },
            "End": True,
        },
        "WriteFailed": {"Type": "Fail", "Error": "InputError", "Cause": "one problem\ntwo [problems]"},
        "AuditFailed": {
            "Type": "Fail",
            "Error": "AuditFailed",
            "Cause": "cambio: rule [taxa] failed 3 times; see s3://x",
        },
    },
}


# What the Lambdas of the pipeline return, by their states.
RETURNED = {
    "Open": {"base": 0, "nothing_to_do": False, "why": ""},
    "Govern": {"passed": True, "cause": ""},
    "Publish": {"version": 4, "lagging": []},
    "Discover": {
        "version": 4,
        "new": False,
        "crawlers": [],
        "why": "contracts, schemas and layout are those that were crawled",
    },
    "NoteCrawled": {"differences": []},
}


def without_lambdas(definition: str) -> str:
    """Return the pipeline with states that return something in the place of those that call a Lambda or a crawler."""
    pipeline = json.loads(definition)
    for name, state in pipeline["States"].items():
        if state["Type"] == "Map" or "lambda" in state.get("Resource", ""):
            kept = {key: state[key] for key in ("Next", "ResultPath")}
            pipeline["States"][name] = {"Type": "Pass", "Result": RETURNED.get(name, {})} | kept
    return json.dumps(pipeline)


PASSED = {"StartAt": "Audited", "States": {"Audited": {"Type": "Succeed"}}}
# Gold's audit finds a rule that fails.
AUDIT = {
    "StartAt": "AuditFailed",
    "States": {"AuditFailed": {"Type": "Fail", "Error": "AuditFailed", "Cause": "What is published: rule [x] failed."}},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("importau")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPORTAU_HOME", str(path))
        yield path


@pytest.fixture(scope="module")
def aws(home: Path) -> Iterator[Aws]:
    with embedded_aws() as endpoint:
        found = at(endpoint)
        found.s3.create_bucket(Bucket="lake")
        found.s3.put_object(Bucket="lake", Key="origin", Body=b"")
        layers = {layer: machine(found, layer, json.dumps(LAYER)) for layer in layout.LAYERS}
        definition = rendered(
            "pipeline", **{f"{layer.capitalize()}StateMachineArn": arn for layer, arn in layers.items()}
        )
        audits = {
            f"teste_{layer}": machine(found, f"teste_{layer}", json.dumps(AUDIT if layer == "gold" else PASSED))
            for layer in layout.LAYERS
        }
        machines = layers | audits | {"pipeline": machine(found, "pipeline", without_lambdas(definition))}
        outputs = {f"StateMachine{name.title().replace('_', '')}Arn": arn for name, arn in machines.items()}
        template = {
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {name: {"Value": value} for name, value in (outputs | {"BucketName": "lake"}).items()},
        }
        found.cloudformation.create_stack(StackName=found.stack, TemplateBody=json.dumps(template))
        found.cloudformation.get_waiter("stack_create_complete").wait(
            StackName=found.stack, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
        yield found


def machine(aws: Aws, name: str, definition: str) -> str:
    answer = aws.states.create_state_machine(name=f"StateMachine_DAG_{name}", definition=definition, roleArn=ROLE)
    return answer["stateMachineArn"]


@pytest.fixture
def run_id(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name the next run, and leave the audit reports it would write."""
    name = f"run-{next(RUNS)}"
    monkeypatch.setattr(machines, "new_run_id", lambda **_: name)
    for layer in layout.LAYERS:
        report: dict[str, Any] = {
            "run_id": name,
            "passed": True,
            "tables": [
                {"table": table, "verdict": "pass", "rows": 7, "quarantined": int(table == "cambio"), "rules": []}
                for table in TABLES[layer]
            ],
        }
        aws.s3.put_object(Bucket="lake", Key=layout.quality_key(name, layer), Body=json.dumps(report))
    return name


@pytest.fixture
def csvs(tmp_path: Path) -> Path:
    for name in exported_files():
        (tmp_path / name).write_text(f"{name} from {tmp_path}")
    return tmp_path


def importau(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def content(aws: Aws, key: str) -> bytes:
    return aws.s3.get_object(Bucket="lake", Key=key)["Body"].read()


def given(aws: Aws, name: str, run_id: str) -> Any:
    """Return the input of the execution of a run."""
    arn = aws.state_machine(name).replace(":stateMachine:", ":execution:") + f":{run_id}"
    return json.loads(aws.states.describe_execution(executionArn=arn)["input"])


def test_the_pipeline_runs_the_uploaded_files_and_shows_the_tables(aws: Aws, run_id: str, csvs: Path) -> None:
    result = importau("run", "--local", "--csv-dir", str(csvs))
    assert result.exit_code == 0, result.output
    assert content(aws, layout.landing_key("pedidos")).decode() == f"pedidos.csv from {csvs}"
    assert given(aws, "pipeline", run_id) == {"source": {"type": "csv"}}
    shown = [line for line in result.stdout.splitlines() if "pass" in line]
    assert len(shown) == len(EVERY_TABLE)
    assert [line.split()[0] for line in shown] == list(EVERY_TABLE)
    headings = [line.split()[0] for line in result.stdout.splitlines() if line.startswith(layout.LAYERS)]
    assert headings == list(layout.LAYERS)
    for step in ("bronze: Keep", "silver: Keep", "gold: Keep", "pipeline: Gold", "pipeline succeeded"):
        assert f"✓ {step}" in result.stderr
    assert "version 4 published" in result.stderr
    assert run_id in result.stderr
    assert f"rows set aside: s3://lake/quarantine/bronze/cambio/{run_id}.parquet" in result.stderr


def test_a_later_run_takes_the_files_that_were_uploaded_before(aws: Aws, run_id: str, csvs: Path) -> None:
    for table in TABLES["bronze"]:
        aws.s3.put_object(Bucket="lake", Key=layout.landing_key(table), Body=b"before")
    result = importau("run", "--local")
    assert result.exit_code == 0, result.output
    assert "from the CSVs uploaded before" in result.stderr
    assert content(aws, layout.landing_key("pedidos")) == b"before"


def test_a_run_without_files_names_them_and_starts_nothing(aws: Aws, run_id: str) -> None:
    aws.s3.delete_object(Bucket="lake", Key=layout.landing_key("produtos"))
    result = importau("run", "bronze", "--local")
    assert result.exit_code == 2
    assert "produtos.csv" in result.stderr
    executions = aws.states.list_executions(stateMachineArn=aws.state_machine("bronze"))["executions"]
    assert run_id not in [execution["name"] for execution in executions]


def test_one_layer_shows_its_own_tables(aws: Aws, run_id: str) -> None:
    result = importau("run", "bronze", "--local", "--orders", "12", "--seed", "3")
    assert result.exit_code == 0, result.output
    assert len([line for line in result.stdout.splitlines() if "pass" in line]) == 7
    assert given(aws, "bronze", run_id) == {"source": {"type": "synthetic", "orders": 12, "seed": 3}}


def test_a_failed_audit_names_the_layer_the_error_and_the_cause_and_shows_how_far_it_got(aws: Aws, run_id: str) -> None:
    aws.s3.delete_object(Bucket="lake", Key=layout.quality_key(run_id, "silver"))
    result = importau("run", "--local", "--orders", "666")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        "error: bronze failed (AuditFailed): cambio: rule [taxa] failed 3 times; see s3://x"
    )
    assert re.search(r"fato_pedido_correlacionado +- +- +not run", result.stdout)


def test_every_problem_of_the_input_is_said_on_its_own_line_and_no_table_of_nothing_is_shown(
    aws: Aws, run_id: str
) -> None:
    for layer in layout.LAYERS:
        aws.s3.delete_object(Bucket="lake", Key=layout.quality_key(run_id, layer))
    result = importau("run", "--local", "--orders", "665")
    assert result.exit_code == 1
    assert result.stderr.endswith("error: bronze failed (InputError):\n  one problem\n  two [problems]\n")
    assert result.stdout == ""


def test_a_part_that_failed_says_why_in_the_place_of_its_map(aws: Aws, run_id: str) -> None:
    for layer in layout.LAYERS:
        aws.s3.delete_object(Bucket="lake", Key=layout.quality_key(run_id, layer))
    for part in range(4):
        aws.s3.put_object(Bucket="lake", Key=f"part-{part}", Body=b"")
    result = importau("run", "--local", "--orders", "664")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        "error: bronze failed in BronzeParts (StorageError): 1 of 4 parts failed; part-2: the part cannot be read"
    )


@pytest.fixture
def newest(aws: Aws) -> Iterator[int]:
    """Publish a version, and take it away again."""
    version = published(aws, f"published-{next(RUNS)}", tables=["cambio"])
    yield version.number
    aws.s3.delete_object(Bucket="lake", Key=layout.version_key(version.number))


@pytest.fixture
def audited(aws: Aws, run_id: str, newest: int) -> str:
    """Leave the reports that the next audits of the newest version would write."""
    for layer, tables in TABLES.items():
        verdict, rules = ("fail", [{"status": "fail"}]) if layer == "gold" else ("pass", [])
        report = {
            "run_id": run_id, "passed": verdict == "pass", "of": "published", "version": newest,
            "published_by": "earlier",
            "tables": [{"table": t, "verdict": verdict, "rows": 7, "quarantined": 0, "rules": rules} for t in tables],
        }  # fmt: skip
        aws.s3.put_object(Bucket="lake", Key=layout.published_audit_key(run_id, layer), Body=json.dumps(report))
    return run_id


def test_an_audit_of_one_layer_shows_its_tables_and_which_run_published_them(
    aws: Aws, audited: str, newest: int
) -> None:
    result = importau("audit", "bronze", "--local")
    assert result.exit_code == 0, result.output
    assert len([line for line in result.stdout.splitlines() if "pass" in line]) == 7
    which = f"bronze of version {newest}, published by run earlier"
    assert f"{which}: s3://lake/governance/quality/published/bronze/{audited}.json" in (result.stderr.splitlines())
    assert given(aws, "teste_bronze", audited) == {"version": newest}


def test_an_audit_of_all_layers_goes_on_after_one_that_fails_and_says_which_rule_did(aws: Aws, audited: str) -> None:
    result = importau("audit", "--local")
    assert result.exit_code == 1
    verdicts = [line.split()[-3] for line in result.stdout.splitlines() if "error" in line or "pass" in line]
    assert len(verdicts) == len(EVERY_TABLE)
    assert result.stdout.count("1 error") == 2
    assert result.stderr.splitlines()[-1] == "error: What is published: rule [x] failed."


def test_an_audit_in_json_has_every_layer_with_its_verdict_and_tables(aws: Aws, audited: str) -> None:
    result = importau("audit", "--local", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert [(each["layer"], each["passed"], each["published_by"]) for each in found] == [
        ("bronze", True, "earlier"), ("silver", True, "earlier"), ("gold", False, "earlier"),
        ("forecast", True, "earlier"),
    ]  # fmt: skip
    assert [len(each["tables"]) for each in found] == [7, 1, 2, 2]
    assert found[2]["cause"] == "What is published: rule [x] failed."


_DIFFERENCE = Difference("cambio", "taxa_ptax_positiva", "pass", "fail", "Actual custom_sql(cambio) was [2]")


@pytest.mark.parametrize("differences", [(), (_DIFFERENCE,)], ids=["agrees", "does-not"])
def test_an_audit_that_another_program_does_not_agree_with_fails_and_names_the_rule(
    aws: Aws, audited: str, monkeypatch: pytest.MonkeyPatch, differences: tuple[Difference, ...]
) -> None:
    comparison = Comparison("datacontract-cli 1", 16, 16, 16 - len(differences), differences)
    monkeypatch.setattr("cli.commands.audit._compared", lambda *_: comparison)
    result = importau("audit", "bronze", "--local", "--independent")
    assert result.exit_code == len(differences), result.output
    named = ["  cambio.taxa_ptax_positiva: pass by the audit, fail (Actual custom_sql(cambio) was [2])"]
    said = result.stdout.splitlines()
    assert said[said.index(str(comparison)) + 1 :] == named[: len(differences)]


def test_a_comparison_with_another_program_is_beside_the_audits_in_json(
    aws: Aws, audited: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.commands.audit._compared", lambda *_: Comparison("datacontract-cli 1", 16, 16, 16, ()))
    told = json.loads(importau("audit", "bronze", "--local", "--independent", "--json").stdout)
    assert (told["independent"]["agreed"], [each["layer"] for each in told["audits"]]) == (16, ["bronze"])


def test_an_audit_that_comes_to_no_verdict_says_by_what_fault(
    aws: Aws, run_id: str, newest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "StorageError", "Cause": "no such table"}}}
    arn = aws.state_machine("teste_silver")
    aws.states.update_state_machine(stateMachineArn=arn, definition=json.dumps(broken))
    try:
        result = importau("audit", "silver", "--local", "--json")
        monkeypatch.setattr(machines, "new_run_id", lambda: f"{run_id}-all")
        all_of_them = importau("audit", "--local")
    finally:
        aws.states.update_state_machine(stateMachineArn=arn, definition=json.dumps(PASSED))
    assert result.exit_code == 1
    (found,) = json.loads(result.stdout)
    assert (found["passed"], found["report_key"], found["tables"]) == (False, None, [])
    assert result.stderr.splitlines()[-1] == "error: the audit of silver failed (StorageError): no such table"
    assert all_of_them.stdout == ""
    assert all_of_them.stderr.splitlines()[-3:] == [
        "error: 2 of 4 audits failed:",
        "  the audit of silver failed (StorageError): no such table",
        "  What is published: rule [x] failed.",
    ]


def test_an_export_of_a_lake_without_a_version_says_what_to_run_first(aws: Aws, tmp_path: Path) -> None:
    result = importau("export", "--local", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert "nothing was published yet" in result.stderr


def test_status_says_where_it_is_and_what_is_deployed(aws: Aws) -> None:
    result = importau("local", "status")
    assert result.exit_code == 0
    assert aws.endpoint and aws.endpoint in result.stdout
    assert "deployed, bucket lake" in result.stdout


def test_another_stack_is_not_deployed(aws: Aws) -> None:
    result = importau("run", "--local", "--stack", "another", "--orders", "5")
    assert result.exit_code == 1
    assert "the stack another is not deployed on the embedded AWS" in result.stderr


def test_up_says_how_to_reach_a_running_one_in_words_a_shell_takes(aws: Aws) -> None:
    result = importau("local", "up")
    assert result.exit_code == 0
    assert f"export AWS_ENDPOINT_URL={aws.endpoint}" in result.stdout.splitlines()
    assert all(line.startswith("export ") for line in result.stdout.splitlines())


def test_up_for_docker_hands_over_the_bucket_that_is_deployed(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.commands.local.bridge", lambda: None)  # as where Docker Desktop brings containers here
    result = importau("local", "up", "--docker")
    assert result.exit_code == 0
    file = Path(result.stderr.replace("\n", "").partition("has to know of it is in ")[2].partition("it answers at")[0])
    handed = json.loads(file.read_text())["Parameters"]
    assert handed["LAKE_BUCKET"] == "lake"
    assert aws.endpoint and handed["AWS_ENDPOINT_URL"].endswith(aws.endpoint.rpartition(":")[2])


def test_the_log_is_printed(aws: Aws) -> None:
    assert len(importau("local", "logs", "-n", "3").stdout.splitlines()) <= 3


WAITING = """
import signal, sys, time
# A shell's background job, which these tests may run in, ignores SIGINT.
signal.signal(signal.SIGINT, signal.default_int_handler)
from cli.commands import demo
from cli import main
demo.sam.build = lambda *arguments: (print("started", flush=True), time.sleep(60))
main.main()
"""


@pytest.mark.parametrize("request_to_end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_demo_leaves_no_server_behind(tmp_path: Path, request_to_end: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING, "demo", "--orders", "5"],
        cwd=ROOT,
        env=os.environ | {"IMPORTAU_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "started\n"
        server = EmbeddedAws(tmp_path / "aws")
        assert server.status() is not None
        running.send_signal(request_to_end)
        said = running.communicate(timeout=30)[1]
    assert running.returncode == (130 if request_to_end is signal.SIGINT else 128 + request_to_end)
    assert "Traceback" not in said
    assert server.status() is None
    assert not server.stop()
