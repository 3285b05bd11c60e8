"""The golden files: what the ten tables of an export add up to, worked out apart, row by row, and by the product."""

import json
from collections import defaultdict
from decimal import Decimal
from typing import Any

import independent
import pytest
from exports import EVERY, ON_THE_REAL_ONE, SAMPLE, Export
from golden import assert_golden
from lakehouse_tables import CASH_FLOW, FACT, FORECAST
from layers import cash_flow, correlate, forecast
from summaries import summary


@pytest.fixture(scope="module", params=EVERY)
def export(request: pytest.FixtureRequest) -> Export:
    return request.param


@pytest.fixture(scope="module")
def apart(export: Export) -> dict[str, Any]:
    """The ten tables by an independent way."""
    return independent.tables(export.folder)


def made_of(export: Export) -> dict[str, Any]:
    """The ten tables as the product makes them."""
    bronze = {name: read.kept for name, read in export.read().items()}
    fact = correlate(bronze).fact
    return bronze | {FACT: fact, CASH_FLOW: cash_flow(fact), FORECAST: forecast(fact)}


@pytest.mark.golden
def test_a_golden_file_is_what_the_definition_gives_row_by_row(export: Export, apart: dict[str, Any]) -> None:
    found = {name: summary(table) for name, table in apart.items()}
    assert_golden(json.dumps(found, ensure_ascii=False, indent=1) + "\n", export.golden)


def test_the_product_makes_the_same_tables_value_by_value(export: Export, apart: dict[str, Any]) -> None:
    made = made_of(export)
    assert list(made) == list(apart)
    for name, table in made.items():
        assert table.schema == apart[name].schema
        for column in table.column_names:
            expected = apart[name][column].to_pylist()
            found = table[column].to_pylist()
            if isinstance(next((value for value in expected if value is not None), None), float):
                expected = [value if value is None else pytest.approx(value, abs=1e-9) for value in expected]
            assert found == expected, f"{name}.{column}"


@pytest.mark.parametrize("real", [ON_THE_REAL_ONE])
def test_the_real_export_comes_out_to_the_cent(real: Export) -> None:
    made = made_of(real)
    fact = made[FACT].to_pylist()
    flows = defaultdict[str, list[Decimal]](list)
    for row in fact:
        flows[row["tipo_registro"]].append(row["valor_fluxo_brl"])
    assert {kind: len(values) for kind, values in flows.items()} == {
        "PAGAMENTO": 40, "PEDIDO_SEM_PAGAMENTO": 8, "PARCELA_EMPRESTIMO": 966
    }  # fmt: skip
    assert sum(flows["PAGAMENTO"]) == Decimal("395626.25")
    assert sum(flows["PEDIDO_SEM_PAGAMENTO"]) == Decimal("124901.50")
    assert sum(row["valor_item_brl"] or 0 for row in fact) == Decimal("539630.10")
    assert sum(row["quantidade"] or 0 for row in fact) == 5371
    assert sum(row["variacao_cambial_brl"] or 0 for row in fact) == Decimal("1040.16")
    # What summing the payments as they stand overstates.
    stated = sum(row["valor_pago_brl"] for row in made["pagamentos"].to_pylist())
    assert stated - sum(flows["PAGAMENTO"]) == Decimal("89902.25")


def test_the_sample_has_series_to_forecast_and_some_that_are_too_short() -> None:
    rows = independent.tables(SAMPLE.folder)[FORECAST].to_pylist()
    last_complete = "2026-05"  # the newest order is of 2026-06-30
    months = defaultdict[tuple[str, str], list[str]](list)
    for row in rows:
        if row["mes_referencia"] <= last_complete and row["valor_fluxo_brl"] > Decimal(0) and row["categoria"]:
            months[row["categoria"], row["moeda_origem"]].append(row["mes_referencia"])

    def is_long(series: list[str]) -> bool:
        first, last = (int(text[:4]) * 12 + int(text[5:]) for text in (series[0], last_complete))
        return last - first + 1 >= 18 and len(series) >= 9

    long = {key for key, series in months.items() if is_long(series)}
    assert {category for category, _ in long} >= {
        "Autopeças", "Eletrônicos", "Embalagens", "Industrial", "Químicos", "Tecnologia", "Têxtil"
    }  # fmt: skip
    assert {currency for _, currency in long} >= {"BRL", "USD", "EUR", "JPY"}
    assert {("Agrícola", "BRL"), ("Mineração", "CAD")} <= set(months) - long
