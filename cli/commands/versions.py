"""`importau versions`: the versions of the lake, newest first."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from cli import options
from cli.session import connect
from cli.terminal import present

if TYPE_CHECKING:
    from cli.versioning.history import Listed

_MOST = 20


def versions(  # noqa: PLR0917 - an argument an option
    everything: Annotated[bool, typer.Option("--all", help="Every version, not the last 20 alone.")] = False,
    as_json: options.Json = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """List the versions of the lake, newest first: when, by whom, by which run, how many rows of the fact.

    A version is all tables at one moment; rollback goes back to one, and no file of it ever changes.
    """
    from cli.versioning import reading
    from cli.versioning.history import listed
    from cli.versioning.shown import lagging
    from lakehouse.versions import chain
    from lakehouse.versions.erasure import erasures

    aws = connect(local, stack, region, profile, stage)
    lake = reading.lake_of(aws)
    found = reading.last(lake, None if everything else _MOST)
    count = len(chain.numbers(lake))
    behind = lagging(aws, found[-1]) if found else {}
    rows = listed(found, found[-1].number if found else 0, behind, erasures(lake))
    if as_json:
        content = {
            "newest": rows[0].version.number if rows else None,
            "count": count,
            "catalogue_behind": behind,
            "versions": [each.as_json() for each in rows],
        }
        present.out.print_json(json.dumps(content, ensure_ascii=False))
        return
    if not rows:
        present.say("nothing was published yet; run the pipeline: `./importau run`")
        return
    _show(rows)
    if count > len(rows):
        present.say(f"{count - len(rows):,} older ones: `./importau versions --all`")
    if behind:
        present.warn(
            f"the catalogue does not show version {rows[0].version.number} of {', '.join(behind)}; complete it: "
            "`./importau verify --repair`"
        )


def _show(rows: "list[Listed]") -> None:
    from rich.table import Column

    right, whole = {"justify": "right"}, {"no_wrap": True}
    grid = present.table(
        Column("version", **right), Column("made (UTC)", **whole), Column("by", **whole),  # type: ignore[arg-type]
        Column("fact", **right), "run",  # type: ignore[arg-type]
    )  # fmt: skip
    for each in rows:
        made = each.version
        at = datetime.fromisoformat(made.made.at).astimezone(UTC)
        notes = "".join(f"\n[dim]{escape(note)}[/dim]" for note in each.notes)
        rows_of_fact = "-" if each.rows is None else f"{each.rows:,}"
        grid.add_row(str(made.number), f"{at:%Y-%m-%d %H:%M}", made.made.by, rows_of_fact, f"{escape(made.run)}{notes}")
    present.grid(grid)
