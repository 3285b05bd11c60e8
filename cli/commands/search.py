"""`importau search`: find tables, exported files, columns, pipelines and tasks in the catalogue."""

import json
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from cli import options
from cli.errors import CliError, UsageError
from cli.session import connect
from cli.terminal import present

if TYPE_CHECKING:
    from cli.finding.entries import Entry
    from cli.finding.ranking import Found

_SHOWN = 12


class Kind(StrEnum):
    """What to look for."""

    TABLE = "table"
    FILE = "file"
    COLUMN = "column"
    TASK = "task"
    PIPELINE = "pipeline"
    PII = "pii"


def search(  # noqa: PLR0913, PLR0917 - an argument an option
    term: Annotated[
        str,
        typer.Argument(
            help="What to look for, in Portuguese or English, in any order; accents, case, endings and a slip of the "
            "keyboard do not matter. With --type, all by default."
        ),
    ] = "",
    kind: Annotated[
        Kind | None, typer.Option("--type", help="Only this kind; pii: columns with personal data.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(metavar="N", parser=options.whole("--limit", 1), help="How many, the best: 12; all of a kind."),
    ] = None,
    as_json: options.Json = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Search the catalogue, best first: names, what people call them, descriptions, tags, owners, the glossary.

    Each line says why it was found. Its name is what `lineage` takes.
    """
    from cli.contents.catalogue import Finder, entries
    from lakehouse.lake.catalogue import Catalog

    if not term.strip(" \t._-*") and kind is None:
        raise UsageError(
            "there is nothing to look for",
            'Give a word or more (./importau search "risco cambial"), or a kind (./importau search --type pii).',
        )
    aws = connect(local, stack, region, profile, stage)
    finder = Finder(entries(Catalog(aws.client("glue"), aws.stage)))
    answer = finder.answer(term, kind)
    best = answer.found[: limit or (len(answer.found) if kind else _SHOWN)]
    if not best:
        raise CliError(
            "nothing in the catalogue"
            + (f" has '{term}'" if term.strip() else "")
            + (f" among its {kind} entries" if kind else ""),
            "Use fewer or other words; the catalogue is filled by a pipeline run (`./importau run`).",
        )
    if as_json:
        found = [_as_json(finder.entries[each.entry], each) for each in best]
        present.out.print_json(json.dumps(found, ensure_ascii=False))
        return
    rows = [_row(finder.entries[each.entry], each) for each in best]
    present.records(("name", "type", "what", "owner", "why"), [tuple(map(escape, row)) for row in rows])
    if answer.unknown:
        present.say(f"nowhere: {', '.join(answer.unknown)}")
    if len(best) < len(answer.found):
        present.say(f"{len(best)} of {len(answer.found)}; more: --limit {len(answer.found)}")


def _row(entry: "Entry", found: "Found") -> tuple[str, ...]:
    what = f"{entry.label}: {entry.description}" if entry.label else entry.description
    return entry.where, entry.kind, what, entry.owner, "; ".join(_said(asdict(why)) for why in found.why)


def _said(why: dict[str, str]) -> str:
    """Return why in a few words: the word, what it met, and where that stands."""
    asked, met, how = why["asked"], why["found"], why["how"]
    sign = {"same": "", "stem": " = ", "beginning": "… ", "typo": " ≈ ", "glossary": " = "}[how]
    term = "glossary" if how == "glossary" else _PLACES[why["field"]]
    return f"{asked} ({term})" if how == "same" else f"{asked}{sign}{met} ({term})"


_PLACES = {
    "name": "name",
    "label": "name",
    "term": "glossary",
    "tag": "tag",
    "description": "description",
    "other": "owner, inputs, outputs",
    "above": "its table",
}


def _as_json(entry: "Entry", found: "Found") -> dict[str, Any]:
    from lakehouse.contract import glossary

    terms = glossary.terms()
    return {
        "name": entry.where,
        "kind": entry.kind,
        "id": entry.id,
        "label": entry.label,
        "description": entry.description,
        "owner": entry.owner,
        "tags": list(entry.tags),
        "terms": [terms[each].name for each in entry.terms],
        "points": found.points,
        "why": [asdict(why) for why in found.why],
    }
