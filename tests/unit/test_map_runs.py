"""Map Runs: what the child executions of a Distributed Map add up to, and why one of them failed."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse.orchestration.map_runs import LISTED, SAMPLE, MapRun, MapRuns
from lakehouse.orchestration.stepfunctions import StateMachine, StateMachines

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
EXECUTION = "arn:aws:states:us-east-1:1:execution:StateMachine_DAG_silver:r"
RUN = "arn:aws:states:us-east-1:1:mapRun:StateMachine_DAG_silver/SilverParts:0c1d"
DEFINITION = {
    "States": {
        "SilverParts": {"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "States": {}}}
    }
}


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


class Child(SimpleNamespace):
    """A child execution: from when on, how long, how much of it was a Lambda's, and how it ended."""

    def __init__(self, began: float, seconds: float, in_lambda: float, status: str = "SUCCEEDED", **said: str) -> None:
        super().__init__(began=began, seconds=seconds, in_lambda=in_lambda, status=status, said=said)


class Client:
    """Step Functions with one execution that ran one Distributed Map."""

    def __init__(self, children: list[Child], history: list[dict[str, Any]] | None = None) -> None:
        self.children, self.history = children, history or []
        self.read: list[str] = []

    def get_paginator(self, name: str) -> Any:
        return SimpleNamespace(paginate=getattr(self, name))

    def list_map_runs(self, executionArn: str) -> list[Any]:  # noqa: N803
        assert executionArn == EXECUTION
        return [{"mapRuns": [{"mapRunArn": RUN, "startDate": START}]}]

    def describe_map_run(self, mapRunArn: str) -> Any:  # noqa: N803
        assert mapRunArn == RUN
        ended = dict.fromkeys(("succeeded", "failed", "timedOut", "aborted", "running", "pending"), 0)
        for child in self.children:
            ended[{"TIMED_OUT": "timedOut"}.get(child.status, child.status.lower())] += 1
        return {"executionCounts": ended | {"total": len(self.children)}}

    def list_executions(self, maxResults: int, stateMachineArn: str = "", **which: str) -> Any:  # noqa: N803
        if stateMachineArn:
            entry = {"executionArn": EXECUTION, "name": "r", "status": "FAILED", "startDate": START, "stopDate": at(9)}
            return {"executions": [entry]}
        assert which["mapRunArn"] == RUN
        wanted = which.get("statusFilter", "")
        entries = [
            {"executionArn": str(n), "startDate": at(child.began), "stopDate": at(child.began + child.seconds)}
            for n, child in enumerate(self.children)
            if wanted in ("", child.status)
        ]
        return {"executions": entries[::-1][:maxResults]}

    def describe_execution(self, executionArn: str) -> Any:  # noqa: N803
        return self.children[int(executionArn)].said

    def get_execution_history(self, executionArn: str) -> list[Any]:  # noqa: N803
        if executionArn == EXECUTION:
            return [{"events": self.history}]
        self.read.append(executionArn)
        child = self.children[int(executionArn)]
        scheduled = {"resourceType": "lambda", "resource": "invoke"}
        events = [
            {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "WriteSilverPart"}, "seconds": 0},
            {"type": "TaskScheduled", "taskScheduledEventDetails": scheduled, "seconds": 0},
            {"type": "TaskSucceeded", "seconds": child.in_lambda},
        ]
        return [
            {"events": [event | {"id": n, "timestamp": at(child.began + event["seconds"])}]}
            for n, event in enumerate(events, 1)
        ]


def of(client: Client) -> MapRuns:
    return MapRuns(client)  # type: ignore[arg-type]


def run_of(client: Client) -> MapRun:
    (run,) = of(client).of(EXECUTION)
    return run


def test_a_map_run_is_named_after_its_state_and_says_how_far_it_is() -> None:
    statuses = ["SUCCEEDED", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "RUNNING", "PENDING"]
    assert run_of(Client([Child(0, 1, 1, status) for status in statuses])) == MapRun(RUN, "SilverParts", 7, 5, 2)


def test_few_child_executions_are_added_up_from_all_their_histories() -> None:
    client = Client([Child(n, 1.5, 1 + n / 8) for n in range(SAMPLE)])
    total = of(client).total(run_of(client))
    assert (total.read, total.transitions, total.lambda_calls) == (SAMPLE, SAMPLE, SAMPLE)
    assert total.lambda_seconds == pytest.approx(sum(1 + n / 8 for n in range(SAMPLE)))


def test_of_many_a_few_are_read_and_scaled_by_how_many_there_were_and_how_long_all_lasted() -> None:
    # Those that are read spent four fifths of their time in a Lambda; the others are taken to have done so too.
    client = Client([Child(n, 1 + n % 7, 0.8 * (1 + n % 7)) for n in range(640)])
    total = of(client).total(run_of(client))
    assert len(client.read) == total.read == SAMPLE
    assert len({int(arn) // (640 // SAMPLE) for arn in client.read}) == SAMPLE  # one of every stretch
    assert (total.transitions, total.lambda_calls) == (640, 640)
    assert total.lambda_seconds == pytest.approx(0.8 * sum(1 + n % 7 for n in range(640)))


def test_more_than_a_page_of_child_executions_are_like_those_on_it() -> None:
    client = Client([Child(n, 2, 1) for n in range(3 * LISTED)])
    total = of(client).total(run_of(client))
    assert (total.read, total.transitions) == (SAMPLE, 3 * LISTED)
    assert total.lambda_seconds == pytest.approx(3 * LISTED)


def test_a_map_run_that_has_begun_nothing_costs_nothing() -> None:
    client = Client([])
    assert of(client).total(run_of(client)).lambda_seconds == 0


def test_the_first_part_that_failed_says_why_in_its_own_words() -> None:
    told = json.dumps({"errorType": "StorageError", "errorMessage": "bronze is not there", "stackTrace": []})
    client = Client(
        [
            Child(0, 5, 5),
            Child(1, 9, 9, "FAILED", error="Later", cause="later", input="{}"),
            Child(
                2, 3, 3, "FAILED", error="StorageError", cause=told, input='{"part_key": "bronze/pedidos/x.parquet"}'
            ),
            Child(3, 0, 0, "ABORTED"),
        ]
    )
    failure = of(client).failure(EXECUTION)
    assert failure is not None
    assert failure.error == "StorageError"
    assert str(failure) == "2 of 4 parts failed; bronze/pedidos/x.parquet: bronze is not there"


@pytest.mark.parametrize("cause", ["plain words", "[1, 2]", "{'no': json}"])
def test_a_cause_that_is_no_lambda_s_is_told_as_it_is(cause: str) -> None:
    failure = of(Client([Child(0, 1, 1, "FAILED", error="E", cause=cause)])).failure(EXECUTION)
    assert str(failure) == f"1 of 1 parts failed: {cause}"


def test_a_part_that_took_too_long_gives_no_cause_and_its_end_is_said() -> None:
    failure = of(Client([Child(0, 1, 1, "TIMED_OUT")])).failure(EXECUTION)
    assert str(failure) == "1 of 1 parts failed: TIMED_OUT"


def test_where_no_part_failed_there_is_no_failure() -> None:
    assert of(Client([Child(0, 1, 1)])).failure(EXECUTION) is None


def history(*states: str, cause: str = "") -> list[dict[str, Any]]:
    entered = [{"type": "MapStateEntered", "stateEnteredEventDetails": {"name": name}} for name in states]
    failed = {"error": "States.ExceedToleratedFailureThreshold", "cause": cause}
    events: list[dict[str, Any]] = [*entered, {"type": "ExecutionFailed", "executionFailedEventDetails": failed}]
    return [event | {"id": n, "timestamp": at(n)} for n, event in enumerate(events, 1)]


def test_an_execution_is_told_with_its_map_runs_and_the_cause_of_the_part_that_failed() -> None:
    said = {"error": "InputError", "cause": "part 3", "input": '{"key": "x"}'}
    client = Client(
        [Child(n, 2, 1) for n in range(3)] + [Child(3, 2, 1, "FAILED", **said)],
        history("SilverParts", cause="The specified tolerated failure threshold was exceeded"),
    )
    machine = StateMachine("StateMachine_DAG_silver", "arn", "", DEFINITION, ())
    (execution,) = StateMachines(client).executions(machine, {}, 1)  # type: ignore[arg-type]
    assert (execution.transitions, execution.lambda_calls, execution.lambda_seconds) == (1 + 4, 4, 4.0)
    assert [total.read for total in execution.map_runs] == [4]
    assert execution.cause == "InputError: 1 of 4 parts failed; x: part 3"


def test_of_an_execution_without_a_distributed_map_no_map_runs_are_asked_for() -> None:
    client = Client([], history("Crawl", cause="why"))
    client.list_map_runs = None  # type: ignore[assignment, method-assign]
    machine = StateMachine("StateMachine_DAG_silver", "arn", "", DEFINITION, ())
    (execution,) = StateMachines(client).executions(machine, {}, 1)  # type: ignore[arg-type]
    assert execution.map_runs == ()
    assert execution.cause == "States.ExceedToleratedFailureThreshold: why"
