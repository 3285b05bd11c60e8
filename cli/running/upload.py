"""Sends the CSVs to the landing area, large ones in parts."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cli.errors import CliError
from cli.running.source import file_in
from cli.session import Aws
from cli.terminal import present
from lakehouse.contract import layers
from lakehouse.lake import layout

# What boto3 tells of each answer of S3 that ends an upload.
_ANSWERS: Final = ("after-call.s3.PutObject", "after-call.s3.CompleteMultipartUpload")


def upload(aws: Aws, folder: Path, run_id: str = "") -> dict[str, str]:
    """Upload the CSVs of a folder, for a run where one is named, and return which object version each of them became.

    A run that is told them reads these very files, whatever others upload meanwhile; where they say for which run they
    are, no other one is started by their upload.

    Returns
    -------
    dict of str to str
        By table; empty in a bucket that keeps no versions.

    Raises
    ------
    CliError
        A file cannot be read.
    """
    files = {table: file_in(folder, table) or folder / f"{table}.csv" for table in layers.tables_of(layers.BRONZE)}
    bucket, versions = aws.bucket, dict[str, str]()
    marks = {layout.UPLOADED_FOR: run_id} if run_id else {}
    try:
        total = sum(file.stat().st_size for file in files.values())
        with present.transfer(f"upload {len(files)} CSVs from {present.place(folder)}", total) as advance:
            for table, file in files.items():
                with file.open("rb") as content, _noted(aws, versions, table):
                    aws.s3.upload_fileobj(
                        content,
                        bucket,
                        layout.landing_key(table),
                        ExtraArgs={"ContentType": "text/csv", "Metadata": marks},
                        Callback=advance,
                    )
    except OSError as error:
        raise CliError(f"{error.filename} cannot be read: {error.strerror}") from error
    return versions


@contextmanager
def _noted(aws: Aws, versions: dict[str, str], table: str) -> Iterator[None]:
    """Note which object version an upload within the block becomes.

    The transfer manager does not return it, and to ask for it afterwards could find somebody else's.
    """

    def note(parsed: Mapping[str, Any], **_: Any) -> None:
        # A bucket whose versions are suspended answers ``null``.
        if parsed.get("VersionId") not in {None, "null"}:
            versions[table] = parsed["VersionId"]

    events = aws.s3.meta.events
    for answer in _ANSWERS:
        events.register(answer, note)
    try:
        yield
    finally:
        for answer in _ANSWERS:
            events.unregister(answer, note)


def landed(aws: Aws) -> list[str]:
    """Return the keys of the landing area."""
    pages = aws.s3.get_paginator("list_objects_v2").paginate(Bucket=aws.bucket, Prefix=layout.LANDING_PREFIX)
    return [entry["Key"] for page in pages for entry in page.get("Contents", ())]
