"""``docs/performance.md``, generated from the measurements, never edited."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from bench.engines import (
    ASIDE,
    BRONZE,
    END_TO_END,
    ENGINES,
    GENERAL,
    OURS,
    SHAPES_BRONZE,
    SHAPES_END_TO_END,
    SILVER_GOLD,
    SYNTHETIC,
)
from bench.goals import goals
from bench.history import Record
from bench.results import Entry, Results
from bench.shapes import CLEAN, SHAPES

_TITLES: Final = {engine.name: engine.title for engine in ENGINES} | {shape.name: shape.title for shape in SHAPES}
_FLOORS: Final = frozenset(engine.name for engine in ENGINES if engine.is_floor)
HEADINGS: Final = ("engine", "wall s", "CPU s", "peak MB", "million rows/s", "wall / ours")
SHAPE_HEADINGS: Final = ("export", *HEADINGS[1:-1], "CPU / clean")
# Of the peers that take any shape, where they were measured.
_BESIDE: Final = tuple(f"{engine.title.partition(',')[0]} / ours" for engine in GENERAL)
_OF_SHAPES: Final = (SHAPES_END_TO_END, SHAPES_BRONZE)
_SECTIONS: Final = {
    SILVER_GOLD: ("Silver and Gold", "rows of the fact", "From each engine's best layout of the bronze tables."),
    END_TO_END: (
        "CSV to Gold, end to end", "rows of the fact",
        "From the CSVs: every engine writes the typed bronze tables, and of them makes the fact and the "
        "aggregates. Ours also checks every row against its contract and sets aside what breaks it. Those without "
        "bronze tables read only the columns that the fact needs, and leave no lakehouse.",
    ),
    BRONZE: (
        "Bronze alone", "records",
        "From the CSVs to Parquet. Ours types, checks and quarantines; Polars reads and writes text as it is.",
    ),
    SHAPES_END_TO_END: (
        "Exports as others write them: CSV to Gold", "rows of the fact",
        "The same company's CSVs in other shapes, by our engine. Those of the tables above are the kindest there can "
        "be: keys ascend, nothing is quoted, no row is wrong. Nine in ten of the broken rows have a wrong value, in "
        "one column after the other; the others lack a field, or have a quote out of place or never closed. The peers "
        "beside it are Polars and DuckDB written generally: keys are any text, fields may be quoted, and what cannot "
        "be read is NULL (Polars) or its row left out (DuckDB), without a word of what it was. Their wall time is "
        "given in ours; their totals have to be ours, but for broken rows.",
    ),
    SHAPES_BRONZE: (
        "Exports as others write them: Bronze alone", "records",
        "From the same CSVs to Parquet; what is broken is set aside with its text, its line and every reason.",
    ),
    SYNTHETIC: ("The synthetic source", "records", "Tables generated, checked and written."),
}  # fmt: skip


def page(results: Results, records: Sequence[Record], notes: str) -> str:
    """Return the page.

    Parameters
    ----------
    results : Results
        As `bench.results` keeps them.
    records : sequence of Record
        The goals' figures over time, as `bench.history` keeps them.
    notes : str
        Remarks on the numbers, written by hand; they are on the page as they are.
    """
    sections = [
        "# Performance",
        "Written by `./importau bench engine --write` from what it measured, and by `./importau generate`; what is "
        "said by hand is in `bench/notes.md`.",
        "## Goals", "\n".join(_goal_lines(results)),
        "## Over time", _PICTURE.format(len(records)), _OVER_TIME,
    ]  # fmt: skip
    for job, (heading, rows_are, text) in _SECTIONS.items():
        measured = [entry for entry in results.values() if entry["job"] == job]
        if measured:
            sections += [f"## {heading}", text]
            sections += ["\n\n".join(_size(entry, rows_are)) for entry in measured]
    sections += ["## How it is made", _HOW, *_machines(results), notes.strip()]
    return "\n\n".join(section for section in sections if section) + "\n"


def _goal_lines(results: Results) -> Iterator[str]:
    yield "| goal | measured | |\n|---|---|---|"
    for goal in goals(results):
        verdict = "not measured" if goal.met is None else "met" if goal.met else "**not met**"
        yield f"| {goal.text} | {goal.measured or '-'} | {verdict} |"


def _size(entry: Entry, rows_are: str) -> Iterator[str]:
    repetitions = max(its["repetitions"] for its in entry["engines"].values())
    repeated = f"medians of {repetitions} repetitions" if repetitions > 1 else "one repetition"
    yield f"### {entry['orders']:,} orders"
    yield f"{entry['rows']:,} {rows_are}; {repeated}, {entry['when']}."
    headings = headings_of(entry)
    head = [_markdown(headings), "|---|" + "--:|" * (len(headings) - 1)]
    yield "\n".join([*head, *map(_markdown, rows(entry, bold="**"))])
    yield from failures(entry)


def headings_of(entry: Entry) -> Sequence[str]:
    """Return the headings of a measurement's table."""
    if entry["job"] not in _OF_SHAPES:
        return HEADINGS
    return (*SHAPE_HEADINGS, *_BESIDE) if entry.get("peers") else SHAPE_HEADINGS


def _markdown(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def rows(entry: Entry, bold: str = "", *, in_short: bool = False) -> Iterator[Sequence[str]]:
    """Yield a measurement's rows by its headings: engines, or shapes of exports in the order of `bench.shapes`.

    Of engines the fastest is first; those unfinished, then those aside, are last. In short, shapes are called by name.
    """
    engines = entry["engines"]
    if entry["job"] in _OF_SHAPES:
        for shape in SHAPES:
            its = engines[shape.name]
            of_clean = f"{its['cpu'] / engines[CLEAN]['cpu']:.2f}"
            peers = entry.get("peers", {}).get(shape.name, {})
            beside = ["-" if peer["failure"] else f"{peer['wall'] / its['wall']:.2f}" for peer in peers.values()]
            yield shape.name if in_short else shape.title, *_figures(its, entry["rows"]), of_clean, *beside
        return
    ours = engines.get(OURS, {}).get("wall")
    for name in sorted(engines, key=lambda name: (name in ASIDE, engines[name].get("wall", math.inf), name)):
        its, title = engines[name], f"{bold}{_TITLES[name]}{bold}" if name == OURS else _TITLES[name]
        if its["failure"]:
            yield (title, "did not finish", *[""] * (len(HEADINGS) - 2))
            continue
        # A floor has the whole fact in memory before the clock starts, so its memory means nothing.
        wall, cpu, peak, rate = _figures(its, entry["rows"])
        yield (
            title,
            wall,
            cpu,
            "" if name in _FLOORS else peak,
            rate,
            "" if ours is None else f"{its['wall'] / ours:.2f}",
        )


def _figures(its: Mapping[str, Any], rows: int) -> tuple[str, str, str, str]:
    """Return wall and CPU seconds, peak memory and the rate of what was measured."""
    rate = f"{rows / its['wall'] / 1e6:.2f}"
    return f"{its['wall']:.2f}", f"{its['cpu']:.2f}", f"{its['peak'] / 1e6:,.0f}", rate


def failures(entry: Entry) -> Iterator[str]:
    """Yield why engines did not finish."""
    measured = {_TITLES[name]: its for name, its in entry["engines"].items()} | {
        f"{_TITLES[name]} ({shape})": its
        for shape, peers in entry.get("peers", {}).items()
        for name, its in peers.items()
    }
    for title, its in measured.items():
        if its["failure"]:
            yield f"{title}: {its['failure'].splitlines()[-1]}"


_PICTURE: Final = (
    "![A panel for each goal: its figures at {} commits, and its limit; the newest figures are in the table above]"
    "(images/performance-goals.svg)"
)
_OVER_TIME: Final = """\
`./importau bench engine --write` keeps two files: [`bench/results.json`](../bench/results.json), the newest measurement
of each job and size, which the tables below are made of, and [`bench/history.jsonl`](../bench/history.jsonl), of which
the picture is drawn. That has a line for each commit and machine: the commit that was checked out (with a plus sign
where code differed from it), the day, the machine, and the figures of the goals that were measured then. A goal that
nothing was measured for has no figure in the line, so no figure is carried on. Lines of several machines are not
joined. To miss a goal fails nothing: it is a cross in the picture and "not met" in the table.

Lines with a `source` are from before the history was kept: read from this page as it was at that commit, with the
digits it showed, where they had changed since the commit before."""


_HOW: Final = """\
Every engine does the same job, Silver and Gold as [the contracts](../glue/contracts/) say, in a process of its own, on
two cores, all engines in turns within one run; a figure is the median of its repetitions. The clock starts when the
engine is imported and stops when the last file is written (PySpark: with its JVM started and ended). CPU is user and
system time of all threads and child processes, memory the most that was resident at once. After each run, outside of
the clock, every additive column of the fact and of both aggregates is added up from the files that the engine wrote,
exactly; a total that differs from the others' fails the benchmark. `./importau bench engine --check` compares every
value instead, on small inputs full of traps.

The inputs are those of the synthetic source (seed 42). Each engine reads them in the layout it reads best, made before
the clock: ours in the parts that Bronze writes, Polars and DuckDB by their own Parquet writers, the others a file a
table. The fact is snappy Parquet, sorted by its key within each file; Gold reads it back from disk. What cutting into
parts costs is in "CSV to Gold". The peers are in `bench/peers/`.

The floor is what no engine can go below: read the columns that the job needs, write a finished fact that was in memory
before the clock started, read of it what Gold needs. The quickest engine's is the floor.

Compare ratios within one table; another machine has other seconds."""


def _machines(results: Results) -> Iterator[str]:
    """Yield the machines of the measurements; one line, where it is the same for all."""
    machines: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for entry in results.values():
        machines.setdefault(tuple(entry["machine"].items()), []).append(f"{entry['job']} at {entry['orders']:,}")
    for machine, what in machines.items():
        if len(machines) > 1:
            yield f"Measured on this machine: {', '.join(what)}."
        yield "\n".join(["| | |\n|---|---|", *(f"| {name} | {value} |" for name, value in machine)])
