"""The commands that messages tell people to type: they carry the options that say where the lakehouse is."""

import re
import shlex
from collections.abc import Mapping
from typing import Any, Final

import typer

_EVERYWHERE: Final = ("--local", "--stack", "--region", "--profile")
# Which of those options the commands take that messages name.
TAKEN: Final[Mapping[str, tuple[str, ...]]] = {
    "bucket": ("--local", "--region", "--profile"),
    **dict.fromkeys(
        ("check", "deploy", "destroy", "export", "logs", "portal", "run", "search", "verify"), _EVERYWHERE
    ),
}  # fmt: skip
_COMMAND: Final = re.compile(r"`\./importau (?P<name>[a-z]+)(?P<rest>[^`]*)`")
# One command a process; nothing of it outlives the command.
_given: Final[dict[str, str]] = {}


def remember(context: typer.Context, parameter: typer.CallbackParam, value: Any) -> Any:
    """Keep an option that was typed, until the command line ends; what the environment says holds for later commands.

    Parameters
    ----------
    context : typer.Context
    parameter : typer.CallbackParam
    value : bool, str or None

    Returns
    -------
    bool, str or None
        ``value``.
    """
    source = context.get_parameter_source(str(parameter.name))
    if value and source is not None and source.name == "COMMANDLINE":
        _given[parameter.opts[0]] = "" if value is True else str(value)
        context.find_root().call_on_close(_given.clear)
    return value


def complete(message: str) -> str:
    """Return a message whose commands (````./importau run````, in backticks) carry the options that were typed."""
    return _COMMAND.sub(lambda found: f"`{command(found['name'] + found['rest'])}`", message) if _given else message


def command(line: str) -> str:
    """Return a command of ours, such as ``portal --open``, as it has to be typed to mean the same lakehouse."""
    words = line.split()
    lacking = [each for each in TAKEN.get(words[0], ()) if each in _given and each not in words]
    return " ".join(["./importau", line, *(shlex.join(filter(None, (each, _given[each]))) for each in lacking)])
