"""The command line as a whole: it finds the command, and turns its errors into a message and an exit code."""

import signal
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from types import FrameType
from typing import Annotated, Any

import typer
from typer._click.shell_completion import CompletionItem
from typer.main import get_command

from cli.errors import INTERRUPTED, CliError, aws_errors, explain
from cli.help import HELP_OPTIONS, Group, Typer
from cli.table import COMMANDS, Entry
from lakehouse.errors import LakehouseError


class Commands(Mapping[str, Any]):
    """The commands of the table by name, each loaded when it is looked up: none waits for the imports of others."""

    def __init__(self) -> None:
        self.entries = {entry.name: entry for entry in COMMANDS}
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = _loaded(self.entries[name])
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


def _loaded(entry: Entry) -> Any:
    """Return the command of an entry: the function of its name in the module of its name, or a group, ``app``."""
    module = import_module(f"cli.commands.{entry.name}")
    if hasattr(module, "app"):
        group = get_command(module.app)
        group.name = entry.name
        return group
    anything = {"allow_extra_args": True, "ignore_unknown_options": True} if entry.takes else {}
    app = Typer()
    app.command(
        entry.name,
        epilog="\n".join(f"./importau {example}" for example in entry.examples),
        context_settings=HELP_OPTIONS | anything,
        options_metavar=" ".join(filter(None, ["[OPTIONS]", entry.takes])),
    )(getattr(module, entry.name))
    return get_command(app)


class Root(Group):
    """All commands; the errors of each become one message and an exit code."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings | {"commands": {}})
        self.commands: Any = Commands()

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names, without loading what they name."""
        del ctx
        return list(self.commands)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Return the commands that begin with a text, without loading them, or else the options."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [
            CompletionItem(entry.name, help=entry.summary)
            for entry in self.commands.entries.values()
            if entry.name.startswith(incomplete)
        ]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands under their headings."""
        del ctx
        shown = list(self.commands.entries.values())
        width = max(len(entry.name) for entry in shown)
        for panel in dict.fromkeys(entry.panel for entry in shown):
            with formatter.section(panel):
                formatter.write_dl([(e.name.ljust(width), e.summary) for e in shown if e.panel == panel])

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        # The modules that report a failure take long to load, so they are loaded only for one.
        try:
            return super().invoke(ctx)
        except CliError as error:
            problem = error
        except LakehouseError as error:
            problem = CliError(str(error))
        except (KeyboardInterrupt, EOFError, typer.Abort):
            from cli.terminal import present

            present.warn("interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except aws_errors() as error:
            problem = explain(error)
        from cli.terminal import present

        present.problem(problem)
        raise typer.Exit(problem.exit_code)


app = Typer(name="importau", cls=Root, epilog="./importau demo\n./importau help demo")


@app.callback(invoke_without_command=True)
def importau(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version, as the command version does.")] = False,
) -> None:
    """IMPORTAÚ lakehouse: exported CSVs to Bronze, Silver and Gold, on AWS or whole on this machine.

    Exit codes: 0 it worked, 1 it failed, 2 it was asked wrongly, 130 it was interrupted.
    """
    if version:
        with Commands()["version"].make_context("version", [], parent=ctx) as context:
            context.command.invoke(context)
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def main() -> None:
    """Run the command line with the process's arguments."""
    # Like Ctrl-C, a request to end unwinds the command, so that no server stays behind.
    for request in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(request, _end)
    app(prog_name="importau")


def _end(number: int, frame: FrameType | None) -> None:
    del frame
    sys.exit(128 + number)
