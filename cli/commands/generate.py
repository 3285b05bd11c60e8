"""`importau generate`: writes the committed files that are derived from others."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from cli import ROOT
from cli.errors import CliError


def generate(
    ctx: typer.Context,
    golden: Annotated[
        bool, typer.Option("--golden", help="Also write the golden files of the tests anew; review what differs.")
    ] = False,
) -> None:
    """Write anew what is derived from contracts, commands and code: compiled rules, template, pages.

    Developers run it after changing a contract, a command or an option, or moving code; a test says when it is due.
    With --golden its exit code is 1 as long as a golden file changes: what is written anew has to be reviewed.
    """
    from cli.generated import compiled_rules
    from cli.generated.files import files
    from lakehouse.errors import LakehouseError

    try:
        # No contract can be read before the SQL of its rules is compiled, and the other files are made of contracts.
        _write(compiled_rules.files(ROOT))
        derived = dict(files(ROOT, ctx.find_root().command))
    except (LookupError, LakehouseError) as error:
        raise CliError(str(error.args[0]), "Mend it and run the command again.") from error
    _write(derived.items())
    typer.echo(f"{len(derived)} files are as their sources say")
    if golden:
        tests = [sys.executable, "-m", "pytest", "-m", "golden", "-n", "2", "--dist", "loadfile"]
        environment = os.environ | {"IMPORTAU_WRITE_GOLDEN": "1"}
        raise typer.Exit(subprocess.run(tests, cwd=ROOT, env=environment, check=False).returncode)


def _write(files: Iterable[tuple[Path, str]]) -> None:
    """Write the files that differ, once all of them are known."""
    for path, text in list(files):
        if not path.exists() or path.read_text("utf-8") != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
            typer.echo(f"{path.relative_to(ROOT)} written")
