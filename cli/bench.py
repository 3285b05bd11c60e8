"""`importau bench`: measurements; they are never tests."""

from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich import box
from rich.table import Table

from cli import ROOT, options, present
from cli.portal.document import gather
from cli.portal.page import filled, template
from cli.session import connect

app: Final = typer.Typer(help="Measure how quick it is.", no_args_is_help=True)


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
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Measure the portal in a browser: this lakehouse, and a generated one of 500 tables and 5,000 columns."""
    # What only measurements and tests need is not loaded by every command.
    from bench.portal import REPETITIONS, measured  # noqa: PLC0415
    from tests.support.catalogues import large  # noqa: PLC0415

    page, document = template(), gather(connect(local, stack, region, profile), datetime.now(UTC))
    pages = {"this lakehouse": filled(page, document), "500 tables, 5,000 columns": filled(page, large())}
    with present.step("measuring"):
        times = measured(pages)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, caption=f"ms, medians of {REPETITIONS}")
    table.add_column("page")
    for what in next(iter(times.values())):
        table.add_column(what, justify="right")
    for name, its in times.items():
        table.add_row(name, *(f"{milliseconds:.0f}" for milliseconds in its.values()))
    present.grid(table)


@app.command()
def cold(
    repetitions: Annotated[int, typer.Option("--repetitions", min=1, help="Fresh processes of each function.")] = 5,
) -> None:
    """Measure the cold start of every function in AWS's runtime, and write bench/cold.md."""
    # What only measurements and tests need is not loaded by every command.
    from bench.cold import GOALS, measured, report  # noqa: PLC0415

    with present.step("measuring"):
        found = measured(repetitions)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, caption=f"seconds, medians of {repetitions}")
    table.add_column("function")
    for heading in ("init", "goal", "first call"):
        table.add_column(heading, justify="right")
    table.add_column("most expensive imports of the init, ms")
    for name, its in found.items():
        late = its.median("init") > GOALS[name]
        init = f"[bold red]{its.median('init'):.2f}[/]" if late else f"{its.median('init'):.2f}"
        imports = ", ".join(f"{package} {seconds * 1000:.0f}" for package, seconds in its.most("init"))
        table.add_row(name, init, f"{GOALS[name]:.0f}", f"{its.median('call'):.2f}", imports)
    present.grid(table)
    page = ROOT / "bench/cold.md"
    page.write_text(report(found, repetitions), "utf-8")
    present.say(f"written: {page.relative_to(ROOT)}")
