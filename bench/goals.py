"""The goals of speed and scale, and whether the measurements meet them."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bench.engines import ASIDE, BRONZE, END_TO_END, ENGINES, OURS, SHAPES_END_TO_END, SILVER_GOLD, SYNTHETIC
from bench.results import Entry, Results
from bench.shapes import CLEAN, SHAPES

_MILLION: Final = 1_000_000
_FLOORS: Final = frozenset(engine.name for engine in ENGINES if engine.is_floor)
# A job at one size.
Measurement = tuple[str, int]


@dataclass(frozen=True)
class Goal:
    """One goal.

    Attributes
    ----------
    key : str
        Its name in the history.
    text : str
    limit : float
        What a figure may be at most, or, where `at_least`, at least.
    unit : str
    made_of : tuple of Measurement
        The measurements that its figure is made of.
    figure : callable
        Returns the figure of all measurements' jobs, in their order; None when it cannot be told.
    at_least : bool
    """

    key: str
    text: str
    limit: float
    unit: str
    made_of: tuple[Measurement, ...]
    figure: Callable[..., float | None]
    at_least: bool = False

    def met(self, figure: float) -> bool:
        """Return whether a figure meets the goal."""
        return figure >= self.limit if self.at_least else figure <= self.limit

    def written(self, figure: float) -> str:
        """Return a figure with its unit."""
        return f"{figure:.1f} s" if self.unit == "s" else f"{figure:.2f} {self.unit}"


@dataclass(frozen=True)
class Verdict:
    """A goal beside its measurement.

    Attributes
    ----------
    goal : Goal
    figure : float or None
        None when it was not measured.
    """

    goal: Goal
    figure: float | None

    @property
    def text(self) -> str:
        """What the goal says."""
        return self.goal.text

    @property
    def measured(self) -> str:
        """The figure with its unit; "" when it was not measured."""
        return "" if self.figure is None else self.goal.written(self.figure)

    @property
    def met(self) -> bool | None:
        """Whether it is met; None when it was not measured."""
        return None if self.figure is None else self.goal.met(self.figure)


@dataclass(frozen=True)
class _Job:
    """The measurements of one job at one size: ours, the fastest peer and the floor; None where there is none.

    There is no fastest peer unless all were measured. ``shapes`` has those of exports of several shapes, by name, and
    ``peers`` the fastest peer at each, where one finished.
    """

    ours: Mapping[str, Any] | None
    peer: Mapping[str, Any] | None
    floor: Mapping[str, Any] | None
    shapes: Mapping[str, Mapping[str, Any]]
    peers: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, results: Results, job: str, orders: int) -> "_Job":
        measured = next(_entries(results, job, orders), None)
        engines: Mapping[str, Mapping[str, Any]] = measured["engines"] if measured else {}
        finished = {name: its for name, its in engines.items() if not its["failure"]}
        if job == SHAPES_END_TO_END:
            of_shapes = measured.get("peers", {}) if measured else {}
            quickest = {
                shape: _quickest([its for its in theirs.values() if not its["failure"]])
                for shape, theirs in of_shapes.items()
            }
            return cls(None, None, None, finished, {shape: its for shape, its in quickest.items() if its})
        if any(engine.name not in engines for engine in ENGINES if job in engine.does):
            return cls(finished.get(OURS), None, None, {}, {})
        peers = [its for name, its in finished.items() if name != OURS and name not in ASIDE]
        floors = [its for name, its in finished.items() if name in _FLOORS]
        return cls(finished.get(OURS), _quickest(peers), _quickest(floors), {}, {})


def _quickest(measured: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return min(measured, key=lambda its: float(its["wall"]), default=None)


def _ratio(over: Mapping[str, Any] | None, under: Mapping[str, Any] | None, what: str = "wall") -> float | None:
    return float(over[what] / under[what]) if over and under else None


def _faster(job: _Job) -> float | None:
    return _ratio(job.peer, job.ours)


def _gigabytes(job: _Job) -> float | None:
    return float(job.ours["peak"] / 1e9) if job.ours else None


def _least_ahead(job: _Job) -> float | None:
    """Return how much faster than its fastest peer the shape of exports is where that is the least."""
    others = {name: its for name, its in job.peers.items() if name != CLEAN}
    return min((ratio for name, its in others.items() if (ratio := _ratio(its, job.shapes[name]))), default=None)


def _over_clean(names: list[str]) -> Callable[[_Job], float | None]:
    """Return what tells how much more CPU time than the clean export the worst of some others takes."""

    def figure(job: _Job) -> float | None:
        if not job.shapes:
            return None
        return float(max(job.shapes[name]["cpu"] for name in names) / job.shapes[CLEAN]["cpu"])

    return figure


def _of_shapes() -> Iterator[Goal]:
    """Yield the goals for exports of other shapes: beside the peers, and beside the clean one."""
    yield Goal(
        "shapes-faster",
        "1 million orders, CSV to Gold, each other shape: at least 1.5 times faster than the best peer",
        1.5, "times", ((SHAPES_END_TO_END, _MILLION),), _least_ahead, at_least=True,
    )  # fmt: skip
    for most in sorted({shape.most for shape in SHAPES}):
        names = [shape.name for shape in SHAPES if shape.most == most and shape.name != CLEAN]
        which = "all of these at once" if len(names) == 1 else "quoted, in random order, UUIDs, or broken rows"
        yield Goal(
            "shapes-all" if len(names) == 1 else "shapes",
            f"1 million orders, CSV to Gold, {which}: at most {most} times the CPU time of the clean export",
            most, "times", ((SHAPES_END_TO_END, _MILLION),), _over_clean(names),
        )  # fmt: skip


_AT_1: Final = (SILVER_GOLD, _MILLION)
_AT_5: Final = (SILVER_GOLD, 5 * _MILLION)

GOALS: Final = (
    Goal(
        "faster-1m", "1 million orders: at least 3 times faster than the best peer",
        3, "times", (_AT_1,), _faster, at_least=True,
    ),
    Goal(
        "floor-1m", "1 million orders: at most 1.5 times the floor",
        1.5, "times", (_AT_1,), lambda job: _ratio(job.ours, job.floor),
    ),
    Goal(
        "memory-1m", "1 million orders: less than half the best peer's peak memory",
        0.5, "of it", (_AT_1,), lambda job: _ratio(job.ours, job.peer, "peak"),
    ),
    Goal(
        "faster-5m", "5 million orders: at least 3.5 times faster than the best peer",
        3.5, "times", (_AT_5,), _faster, at_least=True,
    ),
    Goal("memory-5m", "5 million orders: within 0.45 GB", 0.45, "GB", (_AT_5,), _gigabytes),
    Goal(
        "growth-5m", "5 million orders: at most 5 times the time of 1 million",
        5, "times", (_AT_5, _AT_1), lambda five, one: _ratio(five.ours, one.ours),
    ),
    Goal(
        "end-to-end-1m", "1 million orders, CSV to Gold: at least 2 times faster than the best peer",
        2, "times", ((END_TO_END, _MILLION),), _faster, at_least=True,
    ),
    Goal(
        "bronze-1m", "1 million orders, Bronze: at most 1.1 times Polars reading and writing the same files untyped",
        1.1, "times", ((BRONZE, _MILLION),), lambda job: _ratio(job.ours, job.peer),
    ),
    Goal(
        "bronze-memory-5m", "5 million orders, Bronze: within 2 GB",
        2, "GB", ((BRONZE, 5 * _MILLION),), _gigabytes,
    ),
    *_of_shapes(),
    Goal(
        "synthetic-1m", "1 million orders, synthetic: generated within 10 s",
        10, "s", ((SYNTHETIC, _MILLION),), lambda job: float(job.ours["wall"]) if job.ours else None,
    ),
)  # fmt: skip


def goals(results: Results) -> Iterator[Verdict]:
    """Yield every goal, with its measurement; what was measured on several machines is not compared."""
    for goal in GOALS:
        machines = {
            json.dumps(entry["machine"], sort_keys=True) for each in goal.made_of for entry in _entries(results, *each)
        }
        jobs = [_Job.of(results, job, orders) for job, orders in goal.made_of]
        yield Verdict(goal, goal.figure(*jobs) if len(machines) < 2 else None)


def _entries(results: Results, job: str, orders: int) -> Iterator[Entry]:
    """Yield what was measured of a job at a size."""
    return (entry for entry in results.values() if (entry["job"], entry["orders"]) == (job, orders))
