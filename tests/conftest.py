"""What every test may ask for."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# How long an example takes says nothing on a shared machine. By hand the same examples every time keep a red test red;
# continuous integration looks for new ones. What it finds is printed, with a line that plays it again
# (@reproduce_failure), and kept as an @example of its test.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("fresh", deadline=None, derandomize=False, print_blob=True)
settings.load_profile("fresh" if os.environ.get("CI") else "same")


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
