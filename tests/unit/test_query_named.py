"""The questions with a name: their heads, their names, and the page that lists them."""

import re

import pytest
import sqlglot

from cli import ROOT
from cli.errors import UsageError
from cli.querying.named import FOLDER, TWELVE, find, named, names_begun, parsed
from cli.querying.statement import read
from cli.querying.tables import Tables
from lakehouse.contract.model import load_all

TABLES = Tables({contract.table: contract for contract in load_all()})
NAMED = named()


def test_there_are_those_of_the_folder_the_twelve_among_them() -> None:
    assert len(set(TWELVE)) == 12
    assert set(TWELVE) < set(NAMED)
    assert sorted(f"{name}.sql" for name in NAMED) == sorted(file.name for file in FOLDER.iterdir())


@pytest.mark.parametrize("name", NAMED)
def test_a_question_is_asked_in_words_and_every_column_of_its_answer_explained(name: str) -> None:
    each = NAMED[name]
    assert each.question.endswith("?")
    assert all(meaning.endswith(".") for meaning in each.columns.values())
    assert list(each.columns) == sqlglot.parse_one(each.sql, read="athena").named_selects


@pytest.mark.parametrize("name", NAMED)
def test_a_question_reads_only_tables_of_the_lake_so_any_version_can_be_asked(name: str) -> None:
    statement = read(NAMED[name].sql, TABLES)
    assert statement.is_query
    assert statement.tables
    assert statement.unversioned == ()


@pytest.mark.parametrize("name", NAMED)
def test_the_order_of_an_answer_is_fixed(name: str) -> None:
    assert sqlglot.parse_one(NAMED[name].sql, read="athena").args.get("order")


def test_the_page_lists_each_with_its_question_and_how_to_ask_it() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+?) \|", (ROOT / "docs/perguntas.md").read_text("utf-8"), re.MULTILINE)
    assert rows == [(name, each.question) for name, each in NAMED.items()]


def test_a_shell_is_offered_the_names_with_their_questions() -> None:
    assert names_begun("saidas") == [("saidas-por-mes", NAMED["saidas-por-mes"].question)]
    assert names_begun("nada") == []


def test_a_name_that_there_is_not_is_told_with_the_nearest() -> None:
    with pytest.raises(UsageError) as raised:
        find("saida-por-mes")
    assert "saidas-por-mes" in raised.value.fix


@pytest.mark.parametrize("text", ["SELECT 1", "-- Pergunta: O quê?\nSELECT 1", "-- Colunas:\n--   a: um.\nSELECT 1"])
def test_a_file_whose_head_says_too_little_is_no_question(text: str) -> None:
    with pytest.raises(ValueError, match="lacks"):
        parsed("x", text)


def test_a_head_may_go_on_over_lines() -> None:
    head = "-- Pergunta: Quanto,\n-- e quando?\n-- Colunas:\n--   a: um\n--      e dois.\n--   b: três.\n"
    each = parsed("x", f"{head}SELECT 1 AS a, 2 AS b")
    assert (each.question, dict(each.columns)) == ("Quanto, e quando?", {"a": "um e dois.", "b": "três."})
