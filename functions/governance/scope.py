"""Scope: what governance examines. In a pipeline that is its run; by itself, the newest version of the lake."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakehouse.contract import layers
from lakehouse.errors import LakehouseError
from lakehouse.lake.s3 import Lake
from lakehouse.orchestration.pipelines import audit_name, machine_name
from lakehouse.versions import past
from lakehouse.versions.anomalies import Judgement, judge
from lakehouse.versions.opening import Opening
from lakehouse.versions.version import CSV, Input
from lakehouse.versions.view import View


@dataclass(frozen=True)
class Scope:
    """The tables that are examined, and the runs that made them.

    Attributes
    ----------
    view : View
    runs : mapping of str to str
        The run of each layer.
    from_csv : bool
        Whether Bronze read the exported CSVs; synthetic data has no ``landing`` to read.
    base : int
        The version that the run builds on; of what is published, its own.
    source : mapping
        Of its Bronze.
    inputs : tuple of Input
        The files that its Bronze was made from.
    """

    view: View
    runs: Mapping[str, str]
    from_csv: bool
    base: int
    source: Mapping[str, Any]
    inputs: tuple[Input, ...]

    def has(self, job: str, run_id: str, stage: str) -> bool:
        """Return whether a job's event in a run counts: jobs of a layer, or of its audit, only in the layer's run."""
        run_of = {
            name: run
            for layer, run in self.runs.items()
            for name in (machine_name(layer, stage), audit_name(layer, stage))
        }
        return run_of.get(job.partition(".")[0], run_id) == run_id

    def judged(self, now: datetime) -> Judgement:
        """Hold what the runs measured against the runs before them; now is when they would be published."""
        lake, tables = self.view.lake, self.view.tables
        known = [tables[name] for name in layers.all_tables() if name in tables]
        before = past.Past.of(past.read(lake, self.base), self.base, self.source)
        return judge(before.then(known, now, self.inputs), known)


def scope_of_run(lake: Lake, opening: Opening) -> Scope:
    """Return the scope of a pipeline's run, which made every layer."""
    view = View.of_run(lake, opening)
    from_csv = opening.source.get("type", CSV) == CSV
    return Scope(view, view.runs, from_csv, opening.base, opening.source, opening.inputs)


def scope_of_published(lake: Lake) -> Scope:
    """Return the scope of what is published now; raise `LakehouseError` where nothing is."""
    view = View.of_version(lake)
    if view.version is None:
        raise LakehouseError("nothing was published yet: run the pipeline first, then governance")
    version = view.version
    return Scope(view, view.runs, version.is_from_csv, view.number, version.source, version.inputs)
