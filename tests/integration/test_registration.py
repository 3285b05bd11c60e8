"""Registration (moto): what is published is in the catalogue, and what differs from its contract is told."""

import boto3
import pyarrow as pa
import pytest
from lakehouse_tables import FACT, FORECAST
from simulated_aws import make_databases, simulated_lake

from governance.findings import Findings
from governance.registration import register, tag_everything
from lakehouse.contract.model import load
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog, table_of
from lakehouse.lake.s3 import Lake

BUCKET, RUNS = "lake", {"bronze": "r-bronze", "silver": "r-silver", "gold": "r-gold"}
ACCOUNT = "123456789012"


@pytest.fixture
def lake():
    with simulated_lake(BUCKET) as lake:
        make_databases()
        yield lake


@pytest.fixture
def catalog(lake):
    return Catalog(boto3.client("glue"))


def rows(table, *given):
    """A table with its contract's schema, NULL where nothing is given."""
    schema = load(table).schema
    return pa.table([pa.array([row.get(f.name) for row in given], f.type) for f in schema], schema=schema)


def publish(lake, table, *contents):
    """Publish a table in as many parts as are given; return its bytes."""
    parts = len(contents)
    keys = [layout.published_key(table, part, parts) for part in range(parts)]
    return sum(lake.write_table(content, key) for content, key in zip(contents, keys, strict=True))


def registering(catalog, lake, *tables):
    return register(catalog, lake, [load(table) for table in tables], RUNS)


def entry(catalog, table):
    return catalog.get(load(table).database, table)


def test_a_table_is_registered_with_what_its_run_made_once_and_again_only_when_that_changes(catalog, lake):
    size = publish(lake, "produtos", rows("produtos", {"produto_id": "PROD001"}, {"produto_id": "PROD002"}))
    for outcome in ("created", "unchanged"):
        told = registering(catalog, lake, "produtos")
        assert told == Findings(registered={"importau_bronze.produtos": outcome})
    found = entry(catalog, "produtos")
    assert found["StorageDescriptor"]["Location"] == f"s3://{BUCKET}/bronze/produtos/"
    written = lake.last_modified("bronze/produtos/produtos.parquet").isoformat()
    facts = {
        "rows": "2", "bytes": str(size), "run_id": "r-bronze", "updated_at": written,
        "freshness_hours": str(load("produtos").freshness_hours),
    }  # fmt: skip
    assert {name: found["Parameters"][name] for name in facts} == facts
    publish(lake, "produtos", rows("produtos", {"produto_id": "PROD001"}))
    assert registering(catalog, lake, "produtos").registered == {"importau_bronze.produtos": "updated"}


@pytest.mark.parametrize(("table", "layer"), [("cambio", "bronze"), (FACT, "silver"), (FORECAST, "gold")])
def test_each_layer_has_its_database_and_its_run(catalog, lake, table, layer):
    publish(lake, table, rows(table, {}))
    assert registering(catalog, lake, table).registered == {f"importau_{layer}.{table}": "created"}
    assert entry(catalog, table)["Parameters"]["run_id"] == f"r-{layer}"


def test_a_table_in_parts_is_one_table_of_all_their_rows_and_bytes(catalog, lake):
    size = publish(
        lake, "pedidos", *(rows("pedidos", *[{"pedido_id": f"PED{part}"}] * (part + 1)) for part in range(3))
    )
    assert registering(catalog, lake, "pedidos") == Findings(registered={"importau_bronze.pedidos": "created"})
    parameters = entry(catalog, "pedidos")["Parameters"]
    assert (parameters["rows"], parameters["bytes"]) == ("6", str(size))


def test_when_a_table_was_written_is_left_empty_where_its_file_went_in_the_meantime(catalog, lake, monkeypatch):
    publish(lake, "produtos", rows("produtos", {"produto_id": "PROD001"}))
    monkeypatch.setattr(Lake, "last_modified", lambda *_: None)
    registering(catalog, lake, "produtos")
    parameters = entry(catalog, "produtos")["Parameters"]
    assert (parameters["updated_at"], parameters["rows"]) == ("", "1")


def test_a_table_that_is_not_published_is_told_and_the_others_are_registered_all_the_same(catalog, lake):
    publish(lake, "produtos", rows("produtos", {}))
    assert registering(catalog, lake, "cambio", "produtos") == Findings(
        registered={"importau_bronze.produtos": "created"},
        broken=("cambio: s3://lake/bronze/cambio/ does not exist; run bronze first",),
    )
    assert entry(catalog, "cambio") is None


def test_a_footer_that_is_not_the_contracts_is_told_once_for_all_parts_that_have_it_and_the_contract_registered(
    catalog, lake
):
    right = rows("pedidos", {"pedido_id": "PED1"})
    place = right.column_names.index("prazo_dias")
    wrong = right.set_column(place, "prazo_dias", pa.array(["30"]))
    publish(lake, "pedidos", right, wrong, wrong)
    assert registering(catalog, lake, "pedidos") == Findings(
        registered={"importau_bronze.pedidos": "created"},
        broken=("pedidos.prazo_dias: contrato int64, Parquet string",),
    )
    columns = {c["Name"]: c["Type"] for c in entry(catalog, "pedidos")["StorageDescriptor"]["Columns"]}
    assert columns["prazo_dias"] == "bigint"


def test_what_a_crawler_made_of_a_table_is_told_and_mended(catalog, lake):
    publish(lake, "produtos", rows("produtos", {"produto_id": "PROD001"}))
    crawled_as = table_of(load("produtos"), BUCKET, {}).as_input()
    crawled_as["StorageDescriptor"]["Columns"][0]["Type"] = "binary"
    catalog.client.create_table(DatabaseName="importau_bronze", TableInput=crawled_as)
    assert registering(catalog, lake, "produtos") == Findings(
        registered={"importau_bronze.produtos": "updated"},
        crawled=("produtos.produto_id: contrato string, catálogo binary",),
    )
    assert registering(catalog, lake, "produtos").crawled == ()


def test_personal_data_that_no_contract_declares_is_found_and_an_empty_table_holds_none(catalog, lake):
    mail = rows("produtos", *({"produto_id": f"P{n}", "nome_produto": f"ana{n}@exemplo.com.br"} for n in range(30)))
    publish(lake, "produtos", mail)
    (finding,) = registering(catalog, lake, "produtos").personal
    assert str(finding).startswith("produtos.nome_produto: ")
    publish(lake, "produtos", mail.slice(0, 0))
    assert registering(catalog, lake, "produtos") == Findings(registered={"importau_bronze.produtos": "updated"})
    assert entry(catalog, "produtos")["Parameters"]["rows"] == "0"


def test_databases_and_crawlers_are_tagged_by_layer_and_the_governance_database_too():
    tagged = {}

    class Tags:
        def tag(self, arn, tags):
            tagged[arn] = dict(tags)

    tag_everything(Tags(), "sa-east-1", ACCOUNT, {"project": "importau"})
    arn = f"arn:aws:glue:sa-east-1:{ACCOUNT}"
    assert tagged == {
        **{
            f"{arn}:{kind}{layer}": {"project": "importau", "layer": layer}
            for layer in ("bronze", "silver", "gold")
            for kind in ("database/importau_", "crawler/importau-")
        },
        f"{arn}:database/importau_governanca": {"project": "importau", "layer": "governance"},
    }
