"""A deployed lakehouse: the embedded AWS, `sam build`, `sam deploy`."""

import fcntl
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import stages
import strangers

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
    home : Path
        The folder in which the embedded AWS has its own.
    build : Path
        What `sam build` made, which other deployments of the same run of tests use, too.
    outputs : dict of str to str
        The stack's outputs.
    """

    endpoint: Endpoint
    home: Path
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
def deployed(home: Path, bucket: str, **parameters: str) -> Iterator[Deployment]:
    """Start an embedded AWS in a folder and deploy to it, with parameters; nothing is uploaded yet.

    Another team is in the account, too, and in the end is as it was in the beginning.
    """
    with EmbeddedAws(home / "aws") as endpoint:
        build = _built(home, endpoint)
        client = Deployment(endpoint, home, build).client
        strangers.settle(client)
        before = strangers.seen(client)
        sam.deploy({"BucketName": bucket} | parameters, endpoint, build)
        stack = (
            Deployment(endpoint, home, build)
            .client("cloudformation")
            .describe_stacks(StackName="importau")["Stacks"][0]
        )
        made = Deployment(
            endpoint, home, build, {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        )
        with stages.neighbour(made, bucket):
            yield made
        assert strangers.seen(client) == before, "something of another team's was touched"


def _built(home: Path, endpoint: Endpoint) -> Path:
    """Return what `sam build` makes of this checkout: once for all workers of a run of tests."""
    # pytest's own folder of the run, in which each worker has one.
    shared = next((each for each in home.parents if re.fullmatch(r"pytest-\d+", each.name)), home) / "sam"
    shared.mkdir(parents=True, exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "done").exists():
            sam.build(endpoint, shared / "build")
            (shared / "done").touch()
    return shared / "build"
