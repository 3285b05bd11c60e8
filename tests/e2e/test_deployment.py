"""What `sam deploy` leaves on the embedded AWS."""

from typing import Any

import pytest
import strangers
from deployed_lakehouse import Lakehouse
from lakehouse_tables import TABLES
from machines import MACHINES

from lakehouse.lake import layout

pytestmark = pytest.mark.e2e


def test_every_function_and_state_machine_is_there_and_tagged(deployment: Any) -> None:
    functions = deployment.client("lambda").list_functions()["Functions"]
    assert {function["FunctionName"] for function in functions} >= {
        *(f"importau-{layer}" for layer in layout.LAYERS),
        *(f"importau-teste-{layer}" for layer in layout.LAYERS),
        "importau-governance",
        "importau-publish",
    }
    states = deployment.client("stepfunctions")
    for machine in states.list_state_machines()["stateMachines"]:
        if machine["name"] in strangers.MACHINES:
            continue
        tags = states.list_tags_for_resource(resourceArn=machine["stateMachineArn"])["tags"]
        assert {"key": "project", "value": "importau"} in tags
    assert {machine["name"] for machine in states.list_state_machines()["stateMachines"]} >= {
        f"StateMachine_DAG_{name}" for name in MACHINES
    }


def test_every_layer_has_its_database_and_its_crawler(deployment: Any) -> None:
    glue = deployment.client("glue")
    databases = {database["Name"] for database in glue.get_databases()["DatabaseList"]}
    assert databases >= {*layout.databases(), layout.DISCOVERED_DATABASE}
    for layer in layout.LAYERS:
        targets = glue.get_crawler(Name=f"importau-{layer}")["Crawler"]["Targets"]["S3Targets"]
        assert len(targets) == len(TABLES[layer])


def test_the_bucket_is_versioned_and_the_logs_are_not_kept_for_ever(deployment: Any) -> None:
    assert deployment.client("s3").get_bucket_versioning(Bucket=deployment.bucket)["Status"] == "Enabled"
    groups = deployment.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/importau-")["logGroups"]
    assert len(groups) >= 6
    assert {group["retentionInDays"] for group in groups} == {30}


def test_a_run_without_its_csv_files_fails_and_names_them(deployment: Any) -> None:
    Lakehouse(deployment).empty_landing()
    execution = deployment.run("bronze")
    assert execution["status"] == "FAILED"
    assert all(table in execution["cause"] for table in TABLES[layout.BRONZE]), execution["cause"]
