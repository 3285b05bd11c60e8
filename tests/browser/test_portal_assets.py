"""The page of an asset answers: what is it, whose, can I trust it, what is personal in it, how do I read it."""

import csv
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from cli.finding.ranking import Search
from lakehouse.contract.model import load

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
        "Gold",
        "247",
        load("agregado_fluxo_de_caixa_mensal").version,
        "s3://importau-lakehouse-portal/gold/",
        "em dia",
    ):
        expect(facts).to_contain_text(fact)
    for tag in ("Core Domain", "Fluxo de Caixa", "BI"):
        expect(page.locator(".badge.tag", has_text=tag).first).to_be_visible()
    expect(facts).to_contain_text(re.compile(r"custo estimado da execução < US\$\s0,01"))


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
    key = schema.get_by_role("row").filter(has=page.get_by_text("fornecedor_id", exact=True))
    expect(key).to_contain_text("chave")
    email = schema.get_by_role("row").filter(has=page.get_by_text("contato_email", exact=True))
    expect(email).to_contain_text("pessoal")
    expect(email).to_contain_text("E-mail da pessoa de contato.")
    cnpj = schema.get_by_role("row").filter(has=page.get_by_text("cnpj", exact=True))
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
    ("typed", "kind", "name", "why"),
    [
        ("risco canbiál", "tabela", "risco_cambial", "glossário"),
        ("supplier email", "coluna", "fornecedores.contato_email", "supplier = Fornecedor (glossário); email (nome)"),
        ("tarefa forecast", "tarefa", "StateMachine_DAG_forecast.WriteForecast", "forecast"),
        ("pipeline previsão", "pipeline", "StateMachine_DAG_forecast", "previsão"),
        ("fornece", "tabela", "fornecedores", "fornece… fornecedores (nome)"),
    ],
)
def test_search_finds_what_people_type_and_says_why(portal: Open, typed: str, kind: str, name: str, why: str) -> None:
    page = portal()
    page.keyboard.press("/")
    page.keyboard.type(typed)
    options = page.get_by_role("listbox", name="Resultados").get_by_role("option")
    found = options.filter(has=page.get_by_text(name, exact=True)).first
    expect(found).to_contain_text(why)
    expect(found.get_by_text(kind, exact=True)).to_be_visible()
    assert name in [text for option in options.all()[:3] for text in option.locator(".name").all_inner_texts()]
    assert options.count() <= 12


def test_search_has_the_answers_of_the_command_line(portal: Open, lakehouse: Any) -> None:
    page = portal()
    box = page.get_by_role("combobox", name="Buscar tabelas, colunas, tarefas e pipelines")
    options, ask = page.get_by_role("listbox", name="Resultados"), Search(lakehouse["search"])
    indexed, there = lakehouse["search"]["entries"], {asset["database"] for asset in lakehouse["assets"]}
    for typed in ("cotação do dólar", "quem é o dono da tabela de pagamentos", "curency risk"):
        box.fill(typed)
        answers = [indexed[each.entry] for each in ask(typed).found]
        shown = [each["where"] for each in answers if "." not in each["id"] or each["id"].split(".")[0] in there]
        expect(options.locator(".name")).to_have_text(shown[:12])


def test_a_table_and_its_columns_say_their_terms(portal: Open) -> None:
    page = portal("#/asset/importau_bronze.cambio")
    expect(page.get_by_text("Taxa de câmbio (exchange rate): Quantos reais custa")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="taxa_ptax").get_by_text("PTAX", exact=True).last).to_be_visible()


def test_search_is_used_by_keyboard_and_leads_to_the_column(portal: Open) -> None:
    page = portal()
    search = page.get_by_role("combobox", name="Buscar tabelas, colunas, tarefas e pipelines")
    search.fill("contato_email")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"#/asset/importau_bronze\.fornecedores/contato_email$"))
    # The page that opens takes the focus, after its address is there.
    expect(page.get_by_role("main")).to_be_focused()
    search.fill("zzzzzz")
    expect(page.get_by_text("Nada encontrado.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Nada encontrado.")).to_be_hidden()


def over_time(lakehouse: Any, asset: str) -> Any:
    """Return a document in which a table has the past of twelve runs, the last of half the rows and a new schema."""
    days = [f"2026-11-{day:02}T09:00:00+00:00" for day in range(1, 13)]
    rows = {
        "measure": "rows",
        "column": None,
        "scale": 0,
        "values": [335] * 11 + [167],
        "usual": [None] * 3 + [[329, 341]] * 9,
    }
    total = {
        "measure": "total", "column": "valor_pago_brl", "scale": 2, "values": [123456789] * 12, "usual": [None] * 12,
    }  # fmt: skip
    change = {
        "run_id": "r",
        "at": days[0],
        "contract": "1.0.0",
        "columns": 13,
        "added": [],
        "removed": [],
        "retyped": [],
    }
    found = next(each for each in lakehouse["assets"] if each["id"] == asset)
    found["past"] = {
        "runs": [{"run_id": f"r{at}", "version": at, "at": day} for at, day in enumerate(days, 1)],
        "measures": [rows, total],
        "changes": [
            change | {"version": 9, "at": days[8], "contract": "2.0.0", "contract_before": "1.0.0"}
            | {"added": ["canal"], "removed": ["observacao"]}
            | {"retyped": [{"name": "taxa", "before": "double", "now": "decimal(18,6)"}]},
            change | {"version": 1, "contract_before": None},
        ],
    }  # fmt: skip
    lakehouse["anomalies"] = [
        {"asset": asset, "measure": "rows", "column": None, "scale": 0, "value": 167, "expected": 335, "least": 329,
         "most": 341, "tenths": 1680, "runs": 11},
    ]  # fmt: skip
    return lakehouse


def test_a_table_over_time_has_what_is_usual_what_is_not_and_the_history_of_its_schema(
    portal: Open, lakehouse: Any
) -> None:
    page = portal("#/asset/importau_bronze.pagamentos", over_time(lakehouse, "importau_bronze.pagamentos"))
    past = section(page, "Ao longo do tempo")
    expect(past.get_by_role("heading", name="Linhas 1 fora do usual")).to_be_visible()
    expect(past.get_by_role("img", name="Linhas, de ")).to_be_visible()
    past.get_by_text("Números de cada execução").click()
    newest = past.get_by_role("row").nth(1)
    expect(newest).to_contain_text("167 (fora do usual)")
    expect(newest).to_contain_text(re.compile(r"R\$\s1\.234\.567,89"))
    changed = past.get_by_role("row").filter(has_text="1.0.0 → 2.0.0")
    expect(changed).to_contain_text("entrou canal")
    expect(changed).to_contain_text("saiu observacao")
    expect(changed).to_contain_text("mudou de tipo taxa: double → decimal(18,6)")
    expect(past.get_by_role("row").filter(has_text="primeira execução conhecida: 13 colunas")).to_be_visible()
    page.goto(page.url.split("#")[0] + "#/todo")
    odd = page.get_by_role("listitem").filter(has_text="Fora do usual")
    expect(odd).to_contain_text("um número não é como nas execuções de antes")
    expect(odd).to_contain_text("Linhas: 167; esperado 335 (329 a 341), 168 vezes a dispersão, por 11 execuções")


def test_of_one_run_there_is_nothing_to_compare(portal: Open, lakehouse: Any) -> None:
    asset = next(each for each in lakehouse["assets"] if each["id"] == "importau_bronze.cambio")
    asset["past"]["runs"] = asset["past"]["runs"][:1]
    page = portal("#/asset/importau_bronze.cambio", lakehouse)
    expect(section(page, "Ao longo do tempo")).to_contain_text("Uma só execução até agora")
