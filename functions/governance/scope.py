"""Scope: the runs that governance examines. In a pipeline that is its run; by itself, what was published last."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.contract import layers
from lakehouse.errors import LakehouseError
from lakehouse.orchestration.pipelines import audit_name, machine_name
from lakehouse.orchestration.stepfunctions import StateMachine, StateMachines


@dataclass(frozen=True)
class Scope:
    """The runs that published the layers.

    Attributes
    ----------
    runs : mapping of str to str
        The run of each layer.
    from_csv : bool
        Whether Bronze read the exported CSVs; synthetic data has no ``landing`` to read.
    """

    runs: Mapping[str, str]
    from_csv: bool

    def has(self, job: str, run_id: str) -> bool:
        """Return whether a job's event in a run counts: jobs of a layer, or of its audit, only in the layer's run."""
        run_of = {name: run for layer, run in self.runs.items() for name in (machine_name(layer), audit_name(layer))}
        return run_of.get(job.partition(".")[0], run_id) == run_id


def scope_of_run(run_id: str, source: Mapping[str, Any]) -> Scope:
    """Return the scope of a pipeline's run, which published every layer."""
    return Scope(dict.fromkeys(layers.LAYERS, run_id), _is_csv(source))


def scope_of_published(states: StateMachines, machines: Iterable[StateMachine]) -> Scope:
    """Return the scope of what is published now: the newest run of each layer that succeeded.

    Raises
    ------
    LakehouseError
        A layer was never published, or its state machine is not deployed.
    """
    arns = {machine.name: machine.arn for machine in machines}
    undeployed = [name for name in map(machine_name, layers.LAYERS) if name not in arns]
    if undeployed:
        raise LakehouseError(f"no state machine tagged project=importau is called {', '.join(undeployed)}")
    newest = {layer: states.newest_success(arns[machine_name(layer)]) for layer in layers.LAYERS}
    unpublished = [layer for layer, run in newest.items() if run is None]
    if unpublished:
        raise LakehouseError(f"never published: {', '.join(unpublished)}; run those layers first, then governance")
    runs = {layer: run for layer, run in newest.items() if run is not None}
    return Scope({layer: run_id for layer, (run_id, _) in runs.items()}, _is_csv(runs[layers.BRONZE][1]))


def _is_csv(source: Mapping[str, Any]) -> bool:
    return bool(source.get("type", "csv") == "csv")
