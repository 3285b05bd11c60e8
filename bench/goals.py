"""The goals of speed and scale, and whether the measurements meet them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bench.engines import ASIDE, BRONZE, END_TO_END, ENGINES, OURS, SILVER_GOLD, SYNTHETIC
from bench.results import Entry, Results

_MILLION: Final = 1_000_000
_FLOORS: Final = frozenset(engine.name for engine in ENGINES if engine.is_floor)


@dataclass(frozen=True)
class Goal:
    """One goal.

    Attributes
    ----------
    text : str
    measured : str
        "" when it was not measured.
    met : bool or None
        None when it was not measured.
    """

    text: str
    measured: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class _Job:
    """The measurements of one job at one size: ours, the fastest peer and the floor; None where there is none.

    There is no fastest peer unless all were measured.
    """

    ours: Mapping[str, Any] | None
    peer: Mapping[str, Any] | None
    floor: Mapping[str, Any] | None

    @classmethod
    def of(cls, results: Results, job: str, orders: int) -> "_Job":
        entries: Iterator[Entry] = (
            entry for entry in results.values() if (entry["job"], entry["orders"]) == (job, orders)
        )
        measured = next(entries, None)
        engines: Mapping[str, Mapping[str, Any]] = measured["engines"] if measured else {}
        finished = {name: its for name, its in engines.items() if not its["failure"]}
        if any(engine.name not in engines for engine in ENGINES if job in engine.does):
            return cls(finished.get(OURS), None, None)
        peers = [its for name, its in finished.items() if name != OURS and name not in ASIDE]
        floors = [its for name, its in finished.items() if name in _FLOORS]
        return cls(finished.get(OURS), _quickest(peers), _quickest(floors))


def _quickest(measured: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return min(measured, key=lambda its: float(its["wall"]), default=None)


def goals(results: Results) -> Iterator[Goal]:
    """Yield every goal, with its measurement."""
    million, millions = _Job.of(results, SILVER_GOLD, _MILLION), _Job.of(results, SILVER_GOLD, 5 * _MILLION)
    yield _faster("1 million orders: at least 2 times faster than the best peer", million, 2)
    yield _within("1 million orders: at most 2 times the floor", million.ours, million.floor, 2)
    text = "1 million orders: less than half the best peer's peak memory"
    if million.ours and million.peer:
        share = million.ours["peak"] / million.peer["peak"]
        yield Goal(text, f"{share:.2f} of it", share < 0.5)
    else:
        yield Goal(text)
    yield _faster("5 million orders: at least 2.5 times faster than the best peer", millions, 2.5)
    yield _memory("5 million orders: within 0.6 GB", millions.ours, 0.6)
    text = "5 million orders: at most 5 times the time of 1 million"
    yield _within(text, millions.ours, million.ours, 5)
    end_to_end = _Job.of(results, END_TO_END, _MILLION)
    yield _faster("1 million orders, CSV to Gold: at least 1.5 times faster than the best peer", end_to_end, 1.5)
    bronze = _Job.of(results, BRONZE, _MILLION)
    text = "1 million orders, Bronze: at most 1.5 times Polars reading and writing the same files untyped"
    yield _within(text, bronze.ours, bronze.peer, 1.5)
    yield _memory("5 million orders, Bronze: within 2 GB", _Job.of(results, BRONZE, 5 * _MILLION).ours, 2)
    synthetic = _Job.of(results, SYNTHETIC, _MILLION).ours
    text = "1 million orders, synthetic: generated within 10 s"
    yield Goal(text, f"{synthetic['wall']:.1f} s", synthetic["wall"] < 10) if synthetic else Goal(text)


def _faster(text: str, measured: _Job, times: float) -> Goal:
    if not measured.ours or not measured.peer:
        return Goal(text)
    ratio = measured.peer["wall"] / measured.ours["wall"]
    return Goal(text, f"{ratio:.2f} times", ratio >= times)


def _within(text: str, ours: Mapping[str, Any] | None, theirs: Mapping[str, Any] | None, times: float) -> Goal:
    if not ours or not theirs:
        return Goal(text)
    ratio = ours["wall"] / theirs["wall"]
    return Goal(text, f"{ratio:.2f} times", ratio <= times)


def _memory(text: str, ours: Mapping[str, Any] | None, gigabytes: float) -> Goal:
    if not ours:
        return Goal(text)
    return Goal(text, f"{ours['peak'] / 1e9:.2f} GB", ours["peak"] <= gigabytes * 1e9)
