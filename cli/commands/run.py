"""`importau run`: one layer or the whole pipeline, followed to its end."""

from enum import StrEnum
from typing import Annotated

import typer

from cli import options
from cli.errors import UsageError
from cli.running import source
from cli.running.machines import GOVERNANCE, PIPELINE
from cli.running.perform import perform, reads_source
from cli.running.upload import landed
from cli.session import connect
from cli.terminal.questions import answers, ask
from lakehouse.lake import layout


class Machine(StrEnum):
    """What can be run."""

    bronze = layout.BRONZE
    silver = layout.SILVER
    gold = layout.GOLD
    governance = GOVERNANCE
    pipeline = PIPELINE


def run(  # noqa: PLR0913, PLR0917 - an argument an option
    machine: Annotated[
        Machine, typer.Argument(help="A layer; the crawlers and governance; or all of it in turn.")
    ] = Machine.pipeline,
    csv_dir: options.CsvDir = None,
    orders: options.Orders = None,
    seed: options.Seed = None,
    yes: options.Yes = False,
    no_input: options.NoInput = False,
    local: options.Local = False,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Run a layer (write, audit, publish), governance, or the whole pipeline.

    Without --csv-dir or --orders, Bronze reads the CSVs that were uploaded before.
    """
    chosen = source.chosen(csv_dir, orders, seed)
    if chosen is not None and not reads_source(machine.value):
        raise UsageError(
            f"{machine.value} reads what is published, so it takes no --csv-dir or --orders",
            "Run bronze or the pipeline with them.",
        )
    who = answers(yes, no_input)
    aws = connect(local, stack, region, profile)
    data: source.Source = chosen or source.Landing()
    if reads_source(machine.value):
        data = source.complete(data, lambda: landed(aws), who, ask)
    perform(aws, machine.value, data)
