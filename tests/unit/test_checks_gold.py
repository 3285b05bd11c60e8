"""The table rules of Gold: right aggregates pass them all, and each rule finds, and counts, what is broken."""

from decimal import Decimal

import pytest
from audits import audited, counts, errors_of, row_of, swapped, twice, with_value, without
from bronze_tables import bronze as worlds
from exports import EVERY
from hypothesis import given
from lakehouse_tables import CASH_FLOW, FACT, FORECAST
from layers import cash_flow, correlate, forecast

from lakehouse.contract.model import load

CENT = Decimal("0.01")


def checks(table):
    """The error rules of a table."""
    return [rule.check for rule in load(table).rules if rule.kind == "check" and rule.severity == "error"]


@pytest.fixture(scope="module", params=EVERY)
def export(request):
    return request.param


@pytest.fixture(scope="module")
def fact(export):
    return correlate({name: read.kept for name, read in export.read().items()}).fact


@pytest.fixture(scope="module")
def flow(fact):
    return cash_flow(fact)


@pytest.fixture(scope="module")
def features(fact):
    return forecast(fact)


@pytest.fixture(scope="module")
def all_flows(export):
    return export.of_table[CASH_FLOW]


@pytest.fixture(scope="module")
def all_features(export):
    return export.of_table[FORECAST]


@pytest.fixture
def judged(fact):
    """Say how one rule judges a table, and which other rules of severity error it breaks."""

    def judge(check, name, table):
        of = audited(name, table, below={FACT: fact})
        others = [other for other in checks(name) if other != check and counts(other, of)[0]]
        return *counts(check, of), others

    return judge


def one_more_cent(value):
    return value + CENT


@given(worlds())
def test_right_aggregates_pass_every_rule_of_severity_error(tables):
    fact = correlate(tables).fact
    for name, aggregate in ((CASH_FLOW, cash_flow), (FORECAST, forecast)):
        assert errors_of(audited(name, aggregate(fact), below={FACT: fact})) == {}


def test_the_aggregates_of_an_export_conserve_all(fact, flow, features):
    for name, table in ((CASH_FLOW, flow), (FORECAST, features)):
        of = audited(name, table, below={FACT: fact})
        assert {check: counts(check, of)[0] for check in checks(name)} == dict.fromkeys(checks(name), 0)
        assert all(counts(check, of)[1] >= len(table) for check in checks(name))


@pytest.mark.parametrize(
    "column", ["saida_paga_brl", "saida_pendente_brl", "saida_agendada_brl", "saida_prevista_brl", "cancelado_brl"]
)
def test_one_cent_too_much_of_any_outflow_is_found(judged, flow, column):
    for row in (0, len(flow) - 1):
        failed, _, others = judged("conserva_fluxo_de_caixa", CASH_FLOW, with_value(flow, column, row, one_more_cent))
        assert (failed, others) == (1, [])


def test_two_wrong_cents_that_cancel_out_in_a_column_are_both_found(judged, flow):
    paid = [row for row, value in enumerate(flow["saida_paga_brl"].to_pylist()) if value]
    changed = with_value(flow, "saida_paga_brl", paid[0], one_more_cent)
    changed = with_value(changed, "saida_paga_brl", paid[1], lambda value: value - CENT)
    assert judged("conserva_fluxo_de_caixa", CASH_FLOW, changed)[0] == 2


def test_a_group_that_is_missing_and_one_that_nobody_asked_for_are_found(judged, flow):
    assert judged("conserva_fluxo_de_caixa", CASH_FLOW, without(flow, 3))[0] >= 1
    assert judged("conserva_fluxo_de_caixa", CASH_FLOW, with_value(flow, "moeda_origem", 3, "CHF"))[0] >= 2


def test_a_running_total_one_cent_off_is_found(judged, flow, all_flows):
    changed = with_value(flow, "total_saida_acumulado_brl", 5, one_more_cent)
    assert judged("acumulado_confere", CASH_FLOW, changed) == (1, all_flows, [])


def test_a_wrong_total_makes_every_later_running_total_of_its_series_wrong(judged, flow):
    row = row_of(flow, origem_recurso="EMPRESTIMO_PJ")
    later = sum(value == "EMPRESTIMO_PJ" for value in flow["origem_recurso"].to_pylist())
    changed = with_value(flow, "total_saida_brl", row, one_more_cent)
    assert judged("acumulado_confere", CASH_FLOW, changed)[0] == later


def test_an_exchange_variation_one_cent_off_is_found(judged, flow, all_flows):
    row = row_of(flow, moeda_origem="USD")
    changed = with_value(flow, "variacao_cambial_brl", row, one_more_cent)
    assert judged("conserva_variacao_cambial", CASH_FLOW, changed) == (1, all_flows, [])


def test_a_value_of_the_forecast_one_cent_off_is_found(judged, features, all_features):
    failed, examined, _ = judged(
        "conserva_valor_fluxo", FORECAST, with_value(features, "valor_fluxo_brl", 0, one_more_cent)
    )
    assert (failed, examined) == (1, all_features)


@pytest.mark.parametrize("lag", ["valor_fluxo_lag_1", "valor_fluxo_lag_2", "valor_fluxo_lag_3"])
def test_a_lag_that_is_off_or_invented_or_forgotten_is_found(judged, features, lag):
    known = next(row for row, value in enumerate(features[lag].to_pylist()) if value is not None)
    unknown = features[lag].to_pylist().index(None)
    for row, value in ((known, one_more_cent), (known, None), (unknown, Decimal("0.00"))):
        failed, _, others = judged("defasagens_conferem", FORECAST, with_value(features, lag, row, value))
        assert (failed, others) == (1, [])


def test_a_target_that_is_off_or_invented_or_forgotten_is_found(judged, features, all_features):
    target = "alvo_valor_fluxo_proximo_mes_brl"
    last = len(features) - 1
    for row, value in ((0, one_more_cent), (0, None), (last, Decimal("0.00"))):
        assert judged("alvo_confere", FORECAST, with_value(features, target, row, value)) == (1, all_features, [])


def test_a_feature_that_looks_ahead_is_found(judged, features):
    ahead = features.set_column(
        features.column_names.index("valor_fluxo_lag_1"),
        features.schema.field("valor_fluxo_lag_1"),
        features["alvo_valor_fluxo_proximo_mes_brl"],
    )
    assert judged("defasagens_conferem", FORECAST, ahead)[0] > 0


def test_rows_out_of_order_are_found(judged, flow, features, all_flows, all_features):
    assert judged("ordenado_pela_chave", CASH_FLOW, swapped(flow, 0, 1)) == (1, all_flows, [])
    last = all_features - 1
    assert judged("ordenado_pela_chave", FORECAST, swapped(features, last - 1, last)) == (1, all_features, [])


@pytest.mark.parametrize("month", [None, "2024-1", "novembro", ""])
def test_a_month_that_is_none_is_found_and_does_not_stop_the_audit(judged, flow, features, month):
    for name, table in ((CASH_FLOW, flow), (FORECAST, features)):
        broken = with_value(table, "mes_referencia", 2, month)
        conserves = "conserva_fluxo_de_caixa" if name == CASH_FLOW else "conserva_valor_fluxo"
        assert judged(conserves, name, broken)[0] >= 1


def test_a_missing_amount_is_found_and_does_not_stop_the_audit(judged, flow, features):
    assert judged("acumulado_confere", CASH_FLOW, with_value(flow, "total_saida_brl", 0, None))[0] >= 1
    assert judged("acumulado_confere", CASH_FLOW, with_value(flow, "total_saida_acumulado_brl", 0, None))[0] == 1
    assert judged("conserva_valor_fluxo", FORECAST, with_value(features, "valor_fluxo_brl", 0, None))[0] == 1


def test_a_repeated_group_does_not_hide_behind_the_right_one(judged, flow, features):
    for name, table, check in (
        (CASH_FLOW, flow, "conserva_fluxo_de_caixa"),
        (FORECAST, features, "conserva_valor_fluxo"),
    ):
        column = "saida_agendada_brl" if name == CASH_FLOW else "valor_fluxo_brl"
        row = next(row for row, value in enumerate(table[column].to_pylist()) if value)
        assert judged(check, name, twice(table, row))[0] == 1


@pytest.mark.parametrize(("age", "late"), [(23.0, 0), (25.0, 1), (None, 0)])
def test_the_fact_may_be_as_old_as_the_contract_allows(flow, age, late):
    assert counts("atualidade", audited(CASH_FLOW, flow, age_hours=age))[0] == late
