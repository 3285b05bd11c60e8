"""The page that a controller opens: what leaves, what is overdue, what exchange rates may do, what there is to do."""

import base64
import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import independent
import pytest
from exports import SAMPLE
from lakehouse_tables import CASH_FLOW, FACT
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
Open = Callable[..., Page]
A4_PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")


@pytest.fixture(scope="module")
def sample() -> Any:
    """The tables of the sample, worked out apart."""
    return {name: table.to_pylist() for name, table in independent.tables(SAMPLE.folder).items()}


@pytest.fixture(scope="module")
def today(sample: Any) -> date:
    newest: date = max(row["data_pedido"] for row in sample[FACT] if row["data_pedido"])
    return newest


def brl(text: str) -> Decimal:
    return Decimal(re.sub(r"[^\d,-]", "", text.replace("−", "-")).replace(",", "."))


def figure(page: Page, name: str) -> Decimal:
    shown = page.locator(".figures > div", has=page.locator("dt", has_text=re.compile(f"^{name}$")))
    return brl(shown.locator(".value").inner_text())


def downloaded(page: Page, panel: str) -> list[dict[str, str]]:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=f"Baixar CSV: {panel}").click()
    text = Path(waiting.value.path()).read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def values(frame: dict[str, Any], name: str) -> list[Any]:
    column = next(each for each in frame["columns"] if each["name"] == name)
    if "words" in column:
        return [None if each is None else column["words"][each] for each in column["values"]]
    return list(column["values"])


def test_the_page_opens_on_what_is_overdue_and_what_leaves_as_of_the_datas_today(
    portal: Open, sample: Any, today: date
) -> None:
    page = portal()
    expect(page.get_by_role("heading", level=1)).to_have_text("Próximos doze meses")
    expect(page.locator(".outlook-head time").first).to_have_attribute("datetime", str(today))
    unpaid = [row for row in sample[FACT] if row["status_pagamento"] not in {"PAGO", "CANCELADO"}]

    def due(first: date, last: date) -> Decimal:
        amounts = [row["valor_fluxo_brl"] for row in unpaid if first <= row["data_vencimento"] <= last]
        return sum(amounts, Decimal(0))

    assert figure(page, "Vencido") == due(date.min, today - timedelta(1)) > 0
    for days in (30, 90, 365):
        assert figure(page, f"Em {days} dias") == due(today, today + timedelta(days)) > 0
    expect(page.get_by_role("img", name=re.compile("^O que sai, mês a mês"))).to_contain_text("hoje")


def test_the_months_part_golds_total_to_the_cent_with_loans_apart(portal: Open, sample: Any, today: date) -> None:
    page = portal()
    rows = downloaded(page, "O que sai, mês a mês")
    assert len(rows) == 12
    assert rows[0]["Mês"] == f"{today:%Y-%m}"
    sofar = Decimal(0)
    for row in rows:
        gold = [each for each in sample[CASH_FLOW] if each["mes_referencia"] == row["Mês"]]
        total = sum((each["total_saida_brl"] for each in gold), Decimal(0))
        loans = sum((e["total_saida_brl"] for e in gold if e["origem_recurso"] == "EMPRESTIMO_PJ"), Decimal(0))
        parts = [brl(row[name]) for name in ("Compras pagas", "Compras a pagar", "Empréstimos", "Vencido")]
        sofar += total
        assert sum(parts) == brl(row["Total"]) == total
        assert brl(row["Empréstimos"]) <= loans
        assert brl(row["Total acumulado"]) == sofar


def test_what_is_overdue_is_told_by_creditor_and_adds_up(portal: Open) -> None:
    page = portal()
    rows = downloaded(page, "Vencido, a quem")
    assert sum(brl(row["Em reais"]) for row in rows) == figure(page, "Vencido")
    panel = page.get_by_role("region", name="Vencido, a quem", exact=True)
    expect(panel.get_by_role("table").first.locator("tbody tr").first).to_contain_text(rows[0]["Credor"])


def test_the_exposure_moves_with_the_slider_exactly_as_the_table_of_the_risk_says(portal: Open, lakehouse: Any) -> None:
    risk = lakehouse["dashboards"]["currency_risk"]
    assert risk, "the sample has the layer"
    totals = {
        (currency or "Todas"): (reais, shifted)
        for currency, month, reais, shifted in zip(
            *(
                values(risk, name)
                for name in ("moeda_origem", "mes_vencimento", "exposicao_brl", "estresse_mais_10_brl")
            ),
            strict=True,
        )
        if month is None
    }
    page = portal()
    panel = page.get_by_role("region", name="Exposição cambial", exact=True)
    slider = panel.get_by_role("slider", name="Se as moedas mudarem")
    expect(slider).to_have_value("10")
    rows = {row["Moeda"]: row for row in downloaded(page, "Exposição cambial")}
    assert set(rows) == set(totals)
    for currency, (reais, shifted) in totals.items():
        assert brl(rows[currency]["Em reais"]) == Decimal(reais).scaleb(-2)
        if shifted is not None:
            assert brl(rows[currency]["Diferença (+10 %)"]) == Decimal(shifted).scaleb(-2)
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
    expect(slider).to_have_value("-20")
    expect(panel.get_by_role("columnheader", name="Diferença (−20 %)")).to_be_visible()
    panel.get_by_role("button", name="Voltar a 0 %").click()
    expect(slider).to_have_value("0")


def test_comparisons_are_told_in_words_gain_or_loss_among_them(portal: Open, sample: Any, today: date) -> None:
    gold = sample[CASH_FLOW]
    month, before = f"{today:%Y-%m}", f"{today.year - 1}-{today:%m}"
    now, then = (
        sum(row["total_saida_brl"] for row in gold if row["mes_referencia"] == each) for each in (month, before)
    )
    year = [row for row in gold if f"{today.year}-01" <= row["mes_referencia"] <= month]
    result = sum(row["variacao_cambial_brl"] for row in year)
    told = portal().get_by_role("region", name="Em palavras").inner_text()
    amounts = {brl(each) for each in re.findall(r"R\$\s[\d.]+,\d\d", told)}
    assert {now, then, abs(now - then), abs(result)} <= amounts
    assert ("Ganho de câmbio" if result > 0 else "Perda de câmbio") in told


def test_the_forecast_shows_what_is_expected_with_its_interval_and_how_it_went_when_tested(
    portal: Open, lakehouse: Any
) -> None:
    outlook = lakehouse["dashboards"]["outlook"]
    whole = [
        row
        for row, key in enumerate(zip(values(outlook, "categoria"), values(outlook, "moeda_origem"), strict=True))
        if key == (None, None)
    ]
    page = portal()
    panel = page.get_by_role("region", name="Comprometido e previsto", exact=True)
    rows = downloaded(page, "Comprometido e previsto")
    assert len(rows) == len(whole) == 6
    for name, heading in (
        ("comprometido_brl", "Comprometido"), ("previsto_brl", "Previsto"), ("inferior_90_brl", "De (90 %)"),
        ("superior_90_brl", "Até (90 %)"), ("comprometido_emprestimos_brl", "Empréstimos"),
    ):  # fmt: skip
        assert [brl(row[heading]) for row in rows] == [Decimal(values(outlook, name)[row]).scaleb(-2) for row in whole]
    expect(panel).to_contain_text(re.compile(r"Quanto vale a previsão.*MASE.*o intervalo de 90 % conteve", re.DOTALL))


def test_where_there_is_no_honest_number_the_page_says_why_and_never_zero(portal: Open, lakehouse: Any) -> None:
    for frame, motive, names in (
        ("outlook", "A série tem 9 meses; são necessários 18.",
         ("previsto_brl", "inferior_90_brl", "superior_90_brl", "mase")),
        ("currency_risk", "USD tem 12 retornos diários.",
         ("var_95_ewma_brl", "var_95_historico_brl", "pior_movimento_brl")),
    ):  # fmt: skip
        table = lakehouse["dashboards"][frame]
        for column in table["columns"]:
            if column["name"] in names:
                column["values"] = [None] * table["rows"]
            if column["name"] == "motivo":
                column["words"], column["values"] = [motive], [0] * table["rows"]
    page = portal(document=lakehouse)
    forecast = page.get_by_role("region", name="Comprometido e previsto", exact=True)
    expect(forecast).to_contain_text("Sem previsão")
    expect(forecast).to_contain_text("A série tem 9 meses; são necessários 18.")
    assert {row["Previsto"] for row in downloaded(page, "Comprometido e previsto")} == {""}
    risk = page.get_by_role("region", name="Risco cambial", exact=True)
    expect(risk).to_contain_text("USD tem 12 retornos diários.")
    assert {row["95 %, EWMA"] for row in downloaded(page, "Risco cambial")} == {""}


def test_a_version_of_before_the_forecast_says_so_and_shows_the_rest(portal: Open, lakehouse: Any) -> None:
    lakehouse["dashboards"] |= {"outlook": None, "currency_risk": None}
    page = portal(document=lakehouse)
    expect(page.get_by_text("Esta versão é de antes da camada de previsão")).to_have_count(2)
    assert figure(page, "Exposição cambial") > 0


def test_the_workbook_is_a_button_where_the_page_carries_it(portal: Open, lakehouse: Any) -> None:
    page = portal(document=lakehouse)
    expect(page.get_by_role("button", name="Baixar planilha")).to_have_count(0)
    content = bytes(range(256))
    lakehouse["workbook"] = {
        "name": "importau-versao-2.xlsx",
        "bytes": 256,
        "base64": base64.b64encode(content).decode(),
    }
    page = portal(document=lakehouse)
    page.reload()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Baixar planilha").click()
    assert waiting.value.suggested_filename == "importau-versao-2.xlsx"
    assert Path(waiting.value.path()).read_bytes() == content
    lakehouse["workbook"] |= {"base64": None}
    page = portal(document=lakehouse)
    page.reload()
    expect(page.get_by_text("./importau export --excel")).to_be_visible()


def test_alerts_and_quarantine_are_a_list_of_what_to_do(portal: Open, lakehouse: Any) -> None:
    page = portal("#/todo")
    tasks = page.locator(".tasks > li")
    expect(tasks.first).to_contain_text("Linhas na quarentena")
    expect(tasks.first).to_contain_text("./importau quarantine export")
    expect(tasks.filter(has_text="Linhas na quarentena")).to_have_count(len(lakehouse["waiting"]))
    count = page.get_by_role("navigation").get_by_role("link", name=re.compile("^A fazer"))
    expect(count).to_contain_text(str(tasks.count()))


def test_quality_volume_time_and_cost_are_lines_over_the_runs(portal: Open) -> None:
    section = portal("#/pipelines").get_by_role("region", name="Ao longo das execuções")
    for name in ("Regras cumpridas", "Linhas em quarentena", "Linhas publicadas", "Duração", "Custo estimado"):
        expect(section.get_by_role("img", name=re.compile(f"^{name}"))).to_be_visible()


@pytest.mark.parametrize("address", ["#/", "#/dashboards"])
def test_a_page_of_the_portal_is_a_page_of_paper(portal: Open, address: str) -> None:
    page = portal(address)
    page.locator("figure.chart").last.wait_for()
    paper = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(A4_PAGE.findall(paper)) == 1


def test_on_a_phone_the_header_is_one_line_and_the_map_opens_whole(portal: Open) -> None:
    page = portal("#/map")
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    boxes = page.locator(".react-flow__node-asset")
    boxes.first.wait_for()
    header: Any = page.locator("header.bar").bounding_box()
    assert header["height"] < 60
    room: Any = page.locator(".graph").bounding_box()
    assert boxes.count() > 10
    for box in boxes.all():
        place: Any = box.bounding_box()
        assert room["x"] <= place["x"]
        assert place["x"] + place["width"] <= room["x"] + room["width"]
        assert room["y"] <= place["y"]
        assert place["y"] + place["height"] <= room["y"] + room["height"]
