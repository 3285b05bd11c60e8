"""The files of two versions, side by side: the same part of both where they are cut alike, whole tables otherwise."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa

from lakehouse.contract import layers
from lakehouse.contract.model import load
from lakehouse.contract.quality import AuditedFile
from lakehouse.parts import PARTITION_KEY
from lakehouse.versions.version import TableVersion
from lakehouse.versions.view import View

Result = TypeVar("Result")


@dataclass(frozen=True)
class Sides:
    """A table in two versions.

    Attributes
    ----------
    before, after : View
    table : str
    """

    before: View
    after: View
    table: str

    @property
    def same_files(self) -> bool:
        """Whether both versions have the very same files of it, or neither has any."""
        old, new = self._both
        return old is new or (old is not None and new is not None and old.identity == new.identity)

    @property
    def parts(self) -> int:
        """In how many pieces it is compared: its parts, or 1 where the versions have different numbers of them."""
        old, new = self._both
        return old.parts if old is not None and new is not None and old.parts == new.parts else 1

    @property
    def rows(self) -> tuple[int, int]:
        """How many rows it has before and after."""
        old, new = self._both
        return old.rows if old else 0, new.rows if new else 0

    @property
    def may_move(self) -> bool:
        """Whether a row may be in another part than before: where its part does not follow from its key."""
        return self.parts > 1 and PARTITION_KEY not in load(self.table).key

    def each(self, work: Callable[[pa.Table, pa.Table], Result]) -> Iterator[Result]:
        """Yield what ``work`` makes of each piece before and after; some are worked on at once."""
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            yield from threads.map(lambda part: work(*self._read_both(part)), range(self.parts))

    @property
    def _both(self) -> tuple[TableVersion | None, TableVersion | None]:
        return self.before.tables.get(self.table), self.after.tables.get(self.table)

    def _read_both(self, piece: int) -> tuple[pa.Table, pa.Table]:
        """Return a piece before and after: one and the same table where the files have the same content."""
        before = self._read(self.before, piece)
        old, new = self._both
        if old is not None and new is not None and self._content(old, piece) == self._content(new, piece):
            return before, before
        return before, self._read(self.after, piece)

    def _content(self, table: TableVersion, piece: int) -> list[tuple[str, int]]:
        """Return what files of one content have in common, whatever their keys."""
        return [(file.etag, file.bytes) for file in self._files(table, piece)]

    def _files(self, table: TableVersion, piece: int) -> Sequence[AuditedFile]:
        return table.files if self.parts == 1 else table.files[piece : piece + 1]

    def _read(self, view: View, piece: int) -> pa.Table:
        if self.table not in view.tables:
            return load(self.table).schema.empty_table()
        encoded, files = encoded_columns(self.table), self._files(view.table(self.table), piece)
        tables = [view.lake.read_table(file.key, None, encoded, etag=file.etag) for file in files]
        return tables[0] if len(tables) == 1 else pa.concat_tables(tables).unify_dictionaries().combine_chunks()


def differing(before: View, after: View) -> list[Sides]:
    """Return the tables whose files differ between two versions, in the order in which tables are listed."""
    sides = [Sides(before, after, table) for table in layers.all_tables()]
    return [each for each in sides if not each.same_files]


def encoded_columns(table: str) -> list[str]:
    """Return the text columns whose values repeat, which are read as dictionaries: keys are as many as rows."""
    contract = load(table)
    plain = {*contract.key, PARTITION_KEY}
    return [each.name for each in contract.columns if each.arrow_type == pa.string() and each.name not in plain]
