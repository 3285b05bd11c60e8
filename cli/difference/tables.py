"""How each table differs between two versions: its rows by their key, and what its measures add up to."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa

from cli.difference.comparison import compared, rows_at
from cli.difference.reading import Sides, differing
from lakehouse.contract import layers
from lakehouse.contract.measures import decimal_of, measures_of, total
from lakehouse.contract.model import Contract, load
from lakehouse.engine.columns import Number
from lakehouse.engine.money import MONEY
from lakehouse.engine.segments import Index
from lakehouse.versions.view import View

# The role of the table that `by_month` reads (`lakehouse.contract.layers.in_role`).
CASH_FLOW: Final = "cash_flow"
_MONTH: Final = "mes_referencia"
_OUTFLOW: Final = "total_saida_brl"
_NO_ROWS: Final[Index] = np.empty(0, np.int64)


@dataclass(frozen=True)
class Change:
    """A measure before and after.

    Attributes
    ----------
    before, after : Decimal
        Exact, with as many digits after the point as the column has.
    """

    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        """What was added to it."""
        return self.after - self.before

    def as_json(self) -> dict[str, str]:
        """Return it with numbers as text, so that no reader makes floats of them."""
        return {"before": str(self.before), "after": str(self.after), "change": str(self.change)}


@dataclass(frozen=True)
class TableDifference:
    """How a table differs between two versions that have different files of it.

    Attributes
    ----------
    table : str
    rows_before, rows_after : int
    added, removed, changed : int
        Rows by the contract's key: those that only the later version has, those that only the earlier one has, and
        those of both that differ in another column. rows_after = rows_before + added - removed.
    columns : mapping of str to int
        How many of the changed rows differ in a column.
    measures : mapping of str to Change
        Of every measure (`lakehouse.contract.measures`), its sum over all rows.
    """

    table: str
    rows_before: int
    rows_after: int
    added: int
    removed: int
    changed: int
    columns: Mapping[str, int] = field(default_factory=dict)
    measures: Mapping[str, Change] = field(default_factory=dict)

    @property
    def is_none(self) -> bool:
        """Whether its rows are the same, in other files."""
        return not (self.added or self.removed or self.changed)

    def as_json(self) -> dict[str, Any]:
        """Return it as ``--json`` prints it."""
        return {
            "table": self.table,
            "layer": layers.layer_of(self.table),
            "rows_before": self.rows_before,
            "rows_after": self.rows_after,
            "added": self.added,
            "removed": self.removed,
            "changed": self.changed,
            "columns": dict(self.columns),
            "measures": {name: change.as_json() for name, change in self.measures.items()},
        }


def differences(before: View, after: View) -> list[TableDifference]:
    """Return how the tables differ whose files differ between two versions; the other tables are not read.

    Raises
    ------
    StorageError
        A file is gone, or not the one that was audited.
    """
    return [difference(sides) for sides in differing(before, after)]


def difference(sides: Sides) -> TableDifference:
    """Return how a table differs; a table that one version lacks has no rows there."""
    contract = load(sides.table)
    pieces = list(sides.each(lambda old, new: _Piece.of(sides, contract, old, new)))
    columns = sum((piece.columns for piece in pieces), Counter[str]())
    added, removed, changed = (
        sum(getattr(piece, name) for piece in pieces) for name in ("added", "removed", "changed")
    )
    if sides.may_move:
        old, new = (pa.concat_tables(tables) for tables in zip(*(piece.alone for piece in pieces), strict=True))
        moved = compared(old, new, contract.key)
        found = len(old) - len(moved.removed)
        added, removed, changed = added - found, removed - found, changed + moved.changed
        columns += Counter({name: int(mask.sum()) for name, mask in moved.columns.items()})
    before, after = (
        {name: sum(piece.sums[side].get(name, 0) for piece in pieces) for name in measures_of(contract)}
        for side in (0, 1)
    )
    return TableDifference(
        sides.table, *sides.rows, added, removed, changed,
        {name: columns[name] for name in contract.schema.names if columns[name]},
        {
            name: Change(decimal_of(before[name], scale), decimal_of(after[name], scale))
            for name, scale in measures_of(contract).items()
        },
    )  # fmt: skip


def by_month(before: View, after: View) -> dict[str, Decimal]:
    """Return by how much the cash flow's total outflow changed, in reais, by month ``YYYY-MM``.

    Months in which it did not change are left out; where one version has no cash flow, all of the other's months are
    changes.
    """
    sides = Sides(before, after, layers.in_role(CASH_FLOW))
    if sides.same_files:
        return {}
    total_by_month: Counter[str] = Counter()
    for old, new in sides.each(lambda old, new: (old, new)):
        for rows, sign in ((old, -1), (new, 1)):
            cents = Number.of(rows[_OUTFLOW]).units.tolist()
            for month, amount in zip(rows[_MONTH].to_pylist(), cents, strict=True):
                total_by_month[month] += sign * amount
    return {month: decimal_of(cents, MONEY.scale) for month, cents in sorted(total_by_month.items()) if cents}


@dataclass(frozen=True)
class _Piece:
    """What is counted in a piece of a table.

    Attributes
    ----------
    added, removed, changed : int
    columns : Counter
    sums : pair of dict of str to int
        Of each measure, in units of its last digit, before and after.
    alone : pair of pa.Table
        The removed and the added rows, where they may be in another piece.
    """

    added: int
    removed: int
    changed: int
    columns: Counter[str]
    sums: tuple[dict[str, int], dict[str, int]]
    alone: tuple[pa.Table, pa.Table]

    @classmethod
    def of(cls, sides: Sides, contract: Contract, old: pa.Table, new: pa.Table) -> "_Piece":
        found = compared(old, new, contract.key)
        removed, added = (found.removed, found.added) if sides.may_move else (_NO_ROWS, _NO_ROWS)
        return cls(
            len(found.added), len(found.removed), found.changed,
            Counter({name: int(mask.sum()) for name, mask in found.columns.items()}),
            (_sums(contract, old), _sums(contract, new)),
            (rows_at(old, removed), rows_at(new, added)),
        )  # fmt: skip


def _sums(contract: Contract, rows: pa.Table) -> dict[str, int]:
    return {name: total(rows[name]) for name in measures_of(contract) if name in rows.column_names}
