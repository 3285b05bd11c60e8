"""`importau lineage`: trees up to the CSVs and down to Gold."""

import json

import pytest
from lakehouse_tables import CASH_FLOW, FACT, OF_THE_FACT
from typer.testing import CliRunner

from cli.main import app


def run(*arguments):
    return CliRunner().invoke(app, ["lineage", *arguments])


def leaves(node):
    return [leaf for other in node["next"] for leaf in leaves(other)] if node["next"] else [node["name"]]


def test_the_cash_flow_comes_from_every_csv_that_the_fact_is_made_from():
    tree = json.loads(run(CASH_FLOW, "--json").stdout)
    assert [node["name"] for node in tree["next"]] == [FACT]
    assert set(leaves(tree)) == {f"{table}.csv" for table in OF_THE_FACT}


def test_a_column_is_followed_to_the_column_of_the_csv():
    shown = run("agregado_ml_forecast_risco_cambial.taxa_ptax_media").stdout
    assert "cambio.csv:taxa_ptax" in shown
    assert "fato_pedido_correlacionado.taxa_ptax" in shown


def test_downstream_shows_what_is_made_of_a_column():
    shown = run("cambio.taxa_ptax", "--downstream").stdout
    assert "agregado_fluxo_de_caixa_mensal.variacao_cambial_brl" in shown
    assert "csv" not in shown


@pytest.mark.parametrize(
    ("name", "hint"), [("pedido", "pedidos"), ("cambio.taxa_ptaxx", "cambio.taxa_ptax"), ("§", "Name")]
)
def test_an_unknown_name_is_said_with_the_nearest_ones(name, hint):
    result = run(name)
    assert result.exit_code == 2
    assert name in result.stderr
    assert hint in result.stderr
