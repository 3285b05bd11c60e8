"""The workbook: its amounts are Gold's to the cent, nothing personal is in it, a version is always the same file."""

import doctest
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest
from facts import fact_of, facts
from hypothesis import given, settings
from hypothesis import strategies as st
from lakehouse_tables import CASH_FLOW, FACT
from layers import cash_flow
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from outlooks import FEW, OUTLOOK, RISK, SHORT, outlook, risk
from published import publish
from small_lake import account, deploy
from typer.testing import CliRunner

from cli.errors import UsageError
from cli.main import app
from cli.session import Aws
from cli.workbook import cash_flow as cash_flow_sheet
from cli.workbook import charts, cover, dictionary, exposure, forecast, next_months, quality, questions, styles
from cli.workbook import risk as risk_sheet
from cli.workbook.book import book_of, file_name, workbook
from cli.workbook.content import Audited, Content, Warned, frame_of, gathered
from cli.workbook.file import claim_workbook, write
from cli.workbook.page import fields, total
from cli.workbook.seal import is_sealed
from lakehouse.contract.model import load
from lakehouse.lake.s3 import Lake
from lakehouse.versions.version import Making, Version
from lakehouse.versions.view import View

CENT = Decimal("0.01")
ROWS = [
    {"mes_referencia": "2024-01", "status_pagamento": "PAGO", "valor_fluxo_brl": Decimal("1000.01")},
    {"mes_referencia": "2024-03", "status_pagamento": "PENDENTE", "valor_fluxo_brl": Decimal("20.20"),
     "valor_moeda_origem": Decimal("4.04"), "data_pedido": date(2024, 3, 5)},
    {"mes_referencia": "2024-03", "status_pagamento": "AGENDADO", "valor_fluxo_brl": Decimal("333.33"),
     "tipo_registro": "PARCELA_EMPRESTIMO", "origem_recurso": "EMPRESTIMO_PJ", "moeda_origem": "BRL"},
    {"mes_referencia": "2026-09", "status_pagamento": "PREVISTO", "valor_fluxo_brl": Decimal("0.07"),
     "moeda_origem": "EUR", "valor_moeda_origem": Decimal("0.01")},
    {"mes_referencia": "2024-03", "status_pagamento": "CANCELADO", "valor_fluxo_brl": Decimal("99.99")},
]  # fmt: skip


def content(
    flow: pa.Table,
    outlooks: pa.Table | None = None,
    risks: pa.Table | None = None,
    today: date | None = date(2024, 3, 5),
) -> Content:
    """Return what a workbook is made of, with an audit that warns and a row in quarantine."""
    version = Version(3, 2, "r3", Making("pipeline", "r3", "2026-11-23T12:00:00+00:00"), {"type": "csv"}, (), {})
    warned = Warned("emprestimos", "linhas_em_quarentena", "Há linhas em quarentena.", 1, 12)
    audit = Audited("emprestimos", "bronze", "tesouraria", "warn", 12, 11, 1, 0, 9, {"prazo: '...'": 1}, (warned,))
    frames = (None if each is None else frame_of(each) for each in (outlooks, risks))
    return Content(version, "s3://lake", today, frame_of(flow), *frames, (audit,))


def read(file: bytes) -> Workbook:
    """Open a workbook with the values that are kept in it, not worked out anew."""
    return load_workbook(io.BytesIO(file), data_only=True)


def cents(value: Any) -> Decimal:
    """Return the amount that a cell has, as Excel would show it."""
    return Decimal(value).quantize(CENT)


def head_of(sheet: Worksheet, first: str) -> int:
    """Return the row whose first cell is a heading."""
    return next(row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 1).value == first)


def column_of(sheet: Worksheet, head: int, heading: str) -> int:
    wanted = heading.replace(" %", "\u00a0%")
    return next(n for n in range(1, sheet.max_column + 1) if sheet.cell(head, n).value == wanted)


def texts(sheet: Worksheet) -> list[str]:
    return [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]


def labelled(sheet: Worksheet) -> dict[str, Any]:
    """Return the second cell of each row by its first; of two rows with the same one, the upper one's."""
    rows = list(sheet.iter_rows(values_only=True))
    return {str(row[0]): row[1] for row in reversed(rows) if row[0] is not None}


@given(facts)
@settings(max_examples=15)
def test_every_amount_and_total_of_the_cash_flow_reads_back_as_golds_to_the_cent(fact: pa.Table) -> None:
    flow = cash_flow(fact)
    sheet = read(book_of(content(flow)))[cash_flow_sheet.NAME]
    head, rows = head_of(sheet, "Mês de vencimento"), flow.to_pylist()
    for column in load(CASH_FLOW).columns:
        if column.physical_type != "decimal(18,2)":
            continue
        number = column_of(sheet, head, column.business_name)
        there = [cents(sheet.cell(head + 1 + n, number).value) for n in range(len(rows))]
        assert there == [row[column.name] for row in rows]
        for above in (1, 2):
            value = sheet.cell(head - above, number).value
            if value is not None:
                assert cents(value) == sum((row[column.name] for row in rows), Decimal(0)), (column.name, above)


@given(facts, st.dates(date(2023, 1, 1), date(2026, 1, 1)))
@settings(max_examples=25)
def test_before_the_twelve_months_in_them_and_after_is_all_of_gold(fact: pa.Table, today: date) -> None:
    flow = cash_flow(fact)
    made = content(flow, today=today)
    before, within, after = next_months.periods(made.cash_flow, made.months)
    rows = [before, *within, after]
    for row in rows:
        parts = [row[name] for name in row if name not in {"periodo", "total_saida_brl"}]
        assert sum(parts) == row["total_saida_brl"]
    assert sum(row["total_saida_brl"] for row in rows) == sum(flow["total_saida_brl"].to_pylist(), Decimal(0))
    assert len(within) == 12


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_up_to_ten_trillion_reais_a_cell_keeps_every_cent(units: int) -> None:
    value = Decimal(units).scaleb(-2)
    assert cents(repr(float(value))) == value
    assert cents(f"{value:.16G}") == value


@pytest.mark.parametrize("amount", ["10000000000.01", "-9999999999.99", "9999999999999.99"])
def test_ten_billion_reais_with_cents_read_back_to_the_cent(amount: str) -> None:
    value = Decimal(amount)
    flow = cash_flow(fact_of([{"valor_fluxo_brl": value}]))
    sheet = read(book_of(content(flow)))[cash_flow_sheet.NAME]
    head = head_of(sheet, "Mês de vencimento")
    number = column_of(sheet, head, "Total de saídas (R$)")
    assert [cents(sheet.cell(head + row, number).value) for row in (-2, -1, 1)] == [value] * 3


def test_an_amount_that_no_cell_can_hold_is_written_as_text_and_whole() -> None:
    flow = cash_flow(fact_of([{"valor_fluxo_brl": Decimal("12345678901234.56")}]))
    sheet = read(book_of(content(flow)))[cash_flow_sheet.NAME]
    head = head_of(sheet, "Mês de vencimento")
    number = column_of(sheet, head, "Total de saídas (R$)")
    assert sheet.cell(head + 1, number).value == "R$ 12.345.678.901.234,56"
    assert sheet.cell(head - 2, number).value == "R$ 12.345.678.901.234,56"
    assert sheet.cell(head - 1, number).value is None  # a formula over text would be a wrong sum


def test_money_dates_and_months_have_the_formats_of_brazil() -> None:
    made = content(cash_flow(fact_of(ROWS)), outlook((None, None, Decimal(9))), risk({"USD": Decimal(100)}))
    book = read(book_of(made))
    flow = book[cash_flow_sheet.NAME]
    head = head_of(flow, "Mês de vencimento")
    month, paid = (flow.cell(head + 1, column_of(flow, head, name)) for name in ("Mês de vencimento", "Pago (R$)"))
    assert (month.value, month.number_format) == (datetime(2024, 1, 1), "mm/yyyy")
    assert paid.number_format == "[$R$-416] #,##0.00;[Red]-[$R$-416] #,##0.00"
    by_currency = book[exposure.NAME]
    assert by_currency.cell(5, column_of(by_currency, 4, "Data da PTAX")).number_format == "dd/mm/yyyy"


def test_heads_stay_in_view_filters_cover_the_rows_and_pages_are_landscape_one_wide_with_the_head_repeated() -> None:
    flow = cash_flow(fact_of(ROWS))
    sheet = load_workbook(io.BytesIO(book_of(content(flow))))[cash_flow_sheet.NAME]
    head = head_of(sheet, "Mês de vencimento")
    assert sheet.freeze_panes == f"D{head + 1}"
    assert sheet.auto_filter.ref == f"A{head}:O{head + len(flow)}"
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    # As wide as one page is what a file says that does not say it.
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == f"${head}:${head}"
    total_of_filter = sheet.cell(head - 1, column_of(sheet, head, "Pago (R$)")).value
    assert total_of_filter == f"=ROUND(SUBTOTAL(109,D{head + 1}:D{head + len(flow)}),2)"


def test_there_are_native_charts_of_the_months_the_currencies_and_the_forecast() -> None:
    made = content(cash_flow(fact_of(ROWS)), outlook((None, None, Decimal(90000))), risk({"USD": Decimal(100)}))
    with zipfile.ZipFile(io.BytesIO(book_of(made))) as archive:
        charts = [archive.read(name).decode() for name in archive.namelist() if "charts/chart" in name]
    assert len(charts) == 3
    months, currencies, expected = charts
    assert 'grouping val="stacked"' in months
    assert months.count("<c:ser>") == 5  # four statuses, and loans
    assert 'grouping val="clustered"' in currencies
    assert {"<c:areaChart>", "<c:lineChart>"} <= set(re.findall(r"<c:\w+Chart>", expected))


def test_where_the_forecast_has_no_number_the_sheets_say_why_and_show_no_zero() -> None:
    short = outlook((None, None, None), ("Têxtil", "USD", None), ("Autopeças", "EUR", Decimal(9000)))
    made = content(cash_flow(fact_of(ROWS)), short, risk({"USD": Decimal(100), "EUR": Decimal(5)}, few=["USD"]))
    book = read(book_of(made))
    whole, series, by_currency, monthly = (
        book[name] for name in (forecast.NAME, forecast.BY_SERIES, risk_sheet.NAME, risk_sheet.BY_MONTH)
    )
    head = head_of(whole, "Mês de vencimento")
    assert {whole.cell(head + n, column_of(whole, head, "Previsto (R$)")).value for n in range(1, 7)} == {"sem número"}
    assert SHORT in texts(whole)
    head = head_of(series, "Mês de vencimento")
    shown = {
        series.cell(row, 2).value: [
            series.cell(row, column_of(series, head, name)).value for name in ("Previsto (R$)", "Motivo")
        ]
        for row in range(head + 1, series.max_row + 1)
    }  # fmt: skip
    assert shown["Têxtil"] == ["sem número", SHORT]
    assert shown["Autopeças"][1] is None
    assert FEW in texts(by_currency)
    assert FEW in texts(monthly)
    measures = {row[0]: row for row in by_currency.iter_rows(min_row=4, values_only=True)}
    dollar = measures["Medida"].index("USD")
    assert measures["VaR 95 %, histórico (R$)"][dollar] == "sem número"
    assert cents(measures["VaR 95 %, histórico (R$)"][dollar - 1]) == Decimal("2.50")
    cover_lines = labelled(book[cover.NAME])
    assert cover_lines["Previsão de 11/2026"] == "sem número"


def test_a_version_without_the_forecast_has_no_such_sheets_and_says_so() -> None:
    book = read(book_of(content(cash_flow(fact_of(ROWS)))))
    assert book.sheetnames == [
        cover.NAME, questions.NAME, next_months.NAME, cash_flow_sheet.NAME, exposure.NAME, exposure.BY_MONTH,
        quality.NAME, dictionary.NAME,
    ]  # fmt: skip
    assert any("publicada sem a camada de previsão" in text for text in texts(book[cover.NAME]))
    assert all(forecast.NAME not in text.split(", ") for text in texts(book[dictionary.NAME]))


def test_the_cover_says_of_what_it_is_with_exact_totals_warnings_and_what_waits() -> None:
    lines = labelled(read(book_of(content(cash_flow(fact_of(ROWS)))))[cover.NAME])
    assert (lines["Versão"], lines["Execução"], lines["Publicada em"]) == (3, "r3", "23/11/2026 12:00 UTC")
    assert lines["Hoje dos dados"] == "05/03/2024"
    amounts = {
        name: cents(lines[name]) for name in ("Total de saídas (R$)", "Em aberto", "Empréstimos", "Próximos 12 meses")
    }
    assert amounts == {
        "Total de saídas (R$)": Decimal("1353.61"), "Em aberto": Decimal("353.60"), "Empréstimos": Decimal("333.33"),
        "Próximos 12 meses": Decimal("353.53"),
    }  # fmt: skip
    assert (cents(lines["Exposição em USD"]), cents(lines["Exposição em EUR"])) == (Decimal("4.04"), CENT)
    assert (lines["Avisos de qualidade"], lines["Linhas em quarentena"]) == (1, 1)


def test_every_column_of_every_sheet_is_explained_with_its_owner_and_classification() -> None:
    made = content(cash_flow(fact_of(ROWS)), outlook((None, None, Decimal(9))), risk({"USD": Decimal(100)}))
    sheet = read(book_of(made))[dictionary.NAME]
    head = head_of(sheet, "Nome")
    rows = [row for row in sheet.iter_rows(min_row=head + 1, values_only=True) if row[0]]
    explained = {row[1] for row in rows}
    assert {column.name for column in load(CASH_FLOW).columns} <= explained
    assert {"previsto_brl", "motivo", "kupiec_p_valor", "taxa_ptax"} <= explained
    assert all(row[2] and row[4] and row[6] and row[8] and row[9] for row in rows)
    assert {row[8] for row in rows} == {"controladoria", "ciencia-de-dados"}


def test_the_contracts_of_what_people_read_give_every_column_a_name_of_its_own() -> None:
    for table in (CASH_FLOW, OUTLOOK, RISK):
        names = [column.business_name for column in load(table).columns]
        assert len(set(names)) == len(names)
        assert not {column.business_name for column in load(table).columns} & set(load(table).schema.names)


def test_a_column_that_its_contract_classifies_is_in_no_sheet() -> None:
    contract = load("fornecedores")
    classified = {column.name for column in contract.columns if column.classification is not None}
    assert classified
    assert not classified & {field.name for field in fields(contract, contract.schema.names)}


@pytest.mark.parametrize("module", [charts, styles], ids=lambda module: module.__name__)
def test_the_examples_are_true(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0
    assert doctest.testmod(module).attempted


@given(facts)
@settings(max_examples=15)
def test_the_exposure_by_currency_and_that_by_month_are_all_that_is_open_abroad(fact: pa.Table) -> None:
    flow = cash_flow(fact)
    made = content(flow)
    abroad = [row for row in flow.to_pylist() if row["moeda_origem"] not in {None, "BRL"}]
    for rows in (exposure.by_currency(made), exposure.by_month(made.cash_flow)):
        for currency in {row["moeda_origem"] for row in abroad}:
            shown = [row for row in rows if row["moeda_origem"] == currency]
            of_gold = [row for row in abroad if row["moeda_origem"] == currency]
            assert total(row["exposicao_moeda_origem"] for row in shown) == total(
                row["exposicao_moeda_origem"] for row in of_gold
            )
            still = sum((total(row[name] for row in of_gold) for name in exposure.OPEN), Decimal(0))
            assert total(row["aberto_brl"] for row in shown) == still


def test_where_one_currency_has_no_quotation_there_is_no_total_in_reais() -> None:
    risks = risk({"USD": Decimal("4.04")})
    made = content(cash_flow(fact_of(ROWS)), risks=risks)
    sheet = read(book_of(made))[exposure.NAME]
    head = head_of(sheet, "Moeda")
    number = column_of(sheet, head, "Em reais à PTAX mais nova")
    by_name = {sheet.cell(row, 1).value: sheet.cell(row, number).value for row in range(head + 1, head + 4)}
    assert by_name == {"EUR": "sem PTAX", "USD": 20.2, "Total": None}


def test_a_name_for_the_file_says_which_version_it_is(lake: Lake) -> None:
    assert file_name(View.of_version(lake, 1)) == "importau-versao-1.xlsx"


def test_a_sum_leaves_out_what_is_null_and_of_nothing_is_zero() -> None:
    assert total([Decimal("0.10"), None, Decimal("0.20")]) == Decimal("0.30")
    assert total([]) == 0


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with account(monkeypatch) as found:
        deploy(found)
        monkeypatch.setattr("cli.commands.export.connect", lambda *_: found)
        yield found


@pytest.fixture
def lake(aws: Aws) -> Lake:
    """Return a lake with two versions: the second one has more, and a forecast."""
    lake = Lake(aws.bucket, aws.s3)
    one, two = fact_of(ROWS[:2]), fact_of(ROWS)
    publish(lake, {FACT: one, CASH_FLOW: cash_flow(one)}, "r1")
    expected = {OUTLOOK: outlook((None, None, Decimal(90000))), RISK: risk({"USD": Decimal("4.04")})}
    publish(lake, {FACT: [two.slice(0, 1), two.slice(1)], CASH_FLOW: cash_flow(two)} | expected, "r2")
    return lake


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["export", *arguments])


def test_the_datas_today_is_the_newest_order_of_every_part_of_the_fact(lake: Lake) -> None:
    assert gathered(View.of_version(lake)).today == date(2024, 3, 5)


def test_the_same_version_makes_the_same_bytes(lake: Lake) -> None:
    view = View.of_version(lake)
    assert workbook(view) == workbook(View.of_version(lake, 2))
    assert workbook(view) != workbook(View.of_version(lake, 1))


def test_a_version_is_exported_as_a_workbook_of_that_version_alone(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "new/out.xlsx"
    result = run("--excel", str(file), "--version", "1")
    assert result.exit_code == 0, result.output
    assert [each.name for each in file.parent.iterdir()] == ["out.xlsx"]
    lines = labelled(load_workbook(file, data_only=True)[cover.NAME])
    assert (lines["Versão"], cents(lines["Total de saídas (R$)"])) == (1, Decimal("1020.21"))
    assert run("--excel", str(file)).exit_code == 0
    assert labelled(load_workbook(file, data_only=True)[cover.NAME])["Versão"] == 2


def test_a_workbook_that_somebody_changed_is_not_replaced_nor_is_another_file(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "out.xlsx"
    assert run("--excel", str(file)).exit_code == 0
    assert is_sealed(file.read_bytes())
    book = load_workbook(file)
    book[cover.NAME]["B6"] = 7
    book.save(file)
    changed = file.read_bytes()
    result = run("--excel", str(file))
    assert result.exit_code == 2
    assert "was changed since" in result.stderr
    assert file.read_bytes() == changed
    for other in (b"mine", b"PK\x03\x04 no archive"):
        file.write_bytes(other)
        with pytest.raises(UsageError, match="is no workbook of an export"):
            claim_workbook(file)
    with pytest.raises(UsageError, match=r"does not end in \.xlsx"):
        claim_workbook(tmp_path / "out.xls")


def test_a_seal_is_of_every_byte_of_the_content(lake: Lake) -> None:
    made = workbook(View.of_version(lake))
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        members = {entry.filename: archive.read(entry) for entry in archive.infolist()}
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    for name, original in members.items():
        changed = io.BytesIO()
        with zipfile.ZipFile(changed, "w") as archive:
            for other, body in members.items():
                archive.writestr(other, body.replace(b"0", b"1") if other == name else body)
        assert is_sealed(changed.getvalue()) == (original == original.replace(b"0", b"1")), name


def test_nothing_is_written_where_there_is_no_cash_flow_or_a_file_is_another(aws: Aws, tmp_path: Path) -> None:
    lake = Lake(aws.bucket, aws.s3)
    file = tmp_path / "out.xlsx"
    assert "nothing was published yet" in run("--excel", str(file)).stderr
    fact = fact_of(ROWS)
    publish(lake, {FACT: fact}, "r1")
    assert f"version 1 has no {CASH_FLOW}" in run("--excel", str(file)).stderr
    version = publish(lake, {CASH_FLOW: cash_flow(fact)}, "r2")
    lake.write_bytes(b"another", version.tables[CASH_FLOW].files[0].key)
    result = run("--excel", str(file))
    assert result.exit_code != 0
    assert "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []


def test_an_export_to_nowhere_says_what_to_name() -> None:
    result = run()
    assert result.exit_code == 2
    assert "--excel FILE" in result.stderr


def test_a_place_that_cannot_be_written_is_a_usage_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UsageError, match="cannot be written"):
        write(b"", tmp_path / "file/out.xlsx")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
