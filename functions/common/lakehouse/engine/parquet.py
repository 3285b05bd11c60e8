"""Parquet as this lakehouse writes it: snappy, decimals as integers, the same table as the same bytes.

Text that repeats goes through as dictionaries, from the reader to the writer: it is neither gathered nor hashed.
"""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.engine.money import MONEY

COMPRESSION: Final = "snappy"
# A dictionary is written as it is given, whatever its size: what is encoded already stays so.
_LARGEST_DICTIONARY: Final = 1 << 28
# Rows that are encoded at once.
_BATCH: Final = 1 << 16


def writer(sink: BinaryIO | Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Open a Parquet file of a schema, whose dictionary columns are written as they are.

    What has few values (whole numbers, rates) is written as dictionaries too, amounts and dates as differences.

    Parameters
    ----------
    sink : binary file, or path
    schema : pa.Schema
        Of every table to come.
    """
    numbers = [field.name for field in schema if not _is_text(field.type)]
    encoded = [field.name for field in schema if _repeats(field.type)]
    differences = [field.name for field in schema if _is_amount(field.type) or pa.types.is_date(field.type)]
    return pq.ParquetWriter(
        sink,
        schema,
        compression=COMPRESSION,
        use_dictionary=encoded,
        column_encoding=dict.fromkeys(differences, "DELTA_BINARY_PACKED"),
        # The least and greatest of a text column costs as much as writing it, and every part has nearly all of them.
        write_statistics=numbers,
        write_batch_size=_BATCH,
        dictionary_pagesize_limit=_LARGEST_DICTIONARY,
        store_schema=False,
        store_decimal_as_integer=True,
    )


def _is_text(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_dictionary(type_))


def _repeats(type_: pa.DataType) -> bool:
    """Return whether columns of a type have few values: encoded, they are a fifth as large, and read twice as fast."""
    is_rate = pa.types.is_decimal(type_) and not _is_amount(type_)
    return bool(pa.types.is_dictionary(type_) or pa.types.is_integer(type_) or is_rate)


def _is_amount(type_: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(type_) and type_.scale == MONEY.scale)


def declared(table: pa.Table, required: Collection[str]) -> pa.Table:
    """Return the table with the columns that are never NULL declared so, as its files then say.

    They are written and read quicker: no value has to be asked whether it is there. A column that has a NULL
    nevertheless stays as it is, for the audit to find.

    Parameters
    ----------
    table : pa.Table
    required : collection of str
        What the contract requires; columns that the table does not have are of no matter.
    """
    return _relabelled(table, lambda field: field.name not in required or table[field.name].null_count > 0)


def _relabelled(table: pa.Table, is_nullable: Callable[[pa.Field], bool]) -> pa.Table:
    fields = [field.with_nullable(is_nullable(field)) for field in table.schema]
    return pa.Table.from_arrays(table.columns, schema=pa.schema(fields))


def write(table: pa.Table, sink: BinaryIO | Path) -> None:
    """Write a table as one Parquet file."""
    with writer(sink, table.schema) as file:
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
    # What is never NULL in a file may become so in what is made of it.
    table = _relabelled(table, lambda _: True)
    return table if columns is None else table.select(list(columns))
