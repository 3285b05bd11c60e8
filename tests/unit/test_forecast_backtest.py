"""The backtest and the choice: origins, errors, MASE, bias, and that nothing later decides."""

import independent_forecast as independent
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.backtest import Backtest, chosen, summed
from forecast.methods import METHODS
from forecast.series import HORIZONS, TOTAL, Series, together

NONE = np.zeros(HORIZONS, np.int64)
values = st.lists(st.integers(0, 10**8), min_size=18, max_size=45).filter(lambda y: sum(map(bool, y)) >= 9)


def series(y, name="A"):
    return Series((name, "USD"), 600 - len(y), np.array(y, np.int64), NONE)


def uneven(months, seed=1):
    return np.random.default_rng(seed).integers(1_000, 90_000, months).tolist()


def backtest(forecasts, actuals, level=1.0, scale=1.0):
    forecasts, actuals = np.array(forecasts, float), np.array(actuals, float)
    return Backtest(forecasts, actuals, forecasts, np.full(len(forecasts) + 1, level), scale)


@pytest.mark.parametrize(("months", "origins"), [(18, 6), (19, 7), (23, 11), (24, 12), (25, 12), (60, 12)])
def test_the_last_twelve_origins_that_know_a_year(months, origins):
    (its,) = chosen([series(uneven(months))])
    assert its.backtest.origins == origins
    # The last origin knows all months but one, the one before all but two.
    assert [int(np.isfinite(row).sum()) for row in its.backtest.actuals] == [
        min(origins - at, HORIZONS) for at in range(origins)
    ]


@given(values)
@settings(max_examples=30, deadline=None)
def test_the_errors_and_the_choice_are_those_of_plain_loops(y):
    (its,) = chosen([series(y)])
    expected = independent.backtest([float(value) for value in y], its.method)
    for row, errors in zip(its.backtest.errors, expected, strict=True):
        assert row[: len(errors)] == pytest.approx(errors, rel=1e-6, abs=1e-3)
        assert np.isnan(row[len(errors) :]).all()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("months", [20, 30, 48])
def test_the_least_mase_is_chosen_and_stated(seed, months):
    y = [value * (1 + month % 12) for month, value in enumerate(uneven(months, seed))]
    (its,) = chosen([series(y)])
    assert its.method == independent.choice([float(value) for value in y])
    assert its.backtest.mase() == pytest.approx(independent.mase([float(value) for value in y], its.method))
    assert its.forecast == pytest.approx([max(each, 0) for each in independent.METHODS[its.method](y)])


def test_of_equally_good_methods_the_simplest_is_chosen():
    (its,) = chosen([series([500] * 40)])
    assert (its.method, its.backtest.mase(), its.backtest.bias()) == ("NAIVE", None, 0)


def test_what_repeats_every_year_is_seasonal():
    (its,) = chosen([series([(1 + month % 12) ** 3 for month in range(48)])])
    assert (its.method, its.backtest.mase()) == ("SAZONAL", None)


def test_a_benchmark_must_be_better_by_a_fifth():
    free, held = (
        {chosen([series(uneven(60, seed))], handicap)[0].method for seed in range(40)} for handicap in (0, 0.2)
    )
    assert "SAZONAL" in free
    assert len(held & {"NAIVE", "MEDIA_3M", "SAZONAL"}) < len(free & {"NAIVE", "MEDIA_3M", "SAZONAL"})


def test_a_series_is_forecast_among_others_as_it_is_alone():
    three = [series(uneven(months, months), str(months)) for months in (18, 33, 60)]
    for its, alone in zip(chosen(three), [chosen([each])[0] for each in three], strict=True):
        assert its.method == alone.method
        assert np.allclose(its.forecast, alone.forecast, rtol=1e-12)
        assert np.allclose(its.backtest.blind, alone.backtest.blind, rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_later_months_never_change_what_was_said_in_a_backtest(method, monkeypatch):
    monkeypatch.setattr("forecast.backtest.METHODS", {method: METHODS[method]})
    y = uneven(40, 3)
    before, after = (chosen([series(its)])[0].backtest for its in (y, [*y, 77, 10**8]))
    assert np.array_equal(before.forecasts[2:], after.forecasts[:-2])
    assert np.array_equal(before.levels[2:], after.levels[:-2])


def test_the_choice_for_an_origin_is_blind_to_it():
    y = [1_000] * 30
    y[-1] = 5_000_000
    (its,) = chosen([series(y)])
    # Whatever the last month is, the origin before it would have said what the months before say.
    assert its.backtest.blind[-1, 0] == 1_000


def test_bias_is_how_much_more_was_said_than_came():
    assert backtest([[110.0] * 6], [[100.0] * 6]).bias() == pytest.approx(10)
    assert backtest([[90.0] * 6], [[100.0] * 5 + [np.nan]]).bias() == pytest.approx(-10)
    assert backtest([[90.0] * 6], [[0.0] * 6]).bias() is None


def test_a_sum_is_backtested_from_the_origins_that_all_parts_have():
    parts = [series(uneven(20, 1), "A"), series(uneven(40, 2), "B")]
    its = [choice.backtest for choice in chosen(parts)]
    total = summed(its, together(TOTAL, parts))
    assert total.origins == 8
    assert np.array_equal(total.forecasts, its[0].forecasts + its[1].forecasts[-8:])
    assert np.allclose(total.errors, its[0].errors + its[1].errors[-8:], equal_nan=True)
    assert np.array_equal(total.levels, its[0].levels + its[1].levels[-9:])


def test_without_series_nothing_is_chosen():
    assert chosen([]) == []
