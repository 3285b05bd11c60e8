"""`importau discard`: a run that waits is never to be published."""

import json
from typing import Annotated

import typer

from cli import options
from cli.session import connect
from cli.terminal import present
from cli.terminal.language import translated
from cli.versioning.agreeing import agreed, agreeing
from cli.versioning.completing import runs_begun


def discard(  # noqa: PLR0913, PLR0917 - an argument an option
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run that waits.", autocompletion=runs_begun)],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Without asking.")] = False,
    as_json: options.Json = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Make sure that a run which was held (run --hold) is never published. Its files go with vacuum."""
    from cli.running.changing import change
    from cli.versioning import reading
    from cli.versioning.held import opening_of

    who = agreeing(yes, "discard it")
    aws = connect(local, stack, region, profile, stage)
    opening_of(reading.lake_of(aws), run, to_publish=False)
    agreed(who, translated("Discard run {run}? (y/n)", run=run))
    changed = change(aws, {"only": "discard", "run_id": run})
    if as_json:
        present.out.print_json(json.dumps({"run": run, "discarded": True}))
    else:
        present.done(f"run {run} is discarded: it is never published", changed.outcome.seconds)
