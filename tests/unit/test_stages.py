"""Two stages in one account and region never meet: no name of a resource is that of two of them."""

import ast
import re
import tomllib
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import sam_template
from hypothesis import given
from hypothesis import strategies as st
from lakehouse_tables import EVERY_TABLE, FACT

from alert.ended import Ended
from alert.facts import Facts, facts_of
from alert.message import message_of
from cli.account.identity import Identity, bucket_name
from cli.account.permissions import EXAMPLE, RESOURCES, Holder, policy, sample
from cli.building.checkout import checkout_of
from cli.building.definitions import definitions
from cli.contents.naming import fold
from cli.querying.statement import read
from cli.querying.tables import Tables
from cli.session import default_stack
from lakehouse import runtime
from lakehouse.contract.model import load, load_all
from lakehouse.errors import LakehouseError
from lakehouse.lake import layout
from lakehouse.lineage.names import Asset, Place
from lakehouse.orchestration import pipelines
from lakehouse.stage import NONE, Stage, staged, unstaged

ROOT = Path(__file__).resolve().parents[2]
EVERY = (NONE, *Stage)
PAIRS = [(one, other) for one in EVERY for other in EVERY if one != other]
# Everything that can be deployed.
ALL = {
    "AlertOn": "warnings", "AlertEmail": "ana@example.com", "ScheduleExpression": "rate(1 day)", "StartOnUpload": "yes",
}  # fmt: skip
# Where a resource's properties say its name.
NAMED_BY = (
    "Name", "FunctionName", "StateMachineName", "LogGroupName", "AlarmName", "TopicName", "DashboardName", "BucketName",
    "LayerName",
)  # fmt: skip
# What is named by what it belongs to: its other properties refer to one stack's own resources alone.
OF_OTHERS = {
    "AWS::S3::BucketPolicy", "AWS::Lambda::Permission", "AWS::SNS::Subscription", "AWS::Lambda::EventInvokeConfig",
}  # fmt: skip
stages = st.sampled_from(EVERY)


def filled(value: Any, known: dict[str, str]) -> str:
    """Return a name of the template with what is known filled in."""
    if isinstance(value, str):
        return value
    ((function, given_),) = value.items()
    match function:
        case "Ref":
            return known[given_]
        case "Fn::Join":
            return given_[0].join(filled(each, known) for each in given_[1])
        case "Fn::Sub":
            return re.sub(r"\$\{([^}]+)\}", lambda found: known[found[1]], given_)
    raise AssertionError(f"{function} is not known in a name")


def names(stage: str) -> dict[str, str]:
    """Return the names of what a stage's stack makes, by logical name; empty for what has none of its own."""
    made = sam_template.decided(sam_template.transformed(Stage=stage), **ALL, Stage=stage)
    known = {"Stage": stage, "AWS::AccountId": "123456789012", "AWS::StackName": default_stack("default", stage)}
    found = {}
    for logical, resource in made.items():
        properties = resource["Properties"]
        properties = properties.get("DatabaseInput", properties)
        own = [name for name in NAMED_BY if name in properties and resource["Type"] not in OF_OTHERS]
        assert own or resource["Type"] in OF_OTHERS, f"{logical} ({resource['Type']}) has no name that says the stage"
        # A layer's logical name has a fingerprint of it.
        key = re.sub(r"(Layer)[0-9a-f]{10}$", r"\1", logical)
        found[key] = f"{resource['Type']} {filled(properties[own[0]], known)}" if own else ""
    return found


NAMES = {stage: names(stage) for stage in EVERY}


def test_no_resource_of_one_stage_has_the_name_of_one_of_another() -> None:
    for one, other in combinations(EVERY, 2):
        common = set(NAMES[one].values()) & set(NAMES[other].values()) - {""}
        assert not common, f"{one or 'no stage'} and {other}: {common}"
        assert NAMES[one].keys() == NAMES[other].keys()


@pytest.mark.parametrize("stage", Stage)
def test_a_name_of_a_stage_is_that_of_none_and_the_stage(stage: str) -> None:
    for logical, name in NAMES[stage].items():
        plain = re.sub(rf"[-_]{stage}(?=-|$)", "", name, count=1)
        if name.startswith("AWS::Lambda::LayerVersion"):  # these begin with the stack's, in a stage alone
            plain = plain.replace(" importau-", " ")
        assert plain == NAMES[NONE][logical], f"{logical} is {name}"


def test_without_a_stage_everything_is_called_as_ever() -> None:
    called = {name for name in NAMES[NONE].values() if name}
    assert {name.split()[1] for name in called if "StateMachine" in name.split()[0]} == {
        f"StateMachine_DAG_{short}"
        for short in (*layout.LAYERS, *(f"teste_{layer}" for layer in layout.LAYERS), "pipeline")
    }
    assert called >= {
        "AWS::S3::Bucket importau-lakehouse-123456789012", "AWS::Athena::WorkGroup importau",
        "AWS::Glue::Database importau_bronze", "AWS::Glue::Database importau_ml",
        "AWS::Glue::Database importau_descoberta", "AWS::Glue::Database importau_governanca",
        "AWS::Glue::Crawler importau-forecast", "AWS::Lambda::LayerVersion CommonLayer",
        "AWS::Lambda::Function importau-publish", "AWS::Logs::LogGroup /aws/vendedlogs/states/importau",
        "AWS::SNS::Topic importau-alerts", "AWS::CloudWatch::Dashboard importau",
        "AWS::Scheduler::Schedule importau-pipeline", "AWS::CloudWatch::Alarm importau-silver-throttles",
    }  # fmt: skip


@pytest.mark.parametrize("stage", EVERY)
def test_the_template_says_what_the_code_says(stage: str) -> None:
    called = set(NAMES[stage].values())
    for database in (*layout.databases(), layout.DISCOVERED_DATABASE):
        assert f"AWS::Glue::Database {layout.glue_database(database, stage)}" in called
    for layer in layout.LAYERS:
        assert f"AWS::Glue::Crawler {layout.crawler_of(layer, stage)}" in called
    for name in pipelines.machine_names(layout.LAYERS, stage):
        assert f"AWS::StepFunctions::StateMachine {name}" in called
    environment = sam_template.parsed()["Globals"]["Function"]["Environment"]["Variables"]
    assert environment["LAKE_STAGE"] == {"Ref": "Stage"}
    assert set(definitions(replace(EXAMPLE, stage=stage))) == set(pipelines.machine_names(layout.LAYERS, stage))


def test_metrics_of_two_stages_are_no_series_of_both() -> None:
    for stage in EVERY:
        made = sam_template.decided(sam_template.transformed(Stage=stage), **ALL, Stage=stage)
        _, given_ = made["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
        assert filled(given_["Metrics"], {"Stage": stage}) == staged(runtime.NAMESPACE, stage, "/")


def test_what_a_function_counts_is_of_its_stage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for stage in EVERY:
        monkeypatch.setenv("LAKE_STAGE", stage)
        runtime.log_table("audited", "pedidos", 1, counts={"rules_warned": 1})
        namespace = staged("ImportauLakehouse", stage, "/")
        assert f'"Namespace":"{namespace}"' in capsys.readouterr().out


def test_a_function_of_a_stage_that_there_is_not_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_STAGE", "production")
    with pytest.raises(LakehouseError, match="no such stage"):
        runtime.stage_in_use()


@given(st.from_regex(r"[a-z]{1,8}([-_][a-z]{1,8}){0,2}", fullmatch=True), stages, stages, st.sampled_from("-_"))
def test_a_name_says_its_stage_and_no_other(name: str, one: str, other: str, joint: str) -> None:
    if unstaged(name, NONE, joint) is None:  # it ends as if it were of a stage
        return
    assert unstaged(staged(name, one, joint), one, joint) == name
    if one != other:
        assert unstaged(staged(name, one, joint), other, joint) is None


@given(st.sampled_from([*layout.LAYERS, "teste_gold", "pipeline"]), stages)
def test_machines_and_crawlers_are_known_by_what_they_are_called(short: str, stage: str) -> None:
    assert pipelines.short_name(pipelines.machine_name(short, stage), stage) == short
    if short in layout.LAYERS:
        assert layout.layer_of_crawler(layout.crawler_of(short, stage), stage) == short


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_no_table_of_one_stage_is_one_of_anothers_lineage(one: str, other: str) -> None:
    ours, theirs = (Place("us-east-1", "123456789012", f"lake{stage}", stage) for stage in (one, other))
    for table in EVERY_TABLE:
        asset = Asset.of_table(table)
        assert ours.asset(*ours.dataset(asset)) == asset
        assert theirs.asset(*ours.dataset(asset)) is None


def test_buckets_and_stacks_are_of_one_stage_each_and_legal() -> None:
    for name in ("ana", "a" * 60, "user-1-s3alias"):
        identity = Identity("123456789012", f"arn:aws:iam::123456789012:user/{name}", "AIDA")
        buckets = [bucket_name(identity, stage) for stage in EVERY]
        assert len({*buckets}) == len(EVERY)
        assert all(len(bucket) <= 63 and re.fullmatch(r"[a-z0-9-]+[a-z0-9]", bucket) for bucket in buckets)
    assert len({default_stack("default", stage) for stage in EVERY}) == len(EVERY)


def test_sam_by_hand_deploys_the_same_stack_of_a_stage() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text("utf-8"))
    for stage in Stage:
        given_ = config[stage]["deploy"]["parameters"]
        assert (
            given_["stack_name"] == config[stage]["logs"]["parameters"]["stack_name"] == default_stack("default", stage)
        )
        assert f"Stage={stage}" in given_["parameter_overrides"]
        assert f"stage={stage}" in given_["tags"]
    assert sam_template.parsed()["Parameters"]["Stage"]["AllowedValues"] == list(EVERY)


@pytest.mark.parametrize("holder", ["user", "role"])
@pytest.mark.parametrize(("one", "other"), [pair for pair in PAIRS if pair[0] != NONE])
def test_the_least_policy_of_a_stage_reaches_no_other(holder: Holder, one: str, other: str) -> None:
    def place(stage: str) -> Any:
        return replace(EXAMPLE, stage=stage, stack=staged("importau", stage), bucket=staged("lake", stage))

    allowed = [
        arn
        for statement in policy(holder, place(one))["Statement"]
        for arn in ([statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"])
        if arn != "*"
    ]
    elsewhere = {name: sample(name, place(other)) for name in RESOURCES}
    shared = {sample(name, place(one)) for name in RESOURCES} & set(elsewhere.values())
    reached = {name for name, arn in elsewhere.items() if arn not in shared and arn != "*"
               and any(fnmatchcase(arn, pattern) for pattern in allowed)}  # fmt: skip
    assert not reached


@pytest.mark.parametrize("stage", EVERY)
@pytest.mark.parametrize(
    "written", [FACT, f"importau_silver.{FACT}", f"silver.{FACT}", f'"IMPORTAU_SILVER"."{FACT.upper()}"']
)
def test_sql_means_the_tables_of_the_stage_that_is_asked(stage: str, written: str) -> None:
    tables = Tables({contract.table: contract for contract in load_all()}, stage)
    database = staged("importau_silver", stage, "_")
    statement = read(f"SELECT pedido_id FROM {written}", tables)
    assert statement.sql() == f"SELECT pedido_id FROM {database}.{FACT}"
    assert statement.tables == (FACT,)
    again = read(statement.sql(), tables)  # Athena's own name of it means the same
    assert (again.sql(), again.tables) == (statement.sql(), (FACT,))
    assert read("SHOW TABLES IN silver", tables).text == f"SHOW TABLES IN {database}"
    assert (
        read("SELECT * FROM linhagem", tables).sql()
        == f"SELECT * FROM {staged('importau_governanca', stage, '_')}.linhagem"
    )


def test_a_table_before_a_column_is_written_alone_in_every_stage() -> None:
    tables = Tables({contract.table: contract for contract in load_all()}, "dev")
    text = f"SELECT importau_silver.{FACT}.pedido_id FROM importau_silver.{FACT}"
    assert read(text, tables).sql() == f"SELECT {FACT}.pedido_id FROM importau_silver_dev.{FACT}"


def test_another_stages_table_is_asked_by_its_whole_name_alone() -> None:
    tables = Tables({contract.table: contract for contract in load_all()}, "dev")
    statement = read(f"SELECT 1 FROM importau_silver_hom.{FACT}", tables)
    assert statement.tables == ()
    assert statement.others == (fold(f"importau_silver_hom.{FACT}"),)


def test_every_question_that_has_a_name_is_of_the_stage_that_is_asked() -> None:
    tables = Tables({contract.table: contract for contract in load_all()}, "prod")
    for file in sorted((ROOT / "queries").glob("*.sql")):
        statement = read(file.read_text("utf-8"), tables)
        assert statement.tables
        databases = set(re.findall(r"importau_[a-z_]+", statement.sql()))
        assert databases == {staged(load(table).database, "prod", "_") for table in statement.tables}, file.name


def event(stage: str, machine: str) -> dict[str, Any]:
    name = pipelines.machine_name(machine, stage)
    arn = f"arn:aws:states:us-east-1:123456789012:execution:{name}:r1"
    detail = {"executionArn": arn, "stateMachineArn": arn.replace(":execution:", ":stateMachine:").removesuffix(":r1"),
              "name": "r1", "status": "FAILED", "error": "AuditFailed", "cause": "x", "input": "{}"}  # fmt: skip
    return {"detail-type": "Step Functions Execution Status Change", "detail": detail}


@pytest.mark.parametrize("stage", Stage)
def test_a_message_says_which_stage_failed_and_its_command_is_of_that_stage(stage: str) -> None:
    ended = Ended.of_event(event(stage, "teste_gold"), stage)
    assert ended is not None
    assert ended.machine == "teste_gold"
    message = message_of(ended, Facts())
    assert message.subject.startswith(f"IMPORTAU {stage} teste_gold: ")
    assert f"estágio: {stage}" in message.text
    assert f"stage: {stage}" in message.text
    assert message.text.rstrip().endswith(f"--stage {stage}")


def test_the_step_of_a_stage_is_looked_for_in_its_own_machines() -> None:
    asked = []

    class States:
        class exceptions:  # noqa: N801 - as boto3 has it
            ExecutionDoesNotExist = LookupError

        def get_execution_history(self, **given_: Any) -> dict[str, Any]:
            asked.append(given_["executionArn"])
            state = "Gold" if "pipeline" in given_["executionArn"] else "WriteGold"
            return {"events": [{"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": state}}]}

    class Lake:
        def __getattr__(self, name: str) -> Any:
            raise LakehouseError(name)

    ended = Ended.of_event(event("dev", "pipeline"), "dev")
    assert ended is not None
    assert facts_of(ended, Lake(), States()).step == "gold: WriteGold"  # type: ignore[arg-type]
    assert [arn.split(":")[-2] for arn in asked] == ["StateMachine_DAG_pipeline_dev", "StateMachine_DAG_gold_dev"]


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    called = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [node for node in called if isinstance(node.func, ast.Name) and node.func.id == name]


def test_whoever_speaks_with_glue_or_of_lineage_says_for_which_stage() -> None:
    """The default of both is no stage: one that is forgotten would write into another lakehouse."""
    seen = 0
    for file in [*(ROOT / "functions").rglob("*.py"), *(ROOT / "cli").rglob("*.py")]:
        text = file.read_text("utf-8")
        if "Catalog(" not in text and "Place(" not in text:
            continue
        tree, of_lineage = ast.parse(text), "lakehouse.lineage.names" in text
        for name, place in (("Catalog", 1), ("Place", 3)):
            if name == "Place" and not of_lineage:
                continue
            for call in calls(tree, name):
                seen += 1
                said = len(call.args) > place or any(keyword.arg == "stage" for keyword in call.keywords)
                assert said, f"{file.relative_to(ROOT)}:{call.lineno}: {name} without a stage"
    assert seen >= 8


def test_this_checkout_says_its_commit() -> None:
    here = checkout_of(ROOT, "template.yaml")
    if here is None:
        pytest.skip("this is no checkout of git")
    assert re.fullmatch(r"[0-9a-f]{40}", here.commit)
    assert set(here.changed) <= {"template.yaml"}
    assert re.fullmatch(sam_template.parsed()["Parameters"]["Commit"]["AllowedPattern"], str(here))
