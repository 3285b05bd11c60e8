"""What a run of any size would take and cost, from the measured coefficients. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from cli.planning.coefficients import MILLION, Coefficients, Stage
from cli.planning.conditions import NOTHING, Conditions
from cli.planning.limits import LAMBDA_CONCURRENCY
from cli.planning.ranges import REQUESTS_A_SECTION, ROUND, SECTIONS_AT_ONCE, WHOLE, InRanges
from lakehouse.contract.layers import LAYERS
from lakehouse.orchestration import costs
from lakehouse.part_size import parts_of_orders

GLUE_JOBS: Final = len(LAYERS)
# How the states that audit are called.
AUDIT: Final = "Audit"
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
        How long a call takes, without initialisation, waiting for S3 included.
    waiting_seconds : float
        How much of that it waits for S3: for its answers, and for the bytes.
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
    waiting_seconds: float = 0.0

    @property
    def state(self) -> str:
        """The state's name: in a run without parts, it is the state that does all of it at once."""
        return self.stage.name if self.calls > 1 or self.stage.of_ranges else whole(self.stage.name)

    @property
    def name(self) -> str:
        """The state's name and, where it makes calls of several kinds, the kind."""
        is_one_of_several = self.stage.of_ranges not in {"", WHOLE, ROUND}
        return f"{self.state}: {self.stage.of_ranges}" if is_one_of_several else self.state


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
    conditions : Conditions
    """

    orders: int
    parts: int
    memory_mb: int
    concurrency: int
    stages: tuple[Predicted, ...]
    lines: tuple[costs.Line, ...]
    glue: tuple[costs.Line, ...]
    conditions: Conditions = field(default_factory=Conditions)

    @property
    def usd(self) -> Decimal:
        """What it costs in all."""
        return costs.total(self.lines)

    @property
    def lambda_seconds(self) -> float:
        """Seconds that Lambda bills."""
        return sum(stage.billed_seconds for stage in self.stages)

    @property
    def waiting_seconds(self) -> float:
        """Seconds of those in which Lambdas wait for S3."""
        return sum(stage.calls * stage.waiting_seconds for stage in self.stages)

    @property
    def elapsed_seconds(self) -> float:
        """Seconds from the first state to the last, crawlers included."""
        layers = {stage.stage.layer for stage in self.stages} & set(LAYERS)
        nested = 2 * len(layers) * self.conditions.start_s
        return sum(stage.elapsed_seconds for stage in self.stages) + nested + self.conditions.crawl_s

    @property
    def machine_seconds(self) -> Mapping[str, float]:
        """How long the slowest state machine of each kind takes: an audit, a layer with its audit, the pipeline."""
        audits: dict[str, float] = dict.fromkeys(LAYERS, 0.0)
        own: dict[str, float] = dict.fromkeys(LAYERS, 0.0)
        for stage in self.stages:
            if stage.stage.layer in own:
                of = audits if stage.stage.name.startswith(AUDIT) else own
                of[stage.stage.layer] += stage.elapsed_seconds
        start = self.conditions.start_s
        return {
            "teste": max(audits.values()),
            "layer": max(own[layer] + audits[layer] + start for layer in LAYERS),
            "pipeline": self.elapsed_seconds,
        }

    @property
    def children(self) -> int:
        """How many child executions its Distributed Maps start."""
        return sum(stage.calls for stage in self.stages if stage.stage.is_per_part and stage.calls > 1)

    @property
    def express(self) -> tuple[costs.Line, ...]:
        """What the same child executions would cost as EXPRESS ones; they are STANDARD ones (ADR 18)."""
        per_part = [stage for stage in self.stages if stage.stage.is_per_part and stage.calls > 1]
        return costs.express(self.children, sum(stage.calls * stage.seconds for stage in per_part))

    @property
    def least_mb(self) -> int:
        """The memory that the largest call needs, with a margin of a quarter, in steps of 64 MB; at least 512."""
        need = max(stage.megabytes for stage in self.stages) * _MARGIN
        return max(512, -(-int(need) // _MB_STEP) * _MB_STEP)


def plan(
    measured: Coefficients,
    orders: int,
    memory_mb: int,
    concurrency: int = LAMBDA_CONCURRENCY,
    conditions: Conditions = NOTHING,
    only: Collection[str] | None = None,
    *,
    exported: bool = True,
) -> Plan:
    """Predict a run.

    Parameters
    ----------
    measured : Coefficients
    orders : int
    memory_mb : int
        Of each Lambda. Less than a function's busy vCPUs makes it slower in proportion; more does not make it quicker.
    concurrency : int
        How many Lambdas run at once.
    conditions : Conditions
        What it meets; nothing by default.
    only : collection of str, optional
        The layers that it runs, ``governance`` among them; all by default.
    exported : bool
        Whether it reads exports, which large ones are read in ranges; synthetic data one call makes.
    """
    parts = parts_of_orders(orders)
    in_ranges = InRanges.of(orders * measured.csv_bytes, parts) if exported and _can_range(measured) else None
    whole_run = [
        stage for stage in measured.stages if (parts > 1 or not stage.is_combining) and _is_done(stage, in_ranges)
    ]
    predicted = {
        stage: _predicted(stage, orders, parts, memory_mb, concurrency, conditions, in_ranges) for stage in whole_run
    }
    stages = tuple(predicted[stage] for stage in whole_run if only is None or stage.layer in only)
    # What was counted for a whole run is shared out by its calls; those of ranges are counted by themselves.
    counted = [its.calls for its in predicted.values() if not its.stage.of_ranges]
    share = sum(stage.calls for stage in stages if not stage.stage.of_ranges) / max(sum(counted), 1)
    of_ranges = in_ranges if any(stage.stage.of_ranges for stage in stages) else None
    tasks = sum(stage.calls for stage in stages if stage.stage.of_ranges and stage.stage.is_per_part)
    more_reads, more_writes = (of_ranges.reads, of_ranges.writes) if of_ranges else (0, 0)
    lines = (
        *costs.work(
            sum(stage.billed_seconds for stage in stages),
            memory_mb,
            sum(stage.calls for stage in stages),
            round(measured.transitions.at(parts) * share) + tasks,
            conditions.crawlers,
            costs.LEAST_CRAWL_SECONDS,
        ),
        costs.Line("s3_writes", Decimal(round(measured.writes.at(parts) * share) + more_writes)),
        costs.Line("s3_reads", Decimal(round(measured.reads.at(parts) * share) + more_reads)),
    )
    working = [stage for stage in stages if stage.stage.layer != "governance"]
    vcpu_seconds = sum(
        stage.calls * stage.stage.seconds.at(stage.orders / MILLION) * stage.stage.vcpus for stage in working
    )
    glue = [costs.glue_work(GLUE_JOBS, vcpu_seconds)]
    if conditions.crawlers:
        glue.append(costs.crawls(conditions.crawlers, costs.LEAST_CRAWL_SECONDS))
    return Plan(orders, parts, memory_mb, concurrency, stages, lines, tuple(glue), conditions)


def _can_range(measured: Coefficients) -> bool:
    return any(stage.of_ranges not in {"", WHOLE} for stage in measured.stages)


def _is_done(stage: Stage, in_ranges: InRanges | None) -> bool:
    """Return whether a run has a stage: Bronze is read by one call, or in ranges."""
    if not stage.of_ranges:
        return True
    return stage.of_ranges == WHOLE if in_ranges is None else in_ranges.calls.get(stage.of_ranges, 0) > 0


def _predicted(  # noqa: PLR0917 - a size and what surrounds it
    stage: Stage,
    orders: int,
    parts: int,
    memory_mb: int,
    concurrency: int,
    conditions: Conditions,
    in_ranges: InRanges | None,
) -> Predicted:
    calls = parts if stage.is_per_part else 1
    sections, least = 0, 0.0
    if in_ranges is not None and stage.of_ranges:
        calls, sections = in_ranges.calls[stage.of_ranges], in_ranges.sections.get(stage.of_ranges, 0)
        least = in_ranges.least_seconds(stage.of_ranges)
    a_call = orders / calls
    slower = stage.slowness(memory_mb)
    waits = stage.waits.at(parts) + REQUESTS_A_SECTION * sections / SECTIONS_AT_ONCE
    waiting = waits * conditions.request_s
    if conditions.bytes_s:
        waiting += stage.moved * a_call / conditions.bytes_s
    seconds = (stage.seconds.at(a_call / MILLION) + stage.section_s * sections) * slower + waiting
    at_once = min(concurrency, conditions.map_concurrency) if calls > 1 else concurrency
    # The calls between the rounds of ranges come one after the other.
    cold, waves = min(calls, at_once), calls if stage.of_ranges == ROUND else -(-calls // at_once)
    child = conditions.child_s if calls > 1 and stage.is_per_part else 0.0
    return Predicted(
        stage, calls, a_call, seconds, stage.megabytes.at(a_call / MILLION),
        calls * seconds + cold * stage.init_s * slower,
        stage.init_s * slower + max(waves * (seconds + child), least if conditions.request_s else 0.0), waiting,
    )  # fmt: skip
