"""State machines and their executions, as Step Functions has them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Self

from lakehouse.clients import client_of, together
from lakehouse.orchestration.history import History, StateTime
from lakehouse.orchestration.map_runs import TOO_MANY_FAILED, MapRuns, Total, read_history
from lakehouse.orchestration.pipelines import Task, distributed_maps, read_comment, tasks_of

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient
    from mypy_boto3_stepfunctions.type_defs import ExecutionListItemTypeDef

# The state whose branches start the crawlers and wait for them.
CRAWL: Final = "Crawl"
# The key in an execution's input that names the execution which started it, by Step Functions' own convention.
STARTED_BY: Final = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
# The key in an execution's input that names the execution which somebody started.
ROOT: Final = "root"

RUNNING: Final = "RUNNING"
# What a list says of an execution.
_LISTED: Final = ("executionArn", "stateMachineArn", "name", "status", "startDate", "stopDate")


@dataclass(frozen=True)
class StateMachine:
    """A state machine as it is deployed.

    Attributes
    ----------
    name, arn, description : str
    definition : mapping
        In the Amazon States Language.
    tasks : tuple of Task
    owner : str
        Who answers for it, by the comment of its definition; empty where that does not say.
    """

    name: str
    arn: str
    description: str
    definition: Mapping[str, Any]
    tasks: tuple[Task, ...]
    owner: str = ""

    @classmethod
    def of(cls, name: str, arn: str, definition: Mapping[str, Any]) -> Self:
        """Return the state machine of a definition."""
        description, fields = read_comment(definition.get("Comment", ""))
        return cls(name, arn, description, definition, tuple(tasks_of(definition)), fields.get("OWNER", ""))

    def fanned_out(self, history: History) -> bool:
        """Return whether an execution entered a Distributed Map."""
        return not distributed_maps(self.definition).isdisjoint(state.name for state in history.states())


@dataclass(frozen=True)
class Execution:
    """One run of a state machine.

    Attributes
    ----------
    arn, name, status : str
    run_id : str
        The run it belongs to: that of the execution that started it, or its own name.
    started : datetime
    stopped : datetime or None
        None while it runs.
    transitions : int
        States entered, which is what Step Functions bills. This and the next two include its Map Runs.
    lambda_seconds : float
        Seconds its Lambdas ran.
    lambda_calls : int
    crawls : int
        Crawlers it started.
    rows : int or None
        Of the tables it published; None when it did not succeed, or waits to be published.
    states : tuple of StateTime
        The working states of the top level, in order.
    cause : str
        Why it failed; empty when it did not.
    map_runs : tuple of Total
        The sums of its Distributed Maps, in order.
    started_by : str
        The execution that started it; empty where it is not a step of another one.
    root : str
        The execution that somebody started and that it is a step of; empty where that is unknown, or itself.
    """

    arn: str
    name: str
    status: str
    run_id: str
    started: datetime
    stopped: datetime | None
    transitions: int
    lambda_seconds: float
    lambda_calls: int
    crawls: int
    rows: int | None
    states: tuple[StateTime, ...]
    cause: str
    map_runs: tuple[Total, ...] = ()
    started_by: str = ""
    root: str = ""

    @property
    def crawl_seconds(self) -> float:
        """How long the crawlers took, which run in parallel; 0 where there were none."""
        return max((state.seconds for state in self.states if state.name == CRAWL), default=0.0)


class StateMachines:
    """The state machines of this project in an account.

    Parameters
    ----------
    client : SFNClient, optional
        A boto3 client; by default this process's one (`lakehouse.clients`).
    """

    def __init__(self, client: "SFNClient | None" = None) -> None:
        self.client: SFNClient = client or client_of("stepfunctions")

    def deployed(self, arns: Iterable[str]) -> list[StateMachine]:
        """Return the state machines of these ARNs that there are, sorted by name, with their deployed definitions.

        They are asked for by name: a list would show those of everybody in the account, whose tags only their owners
        may read.
        """
        found = together(self._deployed, list(arns))
        return sorted((each for each in found if each is not None), key=lambda machine: machine.name)

    def _deployed(self, arn: str) -> StateMachine | None:
        """Return a state machine; None where there is none of this ARN."""
        try:
            described = self.client.describe_state_machine(stateMachineArn=arn)
        except self.client.exceptions.StateMachineDoesNotExist:
            return None
        return StateMachine.of(described["name"], arn, json.loads(described["definition"]))

    def executions(self, machine: StateMachine, known: Mapping[str, str], most: int) -> Iterator[Execution]:
        """Yield the newest executions of a state machine, newest first, without those known to have ended.

        Parameters
        ----------
        machine : StateMachine
        known : mapping of str to str
            The status of executions read before, by ARN.
        most : int
            How many executions to list.
        """
        for entry in self.listed(machine, known, most):
            yield self.read(machine, entry)

    def listed(self, machine: StateMachine, known: Mapping[str, str], most: int) -> "list[ExecutionListItemTypeDef]":
        """Return the newest executions of a state machine as they are listed, without those known to have ended."""
        listed = self.client.list_executions(stateMachineArn=machine.arn, maxResults=most)["executions"]
        return [entry for entry in listed if known.get(entry["executionArn"], RUNNING) == RUNNING]

    def described(self, arn: str) -> "ExecutionListItemTypeDef | None":
        """Return an execution as it would be listed; None where Step Functions does not know it any more."""
        try:
            found: Any = self.client.describe_execution(executionArn=arn)
        except self.client.exceptions.ExecutionDoesNotExist:
            return None
        entry: ExecutionListItemTypeDef = {name: found[name] for name in _LISTED if name in found}  # type: ignore[assignment]
        return entry

    def read(self, machine: StateMachine, entry: "ExecutionListItemTypeDef") -> Execution:
        """Return an execution that was listed, with what its history says."""
        arn, history = entry["executionArn"], read_history(self.client, entry)
        its_input = json.loads(history.input)
        cause, totals = history.cause, []
        if machine.fanned_out(history):
            map_runs = MapRuns(self.client)
            totals = [map_runs.total(run) for run in map_runs.of(arn)]
            failure = map_runs.failure(arn) if TOO_MANY_FAILED in cause else None
            cause = f"{failure.error}: {failure}" if failure else cause
        return Execution(
            arn=arn,
            name=entry["name"],
            status=entry["status"],
            run_id=its_input.get("run_id") or entry["name"],
            started=entry["startDate"],
            stopped=entry.get("stopDate"),
            transitions=history.transitions + sum(total.transitions for total in totals),
            lambda_seconds=history.lambda_seconds + sum(total.lambda_seconds for total in totals),
            lambda_calls=history.lambda_calls + sum(total.lambda_calls for total in totals),
            crawls=history.crawls,
            rows=_published(json.loads(history.output)) if history.output else None,
            states=history.states(),
            cause=cause,
            map_runs=tuple(totals),
            started_by=its_input.get(STARTED_BY, ""),
            root=its_input.get(ROOT, ""),
        )


def executions_of(
    states: StateMachines, machines: Sequence[StateMachine], known: Mapping[str, str], most: int
) -> dict[str, list[Execution]]:
    """Return the newest executions of each of some state machines, by name; their histories are read at once.

    One that was known to run is read again, however many are newer by now.

    Parameters
    ----------
    states : StateMachines
    machines : sequence of StateMachine
    known, most
        As `StateMachines.executions` has them.
    """
    listed = together(lambda machine: states.listed(machine, known, most), machines)
    entries = [(machine, entry) for machine, its in zip(machines, listed, strict=True) for entry in its]
    seen = {entry["executionArn"] for _, entry in entries}
    by_name = {machine.name: machine for machine in machines}
    running = [
        (by_name[machine_of_execution(arn)], arn)
        for arn, status in known.items()
        if status == RUNNING and arn not in seen and machine_of_execution(arn) in by_name
    ]
    again = together(lambda one: states.described(one[1]), running)
    entries += [(machine, entry) for (machine, _), entry in zip(running, again, strict=True) if entry is not None]
    found: dict[str, list[Execution]] = {machine.name: [] for machine in machines}
    for (machine, _), execution in zip(entries, together(lambda one: states.read(*one), entries), strict=True):
        found[machine.name].append(execution)
    return found


def machine_of_execution(execution_arn: str) -> str:
    """Return the name of the state machine of an execution."""
    return execution_arn.split(":")[-2] if ":" in execution_arn else ""


def _published(output: Mapping[str, Any]) -> int | None:
    """Return how many rows an execution published; None where it only waits to be published."""
    return None if output.get("held") else _rows(output)


def _rows(output: Mapping[str, Any]) -> int:
    """Return the sum of the rows that an execution's output says it published, nested executions included."""
    # An audit's output has the rows that it examined; it publishes none.
    tables = () if "passed" in output else output.get("tables", ())
    nested = (value for value in output.values() if isinstance(value, Mapping))
    return sum(int(table["rows"]) for table in tables) + sum(map(_rows, nested))
