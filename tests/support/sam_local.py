"""`sam local invoke`: a function in the container of the real Lambda runtime, where a Docker engine can be had."""

import json
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from deployment import Deployment
from lambda_filesystem import LambdaFilesystem
from lambda_layers import ROOT
from runtime_emulator import Answer

_SAM: Final = ROOT / ".venv-sam/bin/sam"
_BASE: Final = "public.ecr.aws/lambda/python:3.11-x86_64"
_IMAGE: Final = "importau-parity"


class NoContainersError(Exception):
    """No container of the Lambda runtime can be run here; the message says why."""


@dataclass(frozen=True)
class Containers:
    """A Docker engine with an image of the Lambda runtime and of all layers.

    Attributes
    ----------
    image : str
    """

    image: str

    def invoke(
        self, deployment: Deployment, template: Path, function: str, event: Path | None = None, *more: str
    ) -> tuple[Answer, str]:
        """Run `sam local invoke` and return the function's answer, and what function and SAM CLI wrote.

        Parameters
        ----------
        deployment : Deployment
            Whose AWS the function is to use.
        template : Path
            The template that has it.
        function : str
            Its logical name.
        event : Path, optional
        *more : str
            Further options of the command.
        """
        parameters = {
            "LayerSource": "local",
            "ExistingBucket": deployment.bucket,
            "ExecutionRoleArn": "arn:aws:iam::000000000000:role/importau-local",
        }
        ran = subprocess.run(
            [
                *(str(_SAM), "local", "invoke", function, "--template", str(template), "--skip-pull-image"),
                *("--invoke-image", self.image, "--no-event" if event is None else f"--event={event}"),
                *("--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())),
                *more,
            ],
            cwd=template.parent,
            env=deployment.endpoint.process_environment() | {"SAM_CLI_TELEMETRY": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        last = ran.stdout.strip().splitlines()[-1:] or [""]
        try:
            payload = json.loads(last[0])
        except json.JSONDecodeError:
            payload = {"errorType": "Container", "errorMessage": ran.stdout[-500:]}
        return Answer(payload, _billed_seconds(ran.stderr)), ran.stderr


@contextmanager
def containers(filesystem: LambdaFilesystem, deployment: Deployment, home: Path) -> Iterator[Containers]:
    """Make an image that holds a Lambda's file system and reaches the embedded AWS.

    Raises
    ------
    NoContainersError
    """
    if sys.platform != "linux":
        raise NoContainersError("a container reaches this machine's loopback interface on Linux only")
    gateway = _docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}").strip()
    with _forwarded(gateway, deployment.endpoint.port) as port:
        layers = f"{_IMAGE}-layers:{_fingerprint(filesystem)}"
        if not _has(layers):
            context = home / "image"
            shutil.copytree(filesystem.root / "opt", context / "opt")
            (context / "Dockerfile").write_text(f"FROM {_BASE}\nCOPY opt /opt\n")
            _docker("build", "--quiet", "--tag", layers, str(context))
            shutil.rmtree(context)
        image = f"{_IMAGE}:{port}"
        context = home / "endpoint"
        context.mkdir()
        (context / "Dockerfile").write_text(f"FROM {layers}\nENV AWS_ENDPOINT_URL=http://{gateway}:{port}\n")
        _docker("build", "--quiet", "--tag", image, str(context))
        try:
            yield Containers(image)
        finally:
            _docker("image", "rm", "--force", image)


def _docker(*arguments: str) -> str:
    try:
        ran = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=300, check=False)
    except FileNotFoundError as error:
        raise NoContainersError("there is no `docker`") from error
    if ran.returncode:
        said = (ran.stderr.strip().splitlines() or [f"exit code {ran.returncode}"])[-1]
        raise NoContainersError(f"`docker {arguments[0]}`: {said}")
    return ran.stdout


def _has(image: str) -> bool:
    with suppress(NoContainersError):
        return bool(_docker("image", "inspect", "--format", "{{.Id}}", image))
    return False


def _fingerprint(filesystem: LambdaFilesystem) -> str:
    """Return what tells one set of layers from another: the packages' versions, and what is taken from them."""
    names = sorted(str(entry.relative_to(filesystem.opt)) for entry in filesystem.opt.glob("*"))
    names += sorted(entry.name for entry in (filesystem.opt / "pyarrow").iterdir())
    return sha256("\n".join(names).encode()).hexdigest()[:16]


def _billed_seconds(said: str) -> float:
    reported = re.search(r"\tDuration: ([\d.]+) ms", said)
    return float(reported[1]) / 1000 if reported else 0.0


@contextmanager
def _forwarded(address: str, port: int) -> Iterator[int]:
    """Pass connections to an address of this machine on to its loopback interface; yield the port they come in at."""
    try:
        listener = socket.create_server((address, 0))
    except OSError as error:
        raise NoContainersError(f"Docker's bridge {address} is not this machine's: {error.strerror}") from error

    def pump(source: socket.socket, target: socket.socket) -> None:
        target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else every small request waits for 40 ms
        with suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                inner, _ = listener.accept()
                outer = socket.create_connection(("127.0.0.1", port))
                for pair in ((inner, outer), (outer, inner)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
