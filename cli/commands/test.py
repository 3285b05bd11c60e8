"""`importau test`: every check that a change has to pass."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

import typer

from cli import ROOT
from cli.building import chromium
from cli.errors import FAILURE, CliError
from cli.pages import site
from cli.portal.page import npm, workshop
from cli.terminal import present

_PYTHON: Final = sys.executable
_CHECKS: Final[dict[str, tuple[str, ...]]] = {
    "ruff check": (_PYTHON, "-m", "ruff", "check", "."),
    "ruff format": (_PYTHON, "-m", "ruff", "format", "--check", "."),
    "mypy": (_PYTHON, "-m", "mypy"),
    "sam validate": (str(ROOT / ".venv-sam/bin/sam"), "validate", "--lint", "--region", "us-east-1"),
    "shellcheck": (
        *(str(ROOT / ".venv-checks/bin/shellcheck"), "importau", ".ci/run"),
        *(str(script) for script in sorted((ROOT / "scripts").glob("*.sh"))),
    ),
    # As it is written, and as the SAM transform makes it (tests/parity/test_template.py keeps that file true).
    "checkov": (
        *(str(ROOT / ".venv-checks/bin/checkov"), "--skip-download", "--framework", "cloudformation"),
        *("--quiet", "--compact", "-f", "template.yaml", "tests/golden/template.json"),
    ),
    # The pages as a site: no link between them, or to the line of a file, is broken.
    "pages": site.BUILD,
}
_MUTANTS: Final = (_PYTHON, "-m", "tests.mutation")
# Four workers on two cores: the tests on an embedded AWS wait much. A file stays on one worker, so
# that what its tests share (a deployment, a server) is made once; files are begun in the order of collection.
_AT_ONCE: Final = ("-n", "4", "--dist", "loadfile", "--no-loadscope-reorder")
# What takes long is told: everything together has 25 minutes.
_EVERYTHING: Final = (
    *_AT_ONCE, "--cov", "--cov-report", "term:skip-covered", "--durations", "25", "--durations-min", "15",
)  # fmt: skip
# How lines are counted: by Python itself where it can, else by following every call.
_COUNTING: Final = {"COVERAGE_CORE": "sysmon"} if sys.version_info >= (3, 12) else {}
# What differs from one Python to another shows in a few examples, and in the tests that may meet it.
_UNIT_TESTS: Final = (
    *("tests/unit", "-m", "not once", *_AT_ONCE, "-p", "no:cacheprovider", "--hypothesis-profile", "few"),
)
_PYTHONS: Final = ("3.11", "3.12", "3.13")


@dataclass(frozen=True)
class Check:
    """The result of a static check."""

    name: str
    passed: bool
    output: str
    seconds: float


def test(ctx: typer.Context) -> None:
    """Check style, types and template, then run every test with coverage; with arguments, run pytest on them alone.

    On each other Python from 3.11 to 3.13 that the machine has, the unit tests run that it may decide.
    With `--mutants N` say which of N small changes to the code no test notices (`--mutants 1 --help` for more).
    """
    if any(argument.partition("=")[0] == "--mutants" for argument in ctx.args):
        raise typer.Exit(subprocess.run([*_MUTANTS, *ctx.args], cwd=ROOT, check=False).returncode)
    if ctx.args:
        raise typer.Exit(_pytest(ctx.args))
    failed = []
    for check in _checked():
        (present.done if check.passed else present.failed)(check.name, check.seconds)
        if not check.passed:
            failed.append(check.name)
            present.say(check.output)
    code = _pytest(_EVERYTHING)
    others = other_pythons(ROOT / ".importau")
    for version, python in others.items():
        if python is not None:
            present.say(f"the unit tests on Python {version}:")
            if _pytest(_UNIT_TESTS, python):
                failed.append(f"unit tests on Python {version}")
    absent = [version for version, python in others.items() if python is None]
    if absent:
        present.warn(f"NOT tested on Python {' and '.join(absent)}: not found on this machine")
    if failed:
        present.failed(f"beside the tests above, these failed: {', '.join(failed)}")
    raise typer.Exit(code or (FAILURE if failed else 0))


def other_pythons(state: Path) -> dict[str, Path | None]:
    """Return the project's other Pythons, by version: those that do not run this.

    Parameters
    ----------
    state : Path
        The folder in which the launcher makes an environment of each that it finds.

    Returns
    -------
    dict of str to (Path or None)
        The environment's interpreter; None where the machine has no such Python.
    """
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    environments = {version: state / f"python{version}" for version in _PYTHONS if version != own}
    return {
        version: folder / "bin/python" if (folder / ".locked").is_file() else None
        for version, folder in environments.items()
    }


def _checked() -> Sequence[Check]:
    """Run the static checks in parallel, the portal's among them, and install a browser for its tests if need be."""
    with present.activity("checking style, types and template"), ThreadPoolExecutor() as pool:
        waited_for = [
            *(pool.submit(_check, name, command) for name, command in _CHECKS.items()),
            pool.submit(_attempt, "contracts", _check_contracts),
            pool.submit(_attempt, "portal (tsc, vitest)", _check_portal),
            pool.submit(_attempt, "a browser for the tests", chromium.install),
        ]
        return [each.result() for each in waited_for]


def _check_contracts() -> None:
    from cli.contracts.checked import check

    check(ROOT)


def _check_portal() -> None:
    with workshop() as folder:
        npm(folder, "run", "--silent", "check")
        npm(folder, "run", "--silent", "test")


def _attempt(name: str, work: Callable[[], None]) -> Check:
    start = monotonic()
    try:
        work()
    except CliError as error:
        return Check(name, passed=False, output=f"{error.message}\n{error.fix}", seconds=monotonic() - start)
    return Check(name, passed=True, output="", seconds=monotonic() - start)


def _check(name: str, command: Sequence[str]) -> Check:
    start = monotonic()
    environment = os.environ | {"SAM_CLI_TELEMETRY": "0"} | site.QUIETLY
    process = subprocess.run(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
    )  # fmt: skip
    return Check(name, process.returncode == 0, process.stdout.strip(), monotonic() - start)


def _pytest(arguments: Sequence[str], python: Path | str = _PYTHON) -> int:
    command = [str(python), "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=ROOT, env=os.environ | _COUNTING, check=False).returncode
