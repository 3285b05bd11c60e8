"""Part files: a table's rows are cut into parts and written as they come, and never all in memory."""

import os
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.contract.model import load
from lakehouse.engine import parquet
from lakehouse.engine.arrays import integers
from lakehouse.engine.keys import flat
from lakehouse.engine.money import narrow
from lakehouse.engine.segments import rows_by
from lakehouse.lake import layout
from lakehouse.parts import PARTITION_KEY, part_of

# Rows are kept in memory up to this many bytes; then each part's rows become a row group of its file.
WAITING: Final = 256 << 20


class PartFiles:
    """The Parquet files of one table's parts in a folder.

    Parameters
    ----------
    table : str
    parts : int
    folder : Path
    waiting : int
        How many bytes of rows are kept in memory before they are written.
    """

    def __init__(self, table: str, parts: int, folder: Path, waiting: int = WAITING) -> None:
        self.paths = [folder / layout.file_name(table, part, parts) for part in range(parts)]
        self._waiting, self._bytes = waiting, 0
        contract = load(table)
        self._keys, self._required = {*contract.key, PARTITION_KEY}, contract.required
        self._rows: list[list[pa.Table]] = [[] for _ in self.paths]
        self._writers: list[pq.ParquetWriter | None] = [None] * parts

    def add(self, rows: pa.Table) -> None:
        """Add rows; in each part they keep their order."""
        rows = _encoded(rows, self._keys)
        for part, part_rows in enumerate(_cut(rows, len(self.paths))):
            if len(part_rows):
                self._rows[part].append(part_rows)
        self._bytes += rows.nbytes
        if self._bytes >= self._waiting:
            self._write()

    def clear(self) -> None:
        """Drop all rows, those already written included."""
        self._rows = [[] for _ in self.paths]
        self._bytes = 0
        for writer in self._writers:
            if writer is not None:
                writer.close()
        self._writers = [None] * len(self.paths)

    def close(self, schema: pa.Schema) -> None:
        """Write the remaining rows; a part without rows becomes an empty file with the schema."""
        self._write()
        for part, writer in enumerate(self._writers):
            if writer is None:
                parquet.write(parquet.declared(schema.empty_table(), self._required), self.paths[part])
            else:
                writer.close()

    def _write(self) -> None:
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            list(threads.map(self._write_part, range(len(self.paths))))
        self._bytes = 0

    def _write_part(self, part: int) -> None:
        waiting, self._rows[part] = self._rows[part], []
        if not waiting:
            return
        rows = pa.concat_tables(waiting).unify_dictionaries().combine_chunks()
        rows = parquet.declared(rows, self._required)
        writer = self._writers[part] or parquet.writer(self.paths[part], rows.schema)
        self._writers[part] = writer
        writer.write_table(rows)


def _cut(rows: pa.Table, parts: int) -> list[pa.Table]:
    """Return the rows of each part."""
    if parts == 1:
        return [rows]
    part = part_of(rows[PARTITION_KEY], parts)
    order = rows_by(part, parts)
    ends = np.cumsum(np.bincount(part, minlength=parts))
    in_order = rows.take(integers(order))
    return [
        in_order.slice(end - count, count) for end, count in zip(ends, np.bincount(part, minlength=parts), strict=True)
    ]


def _encoded(rows: pa.Table, keys: Collection[str]) -> pa.Table:
    """Return the rows as they are written: all text but keys as dictionaries, amounts in 64 bits."""
    columns = {}
    for name in rows.column_names:
        column = flat(rows[name])
        is_repeating = pa.types.is_string(column.type) and name not in keys
        columns[name] = column.dictionary_encode() if is_repeating else narrow(column)
    return pa.table(columns)
