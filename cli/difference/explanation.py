"""Why a cell of Gold is another one: the rows of the fact that moved it, to the cent, and the rows of Bronze behind."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from cli.difference.cells import Cell
from cli.difference.origins import links_of, origins
from cli.difference.reading import Sides
from cli.difference.row_change import DifferingRows, RowChange
from cli.difference.tables import Change
from cli.errors import CliError, UsageError
from gold.explained import TABLES
from lakehouse.contract import layers
from lakehouse.contract.measures import decimal_of, scale_of
from lakehouse.contract.model import load
from lakehouse.engine.money import Units
from lakehouse.versions.view import View

_FACT_ROLE: Final = "fact"


@dataclass(frozen=True)
class Contribution:
    """A row of the fact that moved a cell.

    Attributes
    ----------
    row : RowChange
        Of the fact. A row that moved to, or from, another cell is a changed one.
    measures : mapping of str to Change
        What it adds to each measure that it moved, before and after.
    behind : tuple of RowChange
        The rows of Bronze that differ and that it is made from.
    """

    row: RowChange
    measures: Mapping[str, Change]
    behind: tuple[RowChange, ...]

    @property
    def cause(self) -> tuple[RowChange, ...]:
        """What happened, whatever the row: the same for rows that moved for the same reason."""
        return tuple(
            dict.fromkeys(RowChange(each.table, "", each.what, each.columns) for each in (self.row, *self.behind))
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as ``--json`` prints it."""
        return self.row.as_json() | {
            "measures": {name: change.as_json() for name, change in self.measures.items()},
            "behind": [each.as_json() for each in self.behind],
        }


@dataclass(frozen=True)
class Explanation:
    """Why a cell of Gold is another one than before.

    Attributes
    ----------
    table, key : str
    measures : mapping of str to Change
        Those that are sums of rows of the fact; 0 where a version has no such cell.
    contributions : tuple of Contribution
        Together they are each measure's change.
    not_explained : tuple of str
        The other measures: means, extremes, other months' values, distinct counts.
    """

    table: str
    key: str
    measures: Mapping[str, Change]
    contributions: tuple[Contribution, ...]
    not_explained: tuple[str, ...]

    def remainder(self, measure: str) -> Decimal:
        """Return what of a measure's change is no contribution of a row: 0, or else something is wrong."""
        explained = sum(each.measures[measure].change for each in self.contributions if measure in each.measures)
        return self.measures[measure].change - explained

    def by_cause(self) -> list[list[Contribution]]:
        """Return the contributions of each cause together, the cause with the most rows first."""
        groups: dict[tuple[RowChange, ...], list[Contribution]] = {}
        for each in self.contributions:
            groups.setdefault(each.cause, []).append(each)
        return sorted(groups.values(), key=len, reverse=True)

    def as_json(self) -> dict[str, Any]:
        """Return it as ``--json`` prints it: ``causes`` have the contributions, which add up to each change."""
        return {
            "table": self.table,
            "key": self.key,
            "measures": {
                name: change.as_json() | {"remainder": str(self.remainder(name))}
                for name, change in self.measures.items()
            },
            "causes": [
                {
                    "what": [
                        {name: value for name, value in each.as_json().items() if name != "key"}
                        for each in group[0].cause
                    ],
                    "rows": [each.as_json() for each in group],
                }
                for group in self.by_cause()
            ],
            "not_explained": list(self.not_explained),
        }


def explain(before: View, after: View, table: str, key: str) -> Explanation:
    """Explain how a cell of Gold changed between two versions.

    Parameters
    ----------
    before, after : View
    table : str
    key : str
        Of the cell, as audits print it.

    Raises
    ------
    UsageError
        The table is not explained, or neither version has the cell.
    CliError
        A version's table was made from another fact than the version has; or the contributions do not add up.
    """
    if table not in TABLES:
        raise UsageError(f"{table} is not made of sums of the fact", f"Explain a row of {', '.join(TABLES)}.")
    for view in (before, after):
        _made_from_its_fact(view, table)
    cell = Cell.of(before, after, table, key)
    explanation = _explained(before, after, cell)
    wrong = [name for name in explanation.measures if explanation.remainder(name)]
    if wrong:
        raise CliError(
            f"the rows of the fact do not add up to the change of {', '.join(wrong)}",
            "A file was replaced, or other code wrote it: `./importau verify` says which, `./importau run gold` helps.",
        )
    return explanation


def _explained(before: View, after: View, cell: Cell) -> Explanation:
    rows = DifferingRows.of(Sides(before, after, layers.in_role(_FACT_ROLE)), cell.in_series)
    old_units, new_units = (cell.units(side) for side in (rows.before, rows.after))
    schema = load(cell.table).schema
    scales = {name: scale_of(schema.field(name).type) for name in schema.names if name in old_units}
    moved = []
    for change, old, new in rows.changes():
        measures = {
            name: Change(decimal_of(was, scale), decimal_of(now, scale))
            for name, scale in scales.items()
            if (was := _at(old_units[name], old)) != (now := _at(new_units[name], new))
        }
        if measures:
            moved.append((change, old, new, measures))
    old_links, new_links = links_of(before, rows.before), links_of(after, rows.after)
    behind = origins(before, after, [_of(old_links, old) | _of(new_links, new) for _, old, new, _ in moved])
    others = [
        column.name
        for column in load(cell.table).columns
        if column.name not in scales and column.name not in cell.values
    ]
    return Explanation(
        cell.table, cell.key,
        {name: Change(cell.value(0, name), cell.value(1, name)) for name in scales},
        tuple(
            Contribution(change, measures, its)
            for (change, _, _, measures), its in zip(moved, behind, strict=True)
        ),
        tuple(others),
    )  # fmt: skip


def _at(units: Units, row: int | None) -> int:
    return 0 if row is None else int(units[row])


def _of(links: list[set[Any]], row: int | None) -> set[Any]:
    return set() if row is None else links[row]


def _made_from_its_fact(view: View, table: str) -> None:
    fact = layers.in_role(_FACT_ROLE)
    if table in view.tables and view.table(table).made_from.get(fact) != view.table(fact).run:
        raise CliError(
            f"version {view.number} has another {fact} than the one that its {table} was made from",
            "Silver was run by itself: run gold, then compare again.",
        )
