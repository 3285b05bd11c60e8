"""A run in parts, its handlers called as the state machines call them: what comes out is the same for any number."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from handlers import AUDIT, WRITE, Ran, called, layer_of_run, publishes
from lakehouse_tables import FACT, PARTED, TABLES
from published import publish
from simulated_aws import simulated_lake

from bronze.synthetic.company import accepted, generate
from lakehouse.errors import InputError, StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.parts import part_of
from lakehouse.versions.view import View

RUN = "r1"


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
    with simulated_lake("lake") as lake:
        yield lake


def publish_bronze(lake: Lake, bronze: dict[str, pa.Table], parts: int, run: str = "bronze") -> None:
    cut = {
        name: [rows.take(pa.array(np.flatnonzero(part_of(rows["pedido_id"], parts) == part))) for part in range(parts)]
        if name in PARTED
        else rows
        for name, rows in bronze.items()
    }
    publish(lake, cut, run, by="bronze")


def run_and_publish(lake: Lake, run: str, layer: str, *, fanned_out: bool) -> Ran:
    ran = layer_of_run(lake, run, layer, fanned_out=fanned_out)
    assert ran.verdict["passed"], ran.verdict["cause"]
    publishes(run, layer)
    return ran


def rows_of(lake: Lake, table: str) -> list[dict[str, Any]]:
    parts = [pq.read_table(io.BytesIO(lake.read_bytes(file.key))) for file in View.of_version(lake).files(table)]
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
    for number, parts in enumerate((1, 2, 64, 1)):
        publish_bronze(lake, bronze, parts, f"b{number}")
        of_run = f"r{number}"
        ran = {
            layer: run_and_publish(lake, of_run, layer, fanned_out=fanned_out) for layer in (layout.SILVER, layout.GOLD)
        }
        view = View.of_version(lake)
        assert view.parts([FACT]) == parts
        gold_bytes = [lake.read_bytes(view.file(table).key) for table in TABLES[layout.GOLD]]
        fact = ran[layout.SILVER].staged["tables"][0]
        aside = lake.read_table(fact["quarantine_key"])["texto_original"].to_pylist()
        found = {layer: counts(ran[layer].report) for layer in ran}
        placed = found[layout.SILVER].pop((FACT, "parte_confere", None), None)
        assert (placed is None) == (parts == 1)
        accounted = {name: fact[name] for name in ("rows", "quarantined")}
        seen.append((rows_of(lake, FACT), gold_bytes, aside, accounted, found))
    for other in seen[1:]:
        assert other == seen[0]


def staged_bronze(orders: int, parts: int, run: str = RUN) -> dict[str, Any]:
    source = {"type": "synthetic", "orders": orders, "seed": 7, "parts": parts}
    return called(WRITE[layout.BRONZE], run, layer=layout.BRONZE, source=source)


def audited_bronze(lake: Lake, staged: dict[str, Any], *, fanned_out: bool, run: str = RUN) -> dict[str, Any]:
    """Audit what Bronze staged as its state machine does; return the verdict, with its report."""
    given = {"layer": layout.BRONZE, "tables": staged["tables"]}
    for key in list(lake.list(staged["parts_prefix"])) if fanned_out and staged["parts"] > 1 else ():
        called(AUDIT[layout.BRONZE], run, part_key=key, **given)
    verdict = called(AUDIT[layout.BRONZE], run, **given)
    return verdict | {"report": lake.read_json(verdict["report_key"])}


@pytest.mark.parametrize("fanned_out", [True, False])
def test_the_audit_of_bronze_finds_the_same_in_any_number_of_parts(lake: Lake, *, fanned_out: bool) -> None:
    seen = []
    for parts in (1, 2, 64):
        run = f"r{parts}"
        verdict = audited_bronze(lake, staged_bronze(600, parts, run), fanned_out=fanned_out, run=run)
        assert verdict["passed"], verdict["cause"]
        found = counts(verdict["report"])
        placed = [found.pop((table, "parte_confere", None), None) for table in PARTED]
        assert placed == [None if parts == 1 else ("pass", 0)] * len(PARTED)
        files = [len(table["files"]) for table in verdict["report"]["tables"] if table["table"] in PARTED]
        assert files == [parts] * len(PARTED)
        seen.append(found)
    for other in seen[1:]:
        assert other == seen[0]


@pytest.mark.parametrize("fanned_out", [True, False])
@pytest.mark.parametrize(("table", "column"), [("itens_pedido", "item_id"), ("pagamentos", "pagamento_id")])
def test_a_key_of_one_part_that_another_part_has_too_fails_the_audit(
    lake: Lake, table: str, column: str, *, fanned_out: bool
) -> None:
    staged = staged_bronze(600, 7)
    keys = [layout.run_key(table, RUN, part, 7) for part in range(7)]
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
    verdict = audited_bronze(lake, staged_bronze(100, 3), fanned_out=False)
    assert verdict["passed"], verdict["cause"]


def test_a_table_with_a_damaged_part_is_not_judged_as_a_whole(lake: Lake) -> None:
    staged = staged_bronze(100, 3)
    lake.write_bytes(b"no parquet", layout.run_key("pagamentos", RUN, 1, 3))
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
    key = View.of_version(lake).file("itens_pedido", 3).key
    content = lake.read_bytes(key)
    lake.client.delete_object(Bucket="lake", Key=key)
    written = []
    for part in range(7):
        of_part = View.of_version(lake).file("pedidos", part).key
        if part == 3:
            with pytest.raises(StorageError):
                called(WRITE[layout.SILVER], RUN, layer=layout.SILVER, part_key=of_part)
        else:
            written.append(called(WRITE[layout.SILVER], RUN, layer=layout.SILVER, part_key=of_part)["part"])
    lake.write_bytes(content, key)
    folder = layout.run_prefix(FACT, RUN)
    before = {each.key: each.modified for each in lake.objects(folder)}
    assert len(before) == len(written) == 6
    staged = called(WRITE[layout.SILVER], RUN, layer=layout.SILVER)
    after = {each.key: each.modified for each in lake.objects(folder)}
    assert len(after) == 7
    assert {key: after[key] for key in before} == before
    assert staged["tables"][0]["parts"] == 7


def test_an_order_in_the_wrong_part_fails_the_audit(lake: Lake, bronze: dict[str, pa.Table]) -> None:
    orders = bronze["pedidos"]
    wrong = [orders.slice(0, 10), orders.slice(10)]
    cut = {name: [rows.slice(0, 5), rows.slice(5)] for name, rows in bronze.items() if name in PARTED}
    publish(lake, bronze | cut | {"pedidos": wrong}, "b1", by="bronze")
    verdict = layer_of_run(lake, RUN, layout.SILVER).verdict
    assert not verdict["passed"]
    assert "rule 'parte_confere' failed" in verdict["cause"]


def test_the_age_of_a_table_in_parts_is_judged_once_for_all_of_it(lake: Lake, bronze: dict[str, pa.Table]) -> None:
    publish_bronze(lake, bronze, 2)
    report = run_and_publish(lake, RUN, layout.SILVER, fanned_out=True).report
    (age,) = [rule for table in report["tables"] for rule in table["rules"] if rule["rule"] == "atualidade"]
    assert (age["status"], age["failed"], age["examined"]) == ("pass", 0, 1)


def test_bronze_in_different_numbers_of_parts_is_refused(lake: Lake, bronze: dict[str, pa.Table]) -> None:
    publish_bronze(lake, bronze, 2)
    publish_bronze(lake, {"pedidos": bronze["pedidos"]}, 3, "b3")
    with pytest.raises(StorageError, match=r"different numbers of parts \(pedidos 3, itens_pedido 2.*run bronze again"):
        called(WRITE[layout.SILVER], RUN, layer=layout.SILVER)


def test_what_is_no_part_file_is_refused(lake: Lake, bronze: dict[str, pa.Table]) -> None:
    publish_bronze(lake, bronze, 2)
    key = layout.run_key("pedidos", "bronze")
    with pytest.raises(InputError, match=r"part_key: 'bronze/pedidos/run=bronze/pedidos\.parquet' is no part file"):
        called(WRITE[layout.SILVER], RUN, layer=layout.SILVER, part_key=key)
