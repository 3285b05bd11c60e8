"""The template as CloudFormation gets it, and what AWS needs of it that the embedded AWS does not look at.

``IMPORTAU_WRITE_GOLDEN=1`` writes the golden file anew and fails; review its difference as a deployment's.
"""

import json
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from golden import assert_golden
from lambda_layers import (
    PANDAS_LAYER_BYTES,
    POWERTOOLS_LAYER_BYTES,
    ROOT,
    UNZIPPED_LIMIT,
    dependencies_layer,
)
from sam_template import ROLE, decided, of_type, parsed, transformed

from lakehouse.orchestration.stepfunctions import STARTED_BY
from lakehouse.runtime import METRICS, NAMESPACE

pytestmark = pytest.mark.parity

GOLDEN = ROOT / "tests/golden/template.json"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return transformed()


@pytest.fixture(scope="module")
def resources(template: dict[str, Any]) -> Resources:
    """Return what a deployment with nothing but an execution role makes."""
    return decided(template)


@pytest.mark.golden
def test_the_transform_makes_what_was_reviewed(template: dict[str, Any]) -> None:
    assert_golden(json.dumps(template, indent=1, ensure_ascii=False) + "\n", GOLDEN)


def test_these_are_all_the_resources_and_none_is_of_iam(resources: Resources) -> None:
    assert Counter(resource["Type"] for resource in resources.values()) == {
        "AWS::S3::Bucket": 1,
        "AWS::S3::BucketPolicy": 1,
        "AWS::Lambda::Function": 10,
        "AWS::Lambda::LayerVersion": 3,
        "AWS::Logs::LogGroup": 11,
        "AWS::StepFunctions::StateMachine": 9,
        "AWS::Glue::Database": 6,
        "AWS::Glue::Crawler": 4,
        "AWS::Athena::WorkGroup": 1,
    }


EVERYTHING = {
    "AlertOn": "warnings", "AlertEmail": "a@b.c", "ScheduleExpression": "rate(1 day)", "StartOnUpload": "yes",
}  # fmt: skip


def test_what_it_does_by_itself_is_off_by_default_and_needs_no_role_either(
    template: dict[str, Any], resources: Resources
) -> None:
    made = decided(template, **EVERYTHING)
    more = Counter(one["Type"] for one in made.values()) - Counter(one["Type"] for one in resources.values())
    assert more == {
        "AWS::Lambda::Function": 1,
        "AWS::Lambda::EventInvokeConfig": 1,
        "AWS::Lambda::Permission": 2,
        "AWS::Logs::LogGroup": 1,
        "AWS::SNS::Topic": 1,
        "AWS::SNS::Subscription": 1,
        "AWS::Events::Rule": 2,
        "AWS::Scheduler::Schedule": 1,
        "AWS::CloudWatch::Alarm": 15,
        "AWS::CloudWatch::Dashboard": 1,
    }
    assert made["Schedule"]["Properties"]["Target"]["RoleArn"] in (ROLE, {"Ref": "ExecutionRoleArn"})
    assert "NotificationConfiguration" not in resources["LakeBucket"]["Properties"]
    assert made["LakeBucket"]["Properties"]["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }


@pytest.mark.parametrize(
    ("parameter", "value", "kinds"),
    [
        ("ScheduleExpression", "cron(0 6 * * ? *)", {"AWS::Scheduler::Schedule"}),
        ("StartOnUpload", "yes", {"AWS::Events::Rule", "AWS::Lambda::Permission"}),
        ("AlertEmail", "a@b.c", set()),  # of which nothing comes without AlertOn
    ],
)
def test_each_of_it_is_made_by_itself(
    template: dict[str, Any], resources: Resources, parameter: str, value: str, kinds: set[str]
) -> None:
    made = decided(template, **{parameter: value})
    assert {made[name]["Type"] for name in made.keys() - resources.keys()} == kinds


def test_every_rule_may_call_its_function_and_nothing_else_may(template: dict[str, Any]) -> None:
    made = decided(template, **EVERYTHING)
    permissions = of_type(made, "AWS::Lambda::Permission").values()
    allowed = {(one["SourceArn"]["Fn::GetAtt"][0], one["FunctionName"]["Ref"]) for one in permissions}
    rules = of_type(made, "AWS::Events::Rule")
    called = {(name, to["Arn"]["Fn::GetAtt"][0]) for name, rule in rules.items() for to in rule["Targets"]}
    assert allowed == called
    assert {one["Principal"] for one in permissions} == {"events.amazonaws.com"}


def test_every_machine_is_listened_to_and_nested_executions_are_not(template: dict[str, Any]) -> None:
    for asked, more in (("failures", []), ("warnings", ["SUCCEEDED"])):
        made = decided(template, AlertOn=asked)
        detail = made["AlertRule"]["Properties"]["EventPattern"]["detail"]
        assert detail["status"] == ["FAILED", "TIMED_OUT", "ABORTED", *more]
        assert {one["Ref"] for one in detail["stateMachineArn"]} == set(
            of_type(made, "AWS::StepFunctions::StateMachine")
        )
        (but,) = detail["input"]
        assert STARTED_BY in but["anything-but"]["wildcard"]


def test_alarms_go_to_the_topic_and_the_dashboard_shows_every_metric_of_our_own_and_no_other(
    template: dict[str, Any],
) -> None:
    made = decided(template, AlertOn="failures")
    alarms = of_type(made, "AWS::CloudWatch::Alarm")
    assert {alarm["MetricName"] for alarm in alarms.values()} == {"Duration", "Throttles"}
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [{"Ref": "AlertTopic"}]
        ((function,),) = [[each["Value"]["Ref"] for each in alarm["Dimensions"]]]
        assert made[function]["Type"] == "AWS::Lambda::Function"
        if alarm["MetricName"] == "Duration":
            assert alarm["Threshold"] == made[function]["Properties"]["Timeout"] * 1000 * 0.8
    body = json.loads(
        re.sub(
            r"\$\{[^}]+\}",
            lambda name: {"${Metrics}": NAMESPACE}.get(name[0], "x"),
            made["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][0],
        )
    )
    series = [tuple(each[:2]) for widget in body["widgets"] for each in widget["properties"]["metrics"]]
    assert {name for namespace, name in series if namespace == NAMESPACE} == METRICS
    # What is given away: 10 series of one's own, 3 dashboards of 50 metrics (https://aws.amazon.com/cloudwatch/pricing/).
    assert sum(namespace == NAMESPACE for namespace, _ in series) <= 10
    assert len(series) <= 50


def test_lambdas_own_lines_are_not_logged_unless_everything_is(template: dict[str, Any]) -> None:
    for level, own in (("INFO", "WARN"), ("DEBUG", "INFO")):
        for function in of_type(decided(template, LogLevel=level), "AWS::Lambda::Function").values():
            assert function["LoggingConfig"]["SystemLogLevel"] == own


def test_where_a_retention_is_0_no_rule_deletes_by_it(template: dict[str, Any]) -> None:
    forever = decided(template, LandingRetentionDays="0", DeletedRetentionDays="0")["LakeBucket"]["Properties"]
    rules = forever["LifecycleConfiguration"]["Rules"]
    assert [rule["Id"] for rule in rules if "NoncurrentVersionExpiration" in rule] == [
        "staging-is-temporary", "query-results-are-temporary",
    ]  # fmt: skip
    assert rules[-1]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


def test_an_existing_bucket_is_neither_made_nor_changed(template: dict[str, Any]) -> None:
    kinds = {resource["Type"] for resource in decided(template, ExistingBucket="mine").values()}
    assert not {kind for kind in kinds if kind.startswith("AWS::S3::")}


def test_a_transform_is_all_that_cloudformation_has_to_be_allowed_to_do(template: dict[str, Any]) -> None:
    """No capability is asked of who deploys: nothing of IAM is named, and no macro runs but SAM's own."""
    assert parsed()["Transform"] == "AWS::Serverless-2016-10-31"
    assert "AWS::IAM" not in json.dumps(template)
    assert "Fn::Transform" not in json.dumps(template)


def test_what_is_only_temporary_expires_and_old_versions_do_not_pile_up(resources: Resources) -> None:
    bucket = resources["LakeBucket"]["Properties"]
    rules = bucket["LifecycleConfiguration"]["Rules"]
    assert {rule["Status"] for rule in rules} == {"Enabled"}
    assert {rule.get("Prefix"): rule.get("ExpirationInDays") for rule in rules} == {
        "staging/": 14,
        "athena-results/": 14,
        "landing/": None,
        None: None,  # no published table, report or source file expires
    }
    assert [rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules] == [
        1, 1, "90", "90",
    ]  # fmt: skip
    assert rules[-1]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}


def test_data_outlives_the_stack_and_nothing_else_does(resources: Resources) -> None:
    kept = {name for name, resource in resources.items() if resource.get("DeletionPolicy") == "Retain"}
    assert kept == {"LakeBucket"}


def test_the_bucket_is_closed_to_the_public_and_to_plain_http(resources: Resources) -> None:
    bucket = resources["LakeBucket"]["Properties"]
    assert bucket["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    (statement,) = resources["LakeBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("key", ["", KEY])
def test_everything_at_rest_is_encrypted_with_awss_key_or_ones_own(template: dict[str, Any], key: str) -> None:
    made = decided(template, KmsKeyArn=key)
    (rule,) = made["LakeBucket"]["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    own = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    assert rule["ServerSideEncryptionByDefault"] == (own if key else {"SSEAlgorithm": "AES256"})
    results = made["WorkGroup"]["Properties"]["WorkGroupConfiguration"]["ResultConfiguration"]
    own = {"EncryptionOption": "SSE_KMS", "KmsKey": key}
    assert results["EncryptionConfiguration"] == (own if key else {"EncryptionOption": "SSE_S3"})
    for kind, name in (("AWS::Logs::LogGroup", "KmsKeyId"), ("AWS::Lambda::Function", "KmsKeyArn")):
        assert {properties.get(name, "") for properties in of_type(made, kind).values()} == {key}


def test_concurrency_is_reserved_only_where_the_account_has_some_to_give(template: dict[str, Any]) -> None:
    for asked, reserved in (("-1", None), ("2", "2")):
        functions = of_type(decided(template, ReservedConcurrency=asked), "AWS::Lambda::Function").values()
        assert {function.get("ReservedConcurrentExecutions") for function in functions} == {reserved}


def test_executions_are_logged_with_their_data_unless_the_role_may_not(template: dict[str, Any]) -> None:
    made = decided(template)
    group = made["StateMachinesLogGroup"]["Properties"]
    # Where Step Functions logs otherwise, the account's one log resource policy grows by a line a log group.
    assert group["LogGroupName"]["Fn::Sub"].startswith("/aws/vendedlogs/")
    for machine in of_type(made, "AWS::StepFunctions::StateMachine").values():
        assert machine["LoggingConfiguration"] == {
            "Level": "ERROR",
            "IncludeExecutionData": True,
            "Destinations": [
                {"CloudWatchLogsLogGroup": {"LogGroupArn": {"Fn::GetAtt": ["StateMachinesLogGroup", "Arn"]}}}
            ],
        }
        assert machine["TracingConfiguration"] == {"Enabled": True}
    off = decided(template, StateMachineLogLevel="OFF")
    assert not any("LoggingConfiguration" in one for one in of_type(off, "AWS::StepFunctions::StateMachine").values())


def test_every_log_has_a_retention_and_every_function_its_own_log(resources: Resources) -> None:
    groups = of_type(resources, "AWS::Logs::LogGroup")
    assert {group["RetentionInDays"] for group in groups.values()} == {"30"}
    functions = of_type(resources, "AWS::Lambda::Function")
    logs = {name: function["LoggingConfig"]["LogGroup"]["Ref"] for name, function in functions.items()}
    for name, log in logs.items():
        assert groups[log]["LogGroupName"]["Fn::Sub"] == f"/aws/lambda/{functions[name]['FunctionName']['Fn::Sub']}"
    assert len(set(logs.values())) == len(functions)


def test_every_function_is_within_what_lambda_gives(resources: Resources) -> None:
    for name, function in of_type(resources, "AWS::Lambda::Function").items():
        assert function["Timeout"] <= 900, name
        assert 512 <= function.get("EphemeralStorage", {"Size": 512})["Size"] <= 10_240, name
        assert int(function["MemorySize"]) <= 3_008, f"{name}: what a new account may have"
        assert len(function["Layers"]) <= 5, name
        assert function["TracingConfig"] == {"Mode": "Active"}
        variables = function["Environment"]["Variables"]
        assert len(json.dumps(variables)) < 4_096, f"{name}: 4 KB of variables"


def test_queries_cannot_leave_the_workgroups_limits(resources: Resources) -> None:
    configuration = resources["WorkGroup"]["Properties"]["WorkGroupConfiguration"]
    assert configuration["EnforceWorkGroupConfiguration"] is True
    assert configuration["BytesScannedCutoffPerQuery"] <= 100 * 2**30


def test_the_linter_has_nothing_to_say_of_what_the_transform_made(template: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "template.json").write_text(json.dumps(template))
    command = [str(ROOT / ".venv-sam/bin/cfn-lint"), "--regions", "us-east-1", "--", "template.json"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.stdout == ""


def test_every_exception_to_a_policy_check_says_why_where_it_stands() -> None:
    exceptions = [
        exception
        for resource in parsed()["Resources"].values()
        for exception in resource.get("Metadata", {}).get("checkov", {}).get("skip", ())
    ]
    assert exceptions
    assert all(len(exception["comment"]) > 40 for exception in exceptions)


# ---- what a function weighs ------------------------------------------------------------------------------------------


def bytes_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)


def installed_bytes(requirement: str) -> int:
    from importlib.metadata import distribution

    files = distribution(requirement.partition("==")[0]).files or ()
    return sum(Path(str(file.locate())).stat().st_size for file in files if not file.name.endswith(".pyc"))


def test_a_function_with_all_its_layers_fits_even_beside_the_largest_pandas_layer_there_ever_was() -> None:
    own = bytes_of(ROOT / "functions") + bytes_of(ROOT / "functions/common") + bytes_of(ROOT / "glue")
    dependencies = sum(installed_bytes(requirement) for requirement in dependencies_layer())
    total = own + dependencies + PANDAS_LAYER_BYTES + POWERTOOLS_LAYER_BYTES
    print(f"code {own:,}, dependencies {dependencies:,}, all {total:,} of {UNZIPPED_LIMIT:,} bytes")
    assert 0 < own < 2_000_000
    assert 0 < dependencies < 12_000_000
    assert total < UNZIPPED_LIMIT
