"""`deploy`: with which parameters, into which bucket, and only what was agreed to."""

import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from answering import Answering, refused
from typer.testing import CliRunner, Result

from cli.building import sam
from cli.commands import deploy
from cli.main import app
from cli.terminal import questions
from cli.terminal.questions import Answers

ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/importau/1"
CHANGE_SET = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/samcli-deploy1/1"
ROLE = "arn:aws:iam::123456789012:role/LabRole"
BUCKET = "importau-lakehouse-ana-araujo"
GONE = refused("ValidationError", "DescribeStacks", "Stack with id importau does not exist")
TRUST = {
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": [f"{name}.amazonaws.com" for name in ("lambda", "states", "glue")]},
        }
    ]
}


def stack(status: str, bucket: str, existing: str) -> dict[str, Any]:
    return {
        "Stacks": [
            {
                "StackId": ID,
                "StackStatus": status,
                "Outputs": [{"OutputKey": "BucketName", "OutputValue": bucket}],
                "Parameters": [{"ParameterKey": "ExistingBucket", "ParameterValue": existing}],
            }
        ]
    }


@dataclass
class World:
    """An account, and what SAM was asked for."""

    aws_cli: Answering
    change_set: str | None = CHANGE_SET
    given: dict[str, Any] = field(default_factory=dict)

    def runs(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["deploy", *arguments], catch_exceptions=False)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    answers = {
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

    def change_set(name: str, parameters: Any, artifacts: Any, *where: Any, progress: Any) -> str | None:
        made.given = {"stack": name, "parameters": dict(parameters), "artifacts": artifacts, "options": where[-1]}
        return made.change_set

    monkeypatch.setattr(deploy, "account", lambda *_: made.aws_cli)
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
        "parameters": {"ExecutionRoleArn": ROLE, "ExistingBucket": BUCKET},
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
        "ExecutionRoleArn": ROLE, "ExistingBucket": "company-lake", "LogLevel": "DEBUG", "A": "b=c",
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
    assert "lambda:CreateFunction (make and change the functions): no policy allows it" in ran.stderr
    assert not world.given
