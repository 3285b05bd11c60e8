"""Why rows are set aside: any number of reasons per row, collected column by column."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from lakehouse.engine.arrays import Mask
from lakehouse.engine.segments import Index


@dataclass(frozen=True)
class Reasons:
    """The reasons so far, in the order in which they were added."""

    _added: list[tuple[Index, pa.Array]] = field(default_factory=list)

    def add(self, rows: Index, texts: str | pa.Array) -> None:
        """Add a reason to some rows.

        Parameters
        ----------
        rows : numpy int64, shape (k,)
            Each row once.
        texts : str, or pa.Array of string, shape (k,)
            One reason for all of them, or one for each.
        """
        if len(rows):
            self._added.append((rows, pa.repeat(texts, len(rows)) if isinstance(texts, str) else texts))

    def add_all(self, others: "Reasons", numbers: Index) -> None:
        """Add the reasons of other rows: ``numbers[i]`` is here the number of their row ``i``."""
        for rows, texts in others._added:
            self.add(numbers[rows], texts)

    def renumbered(self, numbers: Index) -> "Reasons":
        """Return the reasons by other numbers of their rows: ``numbers[i]`` is that of row ``i``, or less than 0.

        A row of a number less than 0 has no reasons any more.
        """
        kept = Reasons()
        for rows, texts in self._added:
            stays = numbers[rows] >= 0
            kept.add(numbers[rows][stays], texts.filter(pa.array(stays)))
        return kept

    def count(self) -> int:
        """Return how often reasons were added."""
        return len(self._added)

    def rows_since(self, count: int) -> Index:
        """Return the rows that got a reason after so many additions, in order."""
        return np.unique(np.concatenate([np.empty(0, np.int64), *(rows for rows, _ in self._added[count:])]))

    def broken(self, rows: int) -> Mask:
        """Return which of the first ``rows`` rows have a reason, shape (rows,)."""
        mask = np.zeros(rows, bool)
        for its_rows, _ in self._added:
            mask[its_rows] = True
        return mask

    def lists(self) -> pa.Array:
        """Return one list of reasons for each row that has any, in the order of the rows."""
        if not self._added:
            return pa.array([], pa.list_(pa.string()))
        rows = np.concatenate([rows for rows, _ in self._added])
        order = np.argsort(rows, kind="stable")
        texts = pa.concat_arrays([texts for _, texts in self._added]).take(pa.array(order))
        _, starts = np.unique(rows[order], return_index=True)
        return pa.ListArray.from_arrays(pa.array(np.append(starts, len(rows)), pa.int32()), texts)
