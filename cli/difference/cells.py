"""One cell of Gold in two versions: its rows, the rows of the fact that it is made of, and what each adds to it."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from cli.difference.comparison import printed
from cli.difference.reading import Sides
from cli.errors import UsageError
from gold.explained import MONTH, TABLES
from lakehouse.contract.measures import decimal_of, scale_of
from lakehouse.contract.model import load
from lakehouse.engine.arrays import Mask
from lakehouse.engine.columns import Text
from lakehouse.engine.money import Units
from lakehouse.versions.view import View


@dataclass(frozen=True)
class Cell:
    """A row of a table of Gold.

    Attributes
    ----------
    table : str
        One of `gold.explained.TABLES`.
    key : str
        As audits print it.
    values : mapping of str to str or None
        Of the columns of its key.
    rows : pair of mapping or None
        The whole row before and after; None where a version has none.
    """

    table: str
    key: str
    values: Mapping[str, str | None]
    rows: tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]

    @classmethod
    def of(cls, before: View, after: View, table: str, key: str) -> "Cell":
        """Return the cell with a key; raise `UsageError`, with similar keys, where neither version has it."""
        columns = TABLES[table].key
        found: list[Mapping[str, Any] | None] = []
        every: list[str] = []
        for rows in next(Sides(before, after, table).each(lambda old, new: (old, new))):
            keys = printed(rows, columns)
            every += keys
            found.append(rows.slice(keys.index(key), 1).to_pylist()[0] if key in keys else None)
        there = next((row for row in found if row is not None), None)
        if there is None:
            near = difflib.get_close_matches(key, dict.fromkeys(every), n=3, cutoff=0.5)
            hint = f"Did you mean {', '.join(near)}? " if near else ""
            raise UsageError(
                f"neither version has a row {key} in {table}",
                f"{hint}The key is {'/'.join(columns)}, with - where there is no value.",
            )
        return cls(table, key, {name: there[name] for name in columns}, (found[0], found[1]))

    @property
    def running(self) -> Mapping[str, str]:
        """The running totals that can be explained: those of a cell that both versions have."""
        return TABLES[self.table].running if None not in self.rows else {}

    def value(self, side: int, measure: str) -> Decimal:
        """Return a measure before (0) or after (1); 0 where there is no such row."""
        row = self.rows[side]
        return Decimal(row[measure]) if row else decimal_of(0, scale_of(load(self.table).schema.field(measure).type))

    def in_series(self, fact: pa.Table) -> Mask:
        """Return which rows of a fact are in the cell or, for a running total, in one of earlier months."""
        matters = np.ones(len(fact), bool)
        for name, value in self.values.items():
            column = Text.of(fact[name])
            if value is None:
                matters &= ~column.known()
            elif name == MONTH and self.running:
                # As text, months are in the order of time.
                matters &= column.is_(*(month for month in column.values.to_pylist() if month <= value))
            else:
                matters &= column.is_(value)
        return matters

    def units(self, fact: pa.Table) -> dict[str, Units]:
        """Return what each row of a fact adds to each measure that is a sum, in units of the measure's last digit."""
        units, series = TABLES[self.table].contributions(fact), self.in_series(fact)
        here = series & Text.of(fact[MONTH]).is_(str(self.values[MONTH]))
        running = {name: np.where(series, units[measure], 0) for name, measure in self.running.items()}
        return {name: np.where(here, each, 0) for name, each in units.items()} | running
