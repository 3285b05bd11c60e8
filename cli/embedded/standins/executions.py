"""Executions of state machines end as on AWS: within their machine's time, with those they started, and told of.

MiniStack knows no ``TimeoutSeconds`` of a machine, leaves nested executions running when the one that started them is
stopped, hands a nested failure on under its own name, and tells EventBridge nothing of nested executions. On AWS each
status change of each execution is an event, a task that waits for an execution fails as ``States.TaskFailed`` with that
execution's description as its cause, and what is stopped stops what it started.
"""

import contextvars
import functools
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

_RUNNING: Final = "RUNNING"
_STARTED_BY: Final = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
_OK: Final = 200
# What the description of an execution has, by MiniStack's names.
_DESCRIBED: Final = {
    "executionArn": "ExecutionArn", "input": "Input", "inputDetails": "InputDetails", "name": "Name",
    "startDate": "StartDate", "stateMachineArn": "StateMachineArn", "status": "Status", "stopDate": "StopDate",
    "error": "Error", "cause": "Cause",
}  # fmt: skip

Execution = dict[str, Any]


def failure_of(description: Mapping[str, Any]) -> tuple[str, str]:
    """Return the error and cause of a task whose nested execution did not succeed, from that one's description."""
    told = {name: description[key] for key, name in _DESCRIBED.items() if description.get(key) is not None}
    return "States.TaskFailed", json.dumps(told)


def seconds_of(definition: str) -> float | None:
    """Return how long a machine's executions may take; None where its definition does not say."""
    try:
        seconds = json.loads(definition).get("TimeoutSeconds")
    except (ValueError, AttributeError):
        return None
    return float(seconds) if isinstance(seconds, int | float) else None


def install() -> None:
    """Put it into the MiniStack of this process."""
    from ministack.services import stepfunctions as states

    emit, stop, run, fail = (
        states._emit_execution_status_event, states._stop_execution, states._run_execution, states._fail_execution,
    )  # fmt: skip

    def emitted(execution: Execution) -> None:
        emit(execution | {"sync": False})

    def stopped(data: dict[str, Any]) -> Any:
        answer = stop(data)
        if answer[0] == _OK:
            stop_started(data.get("executionArn", ""))
        return answer

    def stop_started(arn: str) -> None:
        for nested in list(states._executions.values()):
            if nested["status"] == _RUNNING and started_by(nested) == arn:
                stopped({"executionArn": nested["executionArn"]})

    def timed_out(execution: Execution) -> None:
        if execution["status"] != _RUNNING:
            return
        execution |= {"status": "TIMED_OUT", "stopDate": states.now_iso(), "error": "States.Timeout"}
        states._add_event(
            execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {"error": "States.Timeout"}}
        )
        emitted(execution)
        stop_started(execution["executionArn"])

    def ran(arn: str) -> None:
        execution = states._executions.get(arn)
        machine = states._state_machines.get(execution["stateMachineArn"]) if execution else None
        seconds = seconds_of(machine["definition"]) if machine else None
        timer = None if seconds is None else _later(seconds, lambda: timed_out(execution))
        try:
            run(arn)
        finally:
            if timer is not None:
                timer.cancel()

    def failed(execution: Execution, error: str, cause: str) -> None:
        if execution["status"] == _RUNNING:  # otherwise it was stopped while its last task worked
            fail(execution, error, cause)

    states._emit_execution_status_event = emitted
    states._stop_execution = functools.wraps(stop)(stopped)
    states._run_execution = functools.wraps(run)(ran)
    states._fail_execution = functools.wraps(fail)(failed)
    states._nested_execution_failure = failure_of


def started_by(execution: Mapping[str, Any]) -> str:
    """Return which execution started another one, by the input that it was given; empty where none did."""
    try:
        given = json.loads(execution["input"])
    except ValueError:
        return ""
    return str(given.get(_STARTED_BY) or "") if isinstance(given, dict) else ""


def _later(seconds: float, do: Callable[[], None]) -> threading.Timer:
    """Do something after some seconds, in the account and region of whoever is served now."""
    timer = threading.Timer(seconds, contextvars.copy_context().run, [do])
    timer.daemon = True
    timer.start()
    return timer
