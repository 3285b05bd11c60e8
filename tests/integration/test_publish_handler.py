"""The Publish Lambda on S3 and Glue (moto): whole versions, one after the other, of audited files alone."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from generated_company import company
from handlers import called, governs, layer_of_run, opens, pipeline, publishes
from lakehouse_tables import CASH_FLOW, EVERY_TABLE, EXPORTED, FACT, FORECAST, OUTLOOK, RISK
from made_runs import make
from published import publish
from simulated_aws import make_databases, simulated_lake

from lakehouse.contract.model import load
from lakehouse.errors import InputError, LakehouseError, StorageError
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.decision import decide_to_publish
from lakehouse.versions.opening import opened
from lakehouse.versions.version import Making, Version
from lakehouse.versions.view import View
from publish.app import handler
from publish.catalogue import register
from publish.commit import commit
from publish.discarding import discard

SOURCE = {"type": "synthetic", "orders": 30, "seed": 7}
NOW = "2026-01-01T00:00:00+00:00"
OTHER = {"type": "synthetic", "orders": 30, "seed": 8}


@pytest.fixture
def lake() -> Iterator[Lake]:
    with simulated_lake("lake") as lake:
        make_databases()
        yield lake


def made(lake: Lake, run: str, source: dict[str, Any] = SOURCE) -> None:
    """Do all that a pipeline does before it publishes."""
    make(lake, run, source)


def published(lake: Lake, run: str, source: dict[str, Any]) -> None:
    """Do all that a pipeline does."""
    made(lake, run, source)
    publishes(run)


def locations() -> dict[str, str]:
    catalog = Catalog(boto3.client("glue"))
    return {
        table: (catalog.get(load(table).database, table) or {})
        .get("StorageDescriptor", {})
        .get("Location", "")
        .rpartition("run=")[2]
        for table in EVERY_TABLE
    }


def shown() -> set[str]:
    """The version that each entry of the catalogue shows."""
    catalog = Catalog(boto3.client("glue"))
    entries = [catalog.get(load(table).database, table) for table in EVERY_TABLE]
    return {entry["Parameters"]["lake_version"] for entry in entries if entry}


def test_a_run_is_one_version_of_all_tables_and_the_catalogue_shows_its_files(lake: Lake) -> None:
    made(lake, "r1")
    told = publishes("r1")
    version = chain.read(lake, 1)
    assert told == {
        "run_id": "r1", "version": 1, "runs": dict.fromkeys(layout.LAYERS, "r1"), "lagging": [], "problem": "",
        "rows": {table.table: table.rows for table in version.ordered},
    }  # fmt: skip
    assert (version.number, version.parent, version.run, version.made.by) == (1, 0, "r1", "pipeline")
    assert set(version.tables) == {*EVERY_TABLE}
    assert version.source == SOURCE
    assert version.tables[FACT].made_from == dict.fromkeys(EXPORTED, "r1")
    assert version.outdated == {}
    for table in version.ordered:
        for file in table.files:
            found = lake.about(file.key)
            assert found is not None
            assert (file.etag, file.bytes) == (found.etag, found.bytes)
            assert file.rows == lake.parquet(file.key).metadata.num_rows
    assert locations() == dict.fromkeys(EVERY_TABLE, "r1/")
    assert shown() == {"1"}
    parameters = boto3.client("glue").get_table(DatabaseName="importau_silver", Name=FACT)["Table"]["Parameters"]
    fact = version.tables[FACT]
    assert {name: parameters[name] for name in ("run_id", "rows", "bytes", "updated_at")} == {
        "run_id": "r1", "rows": str(fact.rows), "bytes": str(fact.bytes), "updated_at": version.made.at,
    }  # fmt: skip


def test_the_inputs_of_a_version_are_the_files_as_they_were_read(lake: Lake, csv_dir: Any) -> None:
    lake.client.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    for table in EXPORTED:
        lake.write_bytes((csv_dir / f"{table}.csv").read_bytes(), layout.landing_key(table))
    pipeline(lake, "r1", {"type": "csv"})
    version = chain.read(lake, 1)
    assert [each.table for each in version.inputs] == [*EXPORTED]
    for each in version.inputs:
        found = lake.about(each.key)
        assert found is not None
        assert (each.etag, each.bytes, each.version_id) == (found.etag, found.bytes, found.version_id)
        assert len(each.sha256) == 64


def test_the_same_run_published_twice_is_one_version(lake: Lake) -> None:
    made(lake, "r1")
    assert publishes("r1") == publishes("r1")
    assert chain.numbers(lake) == [1]


def test_a_pipeline_goes_on_top_of_one_that_was_quicker(lake: Lake) -> None:
    made(lake, "slow")
    published(lake, "quick", OTHER)
    assert publishes("slow")["version"] == 2
    assert {table.run for table in chain.read(lake, 2).ordered} == {"slow"}
    assert [version.run for version in chain.after(lake, 0)] == ["quick", "slow"]


def test_of_many_at_once_each_is_a_whole_version_after_another(lake: Lake) -> None:
    runs = [f"r{number}" for number in range(8)]
    for run in runs:
        publish_made(lake, run)
    with ThreadPoolExecutor(8) as threads:
        numbers = list(threads.map(lambda run: published_now(lake, run), runs))
    assert sorted(numbers) == list(range(1, 9))
    for version in chain.after(lake, 0):
        assert {table.run for table in version.ordered} == {version.run}
    assert shown() == {"8"}
    newest = chain.read(lake, 8)
    assert locations() == dict.fromkeys(EVERY_TABLE, f"{newest.run}/")


def published_now(lake: Lake, run: str) -> int:
    version = commit(lake, opened(lake, run), layout.LAYERS, Making("pipeline", "e", "2026-01-01T00:00:00+00:00"))
    assert register(Catalog(), lake, version).lagging == {}
    return version.number


def publish_made(lake: Lake, run: str) -> None:
    """Leave the files, reports and opening of a run, as `published.publish` does, without its version."""
    before = chain.newest_number(lake)
    publish(lake, company(), run)
    lake.client.delete_object(Bucket="lake", Key=layout.version_key(before + 1))
    governs(lake, run)


@pytest.mark.parametrize("layer", layout.LAYERS)
def test_a_layer_by_itself_keeps_the_others_as_the_newest_version_has_them(lake: Lake, layer: str) -> None:
    published(lake, "r1", SOURCE)
    layer_of_run(lake, "alone", layer, OTHER if layer == layout.BRONZE else None)
    assert publishes("alone", layer)["version"] == 2
    version = chain.read(lake, 2)
    assert version.runs == dict.fromkeys(layout.LAYERS, "r1") | {layer: "alone"}
    assert version.made.by == layer
    assert version.source == (OTHER if layer == layout.BRONZE else SOURCE)
    expected = {OUTLOOK, RISK}
    above: dict[str, set[str]] = {
        layout.BRONZE: {FACT, *expected}, layout.SILVER: {CASH_FLOW, FORECAST, *expected}, layout.GOLD: expected,
        layout.FORECAST: set(),
    }  # fmt: skip
    assert set(version.outdated) == above[layer]


@pytest.mark.parametrize(("layer", "replaced"), [("silver", "pedidos"), ("gold", FACT), ("bronze", "pedidos")])
def test_a_layer_stops_where_what_it_was_made_from_or_replaces_was_replaced(
    lake: Lake, layer: str, replaced: str
) -> None:
    published(lake, "r1", SOURCE)
    layer_of_run(lake, "alone", layer, OTHER if layer == "bronze" else None)
    published(lake, "r2", OTHER)
    with pytest.raises(LakehouseError) as refused:
        publishes("alone", layer)
    said = str(refused.value)
    assert said.startswith("version 2, of run r2, came between and replaced ")
    assert replaced in said
    assert said.endswith(f"so nothing is published. Run {layer} again")
    assert chain.numbers(lake) == [1, 2]


def test_a_layer_is_not_in_the_way_of_one_that_has_nothing_to_do_with_it(lake: Lake) -> None:
    published(lake, "r1", SOURCE)
    layer_of_run(lake, "b", layout.BRONZE, OTHER)
    layer_of_run(lake, "g", layout.GOLD)
    assert [publishes("b", layout.BRONZE)["version"], publishes("g", layout.GOLD)["version"]] == [2, 3]
    assert chain.read(lake, 3).runs == {"bronze": "b", "silver": "r1", "gold": "g", "forecast": "r1"}


def test_a_layer_made_from_what_its_own_run_never_published_is_not_published(lake: Lake) -> None:
    published(lake, "r1", SOURCE)
    layer_of_run(lake, "r2", layout.BRONZE, OTHER)
    layer_of_run(lake, "r2", layout.SILVER)
    with pytest.raises(LakehouseError, match=r"silver of run r2 was made from pedidos, .* as no version has it"):
        publishes("r2", layout.SILVER)
    publishes("r2", layout.BRONZE)
    assert publishes("r2", layout.SILVER)["version"] == 3


@pytest.mark.parametrize("what", ["not audited", "failed", "not governed", "governance failed", "discarded"])
def test_what_has_not_passed_is_not_published(lake: Lake, what: str) -> None:
    made(lake, "r1")
    report, governed = layout.quality_key("r1", layout.SILVER), layout.governance_report_key("r1")
    match what:
        case "not audited":
            lake.client.delete_object(Bucket="lake", Key=report)
        case "failed":
            lake.write_json(lake.read_json(report) | {"passed": False}, report)
        case "not governed":
            lake.client.delete_object(Bucket="lake", Key=governed)
        case "governance failed":
            lake.write_json({"passed": False}, governed)
        case "discarded":
            called(handler, "r1", do="discard")
    said = {
        "not audited": f"run r1 has no passed audit of {FACT}, so silver is not published",
        "failed": f"run r1 has no passed audit of {FACT}, so silver is not published",
        "not governed": "governance did not pass run r1",
        "governance failed": "governance did not pass run r1",
        "discarded": "run r1 was discarded",
    }
    with pytest.raises(LakehouseError, match=said[what]):
        publishes("r1")
    assert chain.numbers(lake) == []
    assert set(locations().values()) == {""}


@pytest.mark.parametrize("what", ["replaced", "emptied", "gone", "beside it"])
@pytest.mark.parametrize("table", ["cambio", FACT, FORECAST])
def test_what_is_not_what_was_audited_is_not_published(lake: Lake, table: str, what: str) -> None:
    made(lake, "r1")
    key = layout.run_key(table, "r1")
    match what:
        case "replaced":
            lake.write_table(lake.read_table(key).slice(1), key)
        case "emptied":
            lake.write_bytes(b"", key)
        case "gone":
            lake.client.delete_object(Bucket="lake", Key=key)
        case "beside it":
            key = f"{layout.run_prefix(table, 'r1')}more.parquet"
            lake.write_bytes(b"", key)
    said = {"replaced": "was replaced", "emptied": "was replaced", "gone": "is gone"}
    with pytest.raises(LakehouseError, match="not what was audited, so nothing is published: ") as refused:
        publishes("r1")
    assert f"{key} {said.get(what, 'was written by somebody else')}" in str(refused.value)
    assert chain.numbers(lake) == []


def test_a_commit_that_another_one_overtakes_at_the_last_moment_is_made_anew(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(lake, "slow")
    others = iter(["q1", "q2"])

    def overtaken(lake: Lake, run: str, number: int, making: Making) -> None:
        other = next(others, None)
        if other is not None:
            publish(lake, company(), other)
        decide_to_publish(lake, run, number, making)

    monkeypatch.setattr("publish.commit.decide_to_publish", overtaken)
    assert publishes("slow")["version"] == 3
    assert [version.run for version in chain.after(lake, 0)] == ["q1", "q2", "slow"]


def denied(*tables: str) -> Any:
    """Return a Glue client that may not write some tables."""
    glue = boto3.client("glue")

    class Denying:
        def __getattr__(self, name: str) -> Any:
            whole = getattr(glue, name)

            def call(**given: Any) -> Any:
                if given.get("TableInput", {}).get("Name") in tables:
                    raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, name)
                return whole(**given)

            return call

    return Denying()


def test_a_catalogue_that_lags_is_told_and_completed_by_the_next_publication_or_by_itself(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(lake, "r1")
    with monkeypatch.context() as patch:
        patch.setattr("publish.app.Catalog", lambda stage: Catalog(denied("cambio", FACT)))
        told = publishes("r1")
        assert told["lagging"] == ["importau_bronze.cambio", f"importau_silver.{FACT}"]
        assert "AccessDenied" in told["problem"]
        assert chain.numbers(lake) == [1]
        with pytest.raises(
            LakehouseError, match=r"does not show version 1 of importau_bronze\.cambio.*verify --repair"
        ):
            called(handler, "x", do="register")
    assert {table for table, run in locations().items() if not run} == {"cambio", FACT}
    assert called(handler, "x", do="register")["lagging"] == []
    assert locations() == dict.fromkeys(EVERY_TABLE, "r1/")


def test_nothing_can_be_registered_where_nothing_is_published(lake: Lake) -> None:
    with pytest.raises(LakehouseError, match="nothing was published yet"):
        called(handler, "x", do="register")


class TestOpening:
    def test_a_run_is_opened_once_on_the_newest_version(self, lake: Lake) -> None:
        assert opens("r1", source=SOURCE)["base"] == 0
        publish(lake, company(), "other")
        assert opens("r1", source=OTHER)["base"] == 0
        assert lake.read_json(layout.opening_key("r1"))["source"] == SOURCE
        assert opens("r2", source=SOURCE)["base"] == 1

    def test_nothing_is_to_be_done_where_the_same_would_come_out(self, lake: Lake) -> None:
        published(lake, "r1", SOURCE)
        told = opens("r2", source=SOURCE)
        assert told["nothing_to_do"]
        assert told["why"] == "version 1 was made of these inputs, by this code and under these contracts"
        assert not opens("r3", source=SOURCE, force=True)["nothing_to_do"]
        assert not opens("r4", source=OTHER)["nothing_to_do"]
        for layer in (layout.SILVER, layout.GOLD):
            assert opens(f"alone-{layer}", layer)["nothing_to_do"]

    def test_other_code_or_another_contract_is_something_to_do(
        self, lake: Lake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        published(lake, "r1", SOURCE)
        with monkeypatch.context() as patch:
            patch.setattr("lakehouse.versions.opening.code", lambda: "other")
            assert not opens("r2", source=SOURCE)["nothing_to_do"]
        monkeypatch.setattr("publish.up_to_date.contract_sha256", lambda _: "other")
        assert not opens("r3", source=SOURCE)["nothing_to_do"]

    @pytest.mark.parametrize("changed", ["content", "a correction", "a file more"])
    def test_another_upload_is_something_to_do_and_the_same_again_is_not(
        self, lake: Lake, csv_dir: Any, changed: str
    ) -> None:
        for table in EXPORTED:
            lake.write_bytes((csv_dir / f"{table}.csv").read_bytes(), layout.landing_key(table))
        pipeline(lake, "r1", {"type": "csv"})
        key = layout.landing_key("pedidos")
        lake.write_bytes(lake.read_bytes(key), key)
        assert opens("r2", source={"type": "csv"})["nothing_to_do"]
        if changed == "content":
            lake.write_bytes(lake.read_bytes(key) + b"\n", key)
        else:
            lake.write_bytes(b"pedido_id\n", layout.correction_key("pedidos"))
        assert not opens("r3", source={"type": "csv"})["nothing_to_do"]

    def test_a_layer_above_one_that_was_run_by_itself_has_something_to_do(self, lake: Lake) -> None:
        published(lake, "r1", SOURCE)
        layer_of_run(lake, "b", layout.BRONZE, OTHER)
        publishes("b", layout.BRONZE)
        assert not opens("s", layout.SILVER)["nothing_to_do"]
        assert opens("g", layout.GOLD)["nothing_to_do"]

    def test_a_layer_says_in_how_many_parts_its_inputs_are(self, lake: Lake) -> None:
        published(lake, "r1", SOURCE | {"parts": 3})
        told = opens("r2", layout.SILVER, force=True)
        assert (told["parts"], told["parts_prefix"]) == (3, layout.parts_listed("pedidos", "r1"))
        told = opens("r3", layout.GOLD, force=True)
        assert (told["parts"], told["parts_prefix"]) == (3, layout.parts_listed(FACT, "r1"))
        told = opens("r4", layout.BRONZE, source=SOURCE)
        assert (told["parts"], told["parts_prefix"]) == (1, "")

    @pytest.mark.parametrize("layer", [layout.SILVER, layout.GOLD])
    def test_a_layer_whose_inputs_were_never_published_says_what_to_run_first(self, lake: Lake, layer: str) -> None:
        with pytest.raises(StorageError, match=r"has nothing published; run (bronze|silver) first"):
            opens("r1", layer)

    def test_a_source_that_cannot_be_used_is_refused_before_anything_is_kept(self, lake: Lake) -> None:
        with pytest.raises(InputError, match="source is 'csv'"):
            opens("r1", source="csv")
        with pytest.raises(InputError, match=r"source.inputs names clientes; use pedidos"):
            opens("r1", source={"type": "csv", "inputs": {"clientes": "v"}})
        assert list(lake.list("")) == []


class TestLooking:
    @pytest.mark.parametrize(("layer", "table"), [("bronze", "pedidos"), ("silver", FACT), ("gold", FACT)])
    def test_an_audit_is_told_the_version_and_the_parts(self, lake: Lake, layer: str, table: str) -> None:
        published(lake, "r1", SOURCE | {"parts": 3})
        published(lake, "r2", SOURCE)
        looked = {version: called(handler, "a", do="look", layer=layer, version=version) for version in (0, 1, 2)}
        assert looked[0] == looked[2] == {"run_id": "a", "version": 2, "parts": 1, "parts_prefix": ""}
        listed = layout.parts_listed(table, "r1")
        assert looked[1] == {"run_id": "a", "version": 1, "parts": 3, "parts_prefix": listed}

    def test_a_version_that_is_not_there_is_refused(self, lake: Lake) -> None:
        with pytest.raises(StorageError, match="there is no version 4"):
            called(handler, "a", do="look", layer="gold", version=4)
        with pytest.raises(InputError, match="layer is missing; use bronze, silver, gold"):
            called(handler, "a", do="look")


class TestRollingBack:
    def test_a_version_that_names_the_old_files_and_copies_none(self, lake: Lake) -> None:
        published(lake, "r1", SOURCE)
        published(lake, "r2", OTHER)
        before = {key: lake.about(key) for key in lake.list("") if not key.startswith("lake/versions/")}
        assert called(handler, "back", do="rollback")["version"] == 3
        assert {key: lake.about(key) for key in lake.list("") if not key.startswith("lake/versions/")} == before
        first, third = chain.read(lake, 1), chain.read(lake, 3)
        assert (third.tables, third.source, third.inputs) == (first.tables, first.source, first.inputs)
        assert (third.run, third.made.by, third.restores, third.parent) == ("back", "rollback", 1, 2)
        assert locations() == dict.fromkeys(EVERY_TABLE, "r1/")
        assert shown() == {"3"}
        assert opens("again", source=SOURCE)["nothing_to_do"]

    def test_again_and_again_goes_further_back_and_any_version_can_be_named(self, lake: Lake) -> None:
        for number, run in enumerate(("r1", "r2", "r3"), 7):
            publish(lake, company(seed=number), run)
        runs = [called(handler, f"back{n}", do="rollback")["runs"]["gold"] for n in range(2)]
        assert runs == ["r2", "r1"]
        with pytest.raises(InputError, match="version 5 is the first state of the lake"):
            called(handler, "back3", do="rollback")
        assert called(handler, "back4", do="rollback", version=3)["runs"]["gold"] == "r3"
        assert chain.newest_number(lake) == 6

    def test_it_is_done_once_however_often_it_is_asked_by_one_run(self, lake: Lake) -> None:
        publish(lake, company(), "r1")
        publish(lake, company(seed=8), "r2")
        assert called(handler, "back", do="rollback") == called(handler, "back", do="rollback")
        assert chain.newest_number(lake) == 3

    @pytest.mark.parametrize("version", [2, 3, 99])
    def test_what_is_not_before_the_newest_is_refused(self, lake: Lake, version: int) -> None:
        publish(lake, company(), "r1")
        publish(lake, company(seed=8), "r2")
        with pytest.raises(InputError, match="go back to one before 2"):
            called(handler, "back", do="rollback", version=version)

    def test_it_stops_where_another_version_came_between(self, lake: Lake) -> None:
        for number, run in enumerate(("r1", "r2", "r3"), 7):
            publish(lake, company(seed=number), run)
        with pytest.raises(LakehouseError, match="version 3, of run r3, came between: nothing was rolled back"):
            called(handler, "back", do="rollback", version=1, base=2)
        assert chain.newest_number(lake) == 3

    def test_a_version_whose_files_are_gone_is_refused(self, lake: Lake) -> None:
        publish(lake, company(), "r1")
        publish(lake, company(seed=8), "r2")
        lake.client.delete_object(Bucket="lake", Key=layout.run_key("cambio", "r1"))
        with pytest.raises(LakehouseError, match=r"run=r1/cambio.parquet is gone"):
            called(handler, "back", do="rollback")

    def test_a_version_of_other_contracts_is_refused_where_its_files_are_not_what_they_say_now(
        self, lake: Lake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tables = company()
        place = tables["pedidos"].column_names.index("prazo_dias")
        old = tables["pedidos"].set_column(place, "prazo_dias", tables["pedidos"]["status"])
        publish(lake, tables | {"pedidos": old}, "r1")
        publish(lake, tables, "r2")
        assert called(handler, "same", do="rollback", version=1)["version"] == 3
        monkeypatch.setattr("publish.commit.contract_sha256", lambda _: "other")
        with pytest.raises(LakehouseError, match=r"version 1 was written under other contracts .*pedidos.prazo_dias"):
            called(handler, "back", do="rollback", version=1)
        assert called(handler, "two", do="rollback", version=2)["version"] == 4

    def test_where_nothing_was_published_there_is_nothing_to_go_back_to(self, lake: Lake) -> None:
        with pytest.raises(InputError, match="nothing was published yet"):
            called(handler, "back", do="rollback")
        publish(lake, company(), "r1")
        with pytest.raises(InputError, match="version 1 is the first state"):
            called(handler, "back", do="rollback")
        with pytest.raises(InputError, match="use the numbers of versions"):
            called(handler, "back", do="rollback", version="1")


class TestDiscarding:
    def test_a_run_that_waits_is_kept_from_being_published(self, lake: Lake) -> None:
        made(lake, "r1")
        assert called(handler, "r1", do="discard")["discarded"]
        assert json.loads(lake.read_bytes(layout.decision_key("r1")))["run_id"] == "r1"
        assert called(handler, "r1", do="discard")["discarded"]
        with pytest.raises(LakehouseError, match="run r1 was discarded, so it is not published"):
            publishes("r1")

    def test_a_run_on_its_way_to_be_published_is_not_discarded(
        self, lake: Lake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(lake, "r1")

        def discarded_meanwhile(lake: Lake, version: Version) -> bool:
            with pytest.raises(LakehouseError, match=r"being published, as version 1.*`\./importau publish r1`"):
                called(handler, "r1", do="discard")
            return committed(lake, version)

        committed = chain.committed
        monkeypatch.setattr(chain, "committed", discarded_meanwhile)
        assert publishes("r1")["version"] == 1

    def test_a_run_whose_version_another_one_took_can_be_discarded_before_it_tries_again(
        self, lake: Lake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(lake, "r1")

        def overtaken_and_discarded(lake: Lake, version: Version) -> bool:
            monkeypatch.undo()
            publish(lake, company(), "q1")
            assert called(handler, "r1", do="discard")["discarded"]
            return chain.committed(lake, version)

        monkeypatch.setattr(chain, "committed", overtaken_and_discarded)
        with pytest.raises(LakehouseError, match="run r1 was discarded, so it is not published"):
            publishes("r1")
        assert [version.run for version in chain.after(lake, 0)] == ["q1"]

    @pytest.mark.parametrize("time", range(6))
    def test_of_publishing_and_discarding_at_once_one_succeeds_and_the_other_says_so(
        self, lake: Lake, time: int
    ) -> None:
        made(lake, "r1")
        with ThreadPoolExecutor(2) as threads:
            both = [
                threads.submit(commit, lake, opened(lake, "r1"), layout.LAYERS, Making("pipeline", "x", NOW)),
                threads.submit(discard, lake, "r1", Making("discard", "x", NOW)),
            ]
            failed = [each.exception() for each in both]
        assert sum(error is None for error in failed) == 1
        assert isinstance(next(filter(None, failed)), LakehouseError)
        assert (chain.of_run(lake, "r1", 0) is not None) == (failed[0] is None)


def test_what_is_asked_wrongly_is_refused(lake: Lake) -> None:
    with pytest.raises(
        InputError, match="do is 'burn'; use landed, open, look, commit, rollback, register, discard, discover, crawled"
    ):
        called(handler, "r1", do="burn")
    with pytest.raises(InputError, match="layer is 'platinum'; use bronze, silver, gold"):
        called(handler, "r1", do="commit", layer="platinum")


def test_readers_of_one_version_never_meet_another(lake: Lake) -> None:
    publish(lake, company(), "r1")
    view = View.of_version(lake)
    publish(lake, company(seed=8), "r2")
    assert view.runs == dict.fromkeys(layout.LAYERS, "r1")
    assert view.read(FACT).equals(company()[FACT].cast(load(FACT).schema))
