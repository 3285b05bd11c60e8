"""What every test may ask for."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Questions come in the language of whoever runs the tests otherwise.
os.environ["LC_ALL"] = "C.UTF-8"
ROOT = Path(__file__).resolve().parent.parent

# How long an example takes says nothing on a shared machine; the same examples every time keep a red test red.
settings.register_profile("importau", deadline=None, derandomize=True)
settings.load_profile("importau")


@pytest.fixture(scope="session")
def csv_dir() -> Path:
    """Return the folder of the real export, which lives outside the project."""
    folder = Path(os.environ.get("IMPORTAU_CSV_DIR", ROOT.parent / "shared/csv_exports"))
    assert (folder / "pedidos.csv").is_file(), f"the real export is not in {folder}; name its folder: IMPORTAU_CSV_DIR"
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out of the parity tests and why: it is no test passed."""
    skipped = [report for report in terminalreporter.getreports("skipped") if "/parity/" in report.nodeid]
    reasons = {str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped}
    if reasons:
        terminalreporter.section("NOT TESTED AS ON AWS", sep="!", yellow=True, bold=True)
        for reason in sorted(reasons):
            terminalreporter.line(reason, yellow=True)
