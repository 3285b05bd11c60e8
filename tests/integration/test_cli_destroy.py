"""`destroy` on S3 (moto): what goes, what stays, and what has to be said for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from answering import Answering, refused
from botocore.exceptions import ClientError
from moto import mock_aws
from typer.testing import CliRunner, Result

from cli.account import emptying
from cli.account.emptying import empty
from cli.commands import destroy
from cli.errors import CliError
from cli.main import app
from cli.session import Aws
from cli.terminal.questions import Answers

ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/importau/1"
BUCKET = "importau-lakehouse-ana"
GONE = refused("ValidationError", "DescribeStacks", "Stack with id importau does not exist")
KEYS = ("landing/csv_exports/cambio.csv", "gold/x/X.parquet", "artifacts/importau/code.zip", "notes/mine.txt")


def described(status: str) -> dict[str, Any]:
    outputs = [{"OutputKey": "BucketName", "OutputValue": BUCKET}]
    return {"Stacks": [{"StackId": ID, "StackStatus": status, "Outputs": outputs}]}


@dataclass
class World:
    """An account with a stack and a bucket."""

    aws_cli: Answering
    s3: Any

    def runs(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["destroy", *arguments], catch_exceptions=False)

    def keys(self) -> set[str]:
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET)
        return {
            entry["Key"] for page in pages for kind in ("Versions", "DeleteMarkers") for entry in page.get(kind, ())
        }


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN", "IMPORTAU_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        session = boto3.Session("test", "test", region_name="us-east-1")
        aws = Aws(session, "importau")
        aws.s3.create_bucket(Bucket=BUCKET)
        aws.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        for key in KEYS * 2:
            aws.s3.put_object(Bucket=BUCKET, Key=key, Body=b"1")
        aws.s3.delete_object(Bucket=BUCKET, Key=KEYS[0])
        answers = {
            "sts get-caller-identity": {
                "Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/ana", "UserId": "AIDA",
            },
            "cloudformation describe-stacks": [described("CREATE_COMPLETE"), described("CREATE_COMPLETE"), GONE],
            "cloudformation list-stack-resources": {
                "StackResourceSummaries": [
                    {"LogicalResourceId": name, "ResourceType": f"AWS::{kind}", "ResourceStatus": "CREATE_COMPLETE"}
                    for name, kind in (("A", "Lambda::Function"), ("B", "Lambda::Function"), ("C", "Glue::Crawler"))
                ]
            },
            "s3api head-bucket": {"BucketRegion": "us-east-1"},
            "s3api get-bucket-tagging": {"TagSet": [{"Key": "project", "Value": "importau"}]},
            "logs describe-log-groups": {"logGroups": []},
        }  # fmt: skip
        made = World(Answering(region="us-east-1", answers=answers), aws.s3)
        monkeypatch.setattr(destroy, "account", lambda *_: made.aws_cli)
        monkeypatch.setattr(destroy, "connect", lambda *_: aws)
        yield made


def test_the_data_stays_and_only_the_deployed_code_goes(world: World) -> None:
    done = world.runs("--yes")
    assert done.exit_code == 0, done.output
    assert world.keys() == set(KEYS) - {"artifacts/importau/code.zip"}
    assert "2 Lambda::Function" in done.stderr
    assert f"the bucket {BUCKET} and all data in it stay" in done.stderr
    assert "cloudformation delete-stack" in world.aws_cli.commands()
    assert "s3api delete-bucket" not in world.aws_cli.commands()


def test_with_the_data_everything_goes_every_version_and_the_bucket(world: World) -> None:
    done = world.runs("--yes", "--delete-data")
    assert done.exit_code == 0, done.output
    assert not world.keys()
    assert world.aws_cli.option("s3api delete-bucket", "--bucket") == BUCKET


def test_a_bucket_that_was_not_made_for_the_lakehouse_keeps_what_is_not_the_lakehouses(world: World) -> None:
    world.aws_cli.answers["s3api get-bucket-tagging"] = refused("NoSuchTagSet")
    done = world.runs("--yes", "--delete-data")
    assert done.exit_code == 0, done.output
    assert world.keys() == {"notes/mine.txt"}
    assert "s3api delete-bucket" not in world.aws_cli.commands()
    assert "the bucket itself stays" in done.stderr


def test_the_bucket_that_the_stack_made_goes_although_it_has_no_tags(world: World) -> None:
    world.aws_cli.answers["s3api get-bucket-tagging"] = refused("NoSuchTagSet")
    resources = world.aws_cli.answers["cloudformation list-stack-resources"]["StackResourceSummaries"]
    resources.append(
        {"LogicalResourceId": "LakeBucket", "ResourceType": "AWS::S3::Bucket", "ResourceStatus": "CREATE_COMPLETE"}
    )
    world.runs("--yes", "--delete-data")
    assert "s3api delete-bucket" in world.aws_cli.commands()


@pytest.mark.parametrize(("options", "name"), [((), "importau"), (("--delete-data",), BUCKET)])
def test_it_asks_for_the_name_of_what_goes_and_any_other_answer_stops(
    world: World, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], name: str
) -> None:
    monkeypatch.setattr(destroy, "answers", lambda *_: Answers.ASK)
    questions: list[str] = []
    monkeypatch.setattr(destroy, "ask", lambda question: questions.append(question) or "yes")  # type: ignore[func-returns-value]
    done = world.runs(*options)
    assert (done.exit_code, "nothing was deleted" in done.stderr) == (1, True)
    assert questions == [f"Type {name} to go on"]
    assert world.keys() == set(KEYS)
    assert "cloudformation delete-stack" not in world.aws_cli.commands()

    monkeypatch.setattr(destroy, "ask", lambda _: name)
    assert world.runs(*options).exit_code == 0


def test_without_a_terminal_nothing_is_deleted(world: World) -> None:
    assert world.runs().exit_code == 2
    assert not world.aws_cli.asked


def test_the_data_of_a_stack_that_is_gone_can_go_later(world: World) -> None:
    world.aws_cli.answers["cloudformation describe-stacks"] = GONE
    assert "there is no stack importau" in world.runs("--yes").stderr
    assert world.keys() == set(KEYS)
    assert world.runs("--yes", "--delete-data").exit_code == 0
    assert not world.keys()


def test_a_stack_that_cannot_be_deleted_keeps_its_data(world: World) -> None:
    world.aws_cli.answers["cloudformation describe-stacks"] = [described("CREATE_COMPLETE"), described("DELETE_FAILED")]
    world.aws_cli.answers["cloudformation describe-stack-events"] = {"StackEvents": []}
    done = world.runs("--yes", "--delete-data")
    assert done.exit_code == 1
    assert "could not be deleted" in done.stderr
    assert world.keys() == set(KEYS)


def test_log_groups_that_were_written_to_meanwhile_go_too(world: World) -> None:
    found = ["/aws/lambda/importau-dev-gold", "/aws/lambda/importau-gold", "/aws/lambda/importau-x"]
    world.aws_cli.answers["logs describe-log-groups"] = {"logGroups": [{"logGroupName": each} for each in found]}
    world.runs("--yes")
    assert world.aws_cli.option("logs describe-log-groups", "--log-group-name-prefix") == "/aws/lambda/importau-"
    assert world.aws_cli.option("logs delete-log-group", "--log-group-name") == "/aws/lambda/importau-gold"
    assert world.aws_cli.commands().count("logs delete-log-group") == 1  # those of another stage are not its own


def test_another_bucket_than_the_stacks_is_refused(world: World) -> None:
    done = world.runs("--yes", "--delete-data", "--bucket", "another-bucket")
    assert done.exit_code == 2
    assert world.keys() == set(KEYS)


def test_more_versions_than_are_taken_at_a_time_go_with_delete_markers_and_unfinished_uploads(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emptying, "_BATCH", 10)
    world.s3.create_multipart_upload(Bucket=BUCKET, Key="gold/large")
    for _ in range(21):
        world.s3.put_object(Bucket=BUCKET, Key="gold/x/X.parquet", Body=b"2")
    world.s3.delete_object(Bucket=BUCKET, Key="gold/x/X.parquet")
    shown: list[str] = []
    assert empty(world.s3, BUCKET, "gold/", shown.append) == 24
    assert shown == [f"{count} versions deleted" for count in (10, 20, 24)]
    assert "Uploads" not in world.s3.list_multipart_uploads(Bucket=BUCKET)
    assert world.keys() == set(KEYS) - {"gold/x/X.parquet"}


def test_what_s3_does_not_delete_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(**_: Any) -> dict[str, Any]:
        return {"Errors": [{"Key": f"gold/{n}", "Code": "AccessDenied", "Message": "locked"} for n in range(8)]}

    monkeypatch.setattr(world.s3, "delete_objects", refusing)
    with pytest.raises(CliError, match="8 objects of s3://") as failure:
        empty(world.s3, BUCKET)
    assert failure.value.message.splitlines()[1:] == [*(f"  gold/{n}: locked" for n in range(5)), "  and 3 more"]
    assert failure.value.message.startswith(f"8 objects of s3://{BUCKET}/ could not be deleted:\n")
    assert failure.value.fix == "Mend the cause and try again; what is deleted stays deleted."


def test_of_five_that_are_not_deleted_all_are_named_and_a_thousand_are_taken_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def refusing(**given: Any) -> dict[str, Any]:
        asked.update(given)
        return {"Errors": [{"Key": f"gold/{n}"} for n in range(5)]}

    listing = world.s3.list_object_versions
    monkeypatch.setattr(world.s3, "delete_objects", refusing)
    monkeypatch.setattr(world.s3, "list_object_versions", lambda **given: asked.update(given) or listing(**given))
    with pytest.raises(CliError) as failure:
        empty(world.s3, BUCKET, "gold/")
    assert failure.value.message == "\n".join(
        [f"5 objects of s3://{BUCKET}/gold/ could not be deleted:", *(f"  gold/{n}: " for n in range(5))]
    )
    assert (asked["MaxKeys"], asked["Delete"]["Quiet"]) == (1000, True)


def test_an_expired_session_is_no_reason_to_think_that_anything_is_gone(world: World) -> None:
    world.aws_cli.answers["cloudformation describe-stacks"] = refused("ExpiredToken", "DescribeStacks")
    done = world.runs("--yes", "--delete-data")
    assert (done.exit_code, done.stderr.splitlines()[0]) == (1, "error: the AWS session has expired")
    with pytest.raises(ClientError):
        world.s3.head_object(Bucket=BUCKET, Key="never")
    assert world.keys() == set(KEYS)
