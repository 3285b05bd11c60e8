"""The two aggregates, against the definition worked out row by row, and what the definition promises."""

import math
from decimal import Decimal

import pyarrow as pa
import pytest
from bronze_tables import bronze
from facts import fact_of, facts
from hypothesis import given
from hypothesis import strategies as st
from lakehouse_tables import CASH_FLOW, FORECAST
from layers import cash_flow, correlate, forecast
from naive import DOUBLES, TOLERANCE
from naive import cash_flow as naive_cash_flow
from naive import forecast as naive_forecast

from gold.partial import aggregated
from lakehouse.contract.model import load
from lakehouse.errors import MoneyRangeError

CENT = Decimal("0.01")
TARGET = "alvo_valor_fluxo_proximo_mes_brl"


@given(bronze())
def test_the_cash_flow_equals_the_definition_worked_out_row_by_row(tables):
    fact = correlate(tables).fact
    result = cash_flow(fact)
    assert result.schema == load(CASH_FLOW).schema
    assert result.to_pylist() == naive_cash_flow(fact.to_pylist())


@given(st.one_of(facts, bronze().map(lambda tables: correlate(tables).fact)))
def test_the_forecast_equals_the_definition_worked_out_row_by_row(fact):
    result = forecast(fact)
    assert result.schema == load(FORECAST).schema
    expected = naive_forecast(fact.to_pylist())
    rows = result.to_pylist()
    assert [exact(row) for row in rows] == [exact(row) for row in expected]
    for row, wanted in zip(rows, expected, strict=True):
        assert row.keys() == wanted.keys()
        for column in DOUBLES:
            near = wanted[column] if wanted[column] is None else pytest.approx(wanted[column], TOLERANCE, TOLERANCE)
            assert row[column] == near, column


def exact(row):
    """What of a row is no double."""
    return {column: value for column, value in row.items() if column not in DOUBLES}


@given(bronze())
def test_no_feature_changes_when_later_months_are_removed(tables):
    fact = correlate(tables).fact
    whole = forecast(fact)
    features = [name for name in whole.column_names if name != TARGET]
    for month in sorted(set(whole["mes_referencia"].to_pylist()))[:-1]:
        past = forecast(fact.filter(pa.array([m <= month for m in fact["mes_referencia"].to_pylist()])))
        kept = whole.filter(pa.array([m <= month for m in whole["mes_referencia"].to_pylist()]))
        assert past.select(features) == kept.select(features)


def test_the_deviation_of_rates_that_differ_is_that_of_the_sample():
    fact = fact_of([{"taxa_ptax": Decimal(rate)} for rate in ("4.9", "5.1", "5.6")])
    assert forecast(fact)["taxa_ptax_desvio"].to_pylist() == [pytest.approx(math.sqrt(0.13), 1e-12)]


def test_rates_that_are_the_same_deviate_by_nothing_at_all():
    # Worked out in doubles, the squares of the greatest rates would cancel out to noise.
    fact = fact_of([{"taxa_ptax": Decimal("2999.999999")}] * 5)
    assert forecast(fact)["taxa_ptax_desvio"].to_pylist() == [0.0]


def test_the_months_are_on_a_circle_with_march_at_its_top_and_december_at_its_start():
    fact = fact_of([{"mes_referencia": f"2024-{month:02d}"} for month in range(1, 13)])
    table = forecast(fact)
    half, height = 0.5, math.sqrt(3) / 2
    sines = [half, height, 1, height, half, 0, -half, -height, -1, -height, -half, 0]
    cosines = [height, half, 0, -half, -height, -1, -height, -half, 0, half, height, 1]
    assert table["mes_seno"].to_pylist() == pytest.approx(sines, abs=1e-15)
    assert table["mes_cosseno"].to_pylist() == pytest.approx(cosines, abs=1e-15)


def test_the_lags_are_the_values_of_the_three_months_before_and_the_target_that_of_the_next():
    fact = fact_of([{"mes_referencia": f"2024-{m:02d}", "valor_fluxo_brl": Decimal(10**m)} for m in (1, 2, 3, 4, 5, 7)])
    columns = ("valor_fluxo_lag_1", "valor_fluxo_lag_2", "valor_fluxo_lag_3", TARGET)
    assert [[row[column] for column in columns] for row in forecast(fact).to_pylist()] == [
        [None, None, None, 100],
        [10, None, None, 1000],
        [100, 10, None, 10**4],
        [1000, 100, 10, 10**5],
        [10**4, 1000, 100, 0],
        [0, 10**5, 10**4, None],
    ]


@given(facts)
def test_any_fact_has_the_cash_flow_of_the_definition(fact):
    assert cash_flow(fact).to_pylist() == naive_cash_flow(fact.to_pylist())


@pytest.mark.parametrize("sign", [1, -1])
def test_sums_are_exact_up_to_the_largest_amount_and_beyond_64_bits_are_refused(sign):
    # Each amount is small enough for its column; a hundred of them are not for the sum.
    largest = sign * (Decimal(10**16) - 1)
    assert forecast(fact_of([{"valor_item_brl": largest}]))["valor_item_brl"].to_pylist() == [largest]
    with pytest.raises(MoneyRangeError, match=r"the sum of the amounts of a group does not fit decimal\(18,2\)"):
        aggregated(fact_of([{"valor_item_brl": largest}] * 100))
    with pytest.raises(MoneyRangeError):
        aggregated(fact_of([{"valor_item_brl": largest}] * 100 + [{"valor_item_brl": -sign * CENT}]))


def test_amounts_that_are_large_in_one_group_and_small_in_many_are_summed():
    # The greatest times their number is beyond 64 bits, their sum is not.
    rows = [{"valor_item_brl": Decimal(10**15)}, *({"valor_item_brl": CENT} for _ in range(99))]
    assert forecast(fact_of(rows))["valor_item_brl"].to_pylist() == [Decimal(10**15) + 99 * CENT]


def test_a_rate_up_to_3000_reais_has_its_place_and_a_greater_one_is_refused():
    fact = fact_of([{"taxa_ptax": Decimal(3000)}, {"taxa_ptax": Decimal(1)}])
    expected = naive_forecast(fact.to_pylist())[0]["taxa_ptax_desvio"]
    assert forecast(fact)["taxa_ptax_desvio"].to_pylist() == [pytest.approx(expected, TOLERANCE)]
    with pytest.raises(MoneyRangeError, match=r"a rate is beyond R\$ 3000"):
        aggregated(fact_of([{"taxa_ptax": Decimal("3000.000001")}]))


def test_a_sum_of_2_to_the_62_cents_is_refused_and_seven_eighths_of_it_are_not():
    eighth = Decimal(2**59) / 100
    assert len(aggregated(fact_of([{"valor_item_brl": eighth}] * 7)).cells) == 1
    with pytest.raises(MoneyRangeError):
        aggregated(fact_of([{"valor_item_brl": eighth}] * 8))
