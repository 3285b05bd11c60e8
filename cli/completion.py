"""`importau completion`: what a shell needs to complete commands, options and their values."""

import shlex
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer._click.shell_completion import ShellComplete
from typer.main import get_command

from cli import ROOT

_ENTRY: Final = "import sys; sys.path.insert(0, sys.argv.pop(1)); from cli.completion import answer; answer()"


class Shell(StrEnum):
    """The shells that are known."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(help="Which shell.")],
) -> None:
    """Print what makes a shell complete commands, options and their values, for `importau` and `./importau`.

    Append it to the shell's configuration once, and open a new terminal. It completes in a clone that has run once.
    """
    typer.echo(script(shell, ROOT))


def answer() -> None:
    """Answer a shell's script: arguments are the shell and the words typed, a line of the answer is a candidate.

    It is no command, as reading a command's arguments takes longer than answering.
    """
    from cli.main import app

    shell, *words = sys.argv[1:]
    for value, explained in candidates(get_command(app), words, joined=shell != Shell.bash):
        typer.echo(value if shell == Shell.bash else f"{value}\t{explained}")


def candidates(root: Any, words: Sequence[str], *, joined: bool) -> list[tuple[str, str]]:
    """Return what the last of some words may become, with a word of help or an empty one.

    Parameters
    ----------
    root : click Command
    words : sequence of str
        What was typed after the program's name; the last is what is being typed, perhaps empty.
    joined : bool
        Whether ``--option=value`` is one word to the shell. To bash it is three, and only the last is replaced.
    """
    *before, incomplete = _whole(words[1:] if words[0] == "help" and len(words) > 1 else words)
    found = _Asked(root, {}, "importau", "").get_completions(before, incomplete)
    option, equals, _ = incomplete.partition("=")
    prefix = f"{option}=" if joined and equals and option.startswith("-") else ""
    return [(f"{prefix}{item.value}", (item.help or "").partition("\n")[0]) for item in found]


class _Asked(ShellComplete):
    """Only what a shell's completion has in common: who asks brings the words, and formats the answer."""

    def source_vars(self) -> dict[str, Any]:
        raise NotImplementedError

    def get_completion_args(self) -> tuple[list[str], str]:
        raise NotImplementedError

    def format_completion(self, item: Any) -> str:
        raise NotImplementedError


def _whole(words: Sequence[str]) -> list[str]:
    """Put ``--option``, ``=``, ``value`` together, as which bash hands over ``--option=value``."""
    whole: list[str] = []
    for word in words:
        after_equals = bool(whole) and whole[-1].startswith("--") and whole[-1].endswith("=")
        if whole and whole[-1].startswith("--") and (word == "=" or after_equals):
            whole[-1] += word
        else:
            whole.append(word)
    return whole


def script(shell: Shell, home: Path) -> str:
    """Return the text for a shell's configuration, which completes in the clone whose command is typed.

    Parameters
    ----------
    shell : Shell
    home : Path
        The clone that answers where the typed command does not say which one it is.
    """
    text = (ROOT / f"cli/shells/importau.{shell}").read_text("utf-8")
    quote = _fish_quoted if shell is Shell.fish else shlex.quote
    return text.replace("@ENTRY@", quote(_ENTRY)).replace("@HOME@", quote(str(home))).rstrip("\n")


def _fish_quoted(text: str) -> str:
    """Quote for fish, in whose single quotes a backslash escapes itself and the quote."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
