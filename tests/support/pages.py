"""The commands of a Markdown page, as a reader copies them."""

import re
from pathlib import Path

_BLOCK = re.compile(r"^ *```(?P<kind>\w+)\n(?P<text>.*?)^ *```", re.MULTILINE | re.DOTALL)


def blocks(page: Path, kind: str) -> list[str]:
    """Return the fenced blocks of one kind (``bash``, ``text``), in their order."""
    return [match["text"] for match in _BLOCK.finditer(page.read_text("utf-8")) if match["kind"] == kind]


def commands(block: str) -> list[str]:
    """Return a block's commands: one per line, those continued with a backslash as one, without their comments."""
    lines = re.sub(r"\\\n\s*", " ", block).splitlines()
    stripped = (re.sub(r"(^|\s)#\s.*", "", line).strip() for line in lines)
    return [command for command in stripped if command]
