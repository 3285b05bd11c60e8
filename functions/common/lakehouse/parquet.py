"""Parquet as this lakehouse writes it: snappy, decimals as integers, the same table as the same bytes.

Text that repeats goes through as dictionaries, from the reader to the writer: it is neither gathered nor hashed.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.money import MONEY

COMPRESSION: Final = "snappy"
# A dictionary is written as it is given, whatever its size: what is encoded already stays so.
_LARGEST_DICTIONARY: Final = 1 << 28
# Rows that are encoded at once.
_BATCH: Final = 1 << 16


def writer(sink: BinaryIO | Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Open a Parquet file of a schema, whose dictionary columns are written as they are and no other is encoded.

    Parameters
    ----------
    sink : binary file, or path
    schema : pa.Schema
        Of every table to come.
    """
    numbers = [field.name for field in schema if not _is_text(field.type)]
    encoded = [field.name for field in schema if _repeats(field.type)]
    return pq.ParquetWriter(
        sink,
        schema,
        compression=COMPRESSION,
        use_dictionary=encoded,
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
    return bool(
        pa.types.is_dictionary(type_)
        or pa.types.is_integer(type_)
        or pa.types.is_date(type_)
        or (pa.types.is_decimal(type_) and type_.scale != MONEY.scale)
    )


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
    return table if columns is None else table.select(list(columns))
