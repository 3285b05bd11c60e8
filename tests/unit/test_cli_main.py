"""The command line as a whole: help, exit codes, and what is said when a command cannot do its work."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from botocore.exceptions import NoCredentialsError
from lakehouse_tables import EXPORTED
from typer.testing import CliRunner, Result

from cli import ROOT
from cli.building import chromium
from cli.commands import demo, run
from cli.commands import test as test_command
from cli.errors import CliError
from cli.main import app
from cli.running import source


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMPORTAU_HOME", str(tmp_path))
    return tmp_path


def importau(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def raising(error: BaseException) -> object:
    def raise_it(*arguments: object, **named: object) -> None:
        raise error

    return raise_it


def test_alone_it_prints_its_help() -> None:
    result = importau()
    assert result.exit_code == 0
    for command in ("demo", "run", "export", "local", "test"):
        assert command in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        *([command] for command in ("demo", "run", "export", "test", "local")),
        *(["local", command] for command in ("up", "down", "status", "logs", "reset")),
    ],
    ids=" ".join,
)
def test_every_command_explains_itself(arguments: Sequence[str]) -> None:
    result = importau(*arguments, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["bogus"],
        ["run", "platinum"],
        ["run", "--orders", "0"],
        ["run", "--orders", "many"],
        ["run", "--yes", "--no-input"],
        ["run", "silver", "--orders", "5"],
        ["run", "--csv-dir", ".", "--orders", "5"],
        ["demo", "--seed", "5"],
        ["demo", "--no-input", "--csv-dir", "no-such-folder"],
        ["export"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_a_usage_error(arguments: Sequence[str]) -> None:
    assert importau(*arguments).exit_code == 2


@pytest.mark.parametrize("arguments", [["run", "--local"], ["export", "out", "--local"]], ids=" ".join)
def test_an_embedded_aws_that_does_not_run_is_one_line_and_its_fix(arguments: Sequence[str]) -> None:
    result = importau(*arguments)
    assert result.exit_code == 1
    assert result.stderr == "error: the embedded AWS is not running\nfix: Start it: `./importau local up`.\n"


def test_missing_credentials_are_one_line_and_their_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "connect", raising(NoCredentialsError()))
    result = importau("run")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: no AWS credentials were found\nfix: ")


def test_an_unknown_profile_is_one_line_and_its_fix() -> None:
    result = importau("run", "--profile", "no-such-profile")
    assert result.exit_code == 1
    assert "no-such-profile" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_interruption_has_the_exit_code_of_interruptions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "connect", raising(KeyboardInterrupt()))
    result = importau("run")
    assert result.exit_code == 130
    assert "interrupted" in result.stderr


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "connect", raising(ZeroDivisionError()))
    assert isinstance(importau("run").exception, ZeroDivisionError)


def test_the_embedded_aws_that_does_not_run_has_a_status_no_log_and_can_be_stopped_and_emptied(home: Path) -> None:
    status = importau("local", "status")
    assert status.exit_code == 1
    assert "not running" in status.stdout
    assert str(home / "aws") in status.stdout
    assert importau("local", "logs").stdout == ""
    down = importau("local", "down")
    assert down.exit_code == 0
    assert "was not running" in down.stderr
    (home / "aws/s3").mkdir(parents=True)
    assert importau("local", "reset").exit_code == 0
    assert not (home / "aws/s3").exists()


def test_a_demo_asks_before_it_starts_anything(monkeypatch: pytest.MonkeyPatch, home: Path, tmp_path: Path) -> None:
    monkeypatch.setattr(demo, "lasting", raising(AssertionError("it was started")))
    result = importau("demo", "--csv-dir", str(tmp_path), "--no-input")
    assert result.exit_code == 2
    assert f"{len(EXPORTED)} of the {len(EXPORTED)} CSV files are missing" in result.stderr


def test_a_demo_that_finds_no_files_makes_none_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "nearby", lambda: None)
    monkeypatch.setattr(source, "missing_in", lambda folder: source.exported_files())
    monkeypatch.setattr(demo, "lasting", raising(AssertionError("it was started")))
    result = importau("demo")
    assert result.exit_code == 2
    assert f"{len(EXPORTED)} of the {len(EXPORTED)} CSV files are missing in {ROOT / 'csv_exports'}" in result.stderr
    assert "--orders N or --yes" in result.stderr


def test_a_demo_without_options_takes_the_folder_it_finds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in source.exported_files():
        (tmp_path / name).write_text("")
    monkeypatch.setattr(source, "nearby", lambda: tmp_path)
    monkeypatch.setattr(demo, "lasting", raising(CliError("far enough")))
    result = importau("demo")
    assert f"taking the CSVs in {tmp_path}" in result.stderr
    assert "far enough" in result.stderr


def test_the_test_command_hands_its_arguments_to_pytest_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Sequence[str]] = []
    monkeypatch.setattr(test_command, "_pytest", lambda arguments: ran.append(arguments) or 5)
    monkeypatch.setattr(test_command, "_checked", raising(AssertionError("checked")))
    result = importau("test", "tests/unit", "-k", "rateio", "--lf")
    assert ran == [["tests/unit", "-k", "rateio", "--lf"]]
    assert result.exit_code == 5


@pytest.mark.once
@pytest.mark.parametrize(("lint", "tests", "code"), [(True, 0, 0), (False, 0, 1), (True, 2, 2), (False, 3, 3)])
def test_the_test_command_fails_when_a_check_or_a_test_does(
    monkeypatch: pytest.MonkeyPatch, lint: bool, tests: int, code: int
) -> None:
    checks = {
        "good": (sys.executable, "-c", ""),
        "lint": (sys.executable, "-c", f"print('said'); exit({int(not lint)})"),
    }
    monkeypatch.setattr(test_command, "_CHECKS", checks)
    # What is checked of the portal takes a quarter of a minute, and is another test's.
    monkeypatch.setattr(test_command, "_check_portal", lambda: None)
    monkeypatch.setattr(chromium, "install", lambda: None)
    monkeypatch.setattr(test_command, "_pytest", lambda arguments, python="": tests)
    result = importau("test")
    assert result.exit_code == code
    assert "✓ good" in result.stderr
    assert ("said" in result.stderr) is not lint


def test_the_entry_point_gives_its_exit_code_to_the_shell() -> None:
    entry = [sys.executable, "-c", "from cli.main import main; main()", "local", "status"]
    ran = subprocess.run(entry, cwd=ROOT, env=dict(os.environ), capture_output=True, check=False)
    assert ran.returncode == 1
