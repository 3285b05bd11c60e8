"""One measurement: every engine does the same job, in turns, each time in a fresh process; their results must agree."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import inputs, process, shapes
from bench.engines import (
    BRONZE,
    END_TO_END,
    ENGINES,
    GENERAL,
    OUR_ENGINE,
    SHAPES_BRONZE,
    SHAPES_END_TO_END,
    SILVER_GOLD,
    SYNTHETIC,
    Engine,
)
from bench.process import Limits, Took, UnfinishedError
from bench.shapes import Shape
from bench.tables import BRONZE as BRONZE_TABLES
from bench.totals import Totals, differences, rows_of, totals

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
        """The medians of wall, CPU and peak, each on its own."""
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
        The rows of the fact (of all CSVs, where the job is Bronze alone).
    engines : mapping of str to Measured
    totals : Totals
        The totals of every engine's results; empty where the job has no results to compare.
    peers : mapping of str to mapping of str to Measured
        Of shapes of exports, which are the engines of their tables: the peers at each.
    """

    job: str
    orders: int
    rows: int
    engines: Mapping[str, Measured]
    totals: Totals = field(default_factory=dict)
    peers: Mapping[str, Mapping[str, Measured]] = field(default_factory=dict)


class DisagreementError(Exception):
    """Two engines have different results.

    Parameters
    ----------
    engine, reference : str
    different : list of str
        Each total as ``name: the reference's and the engine's``.
    """

    def __init__(self, engine: str, reference: str, different: list[str]) -> None:
        self.engine, self.reference, self.different = engine, reference, different
        super().__init__(f"{engine} and {reference} do not have the same results")


def made(orders: int, limits: Limits) -> None:
    """Make the inputs of one size.

    Raises
    ------
    UnfinishedError
        There was not enough memory or disk for them.
    """
    process.run(OUR_ENGINE, "bench.inputs", "make", Path(str(orders)), inputs.folder(orders), limits)


def measured(job: str, orders: int, engines: Sequence[Engine], repetitions: int, limits: Limits, say: Say) -> Table:
    """Measure engines at one job and size, without those that do not do the job.

    Raises
    ------
    DisagreementError
        An engine's totals are not those of the first engine that finished.
    """
    home = inputs.folder(orders)
    engines = [engine for engine in engines if job in engine.does]
    runs = _Runs(job, engines, limits, _prepared(job, home, engines, limits, say))
    agreed = Agreed()
    for repetition in range(1, repetitions + 1):
        for engine in engines:
            if engine.name in runs.failures:
                continue
            say(f"{engine.name}, {repetition} of {repetitions}")
            made = runs.run(engine, home)
            if made is not None and job in (SILVER_GOLD, END_TO_END) and not engine.is_floor:
                agreed.check(engine.name, totals(made))
    measurements = runs.measured()
    return Table(job, orders, rows_of(agreed.totals) if agreed.totals else _csv_rows(home), measurements, agreed.totals)


def made_shape(orders: int, shape: Shape, limits: Limits) -> None:
    """Make the exports of one shape and size; raise `UnfinishedError` as `made` does."""
    process.run(
        OUR_ENGINE, "bench.shapes", "make", Path(f"{orders}/{shape.name}"), shapes.folder(orders, shape), limits
    )


def measured_shapes(orders: int, repetitions: int, limits: Limits, say: Say) -> list[Table]:
    """Measure exports of every shape, in turns: from the CSVs to Gold beside the peers, and Bronze alone.

    Returns
    -------
    list of Table
        Their engines are the shapes, by this project's engine.

    Raises
    ------
    UnfinishedError
        This project's engine did not finish one of them.
    DisagreementError
        Shapes that say the same with the same keys have other totals, or a peer has.
    """
    runs: dict[tuple[str, str], list[Took]] = {}
    absent = _absent(GENERAL)
    peers = {shape.name: _Runs(SHAPES_END_TO_END, GENERAL, limits, absent) for shape in shapes.SHAPES}
    plain, uuids = Agreed(), Agreed()
    of_first: Totals = {}
    for repetition in range(1, repetitions + 1):
        for shape in shapes.SHAPES:
            say(f"{shape.name}, {repetition} of {repetitions}")
            home = shapes.folder(orders, shape)
            # What is wrong in a broken export each engine leaves out, or makes NULL, in its own way.
            agreed = Agreed() if shape.broken else uuids if shape.uuids else plain
            for job in (SHAPES_END_TO_END, SHAPES_BRONZE):
                took = process.run(
                    OUR_ENGINE, OUR_ENGINE.module_of(job), OUR_ENGINE.function_of(job), home / "csv", home / "out",
                    limits,
                )  # fmt: skip
                runs.setdefault((job, shape.name), []).append(took)
                if job == SHAPES_END_TO_END:
                    its = totals(home / "out")
                    agreed.check(shape.name, its)
                    of_first = of_first or its
            for engine in GENERAL:
                say(f"{shape.name}, {repetition} of {repetitions}: {engine.name}")
                made = peers[shape.name].run(engine, home)
                if made is not None and not shape.broken:
                    agreed.check(f"{engine.name} ({shape.name})", totals(made))
    records = _csv_rows(shapes.folder(orders, shapes.SHAPES[0]))
    return [
        Table(
            job, orders, rows, {shape.name: Measured(tuple(runs[job, shape.name])) for shape in shapes.SHAPES},
            peers={name: its.measured() for name, its in peers.items()} if job == SHAPES_END_TO_END else {},
        )
        for job, rows in ((SHAPES_END_TO_END, rows_of(of_first)), (SHAPES_BRONZE, records))
    ]  # fmt: skip


class _Runs:
    """What engines took of one job; one that does not finish is not tried again."""

    def __init__(self, job: str, engines: Sequence[Engine], limits: Limits, failures: dict[str, str]) -> None:
        self._job, self._limits = job, limits
        self._runs: dict[str, list[Took]] = {engine.name: [] for engine in engines}
        # Why an engine is not measured, by its name.
        self.failures = dict(failures)

    def run(self, engine: Engine, home: Path) -> Path | None:
        """Run an engine, and return the folder of its results; None where it does not finish, or did not before."""
        if engine.name in self.failures:
            return None
        target = home / "out" / engine.name
        module, function = engine.module_of(self._job), engine.function_of(self._job)
        try:
            took = process.run(engine, module, function, source(engine, self._job, home), target, self._limits)
        except UnfinishedError as reason:
            self.failures[engine.name] = str(reason)
            return None
        self._runs[engine.name].append(took)
        return target

    def measured(self) -> dict[str, Measured]:
        return {
            name: Measured(() if name in self.failures else tuple(runs), self.failures.get(name, ""))
            for name, runs in self._runs.items()
        }


def _prepared(job: str, home: Path, engines: Sequence[Engine], limits: Limits, say: Say) -> dict[str, str]:
    """Prepare what is not measured: the layouts that engines read best, and the fact that a floor writes.

    Returns
    -------
    dict of str to str
        Why an engine cannot be measured, by its name.
    """
    failures = _absent(engines)
    if job != SILVER_GOLD:
        return failures
    floors = [engine for engine in engines if engine.is_floor]
    for engine in ENGINES:
        # A floor reads what its engine reads.
        if not engine.prepares or engine.name in failures or (engine not in engines and not floors):
            continue
        say(f"inputs as {engine.name} reads them best")
        try:
            process.run(engine, engine.module, "prepare", home / "bronze", source(engine, job, home), limits)
        except UnfinishedError as reason:
            failures |= {each.name: f"its inputs: {reason}" for each in (engine, *floors)}
    if floors and OUR_ENGINE.name not in failures:
        say("a finished fact for the floor")
        try:
            process.run(
                OUR_ENGINE,
                OUR_ENGINE.module,
                OUR_ENGINE.function_of(job),
                source(OUR_ENGINE, job, home),
                home / "finished",
                limits,
            )
        except UnfinishedError as reason:
            failures |= {each.name: f"a finished fact: {reason}" for each in floors}
    return failures


def _absent(engines: Sequence[Engine]) -> dict[str, str]:
    return {engine.name: f"not run: {why}" for engine in engines if (why := process.available(engine))}


class Agreed:
    """The totals that all engines have so far."""

    def __init__(self) -> None:
        self.reference = ""
        self.totals: Totals = {}

    def check(self, engine: str, totals: Totals) -> None:
        """Keep the first engine's totals, and compare every other's with them.

        Raises
        ------
        DisagreementError
            A total differs.
        """
        if not self.totals:
            self.reference, self.totals = engine, totals
        elif different := differences(self.totals, totals):
            raise DisagreementError(engine, self.reference, different)


def source(engine: Engine, job: str, home: Path) -> Path:
    """Return where an engine finds the inputs of a job, in the layout it reads best."""
    if job == SYNTHETIC or engine.is_floor:
        return home
    if job in (END_TO_END, BRONZE, SHAPES_END_TO_END, SHAPES_BRONZE):
        return home / "csv"
    return home / ("prepared/" + engine.name if engine.prepares else "bronze")


def _csv_rows(home: Path) -> int:
    """Return how many records the CSVs have; no text of the synthetic company contains a line end."""
    rows = 0
    for table in BRONZE_TABLES:
        with (home / "csv" / f"{table}.csv").open("rb") as file:
            rows += sum(1 for _ in file) - 1
    return rows
