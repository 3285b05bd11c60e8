"""`importau run`: one layer or the whole pipeline, followed to its end."""

from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import typer

from cli import options
from cli.errors import UsageError
from cli.running import source
from cli.running.estimate import A_FEW_CENTS, estimate, of_stack, orders_of, read_usd, refuse
from cli.running.machines import GOVERNANCE, PIPELINE
from cli.running.perform import Wishes, perform, reads_source
from cli.running.upload import landed
from cli.session import Aws, connect
from cli.terminal import present
from cli.terminal.questions import answers, ask
from lakehouse.contract import layers
from lakehouse.lake import layout


class Machine(StrEnum):
    """What can be run."""

    bronze = layout.BRONZE
    silver = layout.SILVER
    gold = layout.GOLD
    forecast = layout.FORECAST
    governance = GOVERNANCE
    pipeline = PIPELINE


def run(  # noqa: PLR0913, PLR0917 - an argument an option
    machine: Annotated[
        Machine, typer.Argument(help="A layer; the crawlers and governance; or all of it in turn.")
    ] = Machine.pipeline,
    csv_dir: options.CsvDir = None,
    orders: options.Orders = None,
    seed: options.Seed = None,
    accept_volume: Annotated[
        list[str] | None,
        typer.Option(
            "--accept-volume",
            metavar="TABLE",
            help="TABLE's volume is right, however much it changed; repeatable.",
            autocompletion=lambda incomplete: [name for name in _exported() if name.startswith(incomplete)],
            rich_help_panel=options.SOURCE_PANEL,
        ),
    ] = None,
    new_columns: options.NewColumns = None,
    force: Annotated[
        bool, typer.Option("--force", help="Run although it would make what is published already.")
    ] = False,
    hold: Annotated[
        bool, typer.Option("--hold", help="Audit, and wait to be published or discarded; for the whole pipeline.")
    ] = False,
    crawl: Annotated[
        bool, typer.Option("--crawl", help="Run the crawlers although there is nothing new to discover.")
    ] = False,
    max_usd: Annotated[
        Decimal | None,
        typer.Option(
            "--max-usd", metavar="USD", parser=read_usd, help="Do not start it where it would cost more, by estimate."
        ),
    ] = None,
    show_plan: Annotated[
        bool, typer.Option("--plan", help="Say what it will cost and take, however little, before it starts.")
    ] = False,
    yes: options.Yes = False,
    no_input: options.NoInput = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Run a layer (write, audit, publish), governance, or the whole pipeline.

    Without --csv-dir or --orders, Bronze reads the CSVs that were uploaded before. What it makes is published as one
    new version of the lake; where the newest version was made of the same, there is nothing to do. The crawlers look at
    layers whose contract, schema or layout is not what they saw last, and at no other.
    """
    choice = options.read_choice(new_columns, orders)
    wishes = _wishes(machine.value, Wishes(force, hold, tuple(accept_volume or ()), crawl, choice))
    chosen = source.chosen(csv_dir, orders, seed)
    if chosen is not None and not reads_source(machine.value):
        raise UsageError(
            f"{machine.value} reads what is published, so it takes no --csv-dir or --orders",
            "Run bronze or the pipeline with them.",
        )
    who = answers(yes, no_input)
    aws = connect(local, stack, region, profile, stage)
    data: source.Source = chosen or source.Landing()
    if reads_source(machine.value):
        data = source.complete(data, lambda: landed(aws), who, ask)
    _estimated(aws, machine.value, data, max_usd, show_plan=show_plan)
    perform(aws, machine.value, data, wishes)


def _estimated(aws: Aws, what: str, data: source.Source, most: Decimal | None, *, show_plan: bool) -> None:
    """Say what a run will cost, where that is more than a few cents, and stop where it is more than it may."""
    wanted = show_plan or most is not None
    # On the embedded AWS nothing is paid for.
    if not wanted and aws.endpoint is not None:
        return
    exported = not isinstance(data, source.Synthetic)
    found = estimate(what, orders_of(aws, what, data), of_stack(aws), exported=exported)
    if wanted or found.usd >= A_FEW_CENTS:
        present.say(str(found))
    if most is not None:
        refuse(found, most)


def _exported() -> tuple[str, ...]:
    return layers.tables_of(layers.BRONZE)


def _wishes(machine: str, wishes: Wishes) -> Wishes:
    """Return what a run is told besides its source; raise `UsageError`, with every problem, where it makes no sense."""
    unknown = [table for table in wishes.accept_volume if table not in _exported()]
    problems = [f"--accept-volume: there is no exported table {table}" for table in unknown]
    if wishes.accept_volume and not reads_source(machine):
        problems.append(f"{machine} reads no export, so it takes no --accept-volume")
    if wishes.new_columns and not reads_source(machine):
        problems.append(f"{machine} reads no export, so it takes no --new-columns")
    if wishes.hold and machine != PIPELINE:
        problems.append(f"only the whole pipeline can be held, and not {machine}")
    if wishes.force and machine == GOVERNANCE:
        problems.append("governance always runs, so it takes no --force")
    if wishes.crawl and machine not in {PIPELINE, GOVERNANCE}:
        problems.append(f"the crawlers run in the pipeline and in governance, so {machine} takes no --crawl")
    if wishes.crawl and wishes.hold:
        problems.append("what is held is crawled when it is published, so --hold takes no --crawl")
    if problems:
        fix = f"The exported tables are {', '.join(_exported())}." if unknown else "Leave it out, or run the pipeline."
        raise UsageError("\n".join(problems), fix)
    return replace(wishes, accept_volume=tuple(dict.fromkeys(wishes.accept_volume)))
