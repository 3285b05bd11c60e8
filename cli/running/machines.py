"""The state machines that can be run, the names of their runs, and how one is started."""

import json
import secrets
from datetime import UTC, datetime
from typing import Any, Final

from cli.session import Aws
from lakehouse.lake import layout
from lakehouse.orchestration import pipelines

PIPELINE: Final = pipelines.PIPELINE
# The audit of each layer: a run of the layer starts it, and it can be started by itself.
AUDITS: Final = {layer: f"teste_{layer}" for layer in layout.LAYERS}
MACHINES: Final = (*layout.LAYERS, *AUDITS.values(), PIPELINE)
# The last step of the pipeline, which can also be run by itself.
GOVERNANCE: Final = "governance"
# Only the names of a demo's runs have this.
_DEMO: Final = "-demo-"


def new_run_id(now: datetime | None = None, *, of_demo: bool = False) -> str:
    """Return a new run's name: names sort by time, are unique, and show whether a demo started the run."""
    return f"{now or datetime.now(UTC):%Y%m%dT%H%M%SZ}{_DEMO if of_demo else '-'}{secrets.token_hex(3)}"


def is_of_demo(run_id: str) -> bool:
    """Return whether a demo started a run."""
    return _DEMO in run_id


def start(aws: Aws, machine: str, execution_input: dict[str, Any], run_id: str) -> str:
    """Start ``StateMachine_DAG_<machine>`` with an input and return the execution's ARN.

    Raises
    ------
    NotDeployedError
        A state machine does not exist: another version is deployed, which could not be followed.
    """
    for each in MACHINES:
        aws.state_machine(each)
    answer = aws.states.start_execution(
        stateMachineArn=aws.state_machine(machine), name=run_id, input=json.dumps(execution_input)
    )
    return answer["executionArn"]
