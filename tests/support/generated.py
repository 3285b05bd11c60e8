"""Pages whose marked parts are made by tests, and how their tables are written."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cli.generated import marked


def regenerated(page: str, parts: Mapping[str, str]) -> str:
    """Return a page with every marked part made anew; each part has its place, and only parts that exist have one."""
    assert sorted(marked.marks(page)) == sorted(parts), "the page's parts are not those that are made"
    return marked.regenerated(page, parts)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], numbers: Sequence[str] = ()) -> str:
    """Return a Markdown table; NULL is told from an empty text, and the columns of numbers end at the right."""
    cells = [["NULL" if cell is None else str(cell) for cell in row] for row in rows]
    rule = ["---:" if name in numbers else "---" for name in head]
    return "\n".join("| " + " | ".join(row) + " |" for row in (list(head), rule, *cells))
