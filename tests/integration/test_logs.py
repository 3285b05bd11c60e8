"""What the seven Lambdas print: lines of JSON that say run, execution, table and rows, and metrics; and traces."""

import importlib
import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from exports import SAMPLE
from lakehouse_tables import TABLES
from moto import mock_aws

from lakehouse.errors import InputError
from lakehouse.lake import layout
from lakehouse.runtime import NAMESPACE, instrumented, logger

ROOT = Path(__file__).resolve().parents[2]
BUCKET = "importau-lakehouse-logs"
CONTEXT = SimpleNamespace(
    function_name="f",
    memory_limit_in_mb=3008,
    aws_request_id="request",
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:f",
)
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:StateMachine_DAG_x:exemplo"
ORIGIN = {"execution": EXECUTION, "state_machine": "StateMachine_DAG_x", "state": "Y"}
ASSETS = [f"importau_{layer}.{table}" for layer in layout.LAYERS for table in TABLES[layer]]
# By function: its module, what it says of a table, the tables it tells of, and what it counts of each.
FUNCTIONS = {
    name: told
    for layer in layout.LAYERS
    for name, told in {
        layer: (f"{layer}.app", "staged", TABLES[layer], {"rows_kept", "rows_quarantined"}),
        f"teste_{layer}": (f"tests.teste_{layer}", "audited", TABLES[layer], {"rules_failed", "rules_warned"}),
    }.items()
} | {"governance": ("governance.app", "registered", ASSETS, set[str]())}


class Printed:
    """What was printed: log lines, and metrics in the embedded format."""

    def __init__(self, text: str) -> None:
        lines = [json.loads(line) for line in text.splitlines()]
        self.logs = [line for line in lines if "_aws" not in line]
        self.metrics = [line for line in lines if "_aws" in line]

    def of_tables(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.logs if line["message"] == message and "table" in line]

    def values(self, **dimensions: str) -> dict[str, float]:
        """Return metrics by name, of those lines whose dimensions are the function and these."""
        found: dict[str, float] = {}
        for line in self.metrics:
            (directive,) = line["_aws"]["CloudWatchMetrics"]
            assert directive["Namespace"] == NAMESPACE
            assert "service" in directive["Dimensions"][0]
            if {name: line[name] for name in directive["Dimensions"][0] if name != "service"} == dimensions:
                found |= {metric["Name"]: line[metric["Name"]][0] for metric in directive["Metrics"]}
        return found


@contextmanager
def printing() -> Iterator[io.StringIO]:
    """Gather logs and metrics in one stream, as in a Lambda."""
    both = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(both):
        patch.setattr(logger.registered_handler, "stream", both)
        yield both


@pytest.fixture(scope="module")
def printed(csv_dir: Path) -> Iterator[dict[str, Printed]]:
    """Run the seven sample events as one run on the sample; return what each function printed."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
            patch.delenv(name, raising=False)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("LAKE_BUCKET", BUCKET)
        s3, glue = boto3.client("s3"), boto3.client("glue")
        s3.create_bucket(Bucket=BUCKET)
        for table in TABLES[layout.BRONZE]:
            s3.upload_file(str(csv_dir / f"{table}.csv"), BUCKET, layout.landing_key(table))
        for database in (*layout.LAYERS, "governanca"):
            glue.create_database(DatabaseInput={"Name": f"importau_{database}"})
        said = {}
        for function, (module, *_) in FUNCTIONS.items():
            event = json.loads((ROOT / f"events/{function}.json").read_text("utf-8")) | {"origin": ORIGIN}
            with printing() as stream:
                result = importlib.import_module(module).handler(event, CONTEXT)
            said[function] = Printed(stream.getvalue())
            for table in result["tables"] if module.endswith(".app") and function != "governance" else ():
                source = {"Bucket": BUCKET, "Key": table["staged_key"]}
                s3.copy_object(Bucket=BUCKET, Key=table["published_key"], CopySource=source)
        yield said


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_line_says_which_run_and_execution_it_belongs_to(printed: dict[str, Printed], function: str) -> None:
    said = printed[function]
    for line in (*said.logs, *said.metrics):
        assert (line["run_id"], line["execution_id"]) == ("exemplo", EXECUTION)
    for line in said.logs:
        assert {"level", "timestamp", "message", "function_request_id"} <= set(line)
        assert (line["state_machine"], line["state"]) == ("StateMachine_DAG_x", "Y")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_tells_of_each_table_with_its_rows(printed: dict[str, Printed], function: str) -> None:
    _, message, tables, _ = FUNCTIONS[function]
    told = printed[function].of_tables(message)
    assert [line["table"] for line in told][: len(tables)] == list(tables)
    rows = {line["table"].rpartition(".")[2]: line["rows"] for line in told}
    names = [table.rpartition(".")[2] for table in tables]
    assert {name: rows[name] for name in names} == {name: SAMPLE.of_table[name] for name in names}


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if FUNCTIONS[name][3]])
def test_what_is_counted_of_a_table_is_a_metric_and_is_logged(printed: dict[str, Printed], function: str) -> None:
    _, message, tables, counted = FUNCTIONS[function]
    logged = {line["table"]: line for line in printed[function].of_tables(message)}
    for table in tables:
        values = printed[function].values(table=table)
        assert set(values) == counted
        assert values == {name: logged[table][name] for name in counted}


def test_the_row_set_aside_is_counted(printed: dict[str, Printed]) -> None:
    assert printed["bronze"].values(table="emprestimos") == {"rows_kept": 11, "rows_quarantined": 1}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_invocation_is_timed(printed: dict[str, Printed], function: str) -> None:
    values = printed[function].values()
    assert values["duration"] > 0
    assert values["failures"] == 0
    assert printed[function].logs[-1]["message"] == "finished"


def test_governance_counts_what_it_found(printed: dict[str, Printed]) -> None:
    # One problem: no state machine here declares what StateMachine_DAG_x.Y was seen to read and write.
    assert printed["governance"].values() | {"duration": 0} == {
        "duration": 0, "failures": 0, "assets": 14, "problems": 1, "findings": 0, "undelivered": 0,
    }  # fmt: skip


def test_a_failure_is_one_line_with_its_error_and_is_counted() -> None:
    @instrumented
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        raise InputError(["pedidos.csv is missing", "cambio.csv is missing"])

    with printing() as stream, pytest.raises(InputError):
        handler({"run_id": "r9"}, CONTEXT)
    said = Printed(stream.getvalue())
    (line,) = said.logs
    assert (line["level"], line["message"], line["error"]) == ("ERROR", "failed", "InputError")
    assert (line["run_id"], line["execution_id"]) == ("r9", "by-hand/r9")
    assert "cambio.csv is missing" in line["exception"]
    assert said.values()["failures"] == 1


def test_one_invocation_leaves_nothing_in_the_lines_of_the_next() -> None:
    @instrumented
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        return {}

    with printing() as stream:
        handler({"run_id": "r1", "origin": ORIGIN}, CONTEXT)
        handler({"run_id": "r2"}, CONTEXT)
    first, second = Printed(stream.getvalue()).logs
    assert first["execution_id"] == EXECUTION
    assert second["execution_id"] == "by-hand/r2"
    assert "state_machine" not in second


PROGRAM = """
import sys
from types import SimpleNamespace
from lakehouse.runtime import instrumented

@instrumented
def handler(event, context):
    return {}

handler({"run_id": "r1"}, SimpleNamespace(function_name="f", memory_limit_in_mb=512, aws_request_id="1",
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:f"))
print("traced" if "aws_xray_sdk" in sys.modules else "untraced")
"""


def run(**environment: str) -> str:
    """Run a handler in a Lambda's environment; return the last line it prints."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "functions/common"), "LAMBDA_TASK_ROOT": "/var/task"}
        | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.splitlines()[-1]


def test_a_handler_is_traced_with_its_run_where_the_template_says_so() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(10)
        last = run(
            POWERTOOLS_TRACE_DISABLED="false",
            POWERTOOLS_SERVICE_NAME="bronze",
            AWS_XRAY_DAEMON_ADDRESS=f"127.0.0.1:{daemon.getsockname()[1]}",
            _X_AMZN_TRACE_ID="Root=1-5759e988-bd862e3fe1be46a994272793;Parent=557abcec3ee5a047;Sampled=1",
        )
        assert last == "traced"
        segment = json.loads(daemon.recv(65535).decode().splitlines()[1])
    assert segment["name"] == "## handler"
    assert segment["annotations"] == {"ColdStart": True, "Service": "bronze", "run_id": "r1"}


def test_without_tracing_the_sdk_costs_no_cold_start() -> None:
    assert run(POWERTOOLS_TRACE_DISABLED="true") == "untraced"
