"""The recipes of CONTRIBUTING, followed in a copy of the project: what they say is all that there is to do."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from recipe import NEW_COLUMN, NEW_TABLE, follow
from terminal import environment_of_nobody
from working_copy import working_copy

pytestmark = pytest.mark.e2e

MAIN = "import sys; sys.path.insert(0, '.'); from cli.main import main; main()"
Run = Callable[..., str]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of the project, with its environments."""
    return working_copy(tmp_path / "projeto")


@pytest.fixture
def run(project: Path, tmp_path: Path) -> Run:
    """Return what runs Python in the copy, and gives what it printed."""

    def ran(*arguments: str) -> str:
        environment = environment_of_nobody(tmp_path, LC_ALL="C.UTF-8", IMPORTAU_HOME=str(tmp_path / "home"))
        done = subprocess.run(
            [sys.executable, "-X", "utf8", *arguments], cwd=project, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        return done.stdout

    return ran


@pytest.fixture
def importau(run: Run) -> Run:
    return lambda *arguments: run("-P", "-c", MAIN, *arguments)


def test_an_eighth_csv_is_at_most_six_files_and_goes_through_the_whole_pipeline(
    project: Path, importau: Run, request: pytest.FixtureRequest
) -> None:
    assert len(follow(project, NEW_TABLE)) <= 6
    assert "template.yaml written" in importau("generate")
    assert "written: fretes.csv" in importau("sample", "--yes")
    request.addfinalizer(lambda: importau("local", "down"))
    importau("local", "up")
    importau("deploy", "--local", "--yes")
    assert "fretes" in importau("run", "--local", "--csv-dir", "csv_exports")
    checks = {check["id"]: check for check in json.loads(importau("verify", "--local", "--json"))}
    assert all(check["passed"] for check in checks.values())
    assert checks["catalogue"]["description"].startswith("the 11 + 2 tables (8 + 1 + 2) are there")
    assert "fretes" in importau("search", "frete maritimo", "--local")
    assert "fretes.csv" in importau("lineage", "fretes")


def test_a_column_of_gold_is_at_most_four_files_and_worked_out_apart(project: Path, run: Run, importau: Run) -> None:
    assert len(follow(project, NEW_COLUMN)) <= 4
    importau("generate")
    tests = ("tests/unit/test_gold.py", "tests/unit/test_contracts.py", "tests/unit/test_checks_gold.py")
    run("-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
