"""The tables of a lakehouse, with the quarantine and the audit reports, written to a folder as files."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli.contents.export_record import Record, claimed, digests
from cli.errors import CliError, UsageError
from cli.session import Aws
from cli.terminal import present
from lakehouse.contract import layers
from lakehouse.contract.layers import layer_of
from lakehouse.errors import StorageError
from lakehouse.lake import layout


@dataclass(frozen=True)
class _Object:
    """An object of the lake and the file it becomes."""

    key: str
    size: int
    file: Path


def claim(directory: Path) -> Record | None:
    """Return the export that a new one would replace; raise `UsageError` as `claimed` does."""
    with _writable(directory):
        return claimed(directory)


def download(aws: Aws, directory: Path) -> None:
    """Write the lake's tables, reports and quarantine to a folder, in place of an earlier export; all or nothing.

    Raises
    ------
    CliError
        A table is not published; nothing was written.
    UsageError
        ``directory`` cannot be written to, or has files there that no export wrote.
    """
    published = _published(aws)
    objects = [*_tables(aws, directory), *_records(aws, directory, published)]
    paths = [each.file.relative_to(directory).as_posix() for each in objects]
    runs = {layer: report["run_id"] for layer, (_, _, report) in published.items()}
    with _writable(directory), _room(directory) as room:
        earlier = claimed(directory)
        with present.transfer(f"export to {directory}", sum(each.size for each in objects)) as advance:
            for each, path in zip(objects, paths, strict=True):
                (room / path).parent.mkdir(parents=True, exist_ok=True)
                aws.s3.download_file(aws.bucket, each.key, str(room / path), Callback=advance)
        record = Record(f"s3://{aws.bucket}", runs, digests(room, paths))
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


def published_runs(aws: Aws) -> dict[str, str]:
    """Return, by layer, the run whose tables are published."""
    return {layer: report["run_id"] for layer, (_, _, report) in _published(aws).items()}


@contextmanager
def _writable(directory: Path) -> Iterator[None]:
    """Raise `UsageError` where the file system refuses something."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{error.filename or directory} cannot be written: {error.strerror}") from error


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


def _tables(aws: Aws, directory: Path) -> list[_Object]:
    """Return the files of every table: one per part."""
    from lakehouse.lake.s3 import Lake

    lake = Lake(aws.bucket, aws.s3)
    objects: list[_Object] = []
    missing: list[str] = []
    broken: list[str] = []
    for table in layers.all_tables():
        try:
            keys = list(lake.published(table))
        except StorageError as error:
            is_there = any(True for _ in lake.list(layout.published_prefix(table)))
            (broken if is_there else missing).append(str(error) if is_there else table)
            continue
        objects += [_Object(key, lake.size(key) or 0, _table_file(directory, table, key)) for key in keys]
    if missing or broken:
        problems = [*([f"not published yet: {', '.join(missing)}"] if missing else ()), *broken]
        raise CliError("; ".join(problems), "Run the pipeline first: `./importau run`. Nothing was written.")
    return objects


def _table_file(directory: Path, table: str, key: str) -> Path:
    return directory / layer_of(table) / key.removeprefix(layout.published_prefix(table))


def _published(aws: Aws) -> dict[str, tuple[str, int, dict[str, Any]]]:
    """Return the audit report of each layer's last published run: its key, size and content."""
    reports = {layer: _last_passed(aws, layer) for layer in layout.LAYERS}
    return {layer: report for layer, report in reports.items() if report is not None}


def _records(aws: Aws, directory: Path, published: Mapping[str, tuple[str, int, dict[str, Any]]]) -> Iterator[_Object]:
    """Yield the audit report of each layer, and the rows that its run set aside."""
    for layer, (key, size, report) in published.items():
        yield _Object(key, size, directory / "quality" / f"{layer}.json")
        for table in report["tables"]:
            set_aside = layout.quarantine_key(report["run_id"], layer, table["table"])
            if table["quarantined"] and (size_aside := _size(aws, set_aside)) is not None:
                yield _Object(set_aside, size_aside, directory / "quarantine" / layer / f"{table['table']}.parquet")


def _last_passed(aws: Aws, layer: str) -> tuple[str, int, dict[str, Any]] | None:
    """Return the key, size and content of a layer's newest audit report that passed."""
    pages = aws.s3.get_paginator("list_objects_v2").paginate(Bucket=aws.bucket, Prefix=layout.quality_prefix(layer))
    entries = [entry for page in pages for entry in page.get("Contents", ())]
    # S3's times are in seconds; of two reports within one, the run ids decide, which sort by time.
    for entry in sorted(entries, key=lambda entry: (entry["LastModified"], entry["Key"]), reverse=True):
        report = json.loads(aws.s3.get_object(Bucket=aws.bucket, Key=entry["Key"])["Body"].read())
        if report["passed"]:
            return entry["Key"], entry["Size"], report
    return None


def _size(aws: Aws, key: str) -> int | None:
    """Return an object's bytes, or None when it does not exist."""
    try:
        return aws.s3.head_object(Bucket=aws.bucket, Key=key)["ContentLength"]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
            return None
        raise
