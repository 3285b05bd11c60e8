"""Governance on the embedded AWS: what the catalogue says is what happened, and what does not agree is named."""

import json
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deployed_lakehouse import Lakehouse
from exports import SAMPLE
from lakehouse_tables import CASH_FLOW, FACT, TABLES

from cli.contents import verification
from cli.embedded.endpoint import ACCOUNT, REGION
from cli.session import Aws
from lakehouse.contract.model import load_all
from lakehouse.lake import layout

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def governed(deployment: Any, csv_dir: Path) -> Iterator[tuple[Lakehouse, dict[str, Any]]]:
    """Run the pipeline on the sample once; return the lakehouse and the run."""
    lakehouse = Lakehouse(deployment)
    lakehouse.upload(csv_dir)
    execution = lakehouse.run("pipeline", source={"type": "csv"})
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    yield lakehouse, execution["output"]
    lakehouse.empty_landing()


def govern(lakehouse: Lakehouse, run: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run only the governance step again, on the events of a run; return its result and its report."""
    result = lakehouse.invoke("governance", run_id=run["run_id"], source={"type": "csv"})
    return result, lakehouse.json(result["report_key"])


def glue_table(lakehouse: Lakehouse, database: str, table: str) -> dict[str, Any]:
    return lakehouse.deployment.client("glue").get_table(DatabaseName=database, Name=table)["Table"]


def test_the_catalogue_holds_the_ten_tables_as_their_contracts_say(governed: Any) -> None:
    lakehouse, run = governed
    for contract in load_all():
        found = glue_table(lakehouse, contract.database, contract.table)
        assert found["Description"] == contract.description
        assert found["Parameters"]["rows"] == str(len(lakehouse.published(contract.table)))
        assert found["Parameters"]["run_id"] == run["run_id"]
        assert found["Parameters"]["contract_version"] == contract.version
        columns = found["StorageDescriptor"]["Columns"]
        assert [(c["Name"], c["Type"]) for c in columns] == [(c.name, c.glue_type) for c in contract.columns]
        for given, column in zip(columns, contract.columns, strict=True):
            if column.classification:
                assert given["Comment"] == f"[{column.classification}] {column.description}"[:255]
                assert given["Parameters"]["classification"] == column.classification
            else:
                assert given["Comment"] == column.description[:255]


def test_databases_and_crawlers_are_tagged(governed: Any) -> None:
    lakehouse, _ = governed
    glue = lakehouse.deployment.client("glue")
    for layer in layout.LAYERS:
        for resource in (f"database/importau_{layer}", f"crawler/importau-{layer}"):
            arn = f"arn:aws:glue:us-east-1:000000000000:{resource}"
            tags = glue.get_tags(ResourceArn=arn)["Tags"]
            assert (tags["project"], tags["layer"]) == ("importau", layer)


def test_athena_reads_gold_and_the_governance_tables(governed: Any) -> None:
    lakehouse, _ = governed
    total = pc.sum(lakehouse.published(CASH_FLOW)["total_saida_brl"]).as_py()
    (row,) = athena(lakehouse, "SELECT sum(total_saida_brl) FROM importau_gold.agregado_fluxo_de_caixa_mensal")
    assert row == [str(total)]
    tasks = athena(
        lakehouse, "SELECT tarefa FROM importau_governanca.tarefas WHERE pipeline = 'StateMachine_DAG_silver'"
    )
    assert ["WriteSilver"] in tasks


def athena(lakehouse: Lakehouse, query: str) -> list[list[str]]:
    client = lakehouse.deployment.client("athena")
    query_id = client.start_query_execution(QueryString=query, WorkGroup="importau")["QueryExecutionId"]
    deadline = time.monotonic() + 30
    while (status := client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"])["State"] in {
        "QUEUED",
        "RUNNING",
    }:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert status["State"] == "SUCCEEDED", status
    _, *rows = client.get_query_results(QueryExecutionId=query_id)["ResultSet"]["Rows"]
    return [[cell.get("VarCharValue", "") for cell in row["Data"]] for row in rows]


def test_every_execution_is_told_with_its_duration_rows_and_cost(governed: Any) -> None:
    lakehouse, run = governed
    govern(lakehouse, run)  # once more, so that the pipeline's own execution has ended
    rows = lakehouse.table(layout.governance_table_key("execucoes")).to_pylist()
    (pipeline,) = [r for r in rows if r["pipeline"] == "StateMachine_DAG_pipeline" and r["execucao"] == run["run_id"]]
    assert pipeline["status"] == "SUCCEEDED"
    assert pipeline["linhas"] == sum(SAMPLE.of_table.values())
    assert pipeline["duracao_s"] > 0
    assert pipeline["custo_estimado_usd"] > 0
    for row in rows:
        parts = [row[f"custo_{of}_usd"] for of in ("lambda", "step_functions", "crawlers")]
        assert row["custo_estimado_usd"] == sum(parts)
        assert row["custo_lambda_usd"] > 0
        assert row["custo_step_functions_usd"] > 0
    # Three crawlers of two DPUs, for ten minutes at the least.
    assert pipeline["custo_crawlers_usd"] >= Decimal("0.44")


def test_a_second_governance_run_changes_nothing(governed: Any) -> None:
    lakehouse, run = governed
    govern(lakehouse, run)
    result, report = govern(lakehouse, run)
    assert result["passed"]
    assert set(report["registered"].values()) == {"unchanged"}


def test_every_lineage_run_has_one_start_and_one_end(governed: Any) -> None:
    lakehouse, run = governed
    prefix = layout.lineage_prefix(run["run_id"])
    kinds: dict[str, list[str]] = {}
    for key in lakehouse.keys(prefix):
        if "/declared/" not in key:
            event = lakehouse.json(key)
            kinds.setdefault(event["run"]["runId"], []).append(event["eventType"])
    assert len(kinds) == 20  # ten tables written, ten audited
    assert all(sorted(events) == ["COMPLETE", "START"] for events in kinds.values())
    assert any("/declared/" in key for key in lakehouse.keys(prefix))


@pytest.fixture
def redefined(governed: Any) -> Iterator[Any]:
    """Return a function that changes one task's comment in a deployed state machine; undone afterwards."""
    lakehouse, _ = governed
    states = lakehouse.deployment.client("stepfunctions")
    machines = {m["name"]: m["stateMachineArn"] for m in states.list_state_machines()["stateMachines"]}
    undo = []

    def change(machine: str, task: str, old: str, new: str) -> None:
        arn = machines[machine]
        definition = states.describe_state_machine(stateMachineArn=arn)["definition"]
        undo.append((arn, definition))
        parsed = json.loads(definition)
        comment = parsed["States"][task]["Comment"]
        assert old in comment
        parsed["States"][task]["Comment"] = comment.replace(old, new)
        states.update_state_machine(stateMachineArn=arn, definition=json.dumps(parsed))

    yield change
    for arn, definition in reversed(undo):
        states.update_state_machine(stateMachineArn=arn, definition=definition)


def test_a_changed_comment_changes_the_catalogue_on_the_next_run(governed: Any, redefined: Any) -> None:
    lakehouse, run = governed
    redefined("StateMachine_DAG_silver", "WriteSilver", "Correlaciona as tabelas", "Cruza as tabelas")
    govern(lakehouse, run)
    columns = glue_table(lakehouse, "importau_governanca", "statemachine_dag_silver")["StorageDescriptor"]["Columns"]
    (task,) = [column for column in columns if column["Name"] == "writesilver"]
    assert task["Comment"].startswith("Cruza as tabelas")


def test_a_wrong_inputs_comment_fails_by_name(governed: Any, redefined: Any) -> None:
    lakehouse, run = governed
    redefined("StateMachine_DAG_silver", "WriteSilver", "importau_bronze.cambio, ", "")
    result, _ = govern(lakehouse, run)
    assert not result["passed"]
    assert "StateMachine_DAG_silver.WriteSilver: a execução usou importau_bronze.cambio" in result["cause"]


def test_a_comment_that_names_no_asset_fails_by_name(governed: Any, redefined: Any) -> None:
    lakehouse, run = governed
    redefined("StateMachine_DAG_silver", "WriteSilver", "importau_bronze.cambio", "importau_bronze.cambios")
    result, _ = govern(lakehouse, run)
    assert not result["passed"]
    assert "importau_bronze.cambios" in result["cause"]


@pytest.fixture
def replaced(governed: Any) -> Iterator[Any]:
    """Return a function that replaces a column of a published table; undone afterwards."""
    lakehouse, _ = governed
    undo = []

    def replace(table: str, column: str, values: pa.Array) -> None:
        key = layout.published_key(table)
        undo.append((key, lakehouse.bytes_of(key)))
        rows = lakehouse.published(table)
        lakehouse.put(key, rows.set_column(rows.schema.get_field_index(column), column, values))

    yield replace
    for key, content in undo:
        lakehouse.put(key, content)


def test_a_type_changed_in_the_parquet_fails_by_table_and_column(governed: Any, replaced: Any) -> None:
    lakehouse, run = governed
    replaced("cambio", "taxa_ptax", pa.array([5.25] * SAMPLE.of_table["cambio"]))
    result, report = govern(lakehouse, run)
    assert not result["passed"]
    assert "cambio.taxa_ptax: contrato decimal128(18, 6), Parquet double" in result["cause"]
    assert any("cambio.taxa_ptax" in difference for difference in report["drift"])


def test_an_undeclared_email_column_is_reported_by_name_and_without_its_values(governed: Any, replaced: Any) -> None:
    lakehouse, run = governed
    replaced("pedidos", "observacoes", pa.array([f"pessoa{n}@cliente.com.br" for n in range(240)]))
    _, report = govern(lakehouse, run)
    (finding,) = report["findings"]
    assert "pedidos.observacoes: 240 de 240 valores parecem e-mail" in finding
    assert "@" not in finding


def test_a_table_dropped_from_glue_comes_back_with_the_next_run(governed: Any) -> None:
    lakehouse, run = governed
    lakehouse.deployment.client("glue").delete_table(DatabaseName="importau_silver", Name=FACT)
    _, report = govern(lakehouse, run)
    assert report["registered"][f"importau_silver.{FACT}"] == "created"
    assert glue_table(lakehouse, "importau_silver", FACT)


def verified(lakehouse: Lakehouse) -> dict[str, tuple[bool, str]]:
    endpoint = lakehouse.deployment.endpoint
    aws = Aws(boto3.session.Session(ACCOUNT, "test", region_name=REGION), "importau", endpoint.url)
    return {check.id: (check.passed, check.detail) for check in verification.verified(aws)}


def test_verify_finds_everything_in_order(governed: Any) -> None:
    lakehouse, run = governed
    govern(lakehouse, run)
    checks = verified(lakehouse)
    assert all(passed for passed, _ in checks.values()), checks
    assert set(checks) >= {"catalogue", "discovery", "lineage-declared", "lineage-observed", "classification", "drift"}


def test_verify_names_a_table_dropped_from_glue(governed: Any) -> None:
    lakehouse, run = governed
    lakehouse.deployment.client("glue").delete_table(DatabaseName="importau_gold", Name=CASH_FLOW)
    checks = verified(lakehouse)
    govern(lakehouse, run)
    assert checks["catalogue"] == (False, f"importau_gold.{CASH_FLOW} is missing")
    assert not checks["discovery"][0]


def test_verify_names_a_type_changed_in_the_parquet(governed: Any, replaced: Any) -> None:
    lakehouse, _ = governed
    replaced("cambio", "taxa_ptax", pa.array([5.25] * SAMPLE.of_table["cambio"]))
    passed, detail = verified(lakehouse)["drift"]
    assert (passed, detail) == (False, "cambio.taxa_ptax: contrato decimal128(18, 6), Parquet double")


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Return the URL of an OpenLineage backend on loopback, and the events it was sent."""
    events: list[dict[str, Any]] = []

    class Backend(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/api/v1/lineage"
            events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", events
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sending_to(governed: Any) -> Iterator[Any]:
    """Return a function that points the Silver Lambda at an OpenLineage backend; undone afterwards."""
    lakehouse, _ = governed
    client = lakehouse.deployment.client("lambda")
    before = client.get_function_configuration(FunctionName="importau-silver")["Environment"]["Variables"]

    def configure(url: str) -> None:
        client.update_function_configuration(
            FunctionName="importau-silver", Environment={"Variables": {**before, "OPENLINEAGE_URL": url}}
        )

    yield configure
    client.update_function_configuration(FunctionName="importau-silver", Environment={"Variables": before})


def test_events_go_on_to_an_openlineage_backend(governed: Any, sending_to: Any, receiver: Any) -> None:
    lakehouse, _ = governed
    url, events = receiver
    sending_to(url)
    result = lakehouse.invoke("silver", run_id="delivery", layer="silver")
    assert result["lineage"] == {"kept": 2, "undelivered": 0, "problems": []}
    assert [event["eventType"] for event in events] == ["START", "COMPLETE"]
    assert {dataset["name"].split("/")[-1] for dataset in events[1]["inputs"]} == set(TABLES[layout.BRONZE])


def test_a_backend_that_is_down_is_counted_and_fails_no_run(governed: Any, sending_to: Any) -> None:
    lakehouse, _ = governed
    sending_to("http://127.0.0.1:9")  # the discard port: nobody listens
    result = lakehouse.invoke("silver", run_id="undelivered", layer="silver")
    assert result["lineage"]["undelivered"] == 2
    assert result["lineage"]["problems"]
    assert result["tables"][0]["rows"] == SAMPLE.of_table[FACT]
