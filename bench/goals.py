"""The goals of speed and scale, and whether what was measured meets them."""

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
    said : str
    measured : str
        "" when what it asks for was not measured.
    met : bool or None
        None when it was not measured.
    """

    said: str
    measured: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class _Found:
    """One job at one size: ours, the quickest peer and the floor; None where there is none.

    There is no quickest one where not all were measured.
    """

    ours: Mapping[str, Any] | None
    peer: Mapping[str, Any] | None
    floor: Mapping[str, Any] | None

    @classmethod
    def of(cls, results: Results, job: str, orders: int) -> "_Found":
        entries: Iterator[Entry] = (
            entry for entry in results.values() if (entry["job"], entry["orders"]) == (job, orders)
        )
        found = next(entries, None)
        engines: Mapping[str, Mapping[str, Any]] = found["engines"] if found else {}
        done = {name: its for name, its in engines.items() if not its["failure"]}
        if any(engine.name not in engines for engine in ENGINES if job in engine.does):
            return cls(done.get(OURS), None, None)
        peers = [its for name, its in done.items() if name != OURS and name not in ASIDE]
        floors = [its for name, its in done.items() if name in _FLOORS]
        return cls(done.get(OURS), _quickest(peers), _quickest(floors))


def _quickest(measured: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return min(measured, key=lambda its: float(its["wall"]), default=None)


def goals(results: Results) -> Iterator[Goal]:
    """Yield every goal, with what was measured for it."""
    million, millions = _Found.of(results, SILVER_GOLD, _MILLION), _Found.of(results, SILVER_GOLD, 5 * _MILLION)
    yield _faster("1 million orders: at least 2 times faster than the best peer", million, 2)
    yield _within("1 million orders: at most 2 times the floor", million.ours, million.floor, 2)
    said = "1 million orders: less than half the best peer's peak memory"
    if million.ours and million.peer:
        share = million.ours["peak"] / million.peer["peak"]
        yield Goal(said, f"{share:.2f} of it", share < 0.5)
    else:
        yield Goal(said)
    yield _faster("5 million orders: at least 2.5 times faster than the best peer", millions, 2.5)
    yield _memory("5 million orders: within 0.6 GB", millions.ours, 0.6)
    said = "5 million orders: at most 5 times the time of 1 million"
    yield _within(said, millions.ours, million.ours, 5)
    end_to_end = _Found.of(results, END_TO_END, _MILLION)
    yield _faster("1 million orders, CSV to Gold: at least 1.5 times faster than the best peer", end_to_end, 1.5)
    bronze = _Found.of(results, BRONZE, _MILLION)
    said = "1 million orders, Bronze: at most 1.5 times Polars reading and writing the same files untyped"
    yield _within(said, bronze.ours, bronze.peer, 1.5)
    yield _memory("5 million orders, Bronze: within 2 GB", _Found.of(results, BRONZE, 5 * _MILLION).ours, 2)
    synthetic = _Found.of(results, SYNTHETIC, _MILLION).ours
    said = "1 million orders, synthetic: generated within 10 s"
    yield Goal(said, f"{synthetic['wall']:.1f} s", synthetic["wall"] < 10) if synthetic else Goal(said)


def _faster(said: str, found: _Found, times: float) -> Goal:
    if not found.ours or not found.peer:
        return Goal(said)
    ratio = found.peer["wall"] / found.ours["wall"]
    return Goal(said, f"{ratio:.2f} times", ratio >= times)


def _within(said: str, ours: Mapping[str, Any] | None, theirs: Mapping[str, Any] | None, times: float) -> Goal:
    if not ours or not theirs:
        return Goal(said)
    ratio = ours["wall"] / theirs["wall"]
    return Goal(said, f"{ratio:.2f} times", ratio <= times)


def _memory(said: str, ours: Mapping[str, Any] | None, gigabytes: float) -> Goal:
    if not ours:
        return Goal(said)
    return Goal(said, f"{ours['peak'] / 1e9:.2f} GB", ours["peak"] <= gigabytes * 1e9)
