"""`importau verify`: whether a version is what was audited, the catalogue shows it, and everything can be found."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from cli import options
from cli.errors import CliError, UsageError
from cli.session import Aws, connect
from cli.terminal import present

if TYPE_CHECKING:
    from cli.contents.checks import Check


def begun(incomplete: str) -> list[str]:
    """Return the tables whose names begin with what was typed."""
    from lakehouse.contract import layers

    return [table for table in layers.all_tables() if table.startswith(incomplete)]


def verify(  # noqa: PLR0913, PLR0917 - an argument an option
    table: Annotated[
        str | None,
        typer.Argument(
            metavar="TABLE",
            help="Only this table, by any name that is printed anywhere: importau_gold.x, X.parquet, x.csv.",
            autocompletion=begun,
        ),
    ] = None,
    version: options.Version = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="First make the catalogue show the newest version, where it lags.")
    ] = False,
    accept: Annotated[
        bool,
        typer.Option("--accept", help="Accept the state machines as they are; after a deployment by another tool."),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Fail for what only warns, too: columns that look personal or are left out, anomalies."
        ),
    ] = False,
    as_json: options.Json = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Check that what is published is what was audited, and that catalogue and lineage are complete.

    A file that was emptied, changed, replaced, deleted or added behind the project's back is named. The catalogue shows
    the newest version, so it is checked with that one alone. With TABLE the checks are made that are of a table.
    """
    from cli.contents.verification import verified, verified_table

    if repair and version is not None:
        raise UsageError("the catalogue shows the newest version, so --repair takes no --version", "Leave one out.")
    if repair and table is not None:
        raise UsageError("--repair is of all tables, so it takes no TABLE", "Leave one out.")
    if accept and (table is not None or version is not None):
        raise UsageError("--accept is of the state machines, so it takes no TABLE and no --version", "Leave them out.")
    only = None if table is None else _named(table)
    aws = connect(local, stack, region, profile, stage)
    if repair:
        _repair(aws)
    if accept:
        from cli.contents.governed import accept as accepted

        accepted(aws)
        present.done("governance takes the state machines as they are; what their template says is held against still")

    checks = list(
        verified(aws, version, strict=strict) if only is None else verified_table(aws, only, version, strict=strict)
    )
    _show(checks, aws, only, as_json=as_json)
    failed = [check.id for check in checks if not check.passed]
    if failed:
        raise CliError(f"{len(failed)} of {len(checks)} checks failed: {', '.join(failed)}")


def _show(checks: "list[Check]", aws: Aws, only: str | None, *, as_json: bool) -> None:
    if as_json:
        present.out.print_json(json.dumps([asdict(check) for check in checks], ensure_ascii=False))
    else:
        shown = present.table("check", "what", "", "found")
        for check in checks:
            mark = "[green]✓[/green]" if check.passed else "[red]✗[/red]"
            shown.add_row(check.id, escape(check.description), mark, escape(check.detail))
        present.grid(shown)
        for check in checks:
            for each in check.unchecked:
                present.say(f"not checked ({check.id}): {each}")
        if aws.stage:
            present.say(f"of stage {aws.stage}, stack {aws.stack}")
    if only is not None:
        present.say(f"only {only} was verified, by the checks that are of a table; everything: `./importau verify`")


def _named(table: str) -> str:
    """Return the table that is meant."""
    from cli.contents.naming import table_named
    from lakehouse.contract.model import load_all

    return table_named(table, {contract.table: contract for contract in load_all()})


def _repair(aws: Aws) -> None:
    """Register the newest version again where an entry of the catalogue is not what it should be."""
    from cli.contents.verification import lagging
    from cli.running.changing import change

    behind = lagging(aws)
    if not behind:
        present.say("the catalogue shows the newest version; there is nothing to repair")
        return
    for problem in behind:
        present.say(problem)
    repaired = change(aws, {"only": "register"})
    present.done("the catalogue shows the newest version", repaired.outcome.seconds)
