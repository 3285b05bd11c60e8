"""The changes of contracts as they are printed."""

from collections.abc import Sequence
from typing import Any, Final

from rich.markup import escape

from cli.terminal import present
from lakehouse.contract.changes import Comparison
from lakehouse.contract.semver import Level

_STYLE: Final = {Level.NONE: "dim", Level.PATCH: "dim", Level.MINOR: "yellow", Level.MAJOR: "bold red"}


def show(comparisons: Sequence[Comparison]) -> None:
    """Print each change: table, column, class, what; and the version of each contract beside the one it needs."""
    if not comparisons:
        present.done("no contract differs")
        return
    rows = [
        (each.table, change.column or "", f"[{_STYLE[change.level]}]{change.level.called}[/]", escape(change.what))
        for each in comparisons
        for change in each.changes
    ]
    if rows:
        present.records(("table", "column", "class", "what changed"), rows)
    versions = [
        (
            each.table,
            each.before or "-",
            each.after or "-",
            "-" if each.after is None else each.needed or "-",
            _verdict(each),
        )
        for each in comparisons
    ]
    present.records(("contract", "was", "is", "needs", ""), versions)


def _verdict(comparison: Comparison) -> str:
    return f"[red]✗[/red] {escape(comparison.problem)}" if comparison.problem else "[green]✓[/green]"


def problems(comparisons: Sequence[Comparison]) -> list[str]:
    """Return each contract that has not the version it needs, on a line of its own, with its changes below."""
    lines = []
    for each in comparisons:
        if each.problem:
            gravest = [change for change in each.changes if change.level == each.level]
            lines.append(f"{each.table}: {each.problem}")
            lines += [f"    {change}" for change in gravest]
    return lines


def as_json(comparisons: Sequence[Comparison]) -> list[dict[str, Any]]:
    """Return what ``--json`` has of them."""
    return [
        {
            "table": each.table, "before": each.before, "after": each.after, "class": each.level.called,
            "needs": None if each.after is None else each.needed, "problem": each.problem,
            "changes": [
                {"column": change.column, "what": change.what, "class": change.level.called} for change in each.changes
            ],
        }
        for each in comparisons
    ]  # fmt: skip
