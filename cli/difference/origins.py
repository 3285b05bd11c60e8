"""The rows of Bronze that differ and are behind rows of the fact, found by the values that both have."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cli.difference.reading import differing
from cli.difference.row_change import DifferingRows, RowChange
from lakehouse.contract.model import load
from lakehouse.domain import PEDIDO_SEM_PAGAMENTO
from lakehouse.engine.arrays import Mask
from lakehouse.engine.keys import flat
from lakehouse.versions.view import View
from silver.behind import BEHIND, QUOTATIONS, VALUED_ON

# A way from a table, by which of its columns, to rows with these values.
Link = tuple[str, tuple[str, ...], tuple[Any, ...]]
(_QUOTED,) = BEHIND[QUOTATIONS]
_CURRENCY: Final = _QUOTED["moeda"]
LINKED: Final = tuple(dict.fromkeys(name for ways in BEHIND.values() for way in ways for name in way.values()))


def links_of(view: View, fact: pa.Table) -> list[set[Link]]:
    """Return by which values each row of a version's fact is linked to rows of Bronze; NULL links to nothing."""
    columns = {name: fact[name].to_pylist() for name in (*LINKED, "tipo_registro", VALUED_ON)}
    links = [
        {
            (table, tuple(way), values)
            for table, ways in BEHIND.items()
            for way in ways
            if None not in (values := tuple(columns[name][row] for name in way.values()))
        }
        for row in range(len(fact))
    ]
    unpaid = [row for row, kind in enumerate(columns["tipo_registro"]) if kind == PEDIDO_SEM_PAGAMENTO]
    days = _quoted(view) if unpaid else {}
    for row in unpaid:
        currency, day = columns[_CURRENCY][row], columns[VALUED_ON][row]
        earlier = bisect_right(days.get(currency, []), day) if day else 0
        if earlier:
            links[row].add((QUOTATIONS, tuple(_QUOTED), (days[currency][earlier - 1], currency)))
    return links


def _quoted(view: View) -> dict[str, list[date]]:
    """Return the days on which a version has quotations of each currency, in order."""
    days: dict[str, list[date]] = defaultdict(list)
    if QUOTATIONS in view.tables:
        rows = view.read_all(QUOTATIONS, list(_QUOTED))
        for day, currency in sorted(zip(*(rows[name].to_pylist() for name in _QUOTED), strict=True)):
            days[currency].append(day)
    return days


def origins(before: View, after: View, links: Sequence[set[Link]]) -> list[tuple[RowChange, ...]]:
    """Return for each set of links the rows of Bronze that differ between two versions and that it leads to."""
    found: dict[Link, dict[RowChange, None]] = defaultdict(dict)
    every = set().union(*links)
    for sides in differing(before, after):
        ways = {way: {values for table, columns, values in every if (table, columns) == (sides.table, way)}
                for way in map(tuple, BEHIND.get(sides.table, ()))}  # fmt: skip
        if not any(ways.values()):
            continue
        rows = DifferingRows.of(sides, _Linked(sides.table, ways))
        for change, old, new in rows.changes():
            for link in {*_links_at(rows.table, rows.before, old, ways), *_links_at(rows.table, rows.after, new, ways)}:
                found[link][change] = None
    return [tuple(_in_order({change: None for link in each for change in found.get(link, ())})) for each in links]


class _Linked:
    """Which rows of a table may be linked to: each column of a way has one of its values."""

    def __init__(self, table: str, ways: Mapping[tuple[str, ...], set[tuple[Any, ...]]]) -> None:
        schema = load(table).schema
        self._values = [
            {name: pa.array({each[at] for each in values}, schema.field(name).type) for at, name in enumerate(way)}
            for way, values in ways.items()
        ]

    def __call__(self, rows: pa.Table) -> Mask:
        matters = np.zeros(len(rows), bool)
        for way in self._values:
            here = np.ones(len(rows), bool)
            for name, values in way.items():
                here &= pc.is_in(flat(rows[name]), value_set=values).to_numpy(zero_copy_only=False)
            matters |= here
        return matters


def _links_at(
    table: str, rows: pa.Table, row: int | None, ways: Mapping[tuple[str, ...], set[tuple[Any, ...]]]
) -> Iterator[Link]:
    if row is not None:
        for way, wanted in ways.items():
            values = tuple(rows[name][row].as_py() for name in way)
            if values in wanted:
                yield table, way, values


def _in_order(changes: Mapping[RowChange, None]) -> list[RowChange]:
    places = {table: place for place, table in enumerate(BEHIND)}
    return sorted(changes, key=lambda change: (places[change.table], change.key))
