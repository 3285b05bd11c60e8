"""A start by upload, on a simulated AWS: once for each state of all seven files, and not before they are all there."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from handlers import called, opens
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simulated_aws import simulated_lake

import publish.app
from lakehouse.contract import layers
from lakehouse.errors import InputError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake

TABLES = layers.tables_of(layers.BRONZE)
MACHINE = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}


@pytest.fixture(params=["Enabled", "Suspended"])
def lake(request: pytest.FixtureRequest) -> Iterator[Lake]:
    with simulated_lake("lake") as lake:
        lake.client.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": request.param})
        yield lake


@pytest.fixture
def machine(lake: Lake) -> str:
    role = "arn:aws:iam::123456789012:role/r"
    made = boto3.client("stepfunctions").create_state_machine(
        name="pipeline", definition=json.dumps(MACHINE), roleArn=role
    )
    return str(made["stateMachineArn"])


def upload(lake: Lake, table: str, content: str = "x", **metadata: str) -> str:
    key = layout.landing_key(table)
    lake.client.put_object(Bucket="lake", Key=key, Body=content.encode(), Metadata=metadata)
    return key


def looks(machine: str, key: str) -> dict[str, Any]:
    return called(publish.app.handler, "upload", do="landed", key=key, machine=machine, settle=5)


def runs(machine: str) -> list[dict[str, Any]]:
    states = boto3.client("stepfunctions")
    listed = states.list_executions(stateMachineArn=machine)["executions"]
    return [json.loads(states.describe_execution(executionArn=each["executionArn"])["input"]) for each in listed]


def test_seven_uploads_in_any_order_start_one_run_of_these_files(lake: Lake, machine: str) -> None:
    answers = [looks(machine, upload(lake, table)) for table in reversed(TABLES)]
    assert [bool(answer["started"]) for answer in answers] == [False] * 6 + [True]
    assert answers[0]["why"].endswith("fornecedores.csv, cambio.csv: not there yet")
    (given_,) = runs(machine)
    assert given_["settle"] == 5
    assert given_["landed"] == answers[-1]["started"]
    versions = {table: lake.about(layout.landing_key(table)).version_id for table in TABLES}  # type: ignore[union-attr]
    assert given_["source"] == {"type": "csv"} | ({"inputs": versions} if all(versions.values()) else {})


def test_events_that_come_late_or_twice_or_at_once_start_no_second_run(lake: Lake, machine: str) -> None:
    keys = [upload(lake, table) for table in TABLES]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda key: looks(machine, key), [*keys, *keys]))
    assert len(runs(machine)) == 1
    assert len({answer["started"] for answer in answers} - {""}) <= 1


def test_a_new_file_starts_another_run_and_the_one_before_is_not_due_any_more(lake: Lake, machine: str) -> None:
    keys = [upload(lake, table, table) for table in TABLES]
    first = looks(machine, keys[-1])["started"]
    assert opens("r1", landed=first)["nothing_to_do"] is False
    second = looks(machine, upload(lake, "cambio", "other"))["started"]
    assert second not in {"", first}
    overtaken = opens("r2", landed=first)
    assert (overtaken["nothing_to_do"], overtaken["base"]) == (True, 0)
    assert "uploaded since" in overtaken["why"]
    assert lake.size(layout.opening_key("r2")) is None
    assert opens("r3", landed=second)["nothing_to_do"] is False


def test_a_file_that_a_run_uploads_for_itself_starts_no_other(lake: Lake, machine: str) -> None:
    answers = [looks(machine, upload(lake, table, **{layout.UPLOADED_FOR: "r9"})) for table in TABLES]
    assert answers[-1] == {
        "run_id": "upload",
        "started": "",
        "why": f"{layout.landing_key(TABLES[-1])} was uploaded for run r9, which reads it",
    }
    assert runs(machine) == []
    assert looks(machine, upload(lake, "pedidos", "by hand"))["started"]


@pytest.mark.parametrize(
    "key", ["landing/csv_exports/other.csv", "landing/csv_exports/", "landing/corrections/pedidos.csv"]
)
def test_anything_else_in_the_landing_folder_starts_nothing(lake: Lake, machine: str, key: str) -> None:
    for table in TABLES:
        upload(lake, table)
    assert looks(machine, key)["why"] == f"{key} is no exported CSV"


@pytest.mark.parametrize("wrong", [{"key": None}, {"machine": None}, {"settle": "x"}])
def test_an_event_that_lacks_something_is_refused(lake: Lake, machine: str, wrong: dict[str, Any]) -> None:
    whole = {"key": layout.landing_key("pedidos"), "machine": machine, "settle": 1}
    with pytest.raises(InputError, match="key, machine and settle"):
        called(publish.app.handler, "upload", do="landed", **whole | wrong)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(order=st.lists(st.sampled_from(TABLES), max_size=12))
def test_there_is_one_run_for_each_state_of_all_seven_files(order: list[str]) -> None:
    with simulated_lake("lake") as lake:
        lake.client.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
        role = "arn:aws:iam::123456789012:role/r"
        states = boto3.client("stepfunctions")
        arn = states.create_state_machine(name="p", definition=json.dumps(MACHINE), roleArn=role)["stateMachineArn"]
        there, whole = set[str](), 0
        for table in order:
            key = upload(lake, table)
            there.add(table)
            looks(arn, key)
            looks(arn, key)
            whole += there == set(TABLES)
        assert len(runs(arn)) == whole
