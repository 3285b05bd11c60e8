"""The site: the pages of the project as HTML, which can be read from a folder, without a server or a network."""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cli import ROOT
from cli.errors import CliError, UsageError

# Strict: a link that leads nowhere, or a page that the navigation leaves out, fails (but not with --quiet).
BUILD: Final = (str(ROOT / ".venv-checks/bin/mkdocs"), "build", "--strict")
# Of what becomes of MkDocs and its theme, which is pinned.
QUIETLY: Final = {"NO_MKDOCS_2_WARNING": "1"}
# Says of a folder that a site was built there: so another one may replace it.
_MARK: Final = ".importau-site"


def build(folder: Path) -> None:
    """Build the site into a folder.

    Parameters
    ----------
    folder : Path
        New, empty, or what an earlier site was built into.

    Raises
    ------
    UsageError
        The folder holds something else, which is left as it is.
    CliError
        A page links to what is not there.
    """
    if folder.exists() and not (folder / _MARK).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} holds files that are no site", "Name another folder.")
    with TemporaryDirectory() as temporary:
        made = Path(temporary) / "site"
        ran = subprocess.run(
            [*BUILD, "--site-dir", str(made)], cwd=ROOT, env=os.environ | QUIETLY, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
        )  # fmt: skip
        if ran.returncode:
            raise CliError(f"the site was not built:\n{ran.stdout.strip()}")
        (made / _MARK).touch()
        if folder.exists():
            shutil.rmtree(folder)
        shutil.copytree(made, folder)
