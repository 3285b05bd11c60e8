"""OpenLineage events of what a Lambda really did: one run a table, kept in the lake and sent on where configured.

>>> runs = Runs(lake, place, Origin.of(event, "bronze"))            # doctest: +SKIP
>>> with runs.of("pedidos") as run:                                  # doctest: +SKIP
...     run.bytes = lake.write_table(...)
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from openlineage.client import set_producer
from openlineage.client.generated.base import EventType, InputDataset, Job, JobEvent, OutputDataset, Run, RunEvent
from openlineage.client.generated.data_quality_assertions_dataset import (
    Assertion,
    DataQualityAssertionsDatasetFacet,
)
from openlineage.client.generated.error_message_run import ErrorMessageRunFacet
from openlineage.client.generated.job_type_job import JobTypeJobFacet
from openlineage.client.generated.output_statistics_output_dataset import OutputStatisticsOutputDatasetFacet
from openlineage.client.generated.parent_run import Job as ParentJob
from openlineage.client.generated.parent_run import ParentRunFacet
from openlineage.client.generated.parent_run import Run as ParentRun
from openlineage.client.serde import Serde
from openlineage.client.uuid import generate_new_uuid

from lakehouse import layout
from lakehouse.delivery import Delivery
from lakehouse.lineage import PRODUCER, Asset, Place, input_dataset, output_dataset, run_uuid
from lakehouse.runtime import BY_HAND
from lakehouse.s3 import Lake, Traffic

set_producer(PRODUCER)

_MESSAGE: Final = 4_000
_PROBLEMS: Final = 3


@dataclass(frozen=True)
class Origin:
    """Which task of which execution calls.

    Attributes
    ----------
    run_id : str
        The lakehouse's run.
    execution, state_machine, state : str
        From the Step Functions context object; a handler called by hand is an execution of its own.
    """

    run_id: str
    execution: str
    state_machine: str
    state: str

    @classmethod
    def of(cls, event: Mapping[str, Any], function: str) -> "Origin":
        """Read a Lambda event's ``run_id`` and ``origin``."""
        given = event.get("origin", {})
        return cls(
            run_id=event["run_id"],
            execution=given.get("execution", f"{BY_HAND}/{event['run_id']}"),
            state_machine=given.get("state_machine", BY_HAND),
            state=given.get("state", function),
        )


@dataclass
class TableRun:
    """What one run on one table found out, filled in while it runs.

    Attributes
    ----------
    rows, bytes : int
        Of the table written; no bytes, no statistics.
    assertions : list of Assertion
        Results of the rules, for a run that audits.
    also : Traffic
        What went through the lake elsewhere.
    """

    rows: int = 0
    bytes: int = 0
    assertions: list[Assertion] = field(default_factory=list)
    also: Traffic = field(default_factory=Traffic)

    def saw(self, traffic: Traffic) -> None:
        """Add what other invocations, a part each, read and wrote for this run."""
        self.also = traffic.joined(self.also)


class Runs:
    """The lineage runs of one Lambda invocation.

    Parameters
    ----------
    lake : Lake
        Whose traffic is observed, and which keeps the events.
    place : Place
    origin : Origin

    Attributes
    ----------
    kept : int
        Events written to the lake.
    """

    def __init__(self, lake: Lake, place: Place, origin: Origin) -> None:
        self._lake, self._place, self._origin = lake, place, origin
        self._delivery = Delivery()
        self.kept = 0

    @property
    def undelivered(self) -> int:
        """Return how many events a configured backend did not take."""
        return self._delivery.undelivered

    @property
    def problems(self) -> list[str]:
        """Return why it did not, each reason once."""
        return self._delivery.problems

    @classmethod
    def of_event(cls, lake: Lake, event: Mapping[str, Any], function_arn: str) -> "Runs":
        """Make the runs of a Lambda invocation, from its event and its function's ARN."""
        place, function = Place.of_function(function_arn, lake.bucket), function_arn.rsplit(":", 1)[-1]
        return cls(lake, place, Origin.of(event, function))

    @contextmanager
    def of(self, table: str, also: Traffic | None = None) -> Iterator[TableRun]:
        """Observe one run on a table: START now, and exactly one COMPLETE or FAIL with what went through the lake.

        Parameters
        ----------
        table : str
            The table the block makes or audits; it names the job.
        also : Traffic, optional
            What was read for several tables at once, before the block.
        """
        run, run_id = TableRun(), str(generate_new_uuid())
        self._emit(EventType.START, table, run_id, Traffic(), run)
        with self._lake.observed() as traffic:
            try:
                yield run
            except BaseException as error:
                try:
                    self._emit(EventType.FAIL, table, run_id, traffic.joined(run.also).joined(also), run, error)
                except (ClientError, BotoCoreError) as lost:
                    error.add_note(f"The lineage event of this failure could not be kept: {lost}")
                raise
        self._emit(EventType.COMPLETE, table, run_id, traffic.joined(run.also).joined(also), run)

    def declare(self, name: str, event: JobEvent) -> None:
        """Keep, and send on, what a task declares that it reads and writes.

        Parameters
        ----------
        name : str
            The job's.
        event : JobEvent
        """
        self._keep(layout.lineage_key(self._origin.run_id, f"declared/{name}"), event)

    def summary(self) -> dict[str, Any]:
        """Return how many events were kept and could not be sent on, for the Lambda's result."""
        return {"kept": self.kept, "undelivered": self.undelivered, "problems": self.problems[:_PROBLEMS]}

    def _emit(
        self,
        type_: EventType,
        table: str,
        run_id: str,
        traffic: Traffic,
        run: TableRun,
        error: BaseException | None = None,
    ) -> None:
        origin, namespace = self._origin, self._place.job_namespace
        parent = ParentRunFacet(
            run=ParentRun(run_uuid(origin.execution)), job=ParentJob(namespace, origin.state_machine)
        )
        facets: dict[str, Any] = {"parent": parent}
        if error is not None:
            facets["errorMessage"] = ErrorMessageRunFacet(
                message=(str(error) or repr(error))[:_MESSAGE], programmingLanguage="PYTHON"
            )
        event = RunEvent(
            eventType=type_,
            eventTime=datetime.now(UTC).isoformat(),
            run=Run(run_id, facets),
            job=Job(
                namespace,
                f"{origin.state_machine}.{origin.state}.{table}",
                {"jobType": JobTypeJobFacet(processingType="BATCH", integration="STEP_FUNCTIONS", jobType="TASK")},
            ),
            inputs=self._inputs(traffic, table, run),
            outputs=self._outputs(traffic, run),
        )
        self._keep(layout.lineage_key(origin.run_id, f"{event.job.name}.{run_id}.{type_.value}"), event)

    def _keep(self, key: str, event: RunEvent | JobEvent) -> None:
        self._lake.write_bytes(Serde.to_json(event).encode(), key, "application/json")
        self.kept += 1
        self._delivery.send(event)

    def _inputs(self, traffic: Traffic, table: str, run: TableRun) -> list[InputDataset]:
        inputs, audited = [], Asset.of_table(table)
        assets = _assets(traffic.read)
        if run.assertions and audited not in assets:  # it could not be read, which is what its assertions say
            assets.append(audited)
        for asset in assets:
            facets: dict[str, Any] = {}
            if run.assertions and asset == audited:
                facets["dataQualityAssertions"] = DataQualityAssertionsDatasetFacet(assertions=run.assertions)
            inputs.append(input_dataset(asset, self._place, **facets))
        return inputs

    def _outputs(self, traffic: Traffic, run: TableRun) -> list[OutputDataset]:
        facets: dict[str, Any] = {}
        if run.bytes:
            facets["outputStatistics"] = OutputStatisticsOutputDatasetFacet(rowCount=run.rows, size=run.bytes)
        return [output_dataset(asset, self._place, **facets) for asset in _assets(traffic.written)]


def _assets(keys: Mapping[str, None]) -> list[Asset]:
    """Return the assets that keys belong to, each once, in order."""
    return list(dict.fromkeys(asset for asset in map(Asset.of_key, keys) if asset is not None))
