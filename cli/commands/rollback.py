"""`importau rollback`: back to an earlier version of the lake, without copying a byte."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from cli import options
from cli.errors import UsageError
from cli.session import connect
from cli.terminal import present
from cli.terminal.language import translated
from cli.versioning.agreeing import agreed, agreeing
from cli.versioning.completing import numbers_begun

if TYPE_CHECKING:
    from lakehouse.lake.s3 import Lake
    from lakehouse.versions.version import Version

_NAMED = 3


def rollback(  # noqa: PLR0913, PLR0917 - an argument an option
    number: Annotated[
        int | None,
        typer.Argument(
            metavar="[N]", parser=options.whole("N", 1), autocompletion=numbers_begun,
            help="The version to go back to; the one before the newest by default.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Without asking.")] = False,
    as_json: options.Json = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:  # fmt: skip
    """Go back to an earlier version: a new version is made that has its tables. No byte is copied.

    It shows what each table has now and would have, and asks. A rollback is undone by another one.
    """
    from cli.running.changing import change
    from cli.versioning import reading
    from cli.versioning.comparing import compared, show

    who = agreeing(yes, "go back")
    aws = connect(local, stack, region, profile, stage)
    lake = reading.lake_of(aws)
    newest = reading.newest(lake)
    target = _target(lake, newest, number)
    tables = compared(newest.tables, target.tables)
    if not as_json:
        present.say(
            f"from version {newest.number} back to version {target.number}, of run {target.run}, made "
            f"{target.made.at[:16].replace('T', ' ')} UTC by {target.made.by}"
        )
        show(tables, "now", "then")
    agreed(who, translated("Go back to version {number}? (y/n)", number=target.number))
    changed = change(aws, {"only": "rollback", "version": target.number, "base": newest.number})
    made = reading.made_by(lake, changed.run_id, newest.number)
    if as_json:
        content = {
            "version": made.number, "restores": made.restores, "from": newest.number, "run": changed.run_id,
            "seconds": round(changed.outcome.seconds, 3), "tables": [each.as_json() for each in tables],
        }  # fmt: skip
        present.out.print_json(json.dumps(content, ensure_ascii=False))
    else:
        present.done(f"version {made.number} published: the tables of version {made.restores}", changed.outcome.seconds)


def _target(lake: "Lake", newest: "Version", number: int | None) -> "Version":
    """Return the version to go back to; raise `UsageError` where that cannot be."""
    from cli.versioning import reading
    from lakehouse.versions.wholeness import differing

    if number is None and newest.before < 1:
        raise UsageError(f"version {newest.number} is the first state of the lake: there is none before it")
    if number == newest.number:
        raise UsageError(f"version {number} is the newest one already", "`./importau versions` lists those before it.")
    target = reading.named(lake, number or newest.before)
    wrong = differing(lake, target.tables.values())
    if wrong:
        more = f", and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        raise UsageError(
            f"version {target.number} is not whole any more: {'; '.join(wrong[:_NAMED])}{more}",
            "Files that were vacuumed do not come back; go back to another version (`./importau versions`).",
        )
    return target
