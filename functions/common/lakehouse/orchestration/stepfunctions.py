"""State machines and their executions, as Step Functions has them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import boto3

from lakehouse.orchestration.history import History, StateTime
from lakehouse.orchestration.map_runs import TOO_MANY_FAILED, MapRuns, Total, read_history
from lakehouse.orchestration.pipelines import Task, distributed_maps, tasks_of

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient
    from mypy_boto3_stepfunctions.type_defs import ExecutionListItemTypeDef

TAG: Final = {"key": "project", "value": "importau"}
# The state whose branches start the crawlers and wait for them.
CRAWL: Final = "Crawl"
# The key in an execution's input that names the execution which started it, by Step Functions' own convention.
STARTED_BY: Final = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"


@dataclass(frozen=True)
class StateMachine:
    """A state machine as it is deployed.

    Attributes
    ----------
    name, arn, description : str
    definition : mapping
        In the Amazon States Language.
    tasks : tuple of Task
    """

    name: str
    arn: str
    description: str
    definition: Mapping[str, Any]
    tasks: tuple[Task, ...]

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
        States entered, which is what Step Functions bills. This and the next three include its Map Runs.
    lambda_seconds : float
        Seconds its Lambdas ran.
    lambda_calls, copies : int
        A copy publishes an object.
    crawls : int
        Crawlers it started.
    rows : int or None
        Of the tables it published; None when it did not succeed.
    states : tuple of StateTime
        The working states of the top level, in order.
    cause : str
        Why it failed; empty when it did not.
    map_runs : tuple of Total
        The sums of its Distributed Maps, in order.
    started_by : str
        The execution that started it; empty where it is not a step of another one.
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
    copies: int = 0
    map_runs: tuple[Total, ...] = ()
    started_by: str = ""

    @property
    def crawl_seconds(self) -> float:
        """How long the crawlers took, which run in parallel; 0 where there were none."""
        return max((state.seconds for state in self.states if state.name == CRAWL), default=0.0)


class StateMachines:
    """The state machines of this project in an account.

    Parameters
    ----------
    client : SFNClient, optional
        A boto3 client; by default one made from the environment.
    """

    def __init__(self, client: "SFNClient | None" = None) -> None:
        self.client: SFNClient = client or boto3.client("stepfunctions")

    def tagged(self) -> list[StateMachine]:
        """Return the state machines tagged ``project=importau``, sorted by name, with their deployed definitions."""
        machines = []
        for page in self.client.get_paginator("list_state_machines").paginate():
            for entry in page["stateMachines"]:
                arn = entry["stateMachineArn"]
                if TAG in self.client.list_tags_for_resource(resourceArn=arn)["tags"]:
                    definition = json.loads(self.client.describe_state_machine(stateMachineArn=arn)["definition"])
                    tasks = tuple(tasks_of(definition))
                    machines.append(StateMachine(entry["name"], arn, definition.get("Comment", ""), definition, tasks))
        return sorted(machines, key=lambda machine: machine.name)

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
        listed = self.client.list_executions(stateMachineArn=machine.arn, maxResults=most)["executions"]
        for entry in listed:
            if known.get(entry["executionArn"], "RUNNING") == "RUNNING":
                yield self._execution(machine, entry)

    def newest_success(self, arn: str) -> tuple[str, dict[str, Any]] | None:
        """Return the run and the ``source`` of a state machine's newest execution that succeeded.

        Returns
        -------
        tuple of str and dict, or None
            None when there is none (Step Functions remembers 90 days).
        """
        listed = self.client.list_executions(stateMachineArn=arn, statusFilter="SUCCEEDED", maxResults=1)["executions"]
        if not listed:
            return None
        execution = self.client.describe_execution(executionArn=listed[0]["executionArn"])
        its_input = json.loads(execution.get("input", "{}"))
        return its_input.get("run_id", listed[0]["name"]), its_input.get("source", {})

    def _execution(self, machine: StateMachine, entry: "ExecutionListItemTypeDef") -> Execution:
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
            rows=_rows(json.loads(history.output)) if history.output else None,
            states=history.states(),
            cause=cause,
            copies=history.copies + sum(total.copies for total in totals),
            map_runs=tuple(totals),
            started_by=its_input.get(STARTED_BY, ""),
        )


def _rows(output: Mapping[str, Any]) -> int:
    """Return the sum of the rows that an execution's output says it published, nested executions included."""
    # An audit's output has the rows that it examined; it publishes none.
    tables = () if "passed" in output else output.get("tables", ())
    nested = (value for value in output.values() if isinstance(value, Mapping))
    return sum(int(table["rows"]) for table in tables) + sum(map(_rows, nested))
