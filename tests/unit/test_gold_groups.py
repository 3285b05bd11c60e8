"""Groups and distinct counts: the same where there are more groups than a table of them all may have places."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gold import groups as module
from gold.groups import Groups, distinct
from lakehouse.engine.arrays import strings
from lakehouse.engine.columns import Columns, Text

DENSE = 1 << 22


def keys_of(rows, values):
    """Columns a, b, ... of codes into as many values, the last of which stands for NULL (code -1)."""
    codes = np.asarray(rows, np.int32)
    texts = [strings([f"{value:05d}" for value in range(size)]) for size in values]
    return Columns({chr(97 + k): Text(codes[:, k], text) for k, text in enumerate(texts)})


def groups_of(rows):
    """Return the rows of each key, the keys sorted, NULLs last."""
    of_key = defaultdict(list)
    for number, row in enumerate(rows):
        of_key[tuple(row)].append(number)
    return dict(sorted(of_key.items(), key=lambda pair: [(code < 0, code) for code in pair[0]]))


def assert_grouped(rows, values):
    columns = keys_of(rows, values)
    expected, groups = groups_of(rows), Groups(columns, list("abcd"[: len(values)]))
    assert len(groups) == len(expected)
    assert groups.rows.tolist() == [number for numbers in expected.values() for number in numbers]
    keys = [groups.keys.text(name).codes.tolist() for name in "abcd"[: len(values)]]
    assert list(zip(*keys, strict=True)) == list(expected)
    amounts = np.arange(1, len(rows) + 1) * 7 - 20
    by_group = [[int(amounts[number]) for number in numbers] for numbers in expected.values()]
    assert groups.sum(amounts).tolist() == [sum(some) for some in by_group]
    assert groups.least(amounts).tolist() == [min(some) for some in by_group]
    assert groups.greatest(amounts).tolist() == [max(some) for some in by_group]


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        ((3, 2), 40),  # few places
        ((2047, 2047), 3000),  # exactly as many places as a table has at most, NULLs among them
        ((2047, 2048), 3000),  # one value too many
        ((200, 200, 200), 500),  # too many places after the third column, not after the second
        ((3000, 3000), 2999),  # numbered anew they are still too many
        ((3000, 3000, 3000), 2999),
        ((1,), 0),
    ],
    ids=str,
)
def test_rows_are_grouped_by_their_keys_however_many_keys_there_could_be(values, rows):
    drawn = np.random.default_rng(11).integers(-1, values, (rows, len(values)))
    assert_grouped(np.concatenate([drawn, drawn[: rows // 2]]), values)


@pytest.mark.parametrize("dense", [1, 2, 7, 30])
@given(rows=st.lists(st.tuples(*(st.integers(-1, 2),) * 3), max_size=12))
def test_how_groups_are_counted_does_not_show(dense, rows):
    before, module._DENSE = module._DENSE, dense
    try:
        assert_grouped(np.array(rows, np.int32).reshape(-1, 3), (3, 3, 3))
    finally:
        module._DENSE = before


@given(st.integers(1, 30), st.integers(1, 20), st.data())
def test_distinct_values_are_counted_in_each_group_whatever_has_a_group_and_a_value(groups, values, data):
    pairs = data.draw(st.lists(st.tuples(st.integers(-1, values - 1), st.integers(-1, groups - 1)), max_size=60))
    codes, group = (np.array([pair[k] for pair in pairs], kind) for k, kind in ((0, np.int32), (1, np.int64)))
    seen = {(value, of) for value, of in pairs if value >= 0 and of >= 0}
    assert distinct(codes, values, group, groups).tolist() == [sum(of == g for _, of in seen) for g in range(groups)]


def test_one_value_in_more_groups_than_there_are_rounds_counts_once_in_each():
    # An order of many months, between orders of one: each of its groups is counted, and none twice.
    group = np.array([0, *range(30), *range(30), 29])
    codes = np.array([1, *[0] * 60, 2], np.int32)
    assert distinct(codes, 3, group, 31).tolist() == [2, *[1] * 28, 2, 0]


def test_of_no_values_none_is_distinct():
    nothing = np.empty(0, np.int64)
    assert distinct(nothing.astype(np.int32), 0, nothing, 3).tolist() == [0, 0, 0]
    assert distinct(np.array([-1], np.int32), 0, np.array([2]), 3).tolist() == [0, 0, 0]
