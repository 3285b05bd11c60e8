"""A deployed lakehouse: the embedded AWS, `sam build`, `sam deploy`."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from cli.building import sam
from cli.embedded.endpoint import ACCOUNT, REGION, Endpoint
from cli.embedded.server import EmbeddedAws


@dataclass(frozen=True)
class Deployment:
    """A deployed lakehouse.

    Attributes
    ----------
    endpoint : Endpoint
        ``endpoint.process_environment()`` is what a child process needs to reach it.
    build : Path
        What `sam build` made.
    outputs : dict of str to str
        The stack's outputs.
    """

    endpoint: Endpoint
    build: Path
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def bucket(self) -> str:
        return self.outputs["BucketName"]

    def client(self, service: str) -> Any:
        session = boto3.session.Session(ACCOUNT, "test", region_name=REGION)
        return session.client(service, endpoint_url=self.endpoint.url)

    def run(self, machine: str, patience: float = 120, **execution_input: Any) -> dict[str, Any]:
        """Run ``StateMachine_DAG_<machine>`` to its end; return its description, `output` parsed where there is one.

        Parameters
        ----------
        machine : str
        patience : float
            How many seconds to wait for the end.
        execution_input : dict
            Its input.
        """
        states = self.client("stepfunctions")
        arn = self.outputs[f"StateMachine{machine.title().replace('_', '')}Arn"]
        execution = states.start_execution(stateMachineArn=arn, input=json.dumps(execution_input))["executionArn"]
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            described: dict[str, Any] = states.describe_execution(executionArn=execution)
            if described["status"] != "RUNNING":
                return described | ({"output": json.loads(described["output"])} if "output" in described else {})
            time.sleep(0.1)
        raise AssertionError(f"{machine} did not end within {patience} s")


@contextmanager
def deployed(home: Path, bucket: str) -> Iterator[Deployment]:
    """Start an embedded AWS in a folder and deploy to it; nothing is uploaded yet."""
    build = home / "sam/build"
    with EmbeddedAws(home / "aws") as endpoint:
        sam.build(endpoint, build)
        sam.deploy({"BucketName": bucket}, endpoint, build)
        stack = Deployment(endpoint, build).client("cloudformation").describe_stacks(StackName="importau")["Stacks"][0]
        yield Deployment(endpoint, build, {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]})
