"""Bytes as bits, each question against the same one asked byte by byte."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bronze.csv import bits

# Long enough for several words, and for places at their edges.
texts = st.integers(1, 200).flatmap(
    lambda size: st.lists(st.sampled_from(b'",\n\ra'), min_size=size, max_size=size).map(bytes)
)


def array(text: bytes) -> bits.Bytes:
    return np.frombuffer(text, np.uint8)


def places(text: bytes, byte: int) -> list[int]:
    return [place for place, each in enumerate(text) if each == byte]


@given(texts)
@example(b'"' * 64)
@example(b"," * 65)
def test_a_character_is_where_it_is(text: bytes) -> None:
    found = bits.where(array(text), ord('"'))
    assert bits.places(found).tolist() == places(text, ord('"'))
    assert bits.count(found) == text.count(b'"')
    assert len(found) == -(-len(text) // 64)
    low = bits.places(bits.where_less(array(text), ord(" "))).tolist()
    assert low == [place for place, each in enumerate(text) if each < ord(" ")]


@given(texts)
@example(b"a" * 63 + b'"a')
@example(b"a" * 64 + b'"')
def test_neighbours_are_found_across_words(text: bytes) -> None:
    found = bits.where(array(text), ord('"'))
    after = [place for place in bits.places(bits.after(found)).tolist() if place < len(text)]
    assert after == [place + 1 for place in places(text, ord('"')) if place + 1 < len(text)]
    assert bits.places(bits.before(found)).tolist() == [place - 1 for place in places(text, ord('"')) if place]


@given(texts)
@example(b'"' + b"a" * 130 + b'"a')
@example(b'"' * 129)
def test_what_is_between_marks_is_what_a_reader_of_bytes_finds(text: bytes) -> None:
    inside, expected = False, []
    for place, each in enumerate(text):
        inside ^= each == ord('"')
        if inside:
            expected.append(place)
    found = bits.places(bits.between(bits.where(array(text), ord('"')))).tolist()
    assert [place for place in found if place < len(text)] == expected


@given(texts, st.data())
def test_bits_at_places_hold_there_alone(text: bytes, data: st.DataObject) -> None:
    some = sorted(data.draw(st.sets(st.integers(0, len(text) - 1))))
    made = bits.at(np.array(some, np.int64), len(text))
    assert bits.places(made).tolist() == some
    held = bits.holds_at(made, np.arange(len(text)))
    assert np.flatnonzero(held).tolist() == some


@pytest.mark.parametrize("size", [bits.BLOCK - 1, bits.BLOCK, bits.BLOCK + 1, 2 * bits.BLOCK + 100])
def test_a_text_of_several_blocks_is_one_text(size: int) -> None:
    text = np.random.default_rng(size).integers(0, 4, size).astype(np.uint8)
    assert np.array_equal(bits.places(bits.where(text, 3)), np.flatnonzero(text == 3))
