"""What a command says when AWS says no."""

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    ReadTimeoutError,
    UnauthorizedSSOTokenError,
)

from cli.errors import explain


def refusal(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "message", "fix"),
    [
        (NoCredentialsError(), "no AWS credentials were found", "--local"),
        (NoRegionError(), "no AWS region is set", "--region"),
        (ProfileNotFound(profile="x"), "The config profile (x) could not be found", "list-profiles"),
        (UnauthorizedSSOTokenError(), "not valid any more", "aws sso login"),
        (EndpointConnectionError(endpoint_url="http://a"), "AWS does not answer", "AWS_ENDPOINT_URL"),
        (ReadTimeoutError(endpoint_url="http://a"), "AWS does not answer", "network"),
        (BotoCoreError(), "AWS: An unspecified error occurred", ""),
        (refusal("ExpiredToken"), "the AWS session has expired", "aws sso login"),
        (refusal("ExpiredTokenException"), "the AWS session has expired", "aws sso login"),
        (refusal("InvalidClientTokenId"), "does not accept these credentials", "aws configure"),
        (refusal("AccessDenied", "not you"), "AWS refused DescribeStacks: not you", "importau check"),
        (refusal("Strange", "why"), "AWS refused DescribeStacks (Strange): why", ""),
        (refusal("404"), "AWS refused DescribeStacks (404): 404", ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_an_aws_error_is_one_line_and_its_fix(error: BotoCoreError | ClientError, message: str, fix: str) -> None:
    explained = explain(error)
    assert message in explained.message
    assert "\n" not in explained.message
    assert fix in explained.fix
    assert bool(explained.fix) == bool(fix)
    assert explained.exit_code == 1
