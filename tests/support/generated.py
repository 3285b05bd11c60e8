"""The parts of a page that are made from code, between ``<!-- generated: NAME -->`` and ``<!-- end -->``."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

_PART: Final = re.compile(r"(<!-- generated: (?P<name>[a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def regenerated(page: str, parts: Mapping[str, str]) -> str:
    """Return a page with every marked part made anew; each part has its place, and only parts that exist have one."""
    marked = [part["name"] for part in _PART.finditer(page)]
    assert sorted(marked) == sorted(parts), "the page's parts are not those that are made"
    return _PART.sub(lambda part: f"{part[1]}{parts[part['name']]}\n{part[3]}", page)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], numbers: Sequence[str] = ()) -> str:
    """Return a Markdown table; NULL is told from an empty text, and the columns of numbers end at the right."""
    cells = [["NULL" if cell is None else str(cell) for cell in row] for row in rows]
    rule = ["---:" if name in numbers else "---" for name in head]
    return "\n".join("| " + " | ".join(row) + " |" for row in (list(head), rule, *cells))
