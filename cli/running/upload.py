"""Sends the CSVs to the landing area, large ones in parts."""

from pathlib import Path

from cli.errors import CliError
from cli.session import Aws
from cli.terminal import present
from lakehouse.contract import layers
from lakehouse.lake import layout


def upload(aws: Aws, folder: Path) -> None:
    """Upload the CSVs of a folder.

    Raises
    ------
    CliError
        A file cannot be read.
    """
    files = {table: folder / f"{table}.csv" for table in layers.tables_of(layers.BRONZE)}
    bucket = aws.bucket
    try:
        total = sum(file.stat().st_size for file in files.values())
        with present.transfer(f"upload {len(files)} CSVs from {present.place(folder)}", total) as advance:
            for table, file in files.items():
                with file.open("rb") as content:
                    aws.s3.upload_fileobj(
                        content,
                        bucket,
                        layout.landing_key(table),
                        ExtraArgs={"ContentType": "text/csv"},
                        Callback=advance,
                    )
    except OSError as error:
        raise CliError(f"{error.filename} cannot be read: {error.strerror}") from error


def landed(aws: Aws) -> list[str]:
    """Return the keys of the landing area."""
    pages = aws.s3.get_paginator("list_objects_v2").paginate(Bucket=aws.bucket, Prefix=layout.LANDING_PREFIX)
    return [entry["Key"] for page in pages for entry in page.get("Contents", ())]
