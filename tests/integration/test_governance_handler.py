"""The Governance Lambda on S3, Glue and Step Functions (moto): what it registers, holds against what, and tells."""

import boto3
import pytest
from handlers import AUDIT, WRITE, called, context, opens, origin, publishes
from lakehouse_tables import FACT
from machines import MACHINES, rendered
from simulated_aws import make_databases, simulated_lake

from governance.app import handler
from governance.findings import Findings
from governance.registry import TAGS
from lakehouse.errors import LakehouseError
from lakehouse.lake import layout
from lakehouse.versions.view import View

BUCKET, RUN = "lake", "r1"
CONTEXT = context()
SYNTHETIC = {"type": "synthetic", "orders": 20, "seed": 3}
ROLE = "arn:aws:iam::123456789012:role/LabRole"
NAMES = sorted(f"StateMachine_DAG_{name}" for name in MACHINES)
ABOUT = [f"importau_governanca.{table}" for table in ("pipelines", "tarefas", "linhagem", "execucoes")]


@pytest.fixture
def lake():
    """A lake in which a synthetic run has written and audited the three layers, told as its state machines would."""
    with simulated_lake(BUCKET) as lake:
        make_databases(layout.GOVERNANCE_DATABASE)
        opens(RUN, source=SYNTHETIC)
        for layer in layout.LAYERS:
            task = layer.capitalize()
            staged = called(WRITE[layer], RUN, layer=layer, source=SYNTHETIC, origin=origin(layer, f"Write{task}"))
            tables = {"tables": staged["tables"], "origin": origin(f"teste_{layer}", f"Audit{task}")}
            verdict = called(AUDIT[layer], RUN, layer=layer, **tables)
            assert verdict["passed"], verdict["cause"]
        yield lake


def started_by(machine):
    """Return the machines that a machine starts, as its definition is given them."""
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:StateMachine_DAG_"
    if machine == "pipeline":
        return {f"{layer.capitalize()}StateMachineArn": f"{arn}{layer}" for layer in layout.LAYERS}
    return {"AuditStateMachineArn": f"{arn}teste_{machine}"}


@pytest.fixture
def machines(lake):
    """Deploy the state machines; return their ARNs."""
    states = boto3.client("stepfunctions")
    arns = {}
    for name in NAMES:
        definition = rendered(short := name.removeprefix("StateMachine_DAG_"), **started_by(short))
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
    registered = [*ABOUT, *(f"importau_governanca.{name.lower()}" for name in NAMES)]
    assert report["registered"] == dict.fromkeys(registered, "created")
    assert result["assets"] == len(registered)
    assert (result["run_id"], report["run_id"]) == (RUN, RUN)
    assert report["runs"] == dict.fromkeys(layout.LAYERS, RUN)
    assert report["version"] == 0  # none is published yet
    assert report["passed"]
    nothing = ("problems", "drift", "lineage_differences", "classification", "findings", "owners", "changed", "removed")
    assert {name: report[name] for name in nothing} == {name: [] for name in nothing}
    assert result["warnings"] == []
    assert report["evaluated_at"].endswith("+00:00")

    tables = {name: lake.read_table(layout.governance_table_key(name)) for name in ("pipelines", "tarefas", "linhagem")}
    assert sorted(tables["pipelines"]["pipeline"].to_pylist()) == NAMES
    assert {"WriteBronze", "AuditGold", "Govern"} <= set(tables["tarefas"]["tarefa"].to_pylist())
    assert len(tables["linhagem"]) > 100
    declared = list(lake.list(f"{layout.lineage_prefix(RUN)}declared/"))
    assert result["lineage"]["kept"] == len(declared) + 2  # and governance's own run, START and COMPLETE
    assert len(declared) > 10
    assert report["lineage"] == result["lineage"]
    again, report = governed(lake)
    assert again["passed"]
    changed = {name for name, outcome in report["registered"].items() if outcome != "unchanged"}
    assert changed <= set(ABOUT)  # when they were written is one of their facts


def test_what_is_registered_is_logged_table_by_table_and_databases_are_tagged(lake, machines, caplog):
    caplog.set_level("INFO")
    governed(lake)
    logged = {line.table: line.outcome for line in caplog.records if line.message == "registered"}
    assert logged == dict.fromkeys(ABOUT, "created")
    glue = boto3.client("glue")
    for database in layout.databases():
        arn = f"arn:aws:glue:us-east-1:123456789012:database/{database}"
        layer = "governance" if database == layout.GOVERNANCE_DATABASE else layout.layer_of_database(database)
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
    called(WRITE[layout.SILVER], RUN, layer=layout.SILVER)
    kept = [key for key in lake.list(layout.lineage_prefix(RUN)) if "by-hand" in key]
    assert {lake.read_json(key)["job"]["name"] for key in kept} == {f"by-hand.importau-f.{FACT}"}
    result, _ = governed(lake)
    assert result["passed"], result["cause"]
    lineage = lake.read_table(layout.governance_table_key("linhagem"))
    assert set(lineage["pipeline"].to_pylist()) <= {*NAMES, None}


def test_a_csv_run_has_to_have_read_the_csvs_that_are_declared(lake, machines):
    kept = lake.read_json(layout.opening_key(RUN))
    lake.write_json(kept | {"source": {"type": "csv"}}, layout.opening_key(RUN))
    result, report = governed(lake)
    assert not result["passed"]
    assert all("INPUTS declara landing." in problem for problem in report["problems"])
    assert result["problems"] == 14  # of the task, and of the one that starts its machine


def test_what_a_crawler_made_of_a_table_is_a_warning_and_what_a_file_is_a_problem(lake, machines):
    governed(lake)
    publishes(RUN)
    glue = boto3.client("glue")
    table = glue.get_table(DatabaseName="importau_bronze", Name="cambio")["Table"]
    table["StorageDescriptor"]["Columns"][0]["Type"] = "binary"
    wanted = {
        name: table[name] for name in ("Name", "Description", "Owner", "StorageDescriptor", "Parameters", "TableType")
    }
    glue.update_table(DatabaseName="importau_bronze", TableInput=wanted)
    key = View.of_version(lake).file("produtos").key
    lake.client.delete_object(Bucket=BUCKET, Key=key)
    result, report = governed(lake, only="governance")
    name = View.of_version(lake).read("cambio").column_names[0]
    assert len(result["warnings"]) == 1
    assert result["warnings"][0].startswith(f"cambio.{name}: contrato ")
    gone = f"produtos: s3://{BUCKET}/{key} does not exist"
    assert report["problems"] == [gone]
    assert report["drift"] == [gone, *result["warnings"]]
    assert report["version"] == 1


def test_what_was_changed_since_it_was_registered_is_told_with_both_values_and_registered_anew(lake, machines):
    governed(lake)
    glue = boto3.client("glue")
    entry = glue.get_table(DatabaseName="importau_governanca", Name="tarefas")["Table"]
    names = ("Name", "Description", "Owner", "StorageDescriptor", "Parameters", "TableType")
    wanted = {name: entry[name] for name in names} | {"Owner": "ninguem"}
    wanted["Parameters"] |= {"projection.enabled": "true"}
    glue.update_table(DatabaseName="importau_governanca", TableInput=wanted)
    glue.create_table(DatabaseName="importau_governanca", TableInput={"Name": "intruso"})
    change(machines["StateMachine_DAG_silver"], "Correlaciona as tabelas", "Copia as tabelas")
    result, report = governed(lake)
    assert result["passed"], result["cause"]
    defined, owner, projected = report["changed"]
    assert defined.startswith("StateMachine_DAG_silver.States.WriteSilver.Comment: examinado 'Correlaciona as tabelas")
    assert "implantado 'Copia as tabelas" in defined
    where = "importau_governanca.tarefas"
    assert owner.startswith(f"{where}.Owner: registrado 'engenharia-de-dados', no catálogo 'ninguem' (alterada em 20")
    assert projected.startswith(f"{where}.Parameters.projection.enabled: registrado (ausente), no catálogo 'true' (")
    assert result["warnings"][1:] == report["changed"]
    assert report["unknown_tables"][0].startswith("importau_governanca.intruso: ninguém conhece esta tabela")
    _, report = governed(lake)
    assert report["changed"] == [defined]


def test_a_machine_stays_what_it_was_until_it_is_deployed_anew_or_accepted(lake, machines):
    arn = machines["StateMachine_DAG_silver"]
    governed(lake)
    change(arn, "Correlaciona as tabelas", "Copia as tabelas")
    told = [governed(lake)[1]["changed"] for _ in range(3)]
    assert all(len(each) == 1 and "WriteSilver.Comment: examinado 'Correlaciona" in each[0] for each in told)
    lake.write_bytes(b"", layout.DEPLOYED_KEY)
    assert len(governed(lake)[1]["changed"]) == 1
    assert governed(lake)[1]["changed"] == []
    change(arn, "Copia as tabelas", "Correlaciona as tabelas")
    assert "examinado 'Copia" in governed(lake)[1]["changed"][0]
    change(arn, "Correlaciona as tabelas", "Copia as tabelas")
    assert governed(lake)[1]["changed"] == []


def test_a_machine_that_was_deleted_leaves_the_catalogue(lake, machines):
    governed(lake)
    boto3.client("stepfunctions").delete_state_machine(stateMachineArn=machines["StateMachine_DAG_teste_forecast"])
    result, report = governed(lake)
    gone = "importau_governanca.statemachine_dag_teste_forecast"
    assert report["removed"] == [gone]
    assert gone not in report["registered"]
    names = {
        table["Name"] for table in boto3.client("glue").get_tables(DatabaseName="importau_governanca")["TableList"]
    }
    assert gone.partition(".")[2] not in names
    assert "statemachine_dag_teste_gold" in names
    assert result["warnings"][0].startswith("StateMachine_DAG_teste_forecast: examinado {")


def test_a_task_without_its_domains_owner_fails_the_run(lake, machines):
    change(machines["StateMachine_DAG_bronze"], "OWNER: engenharia-de-dados", "OWNER: fulano")
    result, report = governed(lake)
    assert not result["passed"]
    assert report["owners"] == report["problems"]
    assert "StateMachine_DAG_bronze.WriteBronze: ninguém conhece o dono fulano" in result["cause"]


def test_the_report_of_a_run_that_is_published_stays_as_its_version_names_it(lake, machines):
    first, report = governed(lake)
    publishes(RUN)
    version = View.of_version(lake).version
    assert (version.governance, version.governance_etag) == (first["report_key"], first["report_etag"])
    assert lake.about(version.governance).etag == version.governance_etag
    again, _ = governed(lake)
    assert again["report_key"] != first["report_key"]
    assert lake.read_json(version.governance) == report
    events = {key for key in report["kept"] if layout.event_of_key(key)}
    found = {key for key in lake.list(layout.lineage_prefix(RUN)) if layout.event_of_key(key)}
    assert found - events == {key for key in found if "/by-hand." in key} - events  # those of the second call


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


def test_governance_alone_needs_something_published(lake, machines):
    with pytest.raises(LakehouseError, match="nothing was published yet: run the pipeline first"):
        handler({"run_id": "g1", "only": "governance"}, CONTEXT)
