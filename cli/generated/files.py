"""Every file that is derived from something else in the project, or has parts that are, and what it should say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from cli.generated import benchmark, commands_page, permissions_page
from cli.generated import template as deployed
from cli.pages import lines

COMMANDS: Final = "docs/commands.md"


def files(root: Path, commands: Any) -> Iterator[tuple[Path, str]]:
    """Yield each file with what it should say.

    Parameters
    ----------
    root : Path
        The project's folder.
    commands : click Group
        All commands, as the page of commands shows them.

    Raises
    ------
    LookupError
        A page names what is nowhere in the code.
    LakehouseError
        A contract cannot be read.
    """
    template = root / "template.yaml"
    yield template, deployed.template(template.read_text("utf-8"))
    yield root / "bench/tables.json", benchmark.tables()
    yield root / COMMANDS, commands_page.page(commands)
    permissions = root / "docs/permissions.md"
    yield permissions, permissions_page.regenerated(permissions.read_text("utf-8"))
    for page in lines.pages(root):
        if page.relative_to(root).as_posix() != COMMANDS and page != permissions:
            yield page, lines.with_lines(page, root)
