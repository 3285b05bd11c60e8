"""One measurement: every engine does the same job, in turns, each time in a fresh process; their results must agree."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench import inputs, process
from bench.engines import BRONZE, END_TO_END, FLOOR, OURS, SILVER_GOLD, Engine
from bench.process import DidNotFinish, Limits, Took
from bench.tables import BRONZE as BRONZE_TABLES
from bench.totals import Totals, differences, rows_of, totals

_FUNCTIONS: Final = {SILVER_GOLD: "main", END_TO_END: "end_to_end", BRONZE: "bronze", FLOOR: "main"}
Say = Callable[[str], None]


@dataclass(frozen=True)
class Measured:
    """An engine's runs of one job at one size.

    Attributes
    ----------
    runs : tuple of Took
        In the order they were made; empty when the engine did not finish.
    failure : str
        Why it did not finish; "" when it did.
    """

    runs: tuple[Took, ...]
    failure: str = ""

    @property
    def median(self) -> Took:
        """The medians of wall, CPU and peak, each by itself."""
        return Took(
            statistics.median(run.wall for run in self.runs),
            statistics.median(run.cpu for run in self.runs),
            int(statistics.median(run.peak for run in self.runs)),
        )


@dataclass(frozen=True)
class Table:
    """All engines at one job and size.

    Attributes
    ----------
    job : str
    orders : int
    rows : int
        Of the fact (of the CSVs together, where the job is Bronze alone).
    engines : mapping of str to Measured
    totals : Totals
        What every engine's results added up to; empty where the job has no results to compare.
    """

    job: str
    orders: int
    rows: int
    engines: Mapping[str, Measured]
    totals: Totals = field(default_factory=dict)


class Disagreement(Exception):
    """Two engines do not have the same results.

    Parameters
    ----------
    engine, reference : str
    different : list of str
        Each total as ``name: the reference's and the engine's``.
    """

    def __init__(self, engine: str, reference: str, different: list[str]) -> None:
        self.engine, self.reference, self.different = engine, reference, different
        super().__init__(f"{engine} and {reference} do not have the same results")


def median_ratio(ours: Measured, theirs: Measured) -> float:
    """Return how many times longer ``theirs`` takes, by the medians of wall time."""
    return theirs.median.wall / ours.median.wall


def measured(
    job: str, orders: int, engines: Sequence[Engine], repetitions: int, limits: Limits, say: Say
) -> Table:
    """Measure engines at one job and size.

    Raises
    ------
    Disagreement
        An engine's totals are not those of the first engine that finished.
    """
    home = inputs.folder(orders)
    failures, runs = {}, {engine.name: [] for engine in engines}  # type: dict[str, str], dict[str, list[Took]]
    agreed = _Agreed()
    for engine in engines:
        if why := process.available(engine):
            failures[engine.name] = f"not run: {why}"
    for repetition in range(1, repetitions + 1):
        for engine in engines:
            if engine.name in failures:
                continue
            say(f"{engine.name}, {repetition} of {repetitions}")
            target = home / "out" / engine.name
            try:
                took = process.run(engine, _module(engine, job), _FUNCTIONS[job], source(engine, job, home), target, limits)
            except DidNotFinish as reason:
                failures[engine.name] = str(reason)
                continue
            runs[engine.name].append(took)
            if job in (SILVER_GOLD, END_TO_END):
                agreed.check(engine.name, totals(target))
    rows = rows_of(agreed.totals) if agreed.totals else _csv_rows(home)
    engines_measured = {
        engine.name: Measured(() if engine.name in failures else tuple(runs[engine.name]), failures.get(engine.name, ""))
        for engine in engines
    }
    return Table(job, orders, rows, engines_measured, agreed.totals)


class _Agreed:
    """The totals that all engines have so far."""

    def __init__(self) -> None:
        self.reference, self.totals = "", Totals()

    def check(self, engine: str, found: Totals) -> None:
        if not self.totals:
            self.reference, self.totals = engine, found
        elif different := differences(self.totals, found):
            raise Disagreement(engine, self.reference, different)


def _module(engine: Engine, job: str) -> str:
    module = {END_TO_END: engine.end_to_end, BRONZE: engine.bronze}.get(job, engine.module)
    if module is None:
        raise ValueError(f"{engine.name} does not do the job '{job}'")
    return module


def does(engine: Engine, job: str) -> bool:
    """Return whether an engine does a job."""
    return {END_TO_END: engine.end_to_end, BRONZE: engine.bronze}.get(job, engine.module) is not None


def source(engine: Engine, job: str, home: Path) -> Path:
    """Return where an engine finds the inputs of a job, in the layout it reads best."""
    if job in (END_TO_END, BRONZE):
        return home / "csv"
    return home / ("prepared/" + engine.name if engine.prepares else "bronze")


def _csv_rows(home: Path) -> int:
    """Return how many records the CSVs have; no text of the synthetic company has a line end in it."""
    return sum((home / "csv" / f"{table}.csv").read_bytes().count(b"\n") - 1 for table in BRONZE_TABLES)
