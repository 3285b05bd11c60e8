"""What a lineage event says of one run on one table: the task that called, and the results."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lakehouse.lake.s3 import Traffic
from lakehouse.runtime import BY_HAND

if TYPE_CHECKING:
    from openlineage.client.generated.data_quality_assertions_dataset import Assertion


@dataclass(frozen=True)
class Origin:
    """The task that called a Lambda, and its execution.

    Attributes
    ----------
    run_id : str
        The lakehouse's run.
    execution, state_machine, state : str
        From the Step Functions context object; a call by hand counts as an execution of its own.
    root : str
        The execution that somebody started, of which the others are steps: itself where nobody started it.
    """

    run_id: str
    execution: str
    state_machine: str
    state: str
    root: str = ""

    @classmethod
    def of(cls, event: Mapping[str, Any], function: str) -> "Origin":
        """Return the origin of a Lambda's event, from its ``run_id`` and ``origin``."""
        origin = event.get("origin", {})
        execution = origin.get("execution", f"{BY_HAND}/{event['run_id']}")
        return cls(
            run_id=event["run_id"],
            execution=execution,
            state_machine=origin.get("state_machine", BY_HAND),
            state=origin.get("state", function),
            root=origin.get("root", execution),
        )


@dataclass
class TableRun:
    """The results of one run on one table, filled in while it runs.

    Attributes
    ----------
    rows, bytes : int
        Of the table written; without bytes the event has no statistics.
    assertions : list of Assertion
        Results of the rules, for a run that audits.
    elsewhere : Traffic
        What other invocations read and wrote for this run.
    """

    rows: int = 0
    bytes: int = 0
    assertions: "list[Assertion]" = field(default_factory=list)
    elsewhere: Traffic = field(default_factory=Traffic)

    def add_traffic(self, traffic: Traffic) -> None:
        """Add what other invocations, each for a part, read and wrote for this run."""
        self.elsewhere = traffic.joined(self.elsewhere)
