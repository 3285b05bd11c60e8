"""The sample: the committed CSVs are the generator's, they hold every trap by name, and show something to look at."""

import csv
import errno
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lakehouse_tables import EXPORTED, TABLES
from typer.testing import CliRunner, Result

from cli import ROOT
from cli.commands import sample as command
from cli.main import app
from cli.terminal.questions import Answers
from lakehouse.lake.layout import BRONZE

FOLDER = ROOT / "csv_exports"
NAMES = [f"{table}.csv" for table in TABLES[BRONZE]]
Rows = list[dict[str, str]]


@dataclass
class Export:
    """The CSVs as anybody reads them."""

    pedidos: Rows
    itens_pedido: Rows
    pagamentos: Rows
    produtos: Rows
    fornecedores: Rows
    cambio: Rows
    emprestimos: Rows

    def payments_of(self, order: dict[str, str]) -> Rows:
        return [row for row in self.pagamentos if row["pedido_id"] == order["pedido_id"]]

    def items_of(self, order: dict[str, str]) -> Rows:
        return [row for row in self.itens_pedido if row["pedido_id"] == order["pedido_id"]]

    def supplier(self, row: dict[str, str]) -> dict[str, str]:
        return next(each for each in self.fornecedores if each["fornecedor_id"] == row["fornecedor_id"])

    def quoted(self, currency: str) -> list[str]:
        return [row["data_cotacao"] for row in self.cambio if row["moeda"] == currency]

    @property
    def order_ids(self) -> set[str]:
        return {row["pedido_id"] for row in self.pedidos}

    @property
    def unpaid(self) -> Rows:
        return [order for order in self.pedidos if not self.payments_of(order)]

    @property
    def foreign_payments(self) -> Rows:
        return [row for row in self.pagamentos if row["moeda_origem"] != "BRL"]

    @property
    def in_instalments(self) -> list[tuple[dict[str, str], Rows]]:
        paid = ((order, self.payments_of(order)) for order in self.pedidos)
        return [(order, payments) for order, payments in paid if len(payments) > 1]


@pytest.fixture(scope="module")
def text() -> dict[str, str]:
    return {table: (FOLDER / f"{table}.csv").read_text("utf-8") for table in TABLES[BRONZE]}


@pytest.fixture(scope="module")
def export(text: dict[str, str]) -> Export:
    known = (field.name for field in fields(Export))
    return Export(**{table: list(csv.DictReader(text[table].splitlines())) for table in known})


def test_the_committed_csvs_are_those_that_the_generator_writes() -> None:
    made = command.sample_files()
    committed = {file.name: file.read_bytes() for file in FOLDER.iterdir()}
    differing = sorted(name for name in made | committed if made.get(name) != committed.get(name))
    assert not differing, f"csv_exports/ is not what cli/sample writes: {differing}; mend it: ./importau sample --yes"


def test_it_is_small_and_reads_line_by_line(text: dict[str, str]) -> None:
    assert sum(len(lines.encode()) for lines in text.values()) < 500_000
    for lines in text.values():
        assert lines.endswith("\n")
        assert not set("\r\t\ufeff") & set(lines)
        assert max(map(len, lines.splitlines()[1:])) < 160


def instalments_repeat_the_total(of: Export) -> Any:
    return [
        o["pedido_id"] for o, ps in of.in_instalments if all(p["valor_pago_brl"] == o["valor_total_brl"] for p in ps)
    ]


def instalments_state_their_part(of: Export) -> Any:
    return [
        order["pedido_id"]
        for order, payments in of.in_instalments
        if sum(Decimal(p["valor_pago_brl"]) for p in payments) == Decimal(order["valor_total_brl"])
    ]


def instalments_with_odd_cents(of: Export) -> Any:
    cents = {o["pedido_id"]: int(o["valor_total_brl"].replace(".", "")) for o in of.pedidos}
    return [
        pedido
        for pedido in instalments_repeat_the_total(of)
        if cents[pedido] % len(of.payments_of({"pedido_id": pedido}))
    ]


def order_without_payment(of: Export) -> Any:
    return [order["pedido_id"] for order in of.unpaid]


def order_without_payment_in_foreign_currency(of: Export) -> Any:
    return [order["pedido_id"] for order in of.unpaid if of.supplier(order)["moeda_negociacao"] != "BRL"]


def order_without_payment_before_any_quotation(of: Export) -> Any:
    currencies = [(order, of.supplier(order)["moeda_negociacao"]) for order in of.unpaid]
    return [
        o["pedido_id"]
        for o, currency in currencies
        if currency != "BRL" and o["data_pedido"] < min(of.quoted(currency))
    ]


def payment_of_an_unknown_order(of: Export) -> Any:
    return [p["pagamento_id"] for p in of.pagamentos if p["pedido_id"] and p["pedido_id"] not in of.order_ids]


def payment_of_no_order(of: Export) -> Any:
    return [payment["pagamento_id"] for payment in of.pagamentos if not payment["pedido_id"]]


def order_without_items_with_payments(of: Export) -> Any:
    return [order["pedido_id"] for order in of.pedidos if not of.items_of(order) and of.payments_of(order)]


def order_without_items_and_payments(of: Export) -> Any:
    return [order["pedido_id"] for order in of.pedidos if not of.items_of(order) and not of.payments_of(order)]


def item_of_an_unknown_order(of: Export) -> Any:
    return [item["item_id"] for item in of.itens_pedido if item["pedido_id"] not in of.order_ids]


def items_that_cost_nothing(of: Export) -> Any:
    return [o["pedido_id"] for o in of.pedidos if {i["valor_total_item"] for i in of.items_of(o)} == {"0.00"}]


def order_differs_from_its_items(of: Export) -> Any:
    total = Counter[str]()
    for item in of.itens_pedido:
        total[item["pedido_id"]] += int(item["valor_total_item"].replace(".", ""))
    return [o["pedido_id"] for o in of.pedidos if total[o["pedido_id"]] != int(o["valor_total_brl"].replace(".", ""))]


def product_of_another_supplier(of: Export) -> Any:
    of_order = {row["pedido_id"]: row["fornecedor_id"] for row in of.pedidos}
    of_product = {row["produto_id"]: row["fornecedor_id"] for row in of.produtos}
    known = (item for item in of.itens_pedido if item["pedido_id"] in of_order)
    return [i["item_id"] for i in known if of_product[i["produto_id"]] != of_order[i["pedido_id"]]]


def payment_on_a_day_without_quotation(of: Export) -> Any:
    quoted = {(row["moeda"], row["data_cotacao"]) for row in of.cambio}
    return [p["pagamento_id"] for p in of.foreign_payments if (p["moeda_origem"], p["data_pagamento"]) not in quoted]


def payment_on_a_weekend(of: Export) -> Any:
    return [p["pagamento_id"] for p in of.foreign_payments if date.fromisoformat(p["data_pagamento"]).weekday() > 4]


def holiday_without_quotation(of: Export) -> Any:
    quoted = {row["data_cotacao"] for row in of.cambio}
    return [day for day in ("2024-02-13", "2024-12-25", "2025-04-18", "2026-04-21") if day not in quoted]


def ptax_ends_before_the_orders(of: Export) -> Any:
    last = max(row["data_cotacao"] for row in of.cambio)
    return [order["pedido_id"] for order in of.pedidos if order["data_pedido"] > last]


def payment_after_the_last_quotation(of: Export) -> Any:
    return [p["pagamento_id"] for p in of.foreign_payments if p["data_pagamento"] > max(of.quoted(p["moeda_origem"]))]


def payment_before_any_quotation(of: Export) -> Any:
    return [p["pagamento_id"] for p in of.foreign_payments if p["data_pagamento"] < min(of.quoted(p["moeda_origem"]))]


def price_in_yen_a_third_of_ptax(of: Export) -> Any:
    ptax = Decimal([row["taxa_ptax"] for row in of.cambio if row["moeda"] == "JPY"][-1])
    priced = [
        (row, Decimal(row["preco_unitario_brl"]) / Decimal(row["preco_origem"]))
        for row in of.produtos
        if row["moeda_origem"] == "JPY"
    ]
    return [row["produto_id"] for row, rate in priced if 2 < ptax / rate < 4]


def cnpj_of_dashes(of: Export) -> Any:
    return [row["fornecedor_id"] for row in of.fornecedores if row["cnpj"] == "--"]


def loan_with_more_paid_than_it_has(of: Export) -> Any:
    return [row["emprestimo_id"] for row in of.emprestimos if int(row["num_parcelas_pagas"]) > int(row["prazo_meses"])]


def settled_loan_with_nothing_due(of: Export) -> Any:
    settled = (row for row in of.emprestimos if row["status"] == "QUITADO")
    return [row["emprestimo_id"] for row in settled if not row["data_vencimento_proxima"]]


def loan_due_on_the_31st(of: Export) -> Any:
    return [row["emprestimo_id"] for row in of.emprestimos if row["data_vencimento_proxima"].endswith("-31")]


def loan_in_arrears_or_renegotiated(of: Export) -> Any:
    return [row["emprestimo_id"] for row in of.emprestimos if row["status"] in ("INADIMPLENTE", "RENEGOCIADO")]


def cancelled_order_with_payments(of: Export) -> Any:
    return [o["pedido_id"] for o in of.pedidos if o["status"] == "CANCELADO" and of.payments_of(o)]


def cancelled_order_without_payment(of: Export) -> Any:
    return [o["pedido_id"] for o in of.unpaid if o["status"] == "CANCELADO"]


def comma_inside_quotes(of: Export) -> Any:
    return [
        *(o["pedido_id"] for o in of.pedidos if "," in o["observacoes"]),
        *(f["fornecedor_id"] for f in of.fornecedores if "," in f["razao_social"]),
    ]


def quote_inside_quotes(of: Export) -> Any:
    return [
        *(o["pedido_id"] for o in of.pedidos if '"' in o["observacoes"]),
        *(p["produto_id"] for p in of.produtos if '"' in p["nome_produto"]),
    ]


def empty_text(of: Export) -> Any:
    return [order["pedido_id"] for order in of.pedidos if not order["observacoes"]]


def empty_approver(of: Export) -> Any:
    return [p["pagamento_id"] for p in of.pagamentos if not p["usuario_aprovacao"]]


# How many rows each trap has: one where there is one, and a few at least where they come by themselves.
TRAPS: list[tuple[Callable[[Export], list[str]], int | range]] = [
    (instalments_repeat_the_total, range(20, 60)),
    (instalments_state_their_part, range(5, 20)),
    (instalments_with_odd_cents, range(5, 60)),
    (order_without_payment, range(24, 49)),
    (order_without_payment_in_foreign_currency, range(5, 49)),
    (order_without_payment_before_any_quotation, 1),
    (payment_of_an_unknown_order, 1),
    (payment_of_no_order, 1),
    (order_without_items_with_payments, 1),
    (order_without_items_and_payments, 1),
    (item_of_an_unknown_order, 1),
    (items_that_cost_nothing, 1),
    (order_differs_from_its_items, range(200, 240)),
    (product_of_another_supplier, range(300, 400)),
    (payment_on_a_day_without_quotation, range(50, 200)),
    (payment_on_a_weekend, range(20, 100)),
    (holiday_without_quotation, 4),
    (ptax_ends_before_the_orders, range(5, 20)),
    (payment_after_the_last_quotation, range(5, 40)),
    (payment_before_any_quotation, range(1, 10)),
    (price_in_yen_a_third_of_ptax, 2),
    (cnpj_of_dashes, range(5, 20)),
    (loan_with_more_paid_than_it_has, 1),
    (settled_loan_with_nothing_due, 2),
    (loan_due_on_the_31st, 1),
    (loan_in_arrears_or_renegotiated, 2),
    (cancelled_order_with_payments, range(3, 20)),
    (cancelled_order_without_payment, 1),
    (comma_inside_quotes, range(2, 40)),
    (quote_inside_quotes, range(2, 40)),
    (empty_text, range(50, 240)),
    (empty_approver, range(10, 100)),
]


@pytest.mark.parametrize(("trap", "count"), TRAPS, ids=lambda value: getattr(value, "__name__", ""))
def test_every_trap_is_there(trap: Callable[[Export], list[str]], count: int | range, export: Export) -> None:
    found = trap(export)
    assert len(found) == count if isinstance(count, int) else len(found) in count, found


def test_what_csv_has_to_quote_is_quoted_as_it_should_be(text: dict[str, str]) -> None:
    assert ',"Entrega parcial, saldo em 30 dias"\n' in text["pedidos"]
    assert ',"Volumes com o aviso ""frágil"""\n' in text["pedidos"]
    assert ',"Barra de Alumínio 3/4"", 6 m",' in text["produtos"]


def test_it_is_240_orders_over_30_months_up_to_a_fixed_day(export: Export) -> None:
    months = Counter(order["data_pedido"][:7] for order in export.pedidos)
    assert sum(months.values()) == 240
    assert len(months) == 30
    assert min(months.values()) >= 3
    assert (min(months), max(order["data_pedido"] for order in export.pedidos)) == ("2024-01", "2026-06-30")


def test_currencies_have_quotations_enough_to_measure_risk_by(export: Export) -> None:
    days = Counter(row["moeda"] for row in export.cambio)
    assert min(days[currency] for currency in ("USD", "EUR", "JPY")) >= 350
    assert min(days.values()) >= 60


def test_nothing_in_it_is_anybodys(export: Export) -> None:
    for supplier in export.fornecedores:
        assert supplier["contato_email"].endswith(".example")
        assert re.fullmatch(r"\+[\d-]+-0555-01\d\d", supplier["telefone"])  # no subscriber's number begins with 0
        assert supplier["cnpj"] == "--" or not has_check_digits(supplier["cnpj"])


def has_check_digits(cnpj: str) -> bool:
    digits = [int(character) for character in cnpj if character.isdigit()]
    for length in (12, 13):
        rest = sum(digit * (2 + place % 8) for place, digit in enumerate(reversed(digits[:length]))) % 11
        if digits[length] != (0 if rest < 2 else 11 - rest):
            return False
    return True


def test_a_cnpj_of_a_company_is_known_by_its_check_digits() -> None:
    assert has_check_digits("11.222.333/0001-81")
    assert not has_check_digits("11.222.333/0001-82")


def sample(*arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(app, ["sample", *arguments], input=answer)


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_the_command_writes_the_files_and_says_when_nothing_changes(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    written = sample(str(folder))
    assert written.exit_code == 0, written.output
    assert contents(folder) == contents(FOLDER)
    assert f"the sample is in {folder} ({len(EXPORTED)} CSVs, 21" in written.stderr
    assert f"written: {', '.join(sorted(NAMES))}\n" in written.stderr
    assert "nothing changed" in sample(str(folder)).stderr


def test_by_default_it_writes_into_the_repository() -> None:
    result = sample()
    assert result.exit_code == 0, result.output
    assert f"{FOLDER} holds the sample already" in result.stderr


def test_csvs_that_differ_are_not_replaced_unless_somebody_agrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pedidos.csv").write_text("mine")
    (tmp_path / "notes.txt").write_text("mine too")
    before = contents(tmp_path)
    refused = sample(str(tmp_path))
    assert refused.exit_code == 2
    assert f"in {tmp_path} these are not the sample's: pedidos.csv\n" in refused.stderr
    assert "say so: --yes" in refused.stderr
    monkeypatch.setattr("cli.commands.sample.answers", lambda yes, no_input: Answers.ASK)
    assert "stopped: nothing was written" in sample(str(tmp_path), answer="n\n").stderr
    assert contents(tmp_path) == before
    assert sample(str(tmp_path), answer="y\n").exit_code == 0
    assert contents(tmp_path) == contents(FOLDER) | {"notes.txt": b"mine too"}


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    sample(str(tmp_path))
    (tmp_path / "cambio.csv").write_text("cut off")
    result = sample(str(tmp_path), "--yes")
    assert "written: cambio.csv; the others were right already" in result.stderr
    assert contents(tmp_path) == contents(FOLDER)


def test_a_place_that_cannot_be_written_to_is_named_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    result = sample(str(tmp_path / "file"))
    assert result.exit_code == 2
    assert f"{tmp_path / 'file'} cannot be written" in result.stderr
    (tmp_path / "pedidos.csv").mkdir()
    result = sample(str(tmp_path), "--yes")
    assert result.exit_code == 2
    assert f"{tmp_path / 'pedidos.csv'} cannot be read: Is a directory" in result.stderr
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "pedidos.csv"]


def test_a_disk_that_is_full_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cambio.csv").write_text("old")
    write = Path.write_bytes

    def full(file: Path, content: bytes) -> int:
        if file.name == "produtos.csv":
            raise OSError(errno.ENOSPC, "No space left on device", str(file))
        return write(file, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    result = sample(str(tmp_path), "--yes")
    assert result.exit_code == 2
    assert "No space left on device" in result.stderr
    assert contents(tmp_path) == {"cambio.csv": b"old"}
