"""Exact units, products and quotients."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.engine.money import LIMIT, from_units, mul_div, mul_div_half_up, to_units
from lakehouse.errors import MoneyRangeError

# Around every boundary at which the arithmetic changes: 2**50, 2**53, 2**61, 10**12, 10**18.
EDGES = [n + d for n in (2**31, 2**50, 2**53, 2**60, 10**12, LIMIT - 3) for d in (-1, 0, 1)]
naturals = st.one_of(st.integers(0, 100), st.integers(0, LIMIT - 1), st.sampled_from(EDGES))
signed = st.one_of(naturals, naturals.map(lambda n: -n))


def int64(*values):
    return np.array(values, np.int64)


@given(st.lists(st.one_of(st.none(), signed.filter(lambda n: abs(n) < LIMIT)), max_size=20), st.integers(0, 5))
def test_units_and_back_is_the_same_column(values, cut):
    column = pa.array([None if v is None else Decimal(v).scaleb(-2) for v in values], pa.decimal128(18, 2)).slice(cut)
    units = to_units(column)
    assert units.tolist() == [0 if v is None else v for v in values[cut:]]
    assert from_units(units, valid=np.asarray(column.is_valid())).equals(column)


@given(naturals, naturals, naturals.filter(bool))
def test_a_quotient_and_its_remainder_are_exact(a, b, c):
    quotient, remainder = mul_div(int64(a), int64(b), int64(c))
    assert (int(quotient[0]), int(remainder[0])) == divmod(a * b, c)


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**12), min_size=1, max_size=5))
def test_quotients_up_to_ten_billion_reais_stay_in_64_bits(total, weights):
    whole = max(sum(weights), 1)
    quotient, remainder = mul_div(int64(total), int64(*weights), int64(whole))
    assert quotient.dtype == np.int64
    assert list(zip(quotient.tolist(), remainder.tolist(), strict=True)) == [divmod(total * w, whole) for w in weights]


@given(signed, st.integers(-(10**9), 10**9), st.sampled_from([1, 3, 10**6]))
def test_half_up_rounds_ties_away_from_zero(a, b, c):
    exact = Fraction(a * b, c)
    expected = int(abs(exact) + Fraction(1, 2)) * (1 if exact >= 0 else -1)
    if abs(expected) >= LIMIT:
        with pytest.raises(MoneyRangeError):
            from_units(mul_div_half_up(int64(a), int64(b), int64(c)))
    else:
        assert mul_div_half_up(int64(a), int64(b), int64(c)).tolist() == [expected]


@pytest.mark.parametrize("sign", [1, -1])
def test_an_amount_of_18_digits_becomes_a_decimal_and_one_of_19_does_not(sign):
    largest = sign * (10**18 - 1)
    assert from_units(int64(0, largest)).to_pylist() == [Decimal(0), Decimal(largest).scaleb(-2)]
    with pytest.raises(MoneyRangeError, match=r"an amount does not fit decimal\(18,6\)"):
        from_units(int64(0, sign * 10**18), 6)


def test_only_decimals_of_at_most_18_digits_have_units():
    with pytest.raises(TypeError, match="decimal128"):
        to_units(pa.array([1.5]))
