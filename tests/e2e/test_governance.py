"""Governance on the embedded AWS: what the catalogue says is what happened, and what does not agree is named."""

import io
import json
import threading
import time
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from botocore.client import BaseClient
from deployed_lakehouse import Lakehouse
from exports import SAMPLE
from lakehouse_tables import CASH_FLOW, EVERY_TABLE, FACT, TABLES
from published import publish

from cli.contents import verification
from cli.embedded.endpoint import ACCOUNT, REGION
from cli.session import Aws
from lakehouse.contract.model import load_all
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Twice:
    """The pipeline, run on the same sample twice: what each run returned, and when crawlers began until then."""

    lakehouse: Lakehouse
    first: dict[str, Any]
    second: dict[str, Any]
    crawled: tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def twice(deployment: Any, csv_dir: Path) -> Iterator[Twice]:
    """Run the pipeline on the sample, and once more by force."""
    lakehouse = Lakehouse(deployment)
    lakehouse.forget()
    lakehouse.upload(csv_dir)
    outputs, crawled = [], []
    for force in (False, True):
        execution = lakehouse.run("pipeline", source={"type": "csv"}, force=force)
        assert execution["status"] == "SUCCEEDED", execution.get("cause")
        outputs.append(execution["output"])
        crawled.append(crawled_at(lakehouse))
    yield Twice(lakehouse, outputs[0], outputs[1], (crawled[0], crawled[1]))
    lakehouse.empty_landing()


@pytest.fixture(scope="module")
def governed(twice: Twice) -> tuple[Lakehouse, dict[str, Any]]:
    """Return the lakehouse, and the run that is published."""
    return twice.lakehouse, twice.second


def govern(lakehouse: Lakehouse, run: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run only the governance step again, on the events of a run; return its result and its report."""
    result = lakehouse.invoke("governance", run_id=run["run_id"], source={"type": "csv"})
    return result, lakehouse.json(result["report_key"])


def glue_table(lakehouse: Lakehouse, database: str, table: str) -> dict[str, Any]:
    return lakehouse.deployment.client("glue").get_table(DatabaseName=database, Name=table)["Table"]


def test_a_pipeline_is_one_tree_of_runs_each_of_which_starts_once_and_ends_once(twice: Twice) -> None:
    """The second run's governance told how the first pipeline ended."""
    deployment = twice.lakehouse.deployment
    lake = Lake(deployment.bucket, deployment.client("s3"))
    keys = [key for key in lake.list(layout.lineage_prefix(twice.first["run_id"])) if layout.event_of_key(key)]
    runs: dict[str, list[dict[str, Any]]] = {}
    for event in map(lake.read_json, keys):
        runs.setdefault(event["run"]["runId"], []).append(event)
    machines = {events[0]["job"]["name"] for events in runs.values() if "." not in events[0]["job"]["name"]}
    assert len(machines) == 9
    roots = []
    for run, events in runs.items():
        assert sorted(event["eventType"] for event in events) == ["COMPLETE", "START"], events[0]["job"]["name"]
        parents = [event["run"]["facets"].get("parent") for event in events]
        assert parents[0] == parents[1]
        if parents[0] is None:
            roots.append((run, events[0]["job"]["name"]))
            continue
        [above] = {event["job"]["name"] for event in runs[parents[0]["run"]["runId"]]}
        assert above == parents[0]["job"]["name"]
        assert parents[0]["root"]["run"]["runId"] in runs
    [(root, name)] = roots
    assert name == "StateMachine_DAG_pipeline"
    told = [event["run"]["facets"].get("parent") for events in runs.values() for event in events]
    assert {each["root"]["run"]["runId"] for each in told if each} == {root}


def test_the_catalogue_holds_the_ten_tables_as_their_contracts_say(governed: Any) -> None:
    lakehouse, run = governed
    for contract in load_all():
        found = glue_table(lakehouse, contract.database, contract.table)
        assert found["Description"] == contract.description
        assert found["Parameters"]["rows"] == str(len(lakehouse.published(contract.table)))
        assert found["Parameters"]["run_id"] == run["run_id"]
        assert found["Parameters"]["lake_version"] == str(run["version"])
        location = found["StorageDescriptor"]["Location"]
        assert location == f"s3://{lakehouse.bucket}/{layout.run_prefix(contract.table, run['run_id'])}"
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
        for resource in (f"database/{layout.database_of(layer)}", f"crawler/{layout.crawler_of(layer, '')}"):
            arn = f"arn:aws:glue:us-east-1:000000000000:{resource}"
            tags = glue.get_tags(ResourceArn=arn)["Tags"]
            assert (tags["project"], tags["layer"]) == ("importau", layer)


# ---- crawlers --------------------------------------------------------------------------------------------------------


def crawled_at(lakehouse: Lakehouse) -> dict[str, Any]:
    """Return when each layer's crawler last began."""
    glue = lakehouse.deployment.client("glue")
    found = {layer: glue.get_crawler(Name=layout.crawler_of(layer, ""))["Crawler"] for layer in layout.LAYERS}
    assert {crawler["LastCrawl"]["Status"] for crawler in found.values()} == {"SUCCEEDED"}
    return {layer: crawler["LastCrawl"]["StartTime"] for layer, crawler in found.items()}


def crawled_since(lakehouse: Lakehouse, before: dict[str, Any]) -> list[str]:
    now = crawled_at(lakehouse)
    return [layer for layer in layout.LAYERS if now[layer] != before[layer]]


def test_the_first_run_discovers_every_table_as_its_contract_says(twice: Twice) -> None:
    lakehouse, run = twice.lakehouse, twice.first
    glue = lakehouse.deployment.client("glue")
    assert run["discovery"] == {
        "crawlers": [layout.crawler_of(layer, "") for layer in layout.LAYERS],
        "why": "bronze, silver, gold, forecast: for the first time",
        "differences": [],
    }
    database = layout.DISCOVERED_DATABASE
    found = {table["Name"]: table for table in glue.get_tables(DatabaseName=database)["TableList"]}
    assert set(found) == set(EVERY_TABLE)
    for contract in load_all():
        table = found[contract.table]
        expected = {column.name: column.glue_type for column in contract.columns}
        assert {
            each["Name"]: each["Type"] for each in table["StorageDescriptor"]["Columns"]
        }.items() >= expected.items()
        assert table["PartitionKeys"] == [{"Name": "run", "Type": "string"}]
        assert table["Parameters"]["UPDATED_BY_CRAWLER"] == layout.crawler_of(contract.layer, "")
        partition = glue.get_partition(
            DatabaseName=database, TableName=contract.table, PartitionValues=[run["run_id"]]
        )["Partition"]
        assert {each["Name"]: each["Type"] for each in partition["StorageDescriptor"]["Columns"]} == expected
        registered = glue_table(lakehouse, contract.database, contract.table)["Parameters"]
        assert "UPDATED_BY_CRAWLER" not in registered


def test_the_second_identical_run_crawls_nothing_and_costs_next_to_nothing(twice: Twice) -> None:
    lakehouse, again = twice.lakehouse, twice.second
    assert again["version"] == twice.first["version"] + 1
    why = f"contracts, schemas and layout are those that were crawled of run {twice.first['run_id']}"
    assert again["discovery"] == {"crawlers": [], "why": why, "differences": []}
    assert twice.crawled[0] == twice.crawled[1]
    govern(lakehouse, again)  # once more, so that its own execution has ended
    rows = lakehouse.table(layout.governance_table_key("execucoes")).to_pylist()
    its_own = [row for row in rows if row["run_id"] == again["run_id"]]
    assert {row["pipeline"] for row in its_own} >= {"StateMachine_DAG_pipeline", "StateMachine_DAG_gold"}
    assert sum(row["crawls"] for row in its_own) == 0
    assert 0 < sum(row["custo_estimado_usd"] for row in its_own) <= Decimal("0.005")


def test_a_crawl_can_be_asked_for(governed: Any) -> None:
    lakehouse, _ = governed
    before = crawled_at(lakehouse)
    output = lakehouse.run("pipeline", only="governance", crawl=True)["output"]
    assert output["discovery"]["why"].endswith(": it was asked for")
    assert crawled_since(lakehouse, before) == list(layout.LAYERS)


def test_a_changed_schema_is_discovered_by_its_layers_crawler_alone(governed: Any, changed: Any) -> None:
    lakehouse, _ = governed
    before = crawled_at(lakehouse)
    changed("cambio", "taxa_ptax", pa.array([5.25] * SAMPLE.of_table["cambio"]))
    execution = lakehouse.run("pipeline", only="governance")
    assert execution["error"] == "GovernanceFailed"
    assert crawled_since(lakehouse, before) == ["bronze"]
    report = lakehouse.json(layout.governance_report_key(execution["name"]))
    said = "cambio.taxa_ptax: contrato decimal(18,6), Parquet double, catálogo decimal(18,6), descoberto double"
    assert said in report["drift"]


def test_a_table_that_a_crawler_makes_beside_ours_is_named(governed: Any) -> None:
    lakehouse, _ = governed
    glue, database = lakehouse.deployment.client("glue"), layout.DISCOVERED_DATABASE
    found = glue.get_table(DatabaseName=database, Name="pedidos")["Table"]
    unmarked = {"Name": "pedidos", "StorageDescriptor": found["StorageDescriptor"], "Parameters": {}}
    glue.update_table(DatabaseName=database, TableInput=unmarked)
    foreign = {"Name": "pedidos_1a2b", "StorageDescriptor": {"Columns": [{"Name": "x", "Type": "string"}]}}
    glue.create_table(DatabaseName="importau_bronze", TableInput=foreign)
    try:
        output = lakehouse.run("pipeline", only="governance", crawl=True)["output"]
        names = {table["Name"] for table in glue.get_tables(DatabaseName=database)["TableList"]}
        (beside,) = names - set(EVERY_TABLE)
        told = " ".join(output["discovery"]["differences"])
        assert f"{database}.{beside}: nenhum contrato conhece esta tabela" in told
        assert "importau_bronze.pedidos_1a2b: nenhum contrato conhece esta tabela" in told
        assert len(lakehouse.json(output["governance"]["report_key"])["unknown_tables"]) == 2
        passed, detail = verified(lakehouse)["schemas"]
        assert not passed
        assert beside in detail
        assert "importau_bronze.pedidos_1a2b" in detail
    finally:
        glue.delete_table(DatabaseName="importau_bronze", Name="pedidos_1a2b")
        for name in {"pedidos"} | {t["Name"] for t in glue.get_tables(DatabaseName=database)["TableList"]}:
            if name.startswith("pedidos"):
                glue.delete_table(DatabaseName=database, Name=name)
    output = lakehouse.run("pipeline", only="governance")["output"]
    assert output["discovery"]["why"] == f"bronze: pedidos is gone from {database}"
    assert verified(lakehouse)["schemas"][0]


def test_a_crawler_that_never_ends_is_named_and_what_is_published_stays(governed: Any) -> None:
    lakehouse, _ = governed
    glue, before = lakehouse.deployment.client("glue"), lakehouse.version()
    targets = glue.get_crawler(Name="importau-gold")["Crawler"]["Targets"]
    glue.update_crawler(Name="importau-gold", Targets={"JdbcTargets": [{"ConnectionName": "x", "Path": "db/%"}]})
    try:
        execution = lakehouse.run("pipeline", only="governance", crawl_waits=0)
    finally:
        glue.stop_crawler(Name="importau-gold")
        glue.update_crawler(Name="importau-gold", Targets=targets)
    assert execution["status"] == "FAILED"
    assert "What is published stays, and is whole. The crawler importau-gold has not ended" in execution["cause"]
    assert lakehouse.version() == before
    while glue.get_crawler(Name="importau-gold")["Crawler"]["State"] != "READY":
        time.sleep(0.05)
    assert lakehouse.run("pipeline", only="governance", crawl=True)["status"] == "SUCCEEDED"


# ---- what is registered ----------------------------------------------------------------------------------------------


def test_athena_reads_gold_and_the_governance_tables(governed: Any) -> None:
    lakehouse, _ = governed
    total = pc.sum(lakehouse.published(CASH_FLOW)["total_saida_brl"]).as_py()
    (row,) = athena(lakehouse, "SELECT sum(total_saida_brl) FROM importau_gold.agregado_fluxo_de_caixa_mensal")
    assert row == [str(total)]
    tasks = athena(
        lakehouse, "SELECT tarefa FROM importau_governanca.tarefas WHERE pipeline = 'StateMachine_DAG_silver'"
    )
    assert ["WriteSilver"] in tasks
    ((own,),) = athena(lakehouse, "SELECT writesilver FROM importau_governanca.statemachine_dag_silver")
    assert json.loads(own)["tarefa"] == "WriteSilver"


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


def test_every_execution_is_told_with_its_duration_rows_and_cost(twice: Twice) -> None:
    lakehouse, run = twice.lakehouse, twice.first
    govern(lakehouse, run)  # once more, so that the pipeline's own execution has ended
    rows = lakehouse.table(layout.governance_table_key("execucoes")).to_pylist()
    (pipeline,) = [r for r in rows if r["pipeline"] == "StateMachine_DAG_pipeline" and r["execucao"] == run["run_id"]]
    assert pipeline["status"] == "SUCCEEDED"
    forecast = sum(len(lakehouse.published(table)) for table in TABLES[layout.FORECAST])
    assert pipeline["linhas"] == sum(SAMPLE.of_table.values()) + forecast
    assert pipeline["duracao_s"] > 0
    assert pipeline["custo_estimado_usd"] > 0
    for row in rows:
        parts = [row[f"custo_{of}_usd"] for of in ("lambda", "step_functions", "crawlers")]
        assert row["custo_estimado_usd"] == sum(parts)
        assert row["custo_lambda_usd"] > 0
        assert row["custo_step_functions_usd"] > 0
    # A crawler a layer, of two DPUs, for ten minutes at the least.
    assert pipeline["custo_crawlers_usd"] >= Decimal("0.58")


def test_a_second_governance_run_changes_nothing(governed: Any) -> None:
    lakehouse, run = governed
    govern(lakehouse, run)
    result, report = govern(lakehouse, run)
    assert result["passed"]
    assert set(report["registered"].values()) == {"unchanged"}


def test_every_lineage_run_has_one_start_and_one_end(governed: Any) -> None:
    lakehouse, run = governed
    prefix = layout.lineage_prefix(run["run_id"])
    kinds: dict[tuple[str, str], list[str]] = {}
    for key in lakehouse.keys(prefix):
        if "/declared/" not in key and (event := lakehouse.json(key))["job"]["name"].startswith("StateMachine_"):
            kinds.setdefault((event["job"]["name"], event["run"]["runId"]), []).append(event["eventType"])
    # Each table is written and audited; governance, and what looks for news, read all; nine executions. How the
    # pipeline's own ended is told by the first who looks afterwards: a governance by hand, which is none of these.
    assert len(kinds) == 2 * len(EVERY_TABLE) + 2 + 9
    assert {job for (job, _), events in kinds.items() if events == ["START"]} <= {"StateMachine_DAG_pipeline"}
    assert all(sorted(events) in (["COMPLETE", "START"], ["START"]) for events in kinds.values())
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


def test_a_run_that_governance_does_not_pass_is_not_published(governed: Any, redefined: Any) -> None:
    lakehouse, _ = governed
    before, entry = lakehouse.version(), glue_table(lakehouse, "importau_silver", FACT)
    redefined("StateMachine_DAG_silver", "WriteSilver", "importau_bronze.cambio, ", "")
    execution = lakehouse.run("pipeline", source={"type": "csv"}, force=True)
    assert execution["status"] == "FAILED"
    assert "StateMachine_DAG_silver.WriteSilver: a execução usou importau_bronze.cambio" in execution["cause"]
    assert all(lakehouse.json(layout.quality_key(execution["name"], layer))["passed"] for layer in layout.LAYERS)
    assert lakehouse.version() == before
    assert glue_table(lakehouse, "importau_silver", FACT)["StorageDescriptor"] == entry["StorageDescriptor"]


@pytest.fixture
def changed(governed: Any) -> Iterator[Any]:
    """Return a function that publishes a table with a column changed, as a run of its own; undone afterwards."""
    lakehouse, _ = governed
    lake, undo = Lake(lakehouse.bucket, lakehouse.s3), []

    def change(table: str, column: str, values: pa.Array) -> dict[str, Any]:
        rows = lakehouse.published(table)
        rows = rows.set_column(rows.schema.get_field_index(column), column, values)
        version = publish(lake, {table: rows}, f"changed-{time.monotonic_ns()}")
        undo.append(layout.version_key(version.number))
        return {"run_id": version.run}

    yield change
    for key in undo:
        lakehouse.s3.delete_object(Bucket=lakehouse.bucket, Key=key)


def test_a_type_changed_in_the_parquet_fails_by_table_and_column(governed: Any, changed: Any) -> None:
    lakehouse, _ = governed
    result, report = govern(lakehouse, changed("cambio", "taxa_ptax", pa.array([5.25] * SAMPLE.of_table["cambio"])))
    assert not result["passed"]
    assert "cambio.taxa_ptax: contrato decimal128(18, 6), Parquet double" in result["cause"]
    assert any("cambio.taxa_ptax" in difference for difference in report["drift"])


def test_an_undeclared_email_column_is_reported_by_name_and_without_its_values(governed: Any, changed: Any) -> None:
    lakehouse, _ = governed
    emails = pa.array([f"pessoa{n}@cliente.com.br" for n in range(240)])
    _, report = govern(lakehouse, changed("pedidos", "observacoes", emails))
    (finding,) = report["findings"]
    assert "pedidos.observacoes: 240 de 240 valores (100 %) parecem e-mail, como p******@c******.c**.b*" in finding
    assert "pessoa" not in finding
    assert "cliente" not in finding


def test_a_table_dropped_from_glue_comes_back_when_the_newest_version_is_registered(governed: Any) -> None:
    lakehouse, run = governed
    before = glue_table(lakehouse, "importau_silver", FACT)
    lakehouse.deployment.client("glue").delete_table(DatabaseName="importau_silver", Name=FACT)
    execution = lakehouse.run("pipeline", only="register")
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    after = glue_table(lakehouse, "importau_silver", FACT)
    assert after["StorageDescriptor"] == before["StorageDescriptor"]
    assert after["Parameters"]["lake_version"] == str(run["version"])


def test_governance_by_itself_registers_a_table_dropped_from_glue(governed: Any) -> None:
    lakehouse, _ = governed
    lakehouse.deployment.client("glue").delete_table(DatabaseName="importau_gold", Name=CASH_FLOW)
    execution = lakehouse.run("pipeline", only="governance")
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    assert glue_table(lakehouse, "importau_gold", CASH_FLOW)


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
    assert "22 edges declared, 22 observed, 0 false" in checks["lineage-edges"][1]
    assert "as lineage says" in checks["lineage-s3"][1]


# A Lambda that reads and writes past the storage module, and then does what it is there for.
ROGUE = """
import os
import boto3
from silver.app import handler as honest

def handler(event, context):
    s3, bucket = boto3.client("s3"), os.environ["LAKE_BUCKET"]
    rates = s3.get_object(Bucket=bucket, Key="landing/csv_exports/cambio.csv")["Body"].read()
    s3.put_object(Bucket=bucket, Key="gold/agregado_fluxo_de_caixa_mensal/run=rogue/x.parquet", Body=rates)
    return honest(event, context)
"""
LEFT_BEHIND = "gold/agregado_fluxo_de_caixa_mensal/run=rogue/x.parquet"


@pytest.fixture
def rogue(governed: Any) -> Iterator[Lakehouse]:
    """Deploy the Silver Lambda with code that calls S3 by itself; undone afterwards."""
    lakehouse, _ = governed
    functions, name = lakehouse.deployment.client("lambda"), "importau-silver"
    location = functions.get_function(FunctionName=name)["Code"]["Location"]
    with urllib.request.urlopen(location) as answer:
        honest = answer.read()
    changed = io.BytesIO(honest)
    with zipfile.ZipFile(changed, "a") as code:
        code.writestr("rogue.py", ROGUE)
    functions.update_function_code(FunctionName=name, ZipFile=changed.getvalue())
    functions.update_function_configuration(FunctionName=name, Handler="rogue.handler")
    yield lakehouse
    functions.update_function_configuration(FunctionName=name, Handler="silver.app.handler")
    functions.update_function_code(FunctionName=name, ZipFile=honest)
    lakehouse.s3.delete_object(Bucket=lakehouse.bucket, Key=LEFT_BEHIND)
    assert lakehouse.run("pipeline", source={"type": "csv"}, force=True)["status"] == "SUCCEEDED"


def test_a_lambda_that_calls_s3_past_the_storage_module_is_named_with_what_it_read_and_wrote(rogue: Lakehouse) -> None:
    """Its own word, the lineage events, says nothing of it; S3's does."""
    execution = rogue.run("pipeline", source={"type": "csv"}, force=True)
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    checks = verified(rogue)
    assert checks["lineage-edges"][0]
    passed, detail = checks["lineage-s3"]
    assert not passed
    assert detail.split("; ")[:2] == [
        "importau-silver read landing.cambio (landing/csv_exports/cambio.csv), and lineage says nothing of it",
        f"importau-silver wrote importau_gold.agregado_fluxo_de_caixa_mensal ({LEFT_BEHIND}), "
        "and lineage says nothing of it",
    ]


def test_verify_names_a_table_dropped_from_glue(governed: Any) -> None:
    lakehouse, _ = governed
    lakehouse.deployment.client("glue").delete_table(DatabaseName="importau_gold", Name=CASH_FLOW)
    checks = verified(lakehouse)
    lakehouse.run("pipeline", only="register")
    passed, detail = checks["catalogue"]
    assert (passed, detail.partition(". ")[0]) == (False, f"importau_gold.{CASH_FLOW} is missing")
    assert "./importau verify --repair" in detail
    assert not checks["discovery"][0]
    assert verified(lakehouse)["catalogue"][0]


def test_verify_names_a_file_that_was_replaced(governed: Any) -> None:
    lakehouse, _ = governed
    (key,) = lakehouse.files(FACT)
    good = lakehouse.bytes_of(key)
    try:
        lakehouse.put(key, lakehouse.published(FACT).slice(1))
        passed, detail = verified(lakehouse)["files"]
    finally:
        lakehouse.put(key, good)
    assert not passed
    assert f"{key} was changed or replaced" in detail
    assert verified(lakehouse)["files"][0]


def test_verify_names_a_type_changed_in_the_parquet(governed: Any, changed: Any) -> None:
    lakehouse, _ = governed
    changed("cambio", "taxa_ptax", pa.array([5.25] * SAMPLE.of_table["cambio"]))
    passed, detail = verified(lakehouse)["drift"]
    assert (passed, detail) == (False, "cambio.taxa_ptax: contrato decimal128(18, 6), Parquet double")


@pytest.fixture
def sabotaged(governed: Any) -> Iterator[Any]:
    """Return a function that changes an entry of the catalogue as anybody can; undone afterwards."""
    lakehouse, _ = governed
    glue, undo = lakehouse.deployment.client("glue"), []

    def change(database: str, table: str, **fields: Any) -> None:
        found = glue_table(lakehouse, database, table)
        names = ("Name", "Description", "Owner", "TableType", "StorageDescriptor", "Parameters")
        entry = {name: found[name] for name in names if found.get(name)}
        undo.append((database, entry))
        glue.update_table(DatabaseName=database, TableInput=entry | fields)

    yield change
    for database, entry in reversed(undo):
        glue.update_table(DatabaseName=database, TableInput=entry)


def test_verify_names_what_was_done_behind_the_projects_back(governed: Any, sabotaged: Any) -> None:
    lakehouse, run = governed
    assert lakehouse.run("pipeline", only="governance")["status"] == "SUCCEEDED"
    assert all(passed for passed, _ in verified(lakehouse).values()), verified(lakehouse)
    states, glue = (lakehouse.deployment.client(name) for name in ("stepfunctions", "glue"))
    contract = next(each for each in load_all() if each.table == FACT)
    parameters = glue_table(lakehouse, contract.database, FACT)["Parameters"]
    sabotaged(contract.database, FACT, Owner="ninguem", Parameters=parameters | {"rows": "0"})
    sabotaged(layout.GOVERNANCE_DATABASE, "execucoes", Description="x")
    forged = layout.governance_report_key("forjado")
    report = lakehouse.json(layout.governance_report_key(run["run_id"])) | {"run_id": "forjado"}
    lakehouse.s3.put_object(
        Bucket=lakehouse.bucket, Key=forged, Body=json.dumps(report | {"evaluated_at": "2999-01-01T00:00:00+00:00"})
    )
    lakehouse.s3.put_object(Bucket=lakehouse.bucket, Key="gold/particular.parquet", Body=b"x")
    copy = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:copyObject", "End": True}
    copied = copy | {"Parameters": {"CopySource": f"{lakehouse.bucket}/{lakehouse.files(FACT)[0]}", "Bucket": "x"}}
    definition = json.dumps({"StartAt": "Copia", "States": {"Copia": copied}})
    role = states.describe_state_machine(stateMachineArn=machine_arn(states, "StateMachine_DAG_gold"))["roleArn"]
    arn = states.create_state_machine(name="exportador", definition=definition, roleArn=role)["stateMachineArn"]
    glue.tag_resource(ResourceArn=GOLD, TagsToAdd={"project": "outro"})
    try:
        found = verified(lakehouse)
    finally:
        states.delete_state_machine(stateMachineArn=arn)
        glue.tag_resource(ResourceArn=GOLD, TagsToAdd={"project": "importau"})
        for key in (forged, "gold/particular.parquet"):
            lakehouse.s3.delete_object(Bucket=lakehouse.bucket, Key=key)
    name = contract.qualified_name
    for check, said in {
        "catalogue": (f"{name}.Owner: expected '{contract.owner}', found 'ninguem'", ".Parameters.rows: expected '"),
        "governance": ("importau_governanca.execucoes.Description: expected 'As execuções",),
        "tags": ("database/importau_gold.project: expected 'importau', found 'outro'",),
        "evidence": (f"{forged} was forged: the pipeline has no execution forjado",),
        "undeclared": ("gold/particular.parquet (1 bytes", "exportador: nobody declared this state machine"),
    }.items():
        passed, detail = found[check]
        assert not passed
        for text in said:
            assert text in detail


GOLD = "arn:aws:glue:us-east-1:000000000000:database/importau_gold"


def machine_arn(states: Any, name: str) -> str:
    machines = {each["name"]: each["stateMachineArn"] for each in states.list_state_machines()["stateMachines"]}
    arn: str = machines[name]
    return arn


def test_verify_asks_aws_little(governed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """How long it takes is the machine's; each question takes a round trip, however quick the machine is."""
    lakehouse, _ = governed
    asked = Counter[str]()
    call = BaseClient._make_api_call

    def counted(client: BaseClient, operation: str, parameters: Any) -> Any:
        asked[operation] += 1
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", counted)
    verified(lakehouse)
    assert 50 < asked.total() < 300, asked.most_common()


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
