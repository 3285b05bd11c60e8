"""The pictures of the README: taken by every run, kept in docs/images when IMPORTAU_WRITE_SCREENSHOTS is set."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from cli import ROOT

pytestmark = pytest.mark.browser
# The map and what is below the figures of the first page come after the first paint.
_DRAWN = """() => !document.querySelector('.graph [role=status]')
  && (!document.querySelector('.outlook') || document.querySelector('#previsao'))"""
PICTURES = {
    "outlook": ("#/", "light", 1440, 1250),
    "outlook-phone": ("#/", "dark", 390, 844),
    "todo": ("#/todo", "light", 1280, 900),
    "map": ("#/map/importau_gold.agregado_fluxo_de_caixa_mensal/saida_paga_brl", "dark", 1280, 900),
    "asset": ("#/asset/importau_bronze.emprestimos", "light", 1280, 900),
    "pipeline": ("#/pipelines/StateMachine_DAG_silver/WriteSilver", "light", 1280, 2000),
    "dashboards": ("#/dashboards?to=2026-12", "light", 1280, 1100),
    "phone": ("#/map/importau_gold.agregado_ml_forecast_risco_cambial", "dark", 390, 800),
}


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_of_the_readme_can_be_taken(portal: Callable[..., Page], name: str) -> None:
    address, theme, width, height = PICTURES[name]
    folder = ROOT / ("docs/images" if os.environ.get("IMPORTAU_WRITE_SCREENSHOTS") else ".importau/screenshots")
    page: Any = portal()
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.goto(page.url.split("#")[0] + address)
    page.reload()
    page.get_by_role("main").locator("h1").wait_for()
    page.wait_for_function(_DRAWN)
    taken = page.screenshot(path=folder / f"portal-{name}.png")
    assert taken.startswith(b"\x89PNG")
