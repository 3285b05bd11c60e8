"""Following an execution through its history, event by event."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from cli.errors import NotDeployedError
from cli.running.execution import Outcome, Transition, follow
from cli.running.machines import new_run_id, start
from cli.session import Aws

BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:"
EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:"
PARTS = "arn:aws:states:us-east-1:000000000000:mapRun:StateMachine_DAG_silver/SilverParts:0c1d"
Event = tuple[float, str, dict[str, Any]]


def entered(at: float, kind: str, state: str) -> Event:
    return at, f"{kind}StateEntered", {"stateEnteredEventDetails": {"name": state}}


def exited(at: float, kind: str, state: str) -> Event:
    return at, f"{kind}StateExited", {"stateExitedEventDetails": {"name": state}}


STARTED: Event = (0, "ExecutionStarted", {})


def failed(at: float, error: str, cause: str) -> Event:
    return at, "ExecutionFailed", {"executionFailedEventDetails": {"error": error, "cause": cause}}


def succeeded(at: float) -> Event:
    return at, "ExecutionSucceeded", {}


class ExecutionDoesNotExist(Exception):  # noqa: N818 - as boto3 names it
    """What boto3 raises of an execution that has not begun."""


class States:
    """Step Functions as far as it has got: every look shows one event more of each execution."""

    exceptions = SimpleNamespace(ExecutionDoesNotExist=ExecutionDoesNotExist)

    def __init__(
        self,
        histories: dict[str, Sequence[Event]],
        parts: Sequence[dict[str, int]] = (),
        failed_part: dict[str, str] | None = None,
        map_run: str = PARTS,
    ) -> None:
        self.histories = histories
        self.parts = list(parts)
        self.failed_part = failed_part
        self.map_run = map_run
        self.looks: dict[str, int] = {}

    def get_paginator(self, operation: str) -> "States":
        assert operation in ("get_execution_history", "list_map_runs")
        if operation == "list_map_runs":
            runs = [{"mapRuns": [{"mapRunArn": self.map_run, "startDate": BEGAN}]}]
            return SimpleNamespace(paginate=lambda **_: runs)  # type: ignore[return-value]
        return self

    def describe_map_run(self, mapRunArn: str) -> dict[str, Any]:  # noqa: N803
        """Say how far the Map Run is: a look further every time, up to the last."""
        assert mapRunArn == self.map_run
        counts = self.parts.pop(0) if len(self.parts) > 1 else self.parts[0]
        none = dict.fromkeys(("succeeded", "failed", "timedOut", "aborted", "running", "pending"), 0)
        return {"executionCounts": none | {"total": 64} | counts}

    def paginate(self, executionArn: str, PaginationConfig: dict[str, int]) -> Iterator[dict[str, Any]]:  # noqa: N803
        name = executionArn.removeprefix(EXECUTION)
        if name not in self.histories:
            raise ExecutionDoesNotExist
        self.looks[name] = self.looks.get(name, 0) + 1
        events = [
            {"id": number, "type": kind, "timestamp": BEGAN + timedelta(seconds=at), **details}
            for number, (at, kind, details) in enumerate(self.histories[name][: self.looks[name]], 1)
        ]
        middle = len(events) // 2
        yield {"events": events[:middle]}
        yield {"events": events[middle:]}

    def list_executions(self, mapRunArn: str, statusFilter: str, maxResults: int) -> dict[str, Any]:  # noqa: N803
        found = self.failed_part is not None and statusFilter == "FAILED" and mapRunArn == self.map_run
        return {"executions": [{"executionArn": "part", "startDate": BEGAN, "stopDate": BEGAN}] if found else []}

    def describe_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803
        assert executionArn == "part"
        return dict(self.failed_part or {})


def followed(states: States, machine: str, name: str) -> tuple[Outcome, list[Transition]]:
    aws = Aws(boto3.Session(region_name="us-east-1"), "stack")
    outputs = {
        f"StateMachine{name.title().replace('_', '')}Arn": MACHINE + name
        for name in ("bronze", "silver", "gold", "teste_bronze", "teste_silver", "teste_gold", "pipeline")
    }
    vars(aws).update(states=states, outputs=outputs)
    told: list[Transition] = []
    pauses: list[float] = []
    outcome = follow(aws, machine, EXECUTION + name, told.append, pauses.append)
    assert all(0 < pause <= 2 for pause in pauses)
    return outcome, told


def test_each_working_state_is_told_once_when_it_begins_and_once_when_it_ends() -> None:
    history = [
        STARTED,
        entered(0.1, "Pass", "Defaults"),
        exited(0.1, "Pass", "Defaults"),
        entered(0.2, "Task", "Write"),
        exited(1.7, "Task", "Write"),
        succeeded(2),
    ]
    outcome, told = followed(States({"bronze:r": history}), "bronze", "bronze:r")
    assert told == [Transition("bronze", "Write", "entered"), Transition("bronze", "Write", "exited", 1.5)]
    assert outcome == Outcome("bronze", "SUCCEEDED", "", "", "", 2.0)
    assert outcome.layer_seconds == {"bronze": 2.0}


def test_what_an_execution_returned_is_kept() -> None:
    returned = (2.0, "ExecutionSucceeded", {"executionSucceededEventDetails": {"output": '{"version": 3}'}})
    outcome, _ = followed(States({"pipeline:r": [STARTED, returned]}), "pipeline", "pipeline:r")
    assert outcome.output == {"version": 3}
    outcome, _ = followed(States({"pipeline:r": [STARTED, failed(2, "E", "c")]}), "pipeline", "pipeline:r")
    assert outcome.output == {}


def test_what_happens_inside_a_map_belongs_to_the_map() -> None:
    history = [
        STARTED,
        entered(1, "Map", "Publish"),
        entered(1, "Task", "PublishTable"),
        entered(1, "Task", "PublishTable"),
        exited(2, "Task", "PublishTable"),
        exited(3, "Task", "PublishTable"),
        exited(4, "Map", "Publish"),
        entered(4, "Task", "After"),
        exited(5, "Task", "After"),
        succeeded(5),
    ]
    _, told = followed(States({"gold:r": history}), "gold", "gold:r")
    assert [(step.state, step.kind, step.seconds) for step in told] == [
        ("Publish", "entered", 0.0),
        ("Publish", "exited", 3.0),
        ("After", "entered", 0.0),
        ("After", "exited", 1.0),
    ]


def test_a_failure_names_the_last_working_state_its_error_and_its_cause() -> None:
    history = [
        STARTED,
        entered(1, "Task", "Audit"),
        exited(2, "Task", "Audit"),
        entered(2, "Fail", "AuditFailed"),
        failed(2, "AuditFailed", "pedidos: rule x failed 2 times"),
    ]
    outcome, _ = followed(States({"silver:r": history}), "silver", "silver:r")
    assert outcome == Outcome("silver", "FAILED", "Audit", "AuditFailed", "pedidos: rule x failed 2 times", 2.0)
    assert not outcome.succeeded
    assert outcome.culprit is outcome


def test_a_state_whose_last_attempt_failed_is_told_as_failed_and_a_retried_one_as_done() -> None:
    history: list[Event] = [
        STARTED,
        entered(1, "Task", "Write"),
        (2, "TaskFailed", {}),
        (3, "TaskSucceeded", {}),
        exited(3, "Task", "Write"),
        entered(3, "Map", "Publish"),
        (4, "TaskFailed", {}),
        exited(4, "Map", "Publish"),
        entered(4, "Task", "Audit"),
        (5, "TaskTimedOut", {}),
        exited(5, "Task", "Audit"),
        failed(6, "e", "c"),
    ]
    _, told = followed(States({"gold:r": history}), "gold", "gold:r")
    ends = [(step.state, step.kind) for step in told if step.kind != "entered"]
    assert ends == [("Write", "exited"), ("Publish", "exited"), ("Audit", "failed")]


@pytest.mark.parametrize(("event", "status"), [("ExecutionTimedOut", "TIMED_OUT"), ("ExecutionAborted", "ABORTED")])
def test_an_execution_may_also_time_out_or_be_stopped(event: str, status: str) -> None:
    details = {f"{event[0].lower()}{event[1:]}EventDetails": {"error": "e", "cause": "c"}}
    outcome, _ = followed(States({"gold:r": [STARTED, (9, event, details)]}), "gold", "gold:r")
    assert (outcome.status, outcome.error, outcome.cause, outcome.seconds) == (status, "e", "c", 9.0)


def layer(name: str, began: float, *events: Event) -> list[Event]:
    return [(began, "ExecutionStarted", {}), entered(began, "Task", f"Write{name}"), *events]


def test_a_pipelines_layers_are_followed_in_turn_and_told_before_the_pipeline_says_they_are_done() -> None:
    long_ago = [(-100.0, "ExecutionStarted", {}), succeeded(-99)]
    histories: dict[str, Sequence[Event]] = {"bronze:old": long_ago}
    pipeline = [STARTED]
    for number, name in enumerate(("Bronze", "Silver", "Gold")):
        at = 10.0 * number
        pipeline += [entered(at, "Task", name), exited(at + 9, "Task", name)]
        histories[f"{name.lower()}:r"] = layer(name, at, exited(at + 5, "Task", f"Write{name}"), succeeded(at + 8))
    histories["bronze:somebody-elses"] = [(1, "ExecutionStarted", {})]
    histories["pipeline:r"] = [*pipeline, succeeded(30)]
    outcome, told = followed(States(histories), "pipeline", "pipeline:r")
    assert outcome.succeeded
    assert outcome.layer_seconds == {"bronze": 8.0, "silver": 8.0, "gold": 8.0}
    ended = [f"{step.machine}.{step.state}" for step in told if step.kind == "exited"]
    assert len(ended) == len(set(ended)) == 6
    assert [name for name in ended if not name.startswith("pipeline")] == [
        "bronze.WriteBronze", "silver.WriteSilver", "gold.WriteGold",
    ]  # fmt: skip


def test_the_culprit_of_a_failed_pipeline_is_the_layer_that_failed() -> None:
    histories: dict[str, Sequence[Event]] = {
        "bronze:r": layer("Bronze", 0, exited(1, "Task", "WriteBronze"), succeeded(2)),
        "silver:r": layer("Silver", 3, failed(5, "AuditFailed", "why")),
        "pipeline:r": [
            STARTED,
            *(entered(0, "Task", "Bronze"), exited(2, "Task", "Bronze")),
            *(entered(3, "Task", "Silver"), exited(5, "Task", "Silver")),
            *[entered(n, "Pass", str(n)) for n in range(9)],
            failed(9, "AuditFailed", "why"),
        ],
    }
    outcome, _ = followed(States(histories), "pipeline", "pipeline:r")
    assert (outcome.culprit.machine, outcome.culprit.state, outcome.culprit.cause) == ("silver", "WriteSilver", "why")
    assert set(outcome.layer_seconds) == {"bronze", "silver"}


def in_parts(*after: Event) -> list[Event]:
    entered_parts = entered(1, "Map", "SilverParts")
    return [STARTED, entered_parts, *[(2.0, "MapRunStarted", {})] * 3, exited(9, "Map", "SilverParts"), *after]


def test_a_distributed_map_says_how_many_parts_are_done_whenever_there_are_more() -> None:
    parts = [{}, {"succeeded": 3}, {"succeeded": 3}, {"succeeded": 11, "failed": 1}]
    _, told = followed(States({"silver:r": in_parts(succeeded(9))}, parts=parts), "silver", "silver:r")
    assert told == [
        Transition("silver", "SilverParts", "entered"),
        Transition("silver", "SilverParts", "advanced", done=3, parts=64),
        Transition("silver", "SilverParts", "advanced", done=12, parts=64),
        Transition("silver", "SilverParts", "exited", 8.0),
    ]


def test_an_ordinary_map_is_not_asked_how_far_it_is() -> None:
    history = [STARTED, entered(1, "Map", "Publish"), exited(2, "Map", "Publish"), succeeded(3)]
    _, told = followed(States({"silver:r": history}), "silver", "silver:r")
    assert [step.kind for step in told] == ["entered", "exited"]


GENERIC = "The specified tolerated failure threshold was exceeded"
TOO_MANY = "States.ExceedToleratedFailureThreshold"


@pytest.mark.parametrize("own", [GENERIC, "Tables already copied stay; run again."])
def test_the_cause_of_a_failed_map_is_that_of_its_part_and_how_many_failed(own: str) -> None:
    part = {"error": "StorageError", "cause": json.dumps({"errorMessage": "no such table"}), "input": "{}"}
    states = States(
        {"silver:r": in_parts(failed(9, TOO_MANY, own))}, parts=[{"succeeded": 62, "failed": 2}], failed_part=part
    )
    outcome, _ = followed(states, "silver", "silver:r")
    assert (outcome.state, outcome.error) == ("SilverParts", "StorageError")
    # What the machine itself says to do about it is kept.
    assert outcome.cause.splitlines() == ["2 of 64 parts failed: no such table", *([] if own is GENERIC else [own])]


def test_a_failed_map_whose_part_is_not_known_keeps_what_is() -> None:
    states = States({"silver:r": in_parts(failed(9, TOO_MANY, GENERIC))}, parts=[{"failed": 1}])
    outcome, _ = followed(states, "silver", "silver:r")
    assert (outcome.error, outcome.cause) == (TOO_MANY, GENERIC)


AUDIT_MAP = "arn:aws:states:us-east-1:000000000000:mapRun:StateMachine_DAG_teste_silver/AuditSilverParts:0c1d"


def audited(*audit: Event, after: Sequence[Event] = ()) -> dict[str, Sequence[Event]]:
    """Return the histories of a layer that waits for its audit, and of the audit."""
    waiting = [(4.0, "TaskSubmitted", {})] * 6
    end = [exited(9, "Task", "AuditSilver"), *(after or [succeeded(9)])]
    return {"silver:r": [STARTED, entered(3, "Task", "AuditSilver"), *waiting, *end], "teste_silver:r": audit}


def test_an_audit_that_a_layer_started_is_told_as_the_layers_state_and_by_its_parts() -> None:
    within = [
        (4.0, "ExecutionStarted", {}), entered(4, "Map", "AuditSilverParts"), *[(5.0, "MapRunStarted", {})] * 3,
        exited(6, "Map", "AuditSilverParts"), entered(6, "Task", "AuditSilver"), exited(8, "Task", "AuditSilver"),
        succeeded(8),
    ]  # fmt: skip
    states = States(audited(*within), parts=[{}, {"succeeded": 12}, {"succeeded": 64}], map_run=AUDIT_MAP)
    outcome, told = followed(states, "silver", "silver:r")
    assert told == [
        Transition("silver", "AuditSilver", "entered"),
        Transition("silver", "AuditSilverParts", "entered"),
        Transition("silver", "AuditSilverParts", "advanced", done=12, parts=64),
        Transition("silver", "AuditSilverParts", "advanced", done=64, parts=64),
        Transition("silver", "AuditSilverParts", "exited", 2.0),
        Transition("silver", "AuditSilver", "exited", 6.0),
    ]
    assert outcome.layer_seconds == {"silver": 9.0}


def test_an_audit_by_itself_tells_of_all_its_states() -> None:
    history = [
        STARTED,
        entered(1, "Task", "AuditGold"),
        exited(2, "Task", "AuditGold"),
        failed(2, "AuditFailed", "why"),
    ]
    outcome, told = followed(States({"teste_gold:r": history}), "teste_gold", "teste_gold:r")
    assert [(step.machine, step.state, step.kind) for step in told] == [
        ("teste_gold", "AuditGold", "entered"), ("teste_gold", "AuditGold", "exited"),
    ]  # fmt: skip
    assert (outcome.machine, outcome.error, outcome.cause) == ("teste_gold", "AuditFailed", "why")


def test_a_fault_of_the_audit_is_the_layers_and_one_of_its_parts_is_named() -> None:
    part = {"error": "StorageError", "cause": json.dumps({"errorMessage": "no such table"}), "input": "{}"}
    within = [(4.0, "ExecutionStarted", {}), entered(4, "Map", "AuditSilverParts"), failed(6, TOO_MANY, GENERIC)]
    states = States(
        audited(*within, after=[failed(9, TOO_MANY, GENERIC)]),
        parts=[{"succeeded": 63, "failed": 1}], failed_part=part, map_run=AUDIT_MAP,
    )  # fmt: skip
    outcome, _ = followed(states, "silver", "silver:r")
    culprit = outcome.culprit
    assert (culprit.machine, culprit.state, culprit.error) == ("silver", "AuditSilverParts", "StorageError")
    assert culprit.cause == "1 of 64 parts failed: no such table"


def test_a_verdict_that_the_audit_only_told_is_the_layers_failure() -> None:
    within = [(4.0, "ExecutionStarted", {}), entered(4, "Task", "AuditSilver"), succeeded(6)]
    states = States(audited(*within, after=[failed(9, "AuditFailed", "pedidos: rule x")]))
    outcome, _ = followed(states, "silver", "silver:r")
    assert outcome.culprit is outcome
    assert (outcome.state, outcome.cause) == ("AuditSilver", "pedidos: rule x")


def test_an_audit_that_could_not_be_started_is_not_waited_for() -> None:
    histories = audited(after=[failed(9, "StepFunctions.AccessDenied", "not authorised")])
    del histories["teste_silver:r"]
    outcome, _ = followed(States(histories), "silver", "silver:r")
    assert (outcome.culprit.state, outcome.culprit.cause) == ("AuditSilver", "not authorised")


def test_an_execution_that_there_is_not_is_no_nested_one_that_is_still_to_begin() -> None:
    with pytest.raises(ExecutionDoesNotExist):
        followed(States({}), "silver", "silver:r")


def test_nothing_is_started_on_a_deployment_of_another_version() -> None:
    aws = Aws(boto3.Session(region_name="us-east-1"), "stack")
    vars(aws).update(
        states=States({}),
        outputs={f"StateMachine{name}Arn": MACHINE for name in ("Bronze", "Silver", "Gold", "Forecast", "Pipeline")},
    )
    with pytest.raises(NotDeployedError, match="no output StateMachineTesteBronzeArn") as refused:
        start(aws, "bronze", {}, "r")
    assert "./importau deploy" in refused.value.fix


def test_a_runs_name_sorts_by_time_and_does_not_repeat() -> None:
    earlier, later = new_run_id(BEGAN), new_run_id(BEGAN + timedelta(seconds=1))
    assert earlier < later
    assert new_run_id(BEGAN) != earlier
    assert earlier.startswith("20250101T000000Z-")
