"""The audit of what is published, on S3 (moto): it finds what the run's own audit found, and what has changed since."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import made_runs
import pyarrow as pa
import pytest
from audits import with_value, without
from handlers import AUDIT as TEST
from handlers import called, layer_of_run, pipeline, publishes
from lakehouse_tables import FACT, PARTED, TABLES
from published import publish
from simulated_aws import make_databases, simulated_lake

from lakehouse.errors import InputError, StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.parts import part_of
from lakehouse.versions.view import View
from tests.audit import audit

BUCKET, RUN, AUDIT = "lake", "r1", "audit-1"
# What the items of an audit's Distributed Map are part files of.
CUT = {layout.BRONZE: "pedidos", layout.SILVER: FACT, layout.GOLD: FACT}


@pytest.fixture
def lake() -> Iterator[Lake]:
    with simulated_lake(BUCKET) as lake:
        make_databases()
        yield lake


def published(lake: Lake, parts: int = 1, run: str = RUN, seed: int = 7) -> dict[str, dict[str, Any]]:
    """Publish all three layers of synthetic data; return the reports of their audits."""
    source = {"type": "synthetic", "orders": 300, "seed": seed, "parts": parts}
    made_runs.make(lake, run, source)
    publishes(run)
    return {layer: lake.read_json(layout.quality_key(run, layer)) for layer in layout.LAYERS}


def key_of(table: str, part: int = 0, parts: int = 1) -> str:
    return layout.run_key(table, RUN, part, parts if table in {*PARTED, FACT} else 1)


def audited(lake: Lake, layer: str, *, fanned_out: bool = False, version: int = 0) -> dict[str, Any]:
    """Audit what is published as the audit's state machine does."""
    given: dict[str, Any] = {"layer": layer, "of": "published", "tables": [], "version": version}
    files = View.of_version(lake, version or None).tables[CUT[layer]].files if fanned_out and layer in CUT else ()
    for file in files if len(files) > 1 else ():
        called(TEST[layer], AUDIT, **given, part_key=file.key)
    return called(TEST[layer], AUDIT, **given)


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
        assert report["version"] == 1
        before, now = outcomes(reports[layer]), outcomes(report)
        assert now == before
        named = ("table", "rows", "rows_read", "quarantined", "quarantine_reasons", "files")
        assert [[table[name] for name in named] for table in report["tables"]] == [
            [table[name] for name in named] for table in reports[layer]["tables"]
        ]


@pytest.mark.parametrize("parts", [1, 5])
def test_a_value_that_was_changed_since_is_found_and_nothing_is_repaired(lake: Lake, parts: int) -> None:
    published(lake, parts)
    key = key_of(FACT, parts - 1, parts)
    lake.write_table(with_value(lake.read_table(key), "quantidade", 0, lambda n: n + 1), key)
    changed = lake.read_bytes(key)
    verdict = audited(lake, layout.SILVER, fanned_out=True)
    assert not verdict["passed"]
    assert verdict["cause"].startswith("Version 1 of silver fails its audit. ")
    assert lake.uri(verdict["report_key"]) in verdict["cause"]
    assert "nothing was published" not in verdict["cause"]
    (said,) = failures(lake, verdict)[FACT, "esquema_confere"]
    assert said == f"{lake.uri(key)} is not the file that was published"
    assert lake.read_bytes(key) == changed


@pytest.mark.parametrize("parts", [1, 5])
@pytest.mark.parametrize("table", ["pedidos", "produtos", FACT])
def test_a_file_that_is_gone_is_a_finding(lake: Lake, table: str, parts: int) -> None:
    published(lake, parts)
    layer, key = layout.layer_of(table), key_of(table, 0, parts)
    lake.client.delete_object(Bucket=BUCKET, Key=key)
    verdict = audited(lake, layer, fanned_out=True)
    assert not verdict["passed"]
    (said,) = failures(lake, verdict)[table, "esquema_confere"]
    assert said == f"{lake.uri(key)} does not exist"
    assert [entry["table"] for entry in verdict["tables"]] == list(TABLES[layer])


def test_an_earlier_version_can_be_audited_and_one_that_never_was_cannot(lake: Lake) -> None:
    published(lake)
    published(lake, run="r2", seed=8)
    for number, run in ((1, RUN), (2, "r2"), (0, "r2")):
        verdict = audited(lake, layout.GOLD, version=number)
        assert verdict["passed"]
        report = lake.read_json(verdict["report_key"])
        assert (report["version"], report["published_by"]) == (number or 2, run)
    with pytest.raises(StorageError, match=r"there is no version 3 \(versions are 1 to 2\)"):
        audited(lake, layout.GOLD, version=3)


def test_where_nothing_is_published_every_table_is_missing(lake: Lake) -> None:
    found = failures(lake, audited(lake, layout.BRONZE))
    assert {table for table, _ in found} == {*TABLES[layout.BRONZE]}


def test_a_damaged_file_is_a_finding(lake: Lake) -> None:
    published(lake)
    lake.write_bytes(b"no Parquet", key_of("cambio"))
    found = failures(lake, audited(lake, layout.BRONZE))
    assert "not a readable Parquet file" in found["cambio", "esquema_confere"][0]


def test_a_damaged_part_is_a_finding(lake: Lake) -> None:
    published(lake, 5)
    lake.write_bytes(b"no Parquet", key_of(FACT, 0, 5))
    found = failures(lake, audited(lake, layout.SILVER, fanned_out=True))
    assert "not a readable Parquet file" in found[FACT, "esquema_confere"][0]


@pytest.mark.parametrize("parts", [1, 5])
def test_what_was_set_aside_is_found_again_part_by_part(lake: Lake, parts: int) -> None:
    """An item of an unknown order in each part is set aside by Silver."""
    published(lake, parts, "before")
    view = View.of_version(lake)
    with_strangers = []
    for part in range(parts):
        items = view.read("itens_pedido", part)
        strangers = pa.array(f"SEM{number}" for number in range(100))
        stranger = strangers.filter(pa.array(part_of(strangers, parts) == part))[0].as_py()
        row = items.slice(0, 1).to_pylist()[0] | {"item_id": f"ORFAO{part}", "pedido_id": stranger}
        with_strangers.append(pa.concat_tables([items, pa.Table.from_pylist([row], items.schema)]))
    publish(lake, {"itens_pedido": with_strangers}, "strangers", by="bronze")
    report = layer_of_run(lake, RUN, layout.SILVER).report
    publishes(RUN, layout.SILVER)
    verdict = audited(lake, layout.SILVER, fanned_out=True)
    assert verdict["passed"], verdict["cause"]
    assert verdict["tables"][0]["quarantined"] == report["tables"][0]["quarantined"] == parts
    lake.client.delete_object(Bucket=BUCKET, Key=layout.quarantine_key(RUN, layout.SILVER, FACT))
    if parts > 1:
        last = layout.quarantine_key(RUN, layout.SILVER, FACT, parts - 1, parts)
        lake.client.delete_object(Bucket=BUCKET, Key=last)
    found = failures(lake, audited(lake, layout.SILVER, fanned_out=True))
    assert (FACT, "contabilidade_de_linhas") in found


def test_a_layer_below_that_was_replaced_since_is_found(lake: Lake) -> None:
    published(lake)
    source = {"type": "synthetic", "orders": 300, "seed": 8}
    layer_of_run(lake, "r2", layout.BRONZE, source)
    publishes("r2", layout.BRONZE)
    assert audited(lake, layout.BRONZE)["passed"]
    assert not audited(lake, layout.SILVER)["passed"]
    assert audited(lake, layout.SILVER, version=1)["passed"]


def test_its_age_is_that_of_the_files_it_was_made_from_as_they_were_then(
    lake: Lake, csv_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for table in TABLES[layout.BRONZE]:
        lake.write_bytes((csv_dir / f"{table}.csv").read_bytes(), layout.landing_key(table))
    pipeline(lake, RUN, {"type": "csv"})
    for table in TABLES[layout.BRONZE]:  # a later upload makes what is published no younger
        lake.write_bytes(b"", layout.landing_key(table))
    now = datetime.now(UTC)
    old = {key_of(FACT): now - timedelta(hours=30)}
    monkeypatch.setattr(lake, "last_modified", lambda key: old.get(key, now - timedelta(hours=1)))
    late = {}
    for hours in (0, 25):
        for layer in layout.LAYERS:
            verdict = audit({"run_id": AUDIT, "layer": layer, "of": "published"}, lake, now + timedelta(hours=hours))
            assert verdict["passed"]
            report = lake.read_json(verdict["report_key"])
            late[layer, hours] = {
                rule["failed"] for table in report["tables"] for rule in table["rules"] if rule["rule"] == "atualidade"
            }
    assert late == {
        (layout.BRONZE, 0): {0}, (layout.SILVER, 0): {0}, (layout.GOLD, 0): {1}, (layout.FORECAST, 0): {1},
        (layout.BRONZE, 25): {1}, (layout.SILVER, 25): {1}, (layout.GOLD, 25): {1}, (layout.FORECAST, 25): {1},
    }  # fmt: skip


def test_it_is_held_against_what_is_there_and_not_against_records_of_a_run_of_that_name(lake: Lake) -> None:
    published(lake, 5)
    key = key_of(FACT, 2, 5)
    lake.write_table(with_value(lake.read_table(key), "quantidade", 0, lambda n: n + 1), key)
    verdict = called(TEST[layout.SILVER], RUN, layer=layout.SILVER, of="published")
    assert not verdict["passed"]


def test_rows_that_are_lost_since_are_a_finding(lake: Lake) -> None:
    published(lake)
    lake.write_table(without(lake.read_table(key_of("cambio")), 0), key_of("cambio"))
    assert ("cambio", "esquema_confere") in failures(lake, audited(lake, layout.BRONZE))


def test_another_subject_than_the_two_is_refused(lake: Lake) -> None:
    with pytest.raises(InputError, match="of is 'tudo'; use 'staged' or 'published'"):
        called(TEST[layout.GOLD], AUDIT, layer=layout.GOLD, of="tudo")


def test_silver_and_gold_say_what_their_parts_are_of(lake: Lake) -> None:
    published(lake, 5)
    for layer, table in CUT.items():
        done = called(TEST[layer], AUDIT, layer=layer, of="published", part_key=key_of(table, 3, 5))
        assert done == {"run_id": AUDIT, "layer": layer, "part": 3, "parts": 5}
    records = [key for key in lake.list(f"staging/{AUDIT}/") if key.endswith(".json")]
    assert records == [layout.part_record_key(AUDIT, layer, "published", 3, 5) for layer in sorted(CUT)]
