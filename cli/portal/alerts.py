"""The messages about runs that failed, of those after which nothing went well: what somebody still has to look at."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from cli.running.alerts import Alert
from lakehouse.orchestration.pipelines import PIPELINE, machine_name
from lakehouse.orchestration.stepfunctions import Execution

_SUCCEEDED: Final = "SUCCEEDED"
# A message has its text in both languages, Portuguese first.
_BETWEEN: Final = "\n\n--\n\n"


def waiting(alerts: Sequence[Alert], executions: Mapping[str, Sequence[Execution]], stage: str) -> list[dict[str, Any]]:
    """Return the messages about failures that no success followed (``Alert`` of the document), newest first.

    What was published with warnings needs no message here: the rules that warn are in the page. A layer's failure ends
    with a success of that layer or of the whole pipeline; of several about one machine the newest is told.

    Parameters
    ----------
    alerts : sequence of Alert
        Newest first.
    executions : mapping of str to sequence of Execution
        By the name of their state machine.
    stage : str
        Of which lakehouse the machines are.
    """
    found: dict[str, dict[str, Any]] = {}
    for alert in alerts:
        if alert.status == _SUCCEEDED or alert.machine in found:
            continue
        machine = machine_name(alert.machine, stage)
        later = (each for name in {machine, machine_name(PIPELINE, stage)} for each in executions.get(name, ()))
        if not any(_went_well_after(each, datetime.fromisoformat(alert.at)) for each in later):
            found[alert.machine] = _shown(alert, machine)
    return list(found.values())


def _went_well_after(execution: Execution, at: datetime) -> bool:
    return execution.status == _SUCCEEDED and execution.stopped is not None and execution.stopped > at


def _shown(alert: Alert, machine: str) -> dict[str, Any]:
    portuguese, _, english = alert.text.partition(_BETWEEN)
    return {
        "run_id": alert.run,
        "pipeline": machine,
        "at": alert.at,
        "kind": alert.kind,
        "text": {"pt": portuguese.strip(), "en": (english or portuguese).strip()},
    }
