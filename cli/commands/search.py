"""`importau search`: find tables, columns, pipelines and tasks in the catalogue."""

import json
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape

from cli import options
from cli.errors import CliError, UsageError
from cli.session import connect
from cli.terminal import present


class Kind(StrEnum):
    """What to look for."""

    TABLE = "table"
    COLUMN = "column"
    TASK = "task"
    PIPELINE = "pipeline"
    PII = "pii"


def search(  # noqa: PLR0917 - an argument an option
    term: Annotated[
        str, typer.Argument(help="Words to look for; accents and case do not matter. With --type, all by default.")
    ] = "",
    kind: Annotated[
        Kind | None, typer.Option("--type", help="Only this kind; pii: columns with personal data.")
    ] = None,
    as_json: options.Json = False,
    local: options.Local = False,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Search the catalogue: names, descriptions, tags, owners, and what tasks read and write.

    Every word has to be found somewhere in an entry; a name counts more than a tag, a tag more than a description.
    """
    from cli.contents.catalogue import entries, plain, ranked

    if not plain(term).split() and kind is None:
        raise UsageError(
            "there is nothing to look for",
            'Give a word or more (./importau search "risco cambial"), or a kind (./importau search --type pii).',
        )
    matches = ranked(term, entries(connect(local, stack, region, profile)), kind)
    if as_json:
        present.out.print_json(json.dumps([asdict(entry) for entry in matches], ensure_ascii=False))
    elif matches:
        rows = [(entry.kind, entry.where, entry.description, ", ".join(entry.tags)) for entry in matches]
        present.records(("type", "where", "what", "tags"), [tuple(map(escape, row)) for row in rows])
    if not matches:
        raise CliError(
            "nothing in the catalogue"
            + (f" has '{term}'" if term else "")
            + (f" among its {kind} entries" if kind else ""),
            "Use fewer or shorter words; the catalogue is filled by a pipeline run (`./importau run`).",
        )
