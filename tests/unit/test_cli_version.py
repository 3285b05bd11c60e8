"""What `importau version` says of the machine it runs on."""

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import __version__
from cli.commands.version import commit, installed
from cli.main import app


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
    ran = subprocess.run(["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=True)
    return ran.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "a clone"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "file").write_text("1")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "first")
    return folder


def test_it_says_version_python_and_packages_a_line_each() -> None:
    said = dict(line.split(None, 1) for line in CliRunner().invoke(app, ["version"]).stdout.splitlines())
    assert said["importau"] == __version__
    assert said["python"] == f"{platform.python_version()} ({sys.executable})"
    assert {"commit", "platform", "pyarrow", "pandas", "awswrangler", "boto3", "ministack", "aws-sam-cli"} <= set(said)


def test_the_same_as_json_for_other_programs() -> None:
    said = json.loads(CliRunner().invoke(app, ["version", "--json"]).stdout)
    lines = CliRunner().invoke(app, ["--version"]).stdout.splitlines()
    assert {name: str(fact) for name, fact in said.items()} == dict(line.split(None, 1) for line in lines)


def test_a_commit_has_a_plus_where_the_tree_is_changed(checkout: Path) -> None:
    head = git(checkout, "rev-parse", "--short=12", "HEAD")
    assert commit(checkout) == head
    (checkout / "file").write_text("2")
    assert commit(checkout) == f"{head}+"


def test_a_folder_in_somebody_elses_repository_has_no_commit_of_its_own(checkout: Path) -> None:
    (checkout / "inner").mkdir()
    assert commit(checkout / "inner") == "unknown"


def test_without_a_repository_or_without_git_the_commit_is_unknown(
    tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert commit(tmp_path) == "unknown"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit(checkout) == "unknown"


def test_a_package_that_is_not_there_is_not_installed(tmp_path: Path) -> None:
    assert installed("no-such-package-anywhere") == "not installed"
    assert installed("aws-sam-cli", tmp_path) == "not installed"


def test_a_package_of_another_environment_is_found_there(tmp_path: Path) -> None:
    record = tmp_path / "lib/python3.12/site-packages/a_tool-4.5.dist-info/METADATA"
    record.parent.mkdir(parents=True)
    record.write_text("Metadata-Version: 2.1\nName: a-tool\nVersion: 4.5\n")
    assert installed("a-tool", tmp_path) == "4.5"
