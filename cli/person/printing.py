"""What is found of a person, and what an erasure did, for people to read: places and counts, values only masked."""

from typing import Final

from rich.markup import escape

from cli.contents import object_versions as objects
from cli.person.erasing import Erased
from cli.person.plan import Plan
from cli.person.search import Found, Searched
from cli.terminal import present
from cli.terminal.language import translated

_SHOWN: Final = 40
_LINES: Final = 5
_NAMED: Final = 10


def show(searched: Searched) -> None:
    """Print where a value was found, and how much was searched."""
    rows = [row for each in searched.found for row in _rows(each)]
    present.records(("where", "rows", "of", "example"), [tuple(map(escape, row)) for row in rows[:_SHOWN]])
    if len(rows) > _SHOWN:
        present.say(f"and {len(rows) - _SHOWN:,} more places: --json has all")
    present.out.print()
    present.lines([(f"in {kind}", present.count(count, "row")) for kind, count in searched.rows.items()])
    present.say(f"searched: {volume(searched)}")
    warn_of_unread(searched)


def warn_of_unread(searched: Searched) -> None:
    """Say what could not be searched."""
    for key, why in list(searched.unread.items())[:_NAMED]:
        present.warn(f"not searched: {key}: {why}")
    if len(searched.unread) > _NAMED:
        present.warn(f"not searched: {len(searched.unread) - _NAMED:,} more; --json names them")
    if searched.uploads:
        present.warn(
            f"not searched: {present.count(searched.uploads, 'upload')} begun and never finished; a bucket that the "
            "project made drops them after 7 days"
        )


def volume(searched: Searched) -> str:
    """Return how much was searched."""
    return f"{present.count(searched.objects, 'version')} of objects ({present.size(searched.bytes)})"


def _rows(found: Found) -> list[tuple[str, str, str, str]]:
    older = "" if found.object.is_newest else f" (older object version {found.object.version_id})"
    of = _versions(found.versions) if found.versions else "no version"
    return [
        (f"{found.object.key}{older}: {each.column}{_at(each.lines, each.rows)}", f"{each.rows:,}", of, each.example)
        for each in found.holding.places
    ]


def _at(lines: tuple[int, ...], rows: int) -> str:
    if not lines:
        return ""
    more = ", ..." if rows > min(_LINES, len(lines)) else ""
    return f", line{'s' if rows > 1 else ''} {', '.join(map(str, lines[:_LINES]))}{more}"


def _versions(numbers: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, numbers[-_NAMED:]))
    more = "..., " if len(numbers) > _NAMED else ""
    return f"version{'s' if len(numbers) > 1 else ''} {more}{shown}"


def show_plan(plan: Plan) -> None:
    """Print what an erasure would do."""
    present.say(translated("to be erased, for good:"))
    for key in plan.uploads:
        present.say(f"  {key} is written without it")
    if plan.newest is not None and plan.needs_run:
        present.say(
            f"  version {plan.newest.number} is made again without it, and compared: nothing but its columns may differ"
        )
    gone = [each for each in plan.searched.found if each.object.kind not in objects.UPLOADED]
    older = len(plan.searched.found) - len(gone)
    present.say(
        f"  {present.count(len(gone), 'file')} and {present.count(older, 'upload')} that have it are deleted, every "
        "version of each"
    )
    if plan.versions:
        present.warn(
            f"nobody can go back to {_versions(plan.versions)} afterwards, or make it again: "
            "`./importau versions` says why"
        )


def show_erased(erased: Erased) -> None:
    """Print what an erasure did, and what is the same."""
    kept = erased.erasure
    if erased.changed:
        rows = [
            (table, column, f"{count:,}")
            for table, columns in erased.changed.items()
            for column, count in columns.items()
        ]
        present.records(("table", "column", "rows changed"), rows)
    if kept.version:
        present.done(f"version {kept.version} published without it: every other column, row and sum is the same")
    present.done(
        f"{present.count(len(kept.objects), 'object version')} deleted for good; nothing is found any more in "
        f"{volume(erased.searched)}"
    )
    if kept.versions:
        present.say(f"{_versions(tuple(map(int, kept.versions)))}: erased for LGPD on {kept.ended[:10]}")
    warn_of_unread(erased.searched)
