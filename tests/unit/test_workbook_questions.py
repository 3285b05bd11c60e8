"""The sheet of the twelve questions: exact, as of the data's today, and where there is no honest number it says so."""

import doctest
import io
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pyarrow as pa
import twelve
from facts import fact_of, facts
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import view
from lakehouse_tables import FACT
from layers import cash_flow
from openpyxl import load_workbook
from outlooks import FEW, SHORT, outlook, risk

from cli.contents import commitments
from cli.querying.named import TWELVE, named
from cli.workbook import exposure, questions
from cli.workbook.answers import Answer, answers
from cli.workbook.book import book_of
from cli.workbook.content import Commitments, Content, frame_of
from lakehouse.versions.version import Making, Version

CENT = Decimal("0.01")
TODAY = date(2026, 10, 20)
VERSION = Version(3, 2, "r3", Making("pipeline", "r3", "2026-11-23T12:00:00+00:00"), {"type": "csv"}, (), {})
RATES = (
    {"moeda_origem": "EUR", "data_ptax": date(2026, 10, 1), "taxa_ptax": Decimal("6.123456")},
    {"moeda_origem": "USD", "data_ptax": date(2026, 10, 2), "taxa_ptax": Decimal("5.000001")},
)


def content(
    fact: pa.Table,
    today: date | None = TODAY,
    outlooks: pa.Table | None = None,
    risks: pa.Table | None = None,
    rates: Sequence[Any] = RATES,
) -> Content:
    there = view(**{FACT: [fact]})
    bought = commitments.bought(there, ["categoria"], ["valor_fluxo_brl"]).to_pylist()
    owed = Commitments(None, None, tuple(bought), tuple(rates))
    if today is not None:
        open_, overdue = (tuple(each.to_pylist()) for each in commitments.open_and_overdue(there, today))
        owed = Commitments(open_, overdue, tuple(bought), tuple(rates))
    frames = (None if each is None else frame_of(each) for each in (outlooks, risks))
    return Content(VERSION, "s3://lake", today, frame_of(cash_flow(fact)), *frames, (), owed)


def lines(made: Content, query: str) -> Sequence[Answer]:
    (found,) = (each.lines for each in answers(made) if each.query == query)
    return found


@given(facts, st.integers(-700, 100))
@settings(max_examples=25)
def test_what_falls_due_and_is_overdue_is_the_facts_to_the_cent(fact: pa.Table, shift: int) -> None:
    today = date(2024, 3, 10) + timedelta(shift)
    made = content(fact, today)
    unpaid = [row for row in fact.to_pylist() if row["status_pagamento"] not in {"PAGO", "CANCELADO"}]

    def due(first: date, last: date) -> Decimal:
        amounts = [row["valor_fluxo_brl"] for row in unpaid if first <= row["data_vencimento"] <= last]
        return sum(amounts, Decimal(0))

    assert [each.value for each in lines(made, "a-vencer")] == [
        due(today, today + timedelta(days)) for days in (30, 90, 365)
    ]
    assert lines(made, "vencidos")[0].value == due(date.min, today - timedelta(1))


@given(facts)
@settings(max_examples=25)
def test_the_exposure_in_reais_is_that_of_its_months_each_rounded_half_up(fact: pa.Table) -> None:
    made = content(fact, rates=RATES[:1])
    months: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in cash_flow(fact).to_pylist():
        if row["moeda_origem"] not in {None, "BRL"}:
            months[row["moeda_origem"], row["mes_referencia"]] += row["exposicao_moeda_origem"]
    found = {row["moeda_origem"]: row for row in exposure.in_reais(made)}
    assert set(found) == {currency for (currency, _), amount in months.items() if amount > 0}
    amounts = [amount for (currency, _), amount in months.items() if currency == "EUR" and amount > 0]
    euros = sum(((each * RATES[0]["taxa_ptax"]).quantize(CENT, ROUND_HALF_UP) for each in amounts), Decimal(0))
    if "EUR" in found:
        assert found["EUR"]["exposicao_brl"] == euros
    if "USD" in found:
        assert (found["USD"]["exposicao_brl"], found["USD"]["data_ptax"]) == (None, None)
    assert lines(made, "exposicao-cambial")[-1].value == euros
    assert lines(made, "alta-das-moedas")[-1].value == (euros / 10).quantize(CENT, ROUND_HALF_UP)


def test_a_version_without_the_forecast_says_so_and_the_rest_is_answered() -> None:
    made = content(fact_of([{"status_pagamento": "PENDENTE", "valor_moeda_origem": Decimal(1)}]))
    for query in ("valor-em-risco", "previsao-do-proximo-mes"):
        assert {each.value for each in lines(made, query)} == {None}
        assert all("sem a camada de previsão" in each.what for each in lines(made, query))
    assert lines(made, "exposicao-cambial")[-1].value == Decimal("5.00")
    sheet = load_workbook(io.BytesIO(book_of(made)), data_only=True)[questions.NAME]
    values = {row[2]: row[3] for row in sheet.iter_rows(min_row=5, values_only=True)}
    without = [what for what, value in values.items() if value == "sem número"]
    assert len(without) == 6
    assert "VaR 95 %, EWMA: esta versão foi publicada sem a camada de previsão" in without


def test_where_the_series_is_too_short_the_answer_is_the_reason() -> None:
    made = content(fact_of([{}]), outlooks=outlook((None, None, None)), risks=risk({"USD": Decimal(9)}, few=["USD"]))
    committed, *rest = lines(made, "previsao-do-proximo-mes")
    assert (committed.what, committed.value) == ("Comprometido, 11/2026", Decimal("6000.06"))
    assert {each.value for each in rest} == {None}
    assert [each.what for each in rest] == [f"{name}: {SHORT}" for name in ("Previsto", "De (90 %)", "Até (90 %)")]
    assert FEW not in {each.what for each in lines(made, "valor-em-risco")}


def test_a_forecast_that_does_not_reach_the_next_month_says_so() -> None:
    made = content(fact_of([{}]), today=date(2027, 6, 1), outlooks=outlook((None, None, Decimal(9))))
    assert [each.what for each in lines(made, "previsao-do-proximo-mes")][1] == (
        "Previsto: a previsão não chega a 07/2027"
    )


def test_without_a_today_what_counts_from_it_has_no_number() -> None:
    made = content(fact_of([{}]), today=None)
    unknown = {each.query for each in answers(made) if each.lines[0].value is None}
    assert unknown == {
        "a-vencer", "vencidos", "valor-em-risco", "emprestimos-do-proximo-mes", "previsao-do-proximo-mes",
        "cambio-do-ano", "mes-contra-ano-anterior", "data-dos-dados",
    }  # fmt: skip


def test_nothing_overdue_and_nothing_abroad_is_a_true_zero() -> None:
    made = content(fact_of([{"moeda_origem": "BRL"}]))
    assert lines(made, "vencidos") == (Answer("Vencido, ao todo", Decimal("0.00")),)
    assert lines(made, "exposicao-cambial") == (Answer("Não há nada em aberto", Decimal("0.00")),)


def test_to_whom_most_is_owed_is_told_with_its_oldest_due_date() -> None:
    made = content(
        fact_of(
            [
                {"status_pagamento": "PENDENTE", "razao_social": "Alfa", "valor_fluxo_brl": Decimal("7.01")},
                {"status_pagamento": "PENDENTE", "razao_social": "Beta", "valor_fluxo_brl": Decimal("7.02")},
            ]
        )
    )
    assert lines(made, "vencidos") == (
        Answer("Vencido, ao todo", Decimal("14.03")),
        Answer("A quem mais: Beta, em USD, desde 10/03/2024", Decimal("7.02")),
    )


def test_the_sheet_asks_the_twelve_in_their_order_with_the_formats_of_brazil() -> None:
    made = content(fact_of([{"valor_fluxo_brl": Decimal("9999999999999.99")}]), outlooks=outlook((None, None, None)))
    book = load_workbook(io.BytesIO(book_of(made)), data_only=True)
    assert book.sheetnames[:2] == ["Resumo", questions.NAME]
    asked = twelve.in_workbook(book_of(made))
    assert [(each.question, each.query) for each in asked] == [(named()[name].question, name) for name in TWELVE]
    sheet = book[questions.NAME]
    (paid,) = (row[3] for row in sheet.iter_rows(min_row=5) if row[2].value == "Pago")
    assert paid.number_format == "[$R$-416] #,##0.00;[Red]-[$R$-416] #,##0.00"
    assert Decimal(paid.value).quantize(CENT) == Decimal("9999999999999.99")
    linked = {
        cell.value: cell.hyperlink.location for row in sheet.iter_rows(min_row=5) for cell in row if cell.hyperlink
    }
    assert linked
    assert all(each.split("!")[0].strip("'") in book.sheetnames for each in linked.values())


def test_the_examples_are_true() -> None:
    assert doctest.testmod(exposure).failed == 0
    assert doctest.testmod(exposure).attempted
