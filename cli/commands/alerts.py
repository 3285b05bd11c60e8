"""`importau alerts`: the messages about runs that failed, or whose audits warned."""

import json
from typing import Annotated

import typer
from rich.markup import escape

from cli import options
from cli.errors import UsageError
from cli.session import connect
from cli.terminal import present

_MOST = 20


def alerts(  # noqa: PLR0913, PLR0917 - an argument an option
    run: Annotated[
        str | None, typer.Argument(help="Show what was sent about this run, whole.", metavar="[RUN]")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every message, not the last 20 alone.")] = False,
    as_json: options.Json = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """List the messages that were sent about runs which failed, newest first; with RUN, show one whole.

    They are sent where the lakehouse was deployed with --alert, and on the embedded AWS, which mails nothing.
    """
    from rich.table import Column

    from cli.running.alerts import are_sent, sent, shown

    aws = connect(local, stack, region, profile, stage)
    found = sent(aws, None if everything or run else _MOST, run)
    if run is not None and not found:
        raise UsageError(f"no message was sent about run {run}", "`./importau alerts` lists those that were.")
    if as_json:
        present.out.print_json(json.dumps([each.as_json() for each in found], ensure_ascii=False))
        return
    if run is not None:
        for each in found:
            present.out.print("\n".join(shown(each)), markup=False)
        return
    if not are_sent(aws):
        present.warn("nobody is told of runs that fail; `./importau deploy --alert you@example.com` changes that")
    if not found:
        present.say("no message was sent so far")
        return
    grid = present.table(Column("ended (UTC)", no_wrap=True), "run", "what")
    for each in found:
        grid.add_row(each.at[:16].replace("T", " "), escape(each.run), escape(f"{each.machine}: {each.kind}"))
    present.grid(grid)
    present.say(f"the whole message: `./importau alerts {found[0].run}`")
