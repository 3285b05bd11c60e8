"""The history of an execution, as Step Functions tells it, added up."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from lakehouse.orchestration.history import History, StateTime

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


def told(*events: tuple[str, float, dict[str, Any]]) -> History:
    history = History(START)
    for number, (kind, seconds, details) in enumerate(events, 1):
        history.add({"id": number, "type": kind, "timestamp": START + timedelta(seconds=seconds), **details})
    return history


def entered(kind: str, name: str, seconds: float) -> tuple[str, float, dict[str, Any]]:
    return f"{kind}StateEntered", seconds, {"stateEnteredEventDetails": {"name": name}}


def exited(kind: str, name: str, seconds: float) -> tuple[str, float, dict[str, Any]]:
    return f"{kind}StateExited", seconds, {"stateExitedEventDetails": {"name": name}}


def scheduled(resource: str, seconds: float, kind: str = "lambda") -> tuple[str, float, dict[str, Any]]:
    return "TaskScheduled", seconds, {"taskScheduledEventDetails": {"resourceType": kind, "resource": resource}}


def test_a_state_lasts_from_its_first_entry_to_its_last_exit_and_idle_states_are_left_out():
    history = told(
        entered("Pass", "Defaults", 0),
        exited("Pass", "Defaults", 0),
        entered("Task", "Poll", 1),
        exited("Task", "Poll", 2),
        entered("Wait", "Pause", 2),
        exited("Wait", "Pause", 5),
        entered("Task", "Poll", 5),
        exited("Task", "Poll", 6),
    )
    assert history.states() == (StateTime("Poll", 5.0, "succeeded"),)
    assert history.transitions == 4


def test_what_happens_inside_a_map_belongs_to_the_map():
    history = told(
        entered("Map", "Crawl", 0),
        entered("Task", "StartCrawler", 0),
        scheduled("arn:aws:states:::aws-sdk:glue:startCrawler", 0, "aws-sdk:glue"),
        ("TaskFailed", 1, {}),
        scheduled("startCrawler", 1, "aws-sdk:glue"),
        ("TaskSucceeded", 2, {}),
        exited("Task", "StartCrawler", 2),
        ("MapStateSucceeded", 2, {}),
        exited("Map", "Crawl", 2),
    )
    assert history.states() == (StateTime("Crawl", 2.0, "succeeded"),)
    assert (history.crawls, history.lambda_calls, history.transitions) == (2, 0, 2)


def test_a_fault_that_the_machine_caught_is_a_failure_of_its_state():
    history = told(
        entered("Task", "Write", 0),
        scheduled("invoke", 0),
        ("TaskFailed", 3, {}),
        exited("Task", "Write", 3),
        entered("Map", "Crawl", 3),
        ("MapStateFailed", 4, {}),
        exited("Map", "Crawl", 4),
    )
    assert history.states() == (StateTime("Write", 3.0, "failed"), StateTime("Crawl", 1.0, "failed"))
    assert history.lambda_seconds == 3.0


def test_a_state_that_never_ended_runs_or_failed_with_its_execution():
    begun = (entered("Task", "Write", 0), scheduled("invoke", 1))
    assert told(*begun).states() == (StateTime("Write", 1.0, "running"),)
    details = {"executionFailedEventDetails": {"error": "AuditFailed", "cause": "uma regra"}}
    failed = told(*begun, ("ExecutionFailed", 2, details))
    assert failed.states() == (StateTime("Write", 2.0, "failed"),)
    assert failed.cause == "AuditFailed: uma regra"
    assert told(*begun, ("ExecutionAborted", 2, {})).states() == (StateTime("Write", 2.0, "failed"),)


def test_input_and_output_are_kept_and_may_be_missing():
    given = {"executionStartedEventDetails": {"input": json.dumps({"run_id": "r"})}}
    made = {"executionSucceededEventDetails": {"output": "{}"}}
    history = told(("ExecutionStarted", 0, given), ("ExecutionSucceeded", 1, made))
    assert (history.input, history.output, history.cause) == ('{"run_id": "r"}', "{}", "")
    bare = told(("ExecutionStarted", 0, {"executionStartedEventDetails": {}}), ("ExecutionAborted", 1, {}))
    assert (bare.input, bare.output, bare.cause) == ("{}", "", "")
