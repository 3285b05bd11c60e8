"""``docs/commands.md``: every command's help, which the launcher prints before anything is installed."""

from collections.abc import Iterator
from typing import Any, Final

from cli.help import Group

COLUMNS: Final = 80
_NOTE: Final = "<!-- Written by `./importau generate` from the commands themselves; not to be edited. -->"


def page(root: Any) -> str:
    """Return the page: a section per command, with exactly what its ``--help`` prints at 80 columns without colours.

    Parameters
    ----------
    root : click Group
        All commands.
    """
    sections = [f"## {path}\n\n```text\n{text}\n```\n" for path, text in _helps(root, "importau", None)]
    return "\n".join(["# Commands\n", f"{_NOTE}\n", *sections])


def _helps(command: Any, name: str, parent: Any) -> Iterator[tuple[str, str]]:
    """Yield the path and help of a command, then those of its subcommands that are not hidden."""
    with command.make_context(name, [], parent=parent, resilient_parsing=True, terminal_width=COLUMNS - 2) as ctx:
        yield ctx.command_path, ctx.get_help()
        if isinstance(command, Group):
            for each in command.list_commands(ctx):
                inner = command.commands[each]
                if not inner.hidden:
                    yield from _helps(inner, each, ctx)
