"""The search: what sixty people's questions find, why, and that the portal has the same answers."""

import json
import re
from dataclasses import astuple
from pathlib import Path

import pytest
import searched
from golden import assert_golden
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from cli.finding import words as language
from cli.finding.entries import KINDS, Entry
from cli.finding.index import FIELDS, index_of
from cli.finding.ranking import HOW, Answer, Search, _mistyped
from cli.finding.words import folded, stems, words
from lakehouse.contract import glossary
from lakehouse.contract.layers import text_of
from lakehouse.contract.model import load, load_all, parse
from lakehouse.errors import ContractError
from lakehouse.lake.catalogue import table_of

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
ANSWERS = ROOT / "portal/src/search/answers.json"
# How many of sixty have to find what is expected among the first three.
ENOUGH = 57
_COMPARED = 12


@pytest.fixture(scope="module")
def search() -> Search:
    return Search(searched.index())


def names(answer: Answer) -> list[str]:
    return [searched.index()["entries"][each.entry]["where"] for each in answer.found]


def test_questions_as_people_type_them_find_what_is_expected_among_the_first_three(search: Search) -> None:
    asked = searched.questions("typed")
    missed = {each.asked: names(search(each.asked))[:3] for each in asked if not each.met(names(search(each.asked)))}
    assert len(asked) == 60
    assert len(asked) - len(missed) >= ENOUGH, missed


@pytest.mark.parametrize("file", ["typed", "foreseen", "held_out", "unseen"])
def test_what_a_question_expects_is_there_to_be_found(file: str) -> None:
    there = [entry.where for entry in searched.entries()]
    for each in searched.questions(file):
        assert any(searched.Question("", (one,)).met([where]) for one in each.expected for where in there), each.asked


@pytest.mark.golden
def test_the_portal_is_given_the_answers_of_the_command_line(search: Search) -> None:
    answers = []
    for each in [
        question for file in ("typed", "foreseen", "held_out", "unseen") for question in searched.questions(file)
    ]:
        answer = search(each.asked)
        best = [
            {"where": name, "points": found.points, "why": ["|".join(astuple(why)) for why in found.why]}
            for name, found in list(zip(names(answer), answer.found, strict=True))[:_COMPARED]
        ]
        answers.append({"asked": each.asked, "unknown": list(answer.unknown), "found": best})
    said = {word for each in answers for word in words(each["asked"])} | set(searched.index()["words"])
    compared = {"answers": answers, "stems": {word: list(stems(word)) for word in sorted(said)}}
    text = json.dumps({"index": searched.index(), **compared}, ensure_ascii=False, separators=(",", ":"))
    # A line for each answer and word: what changes is seen.
    assert_golden(text.replace('},{"asked"', '},\n{"asked"').replace('],"', '],\n"') + "\n", ANSWERS)


@pytest.mark.parametrize(
    ("asked", "found", "how"),
    [
        ("parcerias", "fornecedores.tempo_parceria_anos", "stem"),
        ("fornecedor", "fornecedores", "glossary"),
        ("FORNECEDORES", "fornecedores", "same"),
        ("forne", "fornecedores", "beginning"),
        ("fornecedoers", "fornecedores", "typo"),
        ("fonrecedores", "fornecedores", "typo"),
        ("supplier", "fornecedores", "glossary"),
        ("suppliers", "fornecedores", "glossary"),
        ("suplier", "fornecedores", "glossary"),
    ],
)
def test_why_something_was_found_is_said(search: Search, asked: str, found: str, how: str) -> None:
    answer = search(asked)
    first = next(each for each, name in zip(answer.found, names(answer), strict=True) if name == found)
    assert (first.why[0].asked, first.why[0].how) == (asked.lower(), how)
    assert first.why[0].field in FIELDS


def test_what_is_nowhere_is_named_and_the_rest_is_found(search: Search) -> None:
    answer = search("fluxo xyzzyx")
    assert answer.unknown == ("xyzzyx",)
    assert "fluxo" in names(answer)[0]
    assert search("xyzzyx") == Answer((), ("xyzzyx",))


def test_every_name_that_is_printed_is_found_first(search: Search) -> None:
    for entry in searched.entries():
        for name in (entry.where, entry.id.upper()):
            assert names(search(name))[0] == entry.where


def test_every_column_with_personal_data_is_found_by_each_word_for_it(search: Search) -> None:
    personal = {entry.where for entry in searched.entries() if "PII" in entry.tags and not entry.is_file}
    for asked in ("PII", "LGPD", "dados pessoais", "personal data", "Dado Pessoal"):
        assert set(names(search(asked))[: len(personal)]) == personal


def test_what_somebody_asks_for_comes_before_what_only_has_the_word(search: Search) -> None:
    assert ".moeda" in names(search("coluna moeda"))[0]
    assert names(search("arquivo de pedidos"))[0] == "pedidos.csv"
    assert names(search("tabela de pedidos"))[0] == "pedidos"


@given(st.permutations(["risco", "cambial", "exposição", "dolar", "euro"]), st.integers(1, 5))
def test_the_order_of_words_changes_nothing(said: list[str], count: int) -> None:
    search = Search(searched.index())
    forwards, backwards = search(" ".join(said[:count])), search(" ".join(reversed(said[:count])))
    assert [(each.entry, each.points) for each in forwards.found] == [(e.entry, e.points) for e in backwards.found]


@given(st.randoms())
def test_the_order_of_entries_changes_nothing(random: object) -> None:
    among = [Entry("column", f"t.{n}", f"d.t.{n}", n, n) for n in ("taxa_ptax", "cambio", "pedido_id", "taxa")]
    shuffled = sorted(among, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert index_of(shuffled, ()) == index_of(among, ())


@given(st.text(max_size=60))
def test_any_text_may_be_asked_for(text: str) -> None:
    search = Search(searched.index())
    answer = search(text)
    assert [each.points for each in answer.found] == sorted((each.points for each in answer.found), reverse=True)
    assert all(each.points > 0 for each in answer.found)
    asked = set(words(text))
    assert {why.asked for each in answer.found for why in each.why} <= asked
    assert set(answer.unknown) <= asked


@given(st.sampled_from(["fornecedores", "pagamentos", "cambio", "exposicao", "ptax"]), st.data())
def test_a_slip_of_the_keyboard_is_forgiven(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 2))
    slipped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    near = _mistyped(slipped, searched.index()["words"])
    best = min(OSA.distance(slipped, other) for other in searched.index()["words"])
    assert best <= 1
    assert {OSA.distance(slipped, other) for other in near} == {best}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cotação", "cotações"), ("cotacao", "cotações"), ("previsões", "previsao"), ("pagar", "pagou"),
        ("payments", "payment"), ("currencies", "currency"), ("Fornecedora", "fornecedor"),
    ],
)  # fmt: skip
def test_words_of_one_stem_are_one_word(one: str, other: str) -> None:
    assert set(stems(one.lower())) & set(stems(other.lower()))


def test_words_that_say_nothing_are_without_accents_as_they_are_compared() -> None:
    assert {folded(word) for word in language.STOP | set(language.KINDS)} == language.STOP | set(language.KINDS)
    assert set(language.KINDS.values()) == set(KINDS)
    assert set(HOW.values()) == {"same", "stem", "beginning", "typo"}


# ---- the glossary ----------------------------------------------------------------------------------------------------


def test_every_term_that_a_contract_names_is_in_the_glossary_and_each_is_named_somewhere() -> None:
    terms = glossary.terms()
    named = {term for each in load_all() for holder in (each, *each.columns) for term in holder.terms}
    assert named <= set(terms)
    by_itself = {term.id for term in terms.values() if term.classification or term.everywhere}
    of_tasks = {"auditoria", "escrita", "publicacao", "descoberta", "linhagem"}
    assert set(terms) - named == by_itself | of_tasks


def test_no_term_is_called_what_another_is_and_every_definition_is_a_sentence() -> None:
    for term in glossary.terms().values():
        others = {folded(other.name) for other in glossary.terms().values() if other is not term}
        assert folded(term.name) not in others
        assert len(set(map(folded, term.labels))) == len(term.labels), term.id
        assert term.definition.endswith("."), term.id


def test_the_catalogue_has_the_terms_of_tables_and_columns_by_name() -> None:
    table = table_of(load("cambio"), "s3://lake/x/", {}).as_input()
    assert table["Parameters"]["terms"] == "Taxa de câmbio, Moeda estrangeira"
    columns = {column["Name"]: column.get("Parameters", {}) for column in table["StorageDescriptor"]["Columns"]}
    assert columns["taxa_ptax"] == {"terms": "PTAX, Taxa de câmbio"}
    assert columns["fonte"] == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("words: 3", "must be a list"),
        ("words: [[taxa, rate], [dia]]", "entry 2, must be a list of two texts or more"),
        ("words: [[dia, dia]]", "entry 1, must be"),
        ("words: [[a, b], [c, 5]]", "entry 2, must be"),
    ],
)
def test_what_is_wrong_with_the_words_of_a_glossary_is_said(text: str, problem: str) -> None:
    with pytest.raises(ContractError, match=problem):
        glossary.parse_words(text)


def test_words_of_one_meaning_find_each_other_and_each_has_one_that_is_written_somewhere(search: Search) -> None:
    written = {each["name"]: each["in"] for each in searched.index()["terms"] if not each["id"]}
    assert [name for name, places in written.items() if not places] == []
    assert names(search("reorder level"))[:1] == names(search("ponto de reposição"))[:1] == ["produtos.estoque_minimo"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("terms: [{id: a, name: A, english: a}]", "lacks 'definition'"),
        ("terms: [{id: a, name: A, english: a, definition: x., synonyms: [no]}]", "must be a list of texts"),
        (
            "terms: [{id: a, name: A, english: a, definition: x.}, {id: a, name: B, english: b, definition: y.}]",
            "twice",
        ),
    ],
)
def test_what_is_wrong_with_a_glossary_is_said(text: str, problem: str) -> None:
    with pytest.raises(ContractError, match=problem):
        glossary.parse(text)


def test_a_contract_that_is_defined_elsewhere_is_refused() -> None:
    text = text_of("cambio").replace("../glossario.yaml#cambio", "https://example.com/#cambio", 1)
    with pytest.raises(ContractError, match=re.escape("write '../glossario.yaml#' and the id of a term")):
        parse("cambio", text)
