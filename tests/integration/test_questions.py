"""Questions at a real terminal: answered, left by Ctrl-D, interrupted by Ctrl-C."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from lakehouse_tables import EXPORTED

from cli import ROOT

# As the launcher starts it: what has started the tests may ignore Ctrl-C, and children would, too.
_STARTED = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from cli.main import main; main()"


class Terminal:
    """A command at a terminal of its own."""

    def __init__(self, *arguments: str, home: Path, locale: str = "C.UTF-8") -> None:
        self.screen, its_end = pty.openpty()
        self.said = b""
        self.process = subprocess.Popen(
            [sys.executable, "-X", "utf8", "-c", _STARTED, *arguments],
            cwd=ROOT,
            env=os.environ | {"IMPORTAU_HOME": str(home), "LC_ALL": locale, "TERM": "dumb", "COLUMNS": "200"},
            stdin=its_end,
            stdout=its_end,
            stderr=its_end,
            start_new_session=True,
        )
        os.close(its_end)

    def shows(self, text: str) -> None:
        """Wait until the screen has a text."""
        while text.encode() not in self.said:
            self._read()

    def ends(self) -> tuple[int, list[str]]:
        """Return the exit code and the lines of the screen."""
        try:
            while True:
                self._read()
        except EOFError:
            pass
        os.close(self.screen)
        return self.process.wait(), self.said.decode().replace("\r", "").splitlines()

    def interrupts(self) -> None:
        """Press Ctrl-C once the process waits for an answer: Python sees no signal between its question and that."""
        stat = Path(f"/proc/{self.process.pid}/stat")
        while stat.read_text().rsplit(")", 1)[1].split()[0] != "S":
            os.sched_yield()
        os.killpg(self.process.pid, signal.SIGINT)

    def types(self, keys: str) -> None:
        os.write(self.screen, keys.encode())

    def _read(self) -> None:
        try:
            read = os.read(self.screen, 4096)
        except OSError:  # how Linux says that nobody has the other end any more
            read = b""
        if not read:
            raise EOFError(self.said.decode())
        self.said += read


QUESTION = "(f/s/q)"


@pytest.fixture
def asked(tmp_path: Path) -> Terminal:
    terminal = Terminal("demo", "--csv-dir", str(tmp_path / "nowhere"), home=tmp_path / "home")
    terminal.shows(QUESTION)
    return terminal


def test_a_question_that_is_left_is_one_line_and_exit_code_130(asked: Terminal, tmp_path: Path) -> None:
    asked.types("\x04")
    code, lines = asked.ends()
    assert (code, lines[-1]) == (130, "! interrupted")
    assert "Traceback" not in " ".join(lines)
    assert not (tmp_path / "home").exists()


def test_a_question_that_is_interrupted_is_one_line_and_exit_code_130(asked: Terminal, tmp_path: Path) -> None:
    asked.interrupts()
    code, lines = asked.ends()
    assert (code, lines[-1]) == (130, "! interrupted")
    assert "Traceback" not in " ".join(lines)
    assert not (tmp_path / "home").exists()


def test_a_person_who_quits_gets_one_line_and_exit_code_1(asked: Terminal, tmp_path: Path) -> None:
    asked.types("q\n")
    code, lines = asked.ends()
    assert code == 1
    assert lines[-1] == "error: stopped: nothing was uploaded and nothing was run"
    assert not (tmp_path / "home").exists()


def test_in_brazil_the_question_is_in_portuguese(tmp_path: Path) -> None:
    terminal = Terminal("demo", "--csv-dir", str(tmp_path / "nada"), home=tmp_path / "home", locale="pt_BR.UTF-8")
    terminal.shows("(p/s/c)")
    terminal.types("c\n")
    code, lines = terminal.ends()
    assert code == 1
    assert (
        f"! faltam {len(EXPORTED)} dos {len(EXPORTED)} arquivos CSV ({tmp_path}/nada, que não existe): pedidos.csv, "
        in " ".join(lines)
    )
    assert lines[-1] == "error: parado: nada foi enviado e nada foi executado"
