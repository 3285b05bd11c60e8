"""The embedded AWS that enforces IAM refuses, in AWS's words, what the caller's or the role's policies lack."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cli.embedded.endpoint import ACCOUNT, REGION
from cli.embedded.server import EmbeddedAws

SYNC = {
    "StartAt": "Nested",
    "States": {
        "Nested": {
            "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": True,
            "Parameters": {"StateMachineArn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:other"},
        }
    },
}  # fmt: skip
CALLS = {
    "StartAt": "Call",
    "States": {
        "Call": {
            "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True,
            "Parameters": {"FunctionName": "f"},
        }
    },
}  # fmt: skip
NOTHING = {"StartAt": "Nothing", "States": {"Nothing": {"Type": "Pass", "End": True}}}
LOGGING = {
    "level": "ERROR",
    "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:*"}}],
}


class Guarded:
    """A guarded account: its owner's clients, and those of a user."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.owner = boto3.session.Session(ACCOUNT, "test", region_name=REGION)
        self.iam = self.client("iam")
        self.iam.create_user(UserName="ana")
        key = self.iam.create_access_key(UserName="ana")["AccessKey"]
        self.user = boto3.session.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)

    def client(self, service: str) -> Any:
        return self.owner.client(service, endpoint_url=self.url)

    def as_user(self, service: str, *allowed: str) -> Any:
        """Return a client of the user, who may do this and no more."""
        self.iam.put_user_policy(UserName="ana", PolicyName="may", PolicyDocument=document(*allowed))
        return self.user.client(service, endpoint_url=self.url)

    def role(self, *allowed: str, services: tuple[str, ...] = ("lambda", "states", "glue")) -> str:
        """Return a new role that may do this, taken on by these services."""
        name = f"role-{time.monotonic_ns()}"
        trust = {
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": [f"{each}.amazonaws.com" for each in services]},
        }  # fmt: skip
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
        if allowed:
            self.iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=document(*allowed))
        return f"arn:aws:iam::{ACCOUNT}:role/{name}"

    def machine(self, definition: dict[str, Any], role: str, **more: Any) -> str:
        states = self.client("stepfunctions")
        name = f"machine-{time.monotonic_ns()}"
        made = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role, **more)
        arn: str = made["stateMachineArn"]
        return arn

    def ended(self, machine: str) -> dict[str, Any]:
        """Return an execution of a machine once it has ended."""
        states = self.client("stepfunctions")
        execution = states.start_execution(stateMachineArn=machine)["executionArn"]
        deadline = time.monotonic() + 60
        while (described := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return dict(described)


def document(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def code() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return {'done': True}\n")
    return packed.getvalue()


def function(client: Any, role: str, name: str = "f", **more: Any) -> Any:
    return client.create_function(
        FunctionName=name, Runtime="python3.13", Role=role, Handler="app.handler", Code={"ZipFile": code()}, **more
    )


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with EmbeddedAws(tmp_path_factory.mktemp("guarded"), enforce_iam=True) as endpoint:
        yield Guarded(endpoint.url)


def refusal(made: Any) -> str:
    with pytest.raises(ClientError) as error:
        made()
    return str(error.value)


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ("lambda", "The role defined for the function cannot be assumed by Lambda."),
        ("states", "Neither the global service principal states.amazonaws.com, nor the regional one is authorized"),
        ("glue", "Service is unable to assume provided role. Please verify role's TrustPolicy"),
    ],
)
def test_a_role_that_does_not_trust_the_service_is_refused(aws: Guarded, service: str, said: str) -> None:
    role = aws.role("*", services=tuple({"lambda", "states", "glue"} - {service}))
    targets = {"S3Targets": [{"Path": "s3://lake/x"}]}
    make = {
        "lambda": lambda: function(aws.client("lambda"), role, "untrusted"),
        "states": lambda: aws.machine(NOTHING, role),
        "glue": lambda: aws.client("glue").create_crawler(Name="c", Role=role, Targets=targets, DatabaseName="d"),
    }
    assert said in refusal(make[service])


def test_tracing_needs_a_role_that_may_write_traces(aws: Guarded) -> None:
    said = "The provided execution role does not have permissions to call PutTraceSegments on XRAY"
    tracing = {"TracingConfig": {"Mode": "Active"}}
    assert said in refusal(lambda: function(aws.client("lambda"), aws.role("s3:*"), "untraced", **tracing))
    function(aws.client("lambda"), aws.role("xray:PutTraceSegments"), "traced", **tracing)


def test_a_vpc_needs_a_role_that_may_join_it(aws: Guarded) -> None:
    said = "The provided execution role does not have permissions to call CreateNetworkInterface on EC2"
    vpc = {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}
    assert said in refusal(lambda: function(aws.client("lambda"), aws.role("s3:*"), "outside", **vpc))


def test_logging_needs_a_role_that_may_deliver_logs(aws: Guarded) -> None:
    said = "The state machine IAM Role is not authorized to access the Log Destination"
    assert said in refusal(
        lambda: aws.machine(NOTHING, aws.role("logs:CreateLogDelivery"), loggingConfiguration=LOGGING)
    )
    aws.machine(NOTHING, aws.role("logs:*"), loggingConfiguration=LOGGING)
    aws.machine(NOTHING, aws.role())


def test_waiting_for_another_execution_needs_a_role_that_may_make_the_managed_rule(aws: Guarded) -> None:
    role = aws.role("events:PutRule", "events:PutTargets")
    assert f"'{role}' is not authorized to create managed-rule." in refusal(lambda: aws.machine(SYNC, role))
    aws.machine(SYNC, aws.role("events:*"))


@pytest.mark.parametrize(("allowed", "status"), [(("lambda:InvokeFunction",), "SUCCEEDED"), (("s3:*",), "FAILED")])
def test_a_state_machine_calls_with_its_role(aws: Guarded, allowed: tuple[str, ...], status: str) -> None:
    if not [each for each in aws.client("lambda").list_functions()["Functions"] if each["FunctionName"] == "f"]:
        function(aws.client("lambda"), aws.role())
    ended = aws.ended(aws.machine(CALLS, aws.role(*allowed)))
    assert ended["status"] == status
    if status == "FAILED":
        assert ended["error"] == "Lambda.AWSLambdaException"
        assert "is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:" in ended["cause"]


def test_nobody_passes_a_role_without_the_right_to(aws: Guarded) -> None:
    role = aws.role()
    client = aws.as_user("lambda", "lambda:*")
    assert "is not authorized to perform: iam:PassRole" in refusal(lambda: function(client, role, "passed"))
    function(aws.as_user("lambda", "lambda:*", "iam:PassRole"), role, "passed")


def test_a_crawl_fails_where_the_role_may_not_do_what_it_takes(aws: Guarded) -> None:
    glue = aws.client("glue")
    glue.create_database(DatabaseInput={"Name": "d"})
    targets = {"S3Targets": [{"Path": "s3://lake/x/"}]}
    glue.create_crawler(Name="poor", Role=aws.role("s3:*"), Targets=targets, DatabaseName="d")
    glue.start_crawler(Name="poor")
    crawler = glue.get_crawler(Name="poor")["Crawler"]
    assert (crawler["State"], crawler["LastCrawl"]["Status"]) == ("READY", "FAILED")
    assert "is not authorized to perform: glue:" in crawler["LastCrawl"]["ErrorMessage"]


def test_tags_in_glue_are_asked_for_on_what_is_tagged(aws: Guarded) -> None:
    owner, arn = aws.client("glue"), f"arn:aws:glue:{REGION}:{ACCOUNT}"
    owner.create_database(DatabaseInput={"Name": "tagged"})
    client = aws.as_user("glue", "s3:*")
    statement = {"Effect": "Allow", "Action": "glue:TagResource", "Resource": f"{arn}:database/tagged"}
    aws.iam.put_user_policy(
        UserName="ana", PolicyName="may", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    client.tag_resource(ResourceArn=f"{arn}:database/tagged", TagsToAdd={"a": "b"})
    other = {"ResourceArn": f"{arn}:crawler/other", "TagsToAdd": {"a": "b"}}
    assert "is not authorized to perform: glue:TagResource" in refusal(lambda: client.tag_resource(**other))


TEMPLATE = {
    "Resources": {
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/aws/lambda/x", "RetentionInDays": 1}},
    }
}
MAKING = (
    "logs:CreateLogGroup", "logs:PutRetentionPolicy", "logs:TagResource", "logs:DescribeLogGroups",
    "logs:GetDataProtectionPolicy", "logs:ListTagsForResource",
)  # fmt: skip


def stack_of(aws: Guarded, *allowed: str) -> tuple[str, str]:
    """Make a stack as a user who may do this; return its status, and why the group was not made."""
    name = f"stack-{time.monotonic_ns()}"
    aws.as_user("cloudformation", "cloudformation:*", *allowed).create_stack(
        StackName=name, TemplateBody=json.dumps(TEMPLATE)
    )
    owner, deadline = aws.client("cloudformation"), time.monotonic() + 60
    while (status := owner.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]).endswith("_IN_PROGRESS"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    reasons = [
        each.get("ResourceStatusReason", "")
        for each in owner.describe_stack_events(StackName=name)["StackEvents"]
        if each["ResourceStatus"] == "CREATE_FAILED"
    ]
    owner.delete_stack(StackName=name)
    return status, " ".join(reasons)


@pytest.mark.parametrize("missing", MAKING)
def test_cloudformation_makes_with_the_rights_of_its_caller(aws: Guarded, missing: str) -> None:
    status, why = stack_of(aws, *(each for each in MAKING if each != missing))
    assert status in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}
    assert f"is not authorized to perform: {missing} on resource: " in why
    assert "HandlerErrorCode: AccessDenied" in why


def test_cloudformation_makes_what_its_caller_may(aws: Guarded) -> None:
    assert stack_of(aws, *MAKING, "logs:DeleteLogGroup") == ("CREATE_COMPLETE", "")


def test_the_simulator_knows_permission_boundaries(aws: Guarded) -> None:
    arn = aws.role("s3:*", "glue:*")
    boundary = aws.iam.create_policy(PolicyName="limit", PolicyDocument=document("s3:*"))["Policy"]["Arn"]
    aws.iam.put_role_permissions_boundary(RoleName=arn.rpartition("/")[2], PermissionsBoundary=boundary)
    results = aws.iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["s3:PutObject", "glue:GetTable"])
    assert [each["EvalDecision"] for each in results["EvaluationResults"]] == ["allowed", "implicitDeny"]
