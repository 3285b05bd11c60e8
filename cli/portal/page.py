"""The page itself: built once from portal/ with Node.js, kept, and filled with a document."""

import fcntl
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, Final

from cli import ROOT
from cli.errors import CliError

SOURCE: Final = ROOT / "portal"
KEPT: Final = ROOT / ".importau/portal"
WORKSHOP: Final = KEPT / "workshop"
_NODE: Final = (20, 19)
_TAIL_LINES: Final = 15
_GIVEN: Final = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts")
_PLACE: Final = re.compile(r'(<script id="lakehouse" type="application/json">)"LAKEHOUSE"(</script>)')
_HOW: Final = (
    "Install Node.js 20.19 or newer (nodejs.org, nvm, `brew install node`) and run it again. "
    "Everything but the portal works without it."
)


def filled(template: str, document: Mapping[str, Any]) -> str:
    """Return the page with a document in it; no value of the document can end the element that contains it."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    page, places = _PLACE.subn(lambda match: f"{match[1]}{text}{match[2]}", template)
    if places != 1:
        raise CliError("the built page has no place for the data", "Remove .importau/portal/ and run it again.")
    return page


def template(progress: Callable[[str], None] = lambda _: None) -> str:
    """Return the page without data; it is built the first time, and after its source has changed.

    Parameters
    ----------
    progress : callable
        Called with what is being done.

    Raises
    ------
    CliError
        Node.js is missing or too old, or the build failed.
    """
    page = KEPT / f"{_fingerprint()}.html"
    if not page.exists():
        with workshop(progress) as folder:
            if not page.exists():
                progress("building the page")
                npm(folder, "run", "--silent", "build", "--", "--logLevel", "error")
                (folder / "dist/index.html").rename(page)
    return page.read_text(encoding="utf-8")


def prepared() -> Future[str]:
    """Start to build the page in the background; a command that is interrupted does not wait for it."""
    page: Future[str] = Future()

    def build() -> None:
        try:
            page.set_result(template())
        except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
            page.set_exception(error)

    Thread(target=build, daemon=True).start()
    return page


@contextmanager
def workshop(progress: Callable[[str], None] = lambda _: None) -> Iterator[Path]:
    """Yield a folder with the page's source and the packages of its lock file, for one process at a time.

    It is not the repository's own folder, so that a build never interferes with a developer's. The second time it is
    ready soon.

    Raises
    ------
    CliError
        Node.js is missing or too old, or the packages could not be installed.
    """
    _need_node()
    WORKSHOP.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(WORKSHOP / "src", ignore_errors=True)
        shutil.copytree(SOURCE / "src", WORKSHOP / "src")
        for name in _GIVEN:
            shutil.copy2(SOURCE / name, WORKSHOP / name)
        fingerprint = hashlib.sha256((SOURCE / "package-lock.json").read_bytes()).hexdigest()
        stamp = WORKSHOP / "node_modules/.locked"
        if not stamp.exists() or stamp.read_text() != fingerprint:
            progress("installing what the page is made of")
            npm(WORKSHOP, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
            stamp.write_text(fingerprint)
        yield WORKSHOP


def _fingerprint() -> str:
    """Return a hash of the page's source: the same source gives the same page."""
    digest = hashlib.sha256()
    sources = sorted(path for path in (SOURCE / "src").rglob("*") if path.is_file())
    for path in (*(SOURCE / name for name in _GIVEN), *sources):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(SOURCE)} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def npm(folder: Path, *arguments: str) -> None:
    """Run npm in a folder.

    Raises
    ------
    CliError
        It failed; the message ends with the end of its output.
    """
    process = subprocess.run(
        ["npm", *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", check=False,
    )  # fmt: skip
    if process.returncode:
        output = "\n".join(process.stdout.strip().splitlines()[-_TAIL_LINES:])
        raise CliError(
            f"the portal could not be built: npm {' '.join(arguments[:2])} failed\n{output}",
            "Is the registry reachable?",
        )


def _need_node() -> None:
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise CliError("the portal is built with Node.js, which was not found", _HOW)
    printed = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    version = tuple(int(part) for part in re.findall(r"\d+", printed)[:2])
    if version < _NODE:
        raise CliError(f"the portal is built with Node.js, and {printed or 'this one'} is too old", _HOW)
