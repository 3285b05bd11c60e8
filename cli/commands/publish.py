"""`importau publish`: a run that waits becomes the next version of the lake."""

import json
from typing import Annotated

import typer

from cli import options
from cli.session import connect
from cli.terminal import present
from cli.terminal.language import translated
from cli.versioning.agreeing import agreed, agreeing
from cli.versioning.completing import runs_begun


def publish(  # noqa: PLR0913, PLR0917 - an argument an option
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run that waits.", autocompletion=runs_begun)],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Without asking.")] = False,
    as_json: options.Json = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Publish a run that was held (run --hold): shows what it changes, asks, and makes it the next version."""
    from cli.difference.printing import show as show_difference
    from cli.difference.whole import Difference
    from cli.running.changing import change
    from cli.running.progress import tell_discovery
    from cli.versioning import reading
    from cli.versioning.comparing import compared, show
    from cli.versioning.held import opening_of
    from lakehouse.versions.view import View

    who = agreeing(yes, "publish it")
    aws = connect(local, stack, region, profile, stage)
    lake = reading.lake_of(aws)
    opening = opening_of(lake, run, to_publish=True)
    now, then = View.of_version(lake), View.of_run(lake, opening)
    tables = compared(now.tables, then.tables)
    difference = Difference.of(now, then) if now.number else None
    if not as_json:
        present.say(f"run {run} on top of version {now.number}" if now.number else f"run {run}, the first version")
        show(tables, "now", "then")
        if difference is not None:
            present.out.print()
            show_difference(difference)
    agreed(who, translated("Publish it? (y/n)"))
    changed = change(aws, {"only": "publish", "run_id": run})
    made = reading.made_by(lake, run, opening.base)
    if as_json:
        content = {
            "version": made.number, "run": run, "seconds": round(changed.outcome.seconds, 3),
            "tables": [each.as_json() for each in tables],
            "difference": difference.as_json() if difference else None,
        }  # fmt: skip
        present.out.print_json(json.dumps(content, ensure_ascii=False))
    else:
        present.done(f"version {made.number} published, of run {run}", changed.outcome.seconds)
        tell_discovery(changed.outcome)
