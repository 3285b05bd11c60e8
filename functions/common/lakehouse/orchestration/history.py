"""The history of an execution, summed up: how long its states took, what it is billed for, how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

_LAMBDA: Final = "lambda"
_CRAWL: Final = "startCrawler"
# Choice, Pass, Wait, Succeed and Fail do no work of their own.
_WORKING: Final = frozenset({"Task", "Map", "Parallel"})
_TASK_ENDS: Final = frozenset({"TaskSucceeded", "TaskFailed", "TaskTimedOut"})
_MAP_ENDS: Final = frozenset({"MapStateSucceeded", "MapStateFailed", "ParallelStateSucceeded", "ParallelStateFailed"})


@dataclass(frozen=True)
class StateTime:
    """How long a working state of an execution lasted, from its first entry to its last exit.

    Attributes
    ----------
    name : str
    seconds : float
        Until the last event, where it never ended.
    status : {'succeeded', 'failed', 'running'}
        A state whose error the machine caught has failed, too.
    """

    name: str
    seconds: float
    status: Literal["succeeded", "failed", "running"]


class History:
    """The sums over an execution's events, which are added in order.

    Attributes
    ----------
    input, output, cause : str
        Input and output are JSON; the cause is why it failed.
    transitions, lambda_calls, crawls : int
    lambda_seconds : float
    """

    def __init__(self, started: datetime) -> None:
        self.input, self.output, self.cause = "{}", "", ""
        self.transitions = self.lambda_calls = self.crawls = 0
        self.lambda_seconds = 0.0
        self._running: dict[int, datetime] = {}
        self._now = started
        self._spans: dict[str, tuple[datetime, datetime | None]] = {}
        self._failed: dict[str, bool] = {}
        self._inside = ""  # the Map or Parallel whose branches the events are from
        self._faulty = False
        self._ended_badly = False

    def add(self, event: Mapping[str, Any]) -> None:
        """Add the next event, as Step Functions returns it."""
        kind, self._now = event["type"], event["timestamp"]
        if kind.endswith("StateEntered"):
            self.transitions += 1
            self._enter(kind.removesuffix("StateEntered"), event["stateEnteredEventDetails"]["name"])
        elif kind.endswith("StateExited"):
            self._leave(event["stateExitedEventDetails"]["name"])
        elif kind == "TaskScheduled":
            self._schedule(event["id"], event["taskScheduledEventDetails"])
        elif kind.startswith("Execution"):
            self._execution(kind, event)
        if kind in _TASK_ENDS and self._running:
            self.lambda_seconds += (self._now - self._running.popitem()[1]).total_seconds()
        if kind in _MAP_ENDS or (kind in _TASK_ENDS and not self._inside):
            self._faulty = not kind.endswith("Succeeded")

    def _schedule(self, number: int, details: Mapping[str, Any]) -> None:
        if details["resourceType"] == _LAMBDA:
            self._running[number] = self._now
            self.lambda_calls += 1
        self.crawls += details["resource"].endswith(_CRAWL)

    def _execution(self, kind: str, event: Mapping[str, Any]) -> None:
        if kind == "ExecutionStarted":
            self.input = event["executionStartedEventDetails"].get("input") or "{}"
        elif kind == "ExecutionSucceeded":
            self.output = event["executionSucceededEventDetails"].get("output") or ""
        else:
            self._ended_badly = True
            details = event.get(f"e{kind[1:]}EventDetails", {})
            self.cause = ": ".join(filter(None, (details.get("error"), details.get("cause"))))

    def _enter(self, kind: str, name: str) -> None:
        if self._inside or kind not in _WORKING:
            return
        self._spans[name] = (self._spans[name][0] if name in self._spans else self._now, None)
        self._faulty = False
        if kind != "Task":
            self._inside = name

    def _leave(self, name: str) -> None:
        if self._inside and name != self._inside:
            return
        self._inside = ""
        if name in self._spans:
            self._spans[name] = (self._spans[name][0], self._now)
            self._failed[name] = self._faulty

    def states(self) -> tuple[StateTime, ...]:
        """Return how long each state took; a state that never ended has failed if the execution did."""
        times = []
        for name, (entered, left) in self._spans.items():
            failed = self._failed.get(name, False) if left else self._ended_badly
            status: Literal["succeeded", "failed", "running"]
            status = "failed" if failed else "succeeded" if left else "running"
            times.append(StateTime(name, ((left or self._now) - entered).total_seconds(), status))
        return tuple(times)
