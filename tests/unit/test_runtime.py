"""What handlers share: settings and runs that cannot be meant are refused, and traces made where they are asked for."""

from types import SimpleNamespace
from typing import Any

import aws_lambda_powertools
import pytest

from lakehouse import runtime
from lakehouse.clients import forget
from lakehouse.errors import InputError, LakehouseError
from lakehouse.lake.s3 import Lake
from lakehouse.runtime import Settings, arn_of, instrumented, run_id_of

CONTEXT = SimpleNamespace(
    function_name="f", memory_limit_in_mb=128, aws_request_id="1", invoked_function_arn="arn:aws:lambda:x:1:function:f"
)


def test_the_bucket_is_that_of_the_environment(monkeypatch):
    monkeypatch.setenv("LAKE_BUCKET", "lake")
    assert Settings.from_environment() == Settings("lake")


@pytest.mark.parametrize("value", [None, ""])
def test_an_environment_without_a_bucket_is_refused_by_the_variables_name(monkeypatch, value):
    monkeypatch.delenv("LAKE_BUCKET", raising=False)
    if value is not None:
        monkeypatch.setenv("LAKE_BUCKET", value)
    with pytest.raises(LakehouseError) as failure:
        Settings.from_environment()
    assert str(failure.value) == (
        "the environment variable LAKE_BUCKET is not set; template.yaml sets it to the lake's bucket"
    )


@pytest.mark.parametrize("run_id", ["r", "a" * 80, "2024-11-01T10.00_x-Z9"])
def test_a_run_may_be_part_of_a_key(run_id):
    assert run_id_of({"run_id": run_id}) == run_id


@pytest.mark.parametrize("run_id", [None, 7, "", "a" * 81, "a/b", "a b", "ação", "a\n", "a%2F", ".", ".."])
def test_a_run_that_may_not_be_part_of_a_key_is_refused(run_id):
    with pytest.raises(InputError) as failure:
        run_id_of({"run_id": run_id})
    said = f"run_id is {run_id!r}; use 1 to 80 letters, digits, dots, hyphens or underscores, and not dots alone"
    assert failure.value.problems == (said,)


@pytest.mark.parametrize("origin", ["x", 7, [], {"execution": 7}, {"state": None}])
def test_an_origin_that_no_state_machine_says_is_refused(origin):
    handler = instrumented(lambda event, _: event)
    with pytest.raises(InputError, match="origin is not an object of texts"):
        handler({"run_id": "r1", "origin": origin}, CONTEXT)


def test_a_handler_is_traced_with_its_run_where_the_environment_says_so(monkeypatch):
    noted = []

    class Tracer:
        def __init__(self, **given):
            noted.append(given)

        def put_annotation(self, name, value):
            noted.append((name, value))

        def capture_lambda_handler(self, handler, **given):
            noted.append(given)
            return handler

    monkeypatch.setattr(aws_lambda_powertools, "Tracer", Tracer)
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "false")
    handler = instrumented(lambda event, _: {"is": event["run_id"]})
    assert handler({"run_id": "r1"}, CONTEXT) == {"is": "r1"}
    service = {"service": runtime.logger.service, "patch_modules": ("botocore",)}
    assert noted == [service, {"capture_response": False}, ("run_id", "r1")]


@pytest.mark.parametrize("value", [None, "true", "1"])
def test_elsewhere_the_tracer_is_not_even_loaded(monkeypatch, value):
    monkeypatch.delattr(aws_lambda_powertools, "Tracer", raising=False)
    monkeypatch.delenv("POWERTOOLS_TRACE_DISABLED", raising=False)
    if value:
        monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", value)
    assert instrumented(lambda event, _: event)({"run_id": "r1"}, CONTEXT) == {"run_id": "r1"}


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


def presigned() -> str:
    forget()  # the environment is another one
    url: str = Lake("lake").client.generate_presigned_url("get_object", {"Bucket": "lake", "Key": "k"})
    return url.partition("?")[0]


def test_a_bucket_is_named_in_the_path_where_its_name_would_make_a_host_that_nobody_knows(
    context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert presigned() == "https://lake.s3.amazonaws.com/k"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://host.docker.internal:1")
    assert presigned() == "http://host.docker.internal:1/lake/k"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")  # as SAM hands over what nobody gave a value
    assert presigned() == "https://lake.s3.amazonaws.com/k"
