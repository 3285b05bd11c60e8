"""What every test may ask for, and what a run says at its end of the tests that it left out."""

import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import quick_aws
from elsewhere import ABSENT, EVERYTHING
from exports import SAMPLE
from hypothesis import settings

# Questions come in the language of whoever runs the tests otherwise.
os.environ["LC_ALL"] = "C.UTF-8"

# How long an example takes says nothing on a shared machine. The same examples every time keep a red test red, and let
# a change be judged by what it changes; the weekly run looks for new ones. What it finds is printed, with a line that
# plays it again (@reproduce_failure), and kept as an @example of its test.
settings.register_profile("same", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("fresh", deadline=None, derandomize=False, max_examples=50, print_blob=True)
settings.register_profile("few", deadline=None, derandomize=True, max_examples=10)
settings.register_profile("many", deadline=None, derandomize=False, max_examples=2000, print_blob=True)
settings.load_profile("fresh" if os.environ.get("IMPORTAU_FRESH") else "same")

_TESTS = Path(__file__).parent
_LONGEST_FIRST = ("e2e", "faults", "parity", "browser", "integration", "unit")


def pytest_configure() -> None:
    """Stop before the first test where a variable names a folder that lacks what it should hold."""
    for each in EVERYTHING:
        each.folder()
    quick_aws.share_models()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: short files fill the end, where a worker would wait for the other one."""
    places = {folder: place for place, folder in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path.relative_to(_TESTS).parts[0], -1))


@pytest.fixture(autouse=True)
def _no_clients_of_other_tests() -> None:
    """Forget the clients of AWS that another test has made in this process: its account is not this one's."""
    if clients := sys.modules.get("lakehouse.clients"):
        clients.forget()
    quick_aws.share_urls()


@pytest.fixture(scope="session")
def csv_dir() -> Path:
    """Return the folder of the sample."""
    return SAMPLE.folder


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Return how the browser is started; it is the same for every folder of tests."""
    from cli.building import chromium

    return {"executable_path": str(chromium.executable()), "args": list(chromium.ARGUMENTS)}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    return {"locale": "pt-BR", "timezone_id": "America/Sao_Paulo", "viewport": {"width": 1280, "height": 900}}


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out, why, and how to get what it needs: it is no test passed."""
    skipped = [
        (report.nodeid, str(report.longrepr[2]).removeprefix("Skipped: "))
        for report in terminalreporter.getreports("skipped")
        if isinstance(report.longrepr, tuple)
    ]
    parity = {reason for test, reason in skipped if "/parity/" in test and not reason.startswith(ABSENT)}
    _tell(terminalreporter, "NOT TESTED AS ON AWS", sorted(parity))
    additional = Counter(reason.removeprefix(ABSENT) for _, reason in skipped if reason.startswith(ABSENT))
    lines = []
    for reason, count in sorted(additional.items()):
        files = sorted({test.partition("::")[0] for test, why in skipped if why == ABSENT + reason})
        lines += [f"{count} tests need {reason}", *(f"    {file}" for file in files)]
    _tell(terminalreporter, "ADDITIONAL TESTS LEFT OUT", lines)


def _tell(terminalreporter: pytest.TerminalReporter, title: str, lines: list[str]) -> None:
    if lines:
        terminalreporter.section(title, sep="!", yellow=True, bold=True)
        for line in lines:
            terminalreporter.line(line, yellow=True)
