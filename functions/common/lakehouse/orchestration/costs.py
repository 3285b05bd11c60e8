"""What a run costs by AWS's list prices: an estimate to compare with, not a bill. Amounts are exact decimals in USD.

Prices of us-east-1, x86_64, on demand, without the free tier, from the pricing pages of Lambda, Step Functions, Glue
and S3.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

Unit = Literal["GB-s", "requests", "transitions", "DPU-h"]
What = Literal[
    "lambda", "lambda_requests", "transitions", "crawlers", "s3_writes", "s3_reads", "glue_jobs", "express",
    "express_requests",
]  # fmt: skip

UNITS: Final[dict[What, tuple[Unit, Decimal]]] = {
    "lambda": ("GB-s", Decimal("0.0000166667")),
    "lambda_requests": ("requests", Decimal("0.0000002")),
    "transitions": ("transitions", Decimal("0.000025")),
    "crawlers": ("DPU-h", Decimal("0.44")),
    "s3_writes": ("requests", Decimal("0.000005")),
    "s3_reads": ("requests", Decimal("0.0000004")),
    "glue_jobs": ("DPU-h", Decimal("0.44")),
    "express": ("GB-s", Decimal("0.00001667")),
    "express_requests": ("requests", Decimal("0.000001")),
}
# A crawler has two DPUs and is billed for at least ten minutes; the smallest Spark job has two, for at least a minute.
DPUS: Final = 2
LEAST_CRAWL_SECONDS: Final = 600
LEAST_JOB_SECONDS: Final = 60
# A DPU is 4 vCPUs with 16 GB (Glue's pricing page).
VCPUS_PER_DPU: Final = 4

_FRACTION: Final = Decimal("1e-9")
_LEAST_SHOWN: Final = Decimal("0.001")
_MB_PER_GB: Final = 1024
# An execution of these needs no more.
_EXPRESS_MB: Final = 64
_SECONDS_PER_HOUR: Final = 3600


@dataclass(frozen=True)
class Line:
    """One thing that is paid for.

    Attributes
    ----------
    what : str
        One of `UNITS`.
    quantity : Decimal
        Of the unit.
    """

    what: What
    quantity: Decimal

    @property
    def unit(self) -> Unit:
        """What is counted."""
        return UNITS[self.what][0]

    @property
    def unit_usd(self) -> Decimal:
        """The price of one unit."""
        return UNITS[self.what][1]

    @property
    def usd(self) -> Decimal:
        """The amount, to the billionth of a dollar."""
        return (self.quantity * self.unit_usd).quantize(_FRACTION)


def total(lines: Iterable[Line]) -> Decimal:
    """Return the sum of some lines."""
    return sum((line.usd for line in lines), Decimal(0)).quantize(_FRACTION)


def shown(amount: Decimal) -> str:
    """Return an amount for people to read, to the tenth of a cent: ``0.452``, ``1,234.500``, ``< 0.001``."""
    return "< 0.001" if 0 < amount < _LEAST_SHOWN else f"{amount:,.3f}"


def lambdas(seconds: float, memory_mb: int, calls: int) -> list[Line]:
    """Return what Lambda calls cost: their time, billed by the millisecond, and their number."""
    milliseconds = round(seconds * 1000)
    gb_seconds = Decimal(milliseconds * memory_mb) / (1000 * _MB_PER_GB)
    return [Line("lambda", gb_seconds), Line("lambda_requests", Decimal(calls))]


def express(executions: int, seconds: float) -> tuple[Line, Line]:
    """Return what EXPRESS executions cost: their number, and their time in chunks of 64 MB and of 100 ms.

    Parameters
    ----------
    executions : int
    seconds : float
        Of all of them.
    """
    tenths = round(seconds * 10) + executions
    gb_seconds = Decimal(tenths * _EXPRESS_MB) / (10 * _MB_PER_GB)
    return Line("express_requests", Decimal(executions)), Line("express", gb_seconds)


def crawls(number: int, seconds: float) -> Line:
    """Return what a number of crawls of a duration cost."""
    return Line("crawlers", _dpu_hours(number * max(seconds, LEAST_CRAWL_SECONDS)))


def glue_jobs(number: int, seconds: float) -> Line:
    """Return what the same work would cost as a number of Glue Spark jobs that took the same time in total."""
    return Line("glue_jobs", _dpu_hours(max(seconds, number * LEAST_JOB_SECONDS)))


def glue_work(number: int, vcpu_seconds: float) -> Line:
    """Return what a number of Glue Spark jobs would cost that did the same work with vCPUs as fast as these.

    This favours Spark: it counts no shuffle, no driver and no idle executor. A job has two DPUs and is billed for at
    least a minute, which is what small runs cost.
    """
    return Line("glue_jobs", _dpu_hours(max(vcpu_seconds / VCPUS_PER_DPU / DPUS, number * LEAST_JOB_SECONDS)))


def work(
    lambda_seconds: float, memory_mb: int, lambda_calls: int, transitions: int, crawl_count: int, crawl_seconds: float
) -> list[Line]:
    """Return what Lambdas, Step Functions and, where there were any, crawlers cost.

    Parameters
    ----------
    lambda_seconds : float
        The sum over all calls.
    memory_mb : int
        Of each Lambda.
    lambda_calls, transitions, crawl_count : int
    crawl_seconds : float
        How long each crawl lasted.
    """
    lines = [*lambdas(lambda_seconds, memory_mb, lambda_calls), Line("transitions", Decimal(transitions))]
    return [*lines, crawls(crawl_count, crawl_seconds)] if crawl_count else lines


def _dpu_hours(seconds: float) -> Decimal:
    return (Decimal(DPUS * round(seconds)) / _SECONDS_PER_HOUR).quantize(_FRACTION)
