"""OpenLineage events of runs: what a Lambda did with one table, and what Step Functions says of an execution.

Pure but for the clock.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from openlineage.client import set_producer
from openlineage.client.generated.base import EventType, InputDataset, Job, JobEvent, OutputDataset, Run, RunEvent
from openlineage.client.generated.data_quality_assertions_dataset import DataQualityAssertionsDatasetFacet
from openlineage.client.generated.error_message_run import ErrorMessageRunFacet
from openlineage.client.generated.job_type_job import JobTypeJobFacet
from openlineage.client.generated.output_statistics_output_dataset import OutputStatisticsOutputDatasetFacet
from openlineage.client.serde import Serde
from openlineage.client.uuid import generate_new_uuid

from lakehouse.lake.s3 import Traffic
from lakehouse.lineage.ancestry import parent_facet
from lakehouse.lineage.facets import input_dataset, output_dataset
from lakehouse.lineage.names import PRODUCER, Asset, Place, run_uuid
from lakehouse.lineage.table_run import Origin, TableRun
from lakehouse.orchestration.stepfunctions import Execution, machine_of_execution

set_producer(PRODUCER)

Phase = Literal["START", "COMPLETE", "FAIL", "ABORT"]
# What a job is: a task of a state machine, or the machine.
TASK, MACHINE = "TASK", "STATE_MACHINE"
_MESSAGE: Final = 4_000
# How an execution ends, by what Step Functions calls it.
_ENDED: Final[Mapping[str, Phase]] = {
    "SUCCEEDED": "COMPLETE", "FAILED": "FAIL", "TIMED_OUT": "FAIL", "ABORTED": "ABORT",
}  # fmt: skip


def new_run_id() -> str:
    """Return an id for one run on one table; ids sort by time."""
    return str(generate_new_uuid())


def as_json(event: RunEvent | JobEvent) -> bytes:
    """Return an event as JSON, as the lake keeps it and a backend receives it."""
    return Serde.to_json(event).encode()


def run_event(  # noqa: PLR0913, PLR0917 - the fields of the standard's event
    phase: Phase,
    origin: Origin,
    place: Place,
    table: str,
    run_id: str,
    traffic: Traffic,
    run: TableRun,
    error: BaseException | None = None,
) -> RunEvent:
    """Return the event of one phase of a run.

    Parameters
    ----------
    phase : str
        ``START``, ``COMPLETE`` or ``FAIL``; ``ABORT`` is for executions.
    origin : Origin
        The calling task and its execution: the parent run, and a part of the job's name.
    place : Place
    table : str
        The table that is written or audited; empty for a task that reads tables and makes none.
    run_id : str
        From `new_run_id`; the same for all phases of a run.
    traffic : Traffic
        What was read and written so far.
    run : TableRun
        Its results so far.
    error : BaseException, optional
        What it failed with.
    """
    facets: dict[str, Any] = {
        "parent": parent_facet(place, origin.execution, origin.state_machine, origin.root),
    }
    if error is not None:
        facets["errorMessage"] = _message(str(error) or repr(error), "PYTHON")
    return RunEvent(
        eventType=EventType[phase],
        eventTime=datetime.now(UTC).isoformat(),
        run=Run(run_id, facets),
        job=Job(
            place.job_namespace,
            ".".join(filter(None, (origin.state_machine, origin.state, table))),
            {"jobType": job_type(TASK)},
        ),
        inputs=_inputs(traffic, table, run, place),
        outputs=_outputs(traffic, run, place),
    )


def execution_events(execution: Execution, place: Place) -> dict[Phase, RunEvent]:
    """Return the events of an execution of a state machine itself, by phase: that it started and, if so, how it ended.

    They say the same whenever they are asked for: their times are those of Step Functions.

    Parameters
    ----------
    execution : Execution
    place : Place
    """
    facets: dict[str, Any] = {}
    if execution.started_by:
        starter = machine_of_execution(execution.started_by)
        facets["parent"] = parent_facet(place, execution.started_by, starter, execution.root)

    def event(phase: Phase, at: datetime, **more: Any) -> RunEvent:
        return RunEvent(
            eventType=EventType[phase],
            eventTime=at.astimezone(UTC).isoformat(),
            run=Run(run_uuid(execution.arn), facets | more),
            job=Job(place.job_namespace, machine_of_execution(execution.arn), {"jobType": job_type(MACHINE)}),
        )

    events: dict[Phase, RunEvent] = {"START": event("START", execution.started)}
    ended = _ENDED.get(execution.status)
    if ended is not None and execution.stopped is not None:
        why = {"errorMessage": _message(execution.cause, "ASL")} if execution.cause else {}
        events[ended] = event(ended, execution.stopped, **why)
    return events


def job_type(kind: str) -> JobTypeJobFacet:
    """Return what a job is: `TASK`, or `MACHINE`."""
    return JobTypeJobFacet(processingType="BATCH", integration="STEP_FUNCTIONS", jobType=kind)


def _message(text: str, language: str) -> ErrorMessageRunFacet:
    return ErrorMessageRunFacet(message=text[:_MESSAGE], programmingLanguage=language)


def _inputs(traffic: Traffic, table: str, run: TableRun, place: Place) -> list[InputDataset]:
    inputs, audited = [], Asset.of_table(table) if run.assertions else None
    assets = _assets(traffic.read)
    if audited is not None and audited not in assets:  # it could not be read, as its assertions say
        assets.append(audited)
    for asset in assets:
        facets: dict[str, Any] = {}
        if asset == audited:
            facets["dataQualityAssertions"] = DataQualityAssertionsDatasetFacet(assertions=run.assertions)
        inputs.append(input_dataset(asset, place, **facets))
    return inputs


def _outputs(traffic: Traffic, run: TableRun, place: Place) -> list[OutputDataset]:
    facets: dict[str, Any] = {}
    if run.bytes:
        facets["outputStatistics"] = OutputStatisticsOutputDatasetFacet(rowCount=run.rows, size=run.bytes)
    read = _assets(traffic.read)
    return [output_dataset(asset, place, read, **facets) for asset in _assets(traffic.written)]


def _assets(keys: Mapping[str, None]) -> list[Asset]:
    """Return the assets that keys belong to, each once, in order."""
    return list(dict.fromkeys(asset for asset in map(Asset.of_key, keys) if asset is not None))
