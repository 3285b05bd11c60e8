"""Column lineage by experiment: change one value of one source column, and see which output columns change.

Two outputs are compared row by row, and a row is the same row when it has the same identity: a row of the fact is of
one item and one commitment (a payment, an order without payment, the k-th remaining instalment of a loan); a row of an
aggregate is of one group. Where the change itself gives a key a new name, the name is undone before rows are paired:
a renamed payment is still the same payment, and what changed is its ``pagamento_id``.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pyarrow as pa
from violations import violations

from lakehouse.contract.model import load

Row = dict[str, Any]
Identity = Callable[[Row, int], tuple[Any, ...]]

# The values that the transformations name, so that a change can cross the border of each condition.
_NAMED = {
    "status": ["CANCELADO", "ENTREGUE", "QUITADO", "ATIVO"],
    "tipo_pagamento": ["CARTAO_CREDITO", "PIX"],
    "metodo_pagamento": ["CARTAO_CREDITO", "PIX"],
    "status_pagamento": ["PAGO", "CANCELADO", "PENDENTE", "AGENDADO", "PREVISTO"],
    "tipo_registro": ["PAGAMENTO", "PARCELA_EMPRESTIMO"],
    "moeda_origem": ["BRL", "USD", "XXX"],
    "moeda_negociacao": ["BRL", "USD", "XXX"],
    "moeda": ["BRL", "USD", "XXX"],
    "mes_referencia": ["2024-12", "2025-01", "2025-07"],
}
# Values that do not occur, for columns that do not accept any text; otherwise, names that sort first and last.
_FRESH = {
    "moeda": ("ZZZ",),
    "moeda_origem": ("ZZZ",),
    "moeda_negociacao": ("ZZZ",),
    "mes_referencia": ("2019-02", "2031-05"),
}
# The value of an item follows from other columns, so none of them could change alone.
_TOTAL = "valor_total_item_confere"


@dataclass(frozen=True)
class Change:
    """One change of one source column, and the original names of the keys that it renames."""

    rows: list[Row]
    undo: Mapping[Any, Any]
    what: str


def changes(table: str, column: str, rows: list[Row]) -> Iterator[Change]:
    """Yield valid changes of a column: of a value in all its rows, of one row's value, and swaps between two rows."""
    is_key = load(table).key == (column,)
    for n, row in enumerate(rows):
        value = row.get(column)
        if isinstance(value, str):
            for fresh in _FRESH.get(column, (f"~{value}", f"!{value}")):
                renamed = [r | {column: fresh} if r.get(column) == value else r for r in rows]
                yield Change(renamed, {fresh: value}, f"{value} is called {fresh}")
        if not is_key:
            for other in _others(table, column, value, rows):
                yield Change([*rows[:n], row | {column: other}, *rows[n + 1 :]], {}, f"row {n}: {value} -> {other}")
        theirs = rows[n - 1].get(column)
        if n and value != theirs:
            swapped = [*rows[: n - 1], rows[n - 1] | {column: value}, row | {column: theirs}, *rows[n + 1 :]]
            yield Change(swapped, {theirs: value, value: theirs} if is_key else {}, f"{value} <-> {theirs}")


def rotated(table: str, column: str, rows: list[Row], by: int) -> Change:
    """Replace every value of a column, in all rows, by the ``by``-th next one of its values.

    Keys stay unique and foreign keys point to other rows, dates move, currencies and statuses change places. A row
    that would break a rule of Bronze keeps its value.
    """
    values = sorted({row[column] for row in rows if row[column] is not None})
    if not load(table).column(column).required:
        values.append(None)
    after = {value: values[(place + by) % len(values)] for place, value in enumerate(values)}
    changed = [row | {column: after[row[column]]} for row in rows]
    masks = [
        mask.to_pylist() for rule, mask in violations(load(table), table_of(table, changed)) if rule.name != _TOTAL
    ]
    broken = [any(row) for row in zip(*masks, strict=True)] if masks else [False] * len(rows)
    kept = [old if bad else new for old, new, bad in zip(rows, changed, broken, strict=True)]
    undo = {new: old for old, new in after.items()} if load(table).key == (column,) else {}
    return Change(kept, undo, f"values rotated by {by}")


def _others(table: str, column: str, value: Any, rows: list[Row]) -> list[Any]:
    others = [*_NAMED.get(column, ()), *(row.get(column) for row in rows)]
    if not load(table).column(column).required:
        others.append(None)
    if isinstance(value, Decimal):
        others += [value + Decimal("0.01"), value * 2, Decimal(0)]
    elif isinstance(value, int):
        others += [value + 1, value - 1, 0]
    elif isinstance(value, date):
        others += [value + timedelta(days) for days in (1, -1, 40, -40)]
    return [other for other in dict.fromkeys(others) if other != value]


def table_of(name: str, rows: list[Row]) -> pa.Table:
    """Return a table with its contract's schema; columns that are left out are NULL."""
    schema = load(name).schema
    return pa.table([pa.array([row.get(f.name) for row in rows], f.type) for f in schema], schema=schema)


def with_column(table: pa.Table, column: str, rows: list[Row]) -> pa.Table:
    """Return a table with one column as it is in the rows, which are the table's otherwise."""
    place = table.schema.get_field_index(column)
    field = table.schema.field(place)
    return table.set_column(place, field, pa.array([row.get(column) for row in rows], field.type))


def broken_rules(name: str, table: pa.Table) -> set[str]:
    """Return the rules for which Bronze would set rows aside.

    One rule is left out, see `_TOTAL`.
    """
    broken = {rule.name for rule, mask in violations(load(name), table) if mask.true_count}
    return broken - {_TOTAL}


def of_fact(row: Row, place: int) -> tuple[Any, ...]:
    """Return the identity of a row of the fact; ``place`` tells the instalments of a loan apart."""
    if row["emprestimo_id"] is not None:
        return ("emprestimo", row["emprestimo_id"], place)
    if row["pagamento_id"] is not None:
        return ("pagamento", row["pagamento_id"], row["item_id"])
    return ("pedido", row["pedido_id"], row["item_id"])


def of_group(key: tuple[str, ...]) -> Identity:
    """Return the function that gives the identity of a row of an aggregate."""
    return lambda row, _: tuple(row[name] for name in key)


def paired(output: pa.Table, identity: Identity, undo: Mapping[Any, Any]) -> dict[tuple[Any, ...], Row]:
    """Return the rows by identity, with the names that keys have in the unchanged world."""
    rows_by_identity: dict[tuple[Any, ...], Row] = {}
    places: dict[Any, Iterator[int]] = {}
    for row in output.to_pylist():
        place = next(places.setdefault(row.get("emprestimo_id"), count()))
        rows_by_identity[tuple(undo.get(part, part) for part in identity(row, place))] = row
    return rows_by_identity


def differing(before: Mapping[Any, Row], after: Mapping[Any, Row]) -> tuple[set[str], bool]:
    """Return the columns that differ in rows that both have, and whether the rows themselves differ."""
    columns = {
        name for key in before.keys() & after.keys() for name, value in before[key].items() if after[key][name] != value
    }
    return columns, before.keys() != after.keys()
