"""Questions come in the user's language, and either language's answers are taken."""

import ast
import string
from pathlib import Path

import pytest
from lakehouse_tables import EXPORTED

from cli import ROOT
from cli.errors import CliError, UsageError
from cli.running import source
from cli.running.source import CsvFolder, Synthetic, exported_files
from cli.terminal import language, questions
from cli.terminal.language import PORTUGUESE, is_portuguese, translated
from cli.terminal.questions import Answers

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("environment", "portuguese"),
    [
        ({}, False),
        ({"LANG": "pt_BR.UTF-8"}, True),
        ({"LANG": "pt"}, True),
        ({"LANG": "pt-PT"}, True),
        ({"LANG": "pt_BR@euro"}, True),
        ({"LANG": "ptx_XX"}, False),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "pt_BR.UTF-8"}, True),
        ({"LANG": "pt_BR.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, False),
        ({"LANG": "pt_BR.UTF-8", "LC_ALL": "C"}, False),
        ({"LANG": "pt_BR.UTF-8", "LC_ALL": "", "LC_MESSAGES": ""}, True),
    ],
)
def test_the_locale_of_messages_decides(environment: dict[str, str], portuguese: bool) -> None:
    assert is_portuguese(environment) is portuguese


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("english", PORTUGUESE, ids=lambda text: text[:40])
def test_both_languages_say_the_same_things(english: str) -> None:
    assert fields(PORTUGUESE[english]) == fields(english)


def test_every_text_that_is_translated_is_in_the_table_and_no_other_is() -> None:
    sources = [
        (ROOT / path).read_text("utf-8") for path in Path(ROOT).glob("cli/**/*.py") if path.name != "language.py"
    ]
    said = {
        node.value for text in sources for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }  # fmt: skip
    assert set(PORTUGUESE) <= said
    given = [
        call.args[0].value for text in sources for call in ast.walk(ast.parse(text))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "translated"
        and isinstance(call.args[0], ast.Constant)
    ]  # fmt: skip
    assert set(given) <= set(PORTUGUESE)


@pytest.fixture
def brazil(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "pt_BR.UTF-8")


@pytest.mark.usefixtures("brazil")
def test_numbers_are_grouped_as_the_language_does() -> None:
    asked = "Look in another [f]older, go on with {orders} [s]ynthetic orders, or [q]uit? (f/s/q)"
    assert "1.000 pedidos [s]intéticos" in translated(asked, orders=1000)


@pytest.mark.usefixtures("brazil")
def test_a_missing_file_is_asked_about_in_portuguese(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = tmp_path / "bons"
    good.mkdir()
    for name in exported_files():
        (good / name).write_text("")
    heard: list[str] = []
    given = iter(["P", str(good)])

    def ask(question: str) -> str:
        heard.append(question)
        return next(given)

    assert source.complete(CsvFolder(tmp_path), list, Answers.ASK, ask) == CsvFolder(good)
    assert heard == [
        "Procurar em outra [p]asta, seguir com 1.000 pedidos [s]intéticos, ou [c]ancelar? (p/s/c)",
        "Pasta com os arquivos CSV",
    ]
    assert (
        f"faltam {len(EXPORTED)} dos {len(EXPORTED)} arquivos CSV ({tmp_path}): pedidos.csv" in capsys.readouterr().err
    )


@pytest.mark.usefixtures("brazil")
def test_without_a_terminal_the_fix_is_in_portuguese_too(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        source.complete(CsvFolder(tmp_path / "no"), list, Answers.NONE, str)
    assert "que não existe" in caught.value.message
    assert caught.value.fix.startswith("Indique a pasta")


@pytest.mark.parametrize("answer", ["s", "S", "synthetic", "sintéticos"])
@pytest.mark.parametrize("locale", ["C", "pt_BR"])
def test_either_languages_answers_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, locale: str
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    assert source.complete(CsvFolder(tmp_path), list, Answers.ASK, lambda _: answer) == Synthetic()


@pytest.mark.parametrize("answer", ["c", "q", "sair", "QUIT"])
def test_either_languages_word_for_leaving_leaves(tmp_path: Path, answer: str) -> None:
    with pytest.raises(CliError, match="nothing was run"):
        source.complete(CsvFolder(tmp_path), list, Answers.ASK, lambda _: answer)


@pytest.mark.parametrize(
    ("answer", "agreed"),
    [("y", True), ("Yes", True), (" s ", True), ("SIM", True), ("n", False), ("não", False), ("", False), ("1", False)],
)
def test_only_yes_is_yes_in_either_language(monkeypatch: pytest.MonkeyPatch, answer: str, agreed: bool) -> None:
    monkeypatch.setattr(questions, "ask", lambda question: answer)
    assert questions.agree("?") is agreed


def test_no_answer_means_two_things() -> None:
    assert not language.FOLDER & language.SYNTHETIC
    assert not language.FOLDER & language.QUIT
    assert not language.SYNTHETIC & language.QUIT
