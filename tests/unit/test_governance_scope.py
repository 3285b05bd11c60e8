"""Which runs governance looks at: the pipeline's one, or what each layer has published last."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from governance.scope import Scope, scope_of_published, scope_of_run
from lakehouse.errors import LakehouseError
from lakehouse.lake import layout
from lakehouse.orchestration.stepfunctions import StateMachine, StateMachines

MACHINES = [
    StateMachine(f"StateMachine_DAG_{name}", f"arn:{name}", "", {}, ()) for name in (*layout.LAYERS, "pipeline")
]


class StepFunctions:
    """Step Functions with executions that ended well, newest first: (name, input) by state machine."""

    def __init__(self, **executions: list[tuple[str, dict[str, Any]]]) -> None:
        self.executions = {f"arn:{name}": found for name, found in executions.items()}

    def list_executions(self, *, stateMachineArn: str, statusFilter: str, maxResults: int) -> dict[str, Any]:  # noqa: N803
        assert (statusFilter, maxResults) == ("SUCCEEDED", 1)
        found = self.executions.get(stateMachineArn, [])[:maxResults]
        return {
            "executions": [
                {"executionArn": f"{stateMachineArn}/{name}", "name": name, "startDate": datetime.now(UTC)}
                for name, _ in found
            ]
        }

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        machine, _, name = executionArn.partition("/")
        return {"input": json.dumps(dict(self.executions[machine])[name])}


def look(**executions: list[tuple[str, dict[str, Any]]]) -> Scope:
    return scope_of_published(StateMachines(StepFunctions(**executions)), MACHINES)  # type: ignore[arg-type]


def test_in_a_pipeline_every_layer_is_of_its_run() -> None:
    scope = scope_of_run("r1", {"type": "csv"})
    assert scope == Scope({"bronze": "r1", "silver": "r1", "gold": "r1"}, from_csv=True)
    assert scope.has("StateMachine_DAG_silver.WriteSilver.fato", "r1")
    assert scope.has("a.machine.of.someone.else", "r1")


def test_by_itself_it_looks_at_the_newest_run_of_each_layer_whether_it_ran_alone_or_in_a_pipeline() -> None:
    scope = look(
        bronze=[("b2", {"source": {"type": "synthetic", "orders": 5}}), ("b1", {})],
        silver=[("nested", {"run_id": "p1"})],
        gold=[("g3", {})],
    )
    assert scope == Scope({"bronze": "b2", "silver": "p1", "gold": "g3"}, from_csv=False)


def test_a_layers_events_count_in_the_run_that_published_it_and_in_no_other() -> None:
    scope = Scope({"bronze": "b2", "silver": "p1", "gold": "p1"}, from_csv=True)
    assert scope.has("StateMachine_DAG_bronze.WriteBronze.pedidos", "b2")
    assert not scope.has("StateMachine_DAG_bronze.WriteBronze.pedidos", "p1")
    assert scope.has("StateMachine_DAG_gold.WriteGold.agregado", "p1")
    assert scope.has("StateMachine_DAG_teste_bronze.AuditBronze.pedidos", "b2")
    assert not scope.has("StateMachine_DAG_teste_bronze.AuditBronze.pedidos", "p1")


def test_layers_that_were_never_published_are_all_named() -> None:
    with pytest.raises(LakehouseError, match="never published: silver, gold; run those layers first"):
        look(bronze=[("b1", {})])


@pytest.mark.parametrize("missing", layout.LAYERS)
def test_a_state_machine_that_is_not_deployed_is_named(missing: str) -> None:
    machines = [machine for machine in MACHINES if machine.name != f"StateMachine_DAG_{missing}"]
    with pytest.raises(LakehouseError, match=f"StateMachine_DAG_{missing}"):
        scope_of_published(StateMachines(StepFunctions()), machines)  # type: ignore[arg-type]
