"""`importau diff`: how two versions of the lake differ, and which rows moved a cell of Gold."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cli import options
from cli.errors import CliError, UsageError
from cli.session import Aws, connect
from cli.terminal import present
from cli.versioning.completing import numbers_begun

if TYPE_CHECKING:
    from lakehouse.versions.view import View

_VERSION = options.whole("a version's number", 1)


def diff(  # noqa: PLR0913, PLR0917 - one an option
    first: Annotated[
        int | None,
        typer.Argument(
            metavar="[A]",
            parser=_VERSION,
            help="The version before; the one before the newest by default.",
            autocompletion=numbers_begun,
        ),
    ] = None,
    second: Annotated[
        int | None,
        typer.Argument(
            metavar="[B]",
            parser=_VERSION,
            help="The version after; the newest by default.",
            autocompletion=numbers_begun,
        ),
    ] = None,
    explain: Annotated[
        str | None,
        typer.Option(
            "--explain",
            metavar="TABLE:KEY",
            help="A row of Gold: the rows of the fact and of Bronze that moved it. KEY is as audits print it, values "
            "joined by /, - for none.",
        ),
    ] = None,
    as_json: options.Json = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Compare two versions: rows added, removed and changed in each table, and what its measures add up to.

    Only keys, amounts and names of columns are printed, never what is personal.
    """
    from cli.difference.explanation import explain as explained
    from cli.difference.printing import show, show_explanation
    from cli.difference.whole import Difference, described

    cell = _cell(explain)
    before, after = _views(connect(local, stack, region, profile, stage), first, second)
    if not as_json:
        _head(before, after)
    if cell:
        explanation = explained(before, after, *cell)
        if as_json:
            content = {"before": described(before), "after": described(after), **explanation.as_json()}
            present.out.print_json(json.dumps(content, ensure_ascii=False))
        else:
            show_explanation(explanation)
        return
    difference = Difference.of(before, after)
    if as_json:
        present.out.print_json(json.dumps(difference.as_json(), ensure_ascii=False))
    else:
        show(difference)


def _cell(text: str | None) -> tuple[str, str] | None:
    """Return the table and the key of the row that is to be explained."""
    from cli.contents.naming import Names
    from lakehouse.contract.model import load_all

    if text is None:
        return None
    name, colon, key = text.partition(":")
    if not colon or not key:
        raise UsageError(f"--explain: '{text}' names no row", "Write TABLE:KEY, the values of the key joined by /.")
    table = Names(load_all()).resolve(name)
    if table is None:
        raise UsageError(f"--explain: '{name}' is no table", "`./importau help diff` has an example.")
    return table, key


def _views(aws: Aws, first: int | None, second: int | None) -> "tuple[View, View]":
    from cli.contents.opening import opened

    after = opened(aws, second)
    if first is None:
        there = _numbers(aws)
        if len(there) == 1:
            raise CliError(f"version {there[0]} is the only one: there is none to compare it with", "Run again first.")
        first = there[-2]
    return opened(aws, first), after


def _numbers(aws: Aws) -> Sequence[int]:
    from lakehouse.lake.s3 import Lake
    from lakehouse.versions import chain

    return chain.numbers(Lake(aws.bucket, aws.s3))


def _head(*views: "View") -> None:
    rows = []
    for word, view in zip(("before", "after"), views, strict=True):
        if view.version is not None:
            rows.append((word, f"version {view.number}, of run {view.version.run}, {view.version.made.at[:19]} UTC"))
    present.lines(rows)
    present.out.print()
