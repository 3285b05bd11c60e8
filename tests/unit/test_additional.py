"""Tests that need what is not in the repository: left out where it is not there, and never without a word."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from elsewhere import EVERYTHING, REAL_EXPORT, ROOT, Elsewhere

pytestmark = pytest.mark.once

COPIED = ("tests/conftest.py", "tests/support", "tests/golden", "tests/unit/test_golden.py", "functions", "glue",
          "csv_exports", "pyproject.toml")  # fmt: skip


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what a few tests need of the project, with nothing beside it."""
    home = tmp_path_factory.mktemp("vazio é") / "clone"
    for name in COPIED:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, home / name)
    return home


def of_a_run(clone: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IMPORTAU_", "PYTEST_"))}
    test = "tests/unit/test_golden.py"
    return subprocess.run(
        [sys.executable, "-X", "utf8", "-m", "pytest", test, "-p", "no:cacheprovider", *arguments],
        cwd=clone,
        env=kept | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_run_ends_by_saying_what_was_left_out_why_and_how_to_get_it(clone: Path, workers: str) -> None:
    ran = of_a_run(clone, "-n", workers, "-k", "real_export")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    title, reason, file = ran.stdout.splitlines()[-4:-1]
    assert " ADDITIONAL TESTS LEFT OUT " in title
    assert reason == (
        "3 tests need the real export (seven CSVs): put it into ../shared/csv_exports, or name its folder: "
        "IMPORTAU_CSV_DIR=DIR"
    )
    assert file.strip() == "tests/unit/test_golden.py"


def test_where_it_is_beside_the_repository_or_named_nothing_is_left_out(clone: Path) -> None:
    # The sample stands in for the real export: it is looked for and read, and gives other numbers than are expected.
    ran = of_a_run(clone, "-k", "real_export", IMPORTAU_CSV_DIR=str(clone / "csv_exports"))
    assert ran.returncode == 1
    assert "LEFT OUT" not in ran.stdout
    assert "not what was reviewed in" in ran.stdout
    assert "real_export.json" in ran.stdout


def test_a_folder_that_is_named_and_lacks_files_is_an_error_before_the_first_test(clone: Path, tmp_path: Path) -> None:
    for each in EVERYTHING:
        ran = of_a_run(clone, **{each.variable: str(tmp_path)})
        assert ran.returncode == pytest.ExitCode.USAGE_ERROR
        assert f"{each.variable}={tmp_path} lacks {each.files[0]}, {each.files[1]}" in ran.stderr
        assert "passed" not in ran.stdout


def test_a_folder_beside_the_repository_that_lacks_a_file_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    thing = Elsewhere("it", "IMPORTAU_NOWHERE", "beside", ("a.csv", "b.csv"))
    monkeypatch.setattr("elsewhere.ROOT", tmp_path / "repository")
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside/a.csv").touch()
    assert thing.folder() is None
    (tmp_path / "beside/b.csv").touch()
    assert thing.folder() == thing.there() == tmp_path / "beside"
    assert REAL_EXPORT.beside == "shared/csv_exports"
