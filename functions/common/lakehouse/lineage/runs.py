"""OpenLineage events of what a Lambda really did: a run per table, kept in the lake and delivered where configured.

>>> runs = Runs(lake, place, Origin.of(event, "bronze"))            # doctest: +SKIP
>>> with runs.of(table) as run:                                  # doctest: +SKIP
...     run.bytes = lake.write_table(...)
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse.clients import together
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake, Traffic
from lakehouse.lineage.names import Place
from lakehouse.lineage.table_run import Origin, TableRun
from lakehouse.runtime import stage_in_use

if TYPE_CHECKING:
    from openlineage.client.generated.base import JobEvent, RunEvent

    from lakehouse.lineage.delivery import Delivery
    from lakehouse.lineage.run_events import Phase
    from lakehouse.orchestration.stepfunctions import Execution

_PROBLEMS: Final = 3


class Runs:
    """The lineage runs of one Lambda invocation.

    Parameters
    ----------
    lake : Lake
        Its traffic is observed, and it keeps the events.
    place : Place
    origin : Origin

    Attributes
    ----------
    kept : int
        Events written to the lake.
    """

    def __init__(self, lake: Lake, place: Place, origin: Origin) -> None:
        self._lake, self._place, self._origin = lake, place, origin
        self.kept = 0

    @cached_property
    def _delivery(self) -> "Delivery":
        # Imported here and in the two methods that make events: the OpenLineage client loads all of its transports
        # (0.3 s), which would delay every cold start.
        from lakehouse.lineage.delivery import Delivery  # noqa: PLC0415

        return Delivery()

    @property
    def undelivered(self) -> int:
        """How many events a configured backend did not accept."""
        return self._delivery.undelivered

    @property
    def problems(self) -> list[str]:
        """The reasons, each once."""
        return self._delivery.problems

    @classmethod
    def of_event(cls, lake: Lake, event: Mapping[str, Any], function_arn: str) -> "Runs":
        """Return the runs of a Lambda invocation, from its event and its function's ARN."""
        place = Place.of_function(function_arn, lake.bucket, stage_in_use())
        return cls(lake, place, Origin.of(event, function_arn.rsplit(":", 1)[-1]))

    @contextmanager
    def of(self, table: str, earlier: Traffic | None = None) -> Iterator[TableRun]:
        """Observe one run on a table: emit START, and at the end COMPLETE or FAIL with what was read and written.

        Parameters
        ----------
        table : str
            The table that the block writes or audits; it is part of the job's name. Empty: the task makes no table.
        earlier : Traffic, optional
            What was read before the block, for several tables at once.
        """
        from lakehouse.lineage.run_events import new_run_id  # noqa: PLC0415 - see _delivery

        run, run_id = TableRun(), new_run_id()
        self._emit(layout.START, table, run_id, Traffic(), run)
        with self._lake.traffic() as traffic:
            try:
                yield run
            except BaseException as error:
                try:
                    self._emit("FAIL", table, run_id, traffic.joined(run.elsewhere).joined(earlier), run, error)
                except (ClientError, BotoCoreError) as lost:
                    error.add_note(f"The lineage event of this failure could not be kept: {lost}")
                raise
        self._emit(layout.COMPLETE, table, run_id, traffic.joined(run.elsewhere).joined(earlier), run)

    def tell(self, executions: "Iterable[Execution]") -> None:
        """Keep, all at once, and deliver that executions started, and how those ended that have; what is kept stays.

        Parameters
        ----------
        executions : iterable of Execution
        """
        from lakehouse.lineage.run_events import execution_events  # noqa: PLC0415 - see _delivery

        events = {
            layout.run_event_key(execution.run_id, event.job.name, event.run.runId, phase): event
            for execution in executions
            for phase, event in execution_events(execution, self._place).items()
        }
        list(together(lambda key: self._write_new(key, events[key]), events))
        for event in events.values():
            self._told(event)

    def declare(self, name: str, event: "JobEvent") -> None:
        """Keep, and deliver, what a task declares to read and write.

        Parameters
        ----------
        name : str
            The name of the job.
        event : JobEvent
        """
        self.declare_all({name: event})

    def declare_all(self, events: "Mapping[str, JobEvent]") -> None:
        """Keep, all at once, and deliver what tasks declare to read and write.

        Parameters
        ----------
        events : mapping of str to JobEvent
            By the name of the job.
        """
        keys = {layout.declared_event_key(self._origin.run_id, name): event for name, event in events.items()}
        list(together(lambda key: self._write(key, keys[key]), keys))
        for event in keys.values():
            self._told(event)

    def summary(self) -> dict[str, Any]:
        """Return how many events were kept and how many not delivered, and why, for the Lambda's result."""
        return {"kept": self.kept, "undelivered": self.undelivered, "problems": self.problems[:_PROBLEMS]}

    def _emit(
        self,
        phase: "Phase",
        table: str,
        run_id: str,
        traffic: Traffic,
        run: TableRun,
        error: BaseException | None = None,
    ) -> None:
        from lakehouse.lineage.run_events import run_event  # noqa: PLC0415 - see _delivery

        event = run_event(phase, self._origin, self._place, table, run_id, traffic, run, error)
        self._keep(layout.run_event_key(self._origin.run_id, event.job.name, run_id, phase), event)

    def _keep(self, key: str, event: "RunEvent | JobEvent") -> None:
        self._write(key, event)
        self._told(event)

    def _write(self, key: str, event: "RunEvent | JobEvent") -> None:
        from lakehouse.lineage.run_events import as_json  # noqa: PLC0415 - see _delivery

        self._lake.write_bytes(as_json(event), key, "application/json")

    def _write_new(self, key: str, event: "RunEvent") -> None:
        from lakehouse.lineage.run_events import as_json  # noqa: PLC0415 - see _delivery

        self._lake.put_new(as_json(event), key, "application/json")

    def _told(self, event: "RunEvent | JobEvent") -> None:
        self.kept += 1
        self._delivery.send(event)
