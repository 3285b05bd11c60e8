"""Part files: a table's rows are cut into parts and written as they come, and never all in memory."""

import os
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.contract.model import load
from lakehouse.engine import parquet
from lakehouse.engine.arrays import Mask, integers
from lakehouse.engine.dictionaries import compacted
from lakehouse.engine.keys import flat
from lakehouse.engine.money import narrow
from lakehouse.engine.segments import Index, rows_by
from lakehouse.lake import layout
from lakehouse.parts import PARTITION_KEY, part_of

# Rows are kept in memory up to this many bytes; then each part's rows become a row group of its file.
WAITING: Final = 256 << 20
# Rows of a row group where they do not wait for others: a part as it is cut by itself has fewer.
ROWS: Final = 1 << 19


class PartFiles:
    """The Parquet files of one table's parts in a folder.

    Parameters
    ----------
    table : str
    parts : int
    folder : Path
    waiting : int, optional
        How many bytes of rows are kept in memory before they are written; None: a part's rows are written as soon as
        there are `ROWS` of them, so that its file does not depend on how they come.
    only : range, optional
        The parts whose rows are added, and whose files these are; all by default.
    """

    def __init__(
        self, table: str, parts: int, folder: Path, waiting: int | None = WAITING, only: range | None = None
    ) -> None:
        self._parts, self._only = parts, range(parts) if only is None else only
        self.paths = [folder / layout.file_name(table, part, parts) for part in self._only]
        self._waiting, self._bytes = waiting, 0
        contract = load(table)
        self._keys, self._required = {*contract.key, PARTITION_KEY}, contract.required
        # In each part the rows that wait, and their numbers in the order in which they were added.
        self._rows: list[list[tuple[pa.Table, Index]]] = [[] for _ in self.paths]
        self._added, self._count = 0, [0] * len(self.paths)
        self._writers: list[pq.ParquetWriter | None] = [None] * len(self.paths)

    def add(self, rows: pa.Table, stays: Mask | None = None) -> None:
        """Add rows; in each part they keep their order.

        Parameters
        ----------
        rows : pa.Table, shape (n, ...)
        stays : numpy bool, shape (n,), optional
            Which of them are added; all by default.
        """
        rows = encoded(rows, self._keys)
        for part, (part_rows, numbers) in enumerate(_cut(rows, stays, self._parts, self._only)):
            if len(part_rows):
                self._rows[part].append((part_rows, numbers + self._added))
                self._count[part] += len(part_rows)
                while self._waiting is None and self._count[part] >= ROWS:
                    self._write_rows(part, ROWS)
        self._added += len(rows) if stays is None else int(np.count_nonzero(stays))
        self._bytes += rows.nbytes
        if self._waiting is not None and self._bytes >= self._waiting:
            self._write()

    def drop(self, numbers: Index) -> bool:
        """Drop rows by their numbers, in the order in which they were added; False where some are written already."""
        if any(writer is not None for writer in self._writers):
            return False
        stays = np.ones(self._added, bool)
        stays[numbers] = False
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            self._rows = list(threads.map(partial(_staying, stays), self._rows))
        return True

    def clear(self) -> None:
        """Drop all rows, those already written included."""
        self._rows = [[] for _ in self.paths]
        self._bytes = self._added = 0
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

    def _write_rows(self, part: int, count: int) -> None:
        """Write the first of the rows that wait in a part."""
        taken, rest, room = [], [], count
        for rows, numbers in self._rows[part]:
            taken.append((rows.slice(0, room), numbers[:room]))
            rest.append((rows.slice(room), numbers[room:]))
            room -= min(room, len(rows))
        self._rows[part] = taken
        self._write_part(part)
        self._rows[part], self._count[part] = rest, self._count[part] - count

    def _write_part(self, part: int) -> None:
        waiting, self._rows[part] = [rows for rows, _ in self._rows[part] if len(rows)], []
        if not waiting:
            return
        rows = pa.concat_tables(waiting).unify_dictionaries().combine_chunks()
        rows = parquet.declared(_compacted(rows), self._required)
        writer = self._writers[part] or parquet.writer(self.paths[part], rows.schema, parquet.incompressible(rows))
        self._writers[part] = writer
        writer.write_table(rows)


def _staying(stays: Mask, waiting: Iterable[tuple[pa.Table, Index]]) -> list[tuple[pa.Table, Index]]:
    """Return the rows of a part that stay, with their numbers; tables of which all do are not copied."""
    kept = []
    for rows, numbers in waiting:
        its = stays[numbers]
        kept.append((rows, numbers) if its.all() else (rows.filter(pa.array(its)), numbers[its]))
    return kept


def _cut(rows: pa.Table, stays: Mask | None, parts: int, only: range) -> list[tuple[pa.Table, Index]]:
    """Return the rows that stay of each of some parts, and their numbers among those; no other part has any."""
    if len(only) == 1:
        kept = rows if stays is None else rows.filter(pa.array(stays))
        return [(kept, np.arange(len(kept)))]
    part = part_of(rows[PARTITION_KEY], parts) - only.start
    # What does not stay is left out here, where all rows are copied anyway.
    if stays is None:
        order = number = rows_by(part, len(only))
    else:
        staying = np.flatnonzero(stays)
        part = part[staying]
        number = rows_by(part, len(only))
        order = staying[number]
    counts = np.bincount(part, minlength=len(only))
    in_order = rows.take(integers(order))
    return [
        (in_order.slice(end - count, count), number[end - count : end])
        for end, count in zip(np.cumsum(counts).tolist(), counts.tolist(), strict=True)
    ]


def encoded(rows: pa.Table, keys: Collection[str]) -> pa.Table:
    """Return the rows as they are written: all text but keys as dictionaries, amounts in 64 bits."""
    columns = {}
    for name in rows.column_names:
        column = flat(rows[name])
        is_repeating = pa.types.is_string(column.type) and name not in keys
        columns[name] = column.dictionary_encode() if is_repeating else narrow(column)
    return pa.table(columns)


def _compacted(rows: pa.Table) -> pa.Table:
    """Return the rows with dictionaries of what occurs in them alone, however they were read and what was beside."""
    columns = {name: flat(rows[name]) for name in rows.column_names}
    return pa.table({
        name: compacted(column) if pa.types.is_dictionary(column.type) else column for name, column in columns.items()
    })  # fmt: skip
