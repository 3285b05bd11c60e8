"""The browser that tests and measurements drive: Debian's chromium, or any other there is."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from cli.errors import CliError

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_VARIABLE: Final = "IMPORTAU_CHROMIUM"
_APT: Final = ("apt-get", "install", "--yes", "--no-install-recommends", "chromium", "fonts-liberation")
# No sandbox, for root has none; nothing that would talk to anybody but the page.
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
    found = next(filter(None, map(shutil.which, [named] if named else _NAMES)), None)
    if found is None:
        raise CliError(
            f"{named or 'chromium'} was not found, and the portal's tests need a browser",
            f"Install one (Debian, Ubuntu: `apt install chromium`), or name it: {_VARIABLE}=/path/to/chrome.",
        )
    return Path(found)


def install() -> None:
    """Install Debian's chromium where there is no browser and this user may; raise `CliError` otherwise."""
    try:
        executable()
    except CliError:
        root = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
        if shutil.which("apt-get") is None or (root and shutil.which("sudo") is None):
            raise
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        ran = None
        for command in ((*root, *_APT), (*root, "apt-get", "update"), (*root, *_APT)):
            ran = subprocess.run(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, check=False,
            )  # fmt: skip
            if ran.returncode == 0 and "update" not in command:
                return
        said = "" if ran is None else ran.stdout.strip()[-500:]
        raise CliError(f"chromium could not be installed:\n{said}", "Install it: `apt install chromium`.") from None
