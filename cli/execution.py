"""Starts a state machine and follows it, and the executions it nests, through their histories."""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

from cli import ROOT
from cli.session import Aws
from lakehouse import layout
from lakehouse.map_runs import TOO_MANY_FAILED, MapRuns
from lakehouse.pipelines import distributed_maps

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

PIPELINE: Final = "pipeline"
MACHINES: Final = (*layout.LAYERS, PIPELINE)
# The pipeline's last step, which it also runs by itself.
GOVERNANCE: Final = "governance"

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
# What only the names of a demo's runs have.
_DEMO: Final = "-demo-"
# Of a layer's executions, how many of the newest may be the pipeline's.
_RECENT: Final = 20
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
        The layers it ran, in order.
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
        return next((layer for layer in self.nested if layer.status and not layer.succeeded), self)

    @property
    def layer_seconds(self) -> dict[str, float]:
        """Seconds by layer, for the layers that ran."""
        ran = self.nested if self.machine == PIPELINE else (self,)
        return {layer.machine: layer.seconds for layer in ran}


def new_run_id(now: datetime | None = None, *, of_demo: bool = False) -> str:
    """Return a run's name: sorts by time, does not repeat, and says whether a demo began it."""
    return f"{now or datetime.now(UTC):%Y%m%dT%H%M%SZ}{_DEMO if of_demo else '-'}{secrets.token_hex(3)}"


def is_of_demo(run_id: str) -> bool:
    """Return whether a demo began a run."""
    return _DEMO in run_id


def start(aws: Aws, machine: str, given: dict[str, Any], run_id: str) -> str:
    """Start ``StateMachine_DAG_<machine>`` with an input and return the execution's ARN."""
    answer = aws.states.start_execution(
        stateMachineArn=aws.state_machine(machine), name=run_id, input=json.dumps(given)
    )
    return answer["executionArn"]


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
        One of `MACHINES`.
    arn : str
        The execution's.
    tell : callable
        Called with every `Transition`, in order, as it is seen.
    pause : callable
        Waits that many seconds.
    """
    history = _History(aws, machine, arn)
    layers: list[_History] = []
    waited = _FIRST_PAUSE
    while True:
        news = list(history.news())
        if machine == PIPELINE:
            # The layer's own states come before the pipeline's word that the layer is done.
            news = [*_layers_news(aws, history, layers), *news]
        news += [step for each in (history, *layers[-1:]) for step in each.advance()]
        for transition in news:
            tell(transition)
        # Histories are eventually consistent: a layer's last events may show after the pipeline's.
        if history.status in ("TIMED_OUT", "ABORTED") or (history.status and all(layer.status for layer in layers)):
            return history.outcome(tuple(layer.outcome() for layer in layers))
        waited = _FIRST_PAUSE if news else min(waited * 1.5, _LONGEST_PAUSE)
        pause(waited)


def _layers_news(aws: Aws, pipeline: "_History", layers: "list[_History]") -> Iterator[Transition]:
    """Yield what the layers did since the last look; ``layers`` grows by those that have begun."""
    while True:
        if layers:
            yield from layers[-1].news()
        if (layers and not layers[-1].status) or len(layers) == len(layout.LAYERS):
            return
        layer = layout.LAYERS[len(layers)]
        arn = _nested(aws, layer, pipeline)
        if arn is None:
            return
        layers.append(_History(aws, layer, arn))


def _nested(aws: Aws, layer: str, pipeline: "_History") -> str | None:
    """Return the ARN of the layer's execution that has the pipeline's run; None when it has not begun."""
    newest_first = aws.states.list_executions(stateMachineArn=aws.state_machine(layer), maxResults=_RECENT)
    for execution in newest_first["executions"]:
        if pipeline.began is None or execution["startDate"] < pipeline.began:
            return None
        given = aws.states.describe_execution(executionArn=execution["executionArn"]).get("input", "{}")
        if json.loads(given).get("run_id") == pipeline.run_id:
            return execution["executionArn"]
    return None


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

    @property
    def run_id(self) -> str:
        """The execution's name."""
        return self.arn.rpartition(":")[2]

    def news(self) -> Iterator[Transition]:
        """Yield the transitions since the last call."""
        if self.status:
            return
        pages = self.aws.states.get_paginator("get_execution_history").paginate(
            executionArn=self.arn, PaginationConfig={"PageSize": 1000}
        )
        for page in pages:
            for event in page["events"]:
                if event["id"] > self._seen:
                    self._seen = event["id"]
                    yield from self._take(event)

    def advance(self) -> Iterator[Transition]:
        """Yield how far the Distributed Map has got that the execution is in, where that is further than before."""
        if self.status or self._inside not in self._distributed:
            return
        for run in MapRuns(self.aws.states).of(self.arn):
            if run.state == self._inside and run.ended != self._done:
                self._done = run.ended
                yield Transition(self.machine, run.state, "advanced", done=run.ended, parts=run.items)

    def outcome(self, nested: tuple[Outcome, ...] = ()) -> Outcome:
        """Return how it ended."""
        seconds = (self._ended - self.began).total_seconds() if self.began and self._ended else 0.0
        failed = self.status != "SUCCEEDED"
        error, cause = self._of_part()
        return Outcome(self.machine, self.status, self._state if failed else "", error, cause, seconds, nested)

    @cached_property
    def _distributed(self) -> frozenset[str]:
        # As this version deploys it. Of another one's maps no progress is seen, and nothing else is lost.
        return distributed_maps(json.loads((ROOT / f"statemachine/{self.machine}.asl.json").read_text("utf-8")))

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
