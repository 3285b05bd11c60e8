"""`deploy`: with which parameters, into which bucket, and only what was agreed to."""

import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from answering import USUAL, Answering, refused
from typer.testing import CliRunner, Result

from cli.building import sam
from cli.building.checkout import Checkout
from cli.commands import deploy
from cli.main import app
from cli.terminal import questions
from cli.terminal.questions import Answers

ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/importau/1"
CHANGE_SET = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/samcli-deploy1/1"
ROLE = "arn:aws:iam::123456789012:role/LabRole"
BUCKET = "importau-lakehouse-ana-araujo"
GONE = refused("ValidationError", "DescribeStacks", "Stack with id importau does not exist")
LAYERS = {
    f"{name}LayerArn": f"arn:aws:lambda:us-east-1:336392948345:layer:{layer}:1"
    for name, layer in (("Pandas", "aws-sdk-pandas"), ("Powertools", "powertools"))
}
TRUST = {
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": [f"{name}.amazonaws.com" for name in ("lambda", "states", "glue")]},
        }
    ]
}


def stack(status: str, bucket: str, existing: str, **parameters: str) -> dict[str, Any]:
    return {
        "Stacks": [
            {
                "StackId": ID,
                "StackStatus": status,
                "Outputs": [{"OutputKey": "BucketName", "OutputValue": bucket}],
                "Parameters": [
                    {"ParameterKey": name, "ParameterValue": value}
                    for name, value in {"ExistingBucket": existing, **parameters}.items()
                ],
            }
        ]
    }


@dataclass
class World:
    """An account, and what SAM was asked for."""

    aws_cli: Answering
    change_set: str | None = CHANGE_SET
    checkout: Checkout | None = None
    given: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] | None = None

    def runs(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["deploy", *arguments], catch_exceptions=False)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    answers = USUAL | {
        "sts get-caller-identity": {
            "Account": "123456789012",
            "Arn": "arn:aws:sts::123456789012:assumed-role/voclabs/user3=Ana_Araujo",
            "UserId": "AROA:user3=Ana_Araujo",
        },
        "iam simulate-principal-policy": refused("AccessDenied"),
        "iam get-role": {"Role": {"Arn": ROLE, "AssumeRolePolicyDocument": TRUST}},
        "s3api head-bucket": {"BucketRegion": "us-east-1"},
        "s3api get-bucket-tagging": {"TagSet": [{"Key": "project", "Value": "importau"}]},
        "cloudformation describe-stacks": [GONE, stack("CREATE_COMPLETE", BUCKET, BUCKET)],
        "cloudformation describe-change-set": {
            "Changes": [
                {"ResourceChange": {"Action": "Add", "LogicalResourceId": "X", "ResourceType": "AWS::Glue::Crawler"}}
            ]
        },
    }
    made = World(Answering(region="us-east-1", answers=answers))

    def change_set(name: str, parameters: Any, artifacts: Any, *where: Any, progress: Any, tags: Any) -> str | None:
        made.given = {"stack": name, "parameters": dict(parameters), "artifacts": artifacts, "options": where[-1]}
        made.tags = tags
        return made.change_set

    monkeypatch.setattr(deploy, "account", lambda *_: made.aws_cli)
    monkeypatch.setattr(deploy, "checkout_of", lambda *_: made.checkout)
    monkeypatch.setattr(sam, "build", lambda *_: None)
    monkeypatch.setattr(sam, "change_set", change_set)
    monkeypatch.delenv("IMPORTAU_BUCKET", raising=False)
    return made


def asks(monkeypatch: pytest.MonkeyPatch, answer: Callable[[str], str]) -> None:
    monkeypatch.setattr(deploy, "answers", lambda *_: Answers.ASK)
    monkeypatch.setattr(questions, "ask", answer)


def test_a_learner_lab_needs_to_be_told_nothing(world: World) -> None:
    done = world.runs("--yes")
    assert done.exit_code == 0, done.output
    assert world.given == {
        "stack": "importau",
        "parameters": {"ExecutionRoleArn": ROLE, "ExistingBucket": BUCKET, "Stage": "", "Commit": "", **LAYERS},
        "artifacts": (BUCKET, "artifacts/importau"),
        "options": ["--region", "us-east-1"],
    }
    assert "add Glue::Crawler: X" in done.stderr
    assert world.aws_cli.option("cloudformation execute-change-set", "--change-set-name") == CHANGE_SET
    assert f"BucketName  {BUCKET}" in done.stdout


def test_role_bucket_and_parameters_of_ones_own_are_passed_on(world: World) -> None:
    named = ("--role", "DataRole", "--bucket", "company-lake", "--parameter", "LogLevel=DEBUG", "--parameter", "A=b=c")
    world.runs("--yes", *named)
    assert ("iam", "get-role", "--role-name", "DataRole") in world.aws_cli.asked
    assert world.given["parameters"] == {
        "ExecutionRoleArn": ROLE, "ExistingBucket": "company-lake", "LogLevel": "DEBUG", "A": "b=c", "Stage": "",
        "Commit": "", **LAYERS,
    }  # fmt: skip
    assert world.given["artifacts"][0] == "company-lake"


def test_a_stack_that_made_its_bucket_by_hand_keeps_it(world: World) -> None:
    by_hand = stack("UPDATE_COMPLETE", "importau-lakehouse-mine", "")
    world.aws_cli.answers["cloudformation describe-stacks"] = by_hand
    assert world.runs("--yes").exit_code == 0
    assert "ExistingBucket" not in world.given["parameters"]
    assert world.given["artifacts"][0] == "importau-lakehouse-mine"
    assert "s3api head-bucket" not in world.aws_cli.commands()


def test_a_first_change_set_that_was_never_carried_out_is_no_stack_yet(world: World) -> None:
    review = {"Stacks": [{"StackId": ID, "StackStatus": "REVIEW_IN_PROGRESS"}]}
    deployed = stack("CREATE_COMPLETE", BUCKET, BUCKET)
    world.aws_cli.answers["cloudformation describe-stacks"] = [review, deployed]
    assert world.runs("--yes").exit_code == 0
    assert world.given["parameters"]["ExistingBucket"] == BUCKET


def test_a_stack_does_not_move_to_another_bucket(world: World) -> None:
    world.aws_cli.answers["cloudformation describe-stacks"] = stack("UPDATE_COMPLETE", BUCKET, BUCKET)
    done = world.runs("--yes", "--bucket", "another-bucket")
    assert done.exit_code == 2
    assert f"is deployed with the bucket {BUCKET}, which has its data; another-bucket is another one" in done.stderr
    assert not world.given


def test_nothing_to_change_is_said_and_nothing_is_executed(world: World) -> None:
    world.change_set = None
    done = world.runs("--yes")
    assert done.exit_code == 0
    assert "nothing to change" in done.stderr
    assert "cloudformation execute-change-set" not in world.aws_cli.commands()


@pytest.mark.parametrize("answer", ["n", "", "maybe"])
def test_whoever_does_not_agree_changes_nothing(world: World, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    asks(monkeypatch, lambda _: answer)
    done = world.runs()
    assert (done.exit_code, "nothing was changed" in done.stderr) == (1, True)
    assert "cloudformation delete-change-set" in world.aws_cli.commands()
    assert "cloudformation execute-change-set" not in world.aws_cli.commands()


@pytest.mark.parametrize("answer", ["y", "Sim"])
def test_whoever_agrees_gets_it(world: World, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    questions: list[str] = []
    asks(monkeypatch, lambda question: questions.append(question) or answer)  # type: ignore[func-returns-value]
    assert world.runs().exit_code == 0
    assert questions == ["Make this change? (y/n)"]
    assert "cloudformation execute-change-set" in world.aws_cli.commands()


def test_an_interrupted_question_leaves_no_change_set(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: str) -> str:
        raise KeyboardInterrupt

    asks(monkeypatch, interrupt)
    assert world.runs().exit_code == 130
    assert "cloudformation delete-change-set" in world.aws_cli.commands()


def test_without_a_terminal_somebody_has_to_have_agreed_beforehand(world: World) -> None:
    done = world.runs()
    assert (done.exit_code, "--yes" in done.stderr) == (2, True)
    assert not world.aws_cli.asked


def test_every_malformed_parameter_is_named_at_once(world: World) -> None:
    done = world.runs("--yes", "--parameter", "LogLevel", "--parameter", "A=1", "--parameter", "B")
    assert (done.exit_code, "LogLevel, B" in done.stderr) == (2, True)


def test_expired_credentials_are_one_line_and_its_remedy(world: World) -> None:
    world.aws_cli.answers["sts get-caller-identity"] = refused("ExpiredToken", "GetCallerIdentity")
    done = world.runs("--yes")
    assert done.exit_code == 1
    first, second = done.stderr.splitlines()
    assert first == "error: the AWS session has expired"
    assert second.startswith("fix: ")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ExpiredToken", "error: the AWS session has expired"),
        ("AccessDenied", "error: AWS refused CreateChangeSet: not authorized"),
    ],
)
def test_what_aws_refuses_to_sam_is_told_as_aws_said_it(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str, said: str
) -> None:
    fake = tmp_path / "sam"
    fake.write_text(
        f"#!/bin/sh\necho 'Error: Failed to create changeset for the stack: importau, An error occurred ({code}) "
        "when calling the CreateChangeSet operation: not authorized'\nexit 1\n"
    )
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    monkeypatch.undo()
    monkeypatch.setattr(sam, "_SAM", fake)
    monkeypatch.setattr(sam, "build", lambda *_: None)
    monkeypatch.setattr(deploy, "account", lambda *_: world.aws_cli)
    done = world.runs("--yes")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-2] == said


def test_a_deployment_that_would_fail_half_way_is_not_begun(world: World) -> None:
    def simulate(arguments: tuple[str, ...]) -> dict[str, Any]:
        names = arguments[arguments.index("--action-names") + 1 : arguments.index("--context-entries")]
        denied = {"lambda:CreateFunction": "implicitDeny"}
        results = [{"EvalActionName": name, "EvalDecision": denied.get(name, "allowed")} for name in names]
        return {"EvaluationResults": results}

    world.aws_cli.answers["iam simulate-principal-policy"] = simulate
    ran = world.runs("--yes")
    assert ran.exit_code == 1
    assert "nothing was deployed" in ran.stderr
    assert "you may not lambda:CreateFunction (make the functions): no policy allows it" in ran.stderr
    assert not world.given


def simulating(world: World, *denied: tuple[str, str]) -> None:
    """Let the policy simulator answer: all is allowed but these actions of these holders."""

    def simulate(arguments: tuple[str, ...]) -> dict[str, Any]:
        holder = "role" if arguments[arguments.index("--policy-source-arn") + 1] == ROLE else "user"
        names = arguments[arguments.index("--action-names") + 1 : arguments.index("--context-entries")]
        results = [
            {"EvalActionName": name, "EvalDecision": "implicitDeny" if (holder, name) in denied else "allowed"}
            for name in names
        ]
        return {"EvaluationResults": results}

    arn = "arn:aws:iam::123456789012:role/voclabs"
    world.aws_cli.answers["iam simulate-principal-policy"] = simulate
    world.aws_cli.answers["iam get-role"] = lambda arguments: {
        "Role": {"Arn": arn if arguments[-1] == "voclabs" else ROLE, "AssumeRolePolicyDocument": TRUST}
    }


def test_what_the_role_may_not_do_is_turned_off_passed_on_and_told(world: World) -> None:
    simulating(world, ("role", "logs:CreateLogDelivery"), ("role", "xray:PutTraceSegments"))
    ran = world.runs("--yes")
    assert ran.exit_code == 0, ran.output
    assert world.given["parameters"].items() >= {"StateMachineLogLevel": "OFF", "XRayTracing": "PassThrough"}.items()
    assert "StateMachineLogLevel=OFF: the execution role may not log executions" in ran.stderr
    assert "XRayTracing=PassThrough: the execution role may not trace" in ran.stderr


def test_what_the_role_lacks_stops_before_a_bucket_is_made(world: World) -> None:
    simulating(world, ("role", "events:PutRule"))
    world.aws_cli.answers["s3api head-bucket"] = refused("404")
    ran = world.runs("--yes")
    assert ran.exit_code == 1
    assert "the execution role may not events:PutRule" in ran.stderr
    assert "s3api create-bucket" not in world.aws_cli.commands()
    assert not world.given


def test_denied_layers_are_replaced_for_the_build_as_well(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Any] = []
    monkeypatch.setattr(sam, "build", lambda *arguments: built.append(arguments[-1]))
    world.aws_cli.answers["lambda get-layer-version-by-arn"] = refused("AccessDeniedException")
    ran = world.runs("--yes")
    assert ran.exit_code == 0, ran.output
    assert built == [{"LayerSource": "bundled"}]
    assert world.given["parameters"]["LayerSource"] == "bundled"
    assert "you may not use it (lambda:GetLayerVersion on " in ran.stderr


def test_what_is_not_known_beforehand_is_told(world: World) -> None:
    assert "which may not be asked for" in world.runs("--yes").stderr


@pytest.mark.parametrize("half", ["SubnetIds=subnet-1", "SecurityGroupIds=sg-1"])
def test_half_a_vpc_is_refused(world: World, half: str) -> None:
    ran = world.runs("--yes", "--parameter", half)
    assert ran.exit_code == 2
    assert "belong together" in ran.stderr
    assert not world.given


def test_a_refusal_of_cloudformation_comes_with_what_to_do(world: World) -> None:
    failed = stack("ROLLBACK_COMPLETE", BUCKET, BUCKET)
    reason = "Resource handler returned message: \"'role' is not authorized to create managed-rule.\""
    event = {
        "LogicalResourceId": "BronzeStateMachine", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": reason,
        "PhysicalResourceId": "x", "ResourceType": "T", "EventId": "1", "StackId": ID,
        "Timestamp": "2026-11-30T00:00:00Z",
    }  # fmt: skip
    world.aws_cli.answers["cloudformation describe-stacks"] = [GONE, failed]
    world.aws_cli.answers["cloudformation describe-stack-events"] = {"StackEvents": [event]}
    ran = world.runs("--yes")
    assert ran.exit_code == 1
    assert "managed-rule" in ran.stderr
    assert "events:PutRule" in ran.stderr


# ---- what it does by itself ------------------------------------------------------------------------------------------


def test_what_it_does_by_itself_is_asked_for_as_parameters(world: World) -> None:
    world.aws_cli.answers["s3api get-bucket-notification-configuration"] = {"EventBridgeConfiguration": {}}
    done = world.runs("--yes", "--alert", "ana@empresa.com.br", "--alert-warnings", "--on-upload", "--timezone", "UTC")
    assert done.exit_code == 0, done.output
    assert world.given["parameters"].items() >= {
        "ExecutionRoleArn": ROLE, "ExistingBucket": BUCKET, "AlertEmail": "ana@empresa.com.br", "AlertOn": "warnings",
        "StartOnUpload": "yes", "ScheduleTimezone": "UTC",
    }.items()  # fmt: skip
    assert f"the bucket {BUCKET} tells EventBridge" in done.stderr
    assert "messages arrive once the link in its mail was followed" in done.stderr


def test_a_mistake_in_it_is_told_of_before_anything_is_asked(world: World) -> None:
    done = world.runs("--yes", "--alert", "ana", "--schedule", "daily")
    assert done.exit_code == 2
    assert "--alert" in done.stderr
    assert "--schedule" in done.stderr
    assert world.aws_cli.asked == []


def test_a_schedule_needs_a_role_that_the_scheduler_may_take_on(world: World) -> None:
    done = world.runs("--yes", "--schedule", "rate(1 day)")
    assert done.exit_code == 1
    assert "may not be taken on by scheduler.amazonaws.com" in done.stderr
    assert world.given == {}


def test_who_may_not_switch_the_buckets_events_on_is_told_the_command(world: World) -> None:
    world.aws_cli.answers["s3api get-bucket-notification-configuration"] = refused("AccessDenied")
    done = world.runs("--yes", "--on-upload")
    assert done.exit_code == 0
    assert "no upload starts a run" in done.stderr
    assert "put-bucket-notification-configuration" in done.stderr


# ---- stages ----------------------------------------------------------------------------------------------------------

HEAD, OTHER = "a" * 40, "b" * 40


def runs_in_hom(world: World, commit: str, **parameters: str) -> None:
    """Let stage hom run a commit; the stack that is deployed to is not there yet."""
    hom = stack("UPDATE_COMPLETE", f"{BUCKET}-hom", f"{BUCKET}-hom", Stage="hom", Commit=commit, **parameters)
    world.aws_cli.answers["cloudformation describe-stacks"] = [hom, GONE, stack("CREATE_COMPLETE", BUCKET, BUCKET)]


def test_a_stage_has_stack_bucket_code_and_tags_of_its_own(world: World) -> None:
    world.aws_cli.answers["s3api get-bucket-tagging"] = {
        "TagSet": [{"Key": "project", "Value": "importau"}, {"Key": "stage", "Value": "dev"}]
    }
    world.checkout = Checkout(HEAD, ("functions/gold/app.py",))
    done = world.runs("--yes", "--stage", "dev")
    assert done.exit_code == 0, done.output
    assert world.given["stack"] == "importau-dev"
    assert world.given["artifacts"] == (f"{BUCKET}-dev", "artifacts/importau-dev")
    assert world.given["parameters"] | {"Stage": "dev", "ExistingBucket": f"{BUCKET}-dev"} == world.given["parameters"]
    assert world.given["parameters"]["Commit"] == f"{HEAD}-dirty"
    assert world.tags == {"project": "importau", "stage": "dev"}
    assert "stage dev, stack importau-dev" in done.stderr


def test_the_stage_may_be_in_the_environment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPORTAU_STAGE", "hom")
    world.aws_cli.answers["s3api get-bucket-tagging"] = {"TagSet": []}
    assert world.runs("--yes").exit_code == 0
    assert (world.given["stack"], world.given["parameters"]["Stage"]) == ("importau-hom", "hom")


@pytest.mark.parametrize(
    ("named", "tags", "whose"), [("dev", {}, "no stage"), ("dev", {"stage": "prod"}, "stage prod")]
)
def test_two_stages_never_share_a_bucket(world: World, named: str, tags: dict[str, str], whose: str) -> None:
    world.aws_cli.answers["s3api get-bucket-tagging"] = {
        "TagSet": [{"Key": key, "Value": value} for key, value in ({"project": "importau"} | tags).items()]
    }
    done = world.runs("--yes", "--stage", named, "--bucket", "company-lake")
    assert done.exit_code == 1
    assert f"company-lake is of the lakehouse of {whose}" in done.stderr
    assert not world.given


def test_the_stage_of_a_stack_cannot_be_changed(world: World) -> None:
    world.aws_cli.answers["cloudformation describe-stacks"] = stack("CREATE_COMPLETE", BUCKET, BUCKET, Stage="")
    done = world.runs("--yes", "--stage", "prod", "--stack", "importau")
    assert done.exit_code == 2
    assert "the stack importau is of no stage, and not of stage prod" in done.stderr
    assert not world.given


def test_a_stack_that_is_named_says_its_stage_itself(world: World) -> None:
    world.aws_cli.answers["s3api get-bucket-tagging"] = {"TagSet": []}
    its = stack("CREATE_COMPLETE", f"{BUCKET}-dev", f"{BUCKET}-dev", Stage="dev")
    world.aws_cli.answers["cloudformation describe-stacks"] = its
    assert world.runs("--yes", "--stack", "importau-dev").exit_code == 0
    assert world.given["parameters"]["Stage"] == "dev"


@pytest.mark.parametrize("parameter", ["Stage=dev", "Commit=x"])
def test_stage_and_commit_are_no_parameters_of_the_users(world: World, parameter: str) -> None:
    done = world.runs("--yes", "--parameter", parameter)
    assert done.exit_code == 2
    assert "is not yours to set" in done.stderr


def test_a_promotion_brings_the_commit_and_what_it_runs_on(world: World) -> None:
    runs_in_hom(world, HEAD, PythonVersion="3.12", Architecture="arm64", LayerSource="bundled", LogLevel="DEBUG")
    world.aws_cli.answers["s3api get-bucket-tagging"] = {"TagSet": []}
    world.checkout = Checkout(HEAD)
    done = world.runs("--yes", "--stage", "prod", "--from", "hom")
    assert done.exit_code == 0, done.output
    given = world.given["parameters"]
    assert (given["Stage"], given["Commit"], world.given["stack"]) == ("prod", HEAD, "importau-prod")
    assert (given["PythonVersion"], given["Architecture"], given["LayerSource"]) == ("3.12", "arm64", "bundled")
    assert "LogLevel" not in given  # how a stage runs is its own


@pytest.mark.parametrize(
    ("runs", "here", "why", "fix"),
    [
        (HEAD, Checkout(OTHER), f"hom runs {HEAD[:12]}, and this is {OTHER[:12]}", f"git switch --detach {HEAD}"),
        (HEAD, Checkout(HEAD, ("glue/x.yaml",)), "glue/x.yaml is changed here", "git stash"),
        (HEAD, None, "no checkout of git", HEAD),
        (f"{HEAD}-dirty", Checkout(HEAD), "in no commit", "./importau deploy --stage hom"),
        ("", Checkout(HEAD), "does not say of which commit", "./importau deploy --stage hom"),
    ],
)
def test_a_promotion_of_anything_else_is_refused_with_what_to_do(
    world: World, runs: str, here: Checkout | None, why: str, fix: str
) -> None:
    runs_in_hom(world, runs)
    world.checkout = here
    done = world.runs("--yes", "--stage", "prod", "--from", "hom")
    assert done.exit_code == 1
    message, _, said = done.stderr.partition("fix:")
    assert why in " ".join(message.split())
    assert fix in " ".join(said.split())
    assert not world.given


def test_nothing_is_promoted_from_a_stage_that_is_not_there_or_to_itself(world: World) -> None:
    world.aws_cli.answers["cloudformation describe-stacks"] = GONE
    assert "stage hom is not deployed" in world.runs("--yes", "--stage", "prod", "--from", "hom").stderr
    assert "has its own code already" in world.runs("--yes", "--stage", "hom", "--from", "hom").stderr
