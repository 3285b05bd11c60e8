"""Copies of the project in which tests build, type and change files; what is installed is shared with the original."""

import shutil
from pathlib import Path
from typing import Final

from cli import ROOT

# The environments with what the launcher knows of them, and the packages and pages of the portal's builds.
_SHARED: Final = (".venv", ".venv-sam", ".importau/stamps", ".importau/portal")


def working_copy(folder: Path) -> Path:
    """Copy the project into a folder that is not there yet, and return the folder."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".*", "__pycache__", "out", "node_modules"))
    (ROOT / ".importau/portal").mkdir(parents=True, exist_ok=True)
    (folder / ".importau").mkdir()
    for name in _SHARED:
        if (ROOT / name).exists():
            (folder / name).symlink_to(ROOT / name)
    return folder
