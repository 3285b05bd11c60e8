"""Follows an execution of a state machine, and those it starts, through their histories."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

from cli import ROOT
from cli.running.machines import AUDITS, PIPELINE
from cli.session import Aws
from lakehouse.lake import layout
from lakehouse.orchestration.map_runs import TOO_MANY_FAILED, MapRuns
from lakehouse.orchestration.pipelines import distributed_maps

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

# Choice, Pass, Wait, Succeed and Fail do no work of their own: their times are not reported.
_WORKING: Final = ("Task", "Map", "Parallel")
_ENDS: Final = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}
# The words that Step Functions uses, and those that are printed instead.
_NAMES_NO_PART: Final = "The specified tolerated failure threshold"
# The events that end an attempt at a state's work: TaskFailed, LambdaFunctionTimedOut, MapStateFailed, TaskSucceeded...
_ATTEMPT_ENDS: Final = ("Failed", "TimedOut", "Succeeded")
# The machine that a state starts and waits for, by the state's own machine.
_STARTS: Final = {(PIPELINE, layer.capitalize()): layer for layer in layout.LAYERS} | {
    (layer, f"Audit{layer.capitalize()}"): audit for layer, audit in AUDITS.items()
}
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0


@dataclass(frozen=True)
class Transition:
    """A state of a machine started, or ended after some seconds: successfully, or by an error that the machine caught.

    A Distributed Map also advances: ``done`` of its ``parts`` have ended.
    """

    machine: str
    state: str
    kind: Literal["entered", "advanced", "exited", "failed"]
    seconds: float = 0.0
    done: int = 0
    parts: int = 0


@dataclass(frozen=True)
class Outcome:
    """How an execution ended.

    Attributes
    ----------
    machine, status : str
        ``status`` is Step Functions': SUCCEEDED, FAILED, TIMED_OUT, ABORTED.
    state : str
        The state it ended in; empty when it succeeded.
    error, cause : str
        Of the innermost execution that failed, which may be a part's; empty when it succeeded.
    seconds : float
        How long it took.
    nested : tuple of Outcome
        Those of the executions it started, in order: a pipeline's layers, a layer's audit.
    output : mapping
        What it returned; empty where it did not succeed.
    """

    machine: str
    status: str
    state: str
    error: str
    cause: str
    seconds: float
    nested: "tuple[Outcome, ...]" = ()
    output: Mapping[str, Any] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether it succeeded."""
        return self.status == "SUCCEEDED"

    @property
    def culprit(self) -> "Outcome":
        """The innermost execution that failed."""
        return next((each.culprit for each in self.nested if each.status and not each.succeeded), self)

    @property
    def layer_seconds(self) -> dict[str, float]:
        """How many seconds each layer took, of those that ran."""
        layers = self.nested if self.machine == PIPELINE else (self,)
        return {layer.machine: layer.seconds for layer in layers}


def follow(
    aws: Aws,
    machine: str,
    arn: str,
    tell: Callable[[Transition], None],
    pause: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Follow an execution to its end.

    Parameters
    ----------
    aws : Aws
    machine : str
        One of `machines.MACHINES`.
    arn : str
        The ARN of the execution.
    tell : callable
        Called with every `Transition`, in order.
    pause : callable
        Waits that many seconds.
    """
    history = _History(aws, machine, arn)
    waited = _FIRST_PAUSE
    while True:
        news = [*history.news(), *history.advance()]
        for transition in news:
            tell(transition)
        if history.over:
            return history.outcome()
        waited = _FIRST_PAUSE if news else min(waited * 1.5, _LONGEST_PAUSE)
        pause(waited)


def _definition(machine: str) -> dict[str, Any]:
    """Return a machine's definition with the names of its states, as this version deploys it."""
    layer = machine.removeprefix("teste_")
    file = PIPELINE if machine == PIPELINE else "layer" if machine == layer else "teste"
    text = (ROOT / f"statemachine/{file}.asl.json").read_text("utf-8")
    definition: dict[str, Any] = json.loads(text.replace("${LayerName}", layer.capitalize()))
    return definition


@dataclass
class _History:
    """One execution's history, read from where the last poll ended."""

    aws: Aws
    machine: str
    arn: str
    status: str = ""
    began: datetime | None = None
    _ended: datetime | None = None
    _last_event: int = 0
    _entered: dict[str, datetime] = field(default_factory=dict)
    _inside: str = ""
    _reported: int = 0
    _state: str = ""
    _faulty: bool = False
    _error: str = ""
    _cause: str = ""
    _output: str = ""
    _is_nested: bool = False
    _nested: "dict[str, _History]" = field(default_factory=dict)  # by the state that started it

    @property
    def name(self) -> str:
        """The execution's name, which is also that of those it starts."""
        return self.arn.rpartition(":")[2]

    @property
    def over(self) -> bool:
        """Whether it has ended, with the end of everything it started read as well."""
        # Histories are eventually consistent: a nested execution's last events may appear after its parent's.
        if self.status in ("TIMED_OUT", "ABORTED"):
            return True
        return bool(self.status) and all(each.over for each in self._nested.values() if each.began)

    def news(self) -> Iterator[Transition]:
        """Yield the transitions since the last call; those of a nested execution come before the end of its state."""
        for own in list(self._read()):
            if own.kind in ("exited", "failed") and own.state in self._nested:
                yield from self._nested_news(self._nested[own.state], self._nested[own.state].news())
            yield own
        for each in self._nested.values():
            yield from self._nested_news(each, each.news())

    def advance(self) -> Iterator[Transition]:
        """Yield the progress of the Distributed Map that the execution is in, where there is some."""
        for each in self._nested.values():
            yield from self._nested_news(each, each.advance())
        if self.status or self._inside not in self._distributed:
            return
        for run in MapRuns(self.aws.states).of(self.arn):
            if run.state == self._inside and run.ended != self._reported:
                self._reported = run.ended
                yield Transition(self.machine, run.state, "advanced", done=run.ended, parts=run.items)

    def outcome(self) -> Outcome:
        """Return how it ended."""
        seconds = (self._ended - self.began).total_seconds() if self.began and self._ended else 0.0
        failed = self.status != "SUCCEEDED"
        error, cause = self._failure_of_part()
        nested = tuple(self._as_ours(each.outcome()) for each in self._nested.values() if each.began)
        output = json.loads(self._output or "{}")
        return Outcome(self.machine, self.status, self._state if failed else "", error, cause, seconds, nested, output)

    def _read(self) -> Iterator[Transition]:
        """Yield the transitions of this execution alone since the last call."""
        if self.status:
            return
        pages = self.aws.states.get_paginator("get_execution_history").paginate(
            executionArn=self.arn, PaginationConfig={"PageSize": 1000}
        )
        try:
            for event in (event for page in pages for event in page["events"]):
                if event["id"] > self._last_event:
                    self._last_event = event["id"]
                    yield from self._take(event)
        except self.aws.states.exceptions.ExecutionDoesNotExist:
            if not self._is_nested:
                raise
            # Its start is scheduled, but has not happened yet.

    def _start(self, state: str) -> None:
        """Also follow the execution that a state starts, which has this execution's name."""
        machine = _STARTS.get((self.machine, state))
        if machine is not None:
            arn = self.aws.state_machine(machine).replace(":stateMachine:", ":execution:")
            self._nested[state] = _History(self.aws, machine, f"{arn}:{self.name}", _is_nested=True)

    def _nested_news(self, nested: "_History", news: Iterator[Transition]) -> Iterator[Transition]:
        """Yield the transitions of a nested execution; of an audit only its map's progress, in the layer's name."""
        for transition in news:
            if nested.machine not in AUDITS.values():
                yield transition
            elif transition.state in nested._distributed:
                yield replace(transition, machine=self.machine)

    def _as_ours(self, outcome: Outcome) -> Outcome:
        """Return the outcome of a nested execution; an audit's is its layer's."""
        return replace(outcome, machine=self.machine) if outcome.machine in AUDITS.values() else outcome

    @cached_property
    def _distributed(self) -> frozenset[str]:
        # The definition is this version's: with another version deployed, only the progress of maps is missing.
        return distributed_maps(_definition(self.machine))

    def _failure_of_part(self) -> tuple[str, str]:
        """Return the error and cause of the part that failed, if one did; otherwise the execution's own."""
        if self._error != TOO_MANY_FAILED or self.machine == PIPELINE:
            return self._error, self._cause
        failure = MapRuns(self.aws.states).failure(self.arn)
        if failure is None:
            return self._error, self._cause
        causes = [str(failure), *([] if self._cause.startswith(_NAMES_NO_PART) else [self._cause])]
        return failure.error, "\n".join(filter(None, causes))

    def _take(self, event: "HistoryEventTypeDef") -> Iterator[Transition]:
        kind, at = event["type"], event["timestamp"]
        if kind == "ExecutionStarted":
            self.began = at
        elif kind in _ENDS:
            self.status, self._ended = _ENDS[kind], at
            self._output = event.get("executionSucceededEventDetails", {}).get("output", "")
            for details in (
                "executionFailedEventDetails",
                "executionTimedOutEventDetails",
                "executionAbortedEventDetails",
            ):
                failure_details: dict[str, str] = event.get(details, {})  # type: ignore[assignment]
                self._error = failure_details.get("error", self._error)
                self._cause = failure_details.get("cause", self._cause)
        elif kind.endswith(_ATTEMPT_ENDS) and not (self._inside and kind.startswith(("Task", "Lambda"))):
            self._faulty = not kind.endswith("Succeeded")
        elif kind.endswith("StateEntered"):
            yield from self._enter(kind.removesuffix("StateEntered"), event["stateEnteredEventDetails"]["name"], at)
        elif kind.endswith("StateExited"):
            yield from self._leave(kind.removesuffix("StateExited"), event["stateExitedEventDetails"]["name"], at)

    def _enter(self, kind: str, state: str, at: datetime) -> Iterator[Transition]:
        if self._inside:  # the states of a Map's or Parallel's branches belong to it
            return
        # A Fail state only reports; the state before it is the one that failed.
        if kind in _WORKING:
            self._state = state
            self._entered[state] = at
            self._faulty = False
            self._start(state)
            yield Transition(self.machine, state, "entered")
        if kind in ("Map", "Parallel"):
            self._inside, self._reported = state, 0

    def _leave(self, kind: str, state: str, at: datetime) -> Iterator[Transition]:
        if self._inside and self._inside != state:
            return
        self._inside = ""
        if kind in _WORKING and state in self._entered:
            kind_of_end: Literal["exited", "failed"] = "failed" if self._faulty else "exited"
            yield Transition(self.machine, state, kind_of_end, (at - self._entered[state]).total_seconds())
