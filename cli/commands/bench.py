"""`importau bench`: measurements; they are never tests."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli import ROOT, options
from cli.errors import CliError, UsageError
from cli.help import Typer
from cli.portal.page import filled, template
from cli.session import connect
from cli.terminal import present

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.engines import Engine
    from bench.process import Limits
    from bench.results import Entry

_FORECAST_PAGE: Final = ROOT / "docs/forecast.md"

_repetitions: Final = options.whole("--repetitions", 1)
_number: Final = options.whole("--number", 1)

app: Final = Typer(help="Measure how quick it is.", no_args_is_help=True)


@app.callback(invoke_without_command=True)
def bench(
    is_cold: Annotated[bool, typer.Option("--cold", help="The same as the command cold.")] = False,
) -> None:
    """Measure how quick it is."""
    if is_cold:
        cold()


@app.command()
def portal(
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Measure the portal in a browser: this lakehouse, and a generated one of 500 tables and 5,000 columns."""
    # What only measurements and tests need is not loaded by every command.
    from bench.portal import REPETITIONS, measured
    from cli.portal.document import gather
    from tests.support.catalogues import large

    page, document = template(), gather(connect(local, stack, region, profile, stage), datetime.now(UTC))
    pages = {"this lakehouse": filled(page, document), "500 tables, 5,000 columns": filled(page, large())}
    with present.step("measuring"):
        times = measured(pages)
    table = present.table(caption=f"ms, medians of {REPETITIONS}")
    table.add_column("page")
    for what in next(iter(times.values())):
        table.add_column(what, justify="right")
    for name, its in times.items():
        table.add_row(name, *(f"{milliseconds:.0f}" for milliseconds in its.values()))
    present.grid(table)


@app.command()
def cold(
    repetitions: Annotated[
        int,
        typer.Option("--repetitions", metavar="N", parser=_repetitions, help="Fresh processes of each function."),
    ] = 5,
) -> None:
    """Measure the cold start of every function in AWS's runtime, and write bench/cold.md."""
    # What only measurements and tests need is not loaded by every command.
    from bench.cold import GOALS, measured, report

    with present.step("measuring"):
        results = measured(repetitions)
    table = present.table(caption=f"seconds, medians of {repetitions}")
    table.add_column("function")
    for heading in ("init", "goal", "first call"):
        table.add_column(heading, justify="right")
    table.add_column("most expensive imports of the init, ms")
    for name, its in results.items():
        late = its.median("init") > GOALS[name]
        init = f"[bold red]{its.median('init'):.2f}[/]" if late else f"{its.median('init'):.2f}"
        imports = ", ".join(f"{package} {seconds * 1000:.0f}" for package, seconds in its.most("init"))
        table.add_row(name, init, f"{GOALS[name]:.0f}", f"{its.median('call'):.2f}", imports)
    present.grid(table)
    page = ROOT / "bench/cold.md"
    page.write_text(report(results, repetitions), "utf-8")
    present.say(f"written: {page.relative_to(ROOT)}")


@app.command(epilog="./importau bench latency\n./importau bench latency --parts 64 --milliseconds 10")
def latency(
    parts: Annotated[
        int,
        typer.Option("--parts", metavar="N", parser=options.whole("--parts", 2), help="Parts of each table."),
    ] = 1_526,
    milliseconds: Annotated[
        int,
        typer.Option(
            "--milliseconds", metavar="N", parser=options.whole("--milliseconds"), help="How long a request waits."
        ),
    ] = 25,
) -> None:
    """Measure governance, publishing, Gold's combine and the portal behind a proxy that makes every request wait.

    1,526 parts a table are 100 million orders. Exit code 1 where those are not governed within 60 s.
    """
    # Only measurements need these, so no other command loads them.
    from bench.latency import BEFORE, GOAL_SECONDS, PARTS, measured

    with present.step("measuring") as show:
        steps = measured(parts, milliseconds / 1000, show)
    table = present.table(caption=f"{parts:,} parts a table, {milliseconds} ms a request")
    table.add_column("step")
    for heading in ("s", "requests", "at once", "before: s", "requests", "at once"):
        table.add_column(heading, justify="right")
    for step in steps:
        before = BEFORE.get(step.name) if (parts, milliseconds) == (PARTS, 25) else None
        was = [f"{before[0]:,.1f}", f"{before[1]:,}", f"{before[2]}"] if before else ["", "", ""]
        table.add_row(step.name, f"{step.seconds:,.1f}", f"{step.requests:,}", f"{step.at_once}", *was)
    present.grid(table)
    governed = steps[0].seconds
    if parts <= PARTS and governed > GOAL_SECONDS:
        raise CliError(f"{parts:,} parts were governed in {governed:.1f} s, and not within {GOAL_SECONDS:.0f}")


@app.command(
    epilog="./importau bench engine --orders 1000000 --write\n./importau bench engine --check\n"
    "./importau bench engine --orders 100000 --engine importau --engine polars_tuned\n"
    "./importau bench engine --orders 1000000 --shapes"
)
def engine(  # noqa: PLR0913, PLR0917 - options, not arguments
    orders: Annotated[
        str, typer.Option(metavar="N,N", help="Sizes, in orders, with commas between them.")
    ] = "100000,1000000,5000000",
    repetitions: Annotated[
        int, typer.Option(metavar="N", parser=_repetitions, help="Runs of each engine; what counts is the median.")
    ] = 3,
    engine: Annotated[list[str] | None, typer.Option(help="Only this one; several times for several.")] = None,
    end_to_end: Annotated[bool, typer.Option("--end-to-end", help="From the CSVs to Gold.")] = False,
    bronze: Annotated[bool, typer.Option("--bronze", help="Bronze alone, and the synthetic source.")] = False,
    is_shaped: Annotated[
        bool,
        typer.Option("--shapes", help="Exports as others write them: quoted, UUIDs, broken rows."),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Compare every value on small inputs; measure nothing.")
    ] = False,
    csv_dir: Annotated[Path | None, typer.Option(help="With --check: a real export to compare on as well.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds after which an engine is stopped.")] = 600,
    memory: Annotated[
        float, typer.Option(help="GB at which an engine is stopped; by default 85 % of what there is.")
    ] = 0,
    write: Annotated[bool, typer.Option("--write", help="Keep the results and write docs/performance.md.")] = False,
) -> None:
    """Measure this project's engine against its peers, at the same job with the same results."""
    # Only measurements need these, so no other command loads them.
    from bench import checks, engines, inputs, process, results
    from bench.measure import DisagreementError, made, measured
    from bench.process import UnfinishedError
    from lakehouse.errors import InputError

    chosen = _chosen(engine, engines.ENGINES)
    limits = process.Limits(timeout, round(memory * 1e9) or process.memory() * 85 // 100)
    if check:
        try:
            worlds = checks.worlds(csv_dir)
        except InputError as error:
            raise CliError(str(error)) from error
        _checked(worlds, chosen, limits)
        return
    if is_shaped:
        _measure_shapes(sizes(orders), repetitions, limits, write=write)
        return
    jobs = [engines.END_TO_END] * end_to_end + [engines.BRONZE, engines.SYNTHETIC] * bronze or [engines.SILVER_GOLD]
    order_counts = sizes(orders)
    with inputs.alone() as alone:
        if not alone:
            raise CliError("another `bench engine` runs in this folder", "Two at once would measure each other; wait.")
        for size in order_counts:
            if inputs.missing(size):
                with present.step(f"making {present.count(size, 'order')}"):
                    try:
                        made(size, limits)
                    except UnfinishedError as error:
                        raise CliError(f"the inputs were not made: {error}") from error
            for job in jobs:
                if not any(job in each.does for each in chosen):
                    continue
                try:
                    with present.step(f"{job}, {present.count(size, 'order')}") as show:
                        table = measured(job, size, chosen, repetitions, limits, show)
                except DisagreementError as error:
                    raise CliError(
                        "\n".join([f"{error}, at {present.count(size, 'order')}:", *error.different])
                    ) from error
                entry = results.entry(table, datetime.now(UTC), results.machine())
                _show(entry)
                if write:
                    _keep(entry)


@app.command(epilog="./importau bench forecast --write\n./importau bench forecast --number 5")
def forecast(
    number: Annotated[
        int,
        typer.Option("--number", metavar="N", parser=_number, help="Synthetic companies, and currencies of a kind."),
    ] = 100,
    write: Annotated[bool, typer.Option("--write", help="Write docs/forecast.md and its pictures.")] = False,
) -> None:
    """Measure forecasts, intervals and value at risk on companies and currencies whose processes are known."""
    # Only measurements need these, so no other command loads them.
    from bench.forecasting import evidence, page

    try:
        with present.step("measuring") as show:
            measured = evidence.measured(number, show)
        table = present.table()
        for heading in ("goal", "measured", ""):
            table.add_column(heading)
        for row in page.goal_rows(measured):
            table.add_row(*row)
        present.grid(table)
        if write:
            evidence.draw(measured, ROOT / "docs/images")
            _FORECAST_PAGE.write_text(page.rewritten(_FORECAST_PAGE.read_text("utf-8"), measured), "utf-8")
            present.done(f"wrote {_FORECAST_PAGE.relative_to(ROOT)}")
    except evidence.PeerError as error:
        raise CliError(f"what runs in .venv-bench failed: {error}") from error


def _measure_shapes(order_counts: list[int], repetitions: int, limits: "Limits", *, write: bool) -> None:
    """Measure the shapes of exports at some sizes, print the measurements, and keep them if wanted."""
    from bench import inputs, results, shapes
    from bench.measure import made_shape, measured_shapes
    from bench.process import UnfinishedError

    with inputs.alone() as alone:
        if not alone:
            raise CliError("another `bench engine` runs in this folder", "Two at once would measure each other; wait.")
        for size in order_counts:
            try:
                for shape in shapes.SHAPES:
                    if shapes.missing(size, shape):
                        with present.step(f"making {present.count(size, 'order')}: {shape.name}"):
                            made_shape(size, shape, limits)
                with present.step(f"shapes, {present.count(size, 'order')}") as show:
                    tables = measured_shapes(size, repetitions, limits, show)
            except UnfinishedError as error:
                raise CliError(f"a shape was not measured: {error}") from error
            for table in tables:
                entry = results.entry(table, datetime.now(UTC), results.machine())
                _show(entry)
                if write:
                    _keep(entry)


def _keep(measured: "Entry") -> None:
    """Keep a measurement among the results and in the history, and write the page and its picture."""
    from bench import history, results
    from bench.written import files

    results_file, history_file = ROOT / results.FILE, ROOT / history.FILE
    kept = results.added(results.load(results_file), measured)
    results.save(kept, results_file)
    if commit := history.measured_commit(ROOT):
        records = history.added(history.load(history_file), history.record(kept, measured, commit))
        history.save(records, history_file)
    else:
        present.warn("the history was not kept: this folder is no checkout of git")
    for path, text in files(ROOT):
        path.write_text(text, "utf-8")
        present.done(f"wrote {path.relative_to(ROOT)}")


def sizes(orders: str) -> list[int]:
    """Return the sizes that are written with commas between them.

    Raises
    ------
    UsageError
        One is no whole number, or all of it might be one number with commas between its thousands.
    """
    if "," in orders and (number := options.read_whole(orders)) is not None:
        two = ", ".join(f"{int(size):,}".replace(",", "_") for size in orders.split(","))
        raise UsageError(
            f"--orders: '{orders}' may be {number:,} orders, or the sizes {two}",
            f"Write {number:_}, or leave a blank after each comma that separates sizes.",
        )
    return [options.whole("--orders", 1)(size) for size in orders.split(",")]


def _chosen(names: list[str] | None, engines: "Sequence[Engine]") -> "Sequence[Engine]":
    known = [engine.name for engine in engines]
    if unknown := sorted(set(names or ()) - set(known)):
        raise UsageError(f"--engine: there is no {', '.join(unknown)}", f"There are: {', '.join(known)}")
    return [engine for engine in engines if not names or engine.name in names]


def _checked(worlds: "Mapping[str, Mapping[str, pa.Table]]", engines: "Sequence[Engine]", limits: "Limits") -> None:
    """Compare every value of every engine, and print every difference."""
    from bench import checks

    wrong = []
    for name, world in worlds.items():
        with present.step(f"every value, {name}") as show:
            wrong += [f"{name}, {problem}" for problem in checks.problems(world, engines, limits, show)]
    if wrong:
        raise CliError("\n".join(wrong))


def _show(measured: "Entry") -> None:
    """Print what was measured."""
    from bench.page import failures, headings_of, rows

    table = present.table()
    for number, heading in enumerate(headings_of(measured)):
        table.add_column(heading, justify="right" if number else "left")
    for row in rows(measured, in_short=True):
        table.add_row(*row)
    present.grid(table)
    for failure in failures(measured):
        present.warn(failure)
