"""Telling lineage how a run ended: nobody who may run a pipeline and not look at it is stopped by that."""

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from cli.running.machines import MACHINES
from cli.running.telling import tell

ARN = "arn:aws:states:us-east-1:123456789012:execution:StateMachine_DAG_pipeline:r1"


class Account:
    """An account whose Step Functions refuses to describe executions, and whose bucket nobody asks."""

    stage, bucket, s3 = "", "lake", None

    def __init__(self, code: str) -> None:
        self.states = boto3.client("stepfunctions", region_name="us-east-1")
        self._stubber = Stubber(self.states)
        for _ in MACHINES:
            self._stubber.add_client_error("describe_execution", code)
        self._stubber.activate()


def test_who_may_not_see_how_a_run_ended_leaves_it_to_governance() -> None:
    tell(Account("AccessDeniedException"), ARN)  # type: ignore[arg-type]


def test_another_error_is_not_taken_for_a_refusal() -> None:
    with pytest.raises(ClientError, match="InternalError"):
        tell(Account("InternalError"), ARN)  # type: ignore[arg-type]


def test_an_execution_that_there_is_not_has_nothing_to_tell() -> None:
    tell(Account("ExecutionDoesNotExist"), ARN)  # type: ignore[arg-type]
