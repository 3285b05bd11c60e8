"""Executions of the state machines as Step Functions lists them: those at work, and those that failed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cli.running.machines import MACHINES, PIPELINE
from cli.session import Aws

_FAILED: Final = ("FAILED", "TIMED_OUT", "ABORTED")
# Of an execution's last events, how many are looked at for the state that it is in.
_EVENTS: Final = 50
_CAUSE: Final = 240
# From the outside in: a machine comes before those that it starts.
_ORDER: Final = (PIPELINE, *(machine for machine in MACHINES if machine != PIPELINE))


@dataclass(frozen=True)
class Execution:
    """An execution, with those that it started, which have its name.

    Attributes
    ----------
    machine, run : str
        The machine that was started, and the execution's name.
    status : str
        Step Functions': RUNNING, FAILED, TIMED_OUT, ABORTED.
    since : datetime
        When it was started.
    state : str
        The state that it is in, of the innermost machine at work: ``bronze: WriteBronze``; empty where it ended.
    cause : str
        Why it failed, on one line; empty while it runs.
    """

    machine: str
    run: str
    status: str
    since: datetime
    state: str = ""
    cause: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` has of it."""
        return {
            "machine": self.machine, "run": self.run, "status": self.status, "since": self.since.isoformat(),
            "state": self.state, "cause": self.cause,
        }  # fmt: skip


def running(aws: Aws) -> list[Execution]:
    """Return what is at work, oldest first; an execution that another one started is part of that one."""
    found: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for machine, entry in _listed(aws, ("RUNNING",)):
        found.setdefault(entry["name"], []).append((machine, entry))
    executions = []
    for run, entries in found.items():
        # The outermost was started first, and is listed first (`_ORDER`); the innermost is where the work is.
        machine, entry = entries[0]
        inner, innermost = entries[-1]
        state = f"{inner}: {_state(aws, innermost['executionArn'])}"
        executions.append(Execution(machine, run, "RUNNING", entry["startDate"], state))
    return sorted(executions, key=lambda each: each.since)


def inputs(aws: Aws, executions: list[Execution]) -> list[dict[str, Any]]:
    """Return the inputs of executions at work."""
    answers = []
    for each in executions:
        arn = aws.state_machine(each.machine).replace(":stateMachine:", ":execution:")
        described = aws.states.describe_execution(executionArn=f"{arn}:{each.run}")
        answers.append(dict(json.loads(described.get("input", "{}"))))
    return answers


def failed(aws: Aws, since: datetime | None, most: int = 3) -> list[Execution]:
    """Return what failed after a moment, newest first; an execution that another one started is part of that one."""
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for machine, entry in _listed(aws, _FAILED, since):
        found.setdefault(entry["name"], (machine, entry))
    newest = sorted(found.values(), key=lambda each: each[1]["startDate"], reverse=True)[:most]
    return [
        Execution(machine, entry["name"], entry["status"], entry["startDate"], cause=_cause(aws, entry))
        for machine, entry in newest
    ]


def _listed(
    aws: Aws, statuses: Sequence[str], since: datetime | None = None
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield executions with some statuses, machine by machine from the outside in."""
    paginator = aws.states.get_paginator("list_executions")
    for machine in _ORDER:
        for status in statuses:
            which: Any = {"stateMachineArn": aws.state_machine(machine), "statusFilter": status}
            for entry in (entry for page in paginator.paginate(**which) for entry in page["executions"]):
                if since is not None and entry["startDate"] <= since:
                    break  # they are listed newest first
                yield machine, entry


def _state(aws: Aws, arn: str) -> str:
    """Return the state that an execution entered last."""
    events = aws.states.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=_EVENTS)["events"]
    return next(
        (each["stateEnteredEventDetails"]["name"] for each in events if "stateEnteredEventDetails" in each), "beginning"
    )


def _cause(aws: Aws, entry: Mapping[str, Any]) -> str:
    described = aws.states.describe_execution(executionArn=entry["executionArn"])
    cause = described.get("cause") or described.get("error") or "no cause was given"
    line = " ".join(cause.split())
    return line if len(line) <= _CAUSE else f"{line[: _CAUSE - 3]}..."
