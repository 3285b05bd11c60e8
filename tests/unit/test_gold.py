"""The two aggregates, against the definition worked out row by row, and what the definition promises."""

import math
import statistics

import pyarrow as pa
import pytest
from bronze_tables import bronze
from hypothesis import given
from layers import cash_flow, correlate, forecast
from naive import cash_flow as naive_cash_flow
from naive import forecast as naive_forecast

from lakehouse.contract.model import load
from lakehouse.lake.layout import CASH_FLOW, FORECAST

TARGET = "alvo_valor_fluxo_proximo_mes_brl"


@given(bronze())
def test_the_cash_flow_equals_the_definition_worked_out_row_by_row(tables):
    fact = correlate(tables).fact
    result = cash_flow(fact)
    assert result.schema == load(CASH_FLOW).schema
    assert result.to_pylist() == naive_cash_flow(fact.to_pylist())


@given(bronze())
def test_the_forecast_equals_the_definition_worked_out_row_by_row(tables):
    fact = correlate(tables).fact
    result = forecast(fact)
    assert result.schema == load(FORECAST).schema
    expected = naive_forecast(fact.to_pylist())
    exact = list(expected[0]) if expected else ["mes_referencia"]
    assert result.select(exact).to_pylist() == expected


@given(bronze())
def test_means_deviations_and_prices_are_the_plain_ones(tables):
    fact = correlate(tables).fact
    rows = [
        r
        for r in fact.to_pylist()
        if r["tipo_registro"] != "PARCELA_EMPRESTIMO" and r["status_pagamento"] != "CANCELADO"
    ]
    for group in forecast(fact).to_pylist():
        key = ("mes_referencia", "categoria", "moeda_origem")
        rates = [r["taxa_ptax"] for r in rows if all(r[c] == group[c] for c in key) and r["taxa_ptax"] is not None]
        assert group["taxa_ptax_media"] == (pytest.approx(float(statistics.mean(rates))) if rates else None)
        deviation = float(statistics.stdev(rates)) if len(rates) > 1 else None
        assert group["taxa_ptax_desvio"] == (None if deviation is None else pytest.approx(deviation, abs=1e-12))
        price = float(group["valor_item_brl"]) / group["quantidade"] if group["quantidade"] else None
        assert group["preco_medio_brl"] == (None if price is None else pytest.approx(price))
        lags = [group[f"valor_fluxo_lag_{k}"] for k in (1, 2, 3) if group[f"valor_fluxo_lag_{k}"] is not None]
        mean = float(sum(lags)) / len(lags) if lags else None
        assert group["media_movel_3m_brl"] == (None if mean is None else pytest.approx(mean))


@given(bronze())
def test_no_feature_changes_when_later_months_are_removed(tables):
    fact = correlate(tables).fact
    whole = forecast(fact)
    features = [name for name in whole.column_names if name != TARGET]
    for month in sorted(set(whole["mes_referencia"].to_pylist()))[:-1]:
        past = forecast(fact.filter(pa.array([m <= month for m in fact["mes_referencia"].to_pylist()])))
        kept = whole.filter(pa.array([m <= month for m in whole["mes_referencia"].to_pylist()]))
        assert past.select(features) == kept.select(features)


def test_the_year_is_a_circle():
    from gold.forecast import COSINES, SINES

    assert all(math.isclose(s * s + c * c, 1) for s, c in zip(SINES, COSINES, strict=True))
    assert (SINES[2], COSINES[5]) == (1.0, -1.0)
