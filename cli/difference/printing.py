"""Differences and explanations as people read them, in 80 columns. Of the data only keys and measures are printed."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from rich.markup import escape
from rich.table import Column, Table

from cli.difference.explanation import Contribution, Explanation
from cli.difference.row_change import ADDED, CHANGED, REMOVED, RowChange
from cli.difference.tables import Change, TableDifference
from cli.difference.whole import Difference
from cli.terminal import present
from lakehouse.contract import layers

# How many months, and rows of one cause, are printed; --json has all.
_MONTHS: Final = 24
_ROWS: Final = 10
_SIGNS: Final = {ADDED: "+", REMOVED: "-", CHANGED: "~"}


def show(difference: Difference) -> None:
    """Print how two versions differ: a block for each table whose rows do."""
    for each in difference.changed:
        _table(each)
    if difference.months:
        _months(difference.months)
    if not difference.changed:
        present.flow(present.out, "[bold]no difference[/bold]: all rows of all tables are the same")
    elif difference.same:
        present.flow(present.out, escape(f"no difference: {', '.join(difference.same)}"))


def show_explanation(explanation: Explanation) -> None:
    """Print why a cell changed: its measures, then each cause with the rows of the fact and of Bronze."""
    present.flow(present.out, f"[bold]{escape(explanation.table)}[/bold] {escape(explanation.key)}")
    grid = _grid("measure", "before", "after", "change", "remainder")
    for name, change in explanation.measures.items():
        grid.add_row(name, *_cells(change), f"{explanation.remainder(name):,}")
    present.grid(grid)
    if not explanation.contributions:
        present.flow(present.out, "no row of the fact moved it")
    for group in explanation.by_cause():
        _cause(group)
    if explanation.not_explained:
        present.out.print()
        text = f"not explained, as they are no sums of rows: {', '.join(explanation.not_explained)}"
        present.flow(present.out, f"[dim]{escape(text)}[/dim]")


def _table(difference: TableDifference) -> None:
    counts = [
        f"{number:,} {what}"
        for what, number in ((ADDED, difference.added), (REMOVED, difference.removed), (CHANGED, difference.changed))
        if number
    ]
    rows = f"{difference.rows_before:,} → {difference.rows_after:,} rows"
    what = f"({layers.layer_of(difference.table)}): {', '.join(counts)}; {rows}"
    present.flow(present.out, f"[bold]{escape(difference.table)}[/bold] {escape(what)}")
    if difference.columns:
        columns = ", ".join(f"{name} {count:,}" for name, count in difference.columns.items())
        present.flow(present.out, escape(f"changed in {columns}"), head="  ")
    moved = {name: change for name, change in difference.measures.items() if change.change}
    if moved:
        grid = _grid("  sum of", "before", "after", "change")
        for name, change in moved.items():
            grid.add_row(f"  {name}", *_cells(change))
        present.grid(grid)
    present.out.print()


def _months(months: Mapping[str, Decimal]) -> None:
    grid = _grid("total outflow of", "change in reais")
    for month, change in list(months.items())[:_MONTHS]:
        grid.add_row(month, f"{change:+,}")
    present.grid(grid)
    if len(months) > _MONTHS:
        present.flow(present.out, escape(f"and {len(months) - _MONTHS:,} more months (--json has all)"))
    present.out.print()


def _cause(group: Sequence[Contribution]) -> None:
    fact, *behind = group[0].cause
    origins = "; ".join(_said(each) for each in behind) or "no row of Bronze that differs"
    title = f"{present.count(len(group), 'row')} of {_said(fact)}"
    present.out.print()
    present.flow(present.out, f"[bold]{escape(title)}[/bold], {escape(f'behind: {origins}')}")
    measures = dict.fromkeys(name for each in group for name in each.measures)
    total = {name: sum((_change(each, name) for each in group), Decimal(0)) for name in measures}
    present.flow(present.out, escape(", ".join(f"{name} {change:+,}" for name, change in total.items())), head="  ")
    for each in group[:_ROWS]:
        _contribution(each)
    if len(group) > _ROWS:
        present.flow(present.out, escape(f"and {present.count(len(group) - _ROWS, 'more row')} (--json has all)"), "  ")


def _contribution(contribution: Contribution) -> None:
    row = contribution.row
    present.flow(present.out, escape(row.key), head=f"  {_SIGNS[row.what]} ")
    for name, change in contribution.measures.items():
        present.flow(present.out, escape(f"{name} {change.before:,} → {change.after:,} ({change.change:+,})"), "      ")
    for each in contribution.behind:
        present.flow(present.out, f"[dim]{escape(f'{each.table} {each.key} {each.what}')}[/dim]", "      ")


def _change(contribution: Contribution, measure: str) -> Decimal:
    return contribution.measures[measure].change if measure in contribution.measures else Decimal(0)


def _said(row: RowChange) -> str:
    """Return what happened to rows: ``TABLE changed (status_pagamento)``."""
    columns = f" ({', '.join(row.columns)})" if row.columns else ""
    return f"{row.table} {row.what}{columns}"


def _cells(change: Change) -> tuple[str, str, str]:
    return f"{change.before:,}", f"{change.after:,}", f"{change.change:+,}"


def _grid(first: str, *numbers: str) -> Table:
    return present.table(first, *(Column(name, justify="right") for name in numbers))
