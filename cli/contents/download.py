"""The tables of a version, with the quarantine, the audit reports and the contract, written to a folder as files."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.contents import checkable
from cli.contents.export_record import Record, claimed, digests, writable
from cli.contents.files import changed
from cli.contents.opening import opened
from cli.errors import CliError
from cli.session import Aws
from cli.terminal import present
from lakehouse.contract import layers
from lakehouse.contract.model import load
from lakehouse.engine import parquet
from lakehouse.errors import StorageError
from lakehouse.lake.s3 import Lake
from lakehouse.personal.delivery import delivered
from lakehouse.versions.version import TableVersion
from lakehouse.versions.view import View

_PIECE: Final = 1 << 20
_NAMED: Final = 5
_NOTHING: Final = "Nothing was written."
_WHOLE: Final = f"Export a version that is whole (--version N); `./importau verify` says more. {_NOTHING}"


@dataclass(frozen=True)
class _Object:
    """An object of the lake, as it has to be, and the file that it becomes."""

    key: str
    etag: str
    size: int
    file: Path
    table: str = ""


def download(aws: Aws, directory: Path, number: int | None = None, *, masking_key: bytes | None = None) -> None:
    """Write a version's tables, reports and quarantine to a folder, in place of an earlier export; all or nothing.

    Parameters
    ----------
    aws : Aws
    directory : Path
    number : int, optional
        The version; the newest one by default.
    masking_key : bytes, optional
        Where given, the tables are written masked as their contracts say, with pseudonyms made by this key, and the
        rows that were set aside are left out: their text is whatever somebody wrote. So is the contract, which is of
        the tables as they are.

    Raises
    ------
    CliError
        A table is not published, or a file is not the one that was; nothing was written.
    UsageError
        There is no version of that number; ``directory`` cannot be written to, or has files there that no export wrote.
    """
    view = opened(aws, number)
    objects = [*_tables(view, directory), *_records(view, directory, with_aside=masking_key is None)]
    paths = [each.file.relative_to(directory).as_posix() for each in objects]
    with writable(directory), _room(directory) as room:
        earlier = claimed(directory)
        how = "" if masking_key is None else ", masked,"
        title = f"export version {view.number}{how} to {directory}"
        with present.transfer(title, sum(each.size for each in objects)) as advance:
            for each, path in zip(objects, paths, strict=True):
                (room / path).parent.mkdir(parents=True, exist_ok=True)
                _fetch(view.lake, each, room / path, advance)
                if masking_key is not None and each.table:
                    _mask(room / path, each.table, masking_key)
            if masking_key is None:
                paths += checkable.write(room)
        record = Record(f"s3://{aws.bucket}", view.runs, view.number, digests(room, paths), masking_key is not None)
        # From here on the record has both exports' files, so that after an interruption the next export knows them.
        record.replacing(earlier).write(directory)
        for path in paths:
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (room / path).replace(directory / path)
        for path in sorted(set(earlier.files if earlier else ()) - set(paths)):
            (directory / path).unlink(missing_ok=True)
        record.write(directory)
    if earlier is not None:
        present.say(f"it took the place of an earlier export ({earlier})")


def _fetch(lake: Lake, each: _Object, target: Path, advance: Callable[[int], None]) -> None:
    """Download an object that is still what it was."""
    try:
        body = lake.open(each.key, etag=each.etag)
    except StorageError as error:
        raise CliError(str(error), _NOTHING) from error
    with target.open("wb") as file:
        for piece in iter(lambda: body.read(_PIECE), b""):
            file.write(piece)
            advance(len(piece))


def _mask(file: Path, table: str, key: bytes) -> None:
    """Replace a table's file by what may be delivered of it."""
    contract = load(table)
    masked = delivered(parquet.read(file), contract.masking, key)
    parquet.write(parquet.declared(masked, contract.required), file)


@contextmanager
def _room(directory: Path) -> Iterator[Path]:
    """Yield a temporary folder inside a folder; remove it afterwards, and the outer folder if it was made for it."""
    is_new = not directory.exists()
    room = directory / ".export.new"
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(parents=True)
    try:
        yield room
    finally:
        shutil.rmtree(room)
        if is_new and not any(directory.iterdir()):
            directory.rmdir()


def _tables(view: View, directory: Path) -> list[_Object]:
    """Return the files of every table: one per part."""
    missing = [table for table in layers.all_tables() if table not in view.tables]
    if missing:
        raise CliError(
            f"version {view.number} has no {', '.join(missing)}: not published yet",
            f"Run the pipeline first: `./importau run`. {_NOTHING}",
        )
    tables = [view.table(table) for table in layers.all_tables()]
    wrong = [each.problem for each in changed(view.lake, tables)]
    if wrong:
        more = f" and {len(wrong) - _NAMED:,} more" if len(wrong) > _NAMED else ""
        raise CliError(f"version {view.number} is not what it was: {'; '.join(wrong[:_NAMED])}{more}", _WHOLE)
    return [
        _Object(file.key, file.etag, file.bytes, directory / table.layer / file.key.rpartition("/")[2], table.table)
        for table in tables
        for file in table.files
    ]


def _records(view: View, directory: Path, *, with_aside: bool) -> list[_Object]:
    """Return the report that let each layer through, and the rows that were set aside where they are wanted."""
    tables = [view.table(table) for table in layers.all_tables()]
    named = {f"{checkable.QUALITY}/{table.layer}.json": table.report for table in tables}
    if with_aside:
        named |= {_aside(table): table.quarantine_key for table in tables if table.quarantine_key is not None}
    objects, missing = [], []
    for path, key in named.items():
        found = view.lake.about(key)
        if found is None:
            missing.append(f"{key} is gone")
        else:
            objects.append(_Object(key, found.etag, found.bytes, directory / path))
    if missing:
        raise CliError(f"version {view.number} is not what it was: {'; '.join(missing)}", _WHOLE)
    return objects


def _aside(table: TableVersion) -> str:
    return f"{checkable.QUARANTINE}/{table.layer}/{table.table}.parquet"
