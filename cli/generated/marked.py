"""The parts of a page that are made from code, between ``<!-- generated: NAME -->`` and ``<!-- end -->``."""

import re
from collections.abc import Mapping
from typing import Final

_PART: Final = re.compile(r"(<!-- generated: (?P<name>[a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def regenerated(page: str, parts: Mapping[str, str]) -> str:
    """Return a page with every marked part generated again.

    Parameters
    ----------
    page : str
    parts : mapping of str to str
        The content by name; a page may have some of them.

    Raises
    ------
    AssertionError
        A mark has a name that no part has.
    """
    for name in marks(page):
        if name not in parts:
            raise AssertionError(f"no part is called {name}")
    return _PART.sub(lambda part: f"{part[1]}{parts[part['name']]}\n{part[3]}", page)


def marks(page: str) -> list[str]:
    """Return the names of the marked parts, in order."""
    return [part["name"] for part in _PART.finditer(page)]
