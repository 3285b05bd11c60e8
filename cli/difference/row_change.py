"""A row that differs between two versions, named by its key; and the rows of a table that do and matter. Pure data."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa

from cli.difference.comparison import compared, printed, rows_at
from cli.difference.reading import Sides
from lakehouse.contract.model import load
from lakehouse.engine.arrays import Mask

What = Literal["added", "removed", "changed"]
ADDED: Final = "added"
REMOVED: Final = "removed"
CHANGED: Final = "changed"


@dataclass(frozen=True)
class RowChange:
    """A row that was added, removed or changed.

    Attributes
    ----------
    table : str
    key : str
        As audits print it.
    what : {'added', 'removed', 'changed'}
    columns : tuple of str
        Of a changed row, those in which it differs. Their values are not told: they may be personal.
    """

    table: str
    key: str
    what: What
    columns: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as ``--json`` prints it."""
        return {"table": self.table, "key": self.key, "what": self.what, "columns": list(self.columns)}


@dataclass(frozen=True)
class DifferingRows:
    """The rows of a table that differ, and matter to a question.

    Attributes
    ----------
    before, after : pa.Table
        Them, as they were and as they are; text plain.
    """

    table: str
    before: pa.Table
    after: pa.Table

    @classmethod
    def of(cls, sides: Sides, matters: Callable[[pa.Table], Mask]) -> "DifferingRows":
        """Return the rows of a table that differ and matter before, after, or both.

        Parameters
        ----------
        sides : Sides
        matters : callable
            Takes rows of either version and returns which of them matter, by columns that decide about that alone.
        """
        key = load(sides.table).key

        def chosen(old: pa.Table, new: pa.Table) -> tuple[pa.Table, pa.Table]:
            found = compared(old, new, key)
            in_old, in_new = matters(old), matters(new)
            pairs = np.flatnonzero(in_old[found.before] | in_new[found.after])
            removed, added = found.removed[in_old[found.removed]], found.added[in_new[found.added]]
            return (
                rows_at(old, np.concatenate([found.before[pairs], removed])),
                rows_at(new, np.concatenate([found.after[pairs], added])),
            )

        pieces = list(sides.each(chosen))
        return cls(
            sides.table, pa.concat_tables([old for old, _ in pieces]), pa.concat_tables([new for _, new in pieces])
        )

    def changes(self) -> Iterator[tuple[RowChange, int | None, int | None]]:
        """Yield each row's change with its places in ``before`` and ``after``, None where it is not there."""
        key = load(self.table).key
        # Once more and as a whole: a row may have been found in one piece and gone from another.
        found = compared(self.before, self.after, key)
        old_keys, new_keys = printed(self.before, key), printed(self.after, key)
        for row, (old, new) in enumerate(zip(found.before.tolist(), found.after.tolist(), strict=True)):
            yield RowChange(self.table, new_keys[new], CHANGED, found.columns_of(row)), old, new
        for old in found.removed.tolist():
            yield RowChange(self.table, old_keys[old], REMOVED), old, None
        for new in found.added.tolist():
            yield RowChange(self.table, new_keys[new], ADDED), None, new
