"""Lineage, declared, observed and by S3's own account: three words on the same edges, which have to be one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from cli.contents.data_events import ASKED, Call, calls_of, trails_of
from cli.contents.opening import UNREADABLE
from cli.contents.outcome import Outcome
from cli.session import Aws
from cli.terminal import present
from lakehouse.clients import together
from lakehouse.contract import layers
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.lineage.edges import Edge, column_edges_of, datasets, edges_of, outside
from lakehouse.lineage.names import Asset, Place
from lakehouse.orchestration.pipelines import AUDIT, CRAWLER, Task, short_name
from lakehouse.orchestration.stepfunctions import StateMachine
from lakehouse.runtime import BY_HAND

Event = Mapping[str, Any]
# The session in which Glue's crawlers take on their role.
CRAWLERS: Final = "AWS-Crawler"


@dataclass(frozen=True)
class Told:
    """The events of some runs.

    Attributes
    ----------
    declared : tuple of mapping
        Of each job that makes a table one.
    observed : tuple of mapping
        Of the runs that ended well.
    unreadable : tuple of str
        The keys of those that cannot be read: emptied, or changed.
    of_executions : mapping of str to tuple of str
        By run, the keys of what is told of its executions themselves.
    """

    declared: tuple[Event, ...]
    observed: tuple[Event, ...]
    unreadable: tuple[str, ...] = ()
    of_executions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def told(lake: Lake, runs: Iterable[str], stage: str) -> Told:
    """Return the events of some runs, those that tell edges; no call by hand, which nothing declares.

    Parameters
    ----------
    lake : Lake
    runs : iterable of str
    stage : str
    """
    declared, ended, of_executions = list[str](), list[str](), dict[str, tuple[str, ...]]()
    for run in dict.fromkeys(runs):
        keys = list(lake.list(layout.lineage_prefix(run)))
        named = {key: event for key in keys if (event := layout.event_of_key(key)) is not None}
        by_tasks = {key: event for key, event in named.items() if "." in event.job}
        of_executions[run] = tuple(key for key in named if key not in by_tasks)
        ended += [key for key, event in by_tasks.items() if event.phase == layout.COMPLETE]
        declared += [key for key in keys if key not in named and _makes_a_table(key, stage)]
    wanted = [*declared, *(key for key in ended if not _is_by_hand(key))]
    events = dict(zip(wanted, together(lambda key: _read(lake, key), wanted), strict=True))
    found = [event for event in events.values() if event is not None]
    by_job = {event["job"]["name"]: event for event in found if "run" not in event}
    return Told(
        tuple(by_job.values()),
        tuple(event for event in found if "run" in event),
        tuple(key for key, event in events.items() if event is None),
        of_executions,
    )


def _makes_a_table(key: str, stage: str) -> bool:
    """Return whether a declared event is of a job that writes a table, by its name: an audit's ends like that, too."""
    machine, _, rest = layout.declared_job(key).partition(".")
    return rest.rpartition(".")[2] in layers.all_tables() and not short_name(machine, stage).startswith(AUDIT)


def _is_by_hand(key: str) -> bool:
    event = layout.event_of_key(key)
    return event is not None and event.job.startswith(f"{BY_HAND}.")


def _times(lake: Lake, events: Told, now: datetime) -> list[tuple[datetime, datetime]]:
    """Return from when to when each run took, by its executions; until now, where its end is not told yet."""
    times = []
    for keys in events.of_executions.values():
        found = [event for event in together(lambda key: _read(lake, key), keys) if event is not None]
        started = [_at(event) for event in found if event["eventType"] == layout.START]
        ended = [_at(event) for event in found if event["eventType"] != layout.START and _is_first(event)]
        if started:
            times.append((min(started), max(ended, default=now)))
    return times


def _is_first(event: Event) -> bool:
    """Return whether an event is of the execution that somebody started."""
    return "parent" not in event["run"].get("facets", {})


def _at(event: Event) -> datetime:
    return datetime.fromisoformat(event["eventTime"])


def edges(events: Told, place: Place, *, from_csv: bool) -> Outcome:
    """Hold the edges that the declared jobs draw against those of the runs, job by job, and the columns against both.

    Parameters
    ----------
    events : Told
    place : Place
    from_csv : bool
        Whether the exported CSVs were read; synthetic data has none, and its tables no edge from one.
    """
    if not events.declared:
        return Outcome([], "not compared", ("declared edges: no governance has declared any for these runs",))
    declared = _drawn(events.declared, place)
    if not from_csv:
        declared = {each for each in declared if not each[1].source.startswith(f"{layout.LANDING}.")}
    seen = _drawn(events.observed, place)
    wrong = [f"{job} made {_arrow(edge)}, which nothing declares" for job, edge in sorted(seen - declared)]
    wrong += [f"{job} declares {_arrow(edge)}, which no run made" for job, edge in sorted(declared - seen)]
    columns = set()
    for event in (*events.declared, *events.observed):
        columns |= {each for each in column_edges_of(event, place) if "run" in event}
        wrong += [
            f"{event['job']['name']} has {each.target}.{each.target_column or '*'} made of {each.source}."
            f"{each.source_column}, which is no input of it"
            for each in outside(event, place)
        ]
    false = len(seen ^ declared)
    counted = f"{present.count(len(declared), 'edge')} declared, {len(seen)} observed, {false} false"
    return Outcome(wrong, f"{counted}; {len(columns)} between columns")


def _drawn(events: Iterable[Event], place: Place) -> set[tuple[str, Edge]]:
    return {(event["job"]["name"], edge) for event in events for edge in edges_of(event, place)}


def _arrow(edge: Edge) -> str:
    return f"{edge.target} of {edge.source}"


@dataclass
class _Used:
    """The tables that somebody read and wrote, each with its witness: a job, or the key of an object."""

    read: dict[str, str] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    may_read: dict[str, str] = field(default_factory=dict)

    @property
    def jobs(self) -> frozenset[str]:
        """Who reads and writes, where lineage says that."""
        return frozenset([*self.read.values(), *self.written.values()])


def by_s3(aws: Aws, lake: Lake, events: Told, machines: Sequence[StateMachine], place: Place, now: datetime) -> Outcome:
    """Hold what lineage says that functions and crawlers read and wrote against what S3 was asked for meanwhile.

    Whatever a function calls S3 with is seen, also past the storage module. What it only asks the size of it does not
    read; what it has written itself it may look at.

    Parameters
    ----------
    aws : Aws
    lake : Lake
    events : Told
    machines : sequence of StateMachine
    place : Place
    now : datetime
    """
    trails, refused = trails_of(aws, lake.bucket)
    if refused:
        return Outcome([], "not compared", (refused,))
    times = _times(lake, events, now)
    if not times:
        return Outcome([], "not compared", (f"{ASKED}: nothing is told of the executions",))
    expected = _expected(events, machines, place)
    span = (min(since for since, _ in times), max(until for _, until in times))
    calls, refused = calls_of(aws, trails, lake.bucket, *span)
    if refused:
        return Outcome([], "not compared", (refused,))
    during = [call for call in calls if any(_during(call.at, *time) for time in times)]
    seen, busy = _seen(during, expected), {name for name, used in expected.items() if used.jobs}
    if not busy & seen.keys():
        return Outcome([], "not compared", (f"{ASKED}: the trail has nothing of these runs",))
    wrong = [each for name in sorted(seen) for each in _unlike(name, expected[name], seen[name])]
    wrong += [
        f"{name} read or wrote nothing, as S3 has it, and lineage says otherwise" for name in sorted(busy - seen.keys())
    ]
    counted = f"{present.count(len(during), 'call')} by {present.count(len(seen), 'caller')}"
    return Outcome(wrong, f"{counted}, as lineage says")


def _during(at: datetime, since: datetime, until: datetime) -> bool:
    """Return whether something that is told to the second was between two moments."""
    return since.replace(microsecond=0) <= at <= until


def _expected(events: Told, machines: Sequence[StateMachine], place: Place) -> dict[str, _Used]:
    """Return what lineage says that each function read and wrote, and what the tasks of crawlers declare."""
    tasks: dict[tuple[str, str], Task] = {(each.name, task.name): task for each in machines for task in each.tasks}
    expected: dict[str, _Used] = {}
    crawled: dict[str, str] = {}
    for task in tasks.values():
        if task.calls:
            expected.setdefault(task.calls, _Used())  # one that tells nothing has to do nothing
        if task.resource.endswith(CRAWLER):
            crawled |= dict.fromkeys(task.inputs, task.name)
    for event in events.observed:
        machine, _, rest = event["job"]["name"].partition(".")
        told_of = tasks.get((machine, rest.partition(".")[0]))
        if told_of is not None and told_of.calls:
            used = expected[told_of.calls]
            used.read |= dict.fromkeys(datasets(event.get("inputs", ()), place), event["job"]["name"])
            used.written |= dict.fromkeys(datasets(event.get("outputs", ()), place), event["job"]["name"])
    # Crawlers run where there is something new: what they may read they need not.
    return {**expected, CRAWLERS: _Used(may_read=crawled)}


def _seen(calls: Iterable[Call], expected: Mapping[str, _Used]) -> dict[str, _Used]:
    """Return which tables each function touched."""
    seen: dict[str, _Used] = {}
    for call in calls:
        if call.session in expected:
            used = seen.setdefault(call.session, _Used())
            asset = Asset.of_key(call.key)
            if asset is not None:
                (used.written if call.writes else used.read).setdefault(str(asset), call.key)
    return seen


def _unlike(name: str, expected: _Used, seen: _Used) -> Iterator[str]:
    allowed = expected.read.keys() | expected.written.keys() | expected.may_read.keys()
    for table in sorted(seen.read.keys() - allowed):
        yield f"{name} read {table} ({seen.read[table]}), and lineage says nothing of it"
    for table in sorted(seen.written.keys() - expected.written.keys()):
        yield f"{name} wrote {table} ({seen.written[table]}), and lineage says nothing of it"
    for table in sorted(expected.read.keys() - seen.read.keys()):
        yield f"{name} did not read {table}, as S3 has it, and lineage says so ({expected.read[table]})"
    for table in sorted(expected.written.keys() - seen.written.keys()):
        yield f"{name} did not write {table}, as S3 has it, and lineage says so ({expected.written[table]})"


def _read(lake: Lake, key: str) -> Event | None:
    try:
        event: Event = lake.read_json(key)
        event["job"]["name"]
    except (*UNREADABLE, KeyError, TypeError):
        return None
    return event
