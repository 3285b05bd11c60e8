"""Completion for shells: the candidates for the last word of a command line."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import typer
from typer._click.shell_completion import ShellComplete
from typer.main import get_command


class Shell(StrEnum):
    """The shells that are known."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"


def answer() -> None:
    """Answer a shell's script: arguments are the shell and the words typed, a line of the answer is a candidate.

    It is no command, as reading a command's arguments takes longer than answering.
    """
    from cli.main import app

    shell, *words = sys.argv[1:]
    for value, explained in candidates(get_command(app), words, joined=shell != Shell.bash):
        typer.echo(value if shell == Shell.bash else f"{value}\t{explained}")


def candidates(root: Any, words: Sequence[str], *, joined: bool) -> list[tuple[str, str]]:
    """Return the candidates for the last word, each with a line of help, which may be empty.

    Parameters
    ----------
    root : click Command
    words : sequence of str
        The words after the program's name; the last one, perhaps empty, is to be completed.
    joined : bool
        Whether ``--option=value`` is one word to the shell. To bash it is three, and only the last is replaced.
    """
    *before, incomplete = _whole(words[1:] if words[0] == "help" and len(words) > 1 else words)
    items = _Completion(root, {}, "importau", "").get_completions(before, incomplete)
    option, equals, _ = incomplete.partition("=")
    prefix = f"{option}=" if joined and equals and option.startswith("-") else ""
    return [(f"{prefix}{item.value}", (item.help or "").partition("\n")[0]) for item in items]


class _Completion(ShellComplete):
    """The part of completion that every shell shares: the caller provides the words, and formats the answer."""

    def source_vars(self) -> dict[str, Any]:
        raise NotImplementedError

    def get_completion_args(self) -> tuple[list[str], str]:
        raise NotImplementedError

    def format_completion(self, item: Any) -> str:
        raise NotImplementedError


def _whole(words: Sequence[str]) -> list[str]:
    """Join ``--option``, ``=``, ``value``, into which bash splits ``--option=value``."""
    whole: list[str] = []
    for word in words:
        after_equals = bool(whole) and whole[-1].startswith("--") and whole[-1].endswith("=")
        if whole and whole[-1].startswith("--") and (word == "=" or after_equals):
            whole[-1] += word
        else:
            whole.append(word)
    return whole
