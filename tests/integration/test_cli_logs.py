"""`logs` against CloudWatch Logs (moto): what a person sees, what a program gets, and what comes while one watches."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from cli.main import app
from cli.running import logs
from cli.running.logs import Function
from cli.session import Aws

EMF = {"_aws": {"CloudWatchMetrics": []}, "run_id": "r1", "rows_kept": [29]}
STAGED = {
    "level": "INFO", "message": "staged", "service": "bronze", "run_id": "r1", "execution_id": "arn:x",
    "cold_start": True, "table": "emprestimos", "rows": 29, "rows_quarantined": 1,
}  # fmt: skip


class Lake(Aws):
    """A deployed stack that is nothing but the names of its functions."""

    def output(self, name: str) -> str:
        return f"importau-{name.removesuffix('FunctionName').lower()}"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        lake = Lake(boto3.Session("test", "test", region_name="us-east-1"), "importau")
        monkeypatch.setattr("cli.commands.logs.connect", lambda *_: lake)
        yield lake


@pytest.fixture
def write(aws: Lake) -> Callable[..., None]:
    """Return what writes lines to a function's log: dicts as JSON, text as it is."""
    client = aws.client("logs")

    def written(function: Function, *lines: dict[str, Any] | str, ago: float = 0) -> None:
        group = f"/aws/lambda/{aws.output(function.output)}"
        now = int((time.time() - ago) * 1000)
        try:
            client.create_log_group(logGroupName=group)
            client.create_log_stream(logGroupName=group, logStreamName="s")
        except client.exceptions.ResourceAlreadyExistsException:
            pass
        events = [{"timestamp": now, "message": json.dumps(line) if isinstance(line, dict) else line} for line in lines]
        client.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)

    return written


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["logs", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_line_says_function_level_message_table_rows_and_run_and_nothing_of_the_machinery(write: Any) -> None:
    write(Function.bronze, "START RequestId: 1 Version: $LATEST", STAGED, EMF, "REPORT RequestId: 1\tDuration: 1 ms")
    (line,) = printed().splitlines()
    assert line[19:] == " bronze       INFO  staged emprestimos rows=29 rows_quarantined=1 run=r1"
    datetime.strptime(line[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def test_an_error_comes_with_its_trace_and_text_that_is_no_json_is_not_lost(write: Any) -> None:
    write(Function.gold, {"level": "ERROR", "message": "failed", "error": "KeyError", "exception": "Traceback\n  [x]"})
    write(Function.silver, "Task timed out after 900.00 seconds")
    write(Function.teste_gold, {"timestamp": "t", "level": "ERROR", "message": "no module", "errorType": "ImportError",
                                "requestId": "1", "stackTrace": ["  File x\n", "  File y\n"]})  # fmt: skip
    said = printed()
    assert "gold         ERROR failed error=KeyError\n    Traceback\n      [x]\n" in said
    assert "silver       Task timed out after 900.00 seconds" in said
    assert "teste-gold   ERROR no module\n      File x\n      File y\n" in said


def test_the_platforms_word_is_printed_only_where_an_invocation_ended_badly(write: Any) -> None:
    report = {"time": "t", "type": "platform.report", "record": {"requestId": "1", "status": "success"}}
    write(Function.gold, {"time": "t", "type": "platform.start", "record": {"requestId": "1"}}, report)
    write(Function.gold, report | {"record": {"status": "error", "errorType": "Runtime.OutOfMemory"}})
    (line,) = printed().splitlines()
    assert line.endswith("ERROR platform.report: error Runtime.OutOfMemory")


def test_json_gives_every_object_as_it_was_written(write: Any) -> None:
    write(Function.bronze, "START RequestId: 1", STAGED, EMF)
    assert [json.loads(line) for line in printed("--json").splitlines()] == [STAGED, EMF]


def test_one_function_one_run_and_a_length_of_time_narrow_it_down(write: Any) -> None:
    write(Function.bronze, STAGED, STAGED | {"run_id": "r10"}, STAGED | {"note": "r1", "run_id": "r2"})
    write(Function.bronze, STAGED | {"message": "old"}, ago=600)
    write(Function.gold, STAGED | {"table": "g"})
    assert [line.count("run=r1") for line in printed("--run", "r1").splitlines()] == [1, 1, 1]
    assert "old" in printed("bronze", "--run", "r1")
    assert "old" not in printed("bronze", "--since", "5m")
    assert printed("silver") == ""


def test_a_length_of_time_that_is_none_is_refused() -> None:
    result = CliRunner().invoke(app, ["logs", "--since", "ten minutes"])
    assert result.exit_code == 2
    assert "'ten minutes' is no length of time" in result.stderr


def test_following_shows_each_line_once_as_it_comes_even_two_that_are_the_same(aws: Lake, write: Any) -> None:
    later = iter([lambda: write(Function.bronze, STAGED), lambda: None, lambda: write(Function.gold, STAGED, STAGED)])

    def pause(_: float) -> None:
        next(later)()

    write(Function.bronze, STAGED | {"message": "first"})
    begin = datetime.now(UTC) - timedelta(minutes=1)
    lines = logs.read(aws, list(Function), begin, follow=True, pause=pause)
    seen = [next(lines) for _ in range(4)]
    assert [line.function for line in seen] == ["bronze", "bronze", "gold", "gold"]
    with pytest.raises(StopIteration):
        next(later)


def test_every_function_of_the_template_has_its_name() -> None:
    from cli import ROOT

    template = (ROOT / "template.yaml").read_text("utf-8")
    deployed = {line.strip()[:-1] for line in template.splitlines() if line.endswith("FunctionName:")} - {""}
    assert {function.output for function in Function} == {name for name in deployed if name != "FunctionName"}
