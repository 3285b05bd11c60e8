"""The Glue Data Catalog (moto): what contracts say reaches it, once, and nothing stale stays."""

import dataclasses

import boto3
import pytest
from botocore.exceptions import ClientError
from simulated_aws import make_databases, simulated_lake

from lakehouse.contract.model import load, load_all
from lakehouse.lake.catalogue import Catalog, GlueColumn, GlueTable, table_of
from lakehouse.lake.layout import databases

FACTS = {"rows": "30", "bytes": "4096", "run_id": "r1", "updated_at": "2024-11-01T00:00:00+00:00"}
LOCATION = "s3://lake/bronze/fornecedores/run=r1/"
DATABASES = databases()


@pytest.fixture
def catalog():
    with simulated_lake("lake"):
        make_databases()
        yield Catalog(boto3.client("glue"))


def suppliers(**facts):
    return table_of(load("fornecedores"), LOCATION, FACTS | facts)


def edited(table, column, **changes):
    """Return the table with one column changed."""
    columns = [dataclasses.replace(c, **changes) if c.name == column else c for c in table.columns]
    return dataclasses.replace(table, columns=columns)


def columns(catalog, table="fornecedores"):
    described = catalog.get("importau_bronze", table)
    return {column["Name"]: column for column in described["StorageDescriptor"]["Columns"]}


@pytest.mark.parametrize("contract", load_all(), ids=lambda contract: contract.table)
def test_a_table_is_registered_as_its_contract_says(catalog, contract):
    assert catalog.register(table_of(contract, LOCATION, FACTS)) == "created"
    table = catalog.get(contract.database, contract.table)
    assert table["Description"] == contract.description
    assert table["Owner"] == contract.owner
    storage = table["StorageDescriptor"]
    assert storage["Location"] == LOCATION
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


def test_a_newer_version_is_not_replaced_by_an_older_one_that_comes_late(catalog):
    catalog.register(suppliers(lake_version="17"))
    assert catalog.register(suppliers(lake_version="16", rows="1")) == "newer"
    assert catalog.register(suppliers(lake_version="18")) == "updated"
    found = catalog.get("importau_bronze", "fornecedores")["Parameters"]
    assert (found["lake_version"], found["rows"]) == ("18", "30")


@pytest.mark.parametrize("code", ["ConcurrentModificationException", "AlreadyExistsException"])
def test_one_who_meets_another_looks_again(catalog, monkeypatch, code):
    met = []
    monkeypatch.setattr("time.sleep", met.append)
    whole = catalog.client.create_table

    def meeting(**given):
        if len(met) < 2:
            raise ClientError({"Error": {"Code": code, "Message": ""}}, "CreateTable")
        return whole(**given)

    monkeypatch.setattr(catalog.client, "create_table", meeting)
    assert catalog.register(suppliers()) == "created"
    assert len(met) == 2
    monkeypatch.setattr(catalog.client, "create_table", lambda **_: meeting() if met.clear() is None else None)
    catalog.client.delete_table(DatabaseName="importau_bronze", Name="fornecedores")
    with pytest.raises(ClientError, match=code):
        catalog.register(suppliers())


def test_an_update_names_the_version_of_the_entry_that_it_was_made_from(catalog, monkeypatch):
    catalog.register(suppliers())
    monkeypatch.setattr(catalog, "get", lambda *_: {**suppliers().as_input(), "Parameters": {}, "VersionId": "7"})
    given = {}
    monkeypatch.setattr(catalog.client, "update_table", lambda **more: given.update(more))
    assert catalog.register(suppliers()) == "updated"
    assert (given["VersionId"], given["SkipArchive"]) == ("7", True)


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


def test_parameters_that_the_project_does_not_know_stay(catalog):
    catalog.register(suppliers())
    theirs = catalog.get("importau_bronze", "fornecedores")
    storage = theirs["StorageDescriptor"] | {"Parameters": {"CrawlerSchemaSerializerVersion": "1.0"}}
    storage["SerdeInfo"]["Parameters"]["parquet.column.index.access"] = "false"
    marked = suppliers().as_input() | {
        "StorageDescriptor": storage,
        "Parameters": theirs["Parameters"] | {"UPDATED_BY_CRAWLER": "importau-bronze", "rows": "1", "nota": "minha"},
    }
    catalog.client.update_table(DatabaseName="importau_bronze", TableInput=marked)
    assert catalog.register(suppliers(run_id="r2")) == "updated"
    found = catalog.get("importau_bronze", "fornecedores")
    ours = suppliers(run_id="r2").as_input()
    assert found["Parameters"] == ours["Parameters"] | {"UPDATED_BY_CRAWLER": "importau-bronze", "nota": "minha"}
    assert found["StorageDescriptor"]["Parameters"] == {"CrawlerSchemaSerializerVersion": "1.0"}
    assert found["StorageDescriptor"]["SerdeInfo"]["Parameters"] == {
        "serialization.format": "1", "parquet.column.index.access": "false",
    }  # fmt: skip
    assert catalog.register(suppliers(run_id="r2")) == "unchanged"


def test_what_another_writes_meanwhile_is_kept_as_well(catalog, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    catalog.register(suppliers())
    update = catalog.client.update_table
    versions = []

    def met(**given):
        versions.append((given.get("VersionId"), given["SkipArchive"]))
        if len(versions) == 1:
            noted = suppliers().as_input()
            noted["Parameters"]["nota"] = "de outro"
            update(DatabaseName="importau_bronze", TableInput=noted)
            raise ClientError({"Error": {"Code": "ConcurrentModificationException", "Message": ""}}, "UpdateTable")
        return update(**{name: value for name, value in given.items() if name not in {"VersionId", "SkipArchive"}})

    monkeypatch.setattr(catalog.client, "update_table", met)
    assert catalog.register(suppliers(rows="31")) == "updated"
    found = catalog.get("importau_bronze", "fornecedores")["Parameters"]
    assert (found["rows"], found["nota"]) == ("31", "de outro")
    assert [archived for _, archived in versions] == [True, True]
    first, second = (version for version, _ in versions)
    assert first != second


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
    given = table_of(contract, LOCATION, FACTS).as_input()
    texts = [given["Description"], *(column["Comment"] for column in given["StorageDescriptor"]["Columns"])]
    assert [text for text in texts if text.endswith("…") or not text] == []


def test_what_is_not_there_is_none_and_no_error(catalog):
    assert catalog.get("importau_bronze", "nada") is None
    assert catalog.get("nada", "nada") is None
    assert list(catalog.tables("nada")) == []


def test_the_tables_of_a_database_are_listed(catalog):
    for contract in load_all():
        catalog.register(table_of(contract, LOCATION, FACTS))
    found = {name: {table["Name"] for table in catalog.tables(name)} for name in DATABASES}
    assert {layer: len(tables) for layer, tables in found.items()} == {
        "importau_bronze": 7, "importau_silver": 1, "importau_gold": 2, "importau_ml": 2, "importau_governanca": 0,
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


def test_two_stages_in_one_catalogue_see_their_own_tables_alone_by_the_same_names(catalog):
    of_dev = Catalog(catalog.client, "dev")
    for name in DATABASES:
        catalog.client.create_database(DatabaseInput={"Name": f"{name}_dev"})
    catalog.register(suppliers(rows="1"))
    assert of_dev.get("importau_bronze", "fornecedores") is None
    assert list(of_dev.tables("importau_bronze")) == []
    assert of_dev.register(suppliers(rows="2")) == "created"
    assert of_dev.register(suppliers(rows="3")) == "updated"
    assert catalog.register(suppliers(rows="1")) == "unchanged"
    for each, rows in ((catalog, "1"), (of_dev, "3")):
        (listed,) = each.tables("importau_bronze")
        assert listed == each.get("importau_bronze", "fornecedores")
        assert (listed["DatabaseName"], listed["Parameters"]["rows"]) == ("importau_bronze", rows)
    (stored,) = catalog.client.get_tables(DatabaseName="importau_bronze_dev")["TableList"]
    assert stored["Parameters"]["rows"] == "3"
