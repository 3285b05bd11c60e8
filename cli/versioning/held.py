"""Runs that wait: audited and governed, not published and not discarded."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.errors import UsageError
from cli.versioning.reading import read
from lakehouse.contract import layers
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.candidate import report_of
from lakehouse.versions.decision import is_discarded
from lakehouse.versions.opening import Opening, read_opening
from lakehouse.versions.retention import RUN_DAYS


@dataclass(frozen=True)
class Held:
    """A run that waits to be published, or discarded.

    Attributes
    ----------
    run : str
    since : str
        When it was opened, ISO 8601 in UTC.
    base : int
        The version that it was made on.
    """

    run: str
    since: str
    base: int

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` has of it."""
        return asdict(self)


def waiting(lake: Lake, now: datetime | None = None) -> list[Held]:
    """Return the runs of the last 14 days that wait, newest first."""
    since = (now or datetime.now(UTC)) - timedelta(days=RUN_DAYS)
    governed = {layout.governed_run(key) for key in lake.list(layout.governance_report_prefix())}
    young = {
        layout.run_of_opening(each.key)
        for each in lake.objects(layout.RUNS_PREFIX)
        if each.modified >= since  # an opening is written once
    }
    openings = [read_opening(lake, run) for run in young & governed]
    oldest = min((opening.base for opening in openings), default=0)
    published = {version.run for version in read(lake, chain.numbers(lake, oldest))} if openings else set()
    held = [
        Held(opening.run_id, opening.at, opening.base)
        for opening in openings
        if opening.run_id not in published
        and not is_discarded(lake, opening.run_id)
        and not _lacking(lake, opening.run_id)
    ]
    return sorted(held, key=lambda each: each.since, reverse=True)


def opening_of(lake: Lake, run_id: str, *, to_publish: bool) -> Opening:
    """Return what a run was opened with that is to be published, or discarded.

    Parameters
    ----------
    lake : Lake
    run_id : str
    to_publish : bool
        Whether it has to be fit for that: audited, governed and not discarded.

    Raises
    ------
    UsageError
        There is no such run, it is published already, or it is not fit to be published.
    """
    try:
        opening = read_opening(lake, run_id)
    except StorageError:
        raise UsageError(f"there is no run {run_id}", "`./importau status` lists the runs that wait.") from None
    published = chain.of_run(lake, run_id, opening.base)
    if published:
        raise UsageError(
            f"run {run_id} is published already, as version {published.number}",
            "`./importau versions` lists what is published; `./importau rollback` goes back.",
        )
    if to_publish:
        _fit(lake, run_id)
    return opening


def _fit(lake: Lake, run_id: str) -> None:
    if is_discarded(lake, run_id):
        raise UsageError(f"run {run_id} was discarded", "Run again: `./importau run --force --hold`.")
    lacking = _lacking(lake, run_id)
    if lacking:
        raise UsageError(
            f"run {run_id} was not passed by {', '.join(lacking)}, so it cannot be published",
            f"Its logs say why: `./importau logs --run {run_id}`; then run again.",
        )


def _lacking(lake: Lake, run_id: str) -> Sequence[str]:
    """Return what has not passed a run: audits of layers, governance."""
    reports = {f"the audit of {layer}": report_of(lake, run_id, layer) for layer in layers.LAYERS}
    try:
        governance = lake.read_json(layout.governance_report_key(run_id))
    except StorageError:
        governance = None
    return [name for name, report in {**reports, "governance": governance}.items() if not (report or {}).get("passed")]
