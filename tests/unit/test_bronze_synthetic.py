"""The synthetic source: deterministic, valid but for its loans, and with the traps of the real export."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from golden import assert_golden
from hypothesis import given, settings
from hypothesis import strategies as st
from lakehouse_tables import TABLES
from summaries import summary

from bronze.csv.source import check, normalise
from bronze.csv.text import lines, write_csv
from bronze.synthetic.company import accepted, generate
from bronze.synthetic.drawing import check_digits, digits, weighted
from lakehouse.contract.model import load
from lakehouse.lake.layout import BRONZE

ORDERS = 6_000
GOLDEN = Path(__file__).resolve().parents[1] / "golden/synthetic.json"


@pytest.fixture(scope="module")
def company() -> dict[str, pa.Table]:
    return generate(ORDERS, 42)


@pytest.fixture(scope="module")
def payments(company: dict[str, pa.Table]) -> list[dict[str, Any]]:
    """The payments, each with its order's columns."""
    orders = {row["pedido_id"]: row for row in company["pedidos"].to_pylist()}
    return [{**orders[row["pedido_id"]], **row} for row in company["pagamentos"].to_pylist()]


def share(mask: Any) -> float:
    return float(np.mean(list(mask)))


@settings(max_examples=15)
@given(st.integers(1, 300), st.integers(0, 2**63))
def test_only_loans_break_their_contract_and_nothing_is_lost(orders: int, seed: int) -> None:
    for name, table in generate(orders, seed).items():
        result = accepted(name, table)
        assert table.schema.equals(load(name).schema)
        assert result.rows_read == len(table) == len(result.kept) + len(result.quarantine)
        assert (len(result.quarantine) > 0) == (name == "emprestimos")


def test_the_same_orders_and_seed_give_the_same_tables_and_another_seed_others(company: dict[str, pa.Table]) -> None:
    again, other = generate(ORDERS, 42), generate(ORDERS, 43)
    assert list(company) == list(TABLES[BRONZE])
    for name, table in company.items():
        assert table.equals(again[name])
        assert not table.equals(other[name])


def digest(table: pa.Table) -> str:
    return hashlib.sha256(json.dumps(table.to_pylist(), default=str).encode()).hexdigest()


@pytest.mark.golden
def test_the_company_of_a_seed_is_the_one_that_was_reviewed() -> None:
    # What was measured before is comparable with what is measured now as long as the data are the same.
    company = generate(2_000, 42).items()
    found = {name: summary(table) | {"sha256": digest(table)} for name, table in company}
    assert_golden(json.dumps(found, ensure_ascii=False, indent=1) + "\n", GOLDEN)


def test_its_csv_is_read_as_what_it_is_itself(company: dict[str, pa.Table], tmp_path: Path) -> None:
    write_csv(company, tmp_path)
    check({name: tmp_path / f"{name}.csv" for name in company})
    for name, table in company.items():
        read, direct = normalise(name, tmp_path / f"{name}.csv"), accepted(name, table)
        assert read.kept.equals(direct.kept)
        assert read.quarantine.equals(direct.quarantine)


def test_every_reference_is_to_something_that_exists(company: dict[str, pa.Table]) -> None:
    for table, column, target in (
        ("itens_pedido", "pedido_id", "pedidos"), ("itens_pedido", "produto_id", "produtos"),
        ("pagamentos", "pedido_id", "pedidos"), ("pagamentos", "fornecedor_id", "fornecedores"),
        ("pedidos", "fornecedor_id", "fornecedores"), ("produtos", "fornecedor_id", "fornecedores"),
    ):  # fmt: skip
        assert pc.all(pc.is_in(company[table][column], value_set=company[target][column].combine_chunks())).as_py()


def test_a_fifth_of_the_orders_has_no_payment(company: dict[str, pa.Table]) -> None:
    assert 1 - pc.count_distinct(company["pagamentos"]["pedido_id"]).as_py() / ORDERS == pytest.approx(0.2, abs=0.02)


def test_orders_have_items_in_the_proportion_of_the_export(company: dict[str, pa.Table]) -> None:
    assert len(company["itens_pedido"]) / ORDERS == pytest.approx(41 / 30, abs=0.05)
    assert len(company["pagamentos"]) / ORDERS == pytest.approx(1, abs=0.05)


def test_most_instalments_repeat_the_total_and_some_share_it(payments: list[dict[str, Any]]) -> None:
    several = [row for row in payments if row["num_parcelas"] > 1]
    repeats = [row["valor_pago_brl"] == row["valor_total_brl"] for row in several]
    assert share(repeats) == pytest.approx(0.9, abs=0.05)
    assert {row["metodo_pagamento"] for row in several} == {"CARTAO_CREDITO"}
    stated: Counter[str] = Counter()
    for row, repeat in zip(several, repeats, strict=True):
        if not repeat:
            stated[row["pedido_id"]] += row["valor_pago_brl"]
    assert stated
    totals = {row["pedido_id"]: row["valor_total_brl"] for row in several}
    assert all(value == totals[order] for order, value in stated.items())


def test_the_total_of_most_orders_is_not_the_sum_of_their_items(company: dict[str, pa.Table]) -> None:
    sums = company["itens_pedido"].group_by("pedido_id").aggregate([("valor_total_item", "sum")])
    joined = company["pedidos"].join(sums, "pedido_id")
    assert (
        share(
            a != b
            for a, b in zip(
                joined["valor_total_brl"].to_pylist(), joined["valor_total_item_sum"].to_pylist(), strict=True
            )
        )
        > 0.9
    )


def test_quotations_have_gaps_and_end_before_the_orders_do(company: dict[str, pa.Table]) -> None:
    quoted: dict[str, set[Any]] = {}
    for row in company["cambio"].select(["moeda", "data_cotacao"]).to_pylist():
        quoted.setdefault(row["moeda"], set()).add(row["data_cotacao"])
    assert set(quoted) == {"USD", "EUR", "JPY", "GBP", "CAD"}
    days = set().union(*quoted.values())
    assert all(day.weekday() < 5 for day in days)
    assert not {(day.month, day.day) for day in days} & {(1, 1), (5, 1), (9, 7), (12, 25)}
    assert all(len(of_one) < len(days) for of_one in quoted.values())
    assert len(quoted["CAD"]) < len(quoted["JPY"]) < len(quoted["EUR"]) < len(quoted["USD"])
    assert max(days) < pc.max(company["pedidos"]["data_pedido"]).as_py()


def test_most_suppliers_deal_in_reais_and_only_they_have_a_cnpj(company: dict[str, pa.Table]) -> None:
    suppliers = company["fornecedores"].to_pylist()
    assert 0.45 < share(row["moeda_negociacao"] == "BRL" for row in suppliers) < 0.7
    assert all((row["cnpj"] is None) == (row["pais_origem"] != "Brasil") for row in suppliers)
    assert len({row["moeda_negociacao"] for row in suppliers}) == 6


def test_foreign_payments_have_a_rate_near_ptax_and_a_foreign_value(payments: list[dict[str, Any]]) -> None:
    foreign = [row for row in payments if row["moeda_origem"] != "BRL"]
    assert share(row["moeda_origem"] != "BRL" for row in payments) == pytest.approx(1 / 6, abs=0.03)
    for row in foreign:
        assert (
            abs(row["valor_moeda_origem"] * row["taxa_cambio_aplicada"] - row["valor_pago_brl"])
            <= row["taxa_cambio_aplicada"]
        )
    assert all(row["taxa_cambio_aplicada"] == 1 for row in payments if row["moeda_origem"] == "BRL")


def test_products_are_mostly_of_another_supplier_than_the_order(company: dict[str, pa.Table]) -> None:
    orders = dict(zip(*(company["pedidos"][c].to_pylist() for c in ("pedido_id", "fornecedor_id")), strict=True))
    products = dict(zip(*(company["produtos"][c].to_pylist() for c in ("produto_id", "fornecedor_id")), strict=True))
    items = company["itens_pedido"].to_pylist()
    assert share(orders[row["pedido_id"]] != products[row["produto_id"]] for row in items) > 0.9


def test_one_loan_of_thirty_has_more_instalments_paid_than_it_has(company: dict[str, pa.Table]) -> None:
    rows = company["emprestimos"].to_pylist()
    assert share(row["num_parcelas_pagas"] > row["prazo_meses"] for row in rows) == pytest.approx(1 / 30, abs=0.01)
    assert {row["status"] for row in rows} == {"ATIVO", "QUITADO", "INADIMPLENTE", "RENEGOCIADO"}


def test_a_cancelled_order_has_cancelled_payments(payments: list[dict[str, Any]]) -> None:
    assert {row["status_pagamento"] for row in payments if row["status"] == "CANCELADO"} == {"CANCELADO"}
    assert {row["status_pagamento"] for row in payments} == {"PAGO", "PENDENTE", "AGENDADO", "CANCELADO"}


def test_dimensions_grow_slower_than_orders() -> None:
    small, large = generate(100, 1), generate(10_000, 1)
    for name in ("produtos", "fornecedores", "emprestimos"):
        assert len(small[name]) < len(large[name]) < 20 * len(small[name])


def test_a_cnpj_has_its_check_digits() -> None:
    assert check_digits(np.array([112223330001])).tolist() == [81]
    assert check_digits(np.array([1])).tolist() == [91]


@given(st.lists(st.integers(0, 10**9)), st.integers(1, 12))
def test_numbers_are_written_with_zeros_in_front(numbers: list[int], width: int) -> None:
    assert digits(np.array(numbers, np.int64), width).to_pylist() == [f"{n:0{width}d}"[-width:] for n in numbers]


def test_words_are_drawn_as_often_as_their_weights_say() -> None:
    drawn = weighted(np.random.default_rng(0), [0, 1, 3], 10_000)
    assert set(drawn.tolist()) == {1, 2}
    assert share(drawn == 2) == pytest.approx(0.75, abs=0.02)


def test_a_line_of_csv_quotes_what_must_be_quoted() -> None:
    table = pa.table({"a": ["x", 'say "no"', None], "cnpj": ["1,2", None, "l\n"], "c": pa.array([1, 2, None])})
    assert lines(table).to_pylist() == ['x,"1,2",1', '"say ""no""",--,2', ',"l\n",']
