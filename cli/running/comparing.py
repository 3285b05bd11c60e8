"""A run as it was estimated, beside what Step Functions and S3 recorded of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cli.running.estimate import Estimate
from lakehouse.orchestration import costs

_CRAWLERS = "crawlers"


@dataclass(frozen=True)
class Compared:
    """One thing that is paid for.

    Attributes
    ----------
    what : str
        One of `lakehouse.orchestration.costs.UNITS`.
    estimated, recorded : Decimal
        In USD.
    """

    what: str
    estimated: Decimal
    recorded: Decimal


@dataclass(frozen=True)
class Comparison:
    """A run beside its estimate.

    Attributes
    ----------
    orders : int
    lines : tuple of Compared
    estimated_seconds : float
    recorded_seconds : float or None
        None where it has not ended.
    """

    orders: int
    lines: tuple[Compared, ...]
    estimated_seconds: float
    recorded_seconds: float | None

    @property
    def estimated(self) -> Decimal:
        """What it was taken to cost, in USD."""
        return sum((line.estimated for line in self.lines), Decimal(0))

    @property
    def recorded(self) -> Decimal:
        """What it cost by list prices, in USD."""
        return sum((line.recorded for line in self.lines), Decimal(0))

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` has of it."""
        return {
            "orders": self.orders,
            "lines": [
                {"what": each.what, "estimated_usd": f"{each.estimated:f}", "recorded_usd": f"{each.recorded:f}"}
                for each in self.lines
            ],
            "estimated_usd": f"{self.estimated:f}",
            "recorded_usd": f"{self.recorded:f}",
            "estimated_seconds": round(self.estimated_seconds, 3),
            "recorded_seconds": None if self.recorded_seconds is None else round(self.recorded_seconds, 3),
        }


def compared(estimate: Estimate, lines: Sequence[Mapping[str, Any]], seconds: float | None) -> Comparison:
    """Return a run beside its estimate: with crawlers where it ran some, and without where it did not.

    Parameters
    ----------
    estimate : Estimate
    lines : sequence of mapping
        What was recorded: ``what`` and ``usd``, a decimal as text.
    seconds : float or None
        How long it took.
    """
    recorded = {str(line["what"]): Decimal(line["usd"]) for line in lines}
    run = estimate.run if recorded.get(_CRAWLERS) else estimate.uncrawled
    estimated: dict[str, Decimal] = {line.what: line.usd for line in run.lines}
    known = [what for what in costs.UNITS if what in estimated or what in recorded]
    return Comparison(
        run.orders,
        tuple(Compared(what, estimated.get(what, Decimal(0)), recorded.get(what, Decimal(0))) for what in known),
        run.elapsed_seconds,
        seconds,
    )
