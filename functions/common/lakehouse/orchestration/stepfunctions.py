"""State machines and their executions, read back from Step Functions as they are."""

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
# Where an execution that is a step of another one says whose, by Step Functions' own convention.
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
        """Return whether an execution came to a Distributed Map."""
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
        States entered, which is what Step Functions bills. This and the next three are with its Map Runs.
    lambda_seconds : float
        Seconds its Lambdas ran.
    lambda_calls, copies : int
        Copies are objects published.
    crawls : int
        Crawlers it started.
    rows : int or None
        Of the tables it published; None when it did not end well.
    states : tuple of StateTime
        Those of the top level that do work, in their order.
    cause : str
        Why it failed; empty when it did not.
    map_runs : tuple of Total
        What its Distributed Maps did, in their order.
    started_by : str
        The execution that started it; empty where it was nobody's step.
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
        """How long the crawlers took, side by side; 0 where there were none."""
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
        """Return the state machines tagged ``project=importau``, by name, with their definitions as they run."""
        found = []
        for page in self.client.get_paginator("list_state_machines").paginate():
            for entry in page["stateMachines"]:
                arn = entry["stateMachineArn"]
                if TAG in self.client.list_tags_for_resource(resourceArn=arn)["tags"]:
                    definition = json.loads(self.client.describe_state_machine(stateMachineArn=arn)["definition"])
                    tasks = tuple(tasks_of(definition))
                    found.append(StateMachine(entry["name"], arn, definition.get("Comment", ""), definition, tasks))
        return sorted(found, key=lambda machine: machine.name)

    def executions(self, machine: StateMachine, known: Mapping[str, str], most: int) -> Iterator[Execution]:
        """Yield the newest executions of a state machine that are not known to have ended, newest first.

        Parameters
        ----------
        machine : StateMachine
        known : mapping of str to str
            Status by ARN, of executions read before.
        most : int
            How many to look at.
        """
        listed = self.client.list_executions(stateMachineArn=machine.arn, maxResults=most)["executions"]
        for entry in listed:
            if known.get(entry["executionArn"], "RUNNING") == "RUNNING":
                yield self._execution(machine, entry)

    def newest_success(self, arn: str) -> tuple[str, dict[str, Any]] | None:
        """Return the run and the ``source`` of a state machine's newest execution that ended well.

        Returns
        -------
        tuple of str and dict, or None
            None when there is none (Step Functions remembers 90 days).
        """
        found = self.client.list_executions(stateMachineArn=arn, statusFilter="SUCCEEDED", maxResults=1)["executions"]
        if not found:
            return None
        given = json.loads(self.client.describe_execution(executionArn=found[0]["executionArn"]).get("input", "{}"))
        return given.get("run_id", found[0]["name"]), given.get("source", {})

    def _execution(self, machine: StateMachine, entry: "ExecutionListItemTypeDef") -> Execution:
        arn, history = entry["executionArn"], read_history(self.client, entry)
        given = json.loads(history.input)
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
            run_id=given.get("run_id") or entry["name"],
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
            started_by=given.get(STARTED_BY, ""),
        )


def _rows(output: Mapping[str, Any]) -> int:
    """Sum the rows of the tables an execution says it published, those of nested executions included."""
    # An audit tells of the rows that it judged, and publishes none.
    tables = () if "passed" in output else output.get("tables", ())
    nested = (value for value in output.values() if isinstance(value, Mapping))
    return sum(int(table["rows"]) for table in tables) + sum(map(_rows, nested))
