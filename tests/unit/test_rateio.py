"""Largest-remainder sharing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from naive import rateio

from lakehouse.engine.rateio import share

weights = st.one_of(st.integers(0, 3), st.integers(0, 10**12), st.integers(0, 10**18 - 1))
totals = st.one_of(st.integers(0, 10), st.integers(0, 10**12), st.integers(0, 10**18 - 1))


@given(totals, st.lists(weights, min_size=1, max_size=7))
def test_shares_are_those_of_the_definition(total, weight):
    assert share(np.array(total), np.array(weight, np.int64)).tolist() == rateio(total, weight)


@given(st.integers(1, 6).flatmap(lambda k: st.lists(st.tuples(totals, st.lists(weights, min_size=k, max_size=k)))))
def test_many_totals_are_shared_as_each_alone_and_add_up(rows):
    if not rows:
        return
    total, weight = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    shares = share(total, weight)
    assert shares.tolist() == [rateio(t, w) for t, w in rows]
    assert [sum(row) for row in shares.tolist()] == total.tolist()


def test_ties_go_to_the_lowest_position_and_zero_weights_share_equally():
    assert share(np.array([5, 2]), np.array([[0, 0, 0], [1, 1, 1]])).tolist() == [[2, 2, 1], [1, 1, 0]]
