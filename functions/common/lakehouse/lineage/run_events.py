"""OpenLineage events of runs: what a Lambda did with one table. Pure but for the clock."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from openlineage.client import set_producer
from openlineage.client.generated.base import EventType, InputDataset, Job, JobEvent, OutputDataset, Run, RunEvent
from openlineage.client.generated.data_quality_assertions_dataset import DataQualityAssertionsDatasetFacet
from openlineage.client.generated.error_message_run import ErrorMessageRunFacet
from openlineage.client.generated.job_type_job import JobTypeJobFacet
from openlineage.client.generated.output_statistics_output_dataset import OutputStatisticsOutputDatasetFacet
from openlineage.client.generated.parent_run import Job as ParentJob
from openlineage.client.generated.parent_run import ParentRunFacet
from openlineage.client.generated.parent_run import Run as ParentRun
from openlineage.client.serde import Serde
from openlineage.client.uuid import generate_new_uuid

from lakehouse.lake.s3 import Traffic
from lakehouse.lineage.facets import input_dataset, output_dataset
from lakehouse.lineage.names import PRODUCER, Asset, Place, run_uuid
from lakehouse.lineage.table_run import Origin, TableRun

set_producer(PRODUCER)

Phase = Literal["START", "COMPLETE", "FAIL"]
_MESSAGE: Final = 4_000


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
        ``START``, ``COMPLETE`` or ``FAIL``.
    origin : Origin
        The calling task and its execution: the parent run, and a part of the job's name.
    place : Place
    table : str
        The table that is written or audited.
    run_id : str
        From `new_run_id`; the same for all phases of a run.
    traffic : Traffic
        What was read and written so far.
    run : TableRun
        Its results so far.
    error : BaseException, optional
        What it failed with.
    """
    namespace = place.job_namespace
    parent = ParentRunFacet(run=ParentRun(run_uuid(origin.execution)), job=ParentJob(namespace, origin.state_machine))
    facets: dict[str, Any] = {"parent": parent}
    if error is not None:
        facets["errorMessage"] = ErrorMessageRunFacet(
            message=(str(error) or repr(error))[:_MESSAGE], programmingLanguage="PYTHON"
        )
    return RunEvent(
        eventType=EventType[phase],
        eventTime=datetime.now(UTC).isoformat(),
        run=Run(run_id, facets),
        job=Job(
            namespace,
            f"{origin.state_machine}.{origin.state}.{table}",
            {"jobType": JobTypeJobFacet(processingType="BATCH", integration="STEP_FUNCTIONS", jobType="TASK")},
        ),
        inputs=_inputs(traffic, table, run, place),
        outputs=_outputs(traffic, run, place),
    )


def _inputs(traffic: Traffic, table: str, run: TableRun, place: Place) -> list[InputDataset]:
    inputs, audited = [], Asset.of_table(table)
    assets = _assets(traffic.read)
    if run.assertions and audited not in assets:  # it could not be read, as its assertions say
        assets.append(audited)
    for asset in assets:
        facets: dict[str, Any] = {}
        if run.assertions and asset == audited:
            facets["dataQualityAssertions"] = DataQualityAssertionsDatasetFacet(assertions=run.assertions)
        inputs.append(input_dataset(asset, place, **facets))
    return inputs


def _outputs(traffic: Traffic, run: TableRun, place: Place) -> list[OutputDataset]:
    facets: dict[str, Any] = {}
    if run.bytes:
        facets["outputStatistics"] = OutputStatisticsOutputDatasetFacet(rowCount=run.rows, size=run.bytes)
    return [output_dataset(asset, place, **facets) for asset in _assets(traffic.written)]


def _assets(keys: Mapping[str, None]) -> list[Asset]:
    """Return the assets that keys belong to, each once, in order."""
    return list(dict.fromkeys(asset for asset in map(Asset.of_key, keys) if asset is not None))
