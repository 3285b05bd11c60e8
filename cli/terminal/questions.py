"""Questions to the user, where there is one."""

import sys
from collections.abc import Callable
from enum import Enum

from rich.prompt import Prompt
from rich.text import Text

from cli.errors import UsageError
from cli.terminal import present
from cli.terminal.language import YES

Ask = Callable[[str], str]


class Answers(Enum):
    """Who answers questions: the user at the terminal, ``--yes``, or nobody (``--no-input``)."""

    ASK = "ask"
    DEFAULTS = "yes"
    NONE = "no-input"


def answers(yes: bool, no_input: bool) -> Answers:
    """Return who answers questions; without a terminal, nobody.

    Raises
    ------
    UsageError
        Both options are set.
    """
    if yes and no_input:
        raise UsageError("--yes and --no-input exclude each other", "Give one of them.")
    if yes:
        return Answers.DEFAULTS
    if no_input or not sys.stdin.isatty():
        return Answers.NONE
    return Answers.ASK


def ask(question: str) -> str:
    """Ask one question on the terminal, and return the answer; end the line where the user leaves instead."""
    try:
        return Prompt.ask(Text(question), console=present.err)
    except (EOFError, KeyboardInterrupt):
        present.err.print()
        raise


def ask_hidden(question: str) -> str:
    """Ask one question as `ask` does; what is typed is not shown."""
    try:
        return Prompt.ask(Text(question), console=present.err, password=True)
    except (EOFError, KeyboardInterrupt):
        present.err.print()
        raise


def agree(question: str) -> bool:
    """Ask whether to do something; any answer but yes, in either language, is no."""
    return ask(question).strip().casefold() in YES
