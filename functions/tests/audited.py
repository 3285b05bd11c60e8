"""What a table rule is given, and what it is made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contract.model import Contract
from lakehouse.contract.quality import EXAMPLES, Outcome
from lakehouse.engine.keys import flat
from lakehouse.staging import StagedTable

_NONE_MEANS_NULL = pc.ScalarAggregateOptions(min_count=1)


@dataclass(frozen=True)
class Audited:
    """A staged table and all that its rules may look at.

    Attributes
    ----------
    contract : Contract
    staged : StagedTable
        What the write Lambda said of it.
    table : pa.Table
        What it really wrote, with the contract's schema.
    quarantine : pa.Table
        The rows it really set aside, with `lakehouse.contract.quarantine.SCHEMA`.
    layer : mapping of str to pa.Table
        Every staged table of the layer.
    below : mapping of str to pa.Table
        The published tables it was made from; empty for Bronze.
    age_hours : float or None
        Of the oldest thing it was made from; None for synthetic data.
    counted : int or None
        How many rows its parts have together, where ``table`` is none of them.
    """

    contract: Contract
    staged: StagedTable
    table: pa.Table
    quarantine: pa.Table
    layer: Mapping[str, pa.Table]
    below: Mapping[str, pa.Table]
    age_hours: float | None
    counted: int | None = None

    @property
    def rows(self) -> int:
        """Return how many rows there really are."""
        return len(self.table) if self.counted is None else self.counted


Check = Callable[[Audited], Outcome]


def failing(broken: pa.Array | pa.ChunkedArray, table: pa.Table, key: Sequence[str]) -> Outcome:
    """Count the rows that break a rule; the smallest of their keys are the examples, whatever the rows' order.

    Parameters
    ----------
    broken : pa.BooleanArray, shape (n,)
        NULL counts as broken: what cannot be compared does not agree.
    table : pa.Table, shape (n, ...)
    key : sequence of str
        The columns that name a row; they are never personal or confidential.
    """
    mask = pc.fill_null(flat(broken), True)
    failed = int(pc.sum(mask).as_py() or 0)
    if not failed:
        return Outcome(0, len(mask))
    parts = [pc.fill_null(flat(column).cast(pa.string()), "-") for column in table.select(key).filter(mask).columns]
    names = pc.binary_join_element_wise(*parts, "/")
    examples = names.take(pc.bottom_k_unstable(names, EXAMPLES)).to_pylist()
    return Outcome(failed, len(mask), tuple(examples))


def absent(values: pa.ChunkedArray, known: pa.ChunkedArray) -> pa.Array:
    """Return which values are not among the known ones; NULL is none of them."""
    return pc.invert(pc.is_in(flat(values), value_set=flat(known), skip_nulls=True))


def differs(one: pa.Array | pa.ChunkedArray, other: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return where two columns differ; NULL equals NULL and nothing else."""
    only_one = pc.xor(one.is_null(), other.is_null())
    return flat(pc.or_(only_one, pc.fill_null(pc.not_equal(one, other), False)))


def summed(table: pa.Table, key: Sequence[str], values: Sequence[str]) -> pa.Table:
    """Sum columns by a key, exactly; a NULL key is a group of its own, and a sum of nothing but NULLs is NULL."""
    wide = pa.table({name: table[name] for name in key} | {name: _with_room(table[name]) for name in values})
    sums = wide.group_by(list(key)).aggregate([(name, "sum", _NONE_MEANS_NULL) for name in values])
    return sums.rename_columns({f"{name}_sum": name for name in values})


def added_up(table: pa.Table, amounts: Sequence[str]) -> pa.Table:
    """Return one row for all that differ in nothing but their amounts, which are added up.

    A rule that only sums finds the same in the sums of the parts as in the parts.
    """
    sums = summed(table, [name for name in table.column_names if name not in amounts], amounts)
    return sums.select(table.column_names).cast(table.schema)


def agreement(expected: pa.Table, found: pa.Table, key: Sequence[str]) -> Outcome:
    """Compare two tables key by key: a key is wrong when its values differ, or when it is not once in both.

    Parameters
    ----------
    expected, found : pa.Table
        Both with the columns of ``key`` and the same columns of exact values.
    key : sequence of str
        May hold NULLs: they are equal.
    """
    values = [name for name in expected.column_names if name not in key]
    sides = []
    for side, table in (("expected", expected), ("found", found)):
        columns = {name: table[name] for name in key}
        columns |= {f"{name} {side}": _with_room(table[name]) for name in values}
        sides.append(pa.table(columns | {side: pa.repeat(1, len(table))}))
    both = pa.concat_tables(sides, promote_options="default")
    both = summed(both, key, [name for name in both.column_names if name not in key])
    broken = pc.or_(differs(both["expected"], pa.repeat(1, len(both))), differs(both["found"], both["expected"]))
    for name in values:
        broken = pc.or_(broken, differs(both[f"{name} expected"], both[f"{name} found"]))
    return failing(broken, both, key)


def in_order(table: pa.Table, key: Sequence[str]) -> Outcome:
    """Count the rows whose key is smaller than that of the row before (by bytes, NULLs last)."""
    pairs = max(len(table) - 1, 0)
    tied, descends = np.ones(pairs, bool), np.zeros(pairs, bool)
    for name in key:
        column = flat(table[name])
        before, after = column.slice(0, pairs), column.slice(1, pairs)
        descends |= tied & (_where(pc.greater(before, after)) | (_where(before.is_null()) & _where(after.is_valid())))
        tied &= ~_where(differs(before, after))
    return failing(pa.array(np.append(False, descends)[: len(table)]), table, key)


def _where(condition: pa.Array) -> np.ndarray:
    return np.asarray(pc.fill_null(condition, False).to_numpy(zero_copy_only=False), bool)


def _with_room(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return an exact column as a decimal with room for the sum of all its rows."""
    return column.cast(pa.decimal128(38, column.type.scale if pa.types.is_decimal(column.type) else 0))
