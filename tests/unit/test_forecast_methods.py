"""The candidates: the same numbers as plain loops over one series and one origin give, whatever comes after it."""

import independent_forecast as independent
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.methods import HORIZONS, METHODS, least

# Not random, and with everything: a season, a trend, months without value, one that stands out.
SEASONAL = [round(1000 * (1 + 0.01 * month) * (1 + 0.4 * np.sin(month / 12 * 2 * np.pi)), 2) for month in range(60)]
UNEVEN = [round(900 + 300 * np.sin(month * month), 2) for month in range(60)]
SPARSE = [value if month % 3 else 0.0 for month, value in enumerate(UNEVEN)]
STRANGE = [value * (5 if month == 30 else 1) for month, value in enumerate(SEASONAL)]
SERIES = {"seasonal": SEASONAL, "uneven": UNEVEN, "sparse": SPARSE, "strange": STRANGE, "flat": [7.0] * 60}

series = st.lists(st.integers(0, 10**9).map(float), min_size=12, max_size=40)


def said(method, y, origin):
    return METHODS[method](np.array([y]), np.array([[origin]]))[0, 0]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize("origin", [12, 18, 24, 37, 48, 60])
def test_a_method_says_what_a_plain_loop_says(method, name, origin):
    expected = independent.METHODS[method](SERIES[name][:origin])
    if expected is None:
        assert np.isnan(said(method, SERIES[name], origin)).all()
    else:
        assert said(method, SERIES[name], origin) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
@given(y=series, later=st.lists(st.integers(0, 10**9).map(float), min_size=1, max_size=12))
@settings(max_examples=25)
def test_later_months_never_change_what_an_origin_says(method, y, later):
    origin = len(y)
    assert np.array_equal(said(method, y, origin), said(method, y + later, origin), equal_nan=True)


@pytest.mark.parametrize("method", METHODS)
@given(y=series)
@settings(max_examples=25)
def test_a_method_has_no_unit(method, y):
    assert np.allclose(
        said(method, y, len(y)) * 1024, said(method, [value * 1024 for value in y], len(y)), rtol=1e-9, equal_nan=True
    )


@pytest.mark.parametrize("method", METHODS)
def test_series_and_origins_are_forecast_together_as_they_are_alone(method):
    y = np.array(list(SERIES.values()))
    origin = np.array([[24, 30, 60], [25, 31, 48], [26, 32, 50], [36, 37, 38], [12, 40, 60]])
    together = METHODS[method](y, origin)
    for row in range(len(y)):
        for column in range(3):
            alone = said(method, y[row].tolist(), origin[row, column])
            assert np.allclose(together[row, column], alone, rtol=1e-12, equal_nan=True)


def test_what_never_changes_stays():
    for method in METHODS:
        assert said(method, [7.0] * 36, 36) == pytest.approx([7.0] * HORIZONS)


def test_theta_sees_a_season_that_is_there_and_none_that_is_not():
    assert independent.seasonal_indices(SEASONAL) != [1.0] * 12
    assert independent.seasonal_indices(UNEVEN) == [1.0] * 12


def test_holt_winters_needs_two_years_and_value_in_each_month():
    assert np.isnan(said("HOLT_WINTERS_LOG", SEASONAL, 23)).all()
    assert np.isnan(said("HOLT_WINTERS_LOG", SEASONAL[:20], 20)).all()
    assert np.isnan(said("HOLT_WINTERS_LOG", SPARSE, 60)).all()
    assert np.isfinite(said("HOLT_WINTERS_LOG", [*SEASONAL[:30], 0.0, *SEASONAL[31:]], 30)).all()


def test_holt_winters_follows_a_season_and_a_trend():
    truth = [1000 * 1.01**month * (1 + 0.4 * np.sin(month / 12 * 2 * np.pi)) for month in range(66)]
    assert said("HOLT_WINTERS_LOG", truth[:60], 60) == pytest.approx(truth[60:], rel=0.03)


def test_of_equal_values_the_first_is_the_least():
    values = np.array([[3.0, 1.0 + 1e-12, 1.0], [0.0, 0.0, 0.0], [np.inf, 2.0, 2.0], [1.0, 1.0 - 1e-6, 2.0]])
    assert least(values).tolist() == [1, 0, 1, 1]
