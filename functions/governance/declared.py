"""Declared lineage: what the tasks' comments and the contracts' columns say, as JobEvents and as a table."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
from openlineage.client.generated.base import Job, JobEvent
from openlineage.client.generated.documentation_job import DocumentationJobFacet
from openlineage.client.generated.ownership_job import Owner, OwnershipJobFacet

from governance.agreement import Observed
from governance.connector import SCHEMAS
from lakehouse.contract.model import Contract
from lakehouse.lineage.facets import input_dataset, output_dataset
from lakehouse.lineage.jobs import jobs_of
from lakehouse.lineage.names import Place
from lakehouse.lineage.run_events import MACHINE, TASK, job_type
from lakehouse.orchestration.stepfunctions import StateMachine


def job_events(machines: Iterable[StateMachine], place: Place, now: datetime) -> dict[str, JobEvent]:
    """Return a JobEvent for each state machine, and for each job of a task: an output with what it is made from."""
    events = {}
    for machine in machines:
        events[machine.name] = JobEvent(
            eventTime=now.isoformat(),
            job=Job(place.job_namespace, machine.name, _facets(machine.description, machine.owner, MACHINE)),
        )
        for task in machine.tasks:
            for job in jobs_of(machine.name, task, place.stage):
                events[job.name] = JobEvent(
                    eventTime=now.isoformat(),
                    job=Job(place.job_namespace, job.name, _facets(task.description, task.owner, TASK)),
                    inputs=[input_dataset(asset, place) for asset in job.inputs],
                    outputs=[output_dataset(job.output, place, job.inputs)] if job.output else [],
                )
    return events


def _facets(description: str, owner: str, kind: str) -> dict[str, Any]:
    return {
        "documentation": DocumentationJobFacet(description=description),
        "ownership": OwnershipJobFacet(owners=[Owner(name=owner, type="OWNER")]),
        "jobType": job_type(kind),
    }


def lineage_table(
    machines: Iterable[StateMachine],
    contracts: Iterable[Contract],
    observations: Mapping[tuple[str, str], Observed],
    run_id: str,
    stage: str,
) -> pa.Table:
    """Return the table ``linhagem``: of tables as declared and as observed, of columns as contracts declare it."""
    rows: list[dict[str, str | None]] = []
    for machine in machines:
        for task in machine.tasks:
            for job in jobs_of(machine.name, task, stage):
                pairs = [(str(asset), str(job.output)) for asset in job.inputs if job.output]
                rows += [_row("declarada", a, b, machine.name, task.name, run_id) for a, b in pairs]
    for (machine_name, task_name), task_io in observations.items():
        rows += [_row("observada", a, b, machine_name, task_name, run_id) for a, b in sorted(task_io.edges)]
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
