"""The browser that tests and measurements drive: Debian's chromium, or any other chromium."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from cli.errors import CliError

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_VARIABLE: Final = "IMPORTAU_CHROMIUM"
_APT: Final = ("apt-get", "install", "--yes", "--no-install-recommends", "chromium", "fonts-liberation")
# No sandbox, which root cannot have; no network access but the page's.
ARGUMENTS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


def executable() -> Path:
    """Return the browser's path; IMPORTAU_CHROMIUM names another.

    Raises
    ------
    CliError
        There is none.
    """
    named = os.environ.get(_VARIABLE)
    path = next(filter(None, map(shutil.which, [named] if named else _NAMES)), None)
    if path is None:
        raise CliError(
            f"{named or 'chromium'} was not found, and the portal's tests need a browser",
            f"Install one (Debian, Ubuntu: `apt install chromium`), or name it: {_VARIABLE}=/path/to/chrome.",
        )
    return Path(path)


def install() -> None:
    """Install Debian's chromium where there is no browser; raise `CliError` where this user may not."""
    try:
        executable()
    except CliError:
        root = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
        if shutil.which("apt-get") is None or (root and shutil.which("sudo") is None):
            raise
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        process = None
        for command in ((*root, *_APT), (*root, "apt-get", "update"), (*root, *_APT)):
            process = subprocess.run(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, check=False,
            )  # fmt: skip
            if process.returncode == 0 and "update" not in command:
                return
        output = "" if process is None else process.stdout.strip()[-500:]
        raise CliError(f"chromium could not be installed:\n{output}", "Install it: `apt install chromium`.") from None
