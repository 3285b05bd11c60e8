"""An execution that ended, as EventBridge tells of it; what an event lacks is no reason to be silent."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self

from lakehouse.contract import layers
from lakehouse.orchestration.pipelines import AUDIT, short_name
from lakehouse.stage import NONE

SUCCEEDED: Final = "SUCCEEDED"
FAILED: Final = "FAILED"
TIMED_OUT: Final = "TIMED_OUT"
ABORTED: Final = "ABORTED"
_ENDS: Final = (SUCCEEDED, FAILED, TIMED_OUT, ABORTED)


@dataclass(frozen=True)
class Ended:
    """An execution that ended.

    Attributes
    ----------
    arn, machine, name : str
        ``machine`` is ``pipeline``, a layer, or the audit of one: ``teste_bronze``.
    status : str
        SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
    error, cause : str
        Empty where it gave none.
    at : datetime
        When it ended, UTC.
    given, output : mapping
        Its input, and what it returned; empty where the event has them not.
    stage : str
        Of which lakehouse it is.
    """

    arn: str
    machine: str
    name: str
    status: str
    error: str
    cause: str
    at: datetime
    given: Mapping[str, Any] = field(default_factory=dict)
    output: Mapping[str, Any] = field(default_factory=dict)
    stage: str = NONE

    @property
    def run(self) -> str:
        """The run that it is of: its own, unless it was told another one's."""
        told = self.given.get("run_id")
        return told if isinstance(told, str) and told else self.name

    @property
    def only(self) -> str:
        """The step of the pipeline that was taken by itself; empty where it was all of it."""
        return str(self.given.get("only") or "")

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that it makes, or audits."""
        layer = self.machine.removeprefix(AUDIT)
        return (layer,) if layer in layers.LAYERS else layers.LAYERS

    @property
    def audits_what_is_published(self) -> bool:
        """Whether it is an audit that somebody started by itself."""
        return self.machine.startswith(AUDIT)

    @property
    def warned(self) -> dict[str, int]:
        """How many rules of each table warned, as its output has them; empty where it made and audited nothing."""
        found = {}
        for table in _tables(self.output):
            name, warnings = table.get("table"), table.get("warnings")
            if isinstance(name, str) and isinstance(warnings, int) and warnings:
                found[name] = warnings
        return found

    @property
    def suspected(self) -> int:
        """How many columns look personal that no contract declares so, as its output says."""
        return self._governed("personal")

    @property
    def anomalies(self) -> int:
        """How many numbers are not as the runs before let expect, as its output says."""
        return self._governed("anomalies")

    def _governed(self, what: str) -> int:
        governance = self.output.get("governance")
        count = governance.get(what) if isinstance(governance, Mapping) else None
        return count if isinstance(count, int) else 0

    @classmethod
    def of_event(cls, event: Any, stage: str = NONE) -> Self | None:
        """Return what an event of a stage tells of; None for an event of anything else than an execution that ended."""
        detail = event.get("detail") if isinstance(event, Mapping) else None
        if not isinstance(detail, Mapping):
            return None
        arn, status = str(detail.get("executionArn") or ""), str(detail.get("status") or "")
        machine = str(detail.get("stateMachineArn") or arn.rpartition(":")[0]).rpartition(":")[2]
        if not arn or status not in _ENDS:
            return None
        return cls(
            arn=arn,
            machine=short_name(machine, stage),
            name=str(detail.get("name") or arn.rpartition(":")[2]),
            status=status,
            error=str(detail.get("error") or ""),
            cause=str(detail.get("cause") or ""),
            at=_moment(detail.get("stopDate")),
            given=_object(detail.get("input")),
            output=_object(detail.get("output")),
            stage=stage,
        )


def _moment(milliseconds: Any) -> datetime:
    try:
        return datetime.fromtimestamp(float(milliseconds) / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return datetime.now(UTC)


def _object(text: Any) -> Mapping[str, Any]:
    try:
        content = json.loads(text)
    except (TypeError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _tables(output: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what a machine's output says of each table; a pipeline's has it by layer."""
    for part in (output, *(output.get(layer) for layer in layers.LAYERS)):
        listed = part.get("tables") if isinstance(part, Mapping) else None
        yield from (table for table in listed or () if isinstance(table, Mapping))
