"""A second interpreter of the states language: moto's, in this process, with the stand-ins for the Lambdas in it.

It came out of LocalStack's, and was written by other people than the embedded AWS's. What it lacks is put in here:
Lambdas without Docker, and the names of the fields of Step Functions' own API, which a definition writes with a capital
letter. It does not list objects for a Distributed Map (``ItemReader``), so it runs what is in one part.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import boto3
import pytest
from machine_account import Account, with_machines
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)
from stand_ins import BUCKET, create_all

_ENVIRONMENT: Final = {
    "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
}  # fmt: skip


class _Lambdas:
    """Lambdas as functions of this process, by their ARN."""

    def __init__(self) -> None:
        self._handlers: dict[str, Callable[..., Any]] = {}

    def create_function(self, **given: Any) -> dict[str, str]:
        """Make a function as Lambda's API does."""
        with zipfile.ZipFile(io.BytesIO(given["Code"]["ZipFile"])) as archive:
            source = archive.read("app.py")
        module: dict[str, Any] = {"__name__": given["FunctionName"]}
        exec(source, module)
        arn = f"arn:aws:lambda:us-east-1:123456789012:function:{given['FunctionName']}"
        self._handlers[arn] = module["handler"]
        return {"FunctionArn": arn}

    def invoke(self, parameters: Mapping[str, Any], region: str, state_credentials: Any) -> dict[str, Any]:
        """Answer as Lambda does, an exception as it tells of one."""
        try:
            answer = self._handlers[parameters["FunctionName"]](json.loads(parameters["Payload"]), None)
        except Exception as error:  # noqa: BLE001 - whatever it is, Lambda tells of it
            said = {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": []}
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": said}
        return {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": json.loads(json.dumps(answer))}


def _rename(service: Any, fields: dict[str, Any], first: Callable[[str], str]) -> None:
    if isinstance(service, StateTaskServiceSfn):
        for name in list(fields):
            fields[first(name[0]) + name[1:]] = fields.pop(name)


def _asked(service: Any, parameters: dict[str, Any], **_: Any) -> None:
    _rename(service, parameters, str.lower)


def _answered(service: Any, response: dict[str, Any], **_: Any) -> None:
    _rename(service, response, str.upper)


@contextmanager
def second_account() -> Iterator[Account]:
    """Yield an account whose executions moto interprets."""
    lambdas = _Lambdas()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _ENVIRONMENT.items():
            patch.setenv(name, value)
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        patch.setattr(lambda_eval_utils, "_invoke_lambda_function", lambdas.invoke)
        patch.setattr(StateTaskService, "_normalise_parameters", _asked)
        patch.setattr(StateTaskService, "_normalise_response", _answered)
        with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
            s3, states = boto3.client("s3"), boto3.client("stepfunctions")
            s3.create_bucket(Bucket=BUCKET)
            yield Account(s3, states, with_machines(states, create_all(lambdas)))
