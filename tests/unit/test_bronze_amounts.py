"""Amounts of text as cents, eight digits at a time."""

import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bronze.csv.amounts import in_cents

CENTS = st.integers(0, 10**15 - 1)


def cents_of(texts: list[str]) -> list[int | None]:
    """Return the cents of each, None where it is not plain."""
    encoded = [text.encode() for text in texts]
    bounds = np.cumsum([0, *(len(text) for text in encoded)], dtype=int)
    units, plain = in_cents(np.frombuffer(b"".join(encoded), np.uint8), bounds)
    return [unit if is_plain else None for unit, is_plain in zip(units.tolist(), plain.tolist(), strict=True)]


@given(st.lists(CENTS, min_size=1))
@example([0, 10**15 - 1, 99_999_99, 100_000_00, 9_999_999_999_999_99])
def test_amounts_are_read_as_what_they_say(cents: list[int]) -> None:
    assert cents_of([f"{amount // 100}.{amount % 100:02d}" for amount in cents]) == cents


@given(CENTS, st.integers(0, 5))
def test_zeros_in_front_mean_nothing(cents: int, zeros: int) -> None:
    text = f"{cents // 100:0{zeros}d}.{cents % 100:02d}"
    assert cents_of([text]) == [cents]


PLAIN = re.compile(r"[0-9]{1,13}([.][0-9]{1,2})?")


@st.composite
def nearly_amounts(draw):
    """An amount in which one character may be another, be missing, or be there twice."""
    text = draw(st.from_regex(PLAIN, fullmatch=True))
    place = draw(st.integers(0, len(text) - 1))
    other = draw(st.sampled_from("0123456789./-+ e:é\x00\xff"))
    return draw(
        st.sampled_from([text, text[:place] + other + text[place + 1 :], text[:place] + text[place + 1 :],
                         text[:place] + text[place] + text[place:]])
    )  # fmt: skip


def says(text: str) -> int | None:
    """Return what an amount says, by its characters; None where it is not plain."""
    if not PLAIN.fullmatch(text):
        return None
    whole, _, decimals = text.partition(".")
    return int(whole) * 100 + int(decimals.ljust(2, "0"))


@given(st.lists(nearly_amounts() | st.text(max_size=20), max_size=6))
@example(["0.00", "1/2.00", "1.2.00", "1:2.00", "12.3", "", "7"])
@example([])
def test_each_amount_is_read_as_what_it_says_and_what_is_not_plain_is_named(texts: list[str]) -> None:
    assert cents_of(texts) == [says(text) for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        "", ".", ".5", ".50", "1.", "10.", "1.505", "10.000", "1..5", "-1.00", "+1.00", "1e3.00", "1/2.00",
        "12345678901234.00", "12345678901234", "1234567.8.00", " 1.00", "1.00 ",
    ],
)  # fmt: skip
def test_what_is_not_digits_and_a_point_before_two_of_them_at_most_is_not_plain(text: str) -> None:
    assert cents_of(["10.50", text, "3"]) == [1050, None, 300]


@pytest.mark.parametrize(
    ("text", "cents"),
    [("7", 700), ("1234567", 123_456_700), ("1234567.8", 123_456_780), ("9999999999999", 999_999_999_999_900),
     ("0000000000001.5", 150)],
)  # fmt: skip
def test_an_amount_that_lacks_decimals_has_zeros_there(text: str, cents: int) -> None:
    assert cents_of([text, "0.01"]) == [cents, 1]
