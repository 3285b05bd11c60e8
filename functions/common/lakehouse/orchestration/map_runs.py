"""The Map Runs of an execution: what a Distributed Map did, in executions of its own that the history says nothing of.

Each item of a Distributed Map is a child execution. There may be thousands, so their histories are not all read: some
are, spread evenly, and they stand for the others (`total`).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakehouse.orchestration.history import History

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient
    from mypy_boto3_stepfunctions.type_defs import ExecutionListItemTypeDef

# What Step Functions says of a Distributed Map whose items failed: it names neither the item nor the reason.
TOO_MANY_FAILED: Final = "States.ExceedToleratedFailureThreshold"
# Histories read of one Map Run, and child executions listed (a page of ListExecutions).
SAMPLE: Final = 8
LISTED: Final = 1000
_BAD_ENDS: Final = ("FAILED", "TIMED_OUT", "ABORTED")


@dataclass(frozen=True)
class MapRun:
    """A Distributed Map at work, or done.

    Attributes
    ----------
    arn, state : str
    items, ended, failed : int
        Child executions in all, those that ended in whatever way, and those that did not end well.
    """

    arn: str
    state: str
    items: int
    ended: int
    failed: int


@dataclass(frozen=True)
class Failure:
    """Why a Distributed Map failed: one of the child executions that did, in its own words.

    Attributes
    ----------
    run : MapRun
    item : str
        The S3 key it worked on; empty where its input has none.
    error, cause : str
    """

    run: MapRun
    item: str
    error: str
    cause: str

    def __str__(self) -> str:
        item = f"; {self.item}" if self.item else ""
        return f"{self.run.failed} of {self.run.items} parts failed{item}: {self.cause or self.error}"


@dataclass(frozen=True)
class Total:
    """What the child executions of a Map Run add up to.

    Attributes
    ----------
    run : MapRun
    read : int
        How many histories that is from; where there are fewer than executions, the rest is like them.
    transitions, lambda_calls, copies : int
    lambda_seconds : float
    """

    run: MapRun
    read: int
    transitions: int
    lambda_calls: int
    copies: int
    lambda_seconds: float


class MapRuns:
    """The Map Runs of executions, asked of Step Functions.

    Parameters
    ----------
    client : SFNClient
    """

    def __init__(self, client: "SFNClient") -> None:
        self.client = client

    def of(self, execution_arn: str) -> Iterator[MapRun]:
        """Yield the Map Runs of an execution, in the order in which they began."""
        listed = [
            entry
            for page in self.client.get_paginator("list_map_runs").paginate(executionArn=execution_arn)
            for entry in page["mapRuns"]
        ]
        for entry in sorted(listed, key=lambda entry: entry["startDate"]):
            yield self._run(entry["mapRunArn"])

    def failure(self, execution_arn: str) -> Failure | None:
        """Return why the newest Map Run of an execution failed; None when no child execution of it says so."""
        runs = list(self.of(execution_arn))
        for status in _BAD_ENDS[:2] if runs else ():
            found = self.client.list_executions(mapRunArn=runs[-1].arn, statusFilter=status, maxResults=LISTED)
            if found["executions"]:
                # The first that failed: on AWS it is what made the others stop.
                first = min(found["executions"], key=lambda entry: entry["stopDate"])
                said = self.client.describe_execution(executionArn=first["executionArn"])
                error = said.get("error", status)
                return Failure(runs[-1], _item(said.get("input", "{}")), error, _own_words(said.get("cause", "")))
        return None

    def total(self, run: MapRun) -> Total:
        """Return what a Map Run's child executions add up to.

        Up to `SAMPLE` executions it is the sum of their histories. Of more, as many histories are read, spread evenly
        over those of the page that ListExecutions gives (`LISTED`), and counts are scaled by the number of executions,
        seconds by how long the executions lasted.
        """
        listed = self.client.list_executions(mapRunArn=run.arn, maxResults=LISTED)["executions"]
        begun = sorted(listed, key=lambda entry: (entry["startDate"], entry["executionArn"]))
        read = begun if len(begun) <= SAMPLE else [begun[n * len(begun) // SAMPLE] for n in range(SAMPLE)]
        histories = [read_history(self.client, entry) for entry in read]
        if not histories:
            return Total(run, 0, 0, 0, 0, 0.0)
        # Those that never began are billed for nothing.
        started = len(begun) if len(begun) < LISTED else run.items
        by_number = started / len(read)
        by_duration = started / len(begun) * (_seconds(begun) / _seconds(read) if _seconds(read) else 1.0)
        return Total(
            run=run,
            read=len(read),
            transitions=round(sum(history.transitions for history in histories) * by_number),
            lambda_calls=round(sum(history.lambda_calls for history in histories) * by_number),
            copies=round(sum(history.copies for history in histories) * by_number),
            lambda_seconds=sum(history.lambda_seconds for history in histories) * by_duration,
        )

    def _run(self, arn: str) -> MapRun:
        counts = self.client.describe_map_run(mapRunArn=arn)["executionCounts"]
        failed = counts["failed"] + counts["timedOut"]
        ended = counts["succeeded"] + failed + counts["aborted"]
        return MapRun(arn, _label(arn), counts["total"], ended, failed)


def read_history(client: "SFNClient", entry: "ExecutionListItemTypeDef") -> History:
    """Read the history of an execution that was listed."""
    history = History(entry["startDate"])
    pages = client.get_paginator("get_execution_history").paginate(executionArn=entry["executionArn"])
    for page in pages:
        for event in page["events"]:
            history.take(dict(event))
    return history


def _label(arn: str) -> str:
    """Return the label in a Map Run's ARN, ``...:mapRun:<state machine>/<label>:<name>``: our maps' are their names."""
    return arn.rpartition("/")[2].partition(":")[0]


def _seconds(executions: "Sequence[ExecutionListItemTypeDef]") -> float:
    """Return how long executions that ended lasted, together."""
    return sum(
        (entry["stopDate"] - entry["startDate"]).total_seconds() for entry in executions if entry.get("stopDate")
    )


def _item(given: str) -> str:
    """Return the key of the object that a child execution's input is about."""
    fields: dict[str, Any] = json.loads(given)
    return str(fields.get("part_key") or fields.get("key") or "")


def _own_words(cause: str) -> str:
    """Return what a Lambda's error says, of the JSON that it is told in; any other cause as it is."""
    try:
        told = json.loads(cause)
    except ValueError:
        return cause
    return str(told.get("errorMessage", cause)) if isinstance(told, dict) else cause
