"""The official Lambda runtime interface emulator, without Docker: a function served as the Lambda service would.

The emulator is the program that AWS puts into its base images; aws-sam-cli ships it. It gives the function its events
through the Lambda runtime API and enforces the timeout. What a container would add, a file system of its own and a
memory limit, comes from `lambda_filesystem` and `lambda_bootstrap`.
"""

import json
import os
import platform
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lambda_filesystem import LambdaFilesystem
from lambda_layers import ROOT

_MACHINE: Final = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
_INVOKE: Final = "/2015-03-31/functions/function/invocations"
_HTTP: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_START_SECONDS: Final = 20


@dataclass(frozen=True)
class Answer:
    """The result of one invocation.

    Attributes
    ----------
    payload : Any
        The function's result, or Lambda's description of its error.
    seconds : float
        With the function's initialisation, if this was the first.
    peak_bytes : int
        The most memory the function's process has had so far; 0 when it is gone.
    """

    payload: Any
    seconds: float
    peak_bytes: int = 0

    @property
    def failed(self) -> bool:
        return isinstance(self.payload, dict) and "errorType" in self.payload


class Served:
    """A function that the emulator serves."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
        self._process, self._url, self._log = process, f"http://127.0.0.1:{port}{_INVOKE}", log

    @property
    def log(self) -> str:
        """What function and emulator have written."""
        return self._log.read_text("utf-8", errors="replace")

    def invoke(self, event: Mapping[str, Any]) -> Answer:
        """Invoke it synchronously."""
        began = time.monotonic()
        request = urllib.request.Request(self._url, json.dumps(event).encode(), method="POST")
        while True:
            try:
                with _HTTP.open(request, timeout=900) as response:
                    text = response.read()
                break
            except urllib.error.HTTPError as error:
                text = error.read()
                break
            except urllib.error.URLError:  # it does not listen yet
                assert self._process.poll() is None, self.log
                assert time.monotonic() < began + _START_SECONDS, self.log
                time.sleep(0.02)
        return Answer(_parsed(text), time.monotonic() - began, self._peak())

    def _peak(self) -> int:
        """Return the high-water mark of the resident memory of the emulator's one child."""
        emulator = self._process.pid
        for status in Path("/proc").glob("[0-9]*/status"):
            with suppress(FileNotFoundError, ProcessLookupError):
                status_fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
                if int(status_fields["PPid"]) == emulator and "VmHWM" in status_fields:
                    return int(status_fields["VmHWM"].split()[0]) * 1024
        return 0


def program() -> Path | None:
    """Return the emulator for this machine, or None where there is none: it is a Linux program."""
    programs = list(ROOT.glob(f".venv-sam/lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-{_MACHINE}"))
    return programs[0] if programs and sys.platform == "linux" else None


@contextmanager
def served(
    filesystem: LambdaFilesystem,
    configuration: Mapping[str, Any],
    environment: Mapping[str, str],
    log: Path,
    start: Sequence[str] = ("lambda_bootstrap.py",),
) -> Iterator[Served]:
    """Serve a function for the length of a block.

    Parameters
    ----------
    filesystem : LambdaFilesystem
    configuration : mapping
        As `GetFunctionConfiguration` returns it: name, handler, memory, timeout, variables.
    environment : mapping of str to str
        Where the function's AWS is, and its credentials there.
    log : Path
        The file that gets what it writes.
    start : sequence of str
        The program, in the runtime's folder, that starts the function; options of the interpreter before it.
    """
    emulator = program()
    assert emulator is not None
    port, runtime_port = _free_port(), _free_port()
    command = [
        *(str(emulator), "--log-level", "warn"),
        *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
        *("--runtime-api-address", f"127.0.0.1:{runtime_port}"),
        *(sys.executable, "-I", "-S", *start[:-1], str(filesystem.runtime / start[-1]), configuration["Handler"]),
    ]
    variables = {
        **configuration.get("Environment", {}).get("Variables", {}),
        **environment,
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        # As the SAM CLI says, whose emulator it is: the ARN that it gives a function has a made-up account.
        "AWS_SAM_LOCAL": "true",
        "LAMBDA_TASK_ROOT": str(filesystem.task),
        "LAMBDA_RUNTIME_DIR": str(filesystem.runtime),
        "AWS_LAMBDA_FUNCTION_NAME": configuration["FunctionName"],
        "AWS_LAMBDA_FUNCTION_HANDLER": configuration["Handler"],
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration["MemorySize"]),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(configuration["Timeout"]),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=variables, cwd=filesystem.task, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        yield Served(process, port, log)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:  # how the emulator says that the function's process is gone, or its time is up
        return {"errorType": "Emulator", "errorMessage": text.decode(errors="replace")}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
