"""Why rows are set aside: any number of reasons a row, collected a column at a time."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from lakehouse.engine.arrays import Mask
from lakehouse.engine.segments import Index


@dataclass(frozen=True)
class Reasons:
    """The reasons found so far, in the order they were found."""

    _found: list[tuple[Index, pa.Array]] = field(default_factory=list)

    def add(self, rows: Index, texts: str | pa.Array) -> None:
        """Give some rows a reason.

        Parameters
        ----------
        rows : numpy int64, shape (k,)
            Each row once.
        texts : str, or pa.Array of string, shape (k,)
            One reason for all of them, or one each.
        """
        if len(rows):
            self._found.append((rows, pa.repeat(texts, len(rows)) if isinstance(texts, str) else texts))

    def add_all(self, others: "Reasons", numbers: Index) -> None:
        """Take the reasons of rows that are called ``numbers`` here, shape (their rows,)."""
        for rows, texts in others._found:
            self.add(numbers[rows], texts)

    def broken(self, rows: int) -> Mask:
        """Return which of the first ``rows`` rows have a reason, shape (rows,)."""
        mask = np.zeros(rows, bool)
        for found, _ in self._found:
            mask[found] = True
        return mask

    def lists(self) -> pa.Array:
        """Return one list of reasons for each row that has any, in the order of the rows."""
        if not self._found:
            return pa.array([], pa.list_(pa.string()))
        rows = np.concatenate([rows for rows, _ in self._found])
        order = np.argsort(rows, kind="stable")
        texts = pa.concat_arrays([texts for _, texts in self._found]).take(pa.array(order))
        _, starts = np.unique(rows[order], return_index=True)
        return pa.ListArray.from_arrays(pa.array(np.append(starts, len(rows)), pa.int32()), texts)
