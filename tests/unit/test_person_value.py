"""The value by which a person is sought: what is the same person's, what is not, and what may be shown of it."""

import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cli.errors import UsageError
from cli.person.value import ERASED, Sought, folded, masked

LETTERS = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzáàâãéêíóôõúüçñ"), min_size=3, max_size=8)
NAMES = st.lists(LETTERS, min_size=1, max_size=3).map(" ".join)
LOGINS = st.tuples(LETTERS, LETTERS).map(".".join)
EMAILS = st.tuples(LOGINS, st.sampled_from(["exemplo.com", "loja.com.br"])).map("@".join)
NUMBERS = st.text(st.sampled_from("0123456789"), min_size=11, max_size=14)
VALUES = st.one_of(NAMES, LOGINS, EMAILS, NUMBERS)


def is_equal(sought: Sought, *texts: str | None) -> list[bool]:
    return sought.equal(pa.array(texts, pa.string())).tolist()


@st.composite
def written_again(draw: st.DrawFn, value: str) -> str:
    """Return a value as somebody else may write it."""
    text = "".join(draw(st.sampled_from([each.lower(), each.upper()])) for each in value)
    text = unicodedata.normalize(draw(st.sampled_from(["NFC", "NFD"])), text)
    text = text.replace(" ", draw(st.sampled_from([" ", "  ", "\t", "\u00a0"])))
    return draw(st.sampled_from(["", " ", "\t"])) + text + draw(st.sampled_from(["", " "]))


@given(st.data(), VALUES)
def test_however_it_is_written_it_is_the_same(data: st.DataObject, value: str) -> None:
    again = data.draw(written_again(value))
    for one, other in ((value, again), (again, value)):
        sought = Sought(one)
        assert is_equal(sought, other, None, f"x{other.strip()}") == [True, False, False]
        assert sought.may_be_in(f"a,{other},b")
        assert sought.without(other).strip() == ERASED


def test_an_accent_that_is_a_character_of_its_own_goes_with_its_letter() -> None:
    apart = unicodedata.normalize("NFD", "aaà")
    assert Sought("aaà").without(f"{apart}, sim") == f"{ERASED}, sim"


@given(NAMES)
def test_accents_are_nothing(name: str) -> None:
    plain = "".join(each for each in unicodedata.normalize("NFD", name) if not unicodedata.combining(each))
    assert is_equal(Sought(plain), name) == [True]
    assert is_equal(Sought(name), plain) == [True]


@given(VALUES, st.text(), st.text())
def test_where_it_is_within_nothing_is_left_of_it_and_the_rest_stays(value: str, before: str, after: str) -> None:
    sought = Sought(value, within=True)
    assume(not sought.is_mentioned(f"{before}; ") and not sought.is_mentioned(f" ;{after}"))
    text = f"{before}; {value} ;{after}"
    assert sought.is_in(text)
    assert sought.may_be_in(text)
    left = sought.without(text)
    assert not sought.is_mentioned(left)
    assert left == f"{before}; {ERASED} ;{after}"


@given(st.lists(st.one_of(VALUES, st.text()), max_size=20), VALUES)
def test_all_at_once_is_one_by_one_and_dictionaries_are_plain_text(texts: list[str], value: str) -> None:
    sought = Sought(value)
    array = pa.array([*texts, value, None], pa.string())
    one_by_one = [folded(text) == folded(value) or sought.is_equal(text) for text in [*texts, value]]
    assert sought.equal(array).tolist() == [*one_by_one, False]
    assert np.array_equal(sought.found(array), sought.found(array.dictionary_encode()))
    assert all(sought.may_be_in(text) for text, found in zip(texts, sought.mentioned(array), strict=False) if found)


@given(st.text(), VALUES)
def test_what_cannot_be_in_a_text_is_not_in_it(text: str, value: str) -> None:
    sought = Sought(value, within=True)
    if not sought.may_be_in(text):
        assert not sought.is_in(text)
        assert sought.without(text) == text


@pytest.mark.parametrize(
    ("value", "same", "others"),
    [
        ("123.456.789-09", ["12345678909", "123 456 789 09"], ["123.456.789-00", "5512345678909"]),
        ("87502738000136", ["87.502.738/0001-36"], ["87.502.738/0001-37"]),
        ("12abc34501de35", ["12.ABC.345/01DE-35"], ["12.ABC.345/01DE-36"]),
        ("(11) 98765-4321", ["+55-11-98765-4321", "11987654321", "5511987654321"], ["(21) 98765-4321"]),
        ("+55 11 98765 4321", ["(11) 98765-4321", "+5511987654321"], ["+54 11 98765 4321"]),
        ("+52-55-0555-0130", ["525505550130"], ["5505550130"]),
        ("ana.souza", ["ANA.SOUZA", " ana.souza "], ["ana souza", "ana.souza@x.com", "anasouza"]),
        ("João  da Silva", ["joao da silva", "JOÃO DA SILVA"], ["joao.da.silva", "João da Silva Jr"]),
    ],
)
def test_numbers_are_compared_by_their_digits_and_all_else_by_its_letters(
    value: str, same: list[str], others: list[str]
) -> None:
    assert is_equal(Sought(value), *same) == [True] * len(same)
    assert is_equal(Sought(value), *others) == [False] * len(others)


@pytest.mark.parametrize(
    ("value", "text", "found"),
    [
        ("ana.souza", "aprovado por Ana.Souza.", True),
        ("ana.souza", "mariana.souza", False),
        ("ana.souza", "ana.souza@exemplo.com", False),
        ("ana@exemplo.com", "fale com ANA@exemplo.com, por favor", True),
        ("ana@exemplo.com", "ana@exemplo.com.br", False),
        ("123.456.789-09", "CPF 12345678909.", True),
        ("123.456.789-09", "1123456789099", False),
        ("Ana Souza", "pedido de Ana Souza", False),
    ],
)
def test_what_means_nothing_else_is_found_within_longer_texts_and_a_name_is_not(
    value: str, text: str, found: bool
) -> None:
    assert Sought(value).is_in(text) is found
    assert Sought("Ana Souza", within=True).is_in("pedido de ana  souza")


@pytest.mark.parametrize("value", ["", "  ", "ab", "--", "a.b", "1-2"])
def test_what_would_be_found_everywhere_is_refused_without_repeating_it(value: str) -> None:
    with pytest.raises(UsageError) as refused:
        Sought(value)
    assert not value.strip() or value not in refused.value.message


@given(VALUES)
def test_what_is_shown_gives_nobody_away(value: str) -> None:
    shown = masked(value)
    assert len(shown) == len(value)
    assert not any(each.isdigit() for each in shown)
    assert sum(each.isalnum() for each in shown) <= len(value.replace("@", ".").replace(" ", ".").split("."))
    assert value not in repr(Sought(value))
