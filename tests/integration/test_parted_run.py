"""A run in parts, its handlers called as the state machines call them: what comes out is the same for any number."""

import io
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lakehouse_tables import FACT, PARTED, TABLES
from simulated_aws import simulated_lake

import bronze.app
import gold.app
import silver.app
from bronze.synthetic.company import accepted, generate
from lakehouse.errors import InputError, StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.parts import part_of
from tests import teste_bronze, teste_gold, teste_silver

BUCKET, RUN = "lake", "r1"
WRITE = {layout.SILVER: silver.app.handler, layout.GOLD: gold.app.handler}
AUDIT = {layout.SILVER: teste_silver.handler, layout.GOLD: teste_gold.handler}
BELOW = {layout.SILVER: "pedidos", layout.GOLD: FACT}


@pytest.fixture(scope="module", name="bronze")
def bronze_tables() -> dict[str, pa.Table]:
    """Bronze of 600 orders, with an item and a payment of an unknown order, and a payment that names none."""
    tables = {name: accepted(name, rows).kept for name, rows in generate(600, 7).items()}
    for name, key in (("itens_pedido", "item_id"), ("pagamentos", "pagamento_id")):
        rows = tables[name].slice(0, 3 if name == "pagamentos" else 1).to_pylist()
        for number, row in enumerate(rows):
            row |= {key: f"ORFAO{number}", "pedido_id": None if number == 2 else f"SEM{number}"}
        tables[name] = pa.concat_tables([tables[name], pa.Table.from_pylist(rows, tables[name].schema)])
    return tables


@pytest.fixture
def lake() -> Iterator[Lake]:
    with simulated_lake(BUCKET) as lake:
        yield lake


def publish_bronze(lake: Lake, bronze: dict[str, pa.Table], parts: int) -> None:
    for name, rows in bronze.items():
        for key in list(lake.list(layout.published_prefix(name))):
            lake.client.delete_object(Bucket=BUCKET, Key=key)
        of = part_of(rows["pedido_id"], parts) if name in PARTED else np.zeros(len(rows), np.int64)
        for part in range(parts if name in PARTED else 1):
            key = layout.published_key(name, part, parts if name in PARTED else 1)
            lake.write_table(rows.take(pa.array(np.flatnonzero(of == part))), key)


def called(handler: Any, layer: str, **event: Any) -> dict[str, Any]:
    name = f"importau-{layer}"
    context = SimpleNamespace(
        function_name=name, memory_limit_in_mb=1024, aws_request_id="1",
        invoked_function_arn=f"arn:aws:lambda:us-east-1:123456789012:function:{name}",
    )  # fmt: skip
    answer: dict[str, Any] = handler({"run_id": RUN, "layer": layer, **event}, context)
    assert len(json.dumps(answer).encode()) < 32_000
    return answer


def run(lake: Lake, layer: str, *, fanned_out: bool) -> dict[str, Any]:
    """Write, audit and publish a layer as its state machine does; return its messages."""
    keys = [key for key in lake.published(BELOW[layer]) if "-of-" in key] if fanned_out else []
    for key in keys:
        assert called(WRITE[layer], layer, part_key=key)["layer"] == layer
        assert called(AUDIT[layer], layer, part_key=key)["layer"] == layer
    staged = called(WRITE[layer], layer)
    verdict = called(AUDIT[layer], layer, **{key: staged[key] for key in ("tables", "staging_prefix")})
    assert verdict["passed"], verdict["cause"]
    copies = [
        {"source": f"{BUCKET}/{table['staged_key']}", "key": table["published_key"]} for table in staged["tables"]
    ]
    stale: list[dict[str, str]] = []
    if staged["in_parts"]:
        copies, stale = lake.read_json(staged["publish_key"]), lake.read_json(staged["retire_key"])
        assert len(stale) == staged["stale"]
    for copy in copies:
        lake.client.copy_object(Bucket=BUCKET, CopySource=copy["source"], Key=copy["key"])
    for each in stale:
        lake.client.delete_object(Bucket=BUCKET, Key=each["key"])
    return {"staged": staged, "verdict": verdict, "report": lake.read_json(verdict["report_key"])}


def rows_of(lake: Lake, table: str) -> list[dict[str, Any]]:
    parts = [pq.read_table(io.BytesIO(lake.read_bytes(key))) for key in lake.published(table)]
    order = [(name, "ascending") for name in parts[0].column_names]
    found: list[dict[str, Any]] = pa.concat_tables(parts).sort_by(order).to_pylist()
    return found


def counts(report: dict[str, Any]) -> dict[tuple[str, str, str | None], tuple[str, int]]:
    # How many were examined is not compared: a case that is in two parts is looked at twice.
    return {
        (table["table"], rule["rule"], rule["column"]): (rule["status"], rule["failed"])
        for table in report["tables"]
        for rule in table["rules"]
    }


@pytest.mark.parametrize("fanned_out", [True, False])
def test_any_number_of_parts_gives_the_same_fact_the_same_bytes_of_gold_and_the_same_audit(
    lake: Lake, bronze: dict[str, pa.Table], *, fanned_out: bool
) -> None:
    seen = []
    for parts in (1, 2, 64, 1):
        publish_bronze(lake, bronze, parts)
        for key in list(lake.list(f"staging/{RUN}/")):
            lake.client.delete_object(Bucket=BUCKET, Key=key)
        ran = {layer: run(lake, layer, fanned_out=fanned_out) for layer in (layout.SILVER, layout.GOLD)}
        assert lake.parts(FACT) == parts
        gold_bytes = [lake.read_bytes(layout.published_key(table)) for table in TABLES[layout.GOLD]]
        fact = ran[layout.SILVER]["staged"]["tables"][0]
        aside = lake.read_table(fact["quarantine_key"])["texto_original"].to_pylist()
        found = {layer: counts(ran[layer]["report"]) for layer in ran}
        placed = found[layout.SILVER].pop((FACT, "parte_confere", None), None)
        assert (placed is None) == (parts == 1)
        accounted = {name: fact[name] for name in ("rows", "quarantined")}
        seen.append((rows_of(lake, FACT), gold_bytes, aside, accounted, found))
    for other in seen[1:]:
        assert other == seen[0]


def audited_bronze(lake: Lake, staged: dict[str, Any], *, fanned_out: bool) -> dict[str, Any]:
    """Audit what Bronze staged as its state machine does; return the verdict, with its report."""
    tables = {key: staged[key] for key in ("tables", "staging_prefix")}
    for key in list(lake.list(f"{staged['staging_prefix']}pedidos/pedidos-")) if fanned_out else ():
        called(teste_bronze.handler, layout.BRONZE, part_key=key, tables=staged["tables"])
    verdict = called(teste_bronze.handler, layout.BRONZE, **tables)
    return verdict | {"report": lake.read_json(verdict["report_key"])}


@pytest.mark.parametrize("fanned_out", [True, False])
def test_the_audit_of_bronze_finds_the_same_in_any_number_of_parts(lake: Lake, *, fanned_out: bool) -> None:
    seen = []
    for parts in (1, 2, 64):
        source = {"type": "synthetic", "orders": 600, "seed": 7, "parts": parts}
        verdict = audited_bronze(lake, called(bronze.app.handler, layout.BRONZE, source=source), fanned_out=fanned_out)
        assert verdict["passed"], verdict["cause"]
        found = counts(verdict["report"])
        placed = [found.pop((table, "parte_confere", None), None) for table in PARTED]
        assert placed == [None if parts == 1 else ("pass", 0)] * len(PARTED)
        seen.append(found)
        for key in list(lake.list(f"staging/{RUN}/")):
            lake.client.delete_object(Bucket=BUCKET, Key=key)
    for other in seen[1:]:
        assert other == seen[0]


@pytest.mark.parametrize("fanned_out", [True, False])
@pytest.mark.parametrize(("table", "column"), [("itens_pedido", "item_id"), ("pagamentos", "pagamento_id")])
def test_a_key_of_one_part_that_another_part_has_too_fails_the_audit(
    lake: Lake, table: str, column: str, *, fanned_out: bool
) -> None:
    source = {"type": "synthetic", "orders": 600, "seed": 7, "parts": 7}
    staged = called(bronze.app.handler, layout.BRONZE, source=source)
    keys = [layout.staging_key(RUN, table, part, 7) for part in range(7)]
    taken = lake.read_table(keys[2])[column][0].as_py()
    rows = lake.read_table(keys[5])
    at = rows.column_names.index(column)
    repeated = pa.array([taken, *rows[column].to_pylist()[1:]], pa.string())
    lake.write_table(rows.set_column(at, column, repeated), keys[5])
    verdict = audited_bronze(lake, staged, fanned_out=fanned_out)
    assert not verdict["passed"]
    [outcomes] = [found["rules"] for found in verdict["report"]["tables"] if found["table"] == table]
    [found] = [outcome for outcome in outcomes if outcome["rule"] == "chave_unica"]
    assert (found["status"], found["failed"], found["examples"]) == ("fail", 1, [taken])


def test_keys_whose_hashes_are_the_same_by_chance_do_not_repeat(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.examination.hashed", lambda keys: np.zeros(len(keys), np.uint64))
    source = {"type": "synthetic", "orders": 100, "seed": 7, "parts": 3}
    verdict = audited_bronze(lake, called(bronze.app.handler, layout.BRONZE, source=source), fanned_out=False)
    assert verdict["passed"], verdict["cause"]


def test_a_table_with_a_damaged_part_is_not_judged_as_a_whole(lake: Lake) -> None:
    source = {"type": "synthetic", "orders": 100, "seed": 7, "parts": 3}
    staged = called(bronze.app.handler, layout.BRONZE, source=source)
    lake.write_bytes(b"no parquet", layout.staging_key(RUN, "pagamentos", 1, 3))
    verdict = audited_bronze(lake, staged, fanned_out=False)
    assert not verdict["passed"]
    rules = {
        table["table"]: {rule["rule"]: rule["status"] for rule in table["rules"]}
        for table in verdict["report"]["tables"]
    }
    assert "contabilidade_de_linhas" not in rules["pagamentos"]
    assert rules["produtos"]["contabilidade_de_linhas"] == "pass"
    assert [rule for rule, status in rules["pagamentos"].items() if status == "fail"] == ["esquema_confere"]


def test_a_fault_of_one_part_leaves_the_others_done(lake: Lake, bronze: dict[str, pa.Table]) -> None:
    publish_bronze(lake, bronze, 7)
    key = layout.published_key("itens_pedido", 3, 7)
    content = lake.read_bytes(key)
    lake.write_bytes(b"no parquet", key)
    written = []
    for part in range(7):
        of_part = layout.published_key("pedidos", part, 7)
        if part == 3:
            with pytest.raises(pa.ArrowInvalid):
                called(silver.app.handler, layout.SILVER, part_key=of_part)
        else:
            written.append(called(silver.app.handler, layout.SILVER, part_key=of_part)["part"])
    lake.write_bytes(content, key)
    before = {key: lake.last_modified(key) for key in lake.list(f"staging/{RUN}/silver/{FACT}/")}
    assert len(before) == len(written) == 6
    staged = called(silver.app.handler, layout.SILVER)
    after = {key: lake.last_modified(key) for key in lake.list(f"staging/{RUN}/silver/{FACT}/")}
    assert len(after) == 7
    assert {key: after[key] for key in before} == before
    assert staged["tables"][0]["parts"] == 7


def test_an_order_in_the_wrong_part_fails_the_audit(lake: Lake, bronze: dict[str, pa.Table]) -> None:
    publish_bronze(lake, bronze, 2)
    keys = [layout.published_key("pedidos", part, 2) for part in range(2)]
    one, two = (lake.read_table(key) for key in keys)
    lake.write_table(one.slice(1), keys[0])
    lake.write_table(pa.concat_tables([two, one.slice(0, 1)]), keys[1])
    staged = called(silver.app.handler, layout.SILVER)
    verdict = called(teste_silver.handler, layout.SILVER, tables=staged["tables"])
    assert not verdict["passed"]
    assert "rule 'parte_confere' failed" in verdict["cause"]


def test_the_age_of_a_table_in_parts_is_judged_once_for_all_of_it(lake: Lake, bronze: dict[str, pa.Table]) -> None:
    publish_bronze(lake, bronze, 2)
    report = run(lake, layout.SILVER, fanned_out=True)["report"]
    (age,) = [rule for table in report["tables"] for rule in table["rules"] if rule["rule"] == "atualidade"]
    assert (age["status"], age["failed"], age["examined"]) == ("pass", 0, 1)


def test_bronze_in_different_numbers_of_parts_is_refused(lake: Lake, bronze: dict[str, pa.Table]) -> None:
    publish_bronze(lake, bronze, 2)
    publish_bronze(lake, {"pedidos": bronze["pedidos"]}, 3)
    with pytest.raises(StorageError, match=r"different numbers of parts \(pedidos 3, itens_pedido 2.*run bronze again"):
        called(silver.app.handler, layout.SILVER)


def test_what_is_no_part_file_is_refused(lake: Lake, bronze: dict[str, pa.Table]) -> None:
    publish_bronze(lake, bronze, 2)
    with pytest.raises(InputError, match=r"part_key: 'bronze/pedidos/pedidos\.parquet' is no part file"):
        called(silver.app.handler, layout.SILVER, part_key="bronze/pedidos/pedidos.parquet")
