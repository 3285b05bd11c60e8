"""Amounts of text as cents, eight digits at a time."""

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bronze.csv.amounts import in_cents

CENTS = st.integers(0, 10**15 - 1)


def cents_of(texts: list[str]) -> list[int] | None:
    encoded = [text.encode() for text in texts]
    found = in_cents(np.frombuffer(b"".join(encoded), np.uint8), np.cumsum([len(text) for text in encoded], dtype=int))
    return None if found is None else found.tolist()


@given(st.lists(CENTS, min_size=1))
@example([0, 10**15 - 1, 99_999_99, 100_000_00, 9_999_999_999_999_99])
def test_amounts_are_read_as_what_they_say(cents: list[int]) -> None:
    assert cents_of([f"{amount // 100}.{amount % 100:02d}" for amount in cents]) == cents


@given(CENTS, st.integers(0, 5))
def test_zeros_in_front_mean_nothing(cents: int, zeros: int) -> None:
    text = f"{cents // 100:0{zeros}d}.{cents % 100:02d}"
    assert cents_of([text]) == [cents]


PLAIN = re.compile(r"[0-9]{1,13}[.][0-9]{2}")


@st.composite
def nearly_amounts(draw):
    """An amount in which one character may be another, be missing, or be there twice."""
    text = draw(st.from_regex(PLAIN, fullmatch=True))
    place = draw(st.integers(0, len(text) - 1))
    other = draw(st.sampled_from("0123456789./-+ e:"))
    return draw(
        st.sampled_from([text, text[:place] + other + text[place + 1 :], text[:place] + text[place + 1 :],
                         text[:place] + text[place] + text[place:]])
    )  # fmt: skip


@given(st.lists(nearly_amounts(), min_size=1, max_size=4))
@example(["0.00", "1/2.00"])
@example(["0.00", "1:2.00"])
@example(["1.2.00"])
@example(["1.00", "12.3"])
def test_amounts_are_read_as_arrow_reads_them_if_all_are_plain_and_none_otherwise(texts: list[str]) -> None:
    found = cents_of(texts)
    if all(PLAIN.fullmatch(text) for text in texts):
        decimals = pa.array(texts).cast(pa.decimal128(18, 2)).to_pylist()
        assert found == [int(amount.scaleb(2)) for amount in decimals]
    else:
        assert found is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".50",
        "1",
        "10",
        "1.5",
        "1.505",
        "1..5",
        "-1.00",
        "+1.00",
        "1e3.00",
        "1/2.00",
        "12345678901234.00",
        "1234567.8.00",
    ],
)
def test_what_is_not_digits_a_point_and_two_digits_is_declined(text: str) -> None:
    assert cents_of(["10.50", text]) is None
