"""`importau export`: the tables, with what was set aside and the audit reports, as files."""

from pathlib import Path
from typing import Annotated

import typer

from cli import options
from cli.contents.download import claim, download
from cli.session import connect


def export(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to; made when missing.")],
    local: options.Local = False,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Download the tables as Parquet, with quarantine and quality reports.

    DIR/bronze, DIR/silver, DIR/gold: the published tables. DIR/quality: the audit that let each layer through.
    DIR/quarantine: the rows that those runs set aside. DIR/export.json: what was exported. An earlier export is
    replaced; where DIR has files of those folders that no export wrote, or that were changed since, nothing is.
    """
    claim(directory.expanduser())
    download(connect(local, stack, region, profile), directory.expanduser())
