"""`importau replay`: a version made again from its inputs, to see that it comes out the same."""

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from cli import options
from cli.session import connect
from cli.terminal import present
from cli.versioning.completing import numbers_begun

if TYPE_CHECKING:
    from cli.versioning.replaying import Replay


def replay(  # noqa: PLR0917 - an argument an option
    number: Annotated[
        int,
        typer.Argument(
            metavar="N", parser=options.whole("N", 1), autocompletion=numbers_begun, help="The version to make again."
        ),
    ],
    as_json: options.Json = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Make a version again from exactly its inputs, and compare every file by ETag. Nothing is published.

    Where the code or a contract is another one than then, it says so: other bytes are no fault then.
    """
    from cli.versioning import reading, replaying

    aws = connect(local, stack, region, profile, stage)
    lake = reading.lake_of(aws)
    found = replaying.replay(aws, lake, reading.named(lake, number))
    if as_json:
        present.out.print_json(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        _show(found)
    wrong = replaying.verdict(found)
    if wrong is not None:
        raise wrong


def _show(found: "Replay") -> None:
    from rich.table import Column

    grid = present.table(
        Column("table", no_wrap=True), Column("files", justify="right"), Column("same", justify="right"), ""
    )
    for table in found.tables:
        # Of a replay that is the same all over, what else was different is of no interest.
        why = "; ".join(table.reasons) if table.differing else ""
        differing = len(table.differing)
        mark = "[green]identical[/green]" if table.identical else f"[yellow]{escape(why or 'differs')}[/yellow]"
        grid.add_row(table.table, f"{table.files:,}", f"{max(table.files - differing, 0):,}", mark)
    present.grid(grid)
    if found.identical:
        present.done(f"version {found.version} made again: identical to the byte", found.seconds)
    elif not found.unexplained:
        present.warn(f"version {found.version} made again, with other bytes for the reasons above")
