"""The limits of AWS that a run could meet, and at how many orders. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from cli.planning.coefficients import MILLION, Coefficients, Stage
from cli.planning.conditions import timeouts
from lakehouse.part_size import ORDERS_A_PART, parts_of_orders

MOST_ORDERS: Final = 10_000_000_000
LAMBDA_SECONDS: Final = 900
LAMBDA_MB: Final = 10_240
PUT_BYTES: Final = 5 * 10**9
MESSAGE_BYTES: Final = 256 * 1024
HISTORY_EVENTS: Final = 25_000
MAP_CONCURRENCY: Final = 10_000
LAMBDA_CONCURRENCY: Final = 1_000
DAILY_BYTES: Final = 40 * 10**12
_MACHINES: Final = {"teste": "an audit", "layer": "a layer", "pipeline": "the pipeline"}


@dataclass(frozen=True)
class Limit:
    """A limit of AWS, and the size of a run at which it is met.

    Attributes
    ----------
    name, limit, then : str
        The service that has the limit; the limit; what happens when it is met.
    orders : int or None
        The least number that meets it; None when that is over `MOST_ORDERS`.
    """

    name: str
    limit: str
    then: str
    orders: int | None


def limits(
    measured: Coefficients,
    memory_mb: int,
    concurrency: int = LAMBDA_CONCURRENCY,
    machine_seconds: Callable[[int], Mapping[str, float]] | None = None,
) -> list[Limit]:
    """Return every limit that a run could meet, that of the smallest run first.

    Parameters
    ----------
    measured : Coefficients
    memory_mb, concurrency : int
    machine_seconds : callable, optional
        Takes a number of orders and returns how long state machines take (`cli.planning.model.Plan.machine_seconds`),
        to hold that against their timeouts.
    """
    fails, waves = "the run fails", "parts wait, it takes longer"

    def of(stage: Stage, grows: Callable[[Stage, float], float], most: float) -> Callable[[int], bool]:
        return lambda orders: grows(stage, stage.orders_a_call(orders) / MILLION) > most

    def seconds(stage: Stage, millions: float) -> float:
        return stage.seconds.at(millions) * stage.slowness(memory_mb)

    def megabytes(stage: Stage, millions: float) -> float:
        return stage.megabytes.at(millions)

    bounds: list[tuple[str, str, str, Callable[[int], bool]]] = []
    for stage in measured.stages:
        bounds += [
            (f"{stage.name}: time", "15 min", fails, of(stage, seconds, LAMBDA_SECONDS)),
            (f"{stage.name}: memory set", f"{memory_mb:,} MB", "raise MemorySize", of(stage, megabytes, memory_mb)),
            (f"{stage.name}: memory", "10,240 MB", fails, of(stage, megabytes, LAMBDA_MB)),
        ]
    bounds += [
        ("S3: PutObject of a file", "5 GB", fails,
         lambda n: min(n, ORDERS_A_PART) * measured.object_bytes > PUT_BYTES),
        ("Step Functions: a message", "256 KB", fails,
         lambda n: measured.message_bytes.at(parts_of_orders(n)) > MESSAGE_BYTES),
        ("Step Functions: events", "25,000", fails,
         lambda n: measured.events.at(parts_of_orders(n)) > HISTORY_EVENTS),
        ("Distributed Map: parts at once", "10,000", waves, lambda n: parts_of_orders(n) > MAP_CONCURRENCY),
        ("Lambda: calls at once", f"{concurrency:,}", waves, lambda n: parts_of_orders(n) > concurrency),
        ("a day's CSVs", "40 TB", "beyond what is planned for",
         lambda n: n * measured.csv_bytes > DAILY_BYTES),
    ]  # fmt: skip
    if machine_seconds is not None:
        bounds += [_timeout(kind, allowed, machine_seconds) for kind, allowed in timeouts().items()]
    all_limits = [Limit(name, limit, then, _least(met)) for name, limit, then, met in bounds]
    return sorted(all_limits, key=lambda limit: (limit.orders is None, limit.orders or 0))


def _timeout(
    kind: str, allowed: int, machine_seconds: Callable[[int], Mapping[str, float]]
) -> tuple[str, str, str, Callable[[int], bool]]:
    """Return the timeout of a kind of state machine as a bound."""
    name = f"{_MACHINES[kind]}: TimeoutSeconds"
    return name, f"{allowed:,} s", "it is stopped, and fails", lambda n: machine_seconds(n)[kind] > allowed


def _least(met: Callable[[int], bool]) -> int | None:
    """Return the least number of orders from which on a limit is met; None when it is over `MOST_ORDERS`."""
    if not met(MOST_ORDERS):
        return None
    low, high = 0, MOST_ORDERS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if met(middle) else (middle, high)
    return high
