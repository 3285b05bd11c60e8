"""The files of a version as S3 has them now, beside what the version says of them: exactly what was audited."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from lakehouse.contract.quality import AuditedFile
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake, Stored
from lakehouse.versions.version import TableVersion
from lakehouse.versions.view import View

_AT_ONCE: Final = 16


@dataclass(frozen=True)
class Found:
    """A file that a version names, as it was found.

    Attributes
    ----------
    table : str
    file : AuditedFile
        As the version names it.
    problem : str
        What became of it; empty where it is the file that was audited.
    footer : pa.Schema or None
        The schema in its footer, where that was read.
    """

    table: str
    file: AuditedFile
    problem: str
    footer: pa.Schema | None = None


def changed(lake: Lake, tables: Sequence[TableVersion]) -> list[Found]:
    """Return what became of the files that some tables consist of, by one listing of each table's folder."""
    return [each for _, found in _listed(lake, tables) for each in found if each.problem]


@dataclass(frozen=True)
class Examined:
    """The files of a version, examined.

    Attributes
    ----------
    found : sequence of Found
    added : sequence of str
        The keys of files that lie in the folders of its runs, and that it does not name.
    """

    found: Sequence[Found]
    added: Sequence[str]

    @property
    def problems(self) -> list[str]:
        """What is not as it was audited."""
        added = [f"{key} was added: no audit has read it" for key in self.added]
        return [*(each.problem for each in self.found if each.problem), *added]

    def of(self, table: str) -> list[Found]:
        """Return the files of a table."""
        return [each for each in self.found if each.table == table]


def examined(view: View) -> Examined:
    """Examine every file that a version names: it is listed, and its footer is read."""
    tables = view.version.ordered if view.version else ()
    listed = _listed(view.lake, tables)
    names = {file.key for table in tables for file in table.files}
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        found = list(threads.map(lambda each: _with_footer(view.lake, each), (f for _, fs in listed for f in fs)))
    return Examined(found, [key for keys, _ in listed for key in keys if key not in names])


def _listed(lake: Lake, tables: Sequence[TableVersion]) -> list[tuple[list[str], list[Found]]]:
    """Return, by table, the keys in its run's folder, and its files with what became of them."""

    def of_table(table: TableVersion) -> tuple[list[str], list[Found]]:
        there = {each.key: each for each in lake.objects(layout.run_prefix(table.table, table.run))}
        found = [Found(table.table, file, _became(file, there.get(file.key))) for file in table.files]
        expected = [layout.run_key(table.table, table.run, part, table.parts) for part in range(table.parts)]
        if [file.key for file in table.files] != expected:
            found = [_misplaced(each, expected) for each in found]
        return list(there), found

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(of_table, tables))


def _became(file: AuditedFile, now: Stored | None) -> str:
    if now is None:
        return f"{file.key} is gone"
    if file.bytes and not now.bytes:
        return f"{file.key} was emptied"
    if (file.etag, file.bytes) != (now.etag, now.bytes):
        return f"{file.key} was changed or replaced: {now.bytes:,} bytes, audited were {file.bytes:,}"
    return ""


def _misplaced(found: Found, expected: Sequence[str]) -> Found:
    """Return a file of a version that does not name all parts of a table, with that as its problem."""
    if found.problem or found.file.key in expected:
        return found
    return Found(found.table, found.file, f"{found.file.key} is none of the {len(expected)} files of its run")


def _with_footer(lake: Lake, found: Found) -> Found:
    file = found.file
    if found.problem:
        return found
    try:
        opened = lake.parquet(file.key, etag=file.etag, size=file.bytes)
        rows, footer = opened.metadata.num_rows, opened.schema_arrow
    except (StorageError, pa.ArrowException, OSError) as error:
        return Found(found.table, file, f"{file.key} cannot be read: {error}")
    problem = "" if rows == file.rows else f"{file.key} has {rows:,} rows, and the version says {file.rows:,}"
    return Found(found.table, file, problem, footer)
