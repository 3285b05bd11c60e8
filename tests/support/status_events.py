"""Events of Step Functions as EventBridge sends them: "Step Functions Execution Status Change"."""

import json
from datetime import UTC, datetime
from typing import Any, Final

MACHINE: Final = "arn:aws:states:us-east-1:123456789012:stateMachine:StateMachine_DAG_{}"
EXECUTION: Final = "arn:aws:states:us-east-1:123456789012:execution:StateMachine_DAG_{}:{}"
AT: Final = datetime(2026, 11, 30, 14, 5, 6, tzinfo=UTC)
RUN: Final = "20261130T140000Z-abc123"


def event(machine: str = "pipeline", status: str = "FAILED", **detail: Any) -> dict[str, Any]:
    """Return an event; ``input`` and ``output`` are given as what they parse to."""
    texts = {name: json.dumps(detail.pop(name)) for name in ("input", "output") if name in detail}
    return {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {
            "executionArn": EXECUTION.format(machine, RUN),
            "stateMachineArn": MACHINE.format(machine),
            "name": RUN,
            "status": status,
            "stopDate": int(AT.timestamp() * 1000),
            "input": "{}",
            "output": None,
        }
        | detail
        | texts,
    }
