"""What governance examines (moto): what differs from its contract is told, and personal data that nobody declared."""

import boto3
import pyarrow as pa
import pytest
from published import publish
from simulated_aws import make_databases, simulated_lake

from governance.examination import examine, tag_everything
from governance.findings import Findings
from lakehouse.contract.model import load
from lakehouse.lake.catalogue import Catalog
from lakehouse.versions.registered import entries
from lakehouse.versions.view import View
from publish.catalogue import register

ACCOUNT = "123456789012"


@pytest.fixture
def lake():
    with simulated_lake("lake") as lake:
        make_databases()
        yield lake


@pytest.fixture
def catalog(lake):
    return Catalog(boto3.client("glue"))


def rows(table, *given):
    """A table with its contract's schema, NULL where nothing is given."""
    schema = load(table).schema
    return pa.table([pa.array([row.get(f.name) for row in given], f.type) for f in schema], schema=schema)


def registered(catalog, lake, version):
    assert register(catalog, lake, version).lagging == {}


def examined(catalog, lake, *tables):
    return examine(catalog, View.of_version(lake), [load(table) for table in tables])


def test_what_is_as_its_contract_says_is_no_finding(catalog, lake):
    registered(catalog, lake, publish(lake, {"produtos": rows("produtos", {"produto_id": "PROD001"})}, "r1"))
    assert examined(catalog, lake, "produtos") == Findings()


def test_a_table_that_is_not_there_or_was_replaced_is_told_and_the_others_are_examined_all_the_same(catalog, lake):
    version = publish(lake, {name: rows(name, {}) for name in ("produtos", "fornecedores")}, "r1")
    lake.write_table(rows("produtos"), version.tables["produtos"].files[0].key)
    broken = examined(catalog, lake, "cambio", "produtos", "fornecedores").broken
    assert broken[0] == "cambio: s3://lake/bronze/cambio/ has nothing published; run bronze first"
    assert broken[1].startswith(
        "produtos: s3://lake/bronze/produtos/run=r1/produtos.parquet is not the file that it was"
    )
    assert len(broken) == 2


def test_a_footer_that_is_not_the_contracts_is_told_once_for_all_parts_that_have_it(catalog, lake):
    right = rows("pedidos", {"pedido_id": "PED1"})
    place = right.column_names.index("prazo_dias")
    wrong = right.set_column(place, "prazo_dias", pa.array(["30"]))
    publish(lake, {"pedidos": [right, wrong, wrong]}, "r1")
    assert examined(catalog, lake, "pedidos") == Findings(
        broken=("pedidos.prazo_dias: contrato int64, Parquet string",),
        drifted=("importau_bronze.pedidos: não está no catálogo, e a versão 1 a tem",),
    )


def test_what_somebody_made_of_a_registered_table_is_told_with_both_values_before_it_is_mended(catalog, lake):
    version = publish(lake, {"produtos": rows("produtos", {"produto_id": "PROD001"})}, "r1")
    changed = entries(lake, version)["produtos"].as_input()
    changed["StorageDescriptor"]["Columns"][0]["Type"] = "binary"
    changed["StorageDescriptor"]["Columns"][1]["Comment"] = "x"
    changed["Owner"] = "ninguém"
    changed["Parameters"] |= {"rows": "2", "projection.enabled": "true", "nota": "de alguém"}
    catalog.client.create_table(DatabaseName="importau_bronze", TableInput=changed)
    typed, *others = examined(catalog, lake, "produtos").drifted
    assert typed == "produtos.produto_id: contrato string, Parquet string, catálogo binary"
    said = [each.partition(" (alterada em ")[0] for each in others]
    comment = load("produtos").columns[1]
    where = "importau_bronze.produtos"
    assert said == [
        f"{where}.Owner: esperado 'compras', no catálogo 'ninguém'",
        f"{where}.Parameters.rows: esperado '1', no catálogo '2'",
        f"{where}.Parameters.projection.enabled: esperado (ausente), no catálogo 'true'",
        f"{where}.StorageDescriptor.Columns.{comment.name}.Comment: esperado '{comment.description}', no catálogo 'x'",
    ]
    assert all(" (alterada em 20" in each for each in others)


def test_personal_data_that_no_contract_declares_is_found_and_an_empty_table_holds_none(catalog, lake):
    mail = rows("produtos", *({"produto_id": f"P{n}", "nome_produto": f"ana{n}@exemplo.com.br"} for n in range(30)))
    publish(lake, {"produtos": mail}, "r1")
    registered(catalog, lake, View.of_version(lake).version)
    (finding,) = examined(catalog, lake, "produtos").personal
    assert str(finding).startswith("produtos.nome_produto: ")
    registered(catalog, lake, publish(lake, {"produtos": mail.slice(0, 0)}, "r2"))
    assert examined(catalog, lake, "produtos") == Findings()


def test_personal_data_in_the_last_part_of_a_table_are_found_and_so_is_what_was_filled_from_them(catalog, lake):
    orders = [{"pedido_id": f"P{n}", "usuario_criacao": f"u{n:03d}x", "observacoes": "frete"} for n in range(30)]
    last = [each | {"observacoes": "ligar para +55 11 98765-4321"} for each in orders]
    fact = [{"tipo_registro": "PAGAMENTO", "pedido_id": f"P{n}", "categoria": f"u{n:03d}x"} for n in range(30)]
    name = "fato_pedido_correlacionado"
    publish(lake, {"pedidos": [rows("pedidos", *orders), rows("pedidos", *last)], name: rows(name, *fact)}, "r1")
    found = examined(catalog, lake, "pedidos", name)
    assert [(each.table, each.column, each.kind, each.strict) for each in found.personal] == [
        ("pedidos", "observacoes", "telefone", False), (name, "categoria", "valores de pedidos.usuario_criacao", True),
    ]  # fmt: skip
    assert found.problems == [str(found.personal[1])]


@pytest.mark.parametrize(("of", "database_ends", "crawler_ends"), [("", "", ""), ("dev", "_dev", "-dev")])
def test_databases_and_crawlers_are_tagged_by_layer_and_those_of_governance_and_the_crawlers_too(
    of, database_ends, crawler_ends
):
    tagged = {}

    class Tags:
        stage = of

        def tag(self, arn, tags):
            tagged[arn] = dict(tags)

    tag_everything(Tags(), "sa-east-1", ACCOUNT, {"project": "importau"})
    arn = f"arn:aws:glue:sa-east-1:{ACCOUNT}"
    layers = {"bronze": "bronze", "silver": "silver", "gold": "gold", "forecast": "ml"}
    assert tagged == {
        **{
            f"{arn}:{resource}": {"project": "importau", "layer": layer}
            for layer, database in layers.items()
            for resource in (f"database/importau_{database}{database_ends}", f"crawler/importau-{layer}{crawler_ends}")
        },
        f"{arn}:database/importau_governanca{database_ends}": {"project": "importau", "layer": "governance"},
        f"{arn}:database/importau_descoberta{database_ends}": {"project": "importau", "layer": "governance"},
    }
