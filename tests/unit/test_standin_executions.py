"""Executions of the embedded AWS as on AWS: what a nested failure says, a machine's time, and who started whom."""

import json

import pytest

from cli.embedded.standins.executions import failure_of, seconds_of, started_by

ARN = "arn:aws:states:us-east-1:000000000000:execution:StateMachine_DAG_silver:r"


def test_a_nested_failure_is_a_failed_task_with_the_execution_as_its_cause() -> None:
    error, cause = failure_of({"executionArn": ARN, "status": "FAILED", "error": "AuditFailed", "cause": "x"})
    assert error == "States.TaskFailed"
    assert json.loads(cause) == {"ExecutionArn": ARN, "Status": "FAILED", "Error": "AuditFailed", "Cause": "x"}


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_what_was_stopped_has_neither_error_nor_cause(status: str) -> None:
    _, cause = failure_of({"executionArn": ARN, "status": status, "error": None})
    assert json.loads(cause) == {"ExecutionArn": ARN, "Status": status}


@pytest.mark.parametrize(
    ("definition", "seconds"),
    [
        ('{"TimeoutSeconds": 60}', 60.0),
        ("{}", None),
        ('{"TimeoutSeconds": "x"}', None),
        ("no JSON", None),
        ("[]", None),
    ],
)
def test_a_machine_says_how_long_it_may_take(definition: str, seconds: float | None) -> None:
    assert seconds_of(definition) == seconds


@pytest.mark.parametrize(
    ("given", "starter"),
    [
        ({"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": ARN}, ARN),
        ({"run_id": "r"}, ""),
        ([], ""),
    ],
)
def test_an_execution_says_who_started_it(given: object, starter: str) -> None:
    assert started_by({"input": json.dumps(given)}) == starter
    assert started_by({"input": "no JSON"}) == ""
