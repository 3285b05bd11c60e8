"""The state machines on the embedded AWS, with stand-ins for the Lambdas: what they publish, and what failures say."""

import json
import os
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from lakehouse_tables import EVERY_TABLE, FACT, FORECAST, PARTED, TABLES
from machine_account import Account, with_machines
from machines import AUDITS
from stand_ins import BUCKET, ROLE, RULE, create_all

from cli.embedded.endpoint import ACCOUNT, REGION
from cli.embedded.server import EmbeddedAws
from lakehouse.lake import layout

IN_TURN = ("bronze", "silver", "gold", "forecast")
STEPS = [layer.capitalize() for layer in IN_TURN]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with EmbeddedAws(tmp_path_factory.mktemp("aws")) as endpoint:
        session = boto3.session.Session(ACCOUNT, "test", region_name=REGION)
        services = ("s3", "glue", "lambda", "stepfunctions")
        s3, glue, lambdas, states = (session.client(name, endpoint_url=endpoint.url) for name in services)
        s3.create_bucket(Bucket=BUCKET)
        yield Account(s3, states, with_machines(states, create_all(lambdas)), glue)


@pytest.fixture
def unchanged(account: Account) -> Iterator[None]:
    """A lake with something published, which a test leaves as it is."""
    if not account.number:
        account.succeeded("pipeline")
    newest = account.newest
    yield
    assert account.newest == newest


def all_of(run: str) -> dict[str, set[str]]:
    """Return a run as the one of every layer."""
    return {layer: {run} for layer in layout.LAYERS}


# ---- a layer by itself -----------------------------------------------------------------------------------------------


def test_a_layer_publishes_every_audited_table_under_the_runs_name(account: Account) -> None:
    output = account.succeeded("bronze", run_id="run-1")
    assert (output["run_id"], output["layer"], output["version"]) == ("run-1", "bronze", account.number)
    assert [table["verdict"] for table in output["tables"]] == ["pass"] * 7
    keys = [layout.run_key(table, "run-1") for table in TABLES["bronze"]]
    assert {table: account.newest["tables"][table] for table in TABLES["bronze"]} == {
        table: [key] for table, key in zip(TABLES["bronze"], keys, strict=True)
    }
    assert {account.body(key) for key in keys} == {"new run-1 StateMachine_DAG_bronze"}


def test_a_layer_is_opened_written_audited_and_published_in_turn(account: Account) -> None:
    account.succeeded("pipeline")
    execution = account.run("silver")
    states = ["Open", "AnythingToDo", "HasParts", "WriteSilver", "AllWritten", "AuditSilver", "AuditPassed", "Publish"]
    assert account.entered(execution) == [
        "Defaults", "ResolveInput", *states, "CatalogueFollowed", "Published",
    ]  # fmt: skip


def test_a_layer_run_by_itself_is_named_after_its_execution_and_keeps_the_other_layers(account: Account) -> None:
    before = account.succeeded("pipeline")["run_id"]
    execution = account.run("silver")
    assert json.loads(execution["output"])["run_id"] == execution["name"]
    assert account.runs() == {
        "bronze": {before}, "silver": {execution["name"]}, "gold": {before}, "forecast": {before},
    }  # fmt: skip


def test_a_layer_that_the_pipeline_calls_publishes_nothing(account: Account, unchanged: None) -> None:
    output = account.succeeded("bronze", publish=False)
    assert set(output) == {"run_id", "layer", "report_key", "tables"}
    assert "publish/commit" not in account.calls(output["run_id"])


def test_a_failed_audit_says_which_rule_failed_and_commits_nothing(account: Account, unchanged: None) -> None:
    execution = account.run("bronze", run_id="worse", source={"body": "bad "})
    assert (execution["status"], execution["error"], execution["cause"]) == ("FAILED", "AuditFailed", RULE)
    assert account.body(layout.run_key("pedidos", "worse")).startswith("bad worse")
    assert "publish/commit" not in account.calls("worse")


def test_an_error_of_a_lambda_is_the_cause_in_its_own_words(account: Account, unchanged: None) -> None:
    message = 'pedidos.csv: the column "valor_total_brl" is missing;\nadd it {to the} file'
    execution = account.run("bronze", source={"fault": message})
    assert (execution["status"], execution["error"], execution["cause"]) == ("FAILED", "InputError", message)


def test_a_commit_that_is_refused_says_why_in_its_own_words(account: Account, unchanged: None) -> None:
    said = "version 2, of run x, came between and replaced pedidos: silver of run y was made on version 1. Run it again"
    for machine in ("silver", "pipeline"):
        account.fail("commit", said)
        execution = account.run(machine)
        assert (execution["status"], execution["error"]) == ("FAILED", "LakehouseError")
        assert execution["cause"] == said
        assert account.calls(execution["name"]).count("publish/commit") == 1


# ---- the pipeline ----------------------------------------------------------------------------------------------------


def test_the_pipeline_publishes_all_layers_under_one_run_id_in_one_version(account: Account) -> None:
    before = account.number
    output = account.succeeded("pipeline")
    assert [table["table"] for table in output["gold"]["tables"]] == list(TABLES["gold"])
    assert (output["version"], account.number) == (before + 1, before + 1)
    assert account.runs() == all_of(output["run_id"])
    assert set(account.newest["tables"]) == set(EVERY_TABLE)
    assert account.body(layout.run_key(FORECAST, output["run_id"])).startswith(f"new {output['run_id']}")


def test_nothing_is_committed_before_all_audits_and_governance(account: Account) -> None:
    execution = account.run("pipeline")
    entered = account.entered(execution)
    way = [name for name in entered if name in {"Open", *STEPS, "Govern", "Publish", "Discover"}]
    assert way == ["Open", *STEPS, "Govern", "Publish", "Discover"]
    assert [call for call in account.calls(execution["name"]) if call == "publish/commit"] == ["publish/commit"]


def test_nested_executions_have_the_pipelines_name_and_say_who_started_them(account: Account) -> None:
    execution = account.run("pipeline")
    for layer in layout.LAYERS:
        layers_own = account.nested(execution, layer)
        given = json.loads(layers_own["input"])
        assert given["AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"] == execution["executionArn"]
        assert (given["force"], given["publish"]) == (True, False)
        assert account.nested(execution, f"teste_{layer}")["status"] == "SUCCEEDED"


@pytest.mark.parametrize("layer", layout.LAYERS)
def test_the_pipeline_hands_on_what_a_layer_says_of_its_failure_and_commits_nothing(
    account: Account, unchanged: None, layer: str
) -> None:
    execution = account.run("pipeline", source={"body": "bad ", "in": layer})
    assert (execution["status"], execution["error"], execution["cause"]) == ("FAILED", "AuditFailed", RULE)
    written = [each for each in IN_TURN if f"{each}/write/all" in account.calls(execution["name"])]
    assert written == list(IN_TURN[: IN_TURN.index(layer) + 1])
    assert "publish/commit" not in account.calls(execution["name"])


def test_nothing_is_committed_where_governance_does_not_pass(account: Account, unchanged: None) -> None:
    said = "importau_gold.x: the run read a column that its contract does not name"
    account.fail("governance", said)
    execution = account.run("pipeline")
    assert (execution["status"], execution["error"], execution["cause"]) == ("FAILED", "GovernanceFailed", said)
    assert "publish/commit" not in account.calls(execution["name"])


@pytest.mark.parametrize("machine", ["pipeline", *layout.LAYERS])
def test_where_there_is_nothing_to_do_no_lambda_of_a_layer_is_called(
    account: Account, unchanged: None, machine: str
) -> None:
    output = account.succeeded(machine, source={"same": True})
    assert (output["nothing_to_do"], output["why"], output["version"]) == (True, "the same", account.number)
    asked = ["publish/discover", "publish/open"] if machine == "pipeline" else ["publish/open"]
    assert account.calls(output["run_id"]) == asked


def test_what_is_forced_is_done_all_the_same(account: Account) -> None:
    for machine in ("pipeline", "gold"):
        before = account.number
        assert account.succeeded(machine, source={"same": True}, force=True)["version"] == before + 1


# ---- a catalogue that does not follow --------------------------------------------------------------------------------


@pytest.mark.parametrize("machine", ["pipeline", "silver"])
def test_a_catalogue_that_did_not_follow_is_registered_again(account: Account, machine: str) -> None:
    account.succeeded("pipeline")
    account.fail("catalogue", "importau_gold.x")
    execution = account.run(machine)
    assert execution["status"] == "SUCCEEDED", execution
    assert "Register" in account.entered(execution)
    assert json.loads(execution["output"])["version"] == account.number


@pytest.mark.parametrize("machine", ["pipeline", "silver"])
def test_a_catalogue_that_stays_behind_is_said_to_be_while_the_version_is_published(
    account: Account, machine: str
) -> None:
    before = account.succeeded("pipeline")["version"]
    said = "the catalogue does not show version 7 of importau_gold.x: denied. Mend the cause"
    account.fail("catalogue", "importau_gold.x")
    account.fail("register", said)
    execution = account.run(machine)
    assert (execution["status"], execution["error"]) == ("FAILED", "CatalogueBehind")
    assert execution["cause"] == f"What is published stays, and is whole. {said}"
    assert account.number == before + 1


# ---- crawlers --------------------------------------------------------------------------------------------------------


@pytest.fixture
def crawlers(account: Account) -> Iterator[Callable[..., list[str]]]:
    """Return a function that makes crawlers, and has the next run start them."""
    made = []

    def make(**targets: dict[str, Any]) -> list[str]:
        for name, target in targets.items():
            made.append(f"importau-{name}")
            account.glue.create_crawler(Name=made[-1], Role=ROLE, DatabaseName="descoberta", Targets=target)
        account.fail("crawl", " ".join(made))
        return made

    account.glue.create_database(DatabaseInput={"Name": "descoberta"})
    yield make
    for name in made:
        account.glue.delete_crawler(Name=name)
    account.glue.delete_database(Name="descoberta")


GOOD = {"S3Targets": [{"Path": f"s3://{BUCKET}/bronze/none/"}]}
BAD = {"S3Targets": [{"Path": "s3://no-such-bucket/bronze/"}]}
ENDLESS = {"JdbcTargets": [{"ConnectionName": "nowhere", "Path": "db/%"}]}
Make = Callable[..., list[str]]


def test_where_nothing_is_new_no_crawler_runs_and_that_is_said(account: Account) -> None:
    execution = account.run("pipeline")
    assert not {"Crawl", "NoteCrawled"} & set(account.entered(execution))
    output = json.loads(execution["output"])
    assert output["discovery"] == {"crawlers": [], "why": "as crawled", "differences": []}


def test_the_crawlers_that_have_something_to_discover_run_and_what_they_saw_is_kept(
    account: Account, crawlers: Make
) -> None:
    names = crawlers(bronze=GOOD, gold=GOOD)
    execution = account.run("pipeline")
    output = json.loads(execution["output"])
    said = {"crawlers": names, "why": "new", "differences": ["pedidos: importau-bronze"]}
    assert output["discovery"] == said
    assert account.asked(execution["name"], "publish/crawled")["crawlers"] == names
    assert account.asked(execution["name"], "publish/crawled")["version"] == output["version"]
    for name in names:
        assert account.glue.get_crawler(Name=name)["Crawler"]["LastCrawl"]["Status"] == "SUCCEEDED"


def test_a_crawler_that_runs_already_is_waited_for(account: Account, crawlers: Make) -> None:
    crawlers(bronze=ENDLESS)
    account.glue.start_crawler(Name="importau-bronze")
    execution = account.run("pipeline", only="governance", crawl_waits=0)
    account.glue.stop_crawler(Name="importau-bronze")
    assert "The crawler importau-bronze has not ended after 0 waits" in execution["cause"]


@pytest.mark.parametrize(
    ("target", "said"),
    [(BAD, "ended with FAILED"), (ENDLESS, "has not ended after 0 waits of ten seconds: it is RUNNING")],
)
def test_a_crawler_that_fails_or_never_ends_is_named_and_what_is_published_stays(
    account: Account, crawlers: Make, target: dict[str, Any], said: str
) -> None:
    before = account.succeeded("pipeline")["version"]
    crawlers(bronze=GOOD, silver=target)
    execution = account.run("pipeline", crawl_waits=0)
    if target is ENDLESS:
        account.glue.stop_crawler(Name="importau-silver")
    assert (execution["status"], execution["error"]) == ("FAILED", "CrawlFailed")
    kept = "What is published stays, and is whole."
    assert execution["cause"].startswith(f"{kept} The crawler importau-silver {said}")
    assert account.number == before + 1
    assert "publish/crawled" not in account.calls(execution["name"])


def test_a_crawler_that_is_gone_is_named(account: Account) -> None:
    said = "there is no crawler importau-gold: somebody has deleted it"
    account.fail("discover", said)
    execution = account.run("pipeline")
    assert (execution["status"], execution["error"]) == ("FAILED", "CrawlFailed")
    assert execution["cause"] == f"What is published stays, and is whole. {said}"


@pytest.mark.parametrize("given", [{}, {"crawl": True}])
@pytest.mark.parametrize("only", ["", "governance"])
def test_a_crawl_can_be_asked_for(account: Account, only: str, given: dict[str, Any]) -> None:
    execution = account.run("pipeline", only=only, **given)
    assert account.asked(execution["name"], "publish/discover")["force"] == bool(given)
    assert [name for name in account.entered(execution) if name in {"Discover", "Govern"}] == (
        ["Discover", "Govern"] if only else ["Govern", "Discover"]
    )


# ---- one step of the pipeline by itself ------------------------------------------------------------------------------


@pytest.fixture
def held(account: Account) -> dict[str, Any]:
    """Return what a run says that was audited, and waits."""
    account.succeeded("pipeline")
    before = account.newest
    output = account.succeeded("pipeline", hold=True)
    assert (output["held"], output["base"]) == (True, before["number"])
    assert account.newest == before
    assert "publish/commit" not in account.calls(output["run_id"])
    return output


def test_a_run_that_is_held_is_published_later(account: Account, held: dict[str, Any]) -> None:
    execution = account.run("pipeline", only="publish", run_id=held["run_id"])
    assert json.loads(execution["output"])["version"] == held["base"] + 1 == account.number
    assert account.runs() == all_of(held["run_id"])
    assert "Open" not in account.entered(execution)
    assert "Discover" in account.entered(execution)


def test_a_run_that_is_discarded_is_never_published(account: Account, held: dict[str, Any]) -> None:
    discarded = account.succeeded("pipeline", only="discard", run_id=held["run_id"])
    assert discarded == {"run_id": held["run_id"], "discarded": True}
    execution = account.run("pipeline", only="publish", run_id=held["run_id"])
    assert execution["cause"] == f"run {held['run_id']} was discarded"
    assert account.number == held["base"]


def test_rolling_back_makes_a_version_of_the_files_of_an_old_one(account: Account) -> None:
    old = account.succeeded("pipeline")
    new = account.succeeded("pipeline")
    execution = account.run("pipeline", only="rollback", version=old["version"], base=new["version"])
    assert json.loads(execution["output"])["version"] == new["version"] + 1
    assert account.runs() == all_of(old["run_id"])
    assert not {"Open", "Bronze", "Govern", "Discover"} & set(account.entered(execution))
    refused = account.run("pipeline", only="rollback", base=new["version"])
    assert refused["cause"] == f"version {new['version'] + 1} came between"


def test_the_catalogue_is_registered_by_itself(account: Account, unchanged: None) -> None:
    execution = account.run("pipeline", only="register")
    assert json.loads(execution["output"])["version"] == account.number
    assert account.calls(execution["name"]) == ["publish/register"]


def test_governance_by_itself_is_of_what_is_published(account: Account, unchanged: None) -> None:
    output = account.succeeded("pipeline", only="governance")
    assert output["governance"]["passed"] is True
    assert account.calls(output["run_id"]) == ["govern", "publish/discover", "publish/register"]


def test_a_step_that_there_is_not_is_refused(account: Account, unchanged: None) -> None:
    execution = account.run("pipeline", only="pubish")
    assert (execution["status"], execution["error"]) == ("FAILED", "UnknownStep")
    assert execution["cause"].startswith("only is pubish; leave it out, or give governance, publish, ")


# ---- audits ---------------------------------------------------------------------------------------------------------


def test_a_layers_audit_gives_its_verdict_as_data_and_only_the_layer_fails(account: Account) -> None:
    execution = account.run("bronze", run_id="worse-again", source={"body": "bad "})
    assert execution["error"] == "AuditFailed"
    audit = account.audit_of(execution)
    assert audit["status"] == "SUCCEEDED"
    verdict = json.loads(audit["output"])
    assert (verdict["passed"], verdict["cause"]) == (False, execution["cause"])
    assert json.loads(audit["input"])["AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"] == execution["executionArn"]


@pytest.mark.parametrize("audit", AUDITS)
def test_an_audit_by_itself_looks_at_the_newest_version_and_is_named_after_its_execution(
    account: Account, unchanged: None, audit: str
) -> None:
    execution = account.run(audit)
    assert execution["status"] == "SUCCEEDED", execution
    verdict = json.loads(execution["output"])
    assert (verdict["run_id"], verdict["layer"]) == (execution["name"], audit.removeprefix("teste_"))
    assert verdict["passed"] is True
    assert f"{verdict['layer']}/audit/of/{account.number}" in account.calls(execution["name"])


def test_an_audit_of_an_older_version_reads_the_files_of_that_one(account: Account) -> None:
    old, _ = account.succeeded("pipeline"), account.succeeded("pipeline")
    output = account.succeeded("teste_silver", version=old["version"])
    assert f"silver/audit/of/{old['version']}" in account.calls(output["run_id"])
    report = json.loads(account.body(output["report_key"]))
    assert report["files"] == [layout.run_key(FACT, old["run_id"])]


def test_an_audit_by_itself_fails_with_the_rule_that_failed(account: Account) -> None:
    run = account.succeeded("pipeline")["run_id"]
    key = layout.run_key(FACT, run)
    account.s3.put_object(Bucket=BUCKET, Key=key, Body=b"bad since it was published")
    execution = account.run("teste_silver")
    assert (execution["status"], execution["error"], execution["cause"]) == ("FAILED", "AuditFailed", RULE)
    assert account.body(key) == "bad since it was published"
    account.succeeded("pipeline")


def test_an_error_of_the_audits_lambda_is_the_layers_cause_in_its_own_words(account: Account) -> None:
    account.succeeded("pipeline")
    execution = account.run("gold", source={"body": "torn "})
    assert (execution["status"], execution["cause"]) == ("FAILED", "the object is torn")
    assert account.audit_of(execution)["status"] == "FAILED"


# ---- in parts ------------------------------------------------------------------------------------------------------


def published(account: Account, table: str) -> list[str]:
    keys: list[str] = account.newest["tables"][table]
    return keys


def parts_of(table: str, run: str, parts: int) -> list[str]:
    return [layout.run_key(table, run, part, parts) for part in range(parts)]


@pytest.fixture
def five(account: Account) -> str:
    """Return the run that published everything, in five parts."""
    run = account.newest["run"] if account.number else ""
    if account.number == 0 or account.runs() != all_of(run) or published(account, FACT) != parts_of(FACT, run, 5):
        run = account.succeeded("pipeline", source={"parts": 5})["run_id"]
    assert published(account, FACT) == parts_of(FACT, run, 5)
    return str(run)


def test_tables_in_parts_are_published_part_by_part_and_none_of_another_number(account: Account) -> None:
    for parts in (5, 3, 1, 1):
        run = account.succeeded("pipeline", source={"parts": parts})["run_id"]
        for table in (*PARTED, FACT):
            assert published(account, table) == parts_of(table, run, parts)
        for table in ("produtos", *TABLES["gold"]):
            assert published(account, table) == [layout.run_key(table, run)]
        each = dict.fromkeys(range(parts), 1) if parts > 1 else {}
        audits = [(layer, "audit") for layer in IN_TURN if layer != "forecast"]
        for layer, step in (("silver", "write"), ("gold", "write"), *audits):
            assert account.parts_called(run, layer, step) == each
        assert account.parts_called(run, "forecast", "write") == account.parts_called(run, "forecast", "audit") == {}
        assert account.parts_called(run, "bronze", "write") == {}


def test_the_maps_go_through_the_part_files_of_the_run_or_of_the_version(account: Account, five: str) -> None:
    execution = account.run("silver")
    assert account.maps(execution) == {"SilverParts": "SUCCEEDED"}
    assert account.maps(account.audit_of(execution)) == {"AuditSilverParts": "SUCCEEDED"}
    run = execution["name"]
    assert {account.body(key) for key in parts_of(FACT, run, 5)} == {f"part of {run}"}
    asked = [json.loads(account.body(key)) for key in account.keys(f"calls/{run}/silver/write/part/")]
    assert sorted(each["part_key"] for each in asked) == parts_of(PARTED[0], five, 5)
    audited = [json.loads(account.body(key)) for key in account.keys(f"calls/{run}/silver/audit/part/")]
    assert sorted(each["part_key"] for each in audited) == parts_of(FACT, run, 5)
    assert {each["origin"]["execution"] for each in asked} == {execution["executionArn"]}


def test_a_small_run_enters_no_distributed_map(account: Account) -> None:
    account.succeeded("pipeline")
    for layer in layout.LAYERS:
        execution = account.run(layer)
        assert execution["status"] == "SUCCEEDED", execution
        assert account.maps(execution) == account.maps(account.audit_of(execution)) == {}
        assert not [call for call in account.calls(execution["name"]) if "/part/" in call]


def test_bronze_is_called_again_after_each_round_of_its_tasks_and_one_that_fails_is_done_again(
    account: Account,
) -> None:
    account.fail("bronze/write/1", "once")
    execution = account.run("bronze", source={"rounds": 2})
    assert execution["status"] == "SUCCEEDED", execution
    entered = account.entered(execution)
    assert [entered.count(state) for state in ("WriteBronze", "NextTasks", "BronzeParts", "AuditBronze")] == [
        3,
        2,
        2,
        1,
    ]
    assert account.parts_called(execution["name"], "bronze", "write") == {0: 2, 1: 3, 2: 2}


def test_a_task_of_bronze_that_fails_for_good_fails_the_layer(account: Account) -> None:
    account.fail("bronze/write/1", "once", "twice", "three times")
    execution = account.run("bronze", source={"rounds": 1})
    assert (execution["status"], execution["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    assert account.maps(execution) == {"BronzeParts": "FAILED"}


@pytest.mark.parametrize("step", ["write", "audit"])
def test_a_part_that_fails_once_is_tried_again_and_no_other(account: Account, five: str, step: str) -> None:
    account.fail(f"silver/{step}/2", "once")
    execution = account.run("silver")
    assert execution["status"] == "SUCCEEDED", execution
    run, once = execution["name"], dict.fromkeys(range(5), 1)
    for each in ("write", "audit"):
        assert account.parts_called(run, "silver", each) == (once | {2: 2} if each == step else once)
    assert published(account, FACT) == parts_of(FACT, run, 5)


@pytest.mark.parametrize("step", ["write", "audit"])
def test_a_part_that_fails_for_good_fails_the_layer_and_nothing_is_committed(
    account: Account, five: str, step: str
) -> None:
    account.fail(f"silver/{step}/4", "once", "twice", "three times")
    execution = account.run("silver")
    assert execution["status"] == "FAILED"
    assert execution["error"] == "States.ExceedToleratedFailureThreshold"
    assert account.parts_called(execution["name"], "silver", step)[4] == 3
    if step == "write":
        assert account.maps(execution) == {"SilverParts": "FAILED"}
    else:
        assert account.maps(account.audit_of(execution)) == {"AuditSilverParts": "FAILED"}
    assert published(account, FACT) == parts_of(FACT, five, 5)


def test_a_failed_audit_of_parts_commits_nothing(account: Account, five: str) -> None:
    execution = account.run("bronze", source={"body": "bad ", "parts": 3})
    assert (execution["status"], execution["cause"]) == ("FAILED", RULE)
    for table in PARTED:
        assert published(account, table) == parts_of(table, five, 5)


@pytest.mark.parametrize("layer", [layer for layer in layout.LAYERS if layer != layout.FORECAST])
def test_an_audit_of_a_version_in_parts_looks_at_each_part_of_that_version_once(
    account: Account, five: str, layer: str
) -> None:
    number = account.number
    account.succeeded("pipeline")
    execution = account.run(f"teste_{layer}", version=number)
    assert execution["status"] == "SUCCEEDED", execution
    assert account.maps(execution) == {f"Audit{layer.capitalize()}Parts": "SUCCEEDED"}
    assert account.parts_called(execution["name"], layer, "audit") == dict.fromkeys(range(5), 1)
    asked = [json.loads(account.body(key)) for key in account.keys(f"calls/{execution['name']}/{layer}/audit/part/")]
    assert {(each["of"], each["version"]) for each in asked} == {("published", number)}
    assert {layout.run_of_key(each["part_key"]) for each in asked} == {five}


# ---- crashes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", ["bronze", "silver"])
def test_a_lambda_whose_process_is_killed_is_called_again_and_the_run_succeeds(account: Account, layer: str) -> None:
    account.succeeded("pipeline")
    run = f"killed-{layer}-{uuid.uuid4().hex[:8]}"
    started = account.states.start_execution(
        stateMachineArn=account.machines[layer], name=run, input=json.dumps({"source": {"slow": True}})
    )
    os.kill(worker_of(account, run, layer), signal.SIGKILL)
    execution = account.ended(started["executionArn"])
    assert execution["status"] == "SUCCEEDED", execution
    assert account.calls(run, f"{layer}/write/") == [f"{layer}/write/all"] * 2
    assert account.runs()[layer] == {run}


def worker_of(account: Account, run: str, layer: str) -> int:
    """Wait until a slow write works, and return its process."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for key in account.keys(f"slow/{run}/{layer}/"):
            return int(key.rpartition("/")[2])
        threading.Event().wait(0.02)
    raise AssertionError("no write began")
