"""The page of an asset answers: what is it, whose, can I trust it, what is personal in it, how do I read it."""

import csv
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
Open = Callable[..., Page]


def section(page: Page, title: str) -> Any:
    """Return the part of the page under a heading."""
    return page.locator("section").filter(has=page.locator(f"h2:text-is('{title}')"))


def test_an_asset_says_what_it_is_and_who_answers_for_it(portal: Open) -> None:
    page = portal("#/asset/importau_gold.agregado_fluxo_de_caixa_mensal")
    expect(page.get_by_role("heading", level=1)).to_contain_text("agregado_fluxo_de_caixa_mensal")
    expect(page.get_by_text("O fluxo de caixa por mês, origem do recurso e moeda, para BI.")).to_be_visible()
    facts = section(page, "Ficha")
    for fact in (
        "controladoria",
        "importacao",
        "Gold",
        "247",
        "1.0.0",
        "s3://importau-lakehouse-portal/gold/",
        "em dia",
    ):
        expect(facts).to_contain_text(fact)
    for tag in ("Core Domain", "Fluxo de Caixa", "BI"):
        expect(page.locator(".badge.tag", has_text=tag).first).to_be_visible()
    expect(facts).to_contain_text(re.compile(r"custo estimado da execução US\$\s0,44"))


def test_whether_to_trust_it_rests_on_its_last_audit(portal: Open) -> None:
    page = portal("#/asset/importau_gold.agregado_fluxo_de_caixa_mensal")
    expect(section(page, "Posso confiar?")).to_contain_text("Sim")
    page.goto(page.url.replace("importau_gold.agregado_fluxo_de_caixa_mensal", "importau_bronze.emprestimos"))
    trust = section(page, "Posso confiar?")
    expect(trust).to_contain_text("Com ressalvas")
    expect(trust).to_contain_text("Linhas em quarentena: 1")


def test_the_schema_shows_types_keys_comments_and_what_is_personal(portal: Open) -> None:
    page = portal("#/asset/importau_bronze.fornecedores")
    schema = section(page, "Esquema")
    key = schema.get_by_role("row").filter(has=page.get_by_role("link", name="fornecedor_id", exact=True))
    expect(key).to_contain_text("chave")
    email = schema.get_by_role("row").filter(has=page.get_by_role("link", name="contato_email", exact=True))
    expect(email).to_contain_text("PII")
    expect(email).to_contain_text("E-mail da pessoa de contato.")
    cnpj = schema.get_by_role("row").filter(has=page.get_by_role("link", name="cnpj", exact=True))
    expect(cnpj).to_contain_text("confidencial")
    personal = section(page, "Dados pessoais")
    for name in ("cnpj", "contato_email", "telefone"):
        expect(personal).to_contain_text(name)
    page.goto(page.url.replace("importau_bronze.fornecedores", "importau_gold.agregado_fluxo_de_caixa_mensal"))
    expect(section(page, "Dados pessoais")).to_contain_text(re.compile("nenhum", re.IGNORECASE))


def test_a_link_to_a_column_marks_it_and_brings_it_into_sight(portal: Open) -> None:
    page = portal("#/asset/importau_silver.fato_pedido_correlacionado/variacao_cambial_brl")
    row = section(page, "Esquema").locator("tr[aria-current=true]")
    expect(row).to_contain_text("variacao_cambial_brl")
    expect(row).to_be_in_viewport()
    row.get_by_role("link", name=re.compile("^Linhagem")).click()
    expect(page).to_have_url(re.compile(r"#/map/importau_silver\.fato_pedido_correlacionado/variacao_cambial_brl$"))


def test_rules_keep_their_history_and_quarantine_its_reasons(portal: Open) -> None:
    page = portal("#/asset/importau_bronze.emprestimos")
    rule = section(page, "Qualidade").get_by_role("row").filter(has_text="linhas_em_quarentena")
    expect(rule).to_contain_text("1 de 12")
    expect(rule.locator(".history li")).to_have_count(2)
    rule.get_by_text("Exemplos").click()
    expect(rule).to_contain_text("emprestimos.csv:11")
    audits = section(page, "Auditorias e quarentena")
    expect(audits).to_contain_text("num_parcelas_pagas não passa de prazo_meses")


def test_no_personal_or_confidential_value_is_anywhere_in_the_page(portal: Open, csv_dir: Any) -> None:
    page = portal("#/asset/importau_bronze.fornecedores")
    sample = section(page, "Amostra")
    expect(sample).to_contain_text("cnpj, contato_email, telefone")
    expect(sample.get_by_role("columnheader", name="razao_social")).to_be_visible()
    html = page.content()
    with (csv_dir / "fornecedores.csv").open(encoding="utf-8", newline="") as file:
        suppliers = list(csv.DictReader(file))
    secret = {row[name] for row in suppliers for name in ("cnpj", "contato_email", "telefone")} - {"", "--"}
    assert len(secret) > 50
    assert [value for value in secret if value in html] == []


def test_the_query_reads_the_table_without_its_personal_columns_and_can_be_copied(portal: Open) -> None:
    page = portal("#/asset/importau_bronze.pedidos")
    query = section(page, "Consulta no Athena")
    expect(query).to_contain_text("FROM importau_bronze.pedidos")
    expect(query).not_to_contain_text("usuario_criacao")
    query.get_by_role("button").click()
    expect(query.get_by_role("status")).not_to_be_empty()


def test_an_asset_leads_to_its_neighbours(portal: Open) -> None:
    page = portal("#/asset/importau_silver.fato_pedido_correlacionado")
    lineage = section(page, "Linhagem")
    expect(lineage.get_by_role("link", name="cambio", exact=True)).to_be_visible()
    lineage.get_by_role("link", name="agregado_fluxo_de_caixa_mensal", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("agregado_fluxo_de_caixa_mensal")


def test_a_csv_shows_what_there_is_to_know_of_it(portal: Open) -> None:
    page = portal("#/asset/landing.pedidos")
    expect(page.get_by_role("heading", level=1)).to_contain_text("pedidos.csv")
    expect(section(page, "Esquema")).to_contain_text("usuario_criacao")
    expect(section(page, "Qualidade")).to_have_count(0)


@pytest.mark.parametrize(
    ("typed", "kinds"),
    [
        ("risco cambiál", {"Tabelas": "agregado_ml_forecast_risco_cambial", "Pipelines": "StateMachine_DAG_gold",
                           "Tarefas": "WriteGold", "Colunas": "mes_referencia"}),
        ("Forecast", {"Tabelas": "agregado_ml_forecast_risco_cambial", "Pipelines": "StateMachine_DAG_gold",
                      "Tarefas": "WriteGold", "Colunas": "mes_referencia"}),
        ("cambial", {"Colunas": "variacao_cambial_brl"}),
    ],
)  # fmt: skip
def test_search_finds_everything_as_one_types_without_accents(portal: Open, typed: str, kinds: dict[str, str]) -> None:
    page = portal()
    page.keyboard.press("/")
    page.keyboard.type(typed)
    for kind, name in kinds.items():
        expect(page.get_by_role("group", name=kind).get_by_role("option").filter(has_text=name).first).to_be_visible()


def test_search_is_used_by_keyboard_and_leads_to_the_column(portal: Open) -> None:
    page = portal()
    search = page.get_by_role("combobox", name="Buscar tabelas, colunas, tarefas e pipelines")
    search.fill("contato_email")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"#/asset/(importau_bronze|landing)\.fornecedores/contato_email$"))
    search.fill("zzzzzz")
    expect(page.get_by_text("Nada encontrado.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Nada encontrado.")).to_be_hidden()
