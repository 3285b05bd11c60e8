"""What the Lambdas print: lines of JSON that say run, execution, table and rows, and metrics; and traces."""

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
from lakehouse.runtime import METRICS, NAMESPACE, instrumented, logger

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
# By function: its module, what it says of a table, the tables it tells of, and what it counts of each.
FUNCTIONS = {
    name: told
    for layer in layout.LAYERS
    for name, told in {
        layer: (f"{layer}.app", "staged", TABLES[layer], {"rows_kept", "rows_quarantined"}),
        f"teste_{layer}": (f"tests.teste_{layer}", "audited", TABLES[layer], {"rules_failed", "rules_warned"}),
    }.items()
} | {
    "governance": ("governance.app", "registered", [], set[str]()),
    "publish": ("publish.app", "registered", [], set[str]()),
}


class Printed:
    """What was printed: log lines, and metrics in the embedded format."""

    def __init__(self, text: str) -> None:
        lines = [json.loads(line) for line in text.splitlines()]
        self.logs = [line for line in lines if "_aws" not in line]
        self.metrics = [line for line in lines if "_aws" in line]

    def of_tables(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.logs if line["message"] == message and "table" in line]

    def values(self) -> list[dict[str, float]]:
        """Return the metrics of each line by name; the function is all that a series is told apart by."""
        found = []
        for line in self.metrics:
            (directive,) = line["_aws"]["CloudWatchMetrics"]
            assert directive["Namespace"] == NAMESPACE
            assert directive["Dimensions"] == [["service"]]
            found.append({metric["Name"]: line[metric["Name"]][0] for metric in directive["Metrics"]})
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
    """Run the sample events as one run on the sample; return what each function printed."""
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
        for database in layout.databases():
            glue.create_database(DatabaseInput={"Name": database})
        said = {}
        for function, (module, *_) in FUNCTIONS.items():
            event = json.loads((ROOT / f"events/{function}.json").read_text("utf-8")) | {"origin": ORIGIN}
            with printing() as stream:
                importlib.import_module(module).handler(event, CONTEXT)
            said[function] = Printed(stream.getvalue())
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
    assert {name: rows[name] for name in names} == {name: SAMPLE.of_table.get(name, rows[name]) for name in names}
    assert all(rows[name] > 0 for name in names)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_counted_of_a_table_is_logged_and_what_the_dashboard_shows_is_a_metric(
    printed: dict[str, Printed], function: str
) -> None:
    _, message, tables, counted = FUNCTIONS[function]
    logged = [line for line in printed[function].of_tables(message) if line["table"] in tables]
    assert all(counted <= set(line) for line in logged)
    shown = [{name: line[name] for name in counted & METRICS} for line in logged if counted & METRICS]
    assert printed[function].values() == shown


def test_there_are_no_more_series_than_cloudwatch_gives_away(printed: dict[str, Printed]) -> None:
    series = {(name, function) for function, said in printed.items() for line in said.values() for name in line}
    assert len(series) == 8
    # "Free tier", https://aws.amazon.com/cloudwatch/pricing/
    assert len(series) <= 10


def test_the_row_set_aside_is_counted(printed: dict[str, Printed]) -> None:
    (line,) = (each for each in printed["bronze"].of_tables("staged") if each["table"] == "emprestimos")
    assert (line["rows_kept"], line["rows_quarantined"]) == (11, 1)
    assert sum(each["rows_quarantined"] for each in printed["bronze"].values()) == 1


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_invocation_ends_with_how_long_it_took(printed: dict[str, Printed], function: str) -> None:
    last = printed[function].logs[-1]
    assert last["message"] == "finished"
    assert last["duration_ms"] > 0


def test_governance_says_what_it_found(printed: dict[str, Printed]) -> None:
    # One problem: no state machine here declares what StateMachine_DAG_x.Y was seen to read and write.
    (line,) = (each for each in printed["governance"].logs if each["message"] == "governed")
    counts = {"assets": 4, "problems": 1, "findings": 0, "undelivered": 0}
    assert {name: line[name] for name in counts} == counts


# What docs/operating.md says of the lines of a run, whatever its size.
MOST_LINES, MOST_BYTES = 100, 100_000


def test_a_run_logs_no_more_than_is_said(printed: dict[str, Printed]) -> None:
    lines = [json.dumps(line) for said in printed.values() for line in (*said.logs, *said.metrics)]
    assert len(TABLES[layout.BRONZE]) < len(lines) <= MOST_LINES
    assert sum(map(len, lines)) <= MOST_BYTES


def test_of_a_part_nothing_is_said_but_that_it_failed() -> None:
    @instrumented
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        if event["run_id"] == "bad":
            raise InputError(["x"])
        return {}

    part = "bronze/pedidos/run=r/pedidos-00003-of-00064.parquet"
    with printing() as stream:
        handler({"run_id": "good", "part_key": part}, CONTEXT)
    assert stream.getvalue() == ""
    with printing() as stream, pytest.raises(InputError):
        handler({"run_id": "bad", "part_key": part}, CONTEXT)
    (line,) = Printed(stream.getvalue()).logs
    assert line["message"] == "failed"


def test_a_failure_is_one_line_with_its_error() -> None:
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
    assert said.metrics == []


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
