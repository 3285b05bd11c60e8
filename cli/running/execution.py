"""Follows an execution of a state machine, and those it starts, through their histories."""

import json
import time
from collections.abc import Callable, Iterator
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

# Choice, Pass, Wait, Succeed and Fail do no work of their own: their time is nobody's news.
_WORKING: Final = ("Task", "Map", "Parallel")
_ENDS: Final = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}
# What Step Functions adds to it, and what is said instead.
_NAMES_NO_PART: Final = "The specified tolerated failure threshold"
# How an attempt at a state's work ends: TaskFailed, LambdaFunctionTimedOut, MapStateFailed, TaskSucceeded and the like.
_ATTEMPT_ENDS: Final = ("Failed", "TimedOut", "Succeeded")
# Which machine a state starts, and waits for: by the machine it is of.
_STARTS: Final = {(PIPELINE, layer.capitalize()): layer for layer in layout.LAYERS} | {
    (layer, f"Audit{layer.capitalize()}"): audit for layer, audit in AUDITS.items()
}
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0


@dataclass(frozen=True)
class Transition:
    """A state of a machine began, or after some seconds ended, well or by a fault that the machine caught.

    A Distributed Map also advances: so many of its ``parts`` have ended (``done``).
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
    """

    machine: str
    status: str
    state: str
    error: str
    cause: str
    seconds: float
    nested: "tuple[Outcome, ...]" = ()

    @property
    def succeeded(self) -> bool:
        """Whether it ended well."""
        return self.status == "SUCCEEDED"

    @property
    def culprit(self) -> "Outcome":
        """The innermost execution that failed."""
        return next((each.culprit for each in self.nested if each.status and not each.succeeded), self)

    @property
    def layer_seconds(self) -> dict[str, float]:
        """Seconds by layer, for the layers that ran."""
        ran = self.nested if self.machine == PIPELINE else (self,)
        return {layer.machine: layer.seconds for layer in ran}


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
        The execution's.
    tell : callable
        Called with every `Transition`, in order, as it is seen.
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
    """One execution's history, read from where the last look ended."""

    aws: Aws
    machine: str
    arn: str
    status: str = ""
    began: datetime | None = None
    _ended: datetime | None = None
    _seen: int = 0
    _entered: dict[str, datetime] = field(default_factory=dict)
    _inside: str = ""
    _done: int = 0
    _state: str = ""
    _faulty: bool = False
    _error: str = ""
    _cause: str = ""
    _is_nested: bool = False
    _nested: "dict[str, _History]" = field(default_factory=dict)  # by the state that started it

    @property
    def name(self) -> str:
        """The execution's name, which is also that of those it starts."""
        return self.arn.rpartition(":")[2]

    @property
    def over(self) -> bool:
        """Whether it has ended, and all it started has been seen to end."""
        # Histories are eventually consistent: a nested execution's last events may show after those of who started it.
        if self.status in ("TIMED_OUT", "ABORTED"):
            return True
        return bool(self.status) and all(each.over for each in self._nested.values() if each.began)

    def news(self) -> Iterator[Transition]:
        """Yield the transitions since the last call; those of what a state started come before the state's end."""
        for own in list(self._read()):
            if own.kind in ("exited", "failed") and own.state in self._nested:
                yield from self._of_nested(self._nested[own.state], self._nested[own.state].news())
            yield own
        for each in self._nested.values():
            yield from self._of_nested(each, each.news())

    def advance(self) -> Iterator[Transition]:
        """Yield how far the Distributed Map has got that the execution is in, where that is further than before."""
        for each in self._nested.values():
            yield from self._of_nested(each, each.advance())
        if self.status or self._inside not in self._distributed:
            return
        for run in MapRuns(self.aws.states).of(self.arn):
            if run.state == self._inside and run.ended != self._done:
                self._done = run.ended
                yield Transition(self.machine, run.state, "advanced", done=run.ended, parts=run.items)

    def outcome(self) -> Outcome:
        """Return how it ended."""
        seconds = (self._ended - self.began).total_seconds() if self.began and self._ended else 0.0
        failed = self.status != "SUCCEEDED"
        error, cause = self._of_part()
        nested = tuple(self._as_ours(each.outcome()) for each in self._nested.values() if each.began)
        return Outcome(self.machine, self.status, self._state if failed else "", error, cause, seconds, nested)

    def _read(self) -> Iterator[Transition]:
        """Yield the transitions of this execution alone since the last call."""
        if self.status:
            return
        pages = self.aws.states.get_paginator("get_execution_history").paginate(
            executionArn=self.arn, PaginationConfig={"PageSize": 1000}
        )
        try:
            for event in (event for page in pages for event in page["events"]):
                if event["id"] > self._seen:
                    self._seen = event["id"]
                    yield from self._take(event)
        except self.aws.states.exceptions.ExecutionDoesNotExist:
            if not self._is_nested:
                raise
            # Its start has been scheduled, and is still to come.

    def _start(self, state: str) -> None:
        """Follow what a state starts, which has this execution's name, from now on as well."""
        machine = _STARTS.get((self.machine, state))
        if machine is not None:
            arn = self.aws.state_machine(machine).replace(":stateMachine:", ":execution:")
            self._nested[state] = _History(self.aws, machine, f"{arn}:{self.name}", _is_nested=True)

    def _of_nested(self, nested: "_History", news: Iterator[Transition]) -> Iterator[Transition]:
        """Yield what is told of an execution that it started: of a layer's audit, in its name, how far its map is."""
        for transition in news:
            if nested.machine not in AUDITS.values():
                yield transition
            elif transition.state in nested._distributed:
                yield replace(transition, machine=self.machine)

    def _as_ours(self, outcome: Outcome) -> Outcome:
        """Return the outcome of an execution that it started; an audit's is the layer's."""
        return replace(outcome, machine=self.machine) if outcome.machine in AUDITS.values() else outcome

    @cached_property
    def _distributed(self) -> frozenset[str]:
        # As this version deploys it. Of another one's maps no progress is seen, and nothing else is lost.
        return distributed_maps(_definition(self.machine))

    def _of_part(self) -> tuple[str, str]:
        """Return the error and cause of the part that failed, where it was one; else the execution's own."""
        if self._error != TOO_MANY_FAILED or self.machine == PIPELINE:
            return self._error, self._cause
        failure = MapRuns(self.aws.states).failure(self.arn)
        if failure is None:
            return self._error, self._cause
        said = [str(failure), *([] if self._cause.startswith(_NAMES_NO_PART) else [self._cause])]
        return failure.error, "\n".join(filter(None, said))

    def _take(self, event: "HistoryEventTypeDef") -> Iterator[Transition]:
        kind, at = event["type"], event["timestamp"]
        if kind == "ExecutionStarted":
            self.began = at
        elif kind in _ENDS:
            self.status, self._ended = _ENDS[kind], at
            for details in (
                "executionFailedEventDetails",
                "executionTimedOutEventDetails",
                "executionAbortedEventDetails",
            ):
                told: dict[str, str] = event.get(details, {})  # type: ignore[assignment]
                self._error = told.get("error", self._error)
                self._cause = told.get("cause", self._cause)
        elif kind.endswith(_ATTEMPT_ENDS) and not (self._inside and kind.startswith(("Task", "Lambda"))):
            self._faulty = not kind.endswith("Succeeded")
        elif kind.endswith("StateEntered"):
            yield from self._enter(kind.removesuffix("StateEntered"), event["stateEnteredEventDetails"]["name"], at)
        elif kind.endswith("StateExited"):
            yield from self._leave(kind.removesuffix("StateExited"), event["stateExitedEventDetails"]["name"], at)

    def _enter(self, kind: str, state: str, at: datetime) -> Iterator[Transition]:
        if self._inside:  # the states of a Map's or Parallel's branches belong to it
            return
        # A Fail state only reports: what failed is the state before it.
        if kind in _WORKING:
            self._state = state
            self._entered[state] = at
            self._faulty = False
            self._start(state)
            yield Transition(self.machine, state, "entered")
        if kind in ("Map", "Parallel"):
            self._inside, self._done = state, 0

    def _leave(self, kind: str, state: str, at: datetime) -> Iterator[Transition]:
        if self._inside and self._inside != state:
            return
        self._inside = ""
        if kind in _WORKING and state in self._entered:
            kind_of_end: Literal["exited", "failed"] = "failed" if self._faulty else "exited"
            yield Transition(self.machine, state, kind_of_end, (at - self._entered[state]).total_seconds())
