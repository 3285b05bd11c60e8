"""What a table rule receives, and the operations that table rules are built from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contract.model import Contract, known_words
from lakehouse.contract.quality import EXAMPLES, Outcome
from lakehouse.engine.arrays import holds
from lakehouse.engine.keys import flat
from lakehouse.personal.quoting import keys
from lakehouse.staging import StagedTable

_NONE_MEANS_NULL = pc.ScalarAggregateOptions(min_count=1)


@dataclass(frozen=True)
class Volume:
    """What the volume of a table is held against.

    Attributes
    ----------
    before : int or None
        How many rows it has in the newest version that came from the same kind of source; None where there is none.
    accepted : bool
        Whether the run says that the volume is right.
    """

    before: int | None
    accepted: bool


@dataclass(frozen=True)
class Audited:
    """A staged table with everything that its rules may read.

    Attributes
    ----------
    contract : Contract
    staged : StagedTable
        What the write Lambda reported of it.
    table : pa.Table
        What it really wrote, with the contract's schema.
    quarantine : pa.Table
        The rows it really set aside, with `lakehouse.contract.quarantine.SCHEMA`.
    layer : mapping of str to pa.Table
        Every staged table of the layer.
    below : mapping of str to pa.Table
        The tables it was made from; empty for Bronze.
    age_hours : float or None
        The age of its oldest source; None for synthetic data.
    total_rows : int or None
        How many rows all of its parts have together, where ``table`` is empty in their place.
    volume : Volume or None
        None for what is published: it was let through, and is not held against anything again.
    """

    contract: Contract
    staged: StagedTable
    table: pa.Table
    quarantine: pa.Table
    layer: Mapping[str, pa.Table]
    below: Mapping[str, pa.Table]
    age_hours: float | None
    total_rows: int | None = None
    volume: Volume | None = None

    @property
    def rows(self) -> int:
        """How many rows there really are."""
        return len(self.table) if self.total_rows is None else self.total_rows


# It gets, besides, the arguments that the contract gives it.
Check = Callable[..., Outcome]


def failing(broken: pa.Array | pa.ChunkedArray, table: pa.Table, key: Sequence[str]) -> Outcome:
    """Return how many rows break a rule; the examples are the smallest of their keys, whatever the rows' order.

    Parameters
    ----------
    broken : pa.BooleanArray, shape (n,)
        NULL counts as broken: values that cannot be compared do not agree.
    table : pa.Table, shape (n, ...)
    key : sequence of str
        The columns that identify a row. They are never declared personal; what their values are all the same is no key
        that anybody gave (`lakehouse.personal.quoting.keys`), and only its shape is shown.
    """
    mask = pc.fill_null(flat(broken), True)
    failed = int(pc.sum(mask).as_py() or 0)
    if not failed:
        return Outcome(0, len(mask))
    parts = [pc.fill_null(flat(column).cast(pa.string()), "-") for column in table.select(key).filter(mask).columns]
    names = pc.binary_join_element_wise(*parts, "/")
    smallest = pc.bottom_k_unstable(names, EXAMPLES)
    examples = pc.binary_join_element_wise(*(keys(part.take(smallest), known_words) for part in parts), "/")
    return Outcome(failed, len(mask), tuple(examples.to_pylist()))


def absent(values: pa.ChunkedArray, known: pa.ChunkedArray) -> pa.Array:
    """Return which values are not among the known ones; NULL never is."""
    return pc.invert(pc.is_in(flat(values), value_set=flat(known), skip_nulls=True))


def differs(one: pa.Array | pa.ChunkedArray, other: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return where two columns differ; NULL equals only NULL."""
    only_one = pc.xor(one.is_null(), other.is_null())
    return flat(pc.or_(only_one, pc.fill_null(pc.not_equal(one, other), False)))


def summed(table: pa.Table, key: Sequence[str], values: Sequence[str]) -> pa.Table:
    """Return the exact sums of columns by a key; NULL is a key of its own, and the sum of NULLs alone is NULL."""
    wide = pa.table({name: table[name] for name in key} | {name: _widened(table[name]) for name in values})
    sums = wide.group_by(list(key)).aggregate([(name, "sum", _NONE_MEANS_NULL) for name in values])
    return sums.rename_columns({f"{name}_sum": name for name in values})


def collapsed(table: pa.Table, amounts: Sequence[str]) -> pa.Table:
    """Return one row for all rows that differ in their amounts alone, with the sums of those.

    A rule that only sums gets the same result from these rows as from the original ones.
    """
    sums = summed(table, [name for name in table.column_names if name not in amounts], amounts)
    return sums.select(table.column_names).cast(table.schema)


def agreement(expected: pa.Table, actual: pa.Table, key: Sequence[str]) -> Outcome:
    """Compare two tables key by key: a key is wrong unless it is once in both tables, with equal values.

    Parameters
    ----------
    expected, actual : pa.Table
        Both with the columns of ``key`` and the same columns of exact values.
    key : sequence of str
        Its columns may have NULLs, which are equal.
    """
    values = [name for name in expected.column_names if name not in key]
    sides = []
    for side, table in (("expected", expected), ("actual", actual)):
        columns = {name: table[name] for name in key}
        columns |= {f"{name} {side}": _widened(table[name]) for name in values}
        sides.append(pa.table(columns | {side: pa.repeat(1, len(table))}))
    both = pa.concat_tables(sides, promote_options="default")
    both = summed(both, key, [name for name in both.column_names if name not in key])
    broken = pc.or_(differs(both["expected"], pa.repeat(1, len(both))), differs(both["actual"], both["expected"]))
    for name in values:
        broken = pc.or_(broken, differs(both[f"{name} expected"], both[f"{name} actual"]))
    return failing(broken, both, key)


def in_order(table: pa.Table, key: Sequence[str]) -> Outcome:
    """Return how many rows have a smaller key than the row before (by bytes, NULLs last)."""
    pairs = max(len(table) - 1, 0)
    tied, descends = np.ones(pairs, bool), np.zeros(pairs, bool)
    for name in key:
        column = flat(table[name])
        before, after = column.slice(0, pairs), column.slice(1, pairs)
        descends |= tied & (holds(pc.greater(before, after)) | (holds(before.is_null()) & holds(after.is_valid())))
        tied &= ~holds(differs(before, after))
    return failing(pa.array(np.append(False, descends)[: len(table)]), table, key)


def _widened(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return an exact column as a decimal wide enough for the sum of all its rows."""
    return column.cast(pa.decimal128(38, column.type.scale if pa.types.is_decimal(column.type) else 0))
