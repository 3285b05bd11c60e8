"""The versions of contracts, MAJOR.MINOR.PATCH (https://semver.org): which one a change needs. Pure."""

import re
from enum import IntEnum
from typing import Final

from lakehouse.errors import ContractError

_VERSION: Final = re.compile(r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})")
_Numbers = tuple[int, int, int]


class Level(IntEnum):
    """What a change is to those who read a table, and so which number of the version it needs raised.

    ``MAJOR`` breaks what they rely on, ``MINOR`` promises more or otherwise without breaking it, ``PATCH`` is words.
    """

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    @property
    def called(self) -> str:
        """How people are told of it."""
        return ("none", "words", "compatible", "breaking")[self]


def raised(version: str, level: Level) -> str:
    """Return the least version that a change of a level needs after a version; raise `ContractError` for no version.

    >>> [raised("1.4.2", level) for level in Level]
    ['1.4.2', '1.4.3', '1.5.0', '2.0.0']
    """
    major, minor, patch = numbers(version)
    return {
        Level.NONE: version,
        Level.PATCH: f"{major}.{minor}.{patch + 1}",
        Level.MINOR: f"{major}.{minor + 1}.0",
        Level.MAJOR: f"{major + 1}.0.0",
    }[level]


def numbers(version: str) -> _Numbers:
    """Return the three numbers of a version; raise `ContractError` where it does not have them."""
    match = _VERSION.fullmatch(version)
    if match is None:
        raise ContractError(f"'version' is '{version}'; write three numbers, as in 1.4.0")
    major, minor, patch = map(int, match.groups())
    return major, minor, patch
