"""What the AWS CLI says when it got no answer becomes the error that boto3 would have raised; and how it is called."""

import json

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    SSLError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from cli.account.aws_cli import AwsCli, _error, answer_in
from cli.embedded.endpoint import REGION, Endpoint
from cli.errors import CliError


@pytest.mark.parametrize(
    ("said", "more", "kind"),
    [
        ("Unable to locate credentials", ". You can configure ...", NoCredentialsError),
        ("Partial credentials found in env, missing: KEY", "", PartialCredentialsError),
        ("The config profile (a (b)) could not be found", "", ProfileNotFound),
        ("You must specify a region.", " You can also ...", NoRegionError),
        ("Error loading SSO Token: Token for x does not exist", "", SSOTokenLoadError),
        ("The SSO session associated with this profile has expired", " or ...", UnauthorizedSSOTokenError),
        ("Error when retrieving token from sso: it has expired", "", TokenRetrievalError),
        ("SSL validation failed for https://x/ bad certificate", "", SSLError),
        ('Failed to connect to proxy URL: "http://proxy:1/"', "", ProxyConnectionError),
        ('Could not connect to the endpoint URL: "http://x/?a=1"', "", EndpointConnectionError),
    ],
)
def test_each_way_to_get_no_answer_has_its_error_that_says_the_same(
    said: str, more: str, kind: type[Exception]
) -> None:
    error = _error(("glue", "get-databases"), f"\n{said}{more}\n")
    assert type(error) is kind
    assert str(error).startswith(said)


def test_a_refusal_has_its_code_its_operation_and_its_whole_message() -> None:
    said = (
        "\nAn error occurred (AccessDenied) when calling the GetTable operation (reached max retries: 2): "
        "User: arn:x is not\n authorized\n"
    )
    error = _error(("glue", "get-table"), said)
    assert isinstance(error, ClientError)
    assert error.response["Error"] == {"Code": "AccessDenied", "Message": "User: arn:x is not\n authorized"}
    assert error.operation_name == "GetTable"
    assert answer_in("all is well") is None


@pytest.mark.parametrize(
    ("said", "words"),
    [("usage: aws\n\naws: error: no --key\n \n", "aws: error: no --key"), ("\n \n", "it said nothing")],
)
def test_what_is_none_of_these_is_told_by_its_last_line(said: str, words: str) -> None:
    error = _error(("s3api", "put-object", "--bucket", "secret"), said)
    assert isinstance(error, CliError)
    assert error.message == f"`aws s3api put-object` failed: {words}"


class _Process:
    """An AWS CLI that answers everything, and keeps what it was asked."""

    def __init__(self, *answers: object) -> None:
        self.asked: list[list[str]] = []
        self.answers = [json.dumps(answer) + "\n" for answer in answers]
        self.stdin = self.stdout = self

    def write(self, line: str) -> None:
        assert line.endswith("\n")
        self.asked.append(json.loads(line))

    def flush(self) -> None:
        pass

    def readline(self) -> str:
        return self.answers.pop(0) if self.answers else ""


def answering(*answers: object, **given: object) -> tuple[AwsCli, _Process]:
    aws_cli, process = AwsCli(**given), _Process(*answers)  # type: ignore[arg-type]
    aws_cli.__dict__["_process"] = process
    return aws_cli, process


def test_a_command_goes_where_it_was_told_to_and_does_not_wait_for_long() -> None:
    patience = ["--cli-connect-timeout", "10", "--cli-read-timeout", "60"]
    aws_cli, process = answering([0, '{"a": 1}', ""], [0, " \n", ""], profile="lab", region="sa-east-1")
    assert aws_cli.run("sts", "get-caller-identity") == {"a": 1}
    assert aws_cli.run("sts", "x") is None
    where = ["--region", "sa-east-1", "--profile", "lab"]
    assert process.asked == [["sts", "get-caller-identity", *where, *patience], ["sts", "x", *where, *patience]]
    assert answering()[0].command("sts", "x y") == "aws sts 'x y'"
    local = AwsCli(endpoint=Endpoint(4566, 1))
    assert local.command("sts") == f"aws sts --region {REGION} --endpoint-url {Endpoint(4566, 1).url}"


def test_commands_are_shown_only_where_that_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    answering([0, "", ""])[0].run("sts", "x")
    assert capsys.readouterr().err == ""
    answering([0, "", ""], show_commands=True)[0].run("sts", "x")
    assert capsys.readouterr().err == "$ aws sts x\n"


def test_a_command_that_is_never_answered_is_named_without_its_arguments() -> None:
    with pytest.raises(CliError) as failure:
        answering()[0].run("s3api", "put-object", "--body", "x")
    assert failure.value.message == "the AWS CLI ended while it ran `aws s3api put-object`"


def test_its_environment_is_that_of_the_shell_with_answers_in_json_and_few_retries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "lab")
    monkeypatch.setenv("AWS_DEFAULT_OUTPUT", "table")
    fixed = {
        "AWS_DEFAULT_OUTPUT": "json", "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "3", "AWS_RETRY_MODE": "standard",
        "PYTHONUTF8": "1",
    }  # fmt: skip
    assert AwsCli().environment.items() >= (fixed | {"AWS_PROFILE": "lab"}).items()
    local = AwsCli(endpoint=Endpoint(4566, 1)).environment
    assert local.items() >= fixed.items()
    assert local.get("AWS_PROFILE") != "lab"


def test_the_region_is_asked_of_the_profile_and_the_environment_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    aws_cli, process = answering([0, "us-west-2\n", ""], profile="lab")
    assert aws_cli.region_in_use == "us-west-2"
    assert process.asked == [["configure", "get", "region", "--profile", "lab"]]
    aws_cli, process = answering([1, "\n", ""])
    with pytest.raises(NoRegionError):
        _ = aws_cli.region_in_use
    assert process.asked == [["configure", "get", "region"]]
    assert AwsCli(endpoint=Endpoint(4566, 1), region="sa-east-1").region_in_use == REGION


def test_the_version_is_the_number_alone() -> None:
    assert answering([0, "aws-cli/1.46.3 Python/3.11 Linux\n", ""])[0].version == "1.46.3"
