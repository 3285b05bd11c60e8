"""Somebody who types commands without a terminal, and whose account is an embedded AWS of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli import ROOT
from cli.embedded.server import EmbeddedAws
from cli.session import Aws, at


@dataclass(frozen=True)
class Somebody:
    """A person with a home folder; what is typed starts in the project's folder.

    Attributes
    ----------
    home : Path
    """

    home: Path

    def types(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command with further environment variables; return what came of it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
        return subprocess.run(
            command, cwd=ROOT, env=kept | {"IMPORTAU_HOME": str(self.home), "IMPORTAU_LOCAL": "1"} | more,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def importau(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line without its launcher."""
        return self.types(sys.executable, "-X", "utf8", "-c", "from cli.main import main; main()", *arguments)

    def does(self, *arguments: str) -> str:
        """Run ``./importau ... --local``; return what it printed on standard output."""
        done = self.types("./importau", *arguments, "--local")
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def aws(self) -> Aws:
        """Their embedded AWS, which runs."""
        endpoint = EmbeddedAws(self.home / "aws").status()
        assert endpoint is not None
        return at(endpoint)


@contextmanager
def somebody(home: Path) -> Iterator[Somebody]:
    """Yield a person, and stop the embedded AWS that they leave running."""
    try:
        yield Somebody(home)
    finally:
        EmbeddedAws(home / "aws").stop()
