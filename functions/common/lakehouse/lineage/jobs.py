"""What tasks declare, as the jobs that their runs are: one for each table that a task writes or audits. Pure.

A task's comment names its inputs and outputs; which of the inputs an output is made from, its contract says. Only a
task that calls a Lambda for all of a table is a job with datasets: what a part of a table is made from is told by the
task that puts the parts together, and what another execution does, by that execution's own jobs.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lakehouse.contract import layers
from lakehouse.contract.model import load
from lakehouse.lineage.names import Asset
from lakehouse.orchestration.pipelines import AUDIT, LAMBDA, Task, short_name


@dataclass(frozen=True)
class Job:
    """A job, as a task declares it.

    Attributes
    ----------
    name : str
        ``machine.task.table``; ``machine.task`` of a task that neither writes nor audits a table.
    inputs : tuple of Asset
    output : Asset or None
        None of a task that writes no table.
    """

    name: str
    inputs: tuple[Asset, ...]
    output: Asset | None = None


def jobs_of(machine: str, task: Task, stage: str) -> Iterator[Job]:
    """Yield the jobs of a task of a state machine; what it names that is no asset is left out.

    Parameters
    ----------
    machine : str
        The machine's name.
    task : Task
    stage : str
    """
    name = f"{machine}.{task.name}"
    if not does_itself(task):
        yield Job(name, ())
        return
    inputs, outputs = _known(task.inputs), _known(task.outputs)
    for output in outputs:
        made_from = sources_of(output)
        yield Job(f"{name}.{output.table}", tuple(asset for asset in inputs if asset in made_from), output)
    if outputs:
        return
    audited = [asset for asset in inputs if _audits(machine, stage) == _layer_of(asset)]
    for asset in audited:
        yield Job(f"{name}.{asset.table}", inputs)
    if not audited:
        yield Job(name, inputs)


def does_itself(task: Task) -> bool:
    """Return whether a task reads and writes the tables that it declares, and tells of it."""
    return task.resource.startswith(LAMBDA) and not task.per_part


def sources_of(asset: Asset) -> tuple[Asset, ...]:
    """Return what a table is made from, by its contract: a bronze table of its exported CSV, and a CSV of nothing."""
    if asset.contract is None:
        return ()
    if asset.contract.layer == layers.BRONZE:
        return (Asset.of_landing(asset.table),)
    tables = dict.fromkeys(source.split(".")[1] for source in load(asset.table).sources)
    return tuple(map(Asset.of_table, tables))


def _known(names: Iterable[str]) -> tuple[Asset, ...]:
    return tuple(Asset.parse(name) for name in names if Asset.is_known(name))


def _audits(machine: str, stage: str) -> str | None:
    """Return the layer that a state machine audits; None of any other."""
    short = short_name(machine, stage)
    return short.removeprefix(AUDIT) if short.startswith(AUDIT) else None


def _layer_of(asset: Asset) -> str | None:
    return None if asset.contract is None else asset.contract.layer
