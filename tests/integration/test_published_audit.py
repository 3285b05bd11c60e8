"""The audit of what is published, on S3 (moto): it finds what the run's own audit found, and what has changed since."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from audits import with_value, without
from lakehouse_tables import FACT, TABLES
from simulated_aws import simulated_lake

import bronze.app
import gold.app
import silver.app
from lakehouse.errors import InputError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.parts import part_of
from tests import teste_bronze, teste_gold, teste_silver
from tests.audit import audit

BUCKET, RUN, AUDIT = "lake", "r1", "audit-1"
WRITE = {layout.BRONZE: bronze.app.handler, layout.SILVER: silver.app.handler, layout.GOLD: gold.app.handler}
TEST = {layout.BRONZE: teste_bronze.handler, layout.SILVER: teste_silver.handler, layout.GOLD: teste_gold.handler}
# What the items of an audit's Distributed Map are part files of.
CUT = {layout.BRONZE: "pedidos", layout.SILVER: FACT, layout.GOLD: FACT}


@pytest.fixture
def lake() -> Iterator[Lake]:
    with simulated_lake(BUCKET) as lake:
        yield lake


def called(handler: Any, layer: str, run_id: str, **event: Any) -> dict[str, Any]:
    context = SimpleNamespace(
        function_name="f", memory_limit_in_mb=1024, aws_request_id="1",
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:f",
    )  # fmt: skip
    answer: dict[str, Any] = handler({"run_id": run_id, "layer": layer, **event}, context)
    assert len(json.dumps(answer).encode()) < 32_000
    return answer


def publish(lake: Lake, layer: str, source: dict[str, Any], run_id: str = RUN) -> dict[str, Any]:
    """Write, audit and publish a layer as its state machine does; return the report of the audit."""
    staged = called(WRITE[layer], layer, run_id, source=source)
    verdict = called(TEST[layer], layer, run_id, tables=staged["tables"])
    assert verdict["passed"], verdict["cause"]
    for table in staged["tables"]:
        for part in range(table["parts"]):
            content = lake.read_bytes(layout.staging_key(run_id, table["table"], part, table["parts"]))
            lake.write_bytes(content, layout.published_key(table["table"], part, table["parts"]))
    return dict(lake.read_json(verdict["report_key"]))


def published(lake: Lake, parts: int = 1) -> dict[str, dict[str, Any]]:
    """Publish all three layers of synthetic data; return the reports of their audits."""
    source = {"type": "synthetic", "orders": 300, "seed": 7, "parts": parts}
    return {layer: publish(lake, layer, source) for layer in layout.LAYERS}


def audited(lake: Lake, layer: str, *, fanned_out: bool = False) -> dict[str, Any]:
    """Audit what is published as the audit's state machine does."""
    keys = [key for key in lake.list(layout.published_prefix(CUT[layer])) if "-of-" in key]
    for key in keys if fanned_out else ():
        called(TEST[layer], layer, AUDIT, of="published", tables=[], part_key=key)
    return called(TEST[layer], layer, AUDIT, of="published", tables=[])


def outcomes(report: dict[str, Any]) -> dict[tuple[str, str, str | None], tuple[str, int, int]]:
    return {
        (table["table"], rule["rule"], rule["column"]): (rule["status"], rule["failed"], rule["examined"])
        for table in report["tables"]
        for rule in table["rules"]
    }


def failures(lake: Lake, verdict: dict[str, Any]) -> dict[tuple[str, str], list[str]]:
    report = lake.read_json(verdict["report_key"])
    return {
        (table["table"], rule["rule"]): rule["examples"]
        for table in report["tables"]
        for rule in table["rules"]
        if rule["status"] == "fail"
    }


@pytest.mark.parametrize(("parts", "fanned_out"), [(1, False), (5, True), (5, False)])
def test_it_finds_just_what_the_audit_found_that_let_it_be_published(
    lake: Lake, parts: int, *, fanned_out: bool
) -> None:
    reports = published(lake, parts)
    for layer in layout.LAYERS:
        verdict = audited(lake, layer, fanned_out=fanned_out)
        assert (verdict["passed"], verdict["cause"]) == (True, "")
        report = lake.read_json(layout.published_audit_key(AUDIT, layer))
        assert verdict["report_key"] == layout.published_audit_key(AUDIT, layer)
        assert (report["of"], report["published_by"], report["run_id"]) == ("published", RUN, AUDIT)
        before, now = outcomes(reports[layer]), outcomes(report)
        assert now == before
        named = ("table", "rows", "quarantined", "quarantine_reasons")
        assert [[table[name] for name in named] for table in report["tables"]] == [
            [table[name] for name in named] for table in reports[layer]["tables"]
        ]


@pytest.mark.parametrize("parts", [1, 5])
def test_a_value_that_was_changed_since_is_found_and_nothing_is_repaired(lake: Lake, parts: int) -> None:
    published(lake, parts)
    key = layout.published_key(FACT, parts - 1, parts)
    lake.write_table(with_value(lake.read_table(key), "quantidade", 0, lambda n: n + 1), key)
    changed = lake.read_bytes(key)
    verdict = audited(lake, layout.SILVER, fanned_out=True)
    assert not verdict["passed"]
    assert verdict["cause"].startswith("What is published of silver fails its audit. ")
    assert "rule 'conserva_quantidade' failed 1 of" in verdict["cause"]
    assert lake.uri(verdict["report_key"]) in verdict["cause"]
    assert "nothing was published" not in verdict["cause"]
    assert lake.read_bytes(key) == changed


@pytest.mark.parametrize("parts", [1, 5])
@pytest.mark.parametrize("table", ["pedidos", "produtos", FACT])
def test_a_file_that_is_gone_or_of_somebody_else_is_a_finding(lake: Lake, table: str, parts: int) -> None:
    published(lake, parts)
    layer, cut = layout.layer_of(table), table != "produtos"
    lake.client.delete_object(Bucket=BUCKET, Key=layout.published_key(table, 0, parts if cut else 1))
    lake.write_bytes(b"", f"{layout.published_prefix(table)}notas.txt")
    verdict = audited(lake, layer, fanned_out=True)
    assert not verdict["passed"]
    (said,) = failures(lake, verdict)[table, "esquema_confere"]
    assert "not one whole table" in said
    assert [entry["table"] for entry in verdict["tables"]] == list(TABLES[layer])


def test_a_damaged_file_is_a_finding(lake: Lake) -> None:
    published(lake)
    lake.write_bytes(b"no Parquet", layout.published_key("cambio"))
    found = failures(lake, audited(lake, layout.BRONZE))
    assert "not a readable Parquet file" in found["cambio", "esquema_confere"][0]


@pytest.mark.parametrize("known", [True, False])
def test_a_damaged_part_is_a_finding_whether_its_run_is_known_or_not(lake: Lake, *, known: bool) -> None:
    published(lake, 5)
    lake.write_bytes(b"no Parquet", layout.published_key(FACT, 0, 5))
    if not known:
        lake.client.delete_object(Bucket=BUCKET, Key=layout.quality_key(RUN, layout.SILVER))
    found = failures(lake, audited(lake, layout.SILVER, fanned_out=True))
    assert "not a readable Parquet file" in found[FACT, "esquema_confere"][0]


@pytest.mark.parametrize("parts", [1, 5])
def test_what_was_set_aside_is_found_again_part_by_part(lake: Lake, parts: int) -> None:
    """An item of an unknown order in each part is set aside by Silver."""
    source = {"type": "synthetic", "orders": 300, "seed": 7, "parts": parts}
    publish(lake, layout.BRONZE, source)
    for part in range(parts):
        key = layout.published_key("itens_pedido", part, parts)
        items = lake.read_table(key)
        strangers = pa.array(f"SEM{number}" for number in range(100))
        stranger = strangers.filter(pa.array(part_of(strangers, parts) == part))[0].as_py()
        row = items.slice(0, 1).to_pylist()[0] | {"item_id": f"ORFAO{part}", "pedido_id": stranger}
        lake.write_table(pa.concat_tables([items, pa.Table.from_pylist([row], items.schema)]), key)
    report = publish(lake, layout.SILVER, source)
    verdict = audited(lake, layout.SILVER, fanned_out=True)
    assert verdict["passed"], verdict["cause"]
    assert verdict["tables"][0]["quarantined"] == report["tables"][0]["quarantined"] == parts
    lake.client.delete_object(Bucket=BUCKET, Key=layout.quarantine_key(RUN, layout.SILVER, FACT))
    if parts > 1:
        last = layout.quarantine_key(RUN, layout.SILVER, FACT, parts - 1, parts)
        lake.client.delete_object(Bucket=BUCKET, Key=last)
    found = failures(lake, audited(lake, layout.SILVER, fanned_out=True))
    assert (FACT, "contabilidade_de_linhas") in found


def test_rows_that_are_lost_since_are_missed_by_the_accounting(lake: Lake) -> None:
    published(lake)
    key = layout.published_key("cambio")
    lake.write_table(without(lake.read_table(key), 0), key)
    assert ("cambio", "contabilidade_de_linhas") in failures(lake, audited(lake, layout.BRONZE))


def test_a_layer_below_that_has_changed_since_is_found(lake: Lake) -> None:
    published(lake)
    publish(lake, layout.BRONZE, {"type": "synthetic", "orders": 300, "seed": 8}, "r2")
    assert audited(lake, layout.BRONZE)["passed"]
    assert not audited(lake, layout.SILVER)["passed"]


def test_a_run_whose_audit_failed_published_nothing_and_is_not_what_it_is_held_against(lake: Lake) -> None:
    reports = published(lake)
    newer = reports[layout.BRONZE] | {"run_id": "r2", "passed": False, "tables": []}
    lake.write_json(newer, layout.quality_key("r2", layout.BRONZE))
    assert audited(lake, layout.BRONZE)["passed"]
    assert lake.read_json(layout.published_audit_key(AUDIT, layout.BRONZE))["published_by"] == RUN


@pytest.mark.parametrize("parts", [1, 5])
@pytest.mark.parametrize("layer", layout.LAYERS)
def test_without_any_report_it_is_accounted_for_by_what_is_there(lake: Lake, layer: str, parts: int) -> None:
    published(lake, parts)
    lake.client.delete_object(Bucket=BUCKET, Key=layout.quality_key(RUN, layer))
    verdict = audited(lake, layer)
    assert verdict["passed"], verdict["cause"]
    assert lake.read_json(verdict["report_key"])["published_by"] is None


def test_its_age_is_that_of_the_oldest_source_and_of_its_own_publication(
    lake: Lake, csv_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for table in TABLES[layout.BRONZE]:
        lake.write_bytes((csv_dir / f"{table}.csv").read_bytes(), layout.landing_key(table))
    for layer in layout.LAYERS:
        publish(lake, layer, {"type": "csv"})
    now = datetime.now(UTC)
    old = {layout.published_key(FACT): now - timedelta(hours=30)}
    monkeypatch.setattr(lake, "last_modified", lambda key: old.get(key, now - timedelta(hours=1)))
    late = {}
    for layer in layout.LAYERS:
        verdict = audit({"run_id": AUDIT, "layer": layer, "of": "published"}, lake, now)
        assert verdict["passed"]
        report = lake.read_json(verdict["report_key"])
        late[layer] = {
            rule["failed"] for table in report["tables"] for rule in table["rules"] if rule["rule"] == "atualidade"
        }
    # The fact was published long ago; what it was made from has been replaced since, and Gold is made from it.
    assert late == {layout.BRONZE: {0}, layout.SILVER: {1}, layout.GOLD: {1}}


def test_it_is_held_against_what_is_there_and_not_against_records_of_a_run_of_that_name(lake: Lake) -> None:
    published(lake, 5)
    key = layout.published_key(FACT, 2, 5)
    lake.write_table(with_value(lake.read_table(key), "quantidade", 0, lambda n: n + 1), key)
    verdict = called(TEST[layout.SILVER], layout.SILVER, RUN, of="published")
    assert not verdict["passed"]


def test_another_subject_than_the_two_is_refused(lake: Lake) -> None:
    with pytest.raises(InputError, match="of is 'tudo'; use 'staged' or 'published'"):
        called(TEST[layout.GOLD], layout.GOLD, AUDIT, of="tudo")


def test_bronze_refuses_to_write_one_part(lake: Lake) -> None:
    with pytest.raises(InputError, match="part_key is 'x'; Bronze reads whole files"):
        called(WRITE[layout.BRONZE], layout.BRONZE, RUN, part_key="x")


def test_silver_and_gold_say_what_their_parts_are_of(lake: Lake) -> None:
    published(lake, 5)
    for layer in layout.LAYERS:
        done = called(TEST[layer], layer, AUDIT, of="published", part_key=layout.published_key(CUT[layer], 3, 5))
        assert done == {"run_id": AUDIT, "layer": layer, "part": 3, "parts": 5}
    records = [key for key in lake.list(f"staging/{AUDIT}/") if key.endswith(".json")]
    assert records == [layout.part_record_key(AUDIT, layer, "published", 3, 5) for layer in sorted(layout.LAYERS)]
