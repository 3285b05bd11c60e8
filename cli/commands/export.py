"""`importau export`: the tables, with what was set aside and the audit reports, as files; and the workbook."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from cli import options
from cli.contents.export_record import claim
from cli.errors import CliError, UsageError
from cli.session import Aws, connect
from cli.terminal import present


def export(  # noqa: PLR0913, PLR0917 - an argument an option
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Where the tables go; made when missing.")
    ] = None,
    excel: Annotated[
        Path | None,
        typer.Option("--excel", metavar="FILE", help="Write the workbook for people, FILE.xlsx, with or without DIR."),
    ] = None,
    masked: Annotated[
        bool,
        typer.Option("--masked", help="Mask personal and confidential columns as the contracts say; no quarantine."),
    ] = False,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", metavar="FILE", help="The secret that pseudonyms are made with, so that they stay the same."
        ),
    ] = None,
    views: Annotated[
        bool,
        typer.Option("--views", help="With --masked: make the tables' masked views for Athena, with or without DIR."),
    ] = False,
    version: options.Version = None,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Download the tables of a version as Parquet, with quarantine and quality reports; or as a workbook.

    DIR/bronze, DIR/silver, DIR/gold: the tables. DIR/quality: the audit that let each layer through. DIR/quarantine:
    the rows that those runs set aside. DIR/contract: all contracts as one, whose rules `datacontract test` executes.
    DIR/export.json: what was exported. An earlier export is replaced; where DIR has files of those folders that no
    export wrote, or that were changed since, nothing is.

    With --masked a personal or confidential column is a pseudonym (hmac), shows first letters alone (partial) or is
    left out (drop), as its contract says; in free text what looks personal shows first letters alone. Pseudonyms are
    the same in all tables; without --key those of another export are others, and nobody can tell them back.

    With --views Athena has masked views of the tables that hold anything personal, of the newest version, in the
    database importau_mascarado: without the pseudonyms, whose key would stand in them.

    The workbook is in Portuguese: cash flow, exposure, risk and forecast with charts, quality, and what every column
    means. An earlier one is replaced as long as nobody changed it.
    """
    if directory is None and excel is None and not views:
        raise UsageError(
            "there is nothing to export to", "Name a folder for the tables (DIR), a workbook (--excel FILE), or both."
        )
    secret = _secret(key) if masked else None
    if key is not None and not masked:
        raise UsageError(
            "--key is for pseudonyms, and without --masked there are none", "Add --masked, or leave it out."
        )
    if views and not masked:
        raise UsageError("the views that there are to make are masked", "Add --masked, or leave --views out.")
    if masked and directory is None and not views:
        raise UsageError("--masked is for tables, and no folder is named for them", "Name a folder (DIR), or --views.")
    folder = directory.expanduser() if directory else None
    book = excel.expanduser() if excel else None
    if folder is not None:
        claim(folder)
    if book is not None:
        from cli.workbook.file import claim_workbook

        claim_workbook(book)
    aws = connect(local, stack, region, profile, stage)
    if views:
        from cli.contents.masked_views import make

        present.done(f"masked views for Athena: {', '.join(make(aws))}")
    if book is not None:
        version = _workbook(aws, book, version)
    if folder is not None:
        from cli.contents.download import download

        download(aws, folder, version, masking_key=secret)


def _secret(file: Path | None) -> bytes:
    """Return the key of pseudonyms: a file's content, or one that is forgotten."""
    from lakehouse.personal.delivery import LEAST_KEY

    if file is None:
        return secrets.token_bytes(2 * LEAST_KEY)
    try:
        content = file.expanduser().read_bytes().strip()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", "Name a file with a secret.") from error
    if len(content) < LEAST_KEY:
        raise UsageError(
            f"{file} has {len(content)} bytes, and a secret of less than {LEAST_KEY} can be guessed",
            f"Make one: head -c 32 /dev/urandom | base64 > {file}",
        )
    return content


def _workbook(aws: Aws, file: Path, number: int | None) -> int:
    """Write the workbook of a version, by default the newest one, and return the version's number."""
    from cli.contents.opening import opened
    from cli.workbook.file import write
    from lakehouse.contract import layers
    from lakehouse.errors import StorageError

    view = opened(aws, number)
    cash_flow = layers.in_role("cash_flow")
    if cash_flow not in view.tables:
        raise CliError(
            f"version {view.number} has no {cash_flow}: not published yet",
            "Run the pipeline first: `./importau run`. Nothing was written.",
        )
    with present.step(f"workbook of version {view.number}"):
        from cli.workbook.book import workbook

        try:
            content = workbook(view)
        except StorageError as error:
            raise CliError(
                str(error), "Export a version that is whole (--version N); `./importau verify` says more."
            ) from error
        write(content, file)
    present.done(f"the workbook is in {present.place(file)} ({present.size(len(content))})")
    return view.number
