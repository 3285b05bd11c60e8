"""The table rules of the forecast: what the functions make passes them all, and each rule finds what is broken."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from audits import audited, counts, errors_of, row_of, swapped, with_value, without
from exports import EVERY, REAL, SAMPLE
from generated_company import company
from hypothesis import given, settings
from hypothesis import strategies as st
from lakehouse_tables import CASH_FLOW, FACT, FORECAST, OUTLOOK, RISK
from layers import above

from lakehouse.contract.model import load

pytestmark = pytest.mark.once

CENT = Decimal("0.01")
Tables = Mapping[str, pa.Table]
Judge = Callable[[str, str, pa.Table], tuple[int, list[str]]]


def checks(table: str) -> list[str]:
    """The error rules of a table."""
    return [str(rule.check) for rule in load(table).rules if rule.kind == "check" and rule.severity == "error"]


def below(tables: Tables) -> dict[str, pa.Table]:
    return {name: tables[name] for name in (FORECAST, CASH_FLOW, FACT, "cambio")}


@pytest.fixture(scope="module")
def tables() -> Tables:
    bronze = {name: read.kept for name, read in SAMPLE.read().items()}
    return bronze | above(bronze)


@pytest.fixture
def judged(tables: Tables) -> Judge:
    """Say how often one rule finds a table wrong, and which other rules of severity error do."""

    def judge(check: str, name: str, table: pa.Table) -> tuple[int, list[str]]:
        of = audited(name, table, below=below(tables))
        others = [other for other in checks(name) if other != check and counts(other, of)[0]]
        return counts(check, of)[0], others

    return judge


def one_more_cent(value: Decimal) -> Decimal:
    return value + CENT


def total(table: pa.Table, month: str = "2026-08") -> int:
    return row_of(table, mes_referencia=month, categoria=None, moeda_origem=None)


def of_series(table: pa.Table, category: str | None, currency: str | None, month: str = "2026-08") -> int:
    return row_of(table, mes_referencia=month, categoria=category, moeda_origem=currency)


@pytest.mark.parametrize("export", EVERY)
def test_the_forecast_of_an_export_passes_every_rule(export: Any) -> None:
    bronze = {name: read.kept for name, read in export.read().items()}
    made = bronze | above(bronze)
    for name in (OUTLOOK, RISK):
        of = audited(name, made[name], below=below(made))
        assert errors_of(of) == {}
        assert all(counts(check, of)[1] for check in checks(name))


@settings(max_examples=15)
@given(st.integers(1, 60), st.integers(1, 50))
def test_the_forecast_of_any_company_passes_every_rule(orders: int, seed: int) -> None:
    made = company(orders, seed)
    for name in (OUTLOOK, RISK):
        assert errors_of(audited(name, made[name], below=below(made))) == {}


@pytest.mark.parametrize(
    "series", [("Industrial", "EUR"), ("Mineração", "CAD"), ("DEMAIS", None), (None, None)], ids=str
)
def test_a_cent_too_much_that_is_committed_is_found(
    judged: Judge, tables: Tables, series: tuple[str | None, str | None]
) -> None:
    table = tables[OUTLOOK]
    changed = with_value(table, "comprometido_brl", of_series(table, *series), one_more_cent)
    assert judged("comprometido_confere", OUTLOOK, changed) == (1, [])


def test_a_loan_that_is_not_golds_or_not_in_the_total_is_found(judged: Judge, tables: Tables) -> None:
    table, column = tables[OUTLOOK], "comprometido_emprestimos_brl"
    assert judged("comprometido_confere", OUTLOOK, with_value(table, column, total(table), one_more_cent)) == (1, [])
    other = with_value(table, column, of_series(table, "Industrial", "EUR"), one_more_cent)
    assert judged("comprometido_confere", OUTLOOK, other) == (1, [])


@pytest.mark.parametrize("series", [("Industrial", "EUR"), ("DEMAIS", None), (None, None)], ids=str)
def test_parts_that_do_not_add_up_to_the_total_are_found(
    judged: Judge, tables: Tables, series: tuple[str | None, str | None]
) -> None:
    table = tables[OUTLOOK]
    changed = with_value(table, "previsto_brl", of_series(table, *series), one_more_cent)
    assert judged("partes_somam_o_total", OUTLOOK, changed) == (1, [])


def test_a_rest_without_a_forecast_counts_in_the_total_with_what_is_committed(judged: Judge, tables: Tables) -> None:
    table = tables[OUTLOOK]
    at, whole = of_series(table, "DEMAIS", None), total(table)
    lost = table["previsto_brl"][at].as_py() - table["comprometido_brl"][at].as_py()
    short = with_value(table, "previsto_brl", at, None)
    assert lost == 0, "the month of the test has nothing expected beyond what is committed"
    assert judged("partes_somam_o_total", OUTLOOK, short)[0] == 0
    assert judged("partes_somam_o_total", OUTLOOK, with_value(short, "previsto_brl", whole, one_more_cent))[0] == 1


@pytest.mark.parametrize("column", ["previsto_brl", "inferior_90_brl", "superior_90_brl", "cobertura_90"])
def test_a_series_that_is_long_enough_has_every_number_and_a_short_one_has_none(
    judged: Judge, tables: Tables, column: str
) -> None:
    table = tables[OUTLOOK]
    assert judged("serie_curta_sem_numero", OUTLOOK, with_value(table, column, total(table), None))[0] == 1
    short = of_series(table, "Mineração", "CAD")
    assert judged("serie_curta_sem_numero", OUTLOOK, with_value(table, column, short, Decimal(1)))[0] == 1


@pytest.mark.parametrize(("column", "value"), [("motivo", None), ("motivo", ""), ("origens", 3), ("mase", 0.5)])
def test_a_short_series_says_why_it_has_no_number(judged: Judge, tables: Tables, column: str, value: Any) -> None:
    table = tables[OUTLOOK]
    changed = with_value(table, column, of_series(table, "Mineração", "CAD"), value)
    assert judged("serie_curta_sem_numero", OUTLOOK, changed) == (1, [])


def test_a_series_or_a_month_that_is_missing_or_that_nobody_has_is_found(judged: Judge, tables: Tables) -> None:
    table = tables[OUTLOOK]
    at = of_series(table, "Mineração", "CAD")
    assert judged("series_do_gold", OUTLOOK, without(table, at)) == (1, [])
    assert judged("series_do_gold", OUTLOOK, with_value(table, "categoria", at, "Móveis"))[0] == 2
    assert judged("series_do_gold", OUTLOOK, without(table, total(table)))[0] == 1


@pytest.mark.parametrize(
    ("column", "value"), [("horizonte", 4), ("data_referencia", date(2026, 6, 29)), ("ultimo_mes_completo", "2026-04")]
)
def test_a_month_counted_from_another_day_is_found(judged: Judge, tables: Tables, column: str, value: Any) -> None:
    table = tables[OUTLOOK]
    assert judged("series_do_gold", OUTLOOK, with_value(table, column, total(table), value)) == (1, [])


def test_an_exposure_that_is_not_golds_is_found(judged: Judge, tables: Tables) -> None:
    table = tables[RISK]
    at = row_of(table, moeda_origem="USD", mes_vencimento="2026-07")
    assert judged("exposicao_confere", RISK, with_value(table, "exposicao_moeda", at, one_more_cent))[0] == 1
    assert judged("exposicao_confere", RISK, without(table, at))[0] == 1
    assert judged("exposicao_confere", RISK, with_value(table, "mes_vencimento", at, "2031-01"))[0] == 2
    assert judged("exposicao_confere", RISK, with_value(table, "data_referencia", at, date(2026, 1, 1))) == (1, [])


@pytest.mark.parametrize(
    ("column", "value"),
    [("taxa_ptax", Decimal("5.369801")), ("data_ptax", date(2026, 5, 28)), ("exposicao_brl", one_more_cent)],
)
def test_an_exposure_at_another_rate_than_the_newest_is_found(
    judged: Judge, tables: Tables, column: str, value: Any
) -> None:
    table = tables[RISK]
    at = row_of(table, moeda_origem="USD", mes_vencimento="2026-07")
    assert judged("valor_em_reais_confere", RISK, with_value(table, column, at, value))[0] == 1


def test_a_rate_of_all_currencies_together_is_none(judged: Judge, tables: Tables) -> None:
    table = tables[RISK]
    at = row_of(table, moeda_origem=None, mes_vencimento=None)
    assert judged("valor_em_reais_confere", RISK, with_value(table, "taxa_ptax", at, Decimal(1))) == (1, [])


@pytest.mark.parametrize("key", [("USD", None), (None, None)], ids=str)
@pytest.mark.parametrize("column", ["exposicao_moeda", "exposicao_brl"])
def test_totals_that_are_not_the_sums_of_their_rows_are_found(
    judged: Judge, tables: Tables, key: tuple[str | None, str | None], column: str
) -> None:
    table = tables[RISK]
    at = row_of(table, moeda_origem=key[0], mes_vencimento=key[1])
    changed = with_value(table, column, at, lambda value: (value or 0) + CENT)
    assert judged("totais_somam", RISK, changed)[0] >= 1


def test_a_total_that_is_missing_or_alone_is_found(judged: Judge, tables: Tables) -> None:
    table = tables[RISK]
    for key in (("USD", None), (None, None)):
        at = row_of(table, moeda_origem=key[0], mes_vencimento=key[1])
        assert judged("totais_somam", RISK, without(table, at))[0] >= 1
    alone = row_of(table, moeda_origem="GBP", mes_vencimento="2026-10")
    assert judged("totais_somam", RISK, without(table, alone))[0] >= 1


@pytest.mark.parametrize(
    "column", ["var_95_ewma_brl", "var_99_historico_brl", "estresse_menos_20_brl", "dias_testados"]
)
def test_a_measure_that_is_missing_is_found(judged: Judge, tables: Tables, column: str) -> None:
    table = tables[RISK]
    at = row_of(table, moeda_origem="USD", mes_vencimento="2026-07")
    assert judged("poucas_cotacoes_sem_numero", RISK, with_value(table, column, at, None)) == (1, [])


def test_too_few_quotations_give_a_reason_and_no_number(judged: Judge, tables: Tables) -> None:
    table = tables[RISK]
    at = row_of(table, moeda_origem="USD", mes_vencimento="2026-07")
    assert judged("poucas_cotacoes_sem_numero", RISK, with_value(table, "metodo", at, "POUCAS_COTACOES")) == (1, [])


@pytest.mark.parametrize("name", [OUTLOOK, RISK])
def test_rows_in_another_order_are_found(judged: Judge, tables: Tables, name: str) -> None:
    assert judged("ordenado_pela_chave", name, swapped(tables[name], 2, 9))[0] >= 1


@pytest.mark.real_export
def test_the_real_export_is_too_short_for_any_number() -> None:
    bronze = {name: read.kept for name, read in REAL.read().items()}
    made = above(bronze)
    assert set(made[OUTLOOK]["metodo"].to_pylist()) == {"SERIE_CURTA"}
    assert set(made[RISK]["metodo"].to_pylist()) == {"POUCAS_COTACOES"}
