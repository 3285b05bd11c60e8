"""How two versions differ as a whole: what commands and the portal show of it, and ``diff --json`` prints."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cli.difference.tables import TableDifference, by_month, differences
from lakehouse.contract import layers
from lakehouse.versions.view import View


@dataclass(frozen=True)
class Difference:
    """How two states of the lake differ.

    Attributes
    ----------
    before, after : View
    tables : tuple of TableDifference
        Those that have other files, in the order in which tables are listed; their rows may be the same.
    months : mapping of str to Decimal
        By how much the cash flow's total outflow changed, in reais, by month; without the months in which it did not.
    """

    before: View
    after: View
    tables: tuple[TableDifference, ...]
    months: Mapping[str, Decimal]

    @classmethod
    def of(cls, before: View, after: View) -> "Difference":
        """Compare two states of the lake; raise `StorageError` where a file is not the one that was audited."""
        return cls(before, after, tuple(differences(before, after)), by_month(before, after))

    @property
    def changed(self) -> tuple[TableDifference, ...]:
        """The tables whose rows differ."""
        return tuple(each for each in self.tables if not each.is_none)

    @property
    def same(self) -> tuple[str, ...]:
        """The tables whose rows are the same, in whatever files."""
        changed = {each.table for each in self.changed}
        there = self.before.tables.keys() | self.after.tables.keys()
        return tuple(table for table in layers.all_tables() if table in there - changed)

    def as_json(self) -> dict[str, Any]:
        """Return it as ``--json`` prints it; amounts and quantities are text, so that no reader makes floats of them.

        ``before`` and ``after`` name the versions. ``tables`` has every table with other files, as
        `TableDifference.as_json` says; ``same`` names the tables whose rows are the same; ``months`` has the change of
        the cash flow's total outflow, in reais.
        """
        return {
            "before": described(self.before),
            "after": described(self.after),
            "tables": [each.as_json() for each in self.tables],
            "same": list(self.same),
            "months": {month: str(change) for month, change in self.months.items()},
        }


def described(view: View) -> dict[str, Any]:
    """Return which version a view is of, as ``--json`` names it."""
    version = view.version
    if version is None:
        return {"version": view.number, "run": None, "at": None}
    return {"version": version.number, "run": version.run, "at": version.made.at}
