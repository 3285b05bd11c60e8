"""The whole pipeline on the embedded AWS: the real export to the cent, synthetic data, reruns and failures."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from deployed_lakehouse import ALL_TABLES, Lakehouse
from golden import assert_golden
from summaries import summary

from lakehouse.lake import layout

pytestmark = pytest.mark.e2e

GOLDEN = Path(__file__).parent.parent / "golden/real_export.json"


@pytest.fixture(scope="module")
def lakehouse(deployment: Any) -> Iterator[Lakehouse]:
    """Return the deployed lakehouse; leave its landing folder as empty as it was."""
    lakehouse = Lakehouse(deployment)
    yield lakehouse
    lakehouse.empty_landing()


@pytest.fixture
def real_run(lakehouse: Lakehouse, csv_dir: Path) -> Any:
    """Run the pipeline on the real export."""
    lakehouse.upload(csv_dir)
    execution = lakehouse.run("pipeline", source={"type": "csv"})
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    return execution["output"]


def warnings_of(report: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {
        rule["rule"]: (rule["failed"], rule["examined"])
        for table in report["tables"]
        for rule in table["rules"]
        if rule["status"] == "warn"
    }


def test_the_real_export_comes_out_to_the_cent(lakehouse: Lakehouse, real_run: Any) -> None:
    tables = {table: lakehouse.published(table) for table in ALL_TABLES}
    rows = [30, 41, 30, 30, 30, 30, 29, 1014, 120, 24]
    assert [len(tables[table]) for table in ALL_TABLES] == rows
    assert lakehouse.keys(f"quarantine/bronze/emprestimos/{real_run['run_id']}")
    (fallen,) = lakehouse.table(layout.quarantine_key(real_run["run_id"], "bronze", "emprestimos")).to_pylist()
    assert (fallen["arquivo"], fallen["linha"]) == ("emprestimos.csv", 19)
    assert fallen["texto_original"].startswith("EMP018,")

    fact = tables[layout.FACT]
    by_kind = fact.group_by("tipo_registro").aggregate([("valor_fluxo_brl", "sum"), ("valor_fluxo_brl", "count")])
    found = {
        row["tipo_registro"]: (row["valor_fluxo_brl_count"], row["valor_fluxo_brl_sum"]) for row in by_kind.to_pylist()
    }
    assert found["PAGAMENTO"] == (40, Decimal("395626.25"))
    assert found["PEDIDO_SEM_PAGAMENTO"] == (8, Decimal("124901.50"))
    assert found["PARCELA_EMPRESTIMO"][0] == 966
    assert pc.sum(fact["valor_item_brl"]).as_py() == Decimal("539630.10")
    assert pc.sum(fact["quantidade"]).as_py() == 5371
    assert pc.sum(fact["variacao_cambial_brl"]).as_py() == Decimal("1040.16")


def test_every_table_of_the_real_export_is_the_golden_one(lakehouse: Lakehouse, real_run: Any) -> None:
    found = {table: summary(lakehouse.published(table)) for table in ALL_TABLES}
    assert_golden(json.dumps(found, ensure_ascii=False, indent=1) + "\n", GOLDEN)


def test_the_oddities_of_the_real_export_are_named_and_counted(lakehouse: Lakehouse, real_run: Any) -> None:
    found = {}
    for layer in layout.LAYERS:
        report = lakehouse.json(layout.quality_key(real_run["run_id"], layer))
        assert report["passed"]
        found |= warnings_of(report)
    assert found == {
        "pedido_difere_da_soma_dos_itens": (29, 30),
        "pedido_sem_pagamento": (6, 30),
        "preco_origem_incoerente_com_ptax": (2, 10),
        "pagamento_com_ptax_defasada": (3, 3),
        "linhas_em_quarentena": (1, 30),
        "fornecedor_divergente": (38, 41),
        "ptax_defasada": (5, 5),
    }


def test_a_rerun_gives_the_same_bytes(lakehouse: Lakehouse, real_run: Any, csv_dir: Path) -> None:
    first = {table: lakehouse.bytes_of(layout.published_key(table)) for table in ALL_TABLES}
    lakehouse.upload(csv_dir)
    again = lakehouse.run("pipeline", source={"type": "csv"})["output"]
    assert again["run_id"] != real_run["run_id"]
    assert {table: lakehouse.bytes_of(layout.published_key(table)) for table in ALL_TABLES} == first


def test_synthetic_data_goes_through_and_is_the_same_again(lakehouse: Lakehouse) -> None:
    source = {"type": "synthetic", "orders": 2_000, "seed": 7}
    runs = []
    for _ in range(2):
        execution = lakehouse.run("pipeline", source=source)
        assert execution["status"] == "SUCCEEDED", execution.get("cause")
        runs.append({table: lakehouse.bytes_of(layout.published_key(table)) for table in ALL_TABLES})
    assert runs[0] == runs[1]
    assert len(lakehouse.published("pedidos")) == 2_000


def test_input_that_cannot_be_used_stops_the_run_and_names_every_problem(
    lakehouse: Lakehouse, real_run: Any, csv_dir: Path
) -> None:
    before = {table: lakehouse.bytes_of(layout.published_key(table)) for table in ALL_TABLES}
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
        "produtos.csv, line 3, column 12",
        "cambio.csv, line 1",
    ):
        assert said in execution["cause"]
    assert {table: lakehouse.bytes_of(layout.published_key(table)) for table in ALL_TABLES} == before
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
    assert len(lakehouse.published("pedidos")) == 30
    key = layout.quarantine_key(execution["output"]["run_id"], "bronze", "pedidos")
    fallen = lakehouse.table(key).to_pylist()
    assert [row["linha"] for row in fallen] == [32, 33, 34, 35, 36]
    assert [row["texto_original"] for row in fallen] == broken
    for row, said in zip(
        fallen, ("linha 2", "valor_total_brl", "não existe", "pedido_id", "tem 3 campos"), strict=True
    ):
        assert said in " ".join(row["motivos"])


def test_a_failed_audit_says_which_rule_of_which_table_and_publishes_nothing(
    lakehouse: Lakehouse, real_run: Any
) -> None:
    # A published bronze table that no longer agrees with its contract: the fact made of it breaks its own.
    key = layout.published_key("pagamentos")
    good, before = lakehouse.bytes_of(key), lakehouse.bytes_of(layout.published_key(layout.FACT))
    table = lakehouse.published("pagamentos")
    position = table.schema.get_field_index("status_pagamento")
    try:
        lakehouse.put(key, table.set_column(position, "status_pagamento", [["DESCONHECIDO"] * len(table)]))
        execution = lakehouse.run("silver")
    finally:
        lakehouse.put(key, good)
    assert execution["status"] == "FAILED"
    for said in (
        layout.FACT,
        "status_pagamento_no_dominio",
        "failed 40 of 1014",
        "staging/",
        "governance/quality/silver/",
    ):
        assert said in execution["cause"]
    assert lakehouse.bytes_of(layout.published_key(layout.FACT)) == before
    assert lakehouse.keys(f"staging/{execution['name']}/silver/")
    assert not lakehouse.json(layout.quality_key(execution["name"], "silver"))["passed"]
