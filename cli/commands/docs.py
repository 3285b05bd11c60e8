"""`importau docs`: docs/commands.md, every command's help, which the launcher prints before all is installed.

Also the lines of code that the other pages link to, and the site that all of them build to.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cli import ROOT
from cli.errors import CliError
from cli.help import Group

PAGE: Final = ROOT / "docs/commands.md"
COLUMNS: Final = 80
_NOTE: Final = "<!-- Written by `./importau docs` from the commands themselves; not to be edited. -->"


def docs(
    ctx: typer.Context,
    folder: Annotated[
        Path | None, typer.Option("--site", metavar="FOLDER", help="Also build all pages into a site, there.")
    ] = None,
) -> None:
    """Write docs/commands.md anew from the commands, and the lines that pages link to from the code.

    Developers run it after changing a command or an option, or moving code; a test says when it is due.
    """
    text = page(ctx.find_root().command)
    changed = not PAGE.exists() or PAGE.read_text("utf-8") != text
    PAGE.write_text(text, "utf-8")
    typer.echo(f"{PAGE.relative_to(ROOT)} {'written' if changed else 'was up to date'}")
    _write_lines()
    if folder is not None:
        from cli.pages import site

        site.build(folder.expanduser())
        typer.echo(f"{folder / 'index.html'}: open it in a browser")


def _write_lines() -> None:
    """Let the links of every page lead to where in the code the things they name are now."""
    from cli.pages import lines

    for each in lines.pages(ROOT):
        try:
            text = lines.with_lines(each, ROOT)
        except LookupError as error:
            raise CliError(str(error), "Name what is there now, or leave the link out.") from error
        if text != each.read_text("utf-8"):
            each.write_text(text, "utf-8")
            typer.echo(f"{each.relative_to(ROOT)}: its links into the code")


def page(root: Any) -> str:
    """Return the page: a section a command, with exactly what its ``--help`` prints at 80 columns without colours.

    Parameters
    ----------
    root : click Group
        All commands.
    """
    sections = [f"## {path}\n\n```text\n{text}\n```\n" for path, text in _helps(root, "importau", None)]
    return "\n".join(["# Commands\n", f"{_NOTE}\n", *sections])


def _helps(command: Any, name: str, parent: Any) -> Iterator[tuple[str, str]]:
    """Yield the path and help of a command, then of the commands in it, as far as they are shown."""
    with command.make_context(name, [], parent=parent, resilient_parsing=True, terminal_width=COLUMNS - 2) as ctx:
        yield ctx.command_path, ctx.get_help()
        if isinstance(command, Group):
            for each in command.list_commands(ctx):
                inner = command.commands[each]
                if not inner.hidden:
                    yield from _helps(inner, each, ctx)
