"""A view: the tables of one version of the lake, or of a run that builds on one. Whoever reads tables reads a view."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.clients import together
from lakehouse.contract import layers
from lakehouse.contract.quality import AuditedFile
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.candidate import candidate
from lakehouse.versions.opening import Opening
from lakehouse.versions.version import TableVersion, Version

# Files that are read at once, where a whole table is: all of them are in memory.
_AT_ONCE: Final = 16

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class View:
    """Tables that belong together, each of exactly the files that were audited.

    Attributes
    ----------
    lake : Lake
    version : Version or None
        The version that it shows, or that the run builds on; None where there is none yet.
    tables : mapping of str to TableVersion
    """

    lake: Lake
    version: Version | None
    tables: Mapping[str, TableVersion]

    @classmethod
    def of_version(cls, lake: Lake, number: int | None = None) -> "View":
        """Return a version, by default the newest one; raise `StorageError` where there is no such version."""
        version = chain.newest(lake) if number is None else chain.read(lake, number)
        return cls(lake, version, version.tables if version else {})

    @classmethod
    def of_run(cls, lake: Lake, opening: Opening, below: str | None = None) -> "View":
        """Return what a run reads: what it has made and audited itself, and for the rest the version it builds on.

        Parameters
        ----------
        lake : Lake
        opening : Opening
        below : str, optional
            Only the layers below this one are looked for in the run; all by default.
        """
        version = chain.read(lake, opening.base) if opening.base else None
        tables = dict(version.tables) if version else {}
        own = layers.LAYERS[: layers.LAYERS.index(below)] if below else layers.LAYERS
        for made in together(lambda layer: candidate(lake, opening, layer), own):
            tables |= made
        return cls(lake, version, tables)

    def table(self, name: str) -> TableVersion:
        """Return a table; raise `StorageError`, saying what to run first, where it was never published."""
        if name not in self.tables:
            where = self.lake.uri(layout.table_prefix(name))
            raise StorageError(f"{where} has nothing published; run {layers.layer_of(name)} first")
        return self.tables[name]

    def parts(self, names: Iterable[str]) -> int:
        """Return in how many parts tables are that are cut together.

        Raises
        ------
        StorageError
            One of them was never published, or they are in different numbers of parts.
        """
        parts = {name: self.table(name).parts for name in names}
        if len(set(parts.values())) > 1:
            counts = ", ".join(f"{name} {count}" for name, count in parts.items())
            raise StorageError(f"the tables are in different numbers of parts ({counts}); run bronze again")
        return max(parts.values())

    def file(self, name: str, part: int = 0) -> AuditedFile:
        """Return the file that a part of a run reads of a table: its own where the table is cut, or else the one."""
        return self.table(name).files[part if layers.is_cut(name) else 0]

    def files(self, name: str) -> tuple[AuditedFile, ...]:
        """Return the files of a table, part by part."""
        return self.table(name).files

    def read(
        self, name: str, part: int = 0, columns: Sequence[str] | None = None, encoded: Sequence[str] = ()
    ) -> pa.Table:
        """Return a table that is in one part, or one part of it.

        Raises
        ------
        StorageError
            The file is missing, or is not the one that was audited.
        """
        file = self.file(name, part)
        return self.lake.read_table(file.key, columns, encoded, etag=file.etag)

    def read_all(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Return all parts of a table, or some columns of them; raise `StorageError` as `read` does.

        Of a file nothing but its footer and these columns is fetched.
        """
        if columns is None:
            return pa.concat_tables(
                together(lambda file: self.lake.read_table(file.key, etag=file.etag), self.files(name), _AT_ONCE)
            )
        return pa.concat_tables(self.each(name, columns, lambda part: part))

    def each(self, name: str, columns: Sequence[str], work: Callable[[pa.Table], _Result]) -> Iterator[_Result]:
        """Yield what some work makes of some columns of each file of a table, in order; several files at once.

        Of a file nothing but its footer and these columns is fetched. Raise `StorageError` as `read` does.
        """

        def done(file: AuditedFile) -> _Result:
            return work(self.lake.read_columns(file.key, columns, etag=file.etag, size=file.bytes))

        return together(done, self.files(name), _AT_ONCE)

    def read_together(
        self, part: int, columns: Mapping[str, Sequence[str] | None], encoded: Mapping[str, Sequence[str]] = {}
    ) -> dict[str, pa.Table]:
        """Return several tables as `read` returns each, read at once.

        Parameters
        ----------
        part : int
        columns : mapping of str to sequence of str or None
            By table; None: all of its columns.
        encoded : mapping of str to sequence of str
            The text columns of each table to leave dictionary-encoded.
        """
        tables = together(lambda name: self.read(name, part, columns[name], encoded.get(name, ())), columns)
        return dict(zip(columns, tables, strict=True))

    def head(
        self,
        file: AuditedFile,
        columns: Callable[[pa.Schema], Sequence[str]],
        chosen: Callable[[int], Sequence[int]] = lambda _: (0,),
    ) -> tuple[pa.Schema, pa.Table]:
        """Return a file's schema, and some columns of some row groups; raise `StorageError` as `read` does.

        Parameters
        ----------
        file : AuditedFile
        columns : callable
            Takes the schema and returns the columns that are wanted.
        chosen : callable
            Takes how many row groups there are, and returns the numbers of those that are wanted: the first by default.
        """
        return self.lake.read_first(file.key, columns=columns, etag=file.etag, size=file.bytes, chosen=chosen)

    def first(self, name: str) -> pq.ParquetFile:
        """Open the first file of a table, to read its footer or some rows; raise `StorageError` as `read` does."""
        return self.opened(self.file(name))

    def opened(self, file: AuditedFile) -> pq.ParquetFile:
        """Open a file, to read its footer or some columns; raise `StorageError` as `read` does."""
        return self.lake.parquet(file.key, etag=file.etag, size=file.bytes)

    def made_from(self, names: Iterable[str]) -> dict[str, str]:
        """Return the run of each of some tables."""
        return {name: self.table(name).run for name in names}

    @property
    def runs(self) -> dict[str, str]:
        """The run of each layer that it has tables of."""
        return {self.tables[name].layer: self.tables[name].run for name in layers.all_tables() if name in self.tables}

    @property
    def number(self) -> int:
        """The number of the version; 0 where there is none."""
        return self.version.number if self.version else chain.NONE
