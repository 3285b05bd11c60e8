"""Two states of a table, compared row by row: which rows were added, removed or changed, and in which columns. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from lakehouse.engine.arrays import Mask, integers, validity
from lakehouse.engine.columns import Columns, Number, Text, stack
from lakehouse.engine.keys import ABSENT, ascends, flat, numbered_values
from lakehouse.engine.segments import Index

# Codes of several columns are joined to one number up to this, and made dense beyond.
_LARGEST: Final = 1 << 62
_NO_ROWS: Final[Index] = np.empty(0, np.int64)


@dataclass(frozen=True)
class Comparison:
    """How the rows of a table became those of its other state.

    Attributes
    ----------
    removed : numpy int64
        The rows before that are not there after, by their key.
    added : numpy int64
        The rows after that were not there before.
    before, after : numpy int64, shape (changed,)
        The rows that have the same key and another value in a column: where each was, and where it is.
    columns : mapping of str to numpy bool, shape (changed,)
        Which of the changed rows differ in a column. Columns in which none does are left out.
    """

    removed: Index
    added: Index
    before: Index
    after: Index
    columns: Mapping[str, Mask]

    @property
    def changed(self) -> int:
        """How many rows have the same key and another value."""
        return len(self.before)

    def columns_of(self, row: int) -> tuple[str, ...]:
        """Return the columns in which a changed row, 0 .. changed - 1, differs."""
        return tuple(name for name, differs in self.columns.items() if differs[row])


def compared(before: pa.Table, after: pa.Table, key: Sequence[str]) -> Comparison:
    """Compare two states of a table.

    Parameters
    ----------
    before, after : pa.Table
        Text may be plain or dictionaries. A column that only one of them has, or that has another type in each, is not
        compared.
    key : sequence of str
        The columns that identify a row in either state. NULL is a value like others here: it equals NULL alone.
    """
    if before is after:
        return Comparison(_NO_ROWS, _NO_ROWS, _NO_ROWS, _NO_ROWS, {})
    old_rows, new_rows = _paired(before, after, key)
    differs: dict[str, Mask] = {}
    for name in before.column_names:
        if name not in key and _comparable(before, after, name):
            mask = _differ(before[name], after[name], old_rows, new_rows)
            if mask.any():
                differs[name] = mask
    changed = np.flatnonzero(np.logical_or.reduce(list(differs.values()))) if differs else _NO_ROWS
    return Comparison(
        removed=_others(old_rows, len(before)),
        added=_others(new_rows, len(after)),
        before=old_rows[changed],
        after=new_rows[changed],
        columns={name: mask[changed] for name, mask in differs.items()},
    )


def printed(rows: pa.Table, key: Sequence[str]) -> list[str]:
    """Return the key of each row as audits print it: its values joined by ``/``, ``-`` for NULL."""
    columns = [rows[name].cast(pa.string()).to_pylist() for name in key]
    return ["/".join("-" if value is None else value for value in values) for values in zip(*columns, strict=True)]


def rows_at(table: pa.Table, rows: Index) -> pa.Table:
    """Return some rows of a table, text plain."""
    plain = pa.schema([(field.name, _plain(field.type)) for field in table.schema])
    return table.take(integers(rows)).cast(plain)


def _paired(before: pa.Table, after: pa.Table, key: Sequence[str]) -> tuple[Index, Index]:
    """Return the rows of the keys that both states have: where each is before, and after."""
    if len(before) == len(after) and all(before[name].equals(after[name]) for name in key):
        rows = np.arange(len(before))
        return rows, rows
    code, size = np.zeros(len(before) + len(after), np.int64), 1
    for name in key:
        codes, count = _joint_codes(flat(before[name]), flat(after[name]))
        if size * count > _LARGEST:
            code, size = _dense(code)
        if size * count > _LARGEST:
            codes, count = _dense(codes)
        code, size = code * count + codes, size * count
    old, new = code[: len(before)], code[len(before) :]
    if not len(old) or not len(new):
        return _NO_ROWS, _NO_ROWS
    order = np.arange(len(new)) if ascends(new) else np.argsort(new, kind="stable")
    in_order = new[order]
    place = np.minimum(np.searchsorted(in_order, old), len(new) - 1)
    found = np.flatnonzero(in_order[place] == old)
    return found, order[place[found]]


def _joint_codes(before: pa.Array, after: pa.Array) -> tuple[Index, int]:
    """Return a number for each value of both arrays, one after the other: equal where values are; all are less."""
    if pa.types.is_string(before.type) and pa.types.is_string(after.type):
        codes, count = numbered_values(pa.concat_arrays([before, after]))
        return codes.astype(np.int64) - ABSENT, count + 1
    columns = stack([Columns.of(pa.table({"key": each}), ["key"]) for each in (before, after)])
    column = columns["key"]
    if isinstance(column, Text):
        return column.codes.astype(np.int64) - ABSENT, len(column.values) + 1
    known = column.known()
    if not known.any():
        return np.zeros(len(column), np.int64), 1
    least, greatest = int(column.units[known].min()), int(column.units[known].max())
    if greatest - least >= _LARGEST:
        dense, count = _dense(column.units)
        return np.where(known, dense + 1, 0), count + 1
    return np.where(known, column.units - least + 1, 0), greatest - least + 2


def _dense(codes: Index) -> tuple[Index, int]:
    values, dense = np.unique(codes, return_inverse=True)
    return dense.astype(np.int64), len(values)


def _others(rows: Index, count: int) -> Index:
    """Return the rows of ``count`` that are not among some of them."""
    others = np.ones(count, bool)
    others[rows] = False
    return np.flatnonzero(others)


def _comparable(before: pa.Table, after: pa.Table, name: str) -> bool:
    return name in after.column_names and _plain(before[name].type) == _plain(after[name].type)


def _plain(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(type_):
        return type_.value_type
    # Amounts are as exact in 64 bits.
    return pa.decimal128(type_.precision, type_.scale) if pa.types.is_decimal(type_) else type_


def _differ(before: pa.ChunkedArray, after: pa.ChunkedArray, old_rows: Index, new_rows: Index) -> Mask:
    """Return where the values at the paired rows differ; NULL differs from every value, and not from NULL."""
    if old_rows is new_rows and before.equals(after):
        return np.zeros(len(old_rows), bool)
    type_ = _plain(before.type)
    if pa.types.is_floating(type_):
        one, other = _bits(flat(before)), _bits(flat(after))
    elif pa.types.is_string(type_):
        joint = stack([Columns({"value": Text.of(each)}) for each in (before, after)]).text("value").codes
        return np.asarray(joint[: len(before)][old_rows] != joint[len(before) :][new_rows])
    else:
        one, other = Number.of(before), Number.of(after)
    different = one.units[old_rows] != other.units[new_rows]
    if one.valid is not None or other.valid is not None:
        different |= one.known()[old_rows] != other.known()[new_rows]
    return np.asarray(different)


def _bits(array: pa.Array) -> Number:
    """Return doubles as the integers that have their bits."""
    valid = validity(array)
    stored = np.frombuffer(array.buffers()[1], np.int64) if len(array) else np.empty(0, np.int64)
    bits = stored[array.offset : array.offset + len(array)]
    return Number(bits if valid is None else np.where(valid, bits, 0), valid, array.type)
