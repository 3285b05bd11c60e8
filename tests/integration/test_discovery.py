"""What there is to discover, what is kept of a crawl, and what differs of what crawlers found (moto)."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pyarrow as pa
import pytest
from handlers import called
from lakehouse_tables import EVERY_TABLE, TABLES
from published import publish
from simulated_aws import make_crawler, make_databases, simulated_lake

from lakehouse.contract.model import Contract, load
from lakehouse.errors import InputError, LakehouseError
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog, table_of
from lakehouse.lake.s3 import Lake
from lakehouse.versions import code, crawled
from lakehouse.versions.discovery import Discovery, discovered
from lakehouse.versions.view import View
from publish.app import handler
from publish.crawling import to_crawl

FIRST = "bronze, silver, gold, forecast: for the first time"
CRAWLERS = [layout.crawler_of(layer, "") for layer in layout.LAYERS]


@pytest.fixture
def lake() -> Iterator[Lake]:
    with simulated_lake("lake") as lake:
        make_databases(layout.DISCOVERED_DATABASE)
        for layer in layout.LAYERS:
            make_crawler(lake, layer)
        yield lake


def glue() -> Any:
    return boto3.client("glue")


def publishes(lake: Lake, run: str, *tables: str) -> int:
    """Publish tables without rows, all by default; return the version."""
    empty = {name: load(name).schema.empty_table() for name in tables or EVERY_TABLE}
    return publish(lake, empty, run).number


def discovers(contract: Contract, run: str, name: str = "", types: dict[str, str] | None = None) -> None:
    """Make the table that a crawler makes of one run."""
    columns = [{"Name": c.name, "Type": (types or {}).get(c.name, c.glue_type)} for c in contract.columns]
    where = {"DatabaseName": layout.DISCOVERED_DATABASE}
    storage = {"Columns": columns, "Location": f"s3://lake/{layout.table_prefix(contract.table)}"}
    entry = {
        "Name": name or contract.table, "StorageDescriptor": storage,
        "PartitionKeys": [{"Name": "run", "Type": "string"}], "Parameters": {"UPDATED_BY_CRAWLER": "c"},
    }  # fmt: skip
    glue().create_table(**where, TableInput=entry)
    if not name:
        partition = {"Values": [run], "StorageDescriptor": storage}
        glue().create_partition(**where, TableName=contract.table, PartitionInput=partition)


def crawls(lake: Lake, run: str) -> int:
    """Publish a run, and have every crawler look at it; return the version."""
    number = publishes(lake, run)
    for table in EVERY_TABLE:
        discovers(load(table), run)
    called(handler, run, do="crawled", version=number, crawlers=CRAWLERS)
    return number


def compared(lake: Lake) -> Discovery:
    view = View.of_version(lake)
    footers = {name: view.first(name).schema_arrow for name in view.tables}
    return discovered(Catalog(glue()), crawled.read(lake), footers)


# ---- what there is to discover ---------------------------------------------------------------------------------------


def test_the_first_time_every_crawler_runs_and_then_none_whatever_run_comes(lake: Lake) -> None:
    number = publishes(lake, "r1")
    assert called(handler, "r1", do="discover") == {
        "run_id": "r1", "version": number, "new": True, "crawlers": CRAWLERS, "why": FIRST,
    }  # fmt: skip
    for table in EVERY_TABLE:
        discovers(load(table), "r1")
    noted = called(handler, "r1", do="crawled", version=number, crawlers=CRAWLERS)
    assert noted == {"run_id": "r1", "discovered": len(EVERY_TABLE), "differences": []}
    publishes(lake, "r2")
    asked = called(handler, "r2", do="discover")
    why = "contracts, schemas and layout are those that were crawled of run r1"
    assert (asked["crawlers"], asked["why"]) == ([], why)


def test_what_is_asked_for_is_crawled_all_the_same(lake: Lake) -> None:
    crawls(lake, "r1")
    asked = called(handler, "r2", do="discover", force=True)
    assert asked["crawlers"] == CRAWLERS
    assert asked["why"] == "bronze, silver, gold, forecast: it was asked for"


def test_before_anything_was_published_there_is_nothing_to_discover(lake: Lake) -> None:
    assert to_crawl(lake, Catalog(glue()), forced=True) == {
        "version": 0, "new": False, "crawlers": [], "why": "nothing was published yet",
    }  # fmt: skip


def test_a_layer_that_was_published_alone_is_crawled_alone(lake: Lake) -> None:
    publishes(lake, "r1", *TABLES["bronze"])
    assert called(handler, "r1", do="discover")["crawlers"] == ["importau-bronze"]


def test_another_contract_crawls_its_layer_alone(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    crawls(lake, "r1")
    before = code.contract_sha256
    for layer, (table, *_) in TABLES.items():
        sha256 = {table: "new"}
        monkeypatch.setattr("publish.crawling.contract_sha256", lambda name, new=sha256: new.get(name) or before(name))
        asked = called(handler, "r2", do="discover")
        assert asked["crawlers"] == [layout.crawler_of(layer, "")]
        assert asked["why"] == f"{layer}: another contract of {table}"


def test_another_schema_in_the_parquet_crawls_its_layer_alone(lake: Lake) -> None:
    crawls(lake, "r1")
    changed = load("cambio").schema.empty_table().append_column("nova", pa.array([], pa.string()))
    publish(lake, {"cambio": changed}, "r2")
    assert called(handler, "r2", do="discover")["why"] == "bronze: another Parquet schema of cambio"


def test_a_crawler_with_other_settings_runs_again_and_one_that_is_gone_is_named(lake: Lake) -> None:
    crawls(lake, "r1")
    glue().delete_crawler(Name="importau-gold")
    with pytest.raises(LakehouseError, match="there is no crawler importau-gold"):
        called(handler, "r2", do="discover")
    make_crawler(lake, "gold", Configuration=json.dumps({"Version": 1.0, "Grouping": {"TableLevelConfiguration": 2}}))
    asked = called(handler, "r2", do="discover")
    assert asked["crawlers"] == ["importau-gold"]
    assert "another layout or crawler of agregado_fluxo_de_caixa_mensal" in asked["why"]


def test_a_file_that_is_gone_or_replaced_is_governances_to_tell_and_nothing_to_crawl(lake: Lake) -> None:
    crawls(lake, "r1")
    tables = View.of_version(lake).tables
    lake.client.delete_object(Bucket=lake.bucket, Key=tables["cambio"].files[0].key)
    lake.write_bytes(b"other", tables["pedidos"].files[0].key)
    assert called(handler, "r2", do="discover")["crawlers"] == []
    assert called(handler, "r2", do="discover", force=True)["crawlers"] == CRAWLERS


def test_a_new_account_or_a_deleted_database_is_crawled_again(lake: Lake) -> None:
    crawls(lake, "r1")
    glue().delete_table(DatabaseName=layout.DISCOVERED_DATABASE, Name="cambio")
    assert called(handler, "r2", do="discover")["why"] == "bronze: cambio is gone from importau_descoberta"


def test_a_record_that_cannot_be_read_costs_a_crawl_and_is_written_anew(lake: Lake) -> None:
    number = crawls(lake, "r1")
    for content in (b"", b"{", b"[]", b'{"format": 7}', b'{"format": 1, "tables": {"cambio": {"x": 1}}}'):
        lake.write_bytes(content, layout.CRAWLED_KEY)
        assert called(handler, "r2", do="discover")["why"] == FIRST
    called(handler, "r2", do="crawled", version=number, crawlers=CRAWLERS)
    assert called(handler, "r2", do="discover")["crawlers"] == []


# ---- what is kept ----------------------------------------------------------------------------------------------------


def test_only_the_layers_that_were_crawled_are_noted(lake: Lake) -> None:
    number = publishes(lake, "r1")
    called(handler, "r1", do="crawled", version=number, crawlers=["importau-gold"])
    assert set(crawled.read(lake)) == set(TABLES["gold"])
    called(handler, "r1", do="crawled", version=number, crawlers=["importau-silver"])
    assert set(crawled.read(lake)) == {*TABLES["silver"], *TABLES["gold"]}
    assert called(handler, "r2", do="discover")["crawlers"] == ["importau-bronze", "importau-forecast"]


def test_two_that_note_at_once_keep_both(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    number = publishes(lake, "r1")
    put, met = Lake.put_over, []

    def meeting(self: Lake, content: bytes, key: str, *given: Any) -> bool:
        if not met:
            met.append(key)
            called(handler, "r0", do="crawled", version=number, crawlers=["importau-bronze"])
        return put(self, content, key, *given)

    monkeypatch.setattr(Lake, "put_over", meeting)
    called(handler, "r1", do="crawled", version=number, crawlers=["importau-gold"])
    assert set(crawled.read(lake)) == {*TABLES["bronze"], *TABLES["gold"]}


def test_what_is_no_crawl_of_ours_is_refused(lake: Lake) -> None:
    publishes(lake, "r1", "cambio")
    for event in (
        {"version": 1, "crawlers": ["importau-bronze", "other"]}, {"crawlers": ["importau-bronze"]}, {"version": 1},
        {"version": "1", "crawlers": []},
    ):  # fmt: skip
        with pytest.raises(InputError):
            called(handler, "r1", do="crawled", **event)
    assert crawled.read(lake) == {}


# ---- what differs ----------------------------------------------------------------------------------------------------


def test_what_agrees_four_ways_is_no_difference(lake: Lake) -> None:
    crawls(lake, "r1")
    for table in EVERY_TABLE:
        Catalog(glue()).register(table_of(load(table), "s3://lake/x/", {}))
    assert compared(lake) == Discovery(compared=len(EVERY_TABLE))


def test_a_type_that_a_crawler_found_is_named_with_all_four_sides(lake: Lake) -> None:
    number = publishes(lake, "r1")
    discovers(load("cambio"), "r1", types={"taxa_ptax": "double"})
    Catalog(glue()).register(table_of(load("cambio"), "s3://lake/x/", {}))
    said = "cambio.taxa_ptax: contrato decimal(18,6), Parquet decimal(18,6), catálogo decimal(18,6), descoberto double"
    noted = called(handler, "r1", do="crawled", version=number, crawlers=["importau-bronze"])
    assert (noted["discovered"], noted["differences"][0]) == (1, said)
    found = compared(lake)
    assert found.differences[0] == said
    missing = "pedidos: o crawler passou e não fez a tabela em importau_descoberta"
    assert missing in found.differences
    assert set(found.undiscovered) == set(EVERY_TABLE) - set(TABLES["bronze"])


def test_columns_of_old_runs_are_no_difference(lake: Lake) -> None:
    crawls(lake, "r1")
    where = {"DatabaseName": layout.DISCOVERED_DATABASE}
    table = glue().get_table(**where, Name="cambio")["Table"]
    table["StorageDescriptor"]["Columns"].append({"Name": "de_antes", "Type": "string"})
    kept = {name: table[name] for name in ("Name", "StorageDescriptor", "PartitionKeys", "Parameters")}
    glue().update_table(**where, TableInput=kept)
    assert compared(lake).differences == ()
    glue().delete_partition(**where, TableName="cambio", PartitionValues=["r1"])
    (said,) = compared(lake).differences
    assert said.startswith("cambio.de_antes: contrato (ausente)")


def test_of_a_table_that_changed_since_its_crawl_nothing_is_said(lake: Lake) -> None:
    crawls(lake, "r1")
    changed = load("cambio").schema.empty_table().append_column("nova", pa.array([], pa.string()))
    publish(lake, {"cambio": changed}, "r2")
    found = compared(lake)
    assert (found.differences, found.undiscovered, found.compared) == ((), ("cambio",), len(EVERY_TABLE) - 1)


def test_a_table_that_no_contract_knows_is_named(lake: Lake) -> None:
    number, told = crawls(lake, "r1"), []
    for database in ("importau_bronze", "importau_gold", layout.DISCOVERED_DATABASE):
        entry = {"Name": "pedidos_1a2b", "StorageDescriptor": {"Columns": [], "Location": "s3://lake/bronze/pedidos/"}}
        glue().create_table(DatabaseName=database, TableInput=entry)
        told.append(f"{database}.pedidos_1a2b: nenhum contrato conhece esta tabela, em s3://lake/bronze/pedidos/")
    assert compared(lake).unknown == compared(lake).problems == tuple(told)
    assert called(handler, "r1", do="crawled", version=number, crawlers=CRAWLERS)["differences"] == told


def test_a_table_whose_files_are_gone_is_not_named(lake: Lake) -> None:
    crawls(lake, "r1")
    marks = {"DEPRECATED_BY_CRAWLER": "1", "UPDATED_BY_CRAWLER": "importau-bronze"}
    entry = {"Name": "pedidos_1a2b", "Parameters": marks, "StorageDescriptor": {"Columns": []}}
    glue().create_table(DatabaseName=layout.DISCOVERED_DATABASE, TableInput=entry)
    assert compared(lake).problems == ()


def test_a_message_stays_small_however_much_differs(lake: Lake) -> None:
    number = publishes(lake, "r1")
    for n in range(60):
        discovers(load("cambio"), "r1", name=f"cambio_{n:032x}")
    assert len(called(handler, "r1", do="crawled", version=number, crawlers=CRAWLERS)["differences"]) == 10
