"""What can be run: the state machines, the names of their runs, and how one is started."""

import json
import secrets
from datetime import UTC, datetime
from typing import Any, Final

from cli.session import Aws
from lakehouse.lake import layout

PIPELINE: Final = "pipeline"
# The audit of each layer, which a run of the layer starts, and which can be started by itself.
AUDITS: Final = {layer: f"teste_{layer}" for layer in layout.LAYERS}
MACHINES: Final = (*layout.LAYERS, *AUDITS.values(), PIPELINE)
# The pipeline's last step, which it also runs by itself.
GOVERNANCE: Final = "governance"
# What only the names of a demo's runs have.
_DEMO: Final = "-demo-"


def new_run_id(now: datetime | None = None, *, of_demo: bool = False) -> str:
    """Return a run's name: sorts by time, does not repeat, and says whether a demo began it."""
    return f"{now or datetime.now(UTC):%Y%m%dT%H%M%SZ}{_DEMO if of_demo else '-'}{secrets.token_hex(3)}"


def is_of_demo(run_id: str) -> bool:
    """Return whether a demo began a run."""
    return _DEMO in run_id


def start(aws: Aws, machine: str, given: dict[str, Any], run_id: str) -> str:
    """Start ``StateMachine_DAG_<machine>`` with an input and return the execution's ARN.

    Raises
    ------
    NotDeployedError
        A state machine is not there: what runs there is of another version, and could not be followed.
    """
    for each in MACHINES:
        aws.state_machine(each)
    answer = aws.states.start_execution(
        stateMachineArn=aws.state_machine(machine), name=run_id, input=json.dumps(given)
    )
    return answer["executionArn"]
