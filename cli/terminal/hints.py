"""The commands in messages, with the user's options that say where the lakehouse is."""

import re
import shlex
from collections.abc import Mapping
from typing import Any, Final

import typer

_EVERYWHERE: Final = ("--local", "--stage", "--stack", "--region", "--profile")
# Which of those options each command in messages takes; a command of a folder, such as `contracts check`, takes none.
TAKEN: Final[Mapping[str, tuple[str, ...]]] = {
    "bucket": ("--local", "--stage", "--region", "--profile"),
    **dict.fromkeys(
        (
            "alerts", "audit", "check", "deploy", "destroy", "diff", "discard", "export", "logs", "notebook", "person",
            "plan", "portal", "publish", "quarantine", "query", "replay", "rollback", "run", "search", "status",
            "vacuum", "verify", "versions", "contracts diff", "contracts proposed",
        ),
        _EVERYWHERE,
    ),
}  # fmt: skip
_COMMAND: Final = re.compile(r"`\./importau (?P<name>[a-z]+)(?P<rest>[^`]*)`")
# A process runs one command; these are cleared when it ends.
_typed: Final[dict[str, str]] = {}


def remember(context: typer.Context, parameter: typer.CallbackParam, value: Any) -> Any:
    """Keep an option that was typed until the command ends; those from the environment apply to later commands anyway.

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
        _typed[parameter.opts[0]] = "" if value is True else str(value)
        context.find_root().call_on_close(_typed.clear)
    return value


def complete(message: str) -> str:
    """Return a message whose commands (````./importau run````, in backticks) have the options that were typed."""
    return _COMMAND.sub(lambda match: f"`{command(match['name'] + match['rest'])}`", message) if _typed else message


def command(line: str) -> str:
    """Return a command, such as ``portal --open``, as it has to be typed for the same lakehouse."""
    words = line.split()
    taken = TAKEN.get(words[0], TAKEN.get(" ".join(words[:2]), ()))
    missing = [each for each in taken if each in _typed and each not in words]
    return " ".join(["./importau", line, *(shlex.join(filter(None, (each, _typed[each]))) for each in missing)])
