"""`importau export`: the ten tables, with what was set aside and the audit reports, as files."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import ClientError

from cli import options, present
from cli.errors import CliError, UsageError
from cli.session import Aws, connect
from lakehouse import layout
from lakehouse.errors import StorageError


@dataclass(frozen=True)
class _Object:
    """An object of the lake and the file it becomes."""

    key: str
    size: int
    file: Path


def export(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to; made when missing.")],
    local: options.Local = False,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Download the ten tables as Parquet, with quarantine and quality reports.

    DIR/bronze, DIR/silver, DIR/gold: the published tables. DIR/quality: the audit that let each layer through.
    DIR/quarantine: the rows that those runs set aside. Files of an earlier export are replaced.
    """
    download(connect(local, stack, region, profile), directory.expanduser())


def download(aws: Aws, directory: Path) -> None:
    """Write the lake's tables, reports and quarantine to a folder; each file appears whole or not at all.

    Raises
    ------
    CliError
        A table is not published; nothing was written.
    UsageError
        ``directory`` cannot be written to.
    """
    objects = [*_tables(aws, directory), *_records(aws, directory)]
    try:
        with present.transfer(f"export to {directory}", sum(each.size for each in objects)) as advance:
            for each in objects:
                each.file.parent.mkdir(parents=True, exist_ok=True)
                # boto3 writes beside the file and renames: an interrupted export leaves no half file.
                aws.s3.download_file(aws.bucket, each.key, str(each.file), Callback=advance)
        _remove_stale(directory, {each.file for each in objects})
    except OSError as error:
        raise UsageError(f"{error.filename or directory} cannot be written: {error.strerror}") from error


def _tables(aws: Aws, directory: Path) -> list[_Object]:
    """Return the files of every table: one, or one a part."""
    from lakehouse.s3 import Lake

    lake = Lake(aws.bucket, aws.s3)
    found: list[_Object] = []
    missing: list[str] = []
    broken: list[str] = []
    for table in (table for tables in layout.TABLES.values() for table in tables):
        try:
            keys = list(lake.published(table))
        except StorageError as error:
            is_there = any(True for _ in lake.list(layout.published_prefix(table)))
            (broken if is_there else missing).append(str(error) if is_there else table)
            continue
        found += [_Object(key, lake.size(key) or 0, directory / _file(key)) for key in keys]
    if missing or broken:
        said = [*([f"not published yet: {', '.join(missing)}"] if missing else ()), *broken]
        raise CliError("; ".join(said), "Run the pipeline first: `./importau run`. Nothing was written.")
    return found


def _file(key: str) -> Path:
    """Return where in the folder a table's object is written: layer and file name."""
    layer, _, name = key.split("/")
    return Path(layer) / name


def _records(aws: Aws, directory: Path) -> Iterator[_Object]:
    """Yield, for each layer, the audit report of the run that was published last, and the rows it set aside."""
    for layer in layout.LAYERS:
        found = _last_passed(aws, layer)
        if found is None:
            continue
        key, size, report = found
        yield _Object(key, size, directory / "quality" / f"{layer}.json")
        for table in report["tables"]:
            set_aside = layout.quarantine_key(report["run_id"], layer, table["table"])
            if table["quarantined"] and (size_aside := _size(aws, set_aside)) is not None:
                yield _Object(set_aside, size_aside, _quarantine_file(directory, layer, table["table"]))


def _last_passed(aws: Aws, layer: str) -> tuple[str, int, dict[str, Any]] | None:
    """Return the key, size and content of a layer's newest audit report that passed."""
    pages = aws.s3.get_paginator("list_objects_v2").paginate(
        Bucket=aws.bucket, Prefix=layout.quality_key("", layer).removesuffix(".json")
    )
    entries = [entry for page in pages for entry in page.get("Contents", ())]
    for entry in sorted(entries, key=lambda entry: entry["LastModified"], reverse=True):
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


def _quarantine_file(directory: Path, layer: str, table: str) -> Path:
    return directory / "quarantine" / layer / f"{table}.parquet"


def _remove_stale(directory: Path, written: set[Path]) -> None:
    """Remove what an earlier export wrote and this one did not: a cleaner run's quarantine, another number of parts."""
    for layer, tables in layout.TABLES.items():
        for table in tables:
            parts = {file for file in (directory / layer).glob("*.parquet") if layout.is_file_of(table, file.name)}
            for file in {*parts, _quarantine_file(directory, layer, table)} - written:
                file.unlink(missing_ok=True)
