"""What a lineage event tells of one run on one table: who called, and what was found out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lakehouse.lake.s3 import Traffic
from lakehouse.runtime import BY_HAND

if TYPE_CHECKING:
    from openlineage.client.generated.data_quality_assertions_dataset import Assertion


@dataclass(frozen=True)
class Origin:
    """Which task of which execution calls.

    Attributes
    ----------
    run_id : str
        The lakehouse's run.
    execution, state_machine, state : str
        From the Step Functions context object; a handler called by hand is an execution of its own.
    """

    run_id: str
    execution: str
    state_machine: str
    state: str

    @classmethod
    def of(cls, event: Mapping[str, Any], function: str) -> "Origin":
        """Read a Lambda event's ``run_id`` and ``origin``."""
        given = event.get("origin", {})
        return cls(
            run_id=event["run_id"],
            execution=given.get("execution", f"{BY_HAND}/{event['run_id']}"),
            state_machine=given.get("state_machine", BY_HAND),
            state=given.get("state", function),
        )


@dataclass
class TableRun:
    """What one run on one table found out, filled in while it runs.

    Attributes
    ----------
    rows, bytes : int
        Of the table written; no bytes, no statistics.
    assertions : list of Assertion
        Results of the rules, for a run that audits.
    also : Traffic
        What went through the lake elsewhere.
    """

    rows: int = 0
    bytes: int = 0
    assertions: "list[Assertion]" = field(default_factory=list)
    also: Traffic = field(default_factory=Traffic)

    def saw(self, traffic: Traffic) -> None:
        """Add what other invocations, a part each, read and wrote for this run."""
        self.also = traffic.joined(self.also)
