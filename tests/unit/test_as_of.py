"""The as-of join, and calendar months."""

from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from naive import month_later

from lakehouse.engine.as_of import as_of
from lakehouse.engine.columns import Text
from lakehouse.engine.keys import ABSENT
from lakehouse.engine.months import add_months, month_number, month_text, parse_month

EPOCH = date(1970, 1, 1)
# The first and the last day that a date may be are among them.
DAYS = (date.min - EPOCH).days, (date.max - EPOCH).days
days = st.one_of(st.integers(-100, 100), st.sampled_from([DAYS[0], DAYS[0] + 1, DAYS[1] - 1, DAYS[1]]))
points = st.tuples(st.integers(-1, 3), days)
dates = st.dates(date(1900, 1, 1), date(2200, 1, 1))


def columns(pairs):
    return (np.array([p[i] for p in pairs], np.int64) for i in (0, 1))


@given(st.lists(points), st.lists(points.filter(lambda p: p[0] >= 0), unique=True))
def test_the_newest_quotation_on_or_before_the_day_holds(rows, quoted):
    found = as_of(*columns(rows), *columns(quoted))
    for (currency, day), at in zip(rows, found.tolist(), strict=True):
        known = [q for q in quoted if q[0] == currency and q[1] <= day]
        assert (quoted[at] if at != ABSENT else None) == (max(known) if known else None)


@given(dates, st.integers(0, 400))
def test_a_later_month_keeps_the_day_or_clips_it(day, k):
    later = add_months(np.array([(day - EPOCH).days]), np.array([k]))
    assert EPOCH + timedelta(int(later[0])) == month_later(day, k)


@given(st.lists(dates))
def test_months_as_text_and_back(values):
    numbers = month_number(np.array([(day - EPOCH).days for day in values], np.int64))
    text = month_text(numbers)
    assert text.to_pylist() == [f"{day:%Y-%m}" for day in values]
    assert parse_month(Text.of(text)).tolist() == numbers.tolist()
