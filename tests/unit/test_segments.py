"""Rows in the order of their codes, however large those are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.engine.segments import rows_by

SIZES = [1 << 8, 1 << 16, (1 << 16) + 1, 1 << 32, (1 << 32) + 1, 1 << 62]


@given(st.data(), st.sampled_from(SIZES))
def test_rows_are_in_the_order_of_their_codes_and_ties_in_row_order(data: st.DataObject, size: int) -> None:
    some = data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=4))
    codes = data.draw(st.lists(st.sampled_from([*some, 0, size - 1, size >> 1]), max_size=40))
    found = rows_by(np.array(codes, np.int64), size)
    assert found.tolist() == sorted(range(len(codes)), key=codes.__getitem__)


@pytest.mark.parametrize("size", SIZES)
def test_without_a_row_there_is_none(size: int) -> None:
    assert rows_by(np.empty(0, np.int64), size).tolist() == []
