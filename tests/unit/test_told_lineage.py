"""What functions and crawlers did, by S3's own account, is held against lineage; nobody looked where there is none."""

import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from machines import MACHINES, rendered

from cli.contents.data_events import calls_of
from cli.contents.told_lineage import Told, by_s3, edges
from cli.embedded.standins.data_events import data_event, event_name
from lakehouse.lake import layout
from lakehouse.lineage.names import Asset, Place
from lakehouse.orchestration.stepfunctions import StateMachine

BUCKET = "lake"
PLACE = Place("us-east-1", "123456789012", BUCKET)
TRAIL = {"TrailARN": "arn:aws:cloudtrail:us-east-1:123456789012:trail/t", "S3BucketName": "logs", "S3KeyPrefix": "x"}
START = datetime(2026, 11, 30, 23, 59, 58, 900_000, tzinfo=UTC)
END = START + timedelta(seconds=30)
ROLE = "arn:aws:sts::123456789012:assumed-role/LabRole/{}"
OBJECTS = [{"DataResources": [{"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::{BUCKET}/"]}]}]
CSV, TABLE = layout.landing_key("cambio"), layout.run_key("cambio", "r1")


def machine() -> StateMachine:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:importau-bronze"
    name = "StateMachine_DAG_bronze"
    return StateMachine.of(name, name, json.loads(rendered("bronze", WriteFunctionArn=arn)))


def event(job: str, inputs: list[str], outputs: list[str], **more: Any) -> dict[str, Any]:
    def datasets(names: list[str]) -> list[dict[str, Any]]:
        pairs = (PLACE.dataset(Asset.parse(name)) for name in names)
        return [{"namespace": namespace, "name": name} for namespace, name in pairs]

    return {"job": {"name": job}, "inputs": datasets(inputs), "outputs": datasets(outputs), **more}


def observed(*inputs: str) -> Told:
    job = "StateMachine_DAG_bronze.WriteBronze.cambio"
    ran = event(job, [*(inputs or ("landing.cambio",))], ["importau_bronze.cambio"], run={"facets": {}})
    return Told((), (ran,), of_executions={"r1": ("started", "ended")})


class Executions:
    """A lake that has what is told of one execution: from when to when it took."""

    bucket = BUCKET

    def read_json(self, key: str) -> dict[str, Any]:
        at, phase = {"started": (START, "START"), "ended": (END, "COMPLETE")}[key]
        return {"eventType": phase, "eventTime": at.isoformat(), "run": {}, "job": {"name": "StateMachine_DAG_bronze"}}


class Account:
    """An account with a trail: its CloudTrail and its S3, which has the trail's files."""

    bucket = BUCKET

    def __init__(self, *events: dict[str, Any], selectors: Any = OBJECTS, refused: bool = False) -> None:
        self.selectors, self.refused, self.meta = selectors, refused, type("Meta", (), {"region_name": "us-east-1"})
        self.files: dict[str, bytes] = {}
        for number, each in enumerate(events):
            day = each["eventTime"][:10].replace("-", "/")
            key = f"x/AWSLogs/123456789012/CloudTrail/us-east-1/{day}/{number}.json.gz"
            self.files[key] = gzip.compress(json.dumps({"Records": [each]}).encode())

    @property
    def s3(self) -> "Account":
        return self

    def client(self, service: str) -> "Account":
        assert service == "cloudtrail"
        return self

    def describe_trails(self) -> dict[str, Any]:
        if self.refused:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeTrails")
        return {"trailList": [TRAIL]}

    def get_event_selectors(self, **asked: str) -> dict[str, Any]:
        assert asked == {"TrailName": TRAIL["TrailARN"]}
        return {"EventSelectors": self.selectors}

    def get_paginator(self, _: str) -> "Account":
        return self

    def paginate(self, **asked: str) -> list[dict[str, Any]]:
        assert asked["Bucket"] == "logs"
        return [{"Contents": [{"Key": key} for key in self.files if key.startswith(asked["Prefix"])]}]

    def get_object(self, **asked: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.files[asked["Key"]])}


def call(
    name: str, key: str, who: str = "importau-bronze", seconds: float = 1.0, bucket: str = BUCKET
) -> dict[str, Any]:
    return data_event(name, ROLE.format(who), bucket, key, "Boto3", START + timedelta(seconds=seconds))


HONEST = (call("GetObject", CSV), call("PutObject", TABLE, seconds=2))


def held(*calls: dict[str, Any], told: Told | None = None, **account: Any) -> Any:
    aws: Any = Account(*calls, **account)
    lake: Any = Executions()
    return by_s3(aws, lake, told or observed(), [machine()], PLACE, END)


def test_what_s3_saw_as_lineage_says_it_is_in_order_over_midnight_as_well() -> None:
    assert HONEST[0]["eventTime"][:10] != HONEST[1]["eventTime"][:10]
    outcome = held(*HONEST)
    assert (outcome.wrong, outcome.unchecked) == ([], ())
    assert outcome.summary == "2 calls by 1 caller, as lineage says"


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (call("GetObject", layout.landing_key("pedidos")), "importau-bronze read landing.pedidos"),
        (call("PutObject", layout.run_key("pedidos", "r1")), "importau-bronze wrote importau_bronze.pedidos"),
        (call("CopyObject", layout.run_key("pedidos", "r1")), "importau-bronze wrote importau_bronze.pedidos"),
        (call("CompleteMultipartUpload", layout.run_key("pedidos", "r1")), "importau-bronze wrote importau_bronze.ped"),
        (call("GetObject", TABLE, "AWS-Crawler"), "AWS-Crawler read importau_bronze.cambio"),
    ],
)
def test_what_lineage_does_not_tell_is_named_with_the_object(extra: dict[str, Any], said: str) -> None:
    [wrong] = held(*HONEST, extra).wrong
    assert wrong.startswith(said)
    assert wrong.endswith(f"({extra['requestParameters']['key']}), and lineage says nothing of it")


@pytest.mark.parametrize(
    "beside",
    [
        call("HeadObject", layout.landing_key("pedidos")),
        call("GetObject", layout.landing_key("pedidos"), "somebody"),
        call("GetObject", layout.landing_key("pedidos"), seconds=31),
        call("GetObject", layout.landing_key("pedidos"), seconds=-2),
        call("GetObject", layout.landing_key("pedidos"), bucket="other"),
        call("GetObject", layout.opening_key("r1")),
        call("GetObject", TABLE),
        call("GetObject", layout.landing_key("pedidos")) | {"errorCode": "AccessDenied"},
    ],
)
def test_sizes_other_peoples_calls_other_times_and_what_is_no_table_are_nothing_to_lineage(beside: Any) -> None:
    assert held(*HONEST, beside).wrong == []


def test_what_lineage_says_and_s3_did_not_see_is_named() -> None:
    assert held(*HONEST, told=observed("landing.cambio", "landing.pedidos")).wrong == [
        "importau-bronze did not read landing.pedidos, as S3 has it, and lineage says so "
        "(StateMachine_DAG_bronze.WriteBronze.cambio)"
    ]
    assert held(HONEST[0]).wrong == [
        "importau-bronze did not write importau_bronze.cambio, as S3 has it, and lineage says so "
        "(StateMachine_DAG_bronze.WriteBronze.cambio)"
    ]


@pytest.mark.parametrize(
    ("account", "why"),
    [
        ({"refused": True}, "CloudTrail may not be read (AccessDeniedException)"),
        ({"selectors": [{"DataResources": []}]}, f"no trail of CloudTrail has the data events of s3://{BUCKET}"),
        ({"selectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::other/"]}]}]}, "no tr"),
    ],
)
def test_where_nobody_can_look_that_is_said_and_nothing_is_wrong(account: Any, why: str) -> None:
    outcome = held(*HONEST, **account)
    assert outcome.wrong == []
    assert outcome.unchecked[0].startswith("what S3 was asked for: ")
    assert why in outcome.unchecked[0]


def test_a_trail_without_these_runs_has_seen_nothing_and_accuses_nobody() -> None:
    outcome = held()
    assert (outcome.wrong, outcome.unchecked) == ([], ("what S3 was asked for: the trail has nothing of these runs",))


def test_files_that_are_no_trails_are_passed_over() -> None:
    aws: Any = Account(*HONEST)
    for key in list(aws.files):
        aws.files[f"{key}.other"] = b"no gzip"
    calls, refused = calls_of(aws, [TRAIL], BUCKET, START, END)
    assert (len(calls), refused) == (2, "")


@pytest.mark.parametrize(
    ("method", "query", "headers", "name"),
    [
        ("GET", {}, {}, "GetObject"),
        ("HEAD", {}, {}, "HeadObject"),
        ("PUT", {}, {}, "PutObject"),
        ("PUT", {}, {"x-amz-copy-source": "/lake/a"}, "CopyObject"),
        ("PUT", {"uploadId": ["1"], "partNumber": ["1"]}, {}, "UploadPart"),
        ("POST", {"uploadId": ["1"]}, {}, "CompleteMultipartUpload"),
        ("POST", {"uploads": [""]}, {}, ""),
        ("GET", {"tagging": [""]}, {}, ""),
        ("OPTIONS", {}, {}, ""),
    ],
)
def test_a_request_has_the_name_that_cloudtrail_gives_it(method: str, query: Any, headers: Any, name: str) -> None:
    assert event_name(method, query, headers) == name


JOB = "StateMachine_DAG_bronze.WriteBronze.cambio"
DECLARED = event(JOB, ["landing.cambio"], ["importau_bronze.cambio"])


def test_edges_are_compared_job_by_job_in_both_directions() -> None:
    ran = {**DECLARED, "run": {"facets": {}}}
    outcome = edges(Told((DECLARED,), (ran,)), PLACE, from_csv=True)
    assert (outcome.wrong, outcome.summary) == ([], "1 edge declared, 1 observed, 0 false; 0 between columns")
    other = event(JOB, ["landing.cambio", "landing.pedidos"], ["importau_bronze.cambio"], run={"facets": {}})
    assert edges(Told((DECLARED,), (other,)), PLACE, from_csv=True).wrong == [
        f"{JOB} made importau_bronze.cambio of landing.pedidos, which nothing declares"
    ]
    elsewhere = {**ran, "job": {"name": "StateMachine_DAG_bronze.Other.cambio"}}
    assert len(edges(Told((DECLARED,), (elsewhere,)), PLACE, from_csv=True).wrong) == 2


def test_synthetic_data_has_no_edge_from_a_csv_and_undeclared_runs_are_not_compared() -> None:
    ran = event(JOB, [], ["importau_bronze.cambio"], run={"facets": {}})
    assert edges(Told((DECLARED,), (ran,)), PLACE, from_csv=False).wrong == []
    assert edges(Told((), (ran,)), PLACE, from_csv=True).unchecked


def test_a_column_of_no_input_is_named() -> None:
    namespace, name = PLACE.dataset(Asset.of_landing("pedidos"))
    field = {"namespace": namespace, "name": name, "field": "status", "transformations": [{"type": "DIRECT"}]}
    wrong = event(JOB, ["landing.cambio"], ["importau_bronze.cambio"])
    wrong["outputs"][0]["facets"] = {"columnLineage": {"fields": {"moeda": {"inputFields": [field]}}}}
    ran = {**DECLARED, "run": {"facets": {}}}
    assert edges(Told((wrong,), (ran,)), PLACE, from_csv=True).wrong == [
        f"{JOB} has importau_bronze.cambio.moeda made of landing.pedidos.status, which is no input of it"
    ]


def test_every_lambda_task_of_the_deployed_machines_says_which_function_it_calls() -> None:
    for name in MACHINES:
        arns = {part: f"arn:aws:lambda:us-east-1:1:function:f-{part}" for part in FUNCTIONS}
        found = StateMachine.of(name, name, json.loads(rendered(name, **arns)))
        for task in found.tasks:
            assert task.calls.startswith("f-") == task.resource.endswith("lambda:invoke"), task.name


FUNCTIONS = ("WriteFunctionArn", "AuditFunctionArn", "PublishFunctionArn", "GovernanceFunctionArn")
