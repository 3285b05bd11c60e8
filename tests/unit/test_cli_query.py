"""`./importau query`: what is asked, by which of the ways to say it, and what is offered."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from cli.commands import query as command
from cli.completion import candidates
from cli.errors import CliError
from cli.main import app
from cli.querying import asking
from cli.querying.named import named


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int | None]]:
    """Return what is asked, of which version; nothing answers."""
    found: list[tuple[str, int | None]] = []

    def answered(_: Any, text: str, __: Any, version: int | None = None) -> None:
        found.append((text, version))
        raise CliError("nobody answers")

    monkeypatch.setattr(asking, "answered", answered)
    monkeypatch.setattr(command, "connect", lambda *_: SimpleNamespace(stage=""))
    return found


def typed(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["query", *arguments])


def test_without_a_question_those_with_a_name_are_listed() -> None:
    result = typed()
    assert result.exit_code == 0
    assert all(name in result.stdout and each.question in result.stdout for name, each in named().items())
    listed = json.loads(typed("--json").stdout)
    assert [each["name"] for each in listed] == list(named())
    assert listed[0]["columns"]


def test_a_question_is_sql_a_name_or_a_file(asked: list[tuple[str, int | None]], tmp_path: Path) -> None:
    file = tmp_path / "x.sql"
    file.write_text("\ufeffSELECT 2", "utf-8")
    sql = named()["prazo-medio"].sql
    for arguments in (
        ("SELECT 1",),
        ("prazo-medio", "--version", "3"),
        ("--named", "prazo-medio"),
        ("--file", str(file)),
    ):
        assert typed(*arguments).exit_code == 1
    assert asked == [("SELECT 1", None), (sql, 3), (sql, None), ("SELECT 2", None)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("SELECT 1", "--file", "x.sql"), "more than one question is asked"),
        (("--csv", "x.csv"), "no question is asked"),
        (("prazo",), "there is no question 'prazo'"),
        (("--named", "nada"), "there is no question 'nada'"),
        (("--file", "no-such.sql"), "cannot be read"),
        (("SELECT 1", "--limit", "0"), "--limit: 0 is too small"),
        (("SELECT 1", "--excel", "x.xls"), "does not end with .xlsx"),
    ],
)
def test_what_is_asked_wrongly_is_told_before_anything_is_sent(
    asked: list[tuple[str, int | None]], arguments: tuple[str, ...], said: str
) -> None:
    result = typed(*arguments)
    assert (result.exit_code, asked) == (2, [])
    assert said in result.stderr


def test_a_single_word_that_begins_sql_is_sql(asked: list[tuple[str, int | None]]) -> None:
    typed("select")
    assert asked == [("select", None)]


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "x.sql"
    file.write_bytes(b"SELECT '\xe7'")
    assert "is no text in UTF-8" in typed("--file", str(file)).stderr


@pytest.mark.parametrize("words", [("query", "saidas"), ("query", "--named", "saidas")])
def test_a_shell_completes_the_names_of_questions(words: tuple[str, ...]) -> None:
    found = candidates(get_command(app), list(words), joined=True)
    assert found == [("saidas-por-mes", named()["saidas-por-mes"].question)]
