"""Columns as numbers: text as codes into its distinct values, everything else as whole units. A join is then a gather.

Arrow at the edges, numpy in between: nothing here makes an Arrow value from a Python object, since that would import
pandas (0.7 s).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.engine.arrays import Mask, integers, strings, validity
from lakehouse.engine.keys import ABSENT, Codes, codes_of, find, flat
from lakehouse.engine.money import DIGITS, Units, check_range, to_units
from lakehouse.engine.segments import Index

# Dates are days since 1970-01-01.
_STORED: Final[dict[pa.DataType, npt.DTypeLike]] = {pa.date32(): np.int32, pa.int64(): np.int64}

# Of so many values of a first dictionary, one of others is few.
_FEW: Final = 8


@dataclass(frozen=True)
class Text:
    """A column of text.

    Attributes
    ----------
    codes : numpy int32, shape (n,)
        Each row's place in ``values``; `ABSENT` where it is NULL.
    values : pa.Array of string, shape (k,)
        Each value once; some may not occur in the column.
    """

    codes: Codes
    values: pa.Array

    @classmethod
    def of(cls, column: pa.ChunkedArray | pa.Array) -> "Text":
        """Encode a column; one that is encoded already keeps its dictionary."""
        array = flat(column)
        if not pa.types.is_dictionary(array.type):
            array = array.dictionary_encode()
        return cls(codes_of(array.indices), array.dictionary)

    @classmethod
    def of_keys(cls, column: pa.ChunkedArray | pa.Array) -> "Text":
        """Take a column as it is, whose values are all different and not NULL."""
        values = flat(column)
        return cls(np.arange(len(values), dtype=np.int32), values)

    @classmethod
    def repeated(cls, value: str | None, rows: int) -> "Text":
        """Return one value, or NULL, for every row."""
        return cls(np.full(rows, ABSENT if value is None else 0, np.int32), strings([] if value is None else [value]))

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.codes)

    def at(self, rows: Index, present: Mask | None = None) -> "Text":
        """Return the values at ``rows``; NULL where a row is `ABSENT` or ``len(self)``: there ``present`` is False."""
        codes = self.codes if present is None else np.append(self.codes, np.int32(ABSENT))
        return Text(codes[rows], self.values)

    def is_(self, *values: str) -> Mask:
        """Return where the value is one of these; False where it is NULL."""
        matches = np.array([value in values for value in self.values.to_pylist()] + [False])
        return np.asarray(matches[self.codes])

    def known(self) -> Mask:
        """Return where the value is not NULL."""
        return np.asarray(self.codes >= 0)

    def rows_of(self, keys: pa.ChunkedArray | pa.Array) -> Index:
        """Return each value's row in ``keys``, shape (n,); `ABSENT` where it is NULL or not one of them."""
        row = np.append(codes_of(pc.index_in(self.values, value_set=flat(keys))), np.int32(ABSENT))
        return row.astype(np.int64)[self.codes]

    def array(self) -> pa.DictionaryArray:
        """Return the column as an Arrow dictionary array, without copying the values."""
        indices = integers(self.codes, valid=None if not len(self) or self.codes.min() >= 0 else self.known())
        return pa.DictionaryArray.from_arrays(indices, self.values, safe=False)


@dataclass(frozen=True)
class Number:
    """A column of dates (days since 1970-01-01), integers or decimals (units of their last digit).

    Attributes
    ----------
    units : numpy int64, shape (n,)
    valid : numpy bool, shape (n,), or None
        Where the value is not NULL; None: everywhere. ``units`` are 0 elsewhere.
    type : pa.DataType
    """

    units: Units
    valid: Mask | None
    type: pa.DataType

    @classmethod
    def of(cls, column: pa.ChunkedArray | pa.Array) -> "Number":
        """Read a column of dates, integers of 64 bits, or decimals of at most 18 digits."""
        array = flat(column)
        valid = validity(array)
        if pa.types.is_decimal(array.type):
            return cls(to_units(array), valid, array.type)
        stored = np.frombuffer(array.buffers()[1], _STORED[array.type]) if len(array) else np.empty(0)
        units = stored[array.offset : array.offset + len(array)].astype(np.int64)
        return cls(units if valid is None else np.where(valid, units, 0), valid, array.type)

    @classmethod
    def nulls(cls, rows: int, type_: pa.DataType) -> "Number":
        """Return a column of NULLs."""
        return cls(np.zeros(rows, np.int64), np.zeros(rows, bool), type_)

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.units)

    def at(self, rows: Index, present: Mask | None = None) -> "Number":
        """Return the values at ``rows``; NULL where a row is `ABSENT` or ``len(self)``: there ``present`` is False."""
        if present is None:
            return Number(self.units[rows], None if self.valid is None else self.valid[rows], self.type)
        valid = present if self.valid is None else np.append(self.valid, False)[rows]
        return Number(np.append(self.units, 0)[rows], valid, self.type)

    def known(self) -> Mask:
        """Return where the value is not NULL."""
        return np.ones(len(self), bool) if self.valid is None else self.valid

    def array(self) -> pa.Array:
        """Return the column as an Arrow array, decimals as decimal64.

        Raises
        ------
        MoneyRangeError
            An amount has more than 18 digits.
        """
        if pa.types.is_decimal(self.type):
            # The units and Parquet's decimals are 64 bits wide: nothing is converted.
            check_range(self.units, self.type.scale)
            return integers(self.units, pa.decimal64(DIGITS, self.type.scale), self.valid)
        return integers(self.units.astype(_STORED[self.type], copy=False), self.type, self.valid)


ColumnData = Text | Number


class Columns(dict[str, ColumnData]):
    """The columns of a table, by name."""

    @classmethod
    def of(cls, table: pa.Table, names: Sequence[str]) -> "Columns":
        """Read some columns of a table."""
        return cls(
            {name: (Number if _is_numeric(table.schema.field(name).type) else Text).of(table[name]) for name in names}
        )

    def text(self, name: str) -> Text:
        """Return a column of text; raise ``TypeError`` for any other."""
        column = self[name]
        if not isinstance(column, Text):
            raise TypeError(f"'{name}' is {column.type}, not text")
        return column

    def number(self, name: str) -> Number:
        """Return a column of dates, integers or decimals; raise ``TypeError`` for any other."""
        column = self[name]
        if not isinstance(column, Number):
            raise TypeError(f"'{name}' is text, not a number")
        return column

    def at(self, rows: Index, present: Mask | None = None) -> "Columns":
        """Return the columns at ``rows``, see `Text.at`; without a copy where those are all rows in order."""
        if present is None and self and np.array_equal(rows, np.arange(len(next(iter(self.values()))))):
            return self
        return Columns({name: column.at(rows, present) for name, column in self.items()})

    def table(self, schema: pa.Schema | None = None, more: Mapping[str, pa.Array] | None = None) -> pa.Table:
        """Return the columns as an Arrow table, text as dictionaries.

        Parameters
        ----------
        schema : pa.Schema, optional
            The columns to return, in its order, text as plain strings; by default all columns as they are.
        more : mapping of str to pa.Array, optional
            Further columns, of types that neither `Text` nor `Number` holds.
        """
        if schema is None:
            return pa.table([column.array() for column in self.values()], names=list(self))
        others = more or {}
        return pa.table(
            [others[name] if name in others else self[name].array() for name in schema.names], names=schema.names
        ).cast(schema)

    def with_(self, columns: Mapping[str, ColumnData]) -> "Columns":
        """Return these columns and some more."""
        return Columns({**self, **columns})


def stack(tables: Sequence[Columns]) -> Columns:
    """Put tables of the same columns one below the other."""
    return Columns({name: _stacked([table[name] for table in tables]) for name in tables[0]})


def _stacked(columns: Sequence[ColumnData]) -> ColumnData:
    nonempty = [column for column in columns if len(column)] or list(columns[:1])
    if len(nonempty) == 1:
        return nonempty[0]
    texts = [column for column in nonempty if isinstance(column, Text)]
    return _one_text(texts) if texts else _one_number([column for column in nonempty if isinstance(column, Number)])


def _one_text(columns: Sequence[Text]) -> Text:
    """Concatenate columns over one dictionary; values keep the order in which they first occur."""
    first = next((column.values for column in columns if len(column.values)), columns[0].values)
    if all(column.values is first or not len(column.values) for column in columns):
        return Text(np.concatenate([column.codes for column in columns]), first)
    code, values = _one_dictionary([column.values for column in columns])
    code, start, codes = np.append(code, np.int32(ABSENT)), 0, []
    for column in columns:
        codes.append(code[np.where(column.codes < 0, ABSENT, column.codes + start)])
        start += len(column.values)
    return Text(np.concatenate(codes), values)


def _one_dictionary(dictionaries: Sequence[pa.Array]) -> tuple[Codes, pa.Array]:
    """Return the code of each value of some dictionaries, one after the other, in one of all, and that."""
    first, rest = dictionaries[0], pa.concat_arrays(dictionaries[1:])
    if len(rest) * _FEW > len(first):
        encoded = pa.concat_arrays(dictionaries).dictionary_encode()
        return codes_of(encoded.indices), encoded.dictionary
    # A few values are looked up among many, rather than all of them hashed.
    encoded = rest.dictionary_encode()
    place = find(encoded.dictionary, first)
    is_new = place == ABSENT
    place[is_new] = len(first) + np.arange(int(is_new.sum()))
    code = np.concatenate([np.arange(len(first)), place[codes_of(encoded.indices)]]).astype(np.int32)
    return code, pa.concat_arrays([first, encoded.dictionary.take(integers(np.flatnonzero(is_new)))])


def _one_number(columns: Sequence[Number]) -> Number:
    valid = None
    if any(column.valid is not None for column in columns):
        valid = np.concatenate([column.known() for column in columns])
    return Number(np.concatenate([column.units for column in columns]), valid, columns[0].type)


def _is_numeric(type_: pa.DataType) -> bool:
    return type_ in _STORED or pa.types.is_decimal(type_)
