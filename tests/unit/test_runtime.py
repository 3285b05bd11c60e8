"""Where a function believes it is: on AWS as it is told, in the container of SAM as the template says."""

from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse.runtime import arn_of
from lakehouse.s3 import Lake

ARN = "arn:aws-cn:lambda:cn-north-1:012345678912:function:importau-gold"


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in {
        "AWS_REGION": "sa-east-1",
        "LAKE_ACCOUNT": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "s",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_SAM_LOCAL", "AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return SimpleNamespace(invoked_function_arn=ARN)


def test_on_aws_the_arn_is_what_it_is(context: Any) -> None:
    assert arn_of(context) == ARN


def test_in_sams_container_region_and_account_are_those_of_the_environment(
    context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SAM_LOCAL", "true")
    assert arn_of(context) == "arn:aws-cn:lambda:sa-east-1:000000000000:function:importau-gold"


def presigned(lake: Lake) -> str:
    url: str = lake.client.generate_presigned_url("get_object", {"Bucket": "lake", "Key": "k"})
    return url.partition("?")[0]


def test_a_bucket_is_named_in_the_path_where_its_name_would_make_a_host_that_nobody_knows(
    context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert presigned(Lake("lake")) == "https://lake.s3.amazonaws.com/k"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://host.docker.internal:1")
    assert presigned(Lake("lake")) == "http://host.docker.internal:1/lake/k"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")  # as SAM hands over what nobody gave a value
    assert presigned(Lake("lake")) == "https://lake.s3.amazonaws.com/k"
