"""The scripts of the course, as files; `tests/e2e/test_course.py` runs them."""

import os
import re
from pathlib import Path

import pytest
from typer.main import get_command

from cli.main import app

ROOT = Path(__file__).resolve().parents[2]
NAMES = (
    "01-check-permissions", "02-bucket", "03-install", "04-deploy", "05-run-bronze", "06-run-silver", "07-run-gold",
    "08-run-forecast", "09-governance", "10-verify",
)  # fmt: skip
# What each of them calls, in this order.
CALLS = (
    ["local", "check"], ["local", "bucket"], [], ["local", "deploy"], *[["local", "run"]] * 5,
    ["local", "verify", "lineage"],
)  # fmt: skip
SCRIPTS = [ROOT / f"scripts/{name}.sh" for name in NAMES]
each_script = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)


def test_the_scripts_are_the_ten_of_the_course() -> None:
    assert sorted((ROOT / "scripts").iterdir()) == SCRIPTS


@each_script
def test_a_script_can_be_run_stops_at_the_first_error_and_fits_on_a_screen(script: Path) -> None:
    lines = script.read_text("utf-8").splitlines()
    assert os.access(script, os.X_OK)
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines
    assert len(lines) <= 25
    assert any(line.startswith("# Uso: scripts/") for line in lines)


@each_script
def test_a_script_calls_commands_that_exist_and_can_be_sent_to_the_embedded_aws(script: Path) -> None:
    text = script.read_text("utf-8")
    commands = get_command(app).commands  # type: ignore[attr-defined]
    calls = re.findall(r'^ *(?:bucket=\$\()?(?:\./|"\$project/)importau"? (\w+)(.*)$', text, re.MULTILINE)
    assert [name for name, _ in calls] == CALLS[SCRIPTS.index(script)]
    for name, rest in calls:
        assert name in commands
        options = {option for parameter in commands[name].params for option in parameter.opts}
        assert "--local" not in options or "${IMPORTAU_LOCAL:+--local" in rest, f"{name} ignores IMPORTAU_LOCAL"


@each_script
def test_a_rehearsal_starts_the_embedded_aws_before_it_needs_it(script: Path) -> None:
    text = script.read_text("utf-8")
    uses = [found.start() for found in re.finditer(r"IMPORTAU_LOCAL:\+--local", text)]
    start = re.search(r"^if \[\[ -n \$\{IMPORTAU_LOCAL:-\} \]\]; then\n.*local up >/dev/null", text, re.MULTILINE)
    assert not uses or (start is not None and start.start() < min(uses))


@each_script
def test_no_script_agrees_to_other_data_than_was_asked_for(script: Path) -> None:
    agreed = re.findall(r"importau\"? (\w+)[^\n]*--yes", script.read_text("utf-8"))
    assert set(agreed) <= {"deploy"}  # which changes no data


@each_script
def test_the_walkthrough_names_every_script(script: Path) -> None:
    assert f"`scripts/{script.name}`" in (ROOT / "LEIAME.md").read_text("utf-8")
