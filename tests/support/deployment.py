"""A deployed lakehouse: the embedded AWS, `sam build`, `sam deploy`."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from cli import sam
from cli.embedded import ACCOUNT, REGION, EmbeddedAws, Endpoint


@dataclass(frozen=True)
class OfAccount(Endpoint):
    """The embedded AWS as another account of it sees it: there, the access key is the account."""

    account: str = ACCOUNT

    def environment(self) -> dict[str, str]:
        """Return what `Endpoint` does, for this account."""
        return super().environment() | {"AWS_ACCESS_KEY_ID": self.account}

    def client(self, service: str) -> Any:
        """Return a boto3 client of this account."""
        session = boto3.session.Session(self.account, "test", region_name=REGION)
        return session.client(service, endpoint_url=self.url)

    def make_bucket(self, name: str) -> None:
        """Make a bucket of this account's."""
        self.client("s3").create_bucket(Bucket=name)


@dataclass(frozen=True)
class Deployment:
    """A deployed lakehouse.

    Attributes
    ----------
    endpoint : OfAccount
        ``endpoint.process_environment()`` is what a child process needs to reach it.
    build : Path
        What `sam build` made.
    outputs : dict of str to str
        The stack's outputs.
    """

    endpoint: OfAccount
    build: Path
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def bucket(self) -> str:
        return self.outputs["BucketName"]

    def client(self, service: str) -> Any:
        return self.endpoint.client(service)

    def run(self, machine: str, patience: float = 120, **given: Any) -> dict[str, Any]:
        """Run ``StateMachine_DAG_<machine>`` to its end; return its description, `output` parsed where there is one.

        Parameters
        ----------
        machine : str
        patience : float
            Seconds until it is too late.
        given : dict
            The execution's input.
        """
        states = self.client("stepfunctions")
        arn = self.outputs[f"StateMachine{machine.title().replace('_', '')}Arn"]
        execution = states.start_execution(stateMachineArn=arn, input=json.dumps(given))["executionArn"]
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            described: dict[str, Any] = states.describe_execution(executionArn=execution)
            if described["status"] != "RUNNING":
                return described | ({"output": json.loads(described["output"])} if "output" in described else {})
            time.sleep(0.1)
        raise AssertionError(f"{machine} did not end within {patience} s")


@contextmanager
def deployed(home: Path, bucket: str, account: str = ACCOUNT) -> Iterator[Deployment]:
    """Start an embedded AWS in a folder and deploy to an account of it; nothing is uploaded yet."""
    build = home / "sam/build"
    with EmbeddedAws(home / "aws") as server:
        endpoint = OfAccount(server.port, server.pid, account)
        sam.build(endpoint, build)
        sam.deploy({"BucketName": bucket}, endpoint, build)
        stack = Deployment(endpoint, build).client("cloudformation").describe_stacks(StackName="importau")["Stacks"][0]
        yield Deployment(endpoint, build, {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]})
