"""What a run of any size would take and cost, from the measured coefficients. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cli.planning.coefficients import MILLION, Coefficients, Stage
from cli.planning.limits import LAMBDA_CONCURRENCY
from lakehouse.orchestration import costs
from lakehouse.part_size import parts_of_orders

CRAWLERS: Final = 3
GLUE_JOBS: Final = 3
_MARGIN: Final = 1.25
_MB_STEP: Final = 64


@dataclass(frozen=True)
class Predicted:
    """The prediction for one stage.

    Attributes
    ----------
    stage : Stage
    calls : int
    orders : float
        How many orders a call works on.
    seconds : float
        How long a call takes, without initialisation.
    megabytes : float
        How much memory a call needs.
    billed_seconds : float
        The total of all calls, cold starts included.
    elapsed_seconds : float
        The time from the first call's start to the last one's end.
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
        """The state's name: in a run without parts, it is the state that does all of it at once."""
        return self.stage.name if self.calls > 1 else whole(self.stage.name)


def whole(state: str) -> str:
    """Return the state that does for a whole run what this one does for a part."""
    return state.removesuffix("Part")


@dataclass(frozen=True)
class Plan:
    """The prediction for a run.

    Attributes
    ----------
    orders, parts, memory_mb, concurrency : int
    stages : tuple of Predicted
    lines, glue : tuple of costs.Line
        What it costs, and what the same work costs as Glue Spark jobs.
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
        """The memory that the largest call needs, with a margin of a quarter, in steps of 64 MB; at least 512."""
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
