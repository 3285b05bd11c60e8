"""`importau completion`: what a shell needs to complete commands, options and their values."""

import shlex
from pathlib import Path
from typing import Annotated, Final

import typer

from cli import ROOT
from cli.completion import Shell

# What a shell runs; configurations that were written before have it too, so it stays as it is.
_ENTRY: Final = "import sys; sys.path.insert(0, sys.argv.pop(1)); from cli.completion import answer; answer()"


def completion(
    shell: Annotated[Shell, typer.Argument(help="Which shell.")],
) -> None:
    """Print what makes a shell complete commands, options and their values, for `importau` and `./importau`.

    Append it to the shell's configuration once, and open a new terminal. It completes in a clone that has run once.
    """
    typer.echo(script(shell, ROOT))


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
