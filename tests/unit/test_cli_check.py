"""`check`: what it tells, in which form, and with which exit code."""

import json
from typing import Any

import pytest
from answering import USUAL, Answering, refused
from botocore.exceptions import NoCredentialsError, NoRegionError
from typer.testing import CliRunner, Result

from cli.account.execution_role import SERVICES
from cli.account.permissions import permissions
from cli.commands import check
from cli.main import app

pytestmark = pytest.mark.once

ROLE = "arn:aws:iam::123456789012:role/LabRole"


class World:
    """An account of which a test says what it denies."""

    def __init__(self) -> None:
        self.denied: set[tuple[str, str]] = set()
        self.trusted = list(SERVICES)
        self.answers: dict[str, Any] = USUAL | {
            "sts get-caller-identity": {
                "Account": "123456789012",
                "Arn": "arn:aws:sts::123456789012:assumed-role/voclabs/user3=Ana_Araujo",
                "UserId": "AROA:user3=Ana_Araujo",
            },
            "iam get-role": self._role,
            "iam simulate-principal-policy": self._simulate,
            "s3api head-bucket": refused("404"),
        }
        self.aws_cli = Answering(region="us-east-1", answers=self.answers)

    def deny(self, holder: str, action: str) -> None:
        self.denied.add((holder, action))

    def checks(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["check", *arguments], catch_exceptions=False)

    def _role(self, arguments: tuple[str, ...]) -> dict[str, Any]:
        statement = {"Effect": "Allow", "Principal": {"Service": self.trusted}, "Action": "sts:AssumeRole"}
        arn = f"arn:aws:iam::123456789012:role/{arguments[-1]}"
        return {"Role": {"Arn": arn, "AssumeRolePolicyDocument": {"Statement": [statement]}}}

    def _simulate(self, arguments: tuple[str, ...]) -> dict[str, Any]:
        actions = arguments[arguments.index("--action-names") + 1 :]
        holder = "role" if arguments[arguments.index("--policy-source-arn") + 1] == ROLE else "user"
        return {
            "EvaluationResults": [
                {
                    "EvalActionName": action,
                    "EvalDecision": "explicitDeny" if (holder, action) in self.denied else "allowed",
                }
                for action in actions
            ]
        }


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(check, "account", lambda *given: made.aws_cli)
    return made


def test_a_learner_lab_that_may_do_everything_passes(world: World) -> None:
    ran = world.checks()
    assert ran.exit_code == 0, ran.output
    for told in ("Ana_Araujo", "assumed role voclabs", "123456789012", "us-east-1", "LabRole", "not there yet",
                 "importau-lakehouse-ana-araujo", "AWS CLI", "SAM CLI"):  # fmt: skip
        assert told in ran.stdout
    assert "denied" not in ran.stdout
    needed = {holder: sum(each.holder == holder for each in permissions()) for holder in ("user", "role")}
    assert f"what you need: {needed['user']} of {needed['user']} permissions allowed\n" in ran.stdout
    assert f"role needs: {needed['role']} of {needed['role']} permissions allowed\n" in ran.stdout
    assert "lambda:CreateFunction" not in ran.stdout
    assert "./importau check --all" in ran.stderr


def test_what_is_denied_or_unknown_comes_first_is_counted_and_is_all_there_is_unless_all_is_asked_for(
    world: World,
) -> None:
    world.deny("user", "lambda:CreateFunction")
    short, whole = world.checks().stdout, world.checks("--all").stdout
    assert ", 1 denied" in short
    assert short.count("✗ denied") == whole.count("✗ denied") == 1
    assert "✓ allowed" not in short
    assert "iam:PassRole" in whole
    marks = [line[:9] for line in whole.splitlines() if line.startswith(("✗ denied", "✓ allowed"))]
    assert marks[0] == "✗ denied "


def test_every_permission_is_in_the_table_and_in_the_json(world: World) -> None:
    table, found = world.checks("--all").stdout, json.loads(world.checks("--json").stdout)
    assert all(each.action.partition(":")[2] in table for each in permissions())  # the service is said once a row
    assert [(each["holder"], each["permission"]) for each in found["permissions"]] == [
        (each.holder, each.action) for each in permissions()
    ]
    assert found["ok"] is True


@pytest.mark.parametrize(
    ("holder", "action", "whose"),
    [
        ("user", "lambda:CreateFunction", "you may not lambda:CreateFunction"),
        ("role", "glue:CreateTable", "the execution role may not glue:CreateTable"),
    ],
)
def test_something_needed_that_is_denied_is_named_and_fails(world: World, holder: str, action: str, whose: str) -> None:
    world.deny(holder, action)
    ran = world.checks()
    assert ran.exit_code == 1
    assert whose in ran.stderr
    assert "✗ denied" in ran.stdout
    found = json.loads(world.checks("--json").stdout)
    assert found["ok"] is False
    denied = [(one["holder"], one["permission"]) for one in found["permissions"] if one["verdict"] == "denied"]
    assert denied == [(holder, action)]


def test_something_optional_that_is_denied_does_not_fail(world: World) -> None:
    world.deny("role", "xray:PutTraceSegments")
    ran = world.checks()
    assert ran.exit_code == 0
    assert "✗ denied" in ran.stdout
    assert "XRayTracing=PassThrough" in ran.stdout


def test_what_is_unknown_does_not_fail(world: World) -> None:
    world.answers["iam simulate-principal-policy"] = refused("AccessDenied")
    ran = world.checks()
    assert ran.exit_code == 0, ran.output
    assert "? unknown" in ran.stdout
    assert "could not be asked for" in ran.stderr


def test_a_bucket_need_not_be_made_where_it_is(world: World) -> None:
    world.deny("user", "s3:CreateBucket")
    assert world.checks().exit_code == 1
    world.answers["s3api head-bucket"] = {"BucketRegion": "us-east-1"}
    assert world.checks().exit_code == 0


def test_all_problems_are_told_at_once(world: World) -> None:
    world.answers["s3api head-bucket"] = refused("403")
    world.answers["s3api list-buckets"] = {"Buckets": []}
    world.trusted = ["lambda.amazonaws.com", "states.amazonaws.com"]
    world.deny("user", "iam:PassRole")
    ran = world.checks()
    assert ran.exit_code == 1
    for told in ("somebody else's", "may not be taken on by glue.amazonaws.com", "you may not iam:PassRole"):
        assert told in ran.stderr


def test_an_account_without_a_role_is_told_so_and_checked_nevertheless(world: World) -> None:
    world.answers["iam get-role"] = refused("NoSuchEntity")
    ran = world.checks()
    assert ran.exit_code == 1
    assert "no execution role was named" in ran.stderr
    assert "execution role  none" in ran.stdout
    assert "what you need" in ran.stdout
    assert "what the execution role needs" not in ran.stdout


def test_what_keeps_aws_from_being_asked_is_told_together_and_without_a_traceback(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.answers["sts get-caller-identity"] = NoCredentialsError()
    monkeypatch.setattr(type(world.aws_cli), "region_in_use", property(_no_region))
    ran = world.checks()
    assert ran.exit_code == 1
    assert "no AWS region is set" in ran.stderr
    assert "no AWS credentials were found" in ran.stderr


def _no_region(aws_cli: Answering) -> str:
    raise NoRegionError


def test_an_expired_session_is_one_line(world: World) -> None:
    world.answers["sts get-caller-identity"] = refused("ExpiredToken", "GetCallerIdentity")
    ran = world.checks()
    assert ran.exit_code == 1
    assert "error: the AWS session has expired" in ran.stderr


@pytest.mark.parametrize("holder", ["user", "role"])
def test_the_least_policy_is_printed_with_the_account_s_own_names(world: World, holder: str) -> None:
    ran = world.checks("--policy", holder)
    document = json.loads(ran.stdout)
    assert ran.exit_code == 0
    assert document["Version"] == "2012-10-17"
    assert "arn:aws:s3:::importau-lakehouse-ana-araujo" in [each["Resource"] for each in document["Statement"]]


def test_a_role_and_a_bucket_may_be_named(world: World) -> None:
    found = json.loads(world.checks("--role", "DataRole", "--bucket", "company-lake", "--json").stdout)
    assert ("iam", "get-role", "--role-name", "DataRole") in world.aws_cli.asked
    assert found["bucket"]["name"] == "company-lake"


def test_what_fails_without_a_right_is_told_in_the_table_and_in_the_json(world: World) -> None:
    world.deny("role", "events:PutRule")
    world.deny("role", "states:GetExecutionHistory")
    world.deny("user", "glue:SearchTables")
    table, found = world.checks().stdout, json.loads(world.checks("--json").stdout)
    assert "without it, deploy fails" in table
    assert "without it, run fails" in table
    stops = {(one["holder"], one["permission"]): one["stops"] for one in found["permissions"]}
    assert stops["role", "events:PutRule"] == "deploy"
    assert stops["role", "states:GetExecutionHistory"] == "run"
    assert stops["user", "glue:SearchTables"] == ""


def test_what_deploy_does_without_by_itself_is_told_and_does_not_fail(world: World) -> None:
    world.deny("role", "logs:CreateLogDelivery")
    ran = world.checks()
    assert ran.exit_code == 0, ran.output
    assert "deploy sets StateMachineLogLevel=OFF" in ran.stdout
    assert json.loads(world.checks("--json").stdout)["adaptations"] == {"StateMachineLogLevel": "OFF"}


def test_what_is_in_the_way_is_told(world: World) -> None:
    settings: dict[str, Any] = {"DataLakeSettings": {"DataLakeAdmins": [], "CreateDatabaseDefaultPermissions": []}}
    world.answers["lakeformation get-data-lake-settings"] = settings
    assert "Lake Formation governs new databases" in " ".join(world.checks().stderr.split())
    (obstacle,) = json.loads(world.checks("--json").stdout)["obstacles"]
    assert "grant" in obstacle["fix"]


# ---- what AWS says of the state machines ---------------------------------------------------------------------------


def diagnosed(world: World, *said: dict[str, str]) -> None:
    world.answers["stepfunctions validate-state-machine-definition"] = {
        "result": "FAIL" if said else "OK", "diagnostics": list(said),
    }  # fmt: skip


PROBLEM = {
    "severity": "ERROR", "code": "MISSING_TRANSITION_TARGET", "message": "Missing 'Next' target: Nowhere",
    "location": "/States/Open/Next",
}  # fmt: skip


def test_every_state_machine_is_asked_about_with_all_that_is_substituted_in_it(world: World) -> None:
    diagnosed(world)
    ran = world.checks("--deep")
    assert ran.exit_code == 0, ran.output
    assert "AWS takes every state machine as it is" in ran.stderr
    asked = [command for command in world.aws_cli.asked if command[1] == "validate-state-machine-definition"]
    assert len(asked) == 9
    assert not [command for command in asked if "${" in " ".join(command)]


def test_what_aws_would_refuse_is_told_with_its_place_and_nothing_is_asked_otherwise(world: World) -> None:
    diagnosed(world, PROBLEM)
    ran = world.checks("--deep")
    assert ran.exit_code == 1
    wanted = (
        "StateMachine_DAG_pipeline: MISSING_TRANSITION_TARGET: Missing 'Next' target: Nowhere (at /States/Open/Next)"
    )
    assert wanted in " ".join(ran.stderr.split())
    assert world.checks().exit_code == 0
    told = json.loads(world.checks("--deep", "--json").stdout)
    assert told["state_machines"][0]["location"] == "/States/Open/Next"


def test_a_warning_is_told_and_fails_nothing(world: World) -> None:
    diagnosed(world, PROBLEM | {"severity": "WARNING"})
    ran = world.checks("--deep")
    assert ran.exit_code == 0, ran.output
    assert "MISSING_TRANSITION_TARGET" in ran.stderr


def test_who_may_not_ask_about_them_is_told_so(world: World) -> None:
    world.answers["stepfunctions validate-state-machine-definition"] = refused("AccessDeniedException")
    ran = world.checks("--deep")
    assert ran.exit_code == 0
    assert "you may not states:ValidateStateMachineDefinition" in " ".join(ran.stderr.split())
