"""`importau test`: which Pythons the unit tests run on, and what is said of those that are not there."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer

from cli.commands import test as command

OWN = f"3.{sys.version_info.minor}"
FIRST, SECOND = (version for version in ("3.11", "3.12", "3.13") if version != OWN)


def environment(state: Path, version: str, then: str = "exit 0") -> Path:
    """Make what looks like an environment of the launcher's: its Python says how it is called."""
    python = state / f"python{version}/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "$*" >"$(dirname "$0")/../called"\n{then}\n')
    python.chmod(0o755)
    (python.parents[1] / ".locked").touch()
    return python


@pytest.fixture
def everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what runs the command without its checks, with a Python that succeeds for the main run."""

    def run() -> int:
        own = environment(tmp_path, "own")
        monkeypatch.setattr(command, "ROOT", tmp_path)
        monkeypatch.setattr(command, "_checked", list)
        monkeypatch.setattr(command._pytest, "__defaults__", (own,))
        with pytest.raises(typer.Exit) as ended:
            command.test(SimpleNamespace(args=[]))  # type: ignore[arg-type]
        return ended.value.exit_code

    return run


def test_the_environments_that_are_whole_are_the_pythons_to_test(tmp_path: Path) -> None:
    python = environment(tmp_path, FIRST)
    (environment(tmp_path, SECOND).parents[1] / ".locked").unlink()
    environment(tmp_path, OWN)
    assert command.other_pythons(tmp_path) == {FIRST: python, SECOND: None}


def test_the_unit_tests_run_on_every_other_python_and_the_last_line_names_the_absent(
    everything: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment(tmp_path / ".importau", FIRST)
    assert everything() == 0
    called = (tmp_path / f".importau/python{FIRST}/called").read_text().split()
    assert called[:3] == ["-m", "pytest", "tests/unit"]
    assert f"NOT tested on Python {SECOND}: not found on this machine" in capsys.readouterr().err.splitlines()[-1]


def test_a_failure_on_another_python_fails_the_command(
    everything: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment(tmp_path / ".importau", FIRST, "exit 1")
    environment(tmp_path / ".importau", SECOND)
    assert everything() == 1
    said = capsys.readouterr().err
    assert f"unit tests on Python {FIRST}" in said.splitlines()[-1]
    assert "NOT tested" not in said
