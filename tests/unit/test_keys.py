"""Keys as numbers say what the keys' bytes say, and who cannot be a number takes the other way to the same result."""

from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lakehouse.engine import keys as engine_keys
from lakehouse.engine.keys import ABSENT, ascend, find, numbered, numbered_values, sort_rows

# Of one length and one beginning, as exports have them; and anything at all.
usual = st.integers(0, 40).map(lambda number: f"PED-2026-{number:06d}")
any_key = st.one_of(st.none(), usual, st.sampled_from(["", "PED-1", "PED-2026-00001é", "XED-2026-000001", "A" * 30]))
# Of one length, and different in any of several words, as UUIDs are; many share their first word.
word = st.sampled_from(["00000000", "0000000a", "a0000000", "ffffffff"])
long = st.tuples(word, word, st.sampled_from(["0000", "000b"])).map("".join)
# Hexadecimal digits, and letters, differ in the upper halves of their bytes as well.
hexadecimal = st.integers(0, 255).map(lambda number: f"PED-2026-{number:06x}")
other = st.sampled_from([None, "", "PED-1", "PED-2026-00001é", "XED-2026-000001", "A" * 30, "00000000", "\U0001f600"])


@st.composite
def nearly_alike(draw: st.DrawFn) -> list[str | None]:
    """Draw many keys that are alike and a few that are not, anywhere among them."""
    keys: list[str | None] = list(
        draw(st.one_of(st.lists(usual, min_size=16, max_size=40), st.lists(long, min_size=16, max_size=40)))
    )
    for _ in range(draw(st.integers(1, len(keys) // 16))):
        keys.insert(draw(st.integers(0, len(keys))), draw(other))
    return keys


keys = st.one_of(
    *(st.lists(each, max_size=30) for each in (usual, hexadecimal, long, any_key)),
    nearly_alike(),
)


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few dozen keys be as many as are worth telling apart."""
    monkeypatch.setattr(engine_keys, "_SORTED_APART", 16)


def strings(values: list[str | None], start: int = 0) -> pa.Array:
    """Return an array that does not begin where its buffers do."""
    return pa.array(["skipped"] * start + values, pa.string()).slice(start)


@given(st.lists(usual, max_size=30), st.lists(usual, max_size=30), st.integers(0, 2))
def test_keys_of_one_beginning_compare_as_their_numbers_do(some: list[str], others: list[str], start: int) -> None:
    found = numbered(strings(some, start), strings(others))
    assert found is not None
    pairs = list(zip(some + others, np.concatenate(found).tolist(), strict=True))
    for key, number in pairs:
        for other, its_number in pairs:
            assert (key < other) == (number < its_number)


@pytest.mark.parametrize(
    ("values", "others"),
    [
        (["PED-00000001", None], []),
        (["PED-00000001", "PED-0000001"], []),
        (["PED-1", "PED-2"], []),
        (["APED-00000001", "BPED-00000001"], []),
        (["PED-00000001"], ["PAG-00000001"]),
        (["PED-00000001"], ["PED-000000001"]),
    ],
    ids=["NULL", "lengths", "short", "beginnings", "others' beginning", "others' length"],
)
def test_keys_that_eight_bytes_do_not_tell_apart_have_no_numbers(values: list[str | None], others: list[str]) -> None:
    assert numbered(strings(values), strings(others)) is None


@given(keys, keys, st.integers(0, 2))
def test_each_value_is_found_in_its_first_row(values: list[str | None], there: list[str | None], start: int) -> None:
    there = [key for key in there if key is not None]
    found = find(strings(values, start), strings(there)).tolist()
    assert found == [there.index(value) if value in there else ABSENT for value in values]


@given(keys, st.integers(0, 2), st.booleans())
def test_equal_values_and_only_they_have_one_number(values: list[str | None], start: int, encoded: bool) -> None:
    array = strings(values, start)
    codes, count = numbered_values(array.dictionary_encode() if encoded else array)
    assert [code == ABSENT for code in codes.tolist()] == [value is None for value in values]
    assert len({*zip(codes.tolist(), values, strict=True)}) == len({*values}) == len({*codes.tolist()})
    assert max(codes.tolist(), default=0) < max(count, 1)


@given(keys)
def test_rows_are_sorted_as_arrow_sorts_them(values: list[str | None]) -> None:
    array = strings(values)
    assert sort_rows(array).tolist() == pc.sort_indices(array).to_pylist()


@given(keys, st.booleans(), st.integers(0, 3))
def test_keys_ascend_where_each_is_greater_than_the_one_before(
    values: list[str | None], in_order: bool, start: int
) -> None:
    if in_order:
        values = sorted({value for value in values if value is not None}, key=str.encode)
    bytes_of = [None if value is None else value.encode() for value in values]
    greater = None not in bytes_of and bytes_of == sorted({value for value in bytes_of if value is not None})
    assert ascend(strings(values, start)) == greater


@given(st.lists(long, max_size=30), st.lists(long, max_size=30))
@example([f"{'a' * 8}{'b' * 8}"], [f"{'c' * 8}{'d' * 8}"])
def test_keys_are_found_and_numbered_although_their_mixtures_are_equal(values: list[str], there: list[str]) -> None:
    with patch.object(engine_keys, "_MULTIPLIER", np.uint64(0)):
        assert find(strings(values), strings(there)).tolist() == [
            there.index(value) if value in there else ABSENT for value in values
        ]
        codes, _ = numbered_values(strings(values))
    assert len({*zip(codes.tolist(), values, strict=True)}) == len({*values}) == len({*codes.tolist()})


@given(keys, st.lists(st.integers(ABSENT, 4), min_size=60, max_size=60))
def test_rows_are_sorted_by_group_and_then_by_key(values: list[str | None], groups: list[int]) -> None:
    found = sort_rows(strings(values), np.array(groups[: len(values)], np.int64)).tolist()

    def place(row: int) -> tuple[int, bool, bytes, int]:
        value = values[row]
        return groups[row], value is None, b"" if value is None else value.encode(), row

    assert found == sorted((row for row in range(len(values)) if groups[row] != ABSENT), key=place)


@given(nearly_alike(), st.integers(0, 2))
def test_keys_that_are_nearly_all_alike_never_go_through_arrow_as_a_whole(values: list[str | None], start: int) -> None:
    array = strings(values, start)
    most = len(values) // 2

    def of_few(real: Any) -> Any:
        def called(keys: pa.Array, **options: Any) -> Any:
            assert len(keys) < most or not pa.types.is_string(keys.type)
            return real(keys, **options)

        return called

    sort, look_up = of_few(pc.sort_indices), of_few(pc.index_in)
    with patch.object(engine_keys.pc, "sort_indices", sort), patch.object(engine_keys.pc, "index_in", look_up):
        order, found = sort_rows(array), find(array, array)
    assert order.tolist() == pc.sort_indices(array).to_pylist()
    assert found.tolist() == [ABSENT if value is None else values.index(value) for value in values]
