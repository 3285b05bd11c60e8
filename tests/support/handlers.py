"""The handlers in this process, called as the state machines call them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

import bronze.app
import forecast.app
import gold.app
import publish.app
import silver.app
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions.opening import opened
from tests import teste_bronze, teste_forecast, teste_gold, teste_silver

WRITE: Final = {
    layout.BRONZE: bronze.app.handler, layout.SILVER: silver.app.handler, layout.GOLD: gold.app.handler,
    layout.FORECAST: forecast.app.handler,
}  # fmt: skip
AUDIT: Final = {
    layout.BRONZE: teste_bronze.handler, layout.SILVER: teste_silver.handler, layout.GOLD: teste_gold.handler,
    layout.FORECAST: teste_forecast.handler,
}  # fmt: skip
# The most that a message may have, in bytes.
_MESSAGE: Final = 32_000


@dataclass(frozen=True)
class Ran:
    """What a layer of a run said: the messages of its two Lambdas, and the report."""

    staged: dict[str, Any]
    verdict: dict[str, Any]
    report: dict[str, Any]


def context(name: str = "importau-f") -> Any:
    """Return the context of an invocation."""
    return SimpleNamespace(
        function_name=name, memory_limit_in_mb=1024, aws_request_id="1",
        invoked_function_arn=f"arn:aws:lambda:us-east-1:123456789012:function:{name}",
    )  # fmt: skip


def origin(machine: str, state: str, execution: str = "e1") -> dict[str, str]:
    """Return what a state machine says of itself."""
    return {"execution": execution, "state_machine": f"StateMachine_DAG_{machine}", "state": state}


def called(handler: Any, run: str, **event: Any) -> dict[str, Any]:
    """Call a handler for a run; its answer is a message, and so bounded."""
    answer: dict[str, Any] = handler({"run_id": run, **event}, context())
    assert len(json.dumps(answer).encode()) < _MESSAGE
    return answer


def opens(run: str, layer: str | None = None, **event: Any) -> dict[str, Any]:
    """Open a run, or a layer of it, as the first state of a machine does."""
    return called(publish.app.handler, run, do="open", layer=layer, **event)


def layer_of_run(
    lake: Lake, run: str, layer: str, source: Mapping[str, Any] | None = None, *, fanned_out: bool = False
) -> Ran:
    """Open, write and audit a layer, with an invocation a part where that is asked for."""
    given = {"source": dict(source)} if source is not None else {}
    told = opens(run, layer, force=True, **given)
    parts = list(lake.list(told["parts_prefix"])) if fanned_out and told["parts"] > 1 else []
    for key in parts:
        assert called(WRITE[layer], run, layer=layer, part_key=key)["part"] == layout.part_number(key)[0]
    staged = called(WRITE[layer], run, layer=layer, origin=origin(layer, "Write"), **given)
    audited = told if layer == layout.GOLD else staged
    keys = list(lake.list(audited["parts_prefix"])) if fanned_out and audited["parts"] > 1 else []
    for key in keys:
        assert called(AUDIT[layer], run, layer=layer, part_key=key, tables=staged["tables"])["layer"] == layer
    verdict = called(AUDIT[layer], run, layer=layer, tables=staged["tables"], origin=origin(layer, "Audit"))
    return Ran(staged, verdict, dict(lake.read_json(verdict["report_key"])))


def governs(lake: Lake, run: str) -> None:
    """Say that governance passed a run."""
    lake.write_json({"passed": True}, layout.governance_report_key(run))


def publishes(run: str, layer: str | None = None) -> dict[str, Any]:
    """Publish a run, or the layer that was run by itself."""
    return called(publish.app.handler, run, do="commit", layer=layer)


def pipeline(lake: Lake, run: str, source: Mapping[str, Any], *, fanned_out: bool = False) -> dict[str, Ran]:
    """Run and publish all layers; every audit has to pass."""
    opened(lake, run, source)
    ran = {layer: layer_of_run(lake, run, layer, source, fanned_out=fanned_out) for layer in layout.LAYERS}
    for each in ran.values():
        assert each.verdict["passed"], each.verdict["cause"]
    governs(lake, run)
    publishes(run)
    return ran
