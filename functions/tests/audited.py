"""What a table rule is given, and what it is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts import Contract
from lakehouse.keys import flat
from lakehouse.quality import EXAMPLES, Outcome
from lakehouse.staging import StagedTable


@dataclass(frozen=True)
class Audited:
    """A staged table and all that its rules may look at.

    Attributes
    ----------
    contract : Contract
    staged : StagedTable
        What the write Lambda said of it.
    table : pa.Table
        What it really wrote.
    layer : mapping of str to pa.Table
        Every staged table of the layer.
    below : mapping of str to pa.Table
        The published tables it was made from; empty for Bronze.
    age_hours : float or None
        Of the oldest thing it was made from; None for synthetic data.
    """

    contract: Contract
    staged: StagedTable
    table: pa.Table
    layer: Mapping[str, pa.Table]
    below: Mapping[str, pa.Table]
    age_hours: float | None


Check = Callable[[Audited], Outcome]


def failing(broken: pa.Array | pa.ChunkedArray, keys: pa.Array | pa.ChunkedArray) -> Outcome:
    """Count what breaks a rule, with a few of its keys as examples.

    Parameters
    ----------
    broken : pa.BooleanArray, shape (n,)
        NULL counts as broken: what cannot be compared does not agree.
    keys : pa.Array, shape (n,)
    """
    mask = pc.fill_null(flat(broken), True)
    examples = flat(keys).filter(mask).slice(0, EXAMPLES).cast(pa.string()).to_pylist()
    return Outcome(int(pc.sum(mask).as_py() or 0), len(mask), tuple(str(key) for key in examples))


def absent(values: pa.ChunkedArray, known: pa.ChunkedArray) -> pa.Array:
    """Return which values are not among the known ones; NULL is."""
    return pc.and_(flat(values).is_valid(), pc.invert(pc.is_in(flat(values), value_set=flat(known), skip_nulls=True)))


def total(column: pa.ChunkedArray | pa.Array) -> Any:
    """Return a decimal column with room for the sum of all its rows."""
    return column.cast(pa.decimal128(38, column.type.scale)) if pa.types.is_decimal(column.type) else column


def summed(table: pa.Table, by: str, column: str) -> pa.Table:
    """Sum a column by a key: a table of ``by`` and ``found``, exact."""
    sums = pa.table({by: table[by], "found": total(table[column])}).group_by(by).aggregate([("found", "sum")])
    return sums.rename_columns({"found_sum": "found"})


def agreement(expected: pa.Table, found: pa.Table, key: str) -> Outcome:
    """Compare ``expected`` with ``found`` key by key; a key on one side only disagrees, unless it found nothing.

    Parameters
    ----------
    expected : pa.Table
        Of ``key`` and ``expected``.
    found : pa.Table
        Of ``key`` and ``found``.
    """
    both = expected.join(found, key, join_type="full outer", use_threads=False)
    disagrees = pc.invert(pc.fill_null(pc.equal(both["expected"], both["found"]), False))
    return failing(disagrees, both[key])


def in_order(table: pa.Table, key: tuple[str, ...]) -> Outcome:
    """Count the rows that stand before one with a smaller key (by bytes, NULLs last)."""
    rows = max(len(table) - 1, 0)
    tied, descends = np.ones(rows, bool), np.zeros(rows, bool)
    for name in key:
        column = flat(table[name])
        one, next_ = column.slice(0, rows), column.slice(1, rows)
        null, next_null = (np.asarray(c.is_null().to_numpy(zero_copy_only=False)) for c in (one, next_))
        greater, same = (
            np.asarray(pc.fill_null(compare(one, next_), False).to_numpy(zero_copy_only=False), bool)
            for compare in (pc.greater, pc.equal)
        )
        descends |= tied & (greater | (null & ~next_null))
        tied &= same | (null & next_null)
    where = np.flatnonzero(descends)
    return Outcome(len(where), len(table), tuple(f"row {row + 1}" for row in where[:EXAMPLES]))
