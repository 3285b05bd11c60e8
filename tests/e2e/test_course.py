"""The course, from the first script to nothing left: on the embedded AWS, as a student types it."""

import itertools
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lakehouse_tables import CASH_FLOW
from somebody import Somebody, somebody

from cli import ROOT
from cli.embedded.server import EmbeddedAws
from lakehouse.lake import layout

pytestmark = pytest.mark.e2e

SCRIPTS = sorted((ROOT / "scripts").glob("*.sh"))
FUNCTIONS = {
    "bronze", "silver", "gold", "forecast", "teste-bronze", "teste-silver", "teste-gold", "teste-forecast",
    "governance", "publish",
}  # fmt: skip


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Somebody]:
    with somebody(tmp_path_factory.mktemp("importau")) as student:
        yield student


@pytest.fixture(scope="module")
def course(student: Somebody) -> dict[str, subprocess.CompletedProcess[str]]:
    """Run the ten scripts one after the other; return how each went, by number."""
    went = {}
    for script in SCRIPTS:
        number = script.name[:2]
        went[number] = student.types(str(script))
        if went[number].returncode:
            break
    return went


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_each_script_says_what_it_will_do_works_and_says_what_came_out(course: Any, script: Path) -> None:
    went = course[script.name[:2]]
    assert went.returncode == 0, went.stderr
    lines = went.stdout.splitlines()
    assert lines[0].startswith(f"==> {script.name[:2]} ")
    assert lines[-1].startswith("==> Pronto: ")


def test_one_script_leads_to_the_next(course: Any) -> None:
    for before, after in itertools.pairwise(SCRIPTS):
        assert f"Próximo: scripts/{after.name}" in course[before.name[:2]].stdout


def test_the_layers_were_made_one_by_one_and_governed_together(course: Any, student: Somebody) -> None:
    assert re.search(r"fato_pedido_correlacionado +765 +1 ", course["06"].stdout)
    runs = [line.split()[-1] for line in course["09"].stdout.splitlines() if line.startswith("governed: ")]
    assert len(set(runs)) == 4
    assert "problems                 0" in course["09"].stdout


def test_logs_of_every_function_are_json_that_says_run_execution_table_and_rows(course: Any, student: Somebody) -> None:
    said = [json.loads(line) for line in student.does("logs", "--json").splitlines()]
    tables = [line for line in said if "_aws" not in line and "table" in line]
    assert {line["service"] for line in tables} == FUNCTIONS
    assert all({"run_id", "execution_id", "table", "rows"} <= set(line) for line in tables)
    assert all(line["execution_id"].startswith("arn:aws:states:") for line in tables)
    (run,) = {line["run_id"] for line in tables if line["service"] == "silver"}
    of_run = student.does("logs", "--run", run).splitlines()
    assert any("staged fato_pedido_correlacionado rows=765" in line for line in of_run)
    assert all(f"run={run}" in line for line in of_run)


def test_sam_logs_tail_prints_the_same_lines_for_a_function_of_the_template(course: Any, student: Somebody) -> None:
    endpoint = EmbeddedAws(student.home / "aws").status()
    assert endpoint is not None
    command = [str(ROOT / ".venv-sam/bin/sam"), "logs", "--config-env", "local", "--output", "json", "--tail"]
    with subprocess.Popen(
        [*command, "-n", "SilverFunction"],
        cwd=ROOT,
        env=endpoint.process_environment() | {"SAM_CLI_TELEMETRY": "0", "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as tail:
        stop = threading.Timer(30, tail.kill)  # it would go on for ever
        stop.start()
        assert tail.stdout is not None
        messages = (json.loads(line)["message"] for line in tail.stdout if line.startswith("{"))
        said = (json.loads(message) for message in messages if message.startswith("{"))
        found = next((line for line in said if line.get("table")), {})
        stop.cancel()
        tail.kill()
    assert (found["service"], found["table"], found["rows"]) == ("silver", "fato_pedido_correlacionado", 765)
    assert found["execution_id"].endswith(found["run_id"])


def test_deploying_again_changes_nothing(course: Any, student: Somebody) -> None:
    done = student.types("./importau", "deploy", "--yes", "--local")
    assert done.returncode == 0, done.stderr
    assert "nothing to change" in done.stderr


def test_destroy_keeps_the_data_and_a_deployment_that_failed_is_taken_up_again(course: Any, student: Somebody) -> None:
    bucket = student.aws.bucket
    student.does("destroy", "--yes")
    kept = {entry["Key"] for entry in student.aws.s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert layout.version_key(3) in kept
    assert any(layout.table_of_key(key) == (layout.GOLD, CASH_FLOW) for key in kept)
    assert not [key for key in kept if key.startswith("artifacts/")]

    glue = student.aws.client("glue")
    glue.create_database(DatabaseInput={"Name": "importau_gold"})
    failed = student.types("./importau", "deploy", "--yes", "--local")
    assert failed.returncode == 1
    assert "took it back (ROLLBACK_COMPLETE):\n  GoldDatabase: " in failed.stderr
    glue.delete_database(Name="importau_gold")
    again = student.types("./importau", "deploy", "--yes", "--local")
    assert again.returncode == 0, again.stderr
    assert "is in ROLLBACK_COMPLETE: its last deployment failed" in again.stderr
    assert " 765 " in student.does("run", "silver", "--force")  # from the Bronze tables that were there before


def test_destroy_with_the_data_leaves_nothing(course: Any, student: Somebody) -> None:
    bucket = student.aws.bucket
    refused = student.types("./importau", "destroy", "--local", "--delete-data")
    assert (refused.returncode, "--yes" in refused.stderr) == (2, True)
    student.does("destroy", "--yes", "--delete-data")
    aws = student.aws
    left = {
        # The trail and its bucket are the account's.
        "buckets": [each for each in aws.s3.list_buckets()["Buckets"] if "cloudtrail" not in each["Name"]],
        "functions": aws.client("lambda").list_functions()["Functions"],
        "layers": aws.client("lambda").list_layers()["Layers"],
        "machines": aws.states.list_state_machines()["stateMachines"],
        "databases": aws.client("glue").get_databases()["DatabaseList"],
        "crawlers": aws.client("glue").get_crawlers()["Crawlers"],
        "logs": aws.client("logs").describe_log_groups()["logGroups"],
        "workgroups": [w for w in aws.client("athena").list_work_groups()["WorkGroups"] if w["Name"] != "primary"],
    }
    assert left == {kind: [] for kind in left}, f"{bucket} is gone, and this is left"
    assert "there is no stack" in student.types("./importau", "destroy", "--yes", "--local").stderr
