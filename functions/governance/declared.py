"""Declared lineage: what the tasks' comments and the contracts' columns say, as JobEvents and as a table."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
from openlineage.client.generated.base import Job, JobEvent
from openlineage.client.generated.documentation_job import DocumentationJobFacet
from openlineage.client.generated.job_type_job import JobTypeJobFacet
from openlineage.client.generated.ownership_job import Owner, OwnershipJobFacet

from governance.agreement import Observed
from governance.connector import SCHEMAS
from lakehouse.contract.model import Contract
from lakehouse.lineage.facets import input_dataset, output_dataset
from lakehouse.lineage.names import Asset, Place
from lakehouse.orchestration.pipelines import Task
from lakehouse.orchestration.stepfunctions import StateMachine


def job_events(machines: Iterable[StateMachine], place: Place, now: datetime) -> dict[str, JobEvent]:
    """Return one JobEvent per task and output table, by job name; a task without outputs has one of its inputs."""
    events = {}
    for machine in machines:
        for task in machine.tasks:
            inputs = [input_dataset(Asset.parse(name), place) for name in task.inputs]
            for output in task.outputs or (None,):
                asset = Asset.parse(output) if output else None
                name = f"{machine.name}.{task.name}" + (f".{asset.table}" if asset else "")
                events[name] = JobEvent(
                    eventTime=now.isoformat(),
                    job=Job(place.job_namespace, name, _facets(task)),
                    inputs=inputs,
                    outputs=[output_dataset(asset, place)] if asset else [],
                )
    return events


def _facets(task: Task) -> dict[str, Any]:
    return {
        "documentation": DocumentationJobFacet(description=task.description),
        "ownership": OwnershipJobFacet(owners=[Owner(name=task.owner, type="OWNER")]),
        "jobType": JobTypeJobFacet(processingType="BATCH", integration="STEP_FUNCTIONS", jobType="TASK"),
    }


def lineage_table(
    machines: Iterable[StateMachine],
    contracts: Iterable[Contract],
    observations: Mapping[tuple[str, str], Observed],
    run_id: str,
) -> pa.Table:
    """Return the table ``linhagem``: of tables as declared and as observed, of columns as contracts declare it."""
    rows: list[dict[str, str | None]] = []
    for machine in machines:
        for task in machine.tasks:
            pairs = [(a, b) for b in task.outputs for a in task.inputs]
            rows += [_row("declarada", a, b, machine.name, task.name, run_id) for a, b in pairs]
    for (machine_name, task_name), task_io in observations.items():
        pairs = [(a, b) for b in sorted(task_io.outputs) for a in sorted(task_io.inputs)]
        rows += [_row("observada", a, b, machine_name, task_name, run_id) for a, b in pairs]
    for contract in contracts:
        for column in contract.columns:
            for source in column.sources:
                table, _, source_column = source.rpartition(".")
                row = _row("coluna", table, contract.qualified_name, None, None, run_id)
                rows.append(row | {"coluna_origem": source_column, "coluna_destino": column.name})
    return pa.Table.from_pylist(rows, SCHEMAS["linhagem"])


def _row(
    kind: str, source: str, target: str, pipeline: str | None, task: str | None, run_id: str
) -> dict[str, str | None]:
    return {
        "tipo": kind, "origem": source, "destino": target, "pipeline": pipeline, "tarefa": task, "run_id": run_id,
        "coluna_origem": None, "coluna_destino": None,
    }  # fmt: skip
