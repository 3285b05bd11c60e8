"""The whole pipeline on the embedded AWS: an export to the cent, synthetic data, reruns and failures."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deployed_lakehouse import Lakehouse
from exports import EVERY, SAMPLE, Export
from lakehouse_tables import EVERY_TABLE, FACT
from summaries import summary

from lakehouse.lake import layout

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def lakehouse(deployment: Any) -> Iterator[Lakehouse]:
    """Return the deployed lakehouse; leave its landing folder as empty as it was."""
    lakehouse = Lakehouse(deployment)
    yield lakehouse
    lakehouse.empty_landing()


def succeeded(lakehouse: Lakehouse, export: Export) -> Any:
    """Run the pipeline on an export; return its output."""
    lakehouse.upload(export.folder)
    execution = lakehouse.run("pipeline", source={"type": "csv"})
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    return execution["output"]


@pytest.fixture
def run(lakehouse: Lakehouse) -> Any:
    """Run the pipeline on the sample."""
    return succeeded(lakehouse, SAMPLE)


def warnings_of(report: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {
        rule["rule"]: (rule["failed"], rule["examined"])
        for table in report["tables"]
        for rule in table["rules"]
        if rule["status"] == "warn"
    }


@pytest.mark.parametrize("export", EVERY)
def test_an_export_comes_out_as_its_golden_file_says_with_its_oddities_named(
    lakehouse: Lakehouse, export: Export
) -> None:
    run_id = succeeded(lakehouse, export)["run_id"]
    tables = {table: lakehouse.published(table) for table in EVERY_TABLE}
    assert {table: len(rows) for table, rows in tables.items()} == export.of_table
    assert {table: summary(rows) for table, rows in tables.items()} == json.loads(export.golden.read_text("utf-8"))

    (fallen,) = lakehouse.table(layout.quarantine_key(run_id, "bronze", "emprestimos")).to_pylist()
    assert (fallen["arquivo"], fallen["linha"]) == ("emprestimos.csv", export.line)
    assert fallen["texto_original"].startswith(f"{export.loan},")

    for layer in layout.LAYERS:
        report = lakehouse.json(layout.quality_key(run_id, layer))
        assert report["passed"]
        assert warnings_of(report) == export.warnings(layer)


def test_a_rerun_gives_the_same_bytes(lakehouse: Lakehouse, run: Any, csv_dir: Path) -> None:
    first = {table: lakehouse.bytes_of(layout.published_key(table)) for table in EVERY_TABLE}
    lakehouse.upload(csv_dir)
    again = lakehouse.run("pipeline", source={"type": "csv"})["output"]
    assert again["run_id"] != run["run_id"]
    assert {table: lakehouse.bytes_of(layout.published_key(table)) for table in EVERY_TABLE} == first


def test_synthetic_data_goes_through_and_is_the_same_again(lakehouse: Lakehouse) -> None:
    source = {"type": "synthetic", "orders": 2_000, "seed": 7}
    runs = []
    for _ in range(2):
        execution = lakehouse.run("pipeline", source=source)
        assert execution["status"] == "SUCCEEDED", execution.get("cause")
        runs.append({table: lakehouse.bytes_of(layout.published_key(table)) for table in EVERY_TABLE})
    assert runs[0] == runs[1]
    assert len(lakehouse.published("pedidos")) == 2_000


def test_input_that_cannot_be_used_stops_the_run_and_names_every_problem(
    lakehouse: Lakehouse, run: Any, csv_dir: Path
) -> None:
    before = {table: lakehouse.bytes_of(layout.published_key(table)) for table in EVERY_TABLE}
    lakehouse.upload(
        csv_dir,
        pedidos=(csv_dir / "pedidos.csv").read_bytes().replace(b"valor_total_brl", b"valor", 1),
        produtos=(csv_dir / "produtos.csv").read_text("utf-8").encode("latin-1", "replace").replace(b"?", b"\xe7"),
        cambio=b"",
    )
    execution = lakehouse.run("pipeline", source={"type": "csv"})
    assert execution["status"] == "FAILED"
    for said in (
        "pedidos.csv, line 1: the header misses column 'valor_total_brl'",
        "produtos.csv, line 2, column 48",
        "cambio.csv, line 1",
    ):
        assert said in execution["cause"]
    assert {table: lakehouse.bytes_of(layout.published_key(table)) for table in EVERY_TABLE} == before
    assert not lakehouse.keys(f"staging/{execution['name']}/")


def test_broken_rows_go_to_quarantine_and_the_rest_goes_on(lakehouse: Lakehouse, csv_dir: Path) -> None:
    rows = (csv_dir / "pedidos.csv").read_text("utf-8").splitlines()
    fields = rows[1].split(",")
    broken = [
        rows[1],  # repeats the first order
        ",".join(["PEDX1", *fields[1:3], "9" * 30 + ".00", *fields[4:]]),
        ",".join(["PEDX2", "2024-02-30", *fields[2:]]),
        ",".join(["", *fields[1:]]),
        "PEDX3,so,dois",
    ]
    content = "\ufeff" + "\r\n".join([*rows, *broken]) + "\r\n"
    lakehouse.upload(csv_dir, pedidos=content.encode("utf-8"))
    execution = lakehouse.run("bronze", source={"type": "csv"})
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    assert len(lakehouse.published("pedidos")) == 240
    key = layout.quarantine_key(execution["output"]["run_id"], "bronze", "pedidos")
    fallen = lakehouse.table(key).to_pylist()
    assert [row["linha"] for row in fallen] == [242, 243, 244, 245, 246]
    assert [row["texto_original"] for row in fallen] == broken
    for row, said in zip(
        fallen, ("linha 2", "valor_total_brl", "não existe", "pedido_id", "tem 3 campos"), strict=True
    ):
        assert said in " ".join(row["motivos"])


def test_a_failed_audit_says_which_rule_of_which_table_and_publishes_nothing(lakehouse: Lakehouse, run: Any) -> None:
    # A published bronze table that no longer agrees with its contract: the fact made of it breaks its own.
    key = layout.published_key("pagamentos")
    good, before = lakehouse.bytes_of(key), lakehouse.bytes_of(layout.published_key(FACT))
    table = lakehouse.published("pagamentos")
    position = table.schema.get_field_index("status_pagamento")
    try:
        lakehouse.put(key, table.set_column(position, "status_pagamento", [["DESCONHECIDO"] * len(table)]))
        execution = lakehouse.run("silver")
    finally:
        lakehouse.put(key, good)
    assert execution["status"] == "FAILED"
    for said in (
        FACT,
        "status_pagamento_no_dominio",
        "failed 510 of 765",
        "staging/",
        "governance/quality/silver/",
    ):
        assert said in execution["cause"]
    assert lakehouse.bytes_of(layout.published_key(FACT)) == before
    assert lakehouse.keys(f"staging/{execution['name']}/silver/")
    assert not lakehouse.json(layout.quality_key(execution["name"], "silver"))["passed"]
