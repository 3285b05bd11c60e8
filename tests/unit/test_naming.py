"""The names under which tables and columns are found."""

import pytest
from lakehouse_tables import CASH_FLOW, FORECAST, TABLES
from typer.testing import CliRunner

from cli.contents.naming import Names, table_named
from cli.errors import UsageError
from cli.main import app
from lakehouse.contract.model import load_all
from lakehouse.lake import layout
from lakehouse.lineage.names import Asset, Place

CONTRACTS = {contract.table: contract for contract in load_all()}


@pytest.fixture(scope="module")
def names() -> Names:
    return Names(load_all())


@pytest.mark.parametrize("contract", load_all(), ids=lambda contract: contract.table)
def test_a_table_is_found_under_every_name_that_is_printed_of_it(names, contract):
    table, run = contract.table, "20260101T000000Z-demo-abc"
    printed = [
        table, table.upper(), f"{contract.database}.{table}", f"{contract.layer}.{table}", f" {table} ",
        layout.file_name(table), layout.file_name(table, 3, 64), layout.run_key(table, run),
        layout.table_prefix(table), layout.run_prefix(table, run), layout.run_key(table, run, 1, 2),
        f"out/{contract.layer}/{table}.parquet",
        f"s3://importau-lakehouse-ana/{layout.quarantine_key(run, contract.layer, table)}",
        Place("us-east-1", "123456789012", "lake").dataset(Asset.of_table(table))[1],
    ]  # fmt: skip
    assert {name: names.resolve(name) for name in printed} == dict.fromkeys(printed, table)


@pytest.mark.parametrize("contract", load_all(), ids=lambda contract: contract.table)
def test_a_column_is_found_under_every_name_that_is_printed_of_it(names, contract):
    for column in contract.columns:
        node = f"{contract.table}.{column.name}"
        printed = [
            node,
            node.upper(),
            f"{contract.database}.{node}",
            f"{contract.database}.{contract.table}/{column.name}",
        ]
        assert {name: names.resolve(name) for name in printed} == dict.fromkeys(printed, node)


@pytest.mark.parametrize("table", TABLES[layout.BRONZE])
def test_an_exported_csv_and_its_columns_are_found_as_file_and_as_landing(names, table):
    node = f"{table}.csv"
    printed = [
        node, node.upper(), f"landing.{table}", f"csv_exports/{node}", f"s3://lake/{layout.landing_key(table)}",
        str(Asset.of_landing(table)),
    ]  # fmt: skip
    assert {name: names.resolve(name) for name in printed} == dict.fromkeys(printed, node)
    assert names.resolve("pedidos.csv:data_pedido") == "pedidos.csv:data_pedido"
    assert names.resolve("landing.pedidos.DATA_PEDIDO") == "pedidos.csv:data_pedido"


def test_accents_do_not_matter(names):
    assert names.resolve("Empréstimos") == "emprestimos"
    assert names.resolve("câmbio.taxa_ptax") == "cambio.taxa_ptax"


@pytest.mark.parametrize("name", ["", "/", ".", "pedidos.", ".pedidos", "pedidos.pedidos", "platinum.pedidos", "x/y"])
def test_what_is_no_table_or_column_is_none(names, name):
    assert names.resolve(name) is None


def lineage(name):
    return CliRunner().invoke(app, ["lineage", name])


def test_the_tree_has_the_one_name_whatever_was_typed():
    shown = {lineage(name).stdout for name in ("cambio.taxa_ptax", "IMPORTAU_BRONZE.Câmbio.TAXA_PTAX")}
    assert len(shown) == 1
    assert lineage("landing.pedidos").stdout == "pedidos.csv\n"


@pytest.mark.parametrize(
    ("name", "said", "fix"),
    [
        ("StateMachine_DAG_gold", "is a pipeline, and lineage is of", f"Name what it makes: {CASH_FLOW}, "),
        ("statemachine_dag_silver.WriteSilver", "is a task, and", "--type task"),
        ("StateMachine_DAG_pipeline", "is a pipeline", "./importau search StateMachine_DAG_pipeline --type pipeline"),
        ("importau_governanca.execucoes", "governance's own account", "Name a table of the data: pedidos, "),
        ("importau_gold", "is several tables", f"{CASH_FLOW}, {FORECAST}."),
        ("landing", "is several tables", "pedidos.csv, itens_pedido.csv"),
        ("taxa_ptax", "is no table or column", "cambio.taxa_ptax"),
    ],
)
def test_what_has_no_lineage_of_its_own_is_said_with_where_to_look(name, said, fix):
    refused = lineage(name)
    assert refused.exit_code == 2
    assert said in refused.stderr
    assert fix in refused.stderr


@pytest.mark.parametrize(
    "name", ["cambio", "importau_bronze.CAMBIO", "cambio.csv", "câmbio.parquet", "cambio.taxa_ptax"]
)
def test_a_table_is_meant_by_any_name_of_it_or_of_its_columns(name):
    assert table_named(name, CONTRACTS) == "cambio"


@pytest.mark.parametrize(
    ("name", "said"),
    [("importau_gold", "is several tables"), ("cambios", "Did you mean cambio"), ("xyz", "Name one of these: pedidos")],
)
def test_what_means_no_table_is_refused_with_what_may_be_meant(name, said):
    with pytest.raises(UsageError) as refused:
        table_named(name, CONTRACTS)
    assert said in str(refused.value)
