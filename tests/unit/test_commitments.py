"""What is known of money still to be paid: as of the data's today, to the cent, and without personal values."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from facts import fact_of, facts
from hypothesis import given
from hypothesis import strategies as st
from in_memory import view
from lakehouse_tables import FACT

from cli.contents import commitments
from lakehouse.contract import layers
from lakehouse.contract.model import load
from lakehouse.domain import CANCELADO, PAGO

TODAY = date(2024, 3, 10)


def due(days: int, **more: Any) -> dict[str, Any]:
    at = TODAY + timedelta(days)
    return {"data_vencimento": at, "mes_referencia": f"{at:%Y-%m}", "status_pagamento": "PENDENTE"} | more


def test_today_is_the_newest_orders_date_and_without_one_the_forecasts_reference_date() -> None:
    fact = fact_of([{"data_pedido": date(2024, 1, 2)}, {"data_pedido": date(2024, 3, 1)}, {"data_pedido": None}])
    forecast = pa.table({"data_referencia": pa.array([date(2024, 2, 2)], pa.date32())})
    parts, outlook = [fact.slice(0, 1), fact.slice(1)], layers.in_role("outlook")
    assert commitments.today(view(**{FACT: parts, outlook: [forecast]})) == date(2024, 3, 1)
    assert commitments.today(view(**{FACT: [fact.slice(2)], outlook: [forecast]})) == date(2024, 2, 2)
    assert commitments.today(view(**{FACT: [fact.slice(2)]})) is None
    assert commitments.today(view()) is None


@pytest.mark.parametrize(
    ("days", "deadline"),
    [(-400, "VENCIDO"), (-1, "VENCIDO"), (0, "ATE_30"), (30, "ATE_30"), (31, "ATE_90"), (90, "ATE_90"),
     (91, "ATE_365"), (365, "ATE_365"), (366, "DEPOIS")],
)  # fmt: skip
def test_a_deadline_counts_today_and_its_last_day(days: int, deadline: str) -> None:
    found, _ = commitments.open_and_overdue(view(**{FACT: [fact_of([due(days)])]}), TODAY)
    assert [row["prazo"] for row in found.to_pylist()] == [deadline]


@given(facts, st.integers(-400, 400), st.integers(0, 14))
def test_what_is_open_is_the_facts_to_the_cent_however_it_is_cut(fact: pa.Table, shift: int, cut: int) -> None:
    today = TODAY + timedelta(shift)
    open_, overdue = commitments.open_and_overdue(view(**{FACT: [fact.slice(0, cut), fact.slice(cut)]}), today)
    expected: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    late = Decimal(0)
    for row in fact.to_pylist():
        if row["status_pagamento"] not in {PAGO, CANCELADO}:
            kind = "EMPRESTIMO" if row["tipo_registro"] == "PARCELA_EMPRESTIMO" else "COMPRA"
            expected[row["mes_referencia"], kind, row["moeda_origem"], row["status_pagamento"]] += row[
                "valor_fluxo_brl"
            ]
            late += row["valor_fluxo_brl"] if row["data_vencimento"] < today else 0
    found: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in open_.to_pylist():
        found[row["mes_referencia"], row["tipo"], row["moeda_origem"], row["status_pagamento"]] += row[
            "valor_fluxo_brl"
        ]
    assert found == expected
    assert sum((row["valor_fluxo_brl"] for row in overdue.to_pylist()), Decimal(0)) == late


def test_what_is_overdue_is_told_by_creditor_the_largest_first_loans_by_their_bank() -> None:
    loan = {"tipo_registro": "PARCELA_EMPRESTIMO", "moeda_origem": "BRL", "instituicao_financeira": "Banco A"}
    fact = fact_of(
        [
            due(-3, razao_social="Alfa", valor_fluxo_brl=Decimal("10.01"), valor_moeda_origem=Decimal("2.00")),
            due(-9, razao_social="Alfa", valor_fluxo_brl=Decimal("0.02"), valor_moeda_origem=Decimal("1.00")),
            due(-1, valor_fluxo_brl=Decimal("99.00"), **loan),
            due(1, razao_social="Alfa", valor_fluxo_brl=Decimal("7.00")),
            due(-1, razao_social="Beta", valor_fluxo_brl=Decimal("7.00"), status_pagamento="PAGO"),
        ]
    )
    _, overdue = commitments.open_and_overdue(view(**{FACT: [fact]}), TODAY)
    told = [
        (row["credor"], row["tipo"], row["valor_fluxo_brl"], row["valor_moeda_origem"]) for row in overdue.to_pylist()
    ]
    assert told == [
        ("Banco A", "EMPRESTIMO", Decimal("99.00"), None),
        ("Alfa", "COMPRA", Decimal("10.03"), Decimal("3.00")),
    ]
    assert overdue.to_pylist()[1]["vencimento_mais_antigo"] == date(2024, 3, 1)


def test_creditors_beyond_the_hundredth_are_one_row_and_the_sum_stays() -> None:
    fact = fact_of([due(-n, razao_social=f"Alfa {n:03}", valor_fluxo_brl=Decimal(n)) for n in range(1, 131)])
    _, overdue = commitments.open_and_overdue(view(**{FACT: [fact]}), TODAY)
    found = overdue.to_pylist()
    assert len(found) == 101
    assert found[-1]["credor"] is None
    assert found[-1]["valor_fluxo_brl"] == sum(range(1, 31))
    assert found[-1]["vencimento_mais_antigo"] == TODAY - timedelta(30)


def test_a_creditor_that_looks_like_a_person_takes_all_names_away() -> None:
    fact = fact_of(
        [due(-1, razao_social="ana.silva@exemplo.com.br", valor_fluxo_brl=Decimal(1)), due(-1, razao_social="Alfa")]
    )
    _, overdue = commitments.open_and_overdue(view(**{FACT: [fact]}), TODAY)
    assert "credor" not in overdue.column_names
    assert sum(row["valor_fluxo_brl"] for row in overdue.to_pylist()) == 1


def test_the_newest_rate_of_each_currency_is_shown() -> None:
    table = layers.in_role("rates")
    quoted = [("USD", date(2024, 1, 2), "5.1"), ("EUR", date(2024, 1, 9), "6.2"), ("USD", date(2024, 1, 3), "5.2")]
    schema = load(table).schema
    rows = [{"moeda": moeda, "data_cotacao": at, "taxa_ptax": Decimal(rate)} for moeda, at, rate in quoted]
    cambio = pa.table([pa.array([row.get(f.name) for row in rows], f.type) for f in schema], schema=schema)
    assert commitments.rates(view(**{table: [cambio]})).to_pylist() == [
        {"moeda_origem": "EUR", "data_ptax": date(2024, 1, 9), "taxa_ptax": Decimal("6.2")},
        {"moeda_origem": "USD", "data_ptax": date(2024, 1, 3), "taxa_ptax": Decimal("5.2")},
    ]


def test_what_is_bought_is_summed_however_it_is_cut_without_loans_and_what_was_cancelled() -> None:
    rows = [
        {"categoria": "A", "valor_fluxo_brl": Decimal("1.01")},
        {"categoria": "B", "valor_fluxo_brl": Decimal("5.00")},
        {"categoria": "A", "valor_fluxo_brl": Decimal("2.02"), "status_pagamento": "PREVISTO"},
        {"categoria": "A", "valor_fluxo_brl": Decimal("99.00"), "status_pagamento": CANCELADO},
        {"valor_fluxo_brl": Decimal("99.00"), "tipo_registro": "PARCELA_EMPRESTIMO"},
        {"categoria": None, "valor_fluxo_brl": Decimal("3.00")},
    ]
    fact = fact_of(rows)
    for cut in range(len(rows)):
        there = view(**{FACT: [fact.slice(0, cut), fact.slice(cut)]})
        assert commitments.bought(there, ["categoria"], ["valor_fluxo_brl"]).to_pylist() == [
            {"categoria": "A", "valor_fluxo_brl": Decimal("3.03")},
            {"categoria": "B", "valor_fluxo_brl": Decimal("5.00")},
            {"categoria": None, "valor_fluxo_brl": Decimal("3.00")},
        ]
