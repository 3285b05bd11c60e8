"""Parquet as this lakehouse writes it: snappy, decimals as integers, and equal tables as equal bytes.

Text that repeats stays dictionary-encoded from the reader to the writer: it is neither gathered nor hashed. Text that
compression makes no smaller, such as UUIDs, is not compressed.
"""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.engine.alike import bounds_of
from lakehouse.engine.keys import flat
from lakehouse.engine.money import MONEY

COMPRESSION: Final = "snappy"
_NONE: Final = "none"
# Whether text gets smaller is asked of so many values, the first ones, where they have enough bytes; it does where this
# share of those goes.
_ASKED: Final = 1 << 10
_ENOUGH: Final = 1 << 12
_SMALLER: Final = 1 / 16
# Large enough for every dictionary: a column that comes dictionary-encoded is written so.
_LARGEST_DICTIONARY: Final = 1 << 28
# Rows encoded at once.
_BATCH: Final = 1 << 16


def writer(sink: BinaryIO | Path, schema: pa.Schema, incompressible: Collection[str] = ()) -> pq.ParquetWriter:
    """Open a Parquet file for writing; dictionary columns are written as they are.

    Columns with few distinct values (whole numbers, rates) are dictionary-encoded too, amounts and dates are
    delta-encoded.

    Parameters
    ----------
    sink : binary file, or path
    schema : pa.Schema
        The schema of every table that will be written to it.
    incompressible : collection of str
        Columns that are not compressed.
    """
    numbers = [field.name for field in schema if not _is_text(field.type)]
    encoded = [field.name for field in schema if _repeats(field.type)]
    differences = [field.name for field in schema if _is_amount(field.type) or pa.types.is_date(field.type)]
    compression: str | dict[str, str] = COMPRESSION
    if incompressible:
        # By name the columns within lists are not reached, which no table has whose keys are asked about.
        compression = {field.name: _NONE if field.name in incompressible else COMPRESSION for field in schema}
    return pq.ParquetWriter(
        sink,
        schema,
        compression=compression,
        use_dictionary=encoded,
        column_encoding=dict.fromkeys(differences, "DELTA_BINARY_PACKED"),
        # A text column's minimum and maximum cost as much as writing it, and hardly differ between parts.
        write_statistics=numbers,
        write_batch_size=_BATCH,
        dictionary_pagesize_limit=_LARGEST_DICTIONARY,
        store_schema=False,
        store_decimal_as_integer=True,
    )


def incompressible(rows: pa.Table) -> tuple[str, ...]:
    """Return the columns of plain text, such as UUIDs, that compression makes hardly smaller, by their first values.

    Uncompressed they take a ninth more bytes, a tenth of the time to write and a quarter of that to read. (With their
    lengths apart, DELTA_LENGTH_BYTE_ARRAY, they would take no more, but pyarrow reads no dictionaries of those.)
    """
    return tuple(name for name in rows.column_names if _is_incompressible(rows[name].slice(0, _ASKED)))


def _is_incompressible(some: pa.ChunkedArray) -> bool:
    if not pa.types.is_string(some.type):
        return False
    array = flat(some)
    bounds, text = bounds_of(array), array.buffers()[2]
    size = int(bounds[-1]) - int(bounds[0])
    if text is None or size < _ENOUGH:
        return False
    return len(pa.compress(text.slice(int(bounds[0]), size), COMPRESSION)) > (1 - _SMALLER) * size


def _is_text(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_dictionary(type_))


def _repeats(type_: pa.DataType) -> bool:
    """Return whether columns of a type have few values: encoded, they are a fifth as large and read twice as fast."""
    is_rate = pa.types.is_decimal(type_) and not _is_amount(type_)
    return bool(pa.types.is_dictionary(type_) or pa.types.is_integer(type_) or is_rate)


def _is_amount(type_: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(type_) and type_.scale == MONEY.scale)


def declared(table: pa.Table, required: Collection[str]) -> pa.Table:
    """Return the table with its required columns declared as not nullable, as its files then say.

    Such columns are written and read faster, without definition levels. A required column that has a NULL stays
    nullable, so that the audit finds it.

    Parameters
    ----------
    table : pa.Table
    required : collection of str
        The columns that the contract requires; those that the table lacks are ignored.
    """
    return _relabelled(table, lambda field: field.name not in required or table[field.name].null_count > 0)


def _relabelled(table: pa.Table, is_nullable: Callable[[pa.Field], bool]) -> pa.Table:
    fields = [field.with_nullable(is_nullable(field)) for field in table.schema]
    return pa.Table.from_arrays(table.columns, schema=pa.schema(fields))


def write(table: pa.Table, sink: BinaryIO | Path, incompressible: Collection[str] = ()) -> None:
    """Write a table as one Parquet file; see `writer`."""
    with writer(sink, table.schema, incompressible) as file:
        file.write_table(table)


def read(source: object, columns: Sequence[str] | None = None, encoded: Sequence[str] = ()) -> pa.Table:
    """Return a Parquet file as a table.

    Parameters
    ----------
    source : path, binary file or pa.NativeFile
    columns : sequence of str, optional
        The columns to decode, in this order; all by default.
    encoded : sequence of str
        The text columns to leave dictionary-encoded.
    """
    with pq.ParquetFile(source, read_dictionary=list(encoded)) as file:
        table = file.read(columns, use_threads=False)
    # A column without NULLs in the file may have some in a table derived from it.
    table = _relabelled(table, lambda _: True)
    return table if columns is None else table.select(list(columns))
