"""How commands explain themselves: plain text, options under their panels, examples that can be copied."""

from collections.abc import Callable
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

HELP_OPTIONS: Final = {"help_option_names": ["-h", "--help"]}
# The widest name of an argument or option, with its choices.
_WIDEST: Final = 60


class _Explained:
    """The help that `Command` and `Group` share."""

    def get_help_option(self, ctx: Any) -> Any:
        """Return the option --help with a default of False; without a default, typer would load pydantic for 0.2 s."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        option.default = False
        return option

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples, one per line."""
        del ctx
        examples: str = getattr(self, "epilog", None) or ""
        if examples:
            with formatter.section("Examples"):
                for line in examples.splitlines():
                    formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


class Command(_Explained, TyperCommand):
    """A command whose help groups options by panel and ends with examples, one per line."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, then the options, those with a panel under its heading."""
        _write_parameters(self, ctx, formatter)


class Group(_Explained, TyperGroup):
    """A command with subcommands, with help like that of `Command`."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, each with the first paragraph of its help, whole."""
        named = [(name, self.commands[name]) for name in self.list_commands(ctx)]
        rows = [(name, (each.help or "").partition("\n\n")[0]) for name, each in named if not each.hidden]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, then the options."""
        self.format_commands(ctx, formatter)
        _write_parameters(self, ctx, formatter)


class Typer(typer.Typer):
    """`typer.Typer` for commands and groups with this help; it does not load rich, which takes 0.2 s."""

    def __init__(self, **settings: Any) -> None:
        plain: dict[str, Any] = {
            "cls": Group,
            "rich_markup_mode": None,
            "add_completion": False,
            "pretty_exceptions_enable": False,
            "context_settings": HELP_OPTIONS,
        }
        super().__init__(**plain | settings)

    def command(self, *arguments: Any, **settings: Any) -> Callable[[Any], Any]:
        """Return the decorator that makes a function a command."""
        return super().command(*arguments, **{"cls": Command} | settings)


def _write_parameters(command: Any, ctx: Any, formatter: Any) -> None:
    panels: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None:
            name, text = record
            # Many choices do not fit beside an argument's name; its help lists them.
            record = (name if len(name) <= _WIDEST else name.partition(" <")[0], text)
            usual = "Arguments" if parameter.param_type_name == "argument" else "Options"
            panels.setdefault(getattr(parameter, "rich_help_panel", None) or usual, []).append(record)
    for panel, records in panels.items():
        if records:
            with formatter.section(panel):
                formatter.write_dl(records)
