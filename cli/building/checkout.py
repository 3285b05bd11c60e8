"""Of which commit this folder is a checkout, and whether what would be deployed is that commit's."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# What is deployed is made of these; what else is changed runs nowhere.
DEPLOYED: Final = ("template.yaml", "functions", "glue", "statemachine")
_CHANGED: Final = "-dirty"


@dataclass(frozen=True)
class Checkout:
    """A checkout of a commit.

    Attributes
    ----------
    commit : str
        Forty hexadecimal digits.
    changed : tuple of str
        The files that are not as in that commit, or are in none.
    """

    commit: str
    changed: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the commit, and that it is changed, as the parameter ``Commit`` of template.yaml has it."""
        return f"{self.commit}{_CHANGED if self.changed else ''}"


def checkout_of(folder: Path, *paths: str) -> Checkout | None:
    """Return what a folder is a checkout of; None without git, or where it is none.

    Parameters
    ----------
    folder : Path
        The top of the checkout; a repository that contains it does not count.
    *paths : str
        Of the files that are changed, only those in here; all of them by default.
    """
    try:
        top = git(folder, "rev-parse", "--show-toplevel").strip()
        commit = git(folder, "rev-parse", "HEAD").strip()
        changed = git(folder, "status", "--porcelain", "-z", "--no-renames", "--", *paths)
    except (OSError, subprocess.CalledProcessError):
        return None
    if Path(top).resolve() != folder.resolve():
        return None
    # Two letters that say what was done to a file, a space, its name.
    return Checkout(commit, tuple(entry[3:] for entry in changed.split("\0") if entry))


def is_changed(commit: str) -> bool:
    """Return whether the parameter ``Commit`` says that code is of a commit, and of changes to it."""
    return commit.endswith(_CHANGED)


def without_changes(commit: str) -> str:
    """Return the commit in the parameter ``Commit``."""
    return commit.removesuffix(_CHANGED)


def git(folder: Path, *arguments: str) -> str:
    """Return what git says in a folder; raise `OSError` without git, ``CalledProcessError`` where it refuses."""
    return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True).stdout
