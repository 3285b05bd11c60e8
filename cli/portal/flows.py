"""The flows between assets and between columns: as observed in the last runs, and as tasks declare."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.clients import together
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.lineage.jobs import jobs_of
from lakehouse.lineage.names import Asset, Place
from lakehouse.orchestration.stepfunctions import StateMachine


@dataclass(frozen=True)
class Flow:
    """A table that a task wrote in a run, with its sources.

    Attributes
    ----------
    task : str
        ``pipeline.state``.
    inputs : tuple of str
        ``database.table``.
    output : str
    columns : mapping of str to (str, str, bool)
        The sources of each column of the output: ``database.table``, column, and whether its values flow into it.
    transformations : mapping of str to str
        How each column is computed from its sources.
    """

    task: str
    inputs: tuple[str, ...]
    output: str
    columns: Mapping[str, tuple[tuple[str, str, bool], ...]]
    transformations: Mapping[str, str]


def observed(lake: Lake, run_ids: Iterable[str], place: Place) -> list[Flow]:
    """Return the flows observed in some runs, the newest of each table and task; later runs win over earlier ones."""
    keys = [key for run_id in run_ids for key in _completed(lake, layout.lineage_prefix(run_id))]
    events = sorted(together(lake.read_json, keys), key=lambda event: event["eventTime"])
    newest = {}
    for event in events:
        for flow in _flows(event, place):
            newest[flow.task, flow.output] = flow
    return [newest[key] for key in sorted(newest)]


def edges(flows: Sequence[Flow], machines: Iterable[StateMachine], stage: str) -> list[dict[str, Any]]:
    """Return the edges between assets (``Edge``): those observed, and those declared by tasks that were not observed.

    What a task declares is its jobs' (`lakehouse.lineage.jobs`): those inputs that an output is made from.
    """
    actual = {(source, flow.output, flow.task) for flow in flows for source in flow.inputs if source != flow.output}
    active = {flow.task for flow in flows}
    declared = {
        (str(source), str(job.output), f"{machine.name}.{task.name}")
        for machine in machines
        for task in machine.tasks
        for job in jobs_of(machine.name, task, stage)
        for source in job.inputs
        if job.output is not None
    }
    kept = actual | {edge for edge in declared if edge[2] not in active}
    return [
        {"from": source, "to": target, "task": task, "declared": edge in declared, "observed": edge in actual}
        for edge in sorted(kept)
        for source, target, task in [edge]
    ]


def column_edges(flows: Iterable[Flow], assets: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """Return the edges between columns (``ColumnEdge``), as indices into the assets and their columns.

    The source of a bronze column is the CSV's column of the same name.
    """
    at = {asset["id"]: index for index, asset in enumerate(assets)}
    columns = [{column["name"]: index for index, column in enumerate(asset["columns"])} for asset in assets]
    pairs = set()
    for flow in flows:
        if flow.output not in at:
            continue
        target = at[flow.output]
        landed = f"{layout.LANDING}.{flow.output.partition('.')[2]}"
        copied = [(name, landed, name, True) for name in columns[target] if landed in flow.inputs]
        derived = [(name, *source) for name, sources in flow.columns.items() for source in sources]
        for name, asset, column, direct in (*copied, *derived):
            if asset in at and column in columns[at[asset]] and name in columns[target]:
                source = at[asset]
                pairs.add((source, columns[source][column], target, columns[target][name], int(direct)))
    return [list(edge) for edge in sorted(pairs)]


def _completed(lake: Lake, prefix: str) -> Iterable[str]:
    events = ((key, layout.event_of_key(key)) for key in lake.list(prefix))
    return (key for key, event in events if event is not None and event.phase == layout.COMPLETE)


def _flows(event: Mapping[str, Any], place: Place) -> Iterable[Flow]:
    task = event["job"]["name"].rpartition(".")[0]
    inputs = tuple(dict.fromkeys(_names(event.get("inputs", ()), place)))
    for dataset in event.get("outputs", ()):
        for output in _names([dataset], place):
            fields = dataset.get("facets", {}).get("columnLineage", {}).get("fields", {})
            yield Flow(
                task,
                inputs,
                output,
                {name: tuple(_sources(field, place)) for name, field in fields.items()},
                {
                    name: field["transformationDescription"]
                    for name, field in fields.items()
                    if field.get("transformationDescription")
                },
            )


def _names(datasets: Iterable[Mapping[str, Any]], place: Place) -> Iterable[str]:
    for dataset in datasets:
        asset: Asset | None = place.asset(dataset["namespace"], dataset["name"])
        if asset is not None:
            yield str(asset)


def _sources(field: Mapping[str, Any], place: Place) -> Iterable[tuple[str, str, bool]]:
    for source in field["inputFields"]:
        for name in _names([source], place):
            direct = any(each["type"] == "DIRECT" for each in source.get("transformations", ()))
            yield name, source["field"], direct
