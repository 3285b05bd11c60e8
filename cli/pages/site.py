"""The site: the pages of the project as HTML, which can be read from a folder, without a server or a network."""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cli import ROOT
from cli.errors import CliError, UsageError

# Strict: a broken link, or a page missing from the navigation, is an error (but not with --quiet).
BUILD: Final = (str(ROOT / ".venv-checks/bin/mkdocs"), "build", "--strict")
# Silences the announcements about the future of MkDocs and its theme, whose versions are pinned.
QUIETLY: Final = {"NO_MKDOCS_2_WARNING": "1"}
# Marks a folder into which a site was built, so that another one may replace it.
_MARK: Final = ".importau-site"


def build(folder: Path) -> None:
    """Build the site into a folder.

    Parameters
    ----------
    folder : Path
        New, empty, or the folder of an earlier site.

    Raises
    ------
    UsageError
        The folder holds something else, which is left as it is.
    CliError
        A page has a broken link.
    """
    if folder.exists() and not (folder / _MARK).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} holds files that are no site", "Name another folder.")
    with TemporaryDirectory() as temporary:
        built = Path(temporary) / "site"
        process = subprocess.run(
            [*BUILD, "--site-dir", str(built)], cwd=ROOT, env=os.environ | QUIETLY, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
        )  # fmt: skip
        if process.returncode:
            raise CliError(f"the site was not built:\n{process.stdout.strip()}")
        (built / _MARK).touch()
        if folder.exists():
            shutil.rmtree(folder)
        shutil.copytree(built, folder)
