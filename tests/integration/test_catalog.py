"""The Glue Data Catalog (moto): what contracts say reaches it, once, and nothing stale stays."""

import dataclasses

import boto3
import pytest
from botocore.exceptions import ClientError
from simulated_aws import make_databases, simulated_lake

from lakehouse.contract.model import load, load_all
from lakehouse.lake.catalogue import Catalog, GlueColumn, GlueTable, table_of

FACTS = {"rows": "30", "bytes": "4096", "run_id": "r1", "updated_at": "2024-11-01T00:00:00+00:00"}
LAYERS = ("bronze", "silver", "gold", "governanca")


@pytest.fixture
def catalog():
    with simulated_lake("lake"):
        make_databases()
        yield Catalog(boto3.client("glue"))


def suppliers(**facts):
    return table_of(load("fornecedores"), "lake", FACTS | facts)


def edited(table, column, **changes):
    """Return the table with one column changed."""
    columns = [dataclasses.replace(c, **changes) if c.name == column else c for c in table.columns]
    return dataclasses.replace(table, columns=columns)


def columns(catalog, table="fornecedores"):
    described = catalog.get("importau_bronze", table)
    return {column["Name"]: column for column in described["StorageDescriptor"]["Columns"]}


@pytest.mark.parametrize("contract", load_all(), ids=lambda contract: contract.table)
def test_a_table_is_registered_as_its_contract_says(catalog, contract):
    assert catalog.register(table_of(contract, "lake", FACTS)) == "created"
    table = catalog.get(contract.database, contract.table)
    assert table["Description"] == contract.description
    assert table["Owner"] == contract.owner
    storage = table["StorageDescriptor"]
    assert storage["Location"] == f"s3://lake/{contract.layer}/{contract.table}/"
    assert [(c["Name"], c["Type"]) for c in storage["Columns"]] == [(c.name, c.physical_type) for c in contract.columns]
    parameters = table["Parameters"]
    assert {name: parameters[name] for name in FACTS} == FACTS
    assert parameters["contract_version"] == contract.version
    assert (parameters["layer"], parameters["domain"]) == (contract.layer, contract.domain)
    assert parameters["tags"].split(", ") == list(contract.tags)


def test_registering_is_idempotent_and_notices_a_change(catalog):
    registered = [catalog.register(suppliers(rows=rows)) for rows in ("30", "30", "31", "31")]
    assert registered == ["created", "unchanged", "updated", "unchanged"]
    assert catalog.get("importau_bronze", "fornecedores")["Parameters"]["rows"] == "31"


@pytest.mark.parametrize(
    "change",
    [{"type": "double"}, {"comment": "Outra."}, {"parameters": {"classification": "PII"}}, {"name": "outro"}],
)
def test_any_change_of_a_column_is_an_update(catalog, change):
    catalog.register(suppliers())
    changed = edited(suppliers(), "razao_social", **change)
    assert [catalog.register(changed), catalog.register(changed)] == ["updated", "unchanged"]


def test_what_a_contract_takes_back_does_not_stay(catalog):
    catalog.register(suppliers())
    free = edited(suppliers(), "telefone", parameters=None)
    assert catalog.register(free) == "updated"
    assert not columns(catalog)["telefone"].get("Parameters")
    fewer = dataclasses.replace(free, columns=free.columns[:-1])
    assert catalog.register(fewer) == "updated"
    assert "telefone" not in columns(catalog)


def test_what_a_crawler_changed_is_mended_and_what_it_only_adds_is_left(catalog):
    catalog.register(suppliers())
    crawled = suppliers().as_input()
    crawled["Parameters"] |= {"UPDATED_BY_CRAWLER": "importau-bronze"}
    catalog.client.update_table(DatabaseName="importau_bronze", TableInput=crawled)
    assert catalog.register(suppliers()) == "unchanged"
    crawled["Parameters"]["classification"] = "csv"
    for column in crawled["StorageDescriptor"]["Columns"]:
        column.pop("Comment")
    catalog.client.update_table(DatabaseName="importau_bronze", TableInput=crawled)
    assert catalog.register(suppliers()) == "updated"
    assert columns(catalog)["cnpj"]["Comment"]


def test_personal_and_confidential_columns_say_so_in_parameters_and_comment(catalog):
    catalog.register(suppliers())
    for column in load("fornecedores").columns:
        found = columns(catalog)[column.name]
        assert found.get("Parameters", {}).get("classification") == column.classification
        mark = f"[{column.classification}] " if column.classification else ""
        assert found["Comment"] == mark + column.description
    parameters = catalog.get("importau_bronze", "fornecedores")["Parameters"]
    assert parameters["classification_pii"] == "contato_email, telefone"


@pytest.mark.parametrize("empty", [{"Owner": ""}, {"Owner": "", "PartitionKeys": [], "Parameters": {}}])
def test_a_catalogue_that_gives_an_empty_owner_back_does_not_break(catalog, monkeypatch, empty):
    catalog.register(suppliers())
    given = catalog.get("importau_bronze", "fornecedores")
    monkeypatch.setattr(catalog, "get", lambda *_: given | empty)
    assert catalog.register(suppliers()) == "updated"
    assert catalog.client.get_table(DatabaseName="importau_bronze", Name="fornecedores")["Table"]["Owner"]


def test_texts_longer_than_glue_takes_are_cut_between_characters_and_put_on_one_line():
    table = GlueTable("d", "t", "é" * 2000, "dono", "s3://b/t/", [GlueColumn("c", "string", "ção\n" * 200)], {})
    given = table.as_input()
    comment = given["StorageDescriptor"]["Columns"][0]["Comment"]
    assert 250 < len(comment.encode()) <= 255
    assert len(given["Description"].encode()) <= 2048
    assert comment.startswith("ção ção")
    assert comment.endswith("…")


@pytest.mark.parametrize("contract", load_all(), ids=lambda contract: contract.table)
def test_no_description_of_a_contract_has_to_be_cut(contract):
    given = table_of(contract, "lake", FACTS).as_input()
    texts = [given["Description"], *(column["Comment"] for column in given["StorageDescriptor"]["Columns"])]
    assert [text for text in texts if text.endswith("…") or not text] == []


def test_what_is_not_there_is_none_and_no_error(catalog):
    assert catalog.get("importau_bronze", "nada") is None
    assert catalog.get("nada", "nada") is None
    assert list(catalog.tables("nada")) == []


def test_the_tables_of_a_database_are_listed(catalog):
    for contract in load_all():
        catalog.register(table_of(contract, "lake", FACTS))
    found = {layer: {table["Name"] for table in catalog.tables(f"importau_{layer}")} for layer in LAYERS}
    assert {layer: len(tables) for layer, tables in found.items()} == {
        "bronze": 7, "silver": 1, "gold": 2, "governanca": 0,
    }  # fmt: skip


def test_a_refusal_is_an_error_and_not_an_absence(catalog, monkeypatch):
    refused = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetTable")

    def refuse(**_):
        raise refused

    monkeypatch.setattr(catalog.client, "get_table", refuse)
    with pytest.raises(ClientError, match="AccessDenied"):
        catalog.get("importau_bronze", "pedidos")


def test_databases_are_tagged(catalog):
    arn = "arn:aws:glue:us-east-1:123456789012:database/importau_bronze"
    for tags in ({"project": "importau"}, {"project": "importau", "layer": "bronze"}):
        catalog.tag(arn, tags)
    assert catalog.client.get_tags(ResourceArn=arn)["Tags"] == {"project": "importau", "layer": "bronze"}
