"""What may be deleted from a lake, and in which order. Pure.

Versions themselves are never deleted: they are small, and say what there was. What goes is what belongs to runs that no
kept version names.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lakehouse.lake import layout
from lakehouse.lake.retention import DAYS, KEEP, Retention
from lakehouse.lake.s3 import Stored
from lakehouse.versions.version import TableVersion, Version

# A run may still be at work, or wait to be published, for this long after the last thing that it wrote.
RUN_DAYS: Final = 14


@dataclass(frozen=True)
class Removal:
    """What may be deleted.

    Attributes
    ----------
    objects : tuple of Stored
        In the order in which they are to be deleted: if that is interrupted, no run is left that could be published
        although some of it is gone, or although it was discarded.
    """

    objects: tuple[Stored, ...]

    @property
    def runs(self) -> tuple[str, ...]:
        """The runs that they are of, in order."""
        return tuple(sorted({run for each in self.objects if (run := layout.run_owning(each.key)) is not None}))

    @property
    def bytes(self) -> int:
        """How many bytes they have."""
        return sum(each.bytes for each in self.objects)

    def without(self, runs: Collection[str]) -> "Removal":
        """Return the rest, where some runs are to stay after all."""
        return Removal(tuple(each for each in self.objects if layout.run_owning(each.key) not in runs))

    def but(self, keys: Collection[str]) -> "Removal":
        """Return the rest, where some objects are to stay after all."""
        return Removal(tuple(each for each in self.objects if each.key not in keys))


def kept_versions(versions: Iterable[Version], now: datetime, keep: int = KEEP, days: int = DAYS) -> list[Version]:
    """Return the versions whose files stay: the last ``keep``, at least one, and all of the last ``days`` days.

    Parameters
    ----------
    versions : iterable of Version
        All that there are, oldest first.
    now : datetime
        With its time zone.
    keep, days : int
    """
    ordered = list(versions)
    since = now - timedelta(days=days)
    last = {version.number for version in ordered[-max(keep, 1) :]}
    return [each for each in ordered if each.number in last or datetime.fromisoformat(each.made.at) >= since]


def runs_of(versions: Iterable[Version]) -> set[str]:
    """Return every run that some versions name: those that made them, and those that wrote their files."""
    return {run for version in versions for run in (version.run, *_runs_in(version))}


def removable(
    objects: Iterable[Stored], kept: Sequence[Version], now: datetime, in_use: Collection[str] = ()
) -> Removal:
    """Return what may be deleted.

    Parameters
    ----------
    objects : iterable of Stored
        Whatever the lake has; what is no run's is left alone.
    kept : sequence of Version
        The versions whose files stay.
    now : datetime
        With its time zone.
    in_use : collection of str
        Runs that stay besides: those at work, for example.
    """
    named = runs_of(kept) | set(in_use)
    keys = {key for version in kept for key in _keys_in(version)}
    found: dict[str, list[Stored]] = {}
    for each in objects:
        run = layout.run_owning(each.key)
        if run is not None and run not in named:
            found.setdefault(run, []).append(each)
    old = now - timedelta(days=RUN_DAYS)
    gone = [
        each for own in found.values() if max(one.modified for one in own) < old for each in own if each.key not in keys
    ]
    return Removal(tuple(sorted(gone, key=lambda each: (_turn(each.key), each.key))))


def expired(
    objects: Iterable[Stored], newest: Version | None, now: datetime, retention: Retention, in_use: Collection[str] = ()
) -> list[Stored]:
    """Return the rows set aside and the reports that are kept too long, although a version may name them.

    Parameters
    ----------
    objects : iterable of Stored
        Whatever the lake has.
    newest : Version or None
        The version whose quarantine and reports stay, however old they are.
    now : datetime
        With its time zone.
    retention : Retention
    in_use : collection of str
        Runs whose objects stay besides.
    """
    named = (runs_of([newest]) if newest else set()) | set(in_use)
    limits = {layout.QUARANTINE_PREFIX: retention.quarantine, layout.GOVERNANCE_PREFIX: retention.reports}
    return [
        each
        for each in objects
        if (run := layout.run_owning(each.key)) is not None
        and run not in named
        and any(
            days and each.key.startswith(prefix) and each.modified < now - timedelta(days=days)
            for prefix, days in limits.items()
        )
    ]


def _runs_in(version: Version) -> Iterable[str]:
    for table in version.tables.values():
        yield table.run
        yield from (run for key in _keys_of(table) if (run := layout.run_owning(key)) is not None)


def _keys_in(version: Version) -> Iterable[str]:
    for table in version.tables.values():
        yield from _keys_of(table)


def _keys_of(table: TableVersion) -> Iterable[str]:
    yield from (file.key for file in table.files)
    yield table.report
    if table.quarantine_key is not None:
        yield table.quarantine_key


def _turn(key: str) -> int:
    """Return when an object goes: reports first, without which nothing is published; what says discarded last."""
    if key.startswith(layout.GOVERNANCE_PREFIX):
        return 0
    return 2 if key.startswith((layout.DECISIONS_PREFIX, layout.RUNS_PREFIX)) else 1
