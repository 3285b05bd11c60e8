"""`sam local invoke` as docs/operating.md has it, where a Docker engine can be had."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deployment import Deployment
from lambda_layers import ROOT
from runtime_emulator import Answer

from cli.embedded.containers import bridge, hand_over
from cli.embedded.docker_bridge import listen
from cli.embedded.server import EmbeddedAws
from cli.errors import CliError

_SAM: Final = ROOT / ".venv-sam/bin/sam"
_PARAMETERS: Final = ("LayerSource=bundled", "ExecutionRoleArn=arn:aws:iam::000000000000:role/importau-local")
# The default of template.yaml first; where it is neither present nor can be pulled, an older one that is present.
_PYTHONS: Final = ("3.13", "3.12", "3.11")


class NoContainersError(Exception):
    """Containers of the Lambda runtime cannot run here; the message says why."""


@dataclass(frozen=True)
class Containers:
    """A Docker engine with an image of the Lambda runtime, and the functions built for it.

    Attributes
    ----------
    python : str
        The image's Python.
    build : Path
        What `sam build --config-env docker` made.
    variables : Path
        What `importau local up --docker` hands over to a function in a container.
    """

    python: str
    build: Path
    variables: Path

    def invoke(self, function: str, event: Path, template: Path | None = None) -> tuple[Answer, str]:
        """Run `sam local invoke`, with no account and no AWS to be found in the environment.

        Parameters
        ----------
        function : str
            Its logical name.
        event : Path
        template : Path, optional
            The template that has it; the lakehouse's by default.

        Returns
        -------
        tuple
            The function's answer, and what function and SAM CLI wrote.
        """
        where = ["--template", str(template or self.build / "template.yaml"), "--env-vars", str(self.variables)]
        process = _sam("local", "invoke", function, f"--event={event}", *where, "--skip-pull-image", *self._overrides)
        last = process.stdout.strip().splitlines()[-1:] or [""]
        try:
            payload = json.loads(last[0])
        except json.JSONDecodeError:
            payload = {"errorType": "Container", "errorMessage": process.stdout[-500:] + process.stderr[-500:]}
        return Answer(payload, _billed_seconds(process.stderr)), process.stderr

    @property
    def _overrides(self) -> tuple[str, ...]:
        return _overrides(self.python)


@contextmanager
def containers(deployment: Deployment, home: Path) -> Iterator[Containers]:
    """Build the functions for containers, and have an embedded AWS answer them.

    Raises
    ------
    NoContainersError
    """
    try:
        address = bridge()
    except CliError as error:
        raise NoContainersError(error.message) from error
    python = _python_of_an_image()
    build = home / "sam/docker"
    where = ("--build-dir", str(build), "--cache-dir", str(home / "sam/cache"))
    # The image may be of another Linux than Lambda's Python 3.11: its wheels are not what is tested here.
    glibc = {"IMPORTAU_LAYER_GLIBC": "2.28"} if python == "3.11" else {}
    built = _sam("build", "--config-env", "docker", *where, *_overrides(python), variables=glibc)
    assert built.returncode == 0, built.stderr
    endpoint = deployment.endpoint
    variables = hand_over(EmbeddedAws(home / "aws"), endpoint, deployment.bucket)
    listener = listen(address, endpoint.port, endpoint.port) if address else None
    try:
        yield Containers(python, build, variables)
    finally:
        if listener is not None:
            listener.close()


def _overrides(python: str) -> tuple[str, ...]:
    """Return what a person need not type: nothing but another Python than the default one."""
    return () if python == _PYTHONS[0] else ("--parameter-overrides", f"PythonVersion={python}", *_PARAMETERS)


def _python_of_an_image() -> str:
    images = {python: f"public.ecr.aws/lambda/python:{python}-x86_64" for python in _PYTHONS}
    if not _docker("image", "inspect", images[_PYTHONS[0]]) and not _docker("pull", "--quiet", images[_PYTHONS[0]]):
        for python in _PYTHONS[1:]:
            if _docker("image", "inspect", images[python]):
                return python
        raise NoContainersError(f"{images[_PYTHONS[0]]} is not there and cannot be pulled")
    return _PYTHONS[0]


def _docker(*arguments: str) -> bool:
    return subprocess.run(["docker", *arguments], capture_output=True, timeout=300, check=False).returncode == 0


def _sam(*arguments: str, variables: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
    return subprocess.run(
        [str(_SAM), *arguments, "--config-file", str(ROOT / "samconfig.toml")],
        cwd=ROOT,
        env=environment
        | {"SAM_CLI_TELEMETRY": "0", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        | {"AWS_EC2_METADATA_DISABLED": "true", "PATH": f"{_SAM.parent}{os.pathsep}{environment['PATH']}"}
        | dict(variables or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def _billed_seconds(log: str) -> float:
    reported = re.search(r"\tDuration: ([\d.]+) ms", log)
    return float(reported[1]) / 1000 if reported else 0.0
