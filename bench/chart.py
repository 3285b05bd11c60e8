"""The goals over time as one picture: an SVG that a browser, an editor and a screen reader can read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from textwrap import wrap
from typing import Final

from bench.goals import GOALS, Goal
from bench.history import Record

# Pixels: a panel with its heading, the plot within it, and the space around the panels.
_PANEL: Final = (410, 156)
_PLOT: Final = (46, 40, 290, 84)
_MARGIN: Final = 14
_TOP: Final = 40
_COLUMNS: Final = 2
_HEADING: Final = 66
# The highest value of a plot is so much more than the highest figure, or the limit.
_HEADROOM: Final = 1.15
# Two commits stand below an axis where they are so far apart.
_APART: Final = 60
# Colours are of the pair of palettes for light and for dark that both have a contrast of 4.5 to 1 for text.
_STYLE: Final = """\
svg { color-scheme: light dark; }
text { font: 11px system-ui, sans-serif; fill: #1f2933; }
.page { fill: #ffffff; }
.heading { font-weight: 600; }
.small { font-size: 10px; fill: #52606d; }
.axis, .tick { stroke: #9aa5b1; fill: none; }
.good { fill: #0b7285; opacity: 0.1; }
.limit { stroke: #9a4a00; stroke-width: 1.5; stroke-dasharray: 5 3; }
.of-limit { fill: #9a4a00; }
.line { stroke: #0b7285; stroke-width: 1.5; fill: none; }
.met { fill: #0b7285; }
.missed { stroke: #c92a2a; stroke-width: 2; fill: none; }
@media (prefers-color-scheme: dark) {
text { fill: #e4e7eb; }
.page { fill: #12181f; }
.small { fill: #a9b4c0; }
.axis, .tick { stroke: #616e7c; }
.good { fill: #4cc9d8; opacity: 0.14; }
.limit { stroke: #ffb05c; }
.of-limit { fill: #ffb05c; }
.line { stroke: #4cc9d8; }
.met { fill: #4cc9d8; }
.missed { stroke: #ff8787; }
}"""


@dataclass(frozen=True)
class _Point:
    """A figure of a goal: the place of its record among all, and what it is."""

    place: int
    record: Record
    figure: float


def chart(records: Sequence[Record]) -> str:
    """Return the picture: a panel for each goal with its figures by commit, and its limit as a dashed line.

    Parameters
    ----------
    records : sequence of Record
        What was measured, the oldest first.
    """
    width = 2 * _MARGIN + _COLUMNS * _PANEL[0]
    height = _TOP + -(-len(GOALS) // _COLUMNS) * _PANEL[1] + _MARGIN
    panels = "\n".join(line for number, goal in enumerate(GOALS) for line in _panel(number, goal, records))
    title = "The goals of speed and scale over time"
    described = (
        f"{len(GOALS)} panels, one a goal: its figures at {len(records)} commits, the oldest first, and the limit as a "
        "dashed line. A dot meets the goal, a cross does not."
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-labelledby="title desc">\n'
        f'<title id="title">{title}</title>\n<desc id="desc">{escape(described)}</desc>\n'
        f"<style>\n{_STYLE}\n</style>\n"
        f'<rect class="page" width="{width}" height="{height}" rx="6"/>\n'
        f"{_legend()}\n{panels}\n</svg>\n"
    )


def _legend() -> str:
    y = _MARGIN + 6
    return (
        f'<g aria-hidden="true"><circle class="met" cx="{_MARGIN + 6}" cy="{y}" r="3.5"/>'
        f'<text x="{_MARGIN + 16}" y="{y + 4}">meets the goal</text>'
        f"{_cross(_MARGIN + 120, y)}"
        f'<text x="{_MARGIN + 130}" y="{y + 4}">does not</text>'
        f'<line class="limit" x1="{_MARGIN + 200}" y1="{y}" x2="{_MARGIN + 230}" y2="{y}"/>'
        f'<text x="{_MARGIN + 238}" y="{y + 4}">the limit; what meets it is shaded</text></g>'
    )


def _panel(number: int, goal: Goal, records: Sequence[Record]) -> Iterator[str]:
    """Yield the elements of a goal's panel."""
    row, column = divmod(number, _COLUMNS)
    x, y = _MARGIN + column * _PANEL[0], _TOP + row * _PANEL[1]
    points = [
        _Point(place, record, record.figures[goal.key])
        for place, record in enumerate(records)
        if goal.key in record.figures
    ]
    said = "; ".join(f"{point.record.commit} {goal.written(point.figure)}" for point in points) or "not measured"
    yield f'<g transform="translate({x} {y})" role="img" aria-label="{escape(f"{goal.text}: {said}")}">'
    for line, text in enumerate(wrap(goal.text, _HEADING)):
        yield f'<text class="heading" x="4" y="{14 + 14 * line}">{escape(text)}</text>'
    yield from _plot(goal, points, len(records))
    yield "</g>"


def _plot(goal: Goal, points: Sequence[_Point], records: int) -> Iterator[str]:
    """Yield the plot of a panel: the shaded side of the limit, the limit, the axis, and the points, the oldest left."""
    left, top, width, height = _PLOT
    highest = _HEADROOM * max([goal.limit, *(point.figure for point in points)])

    def at(figure: float) -> str:
        return _number(top + height * (1 - figure / highest))

    def along(place: int) -> str:
        return _number(left + 8 + (width - 16) * place / max(records - 1, 1))

    shaded = (top, float(at(goal.limit))) if goal.at_least else (float(at(goal.limit)), top + height)
    yield (
        f'<rect class="good" x="{left}" y="{_number(shaded[0])}" width="{width}" '
        f'height="{_number(shaded[1] - shaded[0])}"/>'
    )
    yield f'<line class="limit" x1="{left}" y1="{at(goal.limit)}" x2="{left + width}" y2="{at(goal.limit)}"/>'
    yield f'<text class="of-limit" x="{left - 5}" y="{at(goal.limit)}" dy="4" text-anchor="end">{goal.limit:g}</text>'
    yield f'<path class="axis" d="M{left} {top}V{top + height}H{left + width}"/>'
    yield f'<text class="small" x="{left - 5}" y="{top + height}" dy="3" text-anchor="end">0</text>'
    if not points:
        yield f'<text class="small" x="{left + 12}" y="{top + height - 8}">not measured</text>'
        return
    yield from _ticks(points, along, top + height)
    for one, other in pairwise(points):
        if one.record.machine == other.record.machine:
            yield (
                f'<path class="line" d="M{along(one.place)} {at(one.figure)}L{along(other.place)} {at(other.figure)}"/>'
            )
    for point in points:
        yield _mark(goal, point, along(point.place), at(point.figure))
    last = points[-1]
    yield f'<text x="{left + width + 6}" y="{at(last.figure)}" dy="4">{goal.written(last.figure)}</text>'


def _ticks(points: Sequence[_Point], along: Callable[[int], str], y: int) -> Iterator[str]:
    """Yield a tick below each point, and the commits of the first and the last."""
    for point in points:
        yield f'<path class="tick" d="M{along(point.place)} {y}v4"/>'
    first, last = points[0], points[-1]
    if float(along(last.place)) - float(along(first.place)) > _APART:
        yield f'<text class="small" x="{along(first.place)}" y="{y + 15}" text-anchor="middle">{_commit(first)}</text>'
    yield f'<text class="small" x="{along(last.place)}" y="{y + 15}" text-anchor="middle">{_commit(last)}</text>'


def _mark(goal: Goal, point: _Point, x: str, y: str) -> str:
    """Return a point: a dot that meets the goal or a cross that does not, with what it is."""
    said = f"{point.record.commit}, {point.record.when}: {goal.written(point.figure)}"
    if goal.met(point.figure):
        return f'<circle class="met" cx="{x}" cy="{y}" r="3.5"><title>{escape(said)}</title></circle>'
    return _cross(float(x), float(y), f"<title>{escape(said)}</title>")


def _cross(x: float, y: float, title: str = "") -> str:
    return f'<path class="missed" d="M{_number(x - 4)} {_number(y - 4)}l8 8m0 -8l-8 8">{title}</path>'


def _commit(point: _Point) -> str:
    return escape(point.record.commit)


def _number(value: float) -> str:
    """Return a coordinate, with a digit at most: the same on every machine."""
    return f"{value:.1f}".removesuffix(".0")
