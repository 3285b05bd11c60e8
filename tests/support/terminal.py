"""A terminal in which somebody types a page's commands, one after the other, and answers what they ask."""

import os
import re
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Final

import pexpect

# The prompt: no command prints it, and its number is the exit code of the command before.
_PROMPT: Final = r"@terminal@(\d+)@"
_COLUMNS, _LINES = 80, 24
# Seconds until a Ctrl-C that had no effect is typed again.
_AGAIN: Final = 5
_STYLES: Final = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][A-Z0-9])")


@dataclass(frozen=True)
class Typed:
    """A command and its result.

    Attributes
    ----------
    command : str
    code : int
        Its exit code.
    shown : str
        What the terminal showed, without colours.
    """

    command: str
    code: int
    shown: str


class Terminal:
    """A bash in a terminal of 80 columns; the variables of one command are there for the next.

    Parameters
    ----------
    folder : Path
        Where it starts.
    environment : mapping of str to str
        The whole of it.
    answers : mapping of str to str
        What is typed where the terminal shows a text that matches the regular expression.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], answers: Mapping[str, str]) -> None:
        self._answers = dict(answers)
        self._bash = pexpect.spawn(
            "bash", ["--norc", "--noprofile", "--noediting"], cwd=str(folder), echo=False, encoding="utf-8",
            env=dict(environment) | {"TERM": "xterm", "PS1": "@terminal@$?@", "PS2": ""}, dimensions=(_LINES, _COLUMNS),
            # Tests that run in the background ignore it, and all commands typed here would inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip

    def __enter__(self) -> "Terminal":
        """Wait for the first prompt."""
        self._ended(60)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it, and end what still runs in it."""
        for pid in (int(process.name) for process in Path("/proc").glob("[0-9]*")):
            with suppress(ProcessLookupError):
                if os.getsid(pid) == self._bash.pid != pid:
                    os.kill(pid, signal.SIGKILL)
        self._bash.close(force=True)

    def types(self, command: str, until: str | None = None, patience: float = 300) -> Typed:
        """Type a command, answer its questions, and wait for its end.

        Parameters
        ----------
        command : str
        until : str, optional
            A regular expression; where the terminal shows it, Ctrl-C is typed. For commands that go on for ever.
        patience : float
            Seconds without its end, or a question, until it is too late.
        """
        self._bash.sendline(command)
        code, shown = self._ended(patience, until)
        return Typed(command, code, shown)

    def _ended(self, patience: float, until: str | None = None) -> tuple[int, str]:
        shown = ""
        questions = list(self._answers)
        met_by = [_PROMPT, *questions, *([until] if until else [])]
        deadline, interrupted = monotonic() + patience, False
        while True:
            met = self._bash.expect([*met_by, pexpect.TIMEOUT], timeout=_AGAIN if interrupted else patience)
            if met == len(met_by):
                # A program that is busy may miss a Ctrl-C, and a person types it again.
                if not interrupted or monotonic() > deadline:
                    raise TimeoutError(f"nothing more after:\n{shown}{self._bash.before}")
                self._bash.sendintr()
                continue
            shown += self._bash.before + ("" if met == 0 else self._bash.after)
            if met == 0:
                return int(self._bash.match[1]), _STYLES.sub("", shown).replace("\r", "")
            if met > len(questions):
                self._bash.sendintr()
                met_by, interrupted = met_by[:met], True
            else:
                self._bash.sendline(self._answers[questions[met - 1]])


def environment_of_nobody(home: Path, **more: str) -> dict[str, str]:
    """Return an environment without the caller's AWS, SAM and project settings, whose home is an empty folder."""
    prefixes = ("AWS_", "SAM_", "IMPORTAU_", "PYTEST", "COV_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    return kept | {"HOME": str(home), "SAM_CLI_TELEMETRY": "0"} | more
