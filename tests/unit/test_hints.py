"""The commands that messages name mean the lakehouse that the user meant."""

from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from cli.commands import run
from cli.errors import CliError
from cli.main import app
from cli.terminal import present
from cli.terminal.hints import TAKEN, complete


@pytest.fixture
def hint(monkeypatch: pytest.MonkeyPatch):
    """Return what gives the fix that `run`, typed with some options, prints for an error whose fix names commands."""

    def typed(*options: str, fix: str) -> str:
        def fail(*_: object, **__: object) -> None:
            raise CliError("x", fix)

        monkeypatch.setattr(run, "connect", fail)
        return CliRunner().invoke(app, ["run", *options]).stderr.partition("fix: ")[2].rstrip("\n")

    return typed


def test_a_hint_carries_the_options_that_were_typed(hint):
    typed = ("--stack", "mine", "--region", "sa-east-1", "--profile", "two words")
    assert hint(*typed, fix="Run `./importau deploy`, then `./importau run gold`.") == (
        "Run `./importau deploy --stack mine --region sa-east-1 --profile 'two words'`, "
        "then `./importau run gold --stack mine --region sa-east-1 --profile 'two words'`."
    )


def test_what_a_hint_has_already_is_not_said_twice(hint):
    assert hint("--local", fix="`./importau run --local`") == "`./importau run --local`"


def test_a_command_gets_only_options_that_it_takes(hint):
    assert hint("--local", "--stack", "mine", fix="`./importau bucket`, `./importau demo`, `aws s3 ls`") == (
        "`./importau bucket --local`, `./importau demo`, `aws s3 ls`"
    )


def test_a_command_of_two_words_gets_its_options_too(hint):
    assert hint("--local", fix="`./importau contracts proposed x`, `./importau contracts check`") == (
        "`./importau contracts proposed x --local`, `./importau contracts check`"
    )


def test_what_the_environment_says_need_not_be_typed(hint, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_REGION", "sa-east-1")
    assert hint(fix="`./importau run`") == "`./importau run`"


def test_one_commands_options_are_not_the_next_ones(hint):
    assert hint("--local", fix="`./importau run`") == "`./importau run --local`"
    assert hint(fix="`./importau run`") == "`./importau run`"
    assert complete("`./importau run`") == "`./importau run`"


def test_progress_and_warnings_are_completed_like_errors(monkeypatch: pytest.MonkeyPatch):
    def tell(*_: object) -> None:
        for told in (present.say, present.warn, present.done, present.failed):
            told("`./importau export out`")
        raise CliError("`./importau export out`")

    monkeypatch.setattr(run, "connect", tell)
    said = CliRunner().invoke(app, ["run", "--local"]).stderr
    assert said.count("`./importau export out --local`") == 5


def taken_by(command: Any) -> set[str]:
    """Return a command's options, or those that all of its subcommands take."""
    inner = getattr(command, "commands", None)
    if inner:
        return set.intersection(*map(taken_by, inner.values()))
    return {option for parameter in command.params for option in parameter.opts}


def test_the_options_that_commands_are_said_to_take_are_those_that_they_take():
    commands = get_command(app).commands  # type: ignore[attr-defined]
    for name, options in TAKEN.items():
        first, _, second = name.partition(" ")
        taken = taken_by(commands[first].commands[second] if second else commands[first])
        assert [each for each in ("--local", "--stage", "--stack", "--region", "--profile") if each in taken] == list(
            options
        )


# `contracts check` is of this folder alone.
NOT_ABOUT_A_LAKEHOUSE = {
    "contracts",
    "test",
    "local",
    "bench",
    "version",
    "help",
    "completion",
    "docs",
    "generate",
    "sample",
}


def test_every_command_about_a_lakehouse_takes_local():
    commands = get_command(app).commands  # type: ignore[attr-defined]
    without = {name for name, command in commands.items() if "--local" not in taken_by(command)}
    assert without <= NOT_ABOUT_A_LAKEHOUSE
