"""The measured part of docs/forecast.md: between two marks, never edited."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bench.forecasting import forecasts
from bench.forecasting.companies import FUTURES, KINDS
from bench.forecasting.evidence import goals
from bench.forecasting.histories import DAYS

BEGIN: Final = "<!-- measured: ./importau bench forecast --write -->"
END: Final = "<!-- measured: end -->"


def rewritten(page: str, evidence: Mapping[str, Any]) -> str:
    """Return the page with what was measured between its marks.

    Raises
    ------
    ValueError
        The page has no such marks.
    """
    between = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if not between.search(page):
        raise ValueError(f"there is no {BEGIN} ... {END}")
    return between.sub(lambda _: f"{BEGIN}\n\n{section(evidence)}\n\n{END}", page)


def section(evidence: Mapping[str, Any]) -> str:
    """Return what was measured, as Markdown."""
    return "\n\n".join(_parts(evidence))


def goal_rows(evidence: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield each goal, what was measured, and whether it is met."""
    for goal in goals(evidence):
        yield goal.text, goal.measured, "met" if goal.met else "not met"


def _parts(evidence: Mapping[str, Any]) -> Iterator[str]:
    number, forecast, risk = evidence["number"], evidence["forecast"], evidence["risk"]
    coverage = forecast["coverage"]
    yield _table(("goal", "measured", ""), goal_rows(evidence))
    yield "### Forecasts"
    yield (
        f"{number} companies with one series of each kind; {FUTURES} futures of each history, drawn from its process, "
        "are what comes. A series beats another forecast where its mean error over the futures is less; in brackets, "
        "how often it does in a single future of six months, which even who knows the process cannot always."
    )
    yield _table(("", "MASE", "beats seasonal naive", *KINDS), _mase_rows(forecast["mase"]), numbers=True)
    yield "![Mean MASE of every forecast](images/forecast-accuracy.svg)"
    yield "![Four series of a company with their forecasts](images/forecast-examples.svg)"
    yield "How often each method was chosen:"
    methods = list(next(iter(forecast["methods"].values())))
    chosen = ([kind, *(str(its[name] or "") for name in methods)] for kind, its in forecast["methods"].items())
    yield _table(("", *methods), chosen, numbers=True)
    yield "### Intervals"
    yield (
        f"{coverage['all']:.1%} of what came lay in its interval, and {coverage['total']:.1%} of the totals. The "
        f"tables themselves state {coverage['claimed']:.1%} and {coverage['claimed_total']:.1%} (`cobertura_90`)."
    )
    yield "![Coverage by horizon and kind](images/forecast-coverage.svg)"
    yield "### Value at risk"
    yield (
        f"{number} histories of each kind, {DAYS} business days. The one-day VaR of 95 % is held against the next day, "
        "by the 250 days before it and by EWMA; *beyond* is the share of futures that cost more than the VaR of the "
        "days until an exposure is due, about a month."
    )
    heading = ("returns", "", "passes Kupiec", "exceeded", "beyond, a month")
    yield _table(heading, _risk_rows(risk), numbers=True)
    yield "![Share of exceptions of every history](images/forecast-kupiec.svg)"


def _mase_rows(mase: Mapping[str, Mapping[str, float]]) -> Iterator[list[str]]:
    for name in sorted(mase, key=lambda name: mase[name]["all"]):
        its, bold = mase[name], "**" if name == forecasts.OURS else ""
        beats = "" if name == "SAZONAL" else f"{its['beats']:.0%} ({its['beats_once']:.0%})"
        yield [f"{bold}{name}{bold}", f"{its['all']:.3f}", beats, *(f"{its[kind]:.3f}" for kind in KINDS)]


def _risk_rows(risk: Mapping[str, Any]) -> Iterator[list[str]]:
    for kind, its in risk.items():
        for way, name in (("historical", "historical"), ("ewma", "EWMA")):
            one = its[way]
            yield [kind, name, f"{one['passed']} of {its['histories']}", f"{one['rate']:.2%}", f"{one['beyond']:.2%}"]


def _table(head: tuple[str, ...], rows: Any, *, numbers: bool = False) -> str:
    ruler = "|---|" + ("--:|" if numbers else "---|") * (len(head) - 1)
    return "\n".join([f"| {' | '.join(head)} |", ruler, *(f"| {' | '.join(row)} |" for row in rows)])
