"""`alerts`, and what a run that fails shows: the messages, as the lake keeps them."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from simulated_aws import simulated_lake
from status_events import AT, RUN, event
from typer.testing import CliRunner, Result

from alert.ended import Ended
from alert.facts import Facts
from alert.message import message_of
from cli.commands import alerts as command
from cli.main import app
from cli.running.alerts import TOPIC, show_sent
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with simulated_lake("lake") as lake:
        aws = SimpleNamespace(bucket="lake", s3=lake.client, outputs={TOPIC: "arn"}, endpoint="http://127.0.0.1:1")
        monkeypatch.setattr(command, "connect", lambda *_: aws)
        yield aws


def kept(aws: Any, run: str = RUN, **detail: Any) -> dict[str, Any]:
    ended = Ended.of_event(event(**{"name": run, "error": "InputError", "cause": "[x] is missing"} | detail))
    assert ended is not None
    content = message_of(ended, Facts()).as_json()
    Lake(aws.bucket, aws.s3).write_json(content, layout.alert_key(ended.at, ended.machine, ended.name))
    return content


def runs(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["alerts", *arguments], catch_exceptions=False)


def test_messages_are_listed_newest_first(aws: Any) -> None:
    later = int(AT.timestamp() * 1000) + 3_600_000
    kept(aws, "first")
    kept(aws, "second", stopDate=later)
    lines = runs().stdout.splitlines()
    assert [line.split()[2] for line in lines if "pipeline: input" in line] == ["second", "first"]
    assert "2026-11-30 15:05" in lines[2]
    assert [each["run"] for each in json.loads(runs("--json").stdout)] == ["second", "first"]


def test_one_is_shown_whole_with_its_brackets(aws: Any) -> None:
    content = kept(aws)
    shown = runs(RUN).stdout
    assert shown.splitlines()[0] == content["subject"]
    assert "cause: [x] is missing" in shown
    assert "what to do:" in shown


def test_a_run_that_nothing_was_said_of_is_a_mistake(aws: Any) -> None:
    done = runs("nobody")
    assert done.exit_code == 2
    assert "no message was sent about run nobody" in done.stderr


def test_where_nobody_is_told_the_way_to_change_that_is_said(aws: Any) -> None:
    aws.outputs.clear()
    said = runs().stderr
    assert "deploy --alert" in said
    assert "no message was sent so far" in said


def test_only_the_last_twenty_are_read_unless_all_are_asked_for(aws: Any) -> None:
    for number in range(25):
        kept(aws, f"run-{number}", stopDate=int(AT.timestamp() * 1000) + number * 1000)
    assert len(json.loads(runs("--json").stdout)) == 20
    assert len(json.loads(runs("--json", "--all").stdout)) == 25


def test_a_run_that_fails_on_the_embedded_aws_shows_its_message_once_it_is_there(
    aws: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        kept(aws)

    show_sent(aws, "pipeline", RUN, pause)
    said = capsys.readouterr().err
    assert len(pauses) == 1
    assert "cause: [x] is missing" in said
    assert f"IMPORTAU pipeline: the input cannot be used, {RUN}" in said


def test_on_an_account_it_is_mailed_and_only_said_to_be(aws: Any, capsys: pytest.CaptureFixture[str]) -> None:
    aws.endpoint = None
    show_sent(aws, "pipeline", RUN)
    assert f"./importau alerts {RUN}" in capsys.readouterr().err
    aws.outputs.clear()
    show_sent(aws, "pipeline", RUN)
    assert capsys.readouterr().err == ""
