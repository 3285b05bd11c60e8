"""The Governance Lambda on S3, Glue and Step Functions (moto): what it registers, holds against what, and tells."""

from types import SimpleNamespace

import boto3
import pytest
from lakehouse_tables import FACT, TABLES
from machines import MACHINES, rendered
from simulated_aws import make_databases, simulated_lake

import bronze.app
import gold.app
import silver.app
from governance.app import TAGS, handler
from governance.findings import Findings
from lakehouse.errors import LakehouseError
from lakehouse.lake import layout
from tests import teste_bronze, teste_gold, teste_silver

BUCKET, RUN = "lake", "r1"
CONTEXT = SimpleNamespace(
    function_name="f", memory_limit_in_mb=512, aws_request_id="1",
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:importau-f",
)  # fmt: skip
LAYERS = {
    layout.BRONZE: (bronze.app.handler, teste_bronze.handler),
    layout.SILVER: (silver.app.handler, teste_silver.handler),
    layout.GOLD: (gold.app.handler, teste_gold.handler),
}
SYNTHETIC = {"type": "synthetic", "orders": 20, "seed": 3}
ROLE = "arn:aws:iam::123456789012:role/LabRole"
NAMES = sorted(f"StateMachine_DAG_{name}" for name in MACHINES)
EVERY_TABLE = [f"importau_{layer}.{table}" for layer in layout.LAYERS for table in TABLES[layer]]
ABOUT = [f"importau_governanca.{table}" for table in ("pipelines", "tarefas", "linhagem", "execucoes")]


@pytest.fixture
def lake():
    """A lake in which the three layers of a synthetic run are published, told as its state machines would."""
    with simulated_lake(BUCKET) as lake:
        make_databases(layout.GOVERNANCE_DATABASE)
        for layer in layout.LAYERS:
            source = {"source": SYNTHETIC} if layer == layout.BRONZE else {}
            staged = LAYERS[layer][0](event(layer, "Write") | source, CONTEXT)
            verdict = LAYERS[layer][1](event(layer, "Audit") | {"tables": staged["tables"]}, CONTEXT)
            assert verdict["passed"], verdict["cause"]
            for table in staged["tables"]:
                lake.write_bytes(lake.read_bytes(table["staged_key"]), table["published_key"])
        yield lake


def event(layer, task):
    origin = {
        "execution": f"arn:execution:{layer}",
        "state_machine": f"StateMachine_DAG_{layer}",
        "state": f"{task}{layer.capitalize()}",
    }
    return {"run_id": RUN, "layer": layer, "origin": origin}


@pytest.fixture
def machines(lake):
    """Deploy the state machines; return their ARNs."""
    states = boto3.client("stepfunctions")
    arns = {}
    for name in NAMES:
        definition = rendered(name.removeprefix("StateMachine_DAG_"))
        made = states.create_state_machine(
            name=name, definition=definition, roleArn=ROLE, tags=[{"key": "project", "value": "importau"}]
        )
        arns[name] = made["stateMachineArn"]
    return arns


def governed(lake, **given):
    result = handler({"run_id": RUN, "source": SYNTHETIC, **given}, CONTEXT)
    return result, lake.read_json(result["report_key"])


def change(arn, old, new):
    states = boto3.client("stepfunctions")
    definition = states.describe_state_machine(stateMachineArn=arn)["definition"]
    assert old in definition
    states.update_state_machine(stateMachineArn=arn, definition=definition.replace(old, new))


def test_a_run_that_is_as_declared_passes_and_all_of_it_is_in_the_catalogue(lake, machines):
    result, report = governed(lake)
    assert (result["passed"], result["cause"], result["problems"]) == (True, "", 0)
    assert result["report_key"] == layout.governance_report_key(RUN)
    registered = [*EVERY_TABLE, *ABOUT, *(f"importau_governanca.{name.lower()}" for name in NAMES)]
    assert report["registered"] == dict.fromkeys(registered, "created")
    assert result["assets"] == len(registered)
    assert (result["run_id"], report["run_id"]) == (RUN, RUN)
    assert report["runs"] == dict.fromkeys(layout.LAYERS, RUN)
    assert report["passed"]
    nothing = ("problems", "drift", "lineage_differences", "classification", "findings")
    assert {name: report[name] for name in nothing} == {name: [] for name in nothing}
    assert result["warnings"] == []
    assert report["evaluated_at"].endswith("+00:00")

    tables = {name: lake.read_table(layout.governance_table_key(name)) for name in ("pipelines", "tarefas", "linhagem")}
    assert sorted(tables["pipelines"]["pipeline"].to_pylist()) == NAMES
    assert {"WriteBronze", "AuditGold", "Govern"} <= set(tables["tarefas"]["tarefa"].to_pylist())
    assert len(tables["linhagem"]) > 100
    declared = list(lake.list(f"{layout.lineage_prefix(RUN)}declared/"))
    assert result["lineage"]["kept"] == len(declared) > 10
    assert report["lineage"] == result["lineage"]
    again, report = governed(lake)
    assert again["passed"]
    changed = {name for name, outcome in report["registered"].items() if outcome != "unchanged"}
    assert changed <= set(ABOUT)  # when they were written is one of their facts


def test_what_is_registered_is_logged_table_by_table_and_databases_are_tagged(lake, machines, caplog):
    caplog.set_level("INFO")
    governed(lake)
    logged = {line.table: line.outcome for line in caplog.records if line.message == "registered"}
    assert logged == dict.fromkeys([*EVERY_TABLE, *ABOUT], "created")
    glue = boto3.client("glue")
    for database in (*layout.LAYERS, "governanca"):
        arn = f"arn:aws:glue:us-east-1:123456789012:database/importau_{database}"
        layer = "governance" if database == "governanca" else database
        assert glue.get_tags(ResourceArn=arn)["Tags"] == TAGS | {"layer": layer}


def test_a_task_that_declares_what_the_run_did_not_do_fails_it(lake, machines):
    change(machines["StateMachine_DAG_silver"], "importau_bronze.cambio, ", "")
    result, report = governed(lake)
    assert not result["passed"]
    assert report["lineage_differences"] == report["problems"]
    said = "StateMachine_DAG_silver.WriteSilver: a execução usou importau_bronze.cambio, que INPUTS não declara"
    assert said in report["problems"]
    assert result["problems"] == len(report["problems"])
    assert result["cause"].startswith(f"Governance found {len(report['problems'])} problems: ")
    assert said in result["cause"]
    assert result["cause"].endswith(f"Report: s3://{BUCKET}/{result['report_key']}")


def test_a_name_that_is_no_asset_fails_it_and_is_the_only_thing_said_of_lineage(lake, machines):
    change(machines["StateMachine_DAG_gold"], "importau_silver.fato_pedido_correlacionado", "importau_silver.fato")
    result, report = governed(lake)
    assert not result["passed"]
    assert "'importau_silver.fato' não é nenhum ativo do lakehouse" in result["cause"]
    assert report["lineage_differences"] == []
    assert list(lake.list(f"{layout.lineage_prefix(RUN)}declared/")) == []


def test_what_somebody_called_by_hand_is_held_against_nothing_and_is_no_lineage(lake, machines):
    silver.app.handler({"run_id": RUN, "layer": layout.SILVER}, CONTEXT)
    kept = [key for key in lake.list(layout.lineage_prefix(RUN)) if "by-hand" in key]
    assert {lake.read_json(key)["job"]["name"] for key in kept} == {f"by-hand.importau-f.{FACT}"}
    result, _ = governed(lake)
    assert result["passed"], result["cause"]
    lineage = lake.read_table(layout.governance_table_key("linhagem"))
    assert set(lineage["pipeline"].to_pylist()) <= {*NAMES, None}


def test_a_csv_run_has_to_have_read_the_csvs_that_are_declared(lake, machines):
    result, report = governed(lake, source={"type": "csv"})
    assert not result["passed"]
    assert all("INPUTS declara landing." in problem for problem in report["problems"])
    assert result["problems"] == 7


def test_what_a_crawler_made_of_a_table_is_a_warning_and_what_a_file_is_a_problem(lake, machines):
    governed(lake)
    glue = boto3.client("glue")
    table = glue.get_table(DatabaseName="importau_bronze", Name="cambio")["Table"]
    table["StorageDescriptor"]["Columns"][0]["Type"] = "binary"
    wanted = {name: table[name] for name in ("Name", "StorageDescriptor", "Parameters", "TableType")}
    glue.update_table(DatabaseName="importau_bronze", TableInput=wanted)
    lake.client.delete_object(Bucket=BUCKET, Key=layout.published_key("produtos"))
    result, report = governed(lake)
    name = lake.read_table(layout.published_key("cambio")).column_names[0]
    assert len(result["warnings"]) == 1
    assert result["warnings"][0].startswith(f"cambio.{name}: contrato ")
    gone = f"produtos: s3://{BUCKET}/bronze/produtos/ does not exist; run bronze first"
    assert report["problems"] == [gone]
    assert report["drift"] == [gone, *result["warnings"]]
    assert "importau_bronze.produtos" not in report["registered"]


def test_a_run_in_one_part_leaves_nothing_of_parts_behind(lake):
    for layer in layout.LAYERS:
        assert list(lake.list(layout.parts_prefix(RUN, layer))) == []


def test_many_problems_are_told_by_the_first_ten_and_their_number():
    def message(*problems):
        return Findings(broken=problems).as_message("key", "s3://lake/report")

    texts = [f"problema {n}" for n in range(12)]
    ten = "; ".join(texts[:10])
    assert message(*texts)["problems"] == 12
    assert message(*texts)["cause"] == f"Governance found 12 problems: {ten}; and 2 more. Report: s3://lake/report"
    assert message(*texts[:10])["cause"] == f"Governance found 10 problems: {ten}. Report: s3://lake/report"
    assert len(message("x" * 5000)["cause"]) == 4000


def test_governance_alone_needs_layers_that_were_published(lake, machines):
    with pytest.raises(LakehouseError, match="never published: bronze, silver, gold"):
        handler({"run_id": "g1", "only": "governance"}, CONTEXT)
