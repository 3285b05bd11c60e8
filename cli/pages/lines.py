"""Links from pages into the code: the text of a link names a thing, and its path and line follow from the name.

A page says ``[`silver.sharing.share_orders`]()``; `with_lines` puts the path and the line in. So whoever moves code
runs one command, and a name that no longer exists is an error instead of a link to a wrong line.

What a name may be:

- a function, class, method or constant of a Python module: ``lakehouse.engine.rateio.share``
- a column or a rule of a contract: ``TABLE.COLUMN``, ``TABLE.RULE``
- a state of a definition of state machines: ``layer.WriteSilver``
- a row of the sample, by its first field: ``TABLE.csv:KEY``
"""

import ast
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

# The folders that modules are imported from, in order of precedence.
_MODULES: Final = ("functions", "functions/common", "tests/unit", "tests/support", "tests/integration", "")
_LAYERS: Final = ("Bronze", "Silver", "Gold", "Forecast")
_LINK: Final = re.compile(r"\[`(?P<name>[^`\]]+)`\]\((?P<target>[^)\s]*)\)")
_LINE: Final = re.compile(r"#L\d+$")


class Place(NamedTuple):
    """A line of a file: the path is relative to the project's folder, and lines count from 1."""

    path: str
    line: int


def pages(root: Path) -> list[Path]:
    """Return the pages that may link into the code."""
    return sorted((root / "docs").rglob("*.md"))


def with_lines(page: Path, root: Path) -> str:
    """Return a page's text with every link into the code leading to the present place of what it names.

    Parameters
    ----------
    page, root : Path
        The page, and the project's folder.

    Raises
    ------
    LookupError
        Some names do not exist; the message has every such name of the page.
    """
    lost: list[str] = []

    def led(link: re.Match[str]) -> str:
        name, target = link["name"], link["target"]
        if target and not _LINE.search(target):
            return link[0]
        place = find(name, root)
        if place is None:
            lost.append(name)
            return link[0]
        path = Path(os.path.relpath(root / place.path, page.parent)).as_posix()
        return f"[`{name}`]({path}#L{place.line})"

    text = _LINK.sub(led, page.read_text("utf-8"))
    if lost:
        raise LookupError(f"{page.relative_to(root)} names what is nowhere in the code: {', '.join(lost)}")
    return text


def find(name: str, root: Path) -> Place | None:
    """Return the place of a name (see the module for valid names); None where nothing has it."""
    return next(_places(name, root), None)


def _places(name: str, root: Path) -> Iterator[Place]:
    file, colon, key = name.partition(":")
    if colon:
        yield from _first(root, f"csv_exports/{file}", re.compile(rf"{re.escape(key)},"))
        return
    yield from _in_modules(name, root)
    head, _, tail = name.rpartition(".")
    if head and "." not in head:
        for contract in (root / "glue/contracts").rglob(f"{head}.odcs.yaml"):
            path = contract.relative_to(root).as_posix()
            yield from _first(root, path, re.compile(rf"\s*- name: {re.escape(tail)}$"))
        states = [tail, *(tail.replace(layer, "${LayerName}", 1) for layer in _LAYERS if layer in tail)]
        for state in states:
            yield from _first(root, f"statemachine/{head}.asl.json", re.compile(rf'\s*"{re.escape(state)}": {{$'))


def _in_modules(name: str, root: Path) -> Iterator[Place]:
    parts = name.split(".")
    for folder in _MODULES:
        for length in range(len(parts) - 1, 0, -1):
            path = Path(folder, *parts[:length]).with_suffix(".py")
            if (root / path).is_file():
                line = _definitions(root / path).get(".".join(parts[length:]))
                if line is not None:
                    yield Place(path.as_posix(), line)


@cache
def _definitions(file: Path) -> dict[str, int]:
    """Return the line of everything that a module defines, by its name within the module."""
    positions: dict[str, int] = {}

    def look(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            match node:
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                    positions.setdefault(prefix + name, node.lineno)
                    if isinstance(node, ast.ClassDef):
                        look(node.body, f"{prefix}{name}.")
                case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                    positions.setdefault(prefix + name, node.lineno)

    look(ast.parse(file.read_text("utf-8")).body, "")
    return positions


def _first(root: Path, path: str, pattern: re.Pattern[str]) -> Iterator[Place]:
    """Yield the first line of a file that begins with a pattern."""
    if (root / path).is_file():
        for number, line in enumerate((root / path).read_text("utf-8").splitlines(), 1):
            if pattern.match(line):
                yield Place(path, number)
                return
