"""`importau bench`: measurements; they are never tests."""

from datetime import UTC, datetime
from typing import Final

import typer
from rich import box
from rich.table import Table

from cli import options, present
from cli.portal.document import gather
from cli.portal.page import filled, template
from cli.session import connect

app: Final = typer.Typer(help="Measure how quick it is.", no_args_is_help=True)


@app.callback()
def bench() -> None:
    """Measure how quick it is."""


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
