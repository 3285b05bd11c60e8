"""The whole pipeline on the embedded AWS: an export to the cent, synthetic data, reruns and failures."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deployed_lakehouse import Lakehouse
from exports import EVERY, SAMPLE, Export
from lakehouse_tables import EVERY_TABLE, EXPORTED, FACT, TABLES
from published import publish
from summaries import summary

from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def lakehouse(deployment: Any) -> Iterator[Lakehouse]:
    """Return the deployed lakehouse, where nothing ran yet; leave its landing folder as empty as it was."""
    lakehouse = Lakehouse(deployment)
    lakehouse.forget()
    yield lakehouse
    lakehouse.empty_landing()


def succeeded(lakehouse: Lakehouse, export: Export) -> Any:
    """Run the pipeline on an export, of whatever size the one before was; return its output."""
    lakehouse.upload(export.folder)
    source = {"type": "csv", "accept_volume": EXPORTED}
    execution = lakehouse.run("pipeline", source=source, force=True)
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    return execution["output"]


@pytest.fixture
def run(lakehouse: Lakehouse) -> Any:
    """Run the pipeline on the sample."""
    return succeeded(lakehouse, SAMPLE)


def bytes_of_all(lakehouse: Lakehouse) -> dict[str, list[bytes]]:
    return {table: lakehouse.published_bytes(table) for table in EVERY_TABLE}


def files_of(lakehouse: Lakehouse, run: str) -> list[str]:
    """Return the keys of the files of tables that a run has written."""
    return [key for layer in layout.LAYERS for key in lakehouse.keys(f"{layer}/") if layout.run_of_key(key) == run]


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
    # What is forecast has no golden file: its last cent may be another on another processor.
    reviewed = {table: rows for table, rows in tables.items() if table not in TABLES[layout.FORECAST]}
    assert {table: len(rows) for table, rows in reviewed.items()} == export.of_table
    assert {table: summary(rows) for table, rows in reviewed.items()} == json.loads(export.golden.read_text("utf-8"))

    (fallen,) = lakehouse.table(layout.quarantine_key(run_id, "bronze", "emprestimos")).to_pylist()
    assert (fallen["arquivo"], fallen["linha"]) == ("emprestimos.csv", export.line)
    assert fallen["texto_original"].startswith(f"{export.loan},")

    for layer in layout.LAYERS:
        report = lakehouse.json(layout.quality_key(run_id, layer))
        assert report["passed"]
        assert warnings_of(report) == export.warnings(layer)


def test_a_rerun_gives_the_same_bytes(lakehouse: Lakehouse, run: Any, csv_dir: Path) -> None:
    first = bytes_of_all(lakehouse)
    lakehouse.upload(csv_dir)
    again = lakehouse.run("pipeline", source={"type": "csv"}, force=True)["output"]
    assert again["run_id"] != run["run_id"]
    assert again["version"] == run["version"] + 1
    assert bytes_of_all(lakehouse) == first


def test_a_run_of_what_is_published_already_does_nothing_and_says_so(lakehouse: Lakehouse, run: Any) -> None:
    before = lakehouse.version()
    output = lakehouse.run("pipeline", source={"type": "csv"})["output"]
    assert (output["nothing_to_do"], output["version"]) == (True, run["version"])
    assert "was made of these inputs, by this code and under these contracts" in output["why"]
    assert lakehouse.version() == before
    assert not files_of(lakehouse, output["run_id"])


def test_synthetic_data_goes_through_and_is_the_same_again(lakehouse: Lakehouse) -> None:
    source = {"type": "synthetic", "orders": 2_000, "seed": 7}
    runs = []
    for _ in range(2):
        execution = lakehouse.run("pipeline", source=source, force=True)
        assert execution["status"] == "SUCCEEDED", execution.get("cause")
        runs.append(bytes_of_all(lakehouse))
    assert runs[0] == runs[1]
    assert len(lakehouse.published("pedidos")) == 2_000


def test_input_that_cannot_be_used_stops_the_run_and_names_every_problem(
    lakehouse: Lakehouse, run: Any, csv_dir: Path
) -> None:
    before = lakehouse.version()
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
    assert lakehouse.version() == before
    assert not files_of(lakehouse, execution["name"])


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
    # A bronze table that no longer agrees with its contract: the fact made of it breaks its own.
    table = lakehouse.published("pagamentos")
    position = table.schema.get_field_index("status_pagamento")
    unknown = table.set_column(position, "status_pagamento", [["DESCONHECIDO"] * len(table)])
    publish(Lake(lakehouse.bucket, lakehouse.s3), {"pagamentos": unknown}, f"{run['run_id']}-unknown")
    before = lakehouse.version()
    execution = lakehouse.run("silver")
    assert execution["status"] == "FAILED"
    for said in (FACT, "status_pagamento_no_dominio", "failed 510 of 765", "governance/quality/silver/"):
        assert said in execution["cause"]
    assert lakehouse.version() == before
    assert files_of(lakehouse, execution["name"])  # what was not published can be looked at
    assert not lakehouse.json(layout.quality_key(execution["name"], "silver"))["passed"]


def test_an_export_that_was_cut_off_is_not_published_unless_its_volume_is_accepted(
    lakehouse: Lakehouse, run: Any, csv_dir: Path
) -> None:
    before = lakehouse.version()
    lines = (csv_dir / "cambio.csv").read_bytes().splitlines(keepends=True)
    lakehouse.upload(csv_dir, cambio=b"".join(lines[: len(lines) // 3]))
    execution = lakehouse.run("pipeline", source={"type": "csv"})
    assert execution["status"] == "FAILED"
    for said in ("cambio", "volume_da_tabela", "--accept-volume cambio"):
        assert said in execution["cause"]
    assert lakehouse.version() == before
    accepted = lakehouse.run("pipeline", source={"type": "csv", "accept_volume": ["cambio"]})
    assert accepted["status"] == "SUCCEEDED", accepted.get("cause")
    assert len(lakehouse.published("cambio")) == len(lines) // 3 - 1


def test_a_published_file_that_was_replaced_stops_the_run_that_reads_it(lakehouse: Lakehouse, run: Any) -> None:
    (key,) = lakehouse.files("pagamentos")
    good, before = lakehouse.bytes_of(key), lakehouse.version()
    try:
        lakehouse.put(key, lakehouse.published("pagamentos").slice(1))
        execution = lakehouse.run("silver", force=True)
    finally:
        lakehouse.put(key, good)
    assert execution["status"] == "FAILED"
    assert f"{key} is not the file that it was" in execution["cause"]
    assert "./importau rollback" in execution["cause"]
    assert lakehouse.version() == before
