"""The currency risk: returns of business days, value at risk, Kupiec's test, few quotations."""

import datetime
import math
from decimal import Decimal

import independent_forecast as independent
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast import kupiec, var
from forecast.quotations import business_day, common, currencies
from forecast.risk import RISK, business_days_until, currency_risk
from lakehouse.contract.model import load

SCHEMA = load(RISK).schema

TODAY = datetime.date(2026, 6, 30)  # a Tuesday
FIRST = np.datetime64("2023-01-02")  # a Monday


def quoted(name, days, seed=1, deviation=0.01, rate=5.0, without=()):
    """Quotations of so many business days, of a random walk; those of ``without`` are missing."""
    walk = np.cumsum(np.random.default_rng(seed).normal(0, deviation, days))
    dates = np.busday_offset(FIRST, np.arange(days))
    rates = [(day.item(), name, Decimal(f"{rate * math.exp(step):.6f}")) for day, step in zip(dates, walk, strict=True)]
    return [row for at, row in enumerate(rates) if at not in without]


def quotations(*groups):
    rows = [row for group in groups for row in group]
    return pd.DataFrame(rows, columns=["data_cotacao", "moeda", "taxa_ptax"])


def exposures(*rows):
    frame = pd.DataFrame(rows, columns=["mes_referencia", "moeda_origem", "exposicao_moeda_origem"])
    return frame.assign(exposicao_moeda_origem=frame["exposicao_moeda_origem"].map(Decimal))


def of(table, currency, month):
    (row,) = (row for row in table.to_pylist() if (row["moeda_origem"], row["mes_vencimento"]) == (currency, month))
    return row


def risk(positions, *groups):
    return currency_risk(exposures(*positions), quotations(*groups), TODAY)


MEASURES = [name for name in SCHEMA.names if name.startswith(("var_", "estresse_", "pior_"))]
TWO = [("2026-07", "USD", "1000.00"), ("2026-12", "USD", "500.00"), ("2026-09", "EUR", "800.00")]


def test_the_columns_and_the_order_of_the_rows():
    table = risk(TWO, quoted("USD", 400), quoted("EUR", 400, 2))
    assert table.schema == SCHEMA
    assert list(zip(*(table.column(name).to_pylist() for name in SCHEMA.names[:2]), strict=True)) == [
        ("EUR", "2026-09"), ("EUR", None), ("USD", "2026-07"), ("USD", "2026-12"), ("USD", None), (None, None),
    ]  # fmt: skip
    table.validate(full=True)


def test_exposures_in_reais_are_exact():
    table = risk(TWO, quoted("USD", 400), quoted("EUR", 400, 2))
    for row in table.to_pylist():
        if row["moeda_origem"] is not None:
            expected = (row["exposicao_moeda"] * row["taxa_ptax"]).quantize(Decimal("0.01"), "ROUND_HALF_UP")
            assert row["exposicao_brl"] == expected
        stress = row["exposicao_brl"] / 10
        assert abs(row["estresse_mais_10_brl"] - stress) <= Decimal("0.005")
        assert row["estresse_mais_20_brl"] == -row["estresse_menos_20_brl"]
    portfolio = of(table, None, None)
    assert (
        portfolio["exposicao_brl"] == of(table, "USD", None)["exposicao_brl"] + of(table, "EUR", None)["exposicao_brl"]
    )
    assert (portfolio["exposicao_moeda"], portfolio["taxa_ptax"], portfolio["data_ptax"]) == (None, None, None)


def test_days_until_the_middle_of_a_month():
    assert business_days_until("2026-07", TODAY) == 11  # 1 to 15 July, two weekends
    assert business_days_until("2026-06", TODAY) == 1
    assert business_days_until("2020-01", TODAY) == 1
    assert business_days_until("2026-08", datetime.date(2026, 8, 14)) == 1  # the 15th is a Saturday
    assert business_days_until("2026-08", datetime.date(2026, 8, 13)) == 1
    assert business_days_until("2026-08", datetime.date(2026, 8, 12)) == 2


def test_the_days_of_a_total_are_those_until_all_of_it_is_due():
    row = of(risk(TWO, quoted("USD", 400), quoted("EUR", 400, 2)), "USD", None)
    assert row["dias_uteis"] == max(business_days_until(month, TODAY) for month in ("2026-07", "2026-12"))


def test_a_return_over_a_gap_is_divided_by_the_root_of_its_days():
    rows = [
        (datetime.date(2026, 6, 1), "USD", Decimal("5.000000")),  # Monday
        (datetime.date(2026, 6, 2), "USD", Decimal("5.100000")),
        (datetime.date(2026, 6, 8), "USD", Decimal("5.200000")),  # Monday: four business days later
    ]
    its = currencies(quotations(rows[::-1]))["USD"]
    first, second = math.log(5.1 / 5), math.log(5.2 / 5.1)
    assert its.returns == pytest.approx([first, second / 2])
    assert its.daily_returns() == pytest.approx([first] + [second / 2] * 4)
    assert np.exp(its.daily_log_rates()) == pytest.approx([5, 5.1, 5.1, 5.1, 5.1, 5.2])
    assert (its.rate, its.rate_date, its.quoted) == (5_200_000, datetime.date(2026, 6, 8), 3)


def test_a_quotation_of_a_weekend_is_that_of_its_friday():
    rows = [(datetime.date(2026, 6, day), "USD", Decimal(f"5.{day:02}")) for day in (4, 5, 6, 7, 8)]
    its = currencies(quotations(rows))["USD"]
    assert its.returns == pytest.approx([math.log(5.07 / 5.04), math.log(5.08 / 5.07)])
    assert business_day(["1970-01-01", "1970-01-03", "1970-01-05"]).tolist() == [0, 1, 2]


def test_currencies_share_the_days_that_all_of_them_have():
    both = currencies(quotations(quoted("USD", 100, without=(50, 51)), quoted("EUR", 80, 2)[10:]))
    history = common([both["USD"], both["EUR"]])
    assert history.returns.shape == (69, 2)
    assert history.log_rates.shape == (70, 2)
    # Three days are in a gap of the dollar or at its end: the end is quoted, the gap is not.
    assert len(history.tested) == 67
    assert np.array_equal(history.returns[:, 1], both["EUR"].returns)
    assert history.returns[39, 0] == history.returns[40, 0] == history.returns[41, 0]


def test_currencies_without_a_common_day_have_no_common_history():
    both = currencies(quotations(quoted("USD", 70), quoted("EUR", 200, 2)[100:]))
    assert common([both["USD"], both["EUR"]]).days == 0
    table = risk([("2026-07", "USD", "1"), ("2026-07", "EUR", "1")], quoted("USD", 70), quoted("EUR", 200, 2)[100:])
    portfolio = of(table, None, None)
    assert portfolio["metodo"] == "POUCAS_COTACOES"
    assert portfolio["motivo"] == "As moedas têm 0 dias úteis em comum; são necessários 60."
    assert portfolio["exposicao_brl"] > 0


@given(st.lists(st.floats(-0.1, 0.1), min_size=1, max_size=300))
def test_the_exponentially_weighted_variance_is_that_of_a_plain_loop(returns):
    assert var.covariance(np.array(returns)[:, None])[0, 0] == pytest.approx(independent.ewma_variance(returns))


def test_the_covariance_is_of_two_currencies_and_has_a_variance_each():
    returns = np.random.default_rng(1).normal(0, 0.01, (300, 2))
    both = var.covariance(returns)
    assert both[0, 1] == both[1, 0]
    assert both[0, 0] == var.covariance(returns[:, :1])[0, 0]


def test_the_value_at_risk_of_one_amount_grows_with_the_root_of_time():
    history = common([currencies(quotations(quoted("USD", 400)))["USD"]])
    deviation = math.sqrt(independent.ewma_variance(history.returns[:, 0].tolist()))
    for days in (1, 11, 120):
        position = var.Positions(np.array([1e6]), np.array([days]), np.array([0]))
        expected = 1e6 * (math.exp(1.6448536269514722 * deviation * math.sqrt(days)) - 1)
        assert var.ewma(position, history, 95) == pytest.approx(expected)


def test_the_value_at_risk_of_a_day_is_a_quantile_of_the_history():
    history = common([currencies(quotations(quoted("USD", 400)))["USD"]])
    ordered = np.sort(history.returns[:, 0] - history.returns[:, 0].mean())
    row = of(risk([("2026-06", "USD", "1000.00")], quoted("USD", 400)), "USD", "2026-06")
    for percent in (95, 99):
        loss = float(row[f"var_{percent}_historico_brl"]) / float(row["exposicao_brl"])
        # Of 10,000 drawn days a little less or more than 5 (1) % lie beyond the quantile.
        share = (np.expm1(ordered) > loss + 1e-9).mean()
        assert share == pytest.approx(1 - percent / 100, abs=0.006)
        assert np.abs(np.expm1(ordered) - loss).min() < 1e-5


def test_drawn_paths_are_always_the_same_and_longer_ones_go_on_where_shorter_ones_end():
    history = common([currencies(quotations(quoted("USD", 400)))["USD"]])
    all_of_them = var.paths(history, np.array([70, 1, 3, 70]))
    assert sorted(all_of_them) == [1, 3, 70]
    for days in (1, 3, 70):
        assert np.array_equal(var.paths(history, np.array([days]))[days], all_of_them[days])
    steps = np.unique(np.round(all_of_them[1][:, 0], 12))
    centred = history.returns[:, 0] - history.returns[:, 0].mean()
    assert np.isin(steps, np.round(centred, 12)).all()
    assert all_of_them[70].std() == pytest.approx(history.returns.std() * math.sqrt(70), rel=0.05)


def test_a_drawn_day_brings_all_currencies_of_that_day():
    twin = [(day, "EUR", rate) for day, _, rate in quoted("USD", 400)]
    both = currencies(quotations(quoted("USD", 400), twin))
    drawn = var.paths(common([both["USD"], both["EUR"]]), np.array([30]))[30]
    assert np.array_equal(drawn[:, 0], drawn[:, 1])


def test_twins_are_as_risky_as_one_currency_and_strangers_less():
    twin = [(day, "EUR", rate) for day, _, rate in quoted("USD", 400)]
    alone = of(risk([("2026-09", "USD", "2000.00")], quoted("USD", 400)), None, None)
    both = [("2026-09", "USD", "1000.00"), ("2026-09", "EUR", "1000.00")]
    twins = of(risk(both, quoted("USD", 400), twin), None, None)
    strangers = of(risk(both, quoted("USD", 400), quoted("EUR", 400, 7)), None, None)
    for name in (name for name in MEASURES if name.startswith("var_")):
        assert twins[name] == pytest.approx(alone[name], abs=Decimal("0.02"))
        assert strangers[name] < Decimal("0.9") * twins[name]


def test_the_portfolio_of_one_currency_is_that_currency():
    table = risk(TWO[:2], quoted("USD", 500, without=(30, 31, 99)))
    one, all_of_them = of(table, "USD", None), of(table, None, None)
    same = [*MEASURES, "exposicao_brl", "dias_uteis", "metodo", "cotacoes", "excecoes_95", "kupiec_p_valor"]
    assert {name: one[name] for name in same} == {name: all_of_them[name] for name in same}


def test_what_falls_due_tomorrow_does_not_bear_the_risk_of_half_a_year():
    soon, late = ("2026-06", "USD", "1000.00"), ("2026-12", "USD", "1000.00")
    table = risk([soon, late], quoted("USD", 400))
    for name in ("var_95_ewma_brl", "var_99_historico_brl"):
        total, first, second = (of(table, "USD", month)[name] for month in (None, "2026-06", "2026-12"))
        assert max(first, second) < total <= first + second


def test_the_worst_move_is_that_of_the_history():
    rows = quoted("USD", 400, deviation=0.0)
    rows[200:] = [(day, name, rate * 2) for day, name, rate in rows[200:]]
    table = risk([("2026-07", "USD", "100.00")], rows)
    row = of(table, "USD", "2026-07")
    assert row["pior_movimento_brl"] == row["exposicao_brl"]


def test_a_history_shorter_than_the_time_until_due_has_no_worst_move():
    row = of(risk([("2027-12", "USD", "100.00")], quoted("USD", 100)), "USD", "2027-12")
    assert row["dias_uteis"] > 100
    assert row["pior_movimento_brl"] is None
    assert row["var_95_historico_brl"] > 0
    assert (
        row["motivo"]
        == f"O histórico tem 99 dias úteis, menos que os {row['dias_uteis']} até o vencimento: sem pior movimento."
    )


def test_a_currency_that_only_fell_never_cost_more_and_still_may():
    falling = [
        (day, name, Decimal("5") - Decimal(at - at % 7) / 1000) for at, (day, name, _) in enumerate(quoted("USD", 300))
    ]
    row = of(risk([("2026-07", "USD", "100.00")], falling), "USD", "2026-07")
    assert row["pior_movimento_brl"] == 0
    assert 0 < row["var_95_historico_brl"] <= row["var_99_historico_brl"]


@pytest.mark.parametrize(("days", "few"), [(60, True), (61, False)])
def test_sixty_returns_are_needed(days, few):
    table = risk([("2026-07", "USD", "100.00")], quoted("USD", days))
    for row in table.to_pylist():
        assert row["metodo"] == ("POUCAS_COTACOES" if few else "EWMA_E_HISTORICO")
        assert [row[name] is None for name in MEASURES] == [few] * len(MEASURES)
        assert (row["motivo"] is not None) == few
        assert row["exposicao_brl"] > 0
        assert row["cotacoes"] == days
    if few:
        assert of(table, "USD", None)["motivo"] == "A moeda tem 59 retornos diários; são necessários 60."
        assert of(table, None, None)["motivo"] == "Nenhuma moeda tem 60 retornos diários: USD."


def test_a_currency_without_quotations_keeps_its_exposure():
    table = risk([("2026-07", "CHF", "100.00"), ("2026-07", "USD", "100.00")], quoted("USD", 100))
    row = of(table, "CHF", "2026-07")
    assert (row["exposicao_moeda"], row["exposicao_brl"], row["cotacoes"]) == (Decimal("100.00"), None, 0)
    assert row["motivo"] == "Não há cotação da moeda."
    portfolio, dollar = of(table, None, None), of(table, "USD", None)
    assert portfolio["motivo"] == "Risco sem CHF: menos de 60 retornos diários."
    assert portfolio["exposicao_brl"] == dollar["exposicao_brl"]
    assert portfolio["var_95_ewma_brl"] == dollar["var_95_ewma_brl"]
    alone = of(risk([("2026-07", "CHF", "100.00")], quoted("USD", 100)), None, None)
    assert (alone["exposicao_brl"], alone["dias_uteis"]) == (None, 11)


def test_a_currency_with_one_quotation_has_a_value():
    row = of(risk([("2026-07", "USD", "100.00")], quoted("USD", 1)), "USD", None)
    assert row["motivo"] == "A moeda tem 0 retornos diários; são necessários 60."
    assert row["exposicao_brl"] is not None


def test_without_exposures_there_are_no_rows():
    assert risk([], quoted("USD", 100)).num_rows == 0
    nothing = [("2026-07", "USD", "0.00"), ("2026-07", "EUR", "-5.00"), ("2026-07", None, "5.00")]
    assert risk(nothing, quoted("USD", 100)).num_rows == 0
    assert risk([], []).schema == SCHEMA


def test_rows_of_one_month_are_added_up_and_their_order_does_not_matter():
    halves = [("2026-07", "USD", "600.00"), *TWO[1:], ("2026-07", "USD", "400.00")]
    groups = quoted("USD", 400), quoted("EUR", 400, 2)
    assert risk(halves, *groups) == risk(TWO, *groups)
    assert risk(TWO[::-1], groups[1][::-1], groups[0][::-1]) == risk(TWO, *groups)


def test_arrow_columns_are_as_good_as_pythons():
    frame, rates = exposures(*TWO), quotations(quoted("USD", 100), quoted("EUR", 100, 2))
    arrow = pa.Table.from_pandas(rates, preserve_index=False).to_pandas(types_mapper=pd.ArrowDtype)
    exact = pd.ArrowDtype(pa.decimal128(18, 2))
    other = currency_risk(frame.astype({"exposicao_moeda_origem": exact}), arrow, TODAY)
    assert other == currency_risk(frame, rates, TODAY)


@given(st.integers(1, 10**6), st.integers(2, 1000))
@settings(max_examples=20, deadline=None)
def test_risk_has_no_unit(amount, times):
    one, many = (
        of(risk([("2026-07", "USD", str(Decimal(its)))], quoted("USD", 100)), "USD", None)
        for its in (amount, amount * times)
    )
    for name in MEASURES:
        assert abs(one[name] * times - many[name]) <= times * Decimal("0.02")


# By hand of Kupiec's formula, and his table: of 255 days at 5 % the test does not refuse 7 to 20 exceptions.
def test_kupiec_accepts_what_his_table_accepts():
    accepted = [number for number in range(40) if kupiec.p_value(number, 255, 0.05) >= 0.05]
    assert (accepted[0], accepted[-1]) == (7, 20)


@pytest.mark.parametrize(
    ("exceptions", "days", "expected"),
    [(5, 100, 1.0), (0, 100, math.erfc(math.sqrt(-100 * math.log(0.95)))), (100, 100, 0.0)],
)
def test_kupiec_at_its_ends(exceptions, days, expected):
    assert kupiec.p_value(exceptions, days, 0.05) == pytest.approx(expected, abs=1e-12)


def test_kupiec_is_a_chi_squared_of_twice_the_log_likelihoods():
    likelihood = 2 * (math.log(0.1**10 * 0.9**90) - math.log(0.05**10 * 0.95**90))
    # The 95 % quantile of the chi-squared distribution with one degree of freedom is that of the normal, squared.
    assert kupiec.p_value(10, 100, 0.05) == pytest.approx(math.erfc(math.sqrt(likelihood / 2)))
    assert math.erfc(math.sqrt(1.959963984540054**2 / 2)) == pytest.approx(0.05)


def test_the_one_day_test_holds_each_day_against_the_250_before():
    returns = np.random.default_rng(3).normal(0, 0.01, 400)
    tested = kupiec.historical(returns)
    beyond = sum(returns[day] > np.sort(returns[day - 250 : day])[238] for day in range(250, 400))
    assert (tested.exceptions, tested.days) == (beyond, 150)
    weighted = kupiec.ewma(returns)
    limits = [
        1.6448536269514722 * math.sqrt(independent.ewma_variance(returns[:day].tolist())) for day in range(250, 400)
    ]
    assert weighted.exceptions == sum(value > limit for value, limit in zip(returns[250:], limits, strict=True))


def test_fewer_than_a_hundred_days_are_not_tested():
    returns = np.random.default_rng(3).normal(0, 0.01, 349)
    assert kupiec.historical(returns) is None
    assert kupiec.ewma(returns) is None
    assert kupiec.historical(np.append(returns, 0)).days == 100
    row = of(risk([("2026-07", "USD", "1.00")], quoted("USD", 350)), "USD", None)
    assert (row["excecoes_95"], row["dias_testados"], row["kupiec_p_valor"]) == (None, None, None)
    row = of(risk([("2026-07", "USD", "1.00")], quoted("USD", 351)), "USD", None)
    assert row["dias_testados"] == 100
    assert 0 < row["kupiec_p_valor"] <= 1
