"""The table of the forecast: what adds up, what holds from below, what short series say."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast import intervals
from forecast.backtest import Backtest
from forecast.outlook import OUTLOOK, outlook
from forecast.series import HORIZONS, month_number, month_text, monthly_series, parse_month
from lakehouse.contract.model import load
from lakehouse.errors import MoneyRangeError

SCHEMA = load(OUTLOOK).schema

TODAY = datetime.date(2026, 6, 30)
AT = month_number(TODAY)
COLUMNS = ["mes_referencia", "categoria", "moeda_origem", "valor_fluxo_brl"]
NO_LOANS = pd.DataFrame({"mes_referencia": [], "valor": []})


def money(cents):
    return Decimal(int(cents)).scaleb(-2)


def rows(key, values, end=AT):
    """Rows of one key, the last of which is of the month before ``end``; months without value have none."""
    return [(month_text(end - len(values) + at), *key, money(value)) for at, value in enumerate(values) if value]


def frame(*groups):
    return pd.DataFrame([row for group in groups for row in group], columns=COLUMNS)


def drawn(months, seed, scale=100_000):
    return np.random.default_rng(seed).integers(scale // 10, scale, months).tolist()


def of(table, category, currency):
    return [row for row in table.to_pylist() if (row["categoria"], row["moeda_origem"]) == (category, currency)]


def company():
    return frame(
        rows(("A", "USD"), drawn(40, 1)),
        rows(("A", "USD"), drawn(4, 11, 300_000), AT + 4),
        rows(("B", "EUR"), drawn(24, 2)),
        rows(("C", "BRL"), [value if at % 2 else 0 for at, value in enumerate(drawn(60, 3))]),
        rows(("D", "BRL"), drawn(10, 4)),
        rows((None, None), drawn(30, 5)),
        rows((None, "USD"), drawn(22, 6)),
        rows(("E", "JPY"), drawn(2, 7), AT + 3),
    )


cents = st.integers(0, 10**9)
key = st.tuples(st.sampled_from(["A", "B", "DEMAIS", None]), st.sampled_from(["USD", "BRL", None]))
companies = st.dictionaries(
    key, st.tuples(st.lists(cents, min_size=1, max_size=40), st.integers(-8, 6)), min_size=1, max_size=5
).map(lambda parts: frame(*(rows(of_key, values, AT + end) for of_key, (values, end) in parts.items())))


def test_the_columns_and_their_order():
    table = outlook(company(), NO_LOANS, TODAY)
    assert table.schema == SCHEMA
    assert table.column("previsto_brl").type == pa.decimal128(18, 2)
    table.validate(full=True)


@given(companies)
@settings(max_examples=60, deadline=None)
def test_what_holds_for_every_company(monthly):
    table = outlook(monthly, NO_LOANS, TODAY).to_pylist()
    keys = [(row["mes_referencia"], row["categoria"], row["moeda_origem"]) for row in table]
    assert keys == sorted(set(keys), key=lambda each: [(part is None, part or "") for part in each])
    for row in table:
        known = row["previsto_brl"] is not None
        assert known == (row["metodo"] != "SERIE_CURTA")
        assert row["mes_referencia"] == month_text(AT + row["horizonte"] - 1)
        if known:
            assert row["comprometido_brl"] <= row["inferior_90_brl"] <= row["previsto_brl"] <= row["superior_90_brl"]
            assert 6 <= row["origens"] <= 12
            assert 0 <= row["cobertura_90"] <= 100
        else:
            assert row["motivo"]
            assert row["origens"] == 0
            assert {row[name] for name in ("inferior_90_brl", "superior_90_brl", "mase", "cobertura_90")} == {None}
    for horizon in range(1, HORIZONS + 1):
        rest, total = [], None
        for row in table:
            if row["horizonte"] == horizon and (row["categoria"], row["moeda_origem"]) == (None, None):
                total = row
            elif row["horizonte"] == horizon:
                rest.append(row)
        parts = [row for row in rest if row["previsto_brl"] is not None]
        short = [row for row in rest if row["categoria"] == "DEMAIS" and row["moeda_origem"] is None]
        committed = sum(row["comprometido_brl"] for row in short if row["previsto_brl"] is None)
        if total["previsto_brl"] is None:
            assert not parts
        else:
            assert total["previsto_brl"] == sum(row["previsto_brl"] for row in parts) + committed
        of_month = monthly[monthly["mes_referencia"] == month_text(AT + horizon - 1)]
        assert total["comprometido_brl"] == sum(of_month["valor_fluxo_brl"], Decimal(0))


@given(companies, st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_the_order_of_the_rows_does_not_matter(monthly, random):
    order = list(range(len(monthly)))
    random.shuffle(order)
    assert outlook(monthly.iloc[order], NO_LOANS, TODAY) == outlook(monthly, NO_LOANS, TODAY)


def test_rows_of_one_month_are_added_up():
    halves = pd.concat([company(), company()])
    doubled = company().assign(valor_fluxo_brl=lambda frame: frame["valor_fluxo_brl"] * 2)
    assert outlook(halves, NO_LOANS, TODAY) == outlook(doubled, NO_LOANS, TODAY)


def test_months_without_rows_are_months_without_value():
    monthly = company()
    absent = {month_text(AT - 60 + at) for at in range(60)}
    zeros = [(month, "C", "BRL", Decimal("0.00")) for month in sorted(absent)[5:]]
    assert outlook(pd.concat([monthly, frame(zeros)]), NO_LOANS, TODAY) == outlook(monthly, NO_LOANS, TODAY)


def test_a_thousand_times_the_money_is_a_thousand_times_the_forecast():
    monthly = company()
    ones = outlook(monthly, NO_LOANS, TODAY).to_pylist()
    larger = outlook(monthly.assign(valor_fluxo_brl=monthly["valor_fluxo_brl"] * 1000), NO_LOANS, TODAY).to_pylist()
    for one, thousand in zip(ones, larger, strict=True):
        assert one["metodo"] == thousand["metodo"]
        assert one["cobertura_90"] == thousand["cobertura_90"]
        for name in ("previsto_brl", "inferior_90_brl", "superior_90_brl"):
            if one[name] is not None:
                assert abs(one[name] * 1000 - thousand[name]) <= 20


def test_arrow_decimals_are_as_good_as_pythons():
    monthly = company()
    arrow = monthly.assign(
        valor_fluxo_brl=monthly["valor_fluxo_brl"].astype(pd.ArrowDtype(pa.decimal128(18, 2))),
        categoria=monthly["categoria"].astype(pd.ArrowDtype(pa.string())),
        moeda_origem=monthly["moeda_origem"].astype("str"),
    )
    assert outlook(arrow, NO_LOANS, TODAY) == outlook(monthly, NO_LOANS, TODAY)


def test_what_is_committed_is_the_least_that_can_come():
    floor = 99_999_999
    monthly = frame(rows(("A", "USD"), drawn(40, 1)), rows(("A", "USD"), [floor], AT + 2))
    first, second, *_ = of(outlook(monthly, NO_LOANS, TODAY), "A", "USD")
    assert first["previsto_brl"] < money(floor)
    assert second["comprometido_brl"] == second["previsto_brl"] == second["inferior_90_brl"] == money(floor)


def test_a_key_that_is_only_committed_has_rows():
    its = of(outlook(company(), NO_LOANS, TODAY), "E", "JPY")
    assert [row["comprometido_brl"] > 0 for row in its] == [False, True, True, False, False, False]
    assert {(row["metodo"], row["meses_da_serie"]) for row in its} == {("SERIE_CURTA", 0)}
    assert "0 meses completos" in its[0]["motivo"]


def test_short_series_say_what_they_lack_and_are_forecast_together():
    table = outlook(company(), NO_LOANS, TODAY)
    assert of(table, "D", "BRL")[0]["motivo"] == (
        "Série curta: 10 meses completos, 10 com valor; faltam 8 meses para os 18 necessários."
    )
    rest = of(table, "DEMAIS", None)
    # The one without category and currency is long, but its key is the total's; the two short ones are with it.
    assert {(row["metodo"] == "SERIE_CURTA", row["meses_da_serie"], row["motivo"]) for row in rest} == {
        (False, 30, None)
    }
    assert {row["metodo"] for row in of(table, None, None)} == {"SOMA_DAS_PARTES"}
    assert {row["motivo"] for row in of(table, None, None)} == {None}


def test_a_short_rest_counts_with_what_is_committed():
    monthly = frame(rows(("A", "USD"), drawn(40, 1)), rows(("B", "USD"), drawn(5, 2), AT + 3))
    table = outlook(monthly, NO_LOANS, TODAY)
    total, part, rest = (of(table, *of_key) for of_key in ((None, None), ("A", "USD"), ("DEMAIS", None)))
    for whole, one, short in zip(total, part, rest, strict=True):
        assert whole["previsto_brl"] == one["previsto_brl"] + short["comprometido_brl"]
        assert whole["inferior_90_brl"] >= short["comprometido_brl"]
        assert short["previsto_brl"] is None
        assert "DEMAIS" in whole["motivo"]


def test_where_every_series_is_short_so_is_the_total():
    monthly = frame(rows(("A", "USD"), drawn(6, 1)), rows(("B", "BRL"), drawn(12, 2)))
    table = outlook(monthly, NO_LOANS, TODAY)
    assert {row["metodo"] for row in table.to_pylist()} == {"SERIE_CURTA"}
    assert of(table, None, None)[0]["meses_da_serie"] == 12


def test_too_few_months_with_value_are_said():
    monthly = frame(rows(("A", "USD"), [5 if at % 4 == 0 else 0 for at in range(24)]))
    assert of(outlook(monthly, NO_LOANS, TODAY), "A", "USD")[0]["motivo"] == (
        "Série curta: 24 meses completos, 6 com valor; faltam 3 meses com valor para os 9 necessários."
    )


def test_one_missing_month_is_one():
    monthly = frame(rows(("A", "USD"), drawn(17, 1)))
    assert "falta 1 mês para os 18 necessários" in of(outlook(monthly, NO_LOANS, TODAY), "A", "USD")[0]["motivo"]


def test_loans_stand_on_the_total_alone_and_are_not_forecast():
    loans = pd.DataFrame(
        {
            "mes_referencia": [
                month_text(AT - 1),
                month_text(AT),
                month_text(AT),
                month_text(AT + 5),
                month_text(AT + 6),
            ],
            "valor": [Decimal("9.99"), Decimal("1.10"), Decimal("2.20"), Decimal("5.00"), Decimal("9.99")],
        }
    )
    with_loans, without = (outlook(company(), its, TODAY) for its in (loans, NO_LOANS))
    column = "comprometido_emprestimos_brl"
    assert [row[column] for row in of(with_loans, None, None)] == [
        Decimal(text) for text in ("3.30", "0.00", "0.00", "0.00", "0.00", "5.00")
    ]
    assert with_loans.drop_columns([column]) == without.drop_columns([column])
    assert {row[column] for row in with_loans.to_pylist() if row["categoria"] or row["moeda_origem"]} == {
        Decimal("0.00")
    }


def test_without_rows_there_is_a_total_that_says_so():
    table = outlook(frame(), NO_LOANS, TODAY)
    assert table.num_rows == HORIZONS
    assert {(row["metodo"], row["meses_da_serie"]) for row in table.to_pylist()} == {("SERIE_CURTA", 0)}


def test_the_month_of_today_is_not_complete():
    half = frame(rows(("A", "USD"), drawn(40, 1)), rows(("A", "USD"), [1], AT + 1))
    (series,) = monthly_series(half, TODAY)
    assert (series.months, series.commitments[0]) == (40, 1)
    assert {row["ultimo_mes_completo"] for row in outlook(half, NO_LOANS, TODAY).to_pylist()} == {"2026-05"}


def test_an_amount_that_does_not_fit_is_refused():
    monthly = frame(rows(("A", "USD"), [9 * 10**17] * 40), rows(("B", "USD"), [9 * 10**17] * 40))
    with pytest.raises(MoneyRangeError):
        outlook(monthly, NO_LOANS, TODAY)


def test_months_are_counted_from_1970():
    for text in ("1970-01", "1999-12", "2026-06"):
        assert month_text(parse_month(text)) == text
    assert month_number(datetime.date(1970, 2, 28)) == 1


def noisy(origins, seed, level=1000.0, spread=100.0):
    random = np.random.default_rng(seed)
    forecasts = np.full((origins, HORIZONS), level)
    actuals = forecasts + random.normal(0, spread, forecasts.shape)
    for row, left in enumerate(range(origins, 0, -1)):
        actuals[row, left:] = np.nan
    return Backtest(forecasts, actuals, forecasts, np.full(origins + 1, level), 1.0)


def test_a_score_does_not_know_its_own_errors_nor_its_neighbours():
    its = noisy(12, 1)
    louder = Backtest(its.forecasts, its.actuals.copy(), its.blind, its.levels, 1.0)
    louder.actuals[3] = its.forecasts[3] + 10 * (its.actuals[3] - its.forecasts[3])
    assert np.allclose(intervals.scores(louder)[3], 10 * intervals.scores(its)[3], equal_nan=True)


def test_scores_have_neither_unit_nor_spread():
    one, other = intervals.scores(noisy(12, 1, 1000, 100)), intervals.scores(noisy(12, 1, 500_000, 800))
    assert np.allclose(one, other, equal_nan=True)


def test_scores_of_what_was_never_wrong_are_nought():
    its = noisy(12, 1, spread=0)
    scores = intervals.scores(its)
    assert np.nanmax(np.abs(scores)) == 0
    low, high = intervals.interval(its.forecasts[0], intervals.reach(its), scores)
    assert np.array_equal(low, its.forecasts[0])
    assert np.array_equal(high, its.forecasts[0])


def test_an_error_after_none_is_measured_by_itself():
    its = noisy(12, 1, spread=0)
    its.actuals[0, 0] = 1100.0
    assert intervals.scores(its)[0, 0] == pytest.approx(57, rel=0.01)  # 57 errors, of which this is the only one


def test_sizes_are_two_halves_where_both_have_errors_enough():
    large, small, short = noisy(12, 1, 9000), noisy(12, 2, 10), noisy(6, 3, 50)
    assert intervals.size_classes([large, small] * 3) == [[1, 3, 5], [0, 2, 4]]
    assert intervals.size_classes([large, small, large]) == [[1, 0, 2]]
    assert intervals.size_classes([short] * 6) == [[0, 1, 2, 3, 4, 5]]


def test_quantiles_are_of_values_that_there_are():
    pool = np.tile(np.arange(1.0, 20)[:, None], HORIZONS)  # 1 .. 19
    low, high = intervals.interval(np.full(HORIZONS, 1e6), 10.0, pool)
    assert low == pytest.approx(np.full(HORIZONS, 1e6))  # the interval contains the forecast
    assert high == pytest.approx(np.full(HORIZONS, 1e6 + 190))


def test_a_horizon_with_few_scores_takes_those_of_all():
    pool = np.full((30, HORIZONS), 1.0)
    pool[:, 5] = np.nan
    pool[0, 5] = -7.0
    low, _ = intervals.interval(np.full(HORIZONS, 1e6), 10.0, pool)
    assert low == pytest.approx(np.full(HORIZONS, 1e6))
    pool[:, 4] = -1.0
    low, _ = intervals.interval(np.full(HORIZONS, 1e6), 10.0, pool)
    assert low[5] == low[4] < 1e6


def test_intervals_of_independent_errors_cover_what_they_say():
    many = [noisy(12, seed, 1000, 50 + 40 * (seed % 7)) for seed in range(40)]
    pool = [intervals.scores(each) for each in many]
    assert np.mean([intervals.coverage(each, pool) for each in many]) == pytest.approx(90, abs=2)
