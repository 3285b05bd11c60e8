"""`importau docs`: the pages as a site."""

from pathlib import Path
from typing import Annotated

import typer


def docs(folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where to.")] = Path("out/docs")) -> None:
    """Build the pages and the code they link to into a site, which needs no network and no server.

    Fails on a link that leads nowhere.
    """
    from cli.pages import site

    site.build(folder.expanduser())
    typer.echo(f"{folder / 'index.html'}: open it in a browser")
