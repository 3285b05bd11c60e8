"""The Map Runs of an execution: what its Distributed Maps did, which its own history does not contain.

Each item of a Distributed Map is a child execution. There may be thousands, so only a sample of their histories, spread
evenly, is read and scaled up (`MapRuns.total`).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakehouse.orchestration.history import History

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient
    from mypy_boto3_stepfunctions.type_defs import ExecutionListItemTypeDef

# The error of a Distributed Map whose items failed: it names neither the item nor the reason.
TOO_MANY_FAILED: Final = "States.ExceedToleratedFailureThreshold"
# How many histories of one Map Run are read, and how many child executions are listed (a page of ListExecutions).
SAMPLE: Final = 8
LISTED: Final = 1000
_BAD_ENDS: Final = ("FAILED", "TIMED_OUT", "ABORTED")


@dataclass(frozen=True)
class MapRun:
    """A run of a Distributed Map, ended or not.

    Attributes
    ----------
    arn, state : str
    items, ended, failed : int
        How many child executions there are, how many of them ended, and how many failed or timed out.
    """

    arn: str
    state: str
    items: int
    ended: int
    failed: int


@dataclass(frozen=True)
class Failure:
    """Why a Distributed Map failed: the error of one of its child executions.

    Attributes
    ----------
    run : MapRun
    item : str
        The S3 key that the child worked on; empty where its input has none.
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
    """The sums over the child executions of a Map Run.

    Attributes
    ----------
    run : MapRun
    read : int
        How many histories were read; where those are fewer than the executions, the sums are scaled up.
    transitions, lambda_calls : int
    lambda_seconds : float
    """

    run: MapRun
    read: int
    transitions: int
    lambda_calls: int
    lambda_seconds: float


class MapRuns:
    """The Map Runs of executions, read from Step Functions.

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
        """Return why the newest Map Run of an execution failed; None when none of its child executions failed."""
        runs = list(self.of(execution_arn))
        for status in _BAD_ENDS[:2] if runs else ():
            page = self.client.list_executions(mapRunArn=runs[-1].arn, statusFilter=status, maxResults=LISTED)
            if page["executions"]:
                # The first one that failed: on AWS its failure stopped the others.
                first = min(page["executions"], key=lambda entry: entry["stopDate"])
                child = self.client.describe_execution(executionArn=first["executionArn"])
                error = child.get("error", status)
                return Failure(runs[-1], _item(child.get("input", "{}")), error, _message(child.get("cause", "")))
        return None

    def total(self, run: MapRun) -> Total:
        """Return the sums over a Map Run's child executions.

        Of up to `SAMPLE` executions all histories are read. Of more, `SAMPLE` are read, spread evenly over the page
        that ListExecutions returns (`LISTED`); counts are then scaled by the number of executions, and seconds by how
        long the executions lasted.
        """
        listed = self.client.list_executions(mapRunArn=run.arn, maxResults=LISTED)["executions"]
        begun = sorted(listed, key=lambda entry: (entry["startDate"], entry["executionArn"]))
        read = begun if len(begun) <= SAMPLE else [begun[n * len(begun) // SAMPLE] for n in range(SAMPLE)]
        histories = [read_history(self.client, entry) for entry in read]
        if not histories:
            return Total(run, 0, 0, 0, 0.0)
        # Executions that never started are not billed.
        started = len(begun) if len(begun) < LISTED else run.items
        by_number = started / len(read)
        by_duration = started / len(begun) * (_seconds(begun) / _seconds(read) if _seconds(read) else 1.0)
        return Total(
            run=run,
            read=len(read),
            transitions=round(sum(history.transitions for history in histories) * by_number),
            lambda_calls=round(sum(history.lambda_calls for history in histories) * by_number),
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
            history.add(dict(event))
    return history


def _label(arn: str) -> str:
    """Return the label in a Map Run's ARN, ``...:mapRun:<state machine>/<label>:<name>``, here the state's name."""
    return arn.rpartition("/")[2].partition(":")[0]


def _seconds(executions: "Sequence[ExecutionListItemTypeDef]") -> float:
    """Return the total duration of those executions that ended."""
    return sum(
        (entry["stopDate"] - entry["startDate"]).total_seconds() for entry in executions if entry.get("stopDate")
    )


def _item(execution_input: str) -> str:
    """Return the key of the object that a child execution works on, from its input."""
    fields: dict[str, Any] = json.loads(execution_input)
    return str(fields.get("part_key") or fields.get("key") or "")


def _message(cause: str) -> str:
    """Return the message in the JSON that is the cause of a Lambda's error; any other cause as it is."""
    try:
        details = json.loads(cause)
    except ValueError:
        return cause
    return str(details.get("errorMessage", cause)) if isinstance(details, dict) else cause
