"""Pipelines, costs and dashboards; languages, themes, phones; and that nothing in the data is ever more than text."""

import csv
import io
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import independent
import pytest
from catalogues import DASHBOARDS, PAYLOAD, hostile, large
from exports import SAMPLE
from lakehouse_tables import CASH_FLOW, FORECAST
from playwright.sync_api import Page, expect

from cli.portal.page import WORKSHOP, filled, template

pytestmark = pytest.mark.browser
Open = Callable[..., Page]
PAGES = [
    "#/",
    "#/todo",
    "#/map",
    "#/map/importau_gold.agregado_fluxo_de_caixa_mensal/saida_paga_brl",
    "#/asset/importau_bronze.fornecedores",
    "#/pipelines/StateMachine_DAG_silver/WriteSilver",
    "#/dashboards",
]
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


def test_the_pipelines_are_drawn_from_their_definitions(portal: Open) -> None:
    page = portal("#/pipelines/StateMachine_DAG_silver")
    diagram = page.locator(".diagram")
    for state in ("WriteSilver", "AuditSilver", "AuditPassed", "Publish", "Published"):
        expect(diagram.get_by_role("link", name=re.compile(f"^{state} "))).to_be_visible()
    expect(diagram.get_by_role("link", name=re.compile("^AuditFailed"))).to_have_count(0)
    page.get_by_role("checkbox", name="Mostrar o caminho das falhas").check()
    expect(diagram.get_by_role("link", name=re.compile("^AuditFailed"))).to_have_count(1)


def test_a_task_says_what_it_reads_and_writes(portal: Open) -> None:
    page = portal("#/pipelines/StateMachine_DAG_silver")
    page.get_by_role("link", name=re.compile("^WriteSilver ")).first.click()
    details = page.get_by_role("region", name="WriteSilver")
    expect(details).to_contain_text("Correlaciona as tabelas Bronze no fato")
    expect(details).to_contain_text("controladoria")
    expect(details.get_by_role("link")).to_have_count(8)
    details.get_by_role("link", name="importau_silver.fato_pedido_correlacionado").click()
    expect(page).to_have_url(re.compile(r"#/asset/importau_silver\.fato_pedido_correlacionado$"))


def test_the_last_executions_tell_the_time_of_every_task(portal: Open) -> None:
    page = portal("#/pipelines/StateMachine_DAG_pipeline")
    rows = page.get_by_role("region", name="Últimas execuções").locator("tbody tr")
    expect(rows).to_have_count(2)
    for task in ("Bronze", "Silver", "Gold", "Discover", "Govern"):
        expect(rows.first).to_contain_text(re.compile(rf"{task}[\d,]+ s"))
    # The second run found nothing new for crawlers.
    expect(rows.first).not_to_contain_text("Crawl")
    expect(rows.last).to_contain_text(re.compile(r"Crawl[\d,]+ s"))


def test_the_versions_of_the_lake_are_listed_and_the_one_that_is_shown_says_so(portal: Open, lakehouse: Any) -> None:
    page = portal("#/pipelines")
    rows = page.get_by_role("region", name="Versões do lago").last.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text(re.compile(r"^2.*a que esta página mostra.*pipeline", re.DOTALL))
    expect(rows.first).to_contain_text(lakehouse["version"]["run_id"])
    expect(rows.last).not_to_contain_text("a que esta página mostra")


def test_what_a_version_changed_and_what_waits_to_be_mended_are_told(portal: Open) -> None:
    page = portal("#/pipelines")
    page.get_by_text("O que espera na quarentena", exact=True).click()
    rows = page.get_by_role("region", name="O que espera na quarentena").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text(re.compile(r"^emprestimos1"))
    expect(rows.first).to_contain_text("num_parcelas_pagas não passa de prazo_meses")
    page.get_by_text("O que esta versão mudou no fluxo de caixa", exact=True).click()
    expect(page.get_by_text("Nenhum mês mudou.")).to_be_visible()


def test_what_the_last_run_cost_is_told_line_by_line_and_adds_up(portal: Open, lakehouse: Any) -> None:
    page = portal("#/pipelines")
    # The last run is the second, which found nothing for crawlers to do: they are nearly all that a small run costs.
    expect(page.get_by_text(re.compile(r"Última execução: .*Custou, por estimativa, < US\$\s0,01"))).to_be_visible()
    lakehouse["runs"].pop(0)
    page = portal("#/pipelines", lakehouse)
    page.reload()
    expect(page.get_by_text(re.compile(r"Última execução: .*Custou, por estimativa, US\$"))).to_be_visible()
    table = page.get_by_role("region", name="Quanto custou").last
    for item in ("Lambda, tempo", "Step Functions, transições", "Glue, crawlers", "S3, gravações", "Glue, jobs Spark"):
        expect(table.get_by_role("row", name=re.compile(f"^{item}"))).to_be_visible()
    cost = lakehouse["runs"][0]["cost"]
    assert sum((Decimal(line["usd"]) for line in cost["lines"]), Decimal(0)) == Decimal(cost["total_usd"])
    shown = table.get_by_role("row", name=re.compile("^Total estimado")).inner_text()
    digits = re.sub(r"[^\d,]", "", shown.split("US$")[1]).replace(",", ".")
    assert Decimal(digits) == Decimal(cost["total_usd"]).quantize(Decimal("0.01"))


def downloaded(page: Page, panel: str) -> list[list[str]]:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=f"Baixar CSV: {panel}").click()
    text = Path(waiting.value.path()).read_text("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";"))


def brl(text: str) -> Decimal:
    return Decimal(text.replace(".", "").replace(",", "."))


def in_brl(amount: Decimal) -> str:
    """Return a pattern of an amount as Brazilians write it."""
    return r"-?R\$\s" + re.escape(f"{abs(amount):,.2f}".translate(str.maketrans(",.", ".,")))


@pytest.fixture(scope="module")
def gold() -> dict[str, list[dict[str, Any]]]:
    """The two aggregates of the sample, worked out apart."""
    tables = independent.tables(SAMPLE.folder)
    return {name: tables[name].to_pylist() for name in (CASH_FLOW, FORECAST)}


def summed(rows: list[dict[str, Any]], column: str, **where: str) -> Decimal:
    return sum((row[column] for row in rows if where.items() <= row.items()), Decimal(0))


def test_the_cash_flow_is_the_gold_table_to_the_cent(portal: Open, gold: Any) -> None:
    outflow, variation = (summed(gold[CASH_FLOW], name) for name in ("total_saida_brl", "variacao_cambial_brl"))
    page = portal("#/dashboards")
    numbers = page.locator(".key-numbers")
    expect(numbers).to_contain_text(re.compile(rf"Saída total\s*{in_brl(outflow)}"))
    expect(numbers).to_contain_text(re.compile(rf"Variação cambial \(R\$\)\s*{in_brl(variation)}"))
    header, *rows = downloaded(page, "Fluxo de caixa mensal")
    assert header[0] == "Mês"
    total, sofar = header.index("Total"), header.index("Total acumulado")
    amounts = [brl(row[total]) for row in rows]
    assert sum(amounts) == outflow
    assert brl(rows[-1][sofar]) == outflow
    for row in rows:
        assert sum(brl(row[at]) for at in range(1, total)) == brl(row[total])


def test_filters_narrow_are_kept_in_the_address_and_say_where_they_do_not_apply(portal: Open, gold: Any) -> None:
    in_dollars = summed(gold[CASH_FLOW], "total_saida_brl", moeda_origem="USD")
    page = portal("#/dashboards")
    page.locator("summary", has_text="Moeda").click()
    page.get_by_role("checkbox", name="USD").check()
    expect(page).to_have_url(re.compile(r"moeda=USD"))
    expect(page.locator(".key-numbers")).to_contain_text(re.compile(rf"Saída total\s*{in_brl(in_dollars)}"))
    page.locator("summary", has_text="Categoria").click()
    page.get_by_role("checkbox", name="Tecnologia").check()
    cash_flow = page.get_by_role("region", name="Fluxo de caixa mensal", exact=True)
    expect(cash_flow).to_contain_text("não se aplica aqui, pois a tabela não tem: categoria")
    page.go_back()
    expect(cash_flow).not_to_contain_text("não se aplica aqui")
    page.get_by_label("Até").select_option("2024-12")
    expect(page).to_have_url(re.compile("to=2024-12"))
    page.get_by_role("button", name="Limpar filtros").click()
    expect(page).to_have_url(re.compile(r"#/dashboards$"))


def test_volume_by_category_and_country_is_the_fact_without_loans_and_cancelled(portal: Open) -> None:
    page = portal("#/dashboards")
    by_category = downloaded(page, "Volume por categoria")
    by_country = downloaded(page, "Volume por país do fornecedor")
    sums = [sum(brl(row[1]) for row in rows[1:]) for rows in (by_category, by_country)]
    assert sums[0] == sums[1] > 0
    page.goto(page.url.split("?")[0] + "?pais=China")
    china = downloaded(page, "Volume por categoria")
    assert sum(brl(row[1]) for row in china[1:]) == next(brl(row[1]) for row in by_country if row[0] == "China")


def test_every_chart_has_its_numbers_as_a_table(portal: Open) -> None:
    page = portal("#/dashboards")
    panels = page.locator("section.panel")
    assert panels.count() == page.get_by_text("Ver como tabela").count() == 6
    panel = page.get_by_role("region", name="Exposição cambial em aberto", exact=True)
    panel.get_by_text("Ver como tabela").click()
    expect(panel.get_by_role("table")).to_contain_text(re.compile(r"US\$\s[\d.]+,\d\d"))
    charts = page.locator("figure.chart")
    assert charts.count() == charts.locator("[role=img][aria-label]").count() >= 6


def test_the_forecast_has_its_target_beside_its_value(portal: Open, gold: Any) -> None:
    series = [row for row in gold[FORECAST] if (row["categoria"], row["moeda_origem"]) == ("Químicos", "BRL")]
    assert len(series) > 9
    page = portal("#/dashboards")
    panel = page.get_by_role("region", name="Séries para previsão: variáveis e alvo", exact=True)
    panel.get_by_role("combobox", name="Série").select_option("Químicos · BRL")
    rows = panel.get_by_role("table").first.locator("tbody tr")
    expect(rows).to_have_count(len(series))
    heads = [text.strip() for text in panel.get_by_role("table").first.locator("th").all_inner_texts()]
    at = heads.index("Fluxo (R$)")
    assert heads[at + 1] == "Fluxo do mês seguinte (R$)"
    for n, column in enumerate(("valor_fluxo_brl", "alvo_valor_fluxo_proximo_mes_brl")):
        shown = rows.first.locator("td").nth(at + n)
        expect(shown).to_have_text(re.compile(in_brl(series[0][column])))


def test_portuguese_is_spoken_first_and_english_by_a_switch_that_is_remembered(portal: Open, gold: Any) -> None:
    page = portal("#/dashboards")
    expect(page.locator("html")).to_have_attribute("lang", "pt-BR")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dashboards")
    expect(page.locator(".key-numbers")).to_contain_text(f"R${summed(gold[CASH_FLOW], 'total_saida_brl'):,.2f}")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("link", name="Map", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Map of the data")


def test_the_theme_is_the_systems_until_one_chooses(portal: Open) -> None:
    page = portal()
    page.emulate_media(color_scheme="dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Tema claro").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


@pytest.mark.parametrize("language", ["pt", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_every_page_is_accessible_in_every_dress(portal: Open, theme: Any, width: int, language: str) -> None:
    page = portal()
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=theme)
    page.evaluate("language => localStorage.setItem('importau.language', language)", language)
    audit = (WORKSHOP / "node_modules/axe-core/axe.min.js").read_text("utf-8")
    for address in PAGES:
        page.goto(page.url.split("#")[0] + address)
        page.reload()
        page.get_by_role("main").locator("h1").wait_for()
        page.evaluate(audit)
        found = page.evaluate("standards => axe.run({ runOnly: standards })", STANDARDS)
        wrong = [(each["id"], [node["target"] for node in each["nodes"]][:3]) for each in found["violations"]]
        assert wrong == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{address} scrolls sideways"


@pytest.mark.parametrize("address", PAGES)
def test_markup_and_scripts_in_data_and_catalogue_show_as_text(portal: Open, lakehouse: Any, address: str) -> None:
    nasty = hostile(lakehouse)
    page = portal(address.replace("fornecedores", next(a["id"] for a in nasty["assets"] if "fornecedores" in a["id"]
                  and a["layer"] == "bronze").partition(".")[2].replace("/", "%2F").replace("<", "%3C")
                  .replace(" ", "%20").replace("?", "%3F").replace("#", "%23")), nasty)  # fmt: skip
    page.get_by_role("main").locator("h1").wait_for()
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0
    if address != "#/dashboards":
        expect(page.get_by_role("main")).to_contain_text(PAYLOAD)
    assert page.locator("script").count() == 2


def test_the_policy_of_the_page_allows_its_own_script_and_nothing_else(portal: Open) -> None:
    page = portal()
    policy = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content") or ""
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert re.fullmatch(r"'sha256-[\w+/=]{44}'", rules["script-src"])
    assert re.fullmatch(r"'sha256-[\w+/=]{44}'", rules["style-src"])
    assert "connect-src" not in rules
    assert "unsafe" not in policy


def test_a_script_that_got_in_would_not_run(page: Page, lakehouse: Any, tmp_path: Path) -> None:
    html = filled(template(), lakehouse).replace(
        '<div id="portal">', '<script>window.hacked=1</script><div id="portal">'
    )
    (tmp_path / "x.html").write_text(html, "utf-8")
    page.goto((tmp_path / "x.html").as_uri())
    page.get_by_role("navigation").first.wait_for()
    assert page.evaluate("window.hacked") is None


def test_a_catalogue_of_five_hundred_tables_is_drawn_searched_and_traced(portal: Open) -> None:
    catalogue = large()
    assert (len(catalogue["assets"]), sum(len(asset["columns"]) for asset in catalogue["assets"])) == (500, 5000)
    page = portal("#/map/importau_gold.tabela_400", catalogue)
    panel = page.get_by_role("complementary", name="Detalhes")
    expect(panel.get_by_role("link", name="tabela_275", exact=True)).to_be_visible()
    page.get_by_role("combobox").fill("tabela_499")
    page.get_by_role("option").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("tabela_499")


def test_a_page_without_data_says_what_to_run(page: Page, tmp_path: Path) -> None:
    (tmp_path / "x.html").write_text(template(), "utf-8")
    page.goto((tmp_path / "x.html").as_uri())
    expect(page.get_by_text("./importau portal").first).to_be_visible()


def test_a_lakehouse_that_never_ran_gold_says_so(portal: Open, lakehouse: Any) -> None:
    lakehouse["dashboards"] = dict.fromkeys(DASHBOARDS)
    lakehouse["runs"], lakehouse["pipelines"] = [], []
    page = portal("#/dashboards", lakehouse)
    expect(page.get_by_text("A tabela ainda não foi publicada; execute o pipeline.")).to_have_count(3)
    page.goto(page.url.split("#")[0] + "#/pipelines")
    expect(page.get_by_text("Nenhuma máquina de estado foi encontrada.")).to_be_visible()
