"""The map: click an asset or a column, and see where it comes from and where it goes."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
Open = Callable[..., Page]
BRONZE = ["pedidos", "itens_pedido", "pagamentos", "produtos", "fornecedores", "cambio", "emprestimos"]
CASH_FLOW = "agregado_fluxo_de_caixa_mensal"
FACT = "fato_pedido_correlacionado"
OUTLOOK, RISK = "previsao_fluxo_de_caixa", "risco_cambial"


def box(page: Page, name: str) -> Any:
    """Return the map's box of an asset, as the link it is."""
    return page.locator(".react-flow__node a.face").filter(has_text=re.compile(rf"^{name}(?![a-z_.])"))


def test_the_tables_and_the_csvs_stand_by_layer_from_left_to_right(portal: Open) -> None:
    page = portal("#/map")
    lefts = [
        [box(page, name).bounding_box()["x"] for name in names]
        for names in (
            [rf"{table}\.csv" for table in BRONZE],
            BRONZE,
            [FACT],
            [CASH_FLOW, "agregado_ml_forecast_risco_cambial"],
            [OUTLOOK, RISK],
        )
    ]
    assert all(max(layer) - min(layer) < 2 for layer in lefts)
    assert [layer[0] for layer in lefts] == sorted({layer[0] for layer in lefts})
    for task in ("WriteBronze", "WriteSilver", "WriteGold", "WriteForecast"):
        expect(page.get_by_role("link", name=f"Tarefa {task}").first).to_be_visible()


def test_clicking_the_cash_flow_lights_its_whole_origin_and_dims_the_rest(portal: Open) -> None:
    page = portal("#/map")
    box(page, CASH_FLOW).click()
    expect(page).to_have_url(re.compile(rf"#/map/importau_gold\.{CASH_FLOW}$"))
    for name in [*(rf"{table}\.csv" for table in BRONZE), *BRONZE, FACT]:
        expect(box(page, name)).to_contain_text("origem")
    expect(box(page, CASH_FLOW)).to_contain_text("escolhida")
    expect(box(page, "agregado_ml_forecast_risco_cambial")).not_to_contain_text(re.compile("origem|destino"))
    panel = page.get_by_role("complementary", name="Detalhes")
    for name in [*(f"{table}.csv" for table in BRONZE), *BRONZE, FACT]:
        expect(panel.get_by_role("link", name=name, exact=True)).to_be_visible()
    for name in (OUTLOOK, RISK):
        expect(box(page, name)).to_contain_text("destino")
    box(page, RISK).click()
    expect(panel).to_contain_text("Nada depois: nenhuma tabela é feita desta.")


def test_a_bronze_table_lights_what_is_made_of_it(portal: Open) -> None:
    page = portal("#/map")
    box(page, "cambio").click()
    for name in (FACT, CASH_FLOW, "agregado_ml_forecast_risco_cambial"):
        expect(box(page, name)).to_contain_text("destino")
    expect(box(page, r"cambio\.csv")).to_contain_text("origem")
    expect(box(page, "pedidos")).not_to_contain_text(re.compile("origem|destino"))


def test_a_column_is_told_step_by_step_down_to_the_csv(portal: Open) -> None:
    page = portal(f"#/map/importau_gold.{CASH_FLOW}")
    panel = page.get_by_role("complementary", name="Detalhes")
    panel.get_by_role("link", name="saida_paga_brl", exact=True).click()
    expect(page).to_have_url(re.compile(r"/saida_paga_brl$"))
    story = panel.get_by_role("list", name="De onde vem este valor, passo a passo")
    expect(story).to_contain_text("Soma de valor_fluxo_brl com status_pagamento PAGO.")
    expect(story).to_contain_text(f"{FACT}.valor_fluxo_brl")
    expect(story).to_contain_text("pagamentos.csv.valor_pago_brl")
    expect(story).to_contain_text("É a coluna do arquivo CSV: a origem.")
    lit = page.locator(".react-flow__node .columns a")
    assert {"saida_paga_brl", "valor_fluxo_brl", "valor_pago_brl"} <= {
        re.sub(r"[^a-z_].*", "", text.split(" ", 1)[1]) for text in lit.all_inner_texts()
    }
    everything = lit.count()
    panel.get_by_role("checkbox", name="Mostrar também o que só decide o valor").uncheck()
    expect(lit.filter(has_text="valor_pago_brl").first).to_be_visible()
    assert 0 < lit.count() < everything


def test_the_back_button_and_a_link_lead_to_the_same_place(portal: Open) -> None:
    page = portal("#/map")
    box(page, CASH_FLOW).click()
    expect(box(page, FACT)).to_contain_text("origem")
    page.go_back()
    expect(box(page, FACT)).not_to_contain_text("origem")
    page.go_forward()
    expect(box(page, FACT)).to_contain_text("origem")
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"#/map$"))


def test_a_link_to_what_is_not_there_says_so(portal: Open) -> None:
    page = portal("#/map/importau_gold.gone")
    expect(page.get_by_role("alert")).to_contain_text("importau_gold.gone")
    page.goto(page.url.split("#")[0] + "#/asset/importau_gold.gone")
    expect(page.get_by_role("main")).to_contain_text("Não há nada com este nome no catálogo")


def test_the_keyboard_reaches_and_chooses_a_table(portal: Open) -> None:
    page = portal("#/map")
    box(page, CASH_FLOW).focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"#/(map|pipelines)/"))


def test_zoom_and_fit_change_the_picture(portal: Open) -> None:
    page = portal("#/map")
    before = box(page, FACT).bounding_box()["width"]
    width = "document.querySelector('.react-flow__node a.face').getBoundingClientRect().width"
    page.get_by_role("button", name="Aproximar").click()
    expect(page.locator(".react-flow__viewport")).not_to_have_attribute("style", "")
    page.wait_for_function(f"before => {width} > before * 1.05", arg=before)
    page.get_by_role("button", name="Ajustar à tela").click()
    page.wait_for_function(f"before => Math.abs({width} - before) < 2", arg=before)


def test_dragging_moves_the_picture(portal: Open) -> None:
    page = portal("#/map")
    before = box(page, FACT).bounding_box()
    pane = page.locator(".react-flow__pane").bounding_box()
    page.mouse.move(pane["x"] + 20, pane["y"] + 20)
    page.mouse.down()
    page.mouse.move(pane["x"] + 120, pane["y"] + 60, steps=4)
    page.mouse.up()
    after = box(page, FACT).bounding_box()
    assert (round(after["x"] - before["x"]), round(after["y"] - before["y"])) == (100, 40)


def test_the_same_lineage_can_be_read_as_a_list(portal: Open) -> None:
    page = portal(f"#/map/importau_gold.{CASH_FLOW}")
    page.get_by_role("button", name="Como lista").click()
    expect(page.locator(".react-flow")).to_have_count(0)
    lists = page.get_by_role("main")
    for name in (*BRONZE, FACT):
        expect(lists.get_by_role("link", name=name, exact=True).first).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Como lista")).to_have_attribute("aria-pressed", "true")


def test_what_governance_found_wrong_is_on_the_map(portal: Open, lakehouse: Any) -> None:
    lakehouse["problems"] = ["StateMachine_DAG_gold.WriteGold: a execução usou o que não declara"]
    page = portal("#/map", lakehouse)
    expect(page.get_by_text("A governança encontrou problemas na última execução")).to_be_visible()
