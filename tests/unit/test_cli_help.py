"""What commands say of themselves: the whole help, each command's, and docs/commands.md, which repeats them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from cli import ROOT
from cli.generated.files import COMMANDS as COMMANDS_PAGE
from cli.help import Command, Group
from cli.main import app
from cli.table import COMMANDS

pytestmark = pytest.mark.once

PAGE = ROOT / COMMANDS_PAGE
# What takes long to load, and no help needs.
HEAVY = {"boto3", "pyarrow", "pandas", "numpy", "yaml", "pydantic", "rich.progress", "rich.markdown"}


def importau(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def printed(*arguments: str) -> str:
    """Return what a person reads on a terminal of 80 columns; typer's own runner has other ideas of the width."""
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as out:
        patch.setenv("COLUMNS", "80")
        app(list(arguments), prog_name="importau", standalone_mode=False)
    return out.getvalue()


def every_command(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    if isinstance(command, Group):
        for name in command.commands:
            yield from every_command(command.commands[name], (*path, name))


PATHS = [path for path, _ in every_command(get_command(app))]
each_command = pytest.mark.parametrize("path", PATHS, ids=" ".join)


@each_command
def test_help_fits_into_80_columns_and_has_no_colours(path: tuple[str, ...]) -> None:
    said = printed(*path, "--help")
    assert said.startswith(f"Usage: {' '.join(('importau', *path))}")
    # An example is one line however long, so that it can be copied.
    text = [line for line in said.splitlines() if not line.startswith("  ./importau")]
    assert max(map(len, text)) <= 80
    assert "\x1b" not in said


@each_command
def test_the_command_help_says_what_the_option_does(path: tuple[str, ...]) -> None:
    assert printed("help", *path) == printed(*path, "--help") == printed(*path, "-h")


@each_command
def test_the_page_of_commands_is_what_they_say(path: tuple[str, ...]) -> None:
    title = " ".join(("importau", *path))
    section = f"## {title}\n\n```text\n{printed(*path, '--help')}```\n"
    assert section in PAGE.read_text("utf-8"), "docs/commands.md is stale: write it with `./importau generate`"


def test_the_whole_help_has_a_line_for_every_command() -> None:
    lines = printed("--help").splitlines()
    for entry in COMMANDS:
        its = [line for line in lines if line.split() and line.split()[0] == entry.name and entry.summary in line]
        assert len(its) == 1, f"{entry.name}: its summary has to fit on a line"


def test_every_command_explains_itself_in_the_same_form() -> None:
    for path, command in every_command(get_command(app)):
        assert isinstance(command, (Command, Group)), path


def test_options_stand_under_the_heading_of_what_they_are_about() -> None:
    said = printed("run", "--help")
    about, _, rest = said.partition("\nWhere the lakehouse is:\n")
    assert "--local" not in about
    assert "--local" in rest.partition("\n\n")[0]


@pytest.mark.parametrize("arguments", [["bogus"], ["help", "bogus"], ["help", "local", "bogus"]], ids=" ".join)
def test_a_command_there_is_not_is_a_usage_error(arguments: list[str]) -> None:
    result = importau(*arguments)
    assert result.exit_code == 2
    assert "No such command 'bogus'" in result.stderr


def test_a_typing_error_is_answered_with_what_was_meant() -> None:
    assert "Did you mean 'deploy'" in importau("deplyo").stderr


# Each command line has a process of its own, which is forked when what all commands need is loaded, and no more.
LOADING = """
import json, os, sys
from cli.main import main
for path in json.loads(sys.stdin.read()):
    if os.fork() == 0:
        kept, sys.stdout = sys.stdout, open(os.devnull, "w")
        sys.argv[1:] = path
        try:
            main()
        except SystemExit as end:
            assert not end.code
        print(json.dumps([path, [*sys.modules]]), file=kept, flush=True)
        os._exit(0)
    assert os.wait()[1] == 0, path
"""


@pytest.fixture(scope="module")
def loaded() -> dict[tuple[str, ...], set[str]]:
    """Return the modules that the help of each command loads, by the command's words."""
    asked = json.dumps([[*path, "--help"] for path in PATHS])
    ran = subprocess.run(
        [sys.executable, "-c", LOADING], input=asked, cwd=ROOT, capture_output=True, text=True, check=True
    )
    said = map(json.loads, ran.stdout.splitlines())
    return {tuple(arguments[:-1]): set(modules) for arguments, modules in said}


def test_the_whole_help_loads_no_command(loaded: dict[tuple[str, ...], set[str]]) -> None:
    found = loaded[()]
    assert found & {"rich", "botocore", *HEAVY} == set()
    assert {name for name in found if name.startswith("cli.")} == {"cli.main", "cli.table", "cli.errors", "cli.help"}


@pytest.mark.parametrize("path", [path for path in PATHS if path], ids=" ".join)
def test_the_help_of_a_command_loads_nothing_that_takes_long(
    loaded: dict[tuple[str, ...], set[str]], path: tuple[str, ...]
) -> None:
    found = loaded[path] & HEAVY
    assert found == set(), "its module imports them at the top: import what needs them in the function that does"
