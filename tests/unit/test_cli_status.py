"""`status`: what is published and whether whole, what runs, waits or failed, what to do; and its exit code."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lakehouse_tables import EVERY_TABLE, FACT, TABLES
from small_lake import BUCKET, account, deploy, published
from typer.testing import CliRunner, Result

from cli.commands import status
from cli.main import app
from cli.running.machines import MACHINES
from cli.session import Aws
from cli.versioning import executions, state
from cli.versioning.executions import Execution
from lakehouse.lake import layout
from lakehouse.lake.catalogue import LAKE_VERSION
from lakehouse.lake.s3 import Lake

pytestmark = pytest.mark.once

SINCE = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with account(monkeypatch) as found:
        deploy(found)
        monkeypatch.setattr(status, "connect", lambda *_: found)
        monkeypatch.setattr(executions, "running", lambda _: [])
        monkeypatch.setattr(executions, "failed", lambda *_: [])
        yield found


def registered(aws: Aws, number: int) -> None:
    """Make the catalogue show a version of every table."""
    glue = aws.client("glue")
    for layer, tables in TABLES.items():
        database = layout.database_of(layer)
        glue.create_database(DatabaseInput={"Name": database})
        for table in tables:
            entry: Any = {"Name": table, "Parameters": {LAKE_VERSION: str(number)}}
            glue.create_table(DatabaseName=database, TableInput=entry)


def importau(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["status", *arguments])


def at_work(run: str = "outro") -> Execution:
    return Execution("pipeline", run, "RUNNING", SINCE, "silver: WriteSilver")


def test_a_whole_lake_where_nothing_happens_needs_nobody(aws: Aws) -> None:
    published(aws, "um")
    registered(aws, 1)
    result = importau()
    assert result.exit_code == 0
    assert "published  version 1, of run um" in result.stdout
    assert "whole      yes" in result.stdout
    assert "catalogue  shows version 1" in result.stdout
    assert "failed     nothing since then" in result.stdout
    assert result.stderr == ""


def test_an_empty_lake_says_what_to_run(aws: Aws) -> None:
    result = importau()
    assert result.exit_code == 1
    assert "published  nothing yet" in result.stdout
    assert "`./importau run`" in result.stderr


def test_a_file_that_was_replaced_is_named_with_the_version_to_go_back_to(aws: Aws) -> None:
    published(aws, "um")
    second = published(aws, "dois")
    registered(aws, 2)
    key = second.tables[FACT].files[0].key
    aws.s3.put_object(Bucket=BUCKET, Key=key, Body=b"another")
    found = json.loads(importau("--json").stdout)
    assert found["whole"] is False
    assert found["wrong"] == [f"{key} was replaced"]
    assert any("`./importau rollback 1`" in step for step in found["next"])
    assert importau().exit_code == 1


def test_where_no_earlier_version_is_whole_it_has_to_be_made_again(aws: Aws) -> None:
    first = published(aws, "um")
    aws.s3.delete_object(Bucket=BUCKET, Key=first.tables[FACT].files[0].key)
    assert "`./importau run --force`" in importau().stderr


def test_a_version_that_cannot_be_read_and_one_that_is_gone_are_named(aws: Aws) -> None:
    for run in ("um", "dois", "tres"):
        published(aws, run)
    aws.s3.delete_object(Bucket=BUCKET, Key=layout.version_key(2))
    result = importau()
    assert result.exit_code == 1
    assert "version 2 is gone" in result.stdout
    aws.s3.put_object(Bucket=BUCKET, Key=layout.version_key(3), Body=b"{")
    result = importau()
    assert result.exit_code == 1
    assert "version 3, which cannot be read" in result.stdout
    assert "rollback" not in result.stderr


def test_a_catalogue_that_lags_is_completed_unless_something_still_runs(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(aws, "um")
    published(aws, "dois")
    registered(aws, 1)
    result = importau()
    assert result.exit_code == 1
    assert f"does not show version 2 of {', '.join(EVERY_TABLE)}" in result.stdout
    assert "`./importau verify --repair`" in result.stderr
    monkeypatch.setattr(executions, "running", lambda _: [at_work()])
    result = importau()
    assert result.exit_code == 0
    assert "running    outro of pipeline since 2026-11-30 03:00 UTC, in silver: WriteSilver" in result.stdout


def test_tables_that_were_made_from_older_files_are_named_with_the_layer_to_run(aws: Aws) -> None:
    first = published(aws, "um")
    lake = Lake(BUCKET, aws.s3)
    content = first.as_json()
    fact = next(table for table in content["tables"] if table["table"] == FACT)
    fact["made_from"] = {TABLES[layout.BRONZE][0]: "antes"}
    lake.write_json(content, layout.version_key(1))
    registered(aws, 1)
    result = importau()
    assert result.exit_code == 1
    assert f"outdated   {FACT}: made from older files of {TABLES[layout.BRONZE][0]}" in result.stdout
    assert "`./importau run silver`" in result.stderr


def test_what_waits_is_decided_about_but_is_no_alarm(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    published(aws, "espera")
    aws.s3.delete_object(Bucket=BUCKET, Key=layout.version_key(1))
    Lake(BUCKET, aws.s3).write_json({"passed": True}, layout.governance_report_key("espera"))
    published(aws, "um")
    registered(aws, 1)
    result = importau()
    assert result.exit_code == 0
    assert "waiting    run espera since" in result.stdout
    assert "`./importau publish espera` or `./importau discard espera`" in result.stderr
    monkeypatch.setattr(executions, "running", lambda _: [at_work("espera")])
    assert "waiting    nothing" in importau().stdout


def test_what_failed_since_the_newest_version_is_said_with_its_cause(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    published(aws, "um")
    registered(aws, 1)
    failure = Execution("pipeline", "mal", "FAILED", SINCE, cause="pedidos.csv is missing")
    monkeypatch.setattr(executions, "failed", lambda *_: [failure])
    result = importau()
    assert result.exit_code == 1
    assert "failed     run mal of pipeline: pedidos.csv is missing" in result.stdout
    assert "`./importau logs --run mal`" in result.stderr


# ---- executions ----------------------------------------------------------------------------------------------------


class Machines:
    """Step Functions with some executions; only what is asked of it here."""

    def __init__(self, *executions: tuple[str, str, str, datetime]) -> None:
        self.executions = executions

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_executions"
        return self

    def paginate(self, **asked: str) -> Any:
        machine = asked["stateMachineArn"].rpartition("_DAG_")[2]
        yield {
            "executions": [
                {"name": run, "status": status, "startDate": at, "executionArn": f"{machine}:{run}"}
                for its, run, status, at in sorted(self.executions, key=lambda each: each[3], reverse=True)
                if (its, status) == (machine, asked["statusFilter"])
            ]
        }

    def get_execution_history(self, **asked: Any) -> Any:
        assert asked["reverseOrder"]
        if asked["executionArn"].startswith("gold"):
            return {"events": [{}]}
        return {"events": [{}, {"stateEnteredEventDetails": {"name": "Write"}}]}

    def describe_execution(self, **_: str) -> Any:
        return {"cause": "one\n  problem " + "x" * 400, "input": json.dumps({"version": 7})}


def with_machines(aws: Aws, *running: tuple[str, str, str, datetime]) -> Aws:
    arns = {f"StateMachine{name.title().replace('_', '')}Arn": f"x:stateMachine:x_DAG_{name}" for name in MACHINES}
    deploy(aws, **arns)
    vars(aws)["states"] = Machines(*running)
    return aws


def test_a_run_is_listed_once_with_the_innermost_state(monkeypatch: pytest.MonkeyPatch) -> None:
    later = SINCE + timedelta(minutes=1)
    with account(monkeypatch) as aws:
        with_machines(
            aws, ("silver", "a", "RUNNING", later), ("pipeline", "a", "RUNNING", SINCE),
            ("gold", "b", "RUNNING", later), ("bronze", "a", "SUCCEEDED", SINCE),
        )  # fmt: skip
        found = executions.running(aws)
        assert [(each.machine, each.run, each.state, each.since) for each in found] == [
            ("pipeline", "a", "silver: Write", SINCE),
            ("gold", "b", "gold: beginning", later),
        ]
        assert executions.inputs(aws, found) == [{"version": 7}, {"version": 7}]


def test_what_failed_before_the_newest_version_is_past_and_causes_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with account(monkeypatch) as aws:
        with_machines(
            aws, ("gold", "old", "FAILED", SINCE), ("gold", "new", "FAILED", SINCE + timedelta(seconds=1)),
            ("pipeline", "new", "TIMED_OUT", SINCE + timedelta(seconds=1)),
        )  # fmt: skip
        (found,) = executions.failed(aws, SINCE)
        assert (found.machine, found.run, found.status) == ("pipeline", "new", "TIMED_OUT")
        assert found.cause.startswith("one problem x")
        assert len(found.cause) == 240
        assert len(executions.failed(aws, None)) == 2


def test_a_state_that_was_never_published_asks_for_nothing_else(aws: Aws) -> None:
    found = state.state_of(aws, Lake(BUCKET, aws.s3))
    assert found.as_json() | {"next": []} == {
        "version": None, "run": None, "at": None, "made_by": None, "whole": False, "wrong": [], "history": [],
        "catalogue_behind": {}, "outdated": {}, "running": [], "waiting": [], "failed": [], "needs_attention": True,
        "next": [],
    }  # fmt: skip
