"""The contracts of a commit, and the commit that those of this folder have to follow from."""

import hashlib
import os
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from cli.building.checkout import git
from cli.errors import CliError, UsageError
from lakehouse.contract import layers

# Where continuous integration says which commit a change begins at: GitHub's events have it.
VARIABLE: Final = "IMPORTAU_CONTRACTS_FROM"
_FOLDER: Final = "glue/contracts"
_PATH: Final = re.compile(rf"{_FOLDER}/(?:{'|'.join(layers.LAYERS)})/(?P<table>\w+)\.odcs\.yaml")
_MAIN: Final = ("origin/HEAD", "origin/main", "main")


class Base(NamedTuple):
    """The commit that contracts are compared with.

    Attributes
    ----------
    commit : str
        Forty hexadecimal digits.
    why : str
        Why that one, for people to read.
    """

    commit: str
    why: str

    def __str__(self) -> str:
        """Return it as people are told of it."""
        return f"{self.commit[:12]}, {self.why}"


def here() -> dict[str, str]:
    """Return the contracts of this folder, by table."""
    return {table: layers.text_of(table) for table in layers.all_tables()}


def at(folder: Path, commit: str) -> dict[str, str]:
    """Return the contracts of a commit, by table; raise `UsageError` where there is no such commit."""
    found = resolved(folder, commit)
    if found is None:
        raise UsageError(
            f"there is no commit '{commit}' here",
            "Name one, a branch or a tag; `git fetch --unshallow` brings what a shallow clone lacks.",
        )
    paths = git(folder, "ls-tree", "-r", "--name-only", found, "--", _FOLDER).splitlines()
    matches = [match for path in paths if (match := _PATH.fullmatch(path))]
    return {match["table"]: git(folder, "show", f"{found}:{match[0]}") for match in matches}


def base_of(folder: Path) -> Base | None:
    """Return the commit that the contracts of a folder have to follow from.

    That is what `VARIABLE` names; or where this branch left the main one; or, on the main branch, the commit before
    this one, or this one itself where a contract was changed since. None where there is no git, or no such commit.

    Raises
    ------
    CliError
        It is not here: the clone is a shallow one.
    """
    head = resolved(folder, "HEAD")
    if head is None:
        return None
    given = os.environ.get(VARIABLE, "")
    named = resolved(folder, given) if given else None
    if named is not None:
        return Base(named, f"which {VARIABLE} names")
    for main in _MAIN:
        left = _said(folder, "merge-base", "HEAD", main)
        if left is not None and left != head:
            return Base(left, f"where this branch left {main}")
    if _said(folder, "status", "--porcelain", "--", _FOLDER):
        return Base(head, "the commit that is checked out")
    before = resolved(folder, "HEAD^1")
    if before is None and _said(folder, "rev-parse", "--is-shallow-repository") == "true":
        raise CliError(
            "the commit before this one is not here, so its contracts cannot be compared",
            f"Fetch the history (`git fetch --unshallow`), or name a commit: {VARIABLE}=COMMIT.",
        )
    return None if before is None else Base(before, "the commit before this one")


def resolved(folder: Path, name: str) -> str | None:
    """Return the commit that a name means in a folder; None where it means none, or git is not there."""
    return None if name.startswith("-") else _said(folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")


def is_before(folder: Path, earlier: str, later: str) -> bool:
    """Return whether a commit is in the history of another one."""
    return _said(folder, "merge-base", "--is-ancestor", earlier, later) is not None


def with_sha256(folder: Path, table: str, sha256: str) -> str | None:
    """Return the contract of a table that has a SHA-256, from the history of this checkout; None where none has it."""
    return next((text for text in _history(folder, table) if hashlib.sha256(text.encode()).hexdigest() == sha256), None)


@cache
def _history(folder: Path, table: str) -> tuple[str, ...]:
    return tuple(_texts(folder, layers.place_of(table)))


def _texts(folder: Path, path: str) -> Iterator[str]:
    commits = _said(folder, "log", "--format=%H", "HEAD", "--", path) or ""
    for commit in commits.split():
        text = _said(folder, "show", f"{commit}:{path}", strip=False)
        if text is not None:
            yield text


def _said(folder: Path, *arguments: str, strip: bool = True) -> str | None:
    """Return what git says; None where it refuses, or is not there."""
    try:
        said = git(folder, *arguments)
    except (OSError, subprocess.CalledProcessError):
        return None
    return said.strip() if strip else said
