"""What a run of any size would take and cost, from coefficients that were measured (`cli/planning/plan.toml`). Pure."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from cli.errors import CliError
from lakehouse.orchestration import costs
from lakehouse.part_size import ORDERS_A_PART, parts_of_orders

MOST_ORDERS: Final = 10_000_000_000
# "At 1,769 MB, a function has the equivalent of one vCPU" (AWS Lambda developer guide, "Configure memory").
MB_A_VCPU: Final = 1_769
LAMBDA_SECONDS: Final = 900
LAMBDA_MB: Final = 10_240
TMP_BYTES: Final = 10_240 * 2**20
# What template.yaml gives Bronze of it.
TMP_SET_BYTES: Final = 4_096 * 2**20
COPY_BYTES: Final = 5 * 10**9
MESSAGE_BYTES: Final = 256 * 1024
HISTORY_EVENTS: Final = 25_000
MAP_CONCURRENCY: Final = 10_000
LAMBDA_CONCURRENCY: Final = 1_000
DAILY_BYTES: Final = 40 * 10**12
CRAWLERS: Final = 3
GLUE_JOBS: Final = 3
MILLION: Final = 1_000_000
_NOTHING: Final = 1e-12
_MARGIN: Final = 1.25
_MB_STEP: Final = 64


@dataclass(frozen=True)
class Linear:
    """Something that grows with a size: ``fixed + each * size``.

    Attributes
    ----------
    fixed, each : float
    """

    fixed: float
    each: float

    def at(self, size: float) -> float:
        """Return its value at a size."""
        return self.fixed + self.each * size

    @classmethod
    def fitted(cls, sizes: Sequence[float], values: Sequence[float]) -> "Linear":
        """Fit a line to measurements by least squares of the relative errors; neither part is negative.

        Parameters
        ----------
        sizes, values : sequence of float, shape (n,)
            Values are positive; of one size alone, the line is flat.
        """
        weights = [1 / value**2 if value else 1.0 for value in values]
        total = sum(weights)
        mean_x = sum(w * x for w, x in zip(weights, sizes, strict=True)) / total
        mean_y = sum(w * y for w, y in zip(weights, values, strict=True)) / total
        spread = sum(w * (x - mean_x) ** 2 for w, x in zip(weights, sizes, strict=True))
        common = sum(w * (x - mean_x) * (y - mean_y) for w, x, y in zip(weights, sizes, values, strict=True))
        # What does not vary but for the last bits of a double does not grow.
        each = max(0.0, common / spread) if spread and common / spread > _NOTHING * mean_y else 0.0
        if mean_y - each * mean_x >= 0:
            return cls(mean_y - each * mean_x, each)
        square = sum(w * x * x for w, x in zip(weights, sizes, strict=True))
        return cls(0.0, sum(w * x * y for w, x, y in zip(weights, sizes, values, strict=True)) / square)


@dataclass(frozen=True)
class Stage:
    """A state that calls a Lambda.

    Attributes
    ----------
    name, layer, function : str
        Of the state, its layer, its Lambda.
    is_per_part : bool
        Whether it is called once a part, or once a run.
    is_combining : bool
        Whether it puts together what the parts left: a run of one part has no such call.
    init_s : float
        Seconds of a cold start.
    seconds, megabytes : Linear
        Duration and peak memory of a call, by million orders that it works on.
    vcpus : float
        How many it keeps busy.
    """

    name: str
    layer: str
    function: str
    is_per_part: bool
    is_combining: bool
    init_s: float
    seconds: Linear
    megabytes: Linear
    vcpus: float

    def orders_a_call(self, orders: int) -> float:
        """Return how many orders a call works on; a part has at most `ORDERS_A_PART`, on average."""
        return min(orders, ORDERS_A_PART) if self.is_per_part else orders

    def slowness(self, memory_mb: int) -> float:
        """Return how many times longer a call takes for want of vCPUs, which a Lambda has by its memory."""
        return max(1.0, self.vcpus / (memory_mb / MB_A_VCPU))


@dataclass(frozen=True)
class Coefficients:
    """What was measured of this engine.

    Attributes
    ----------
    machine : str
    stages : tuple of Stage
        In their order.
    transitions, events, reads, writes : Linear
        Of a run, by part: state transitions, events of the longest history, requests of S3.
    message_bytes : Linear
        The largest message between states, by part.
    csv_bytes : float
        An order's, in all files.
    object_bytes : float
        An order's, in the largest file that is published: that of a part.
    """

    machine: str
    stages: tuple[Stage, ...]
    transitions: Linear
    events: Linear
    reads: Linear
    writes: Linear
    message_bytes: Linear
    csv_bytes: float
    object_bytes: float

    @classmethod
    def read(cls, path: Path) -> "Coefficients":
        """Read them; raise `CliError` for a file that is not there or is not of this version."""
        try:
            given = tomllib.loads(path.read_text("utf-8"))
            stages = tuple(
                Stage(**{name: _value(value) for name, value in stage.items()}) for stage in given.pop("stage")
            )
            return cls(stages=stages, **{name: _value(value) for name, value in given.items()})
        except (OSError, KeyError, TypeError, tomllib.TOMLDecodeError) as error:
            raise CliError(f"{path.name} cannot be used: {error}", "Make it anew: ./importau plan --measure") from error

    def written(self) -> str:
        """Return them as TOML, with their units."""
        head = [
            "# Measured by `./importau plan --measure`, which makes this file anew; not edited.",
            "# `fixed` and `each`: seconds and MB by million orders of a call; the others by part of a run.",
            *(f"{name} = {_toml(value)}" for name, value in vars(self).items() if name != "stages"),
        ]
        stages = [
            ["", "[[stage]]", *(f"{name} = {_toml(value)}" for name, value in vars(stage).items())]
            for stage in self.stages
        ]
        return "\n".join([*head, *(line for stage in stages for line in stage)]) + "\n"


def _value(value: Any) -> Any:
    return Linear(**value) if isinstance(value, Mapping) else value


def _toml(value: str | float | bool | Linear) -> str:
    if isinstance(value, Linear):
        return "{ " + ", ".join(f"{name} = {_toml(part)}" for name, part in asdict(value).items()) + " }"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{value:.6g}" if value != int(value) else f"{value:.1f}"


@dataclass(frozen=True)
class Predicted:
    """What one stage would take.

    Attributes
    ----------
    stage : Stage
    calls : int
    orders : float
        A call works on.
    seconds : float
        A call takes, without initialisation.
    megabytes : float
        A call needs.
    billed_seconds : float
        All calls together, cold starts included.
    elapsed_seconds : float
        From the first call to the last.
    """

    stage: Stage
    calls: int
    orders: float
    seconds: float
    megabytes: float
    billed_seconds: float
    elapsed_seconds: float

    @property
    def name(self) -> str:
        """The state's name: without parts, one call does what is a part's otherwise."""
        return self.stage.name if self.calls > 1 else whole(self.stage.name)


def whole(state: str) -> str:
    """Return the state that does for all of a run what this one does for a part."""
    return state.removesuffix("Part")


@dataclass(frozen=True)
class Plan:
    """What a run would take and cost.

    Attributes
    ----------
    orders, parts, memory_mb, concurrency : int
    stages : tuple of Predicted
    lines, glue : tuple of costs.Line
        What is paid for, and what the same work costs as Glue Spark jobs.
    """

    orders: int
    parts: int
    memory_mb: int
    concurrency: int
    stages: tuple[Predicted, ...]
    lines: tuple[costs.Line, ...]
    glue: tuple[costs.Line, ...]

    @property
    def lambda_seconds(self) -> float:
        """Seconds that Lambda bills."""
        return sum(stage.billed_seconds for stage in self.stages)

    @property
    def elapsed_seconds(self) -> float:
        """Seconds from the first Lambda to the last, without crawlers and Step Functions' own time."""
        return sum(stage.elapsed_seconds for stage in self.stages)

    @property
    def least_mb(self) -> int:
        """The memory that the hungriest call needs with a margin of a quarter, in steps of 64 MB; 512 at the least."""
        need = max(stage.megabytes for stage in self.stages) * _MARGIN
        return max(512, -(-int(need) // _MB_STEP) * _MB_STEP)


def plan(measured: Coefficients, orders: int, memory_mb: int, concurrency: int = LAMBDA_CONCURRENCY) -> Plan:
    """Predict a run.

    Parameters
    ----------
    measured : Coefficients
    orders : int
    memory_mb : int
        Of each Lambda. Less than a function's busy vCPUs makes it slower in proportion; more does not make it quicker.
    concurrency : int
        How many Lambdas run at once.
    """
    parts = parts_of_orders(orders)
    stages = tuple(
        _predicted(stage, orders, parts, memory_mb, concurrency)
        for stage in measured.stages
        if parts > 1 or not stage.is_combining
    )
    lines = (
        *costs.work(
            sum(stage.billed_seconds for stage in stages),
            memory_mb,
            sum(stage.calls for stage in stages),
            round(measured.transitions.at(parts)),
            CRAWLERS,
            costs.LEAST_CRAWL_SECONDS,
        ),
        costs.Line("s3_writes", Decimal(round(measured.writes.at(parts)))),
        costs.Line("s3_reads", Decimal(round(measured.reads.at(parts)))),
    )
    working = [stage for stage in stages if stage.stage.layer != "governance"]
    vcpu_seconds = sum(
        stage.calls * stage.stage.seconds.at(stage.orders / MILLION) * stage.stage.vcpus for stage in working
    )
    glue = (costs.glue_work(GLUE_JOBS, vcpu_seconds), costs.crawls(CRAWLERS, costs.LEAST_CRAWL_SECONDS))
    return Plan(orders, parts, memory_mb, concurrency, stages, lines, glue)


def _predicted(stage: Stage, orders: int, parts: int, memory_mb: int, concurrency: int) -> Predicted:
    calls = parts if stage.is_per_part else 1
    a_call = orders / calls
    slower = stage.slowness(memory_mb)
    seconds = stage.seconds.at(a_call / MILLION) * slower
    cold, waves = min(calls, concurrency), -(-calls // concurrency)
    return Predicted(
        stage, calls, a_call, seconds, stage.megabytes.at(a_call / MILLION),
        calls * seconds + cold * stage.init_s * slower, stage.init_s * slower + waves * seconds,
    )  # fmt: skip


@dataclass(frozen=True)
class Limit:
    """A limit of AWS, and the size of a run at which it is met.

    Attributes
    ----------
    name, limit, then : str
        Whose it is; what it is; what meeting it means.
    orders : int or None
        The least number that meets it; None when that is over `MOST_ORDERS`.
    """

    name: str
    limit: str
    then: str
    orders: int | None


def limits(measured: Coefficients, memory_mb: int, concurrency: int = LAMBDA_CONCURRENCY) -> list[Limit]:
    """Return every limit that a run could meet, the one met first in front."""
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
        ("Bronze: CSVs in /tmp as set", "4 GB", "raise EphemeralStorage",
         lambda n: n * measured.csv_bytes > TMP_SET_BYTES),
        ("Bronze: CSVs in /tmp", "10 GB", fails, lambda n: n * measured.csv_bytes > TMP_BYTES),
        ("S3: CopyObject of a file", "5 GB", fails,
         lambda n: min(n, ORDERS_A_PART) * measured.object_bytes > COPY_BYTES),
        ("Step Functions: a message", "256 KB", fails,
         lambda n: measured.message_bytes.at(parts_of_orders(n)) > MESSAGE_BYTES),
        ("Step Functions: events", "25,000", fails,
         lambda n: measured.events.at(parts_of_orders(n)) > HISTORY_EVENTS),
        ("Distributed Map: parts at once", "10,000", waves, lambda n: parts_of_orders(n) > MAP_CONCURRENCY),
        ("Lambda: calls at once", f"{concurrency:,}", waves, lambda n: parts_of_orders(n) > concurrency),
        ("a day's CSVs", "40 TB", "beyond what is planned for",
         lambda n: n * measured.csv_bytes > DAILY_BYTES),
    ]  # fmt: skip
    found = [Limit(name, limit, then, _least(met)) for name, limit, then, met in bounds]
    return sorted(found, key=lambda limit: (limit.orders is None, limit.orders or 0))


def _least(met: Callable[[int], bool]) -> int | None:
    """Return the least number of orders at which something is so that stays so; None when it is over `MOST_ORDERS`."""
    if not met(MOST_ORDERS):
        return None
    low, high = 0, MOST_ORDERS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if met(middle) else (middle, high)
    return high
