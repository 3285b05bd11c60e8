"""Every file that is derived, whole or in part, from other files of the project, and its content."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from bench import written
from cli.generated import benchmark, commands_page, compiled_rules, marked, permissions_page
from cli.generated import template as deployed
from cli.pages import lines

COMMANDS: Final = "docs/commands.md"


def files(root: Path, commands: Any) -> Iterator[tuple[Path, str]]:
    """Yield each derived file with its content.

    Parameters
    ----------
    root : Path
        The project's folder.
    commands : click Group
        All commands, as the page of commands shows them.

    Raises
    ------
    LookupError
        A page links to a name that does not exist in the code.
    LakehouseError
        A contract cannot be read.
    """
    yield from compiled_rules.files(root)
    template = root / "template.yaml"
    yield template, deployed.template(template.read_text("utf-8"))
    yield root / "bench/tables.json", benchmark.tables()
    yield from written.files(root)
    yield root / COMMANDS, commands_page.page(commands)
    permissions = root / "docs/permissions.md"
    yield permissions, marked.regenerated(permissions.read_text("utf-8"), permissions_page.parts())
    others = {root / COMMANDS, permissions, root / written.PAGE}
    for page in lines.pages(root):
        if page not in others:
            yield page, lines.with_lines(page, root)
