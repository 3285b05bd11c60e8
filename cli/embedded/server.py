"""The embedded AWS: a MiniStack server on the loopback interface, with its state in a folder of its own.

It runs Lambdas with the interpreter that runs it, so it belongs in the environment that holds what the managed layers
bring. Several may run at once, each with its own home and port.

>>> with EmbeddedAws(Path("/tmp/one")) as endpoint:  # doctest: +SKIP
...     boto3.client("s3", endpoint_url=endpoint.url)
"""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Final

from cli.embedded.endpoint import ACCOUNT, LOOPBACK, NO_PROXY, REGION, EmbeddedAwsError, Endpoint

_STANDIN: Final = Path(__file__).with_name("standin.py")
_BRIDGED: Final = Path(__file__).with_name("docker_bridge.py")
# The only variables that the server inherits: Lambdas inherit them, and a stray AWS_ENDPOINT_URL or proxy breaks them.
_INHERITED: Final = ("PATH", "HOME", "LANG", "LC_ALL")
_START_SECONDS: Final = 60.0
# Long enough for the server to store its state.
_STOP_SECONDS: Final = 15.0
_POLL_SECONDS: Final = 0.05
_PORT_ATTEMPTS: Final = 3


class EmbeddedAws:
    """One embedded AWS, running or not.

    Parameters
    ----------
    home : Path
        The only folder that it writes to; made when missing. What was deployed and stored survives a restart.
    enforce_iam : bool
        Whether policies are enforced: direct calls, the calls of Lambdas by their role, and what CloudFormation, Step
        Functions and crawlers do for somebody, are allowed or denied by them; the account's own key may do everything.
    bridge : str, optional
        The address at which Docker's containers reach this machine, for a server that answers them as well.
    """

    # The program that the interpreter runs.
    program: ClassVar[tuple[str, ...]] = ("-P", str(_STANDIN))

    def __init__(self, home: Path, *, enforce_iam: bool = False, bridge: str | None = None) -> None:
        self.home = home.resolve()
        self.enforce_iam = enforce_iam
        self.bridge = bridge
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log_path(self) -> Path:
        """The server's log, Lambdas included; it is overwritten at every start."""
        return self.home / "server.log"

    def start(self) -> Endpoint:
        """Start the server and wait until it answers; a running one is left as it is, unless containers need another.

        Raises
        ------
        EmbeddedAwsError
            It died, or did not answer in time; the message ends with the last lines of its log.
        """
        with self._locked():
            running = self.status()
            if running is not None and self.bridge in (None, self._record().get("bridge")):
                return running
            self._end()
            for attempt in range(1, _PORT_ATTEMPTS + 1):
                try:
                    endpoint = self._spawn(self._free_port())
                    if self._wait_until_ready(endpoint, last=attempt == _PORT_ATTEMPTS):
                        return endpoint
                except BaseException:  # Ctrl-C included: no half-started server is left behind
                    self._end()
                    raise
        raise AssertionError("the last attempt either answers or raises")

    def stop(self) -> bool:
        """Stop the server, after it has stored its state; return whether there was one."""
        with self._locked():
            return self._end()

    def status(self) -> Endpoint | None:
        """Return the running server that answers, or None."""
        pid = self._running_pid()
        if pid is None:
            return None
        endpoint = Endpoint(self._record()["port"], pid)
        return endpoint if endpoint.answers() else None

    def reset(self) -> None:
        """Forget everything that was deployed and stored, whether the server runs or not."""
        with self._locked():
            endpoint = self.status()
            if endpoint is not None:
                try:
                    endpoint.reset()
                except OSError as error:
                    raise EmbeddedAwsError(
                        f"the embedded AWS at {endpoint.url} could not be reset: {error}",
                        "Stop it and reset again: `./importau local down`, `./importau local reset`.",
                    ) from error
                return
            for name in ("state", "s3"):
                shutil.rmtree(self.home / name, ignore_errors=True)

    def logs(self, lines: int | None = None) -> list[str]:
        """Return the log's last lines, or all of them."""
        if not self.log_path.is_file():
            return []
        text = self.log_path.read_text(errors="replace").splitlines()
        return text if lines is None else text[-lines:]

    def __enter__(self) -> Endpoint:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    # ---- the process -------------------------------------------------------------------------------------------------

    def _spawn(self, port: int) -> Endpoint:
        program = self.program if self.bridge is None else ("-P", str(_BRIDGED), self.bridge)
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-X", "utf8", "-X", self._mark, *program],
                cwd=self.home,
                env=self._server_environment(port),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        endpoint = Endpoint(port, self._process.pid)
        self._record_path.write_text(json.dumps({"port": port, "pid": endpoint.pid, "bridge": self.bridge}))
        return endpoint

    def _server_environment(self, port: int) -> dict[str, str]:
        for name in ("state", "s3", "tmp"):
            (self.home / name).mkdir(exist_ok=True)
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return inherited | {
            "TZ": "UTC",
            "PYTHONUTF8": "1",
            "PYTHONUNBUFFERED": "1",
            "NO_PROXY": NO_PROXY,
            "BIND_HOST": LOOPBACK,
            "GATEWAY_PORT": str(port),
            "AUTH": "true" if self.enforce_iam else "false",
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "PERSIST_STATE": "1",
            "S3_PERSIST": "1",
            "STATE_DIR": str(self.home / "state"),
            "S3_DATA_DIR": str(self.home / "s3"),
            "TMPDIR": str(self.home / "tmp"),
            "ATHENA_ENGINE": "duckdb",
            "LAMBDA_EXECUTOR": "local",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            # It would look for containers to clean up; nothing of ours runs in one.
            "DOCKER_HOST": f"unix://{self.home}/no-docker.sock",
            # Lambdas must not find the user's own account.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _wait_until_ready(self, endpoint: Endpoint, *, last: bool) -> bool:
        """Wait for the first answer; False when the port was taken in the meantime and another may be tried."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if endpoint.answers():
                return True
            exit_code = self._process.poll() if self._process else None
            if exit_code is not None:
                if not last and any("already in use" in line for line in self.logs(20)):
                    return False
                raise self._failure(f"the embedded AWS ended with exit code {exit_code} while starting")
            time.sleep(_POLL_SECONDS)
        raise self._failure(f"the embedded AWS did not answer within {_START_SECONDS:.0f} s")

    def _failure(self, what: str) -> EmbeddedAwsError:
        tail = "\n".join(f"  {line}" for line in self.logs(15))
        return EmbeddedAwsError(f"{what}; its log ends:\n{tail}", f"The whole log: {self.log_path}")

    def _end(self) -> bool:
        """Ask the server to end, then end what is left of its process group: a running Lambda outlives it.

        Returns
        -------
        bool
            Whether there was a server.
        """
        # A child that has only just started has no command line yet by which to recognise it.
        begun = self._process is not None and self._process.poll() is None
        pid = self._process.pid if self._process is not None and begun else self._running_pid()
        if pid is not None:
            _signal(os.kill, pid, signal.SIGTERM)
            deadline = time.monotonic() + _STOP_SECONDS
            while time.monotonic() < deadline and self._is_ours(pid):
                time.sleep(_POLL_SECONDS)
            _signal(os.killpg, pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None
        shutil.rmtree(self.home / "tmp", ignore_errors=True)
        if pid is not None:
            self._record_path.write_text(json.dumps({"port": self._record()["port"], "pid": None}))
        return pid is not None

    # ---- how it is recognised ----------------------------------------------------------------------------------------

    @property
    def _mark(self) -> str:
        """An interpreter option without effect, by which a process is recognised as this home's server."""
        return f"importau={self.home}"

    @property
    def _record_path(self) -> Path:
        return self.home / "server.json"

    def _record(self) -> dict[str, Any]:
        try:
            record: dict[str, Any] = json.loads(self._record_path.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {"port": 0}
        return record

    def _running_pid(self) -> int | None:
        pid: int | None = self._record().get("pid")
        return pid if pid is not None and self._is_ours(pid) else None

    def _is_ours(self, pid: int) -> bool:
        """Return whether a process is this home's server, and not another one that has its number since."""
        return self._mark in _command_line(pid)

    def _free_port(self) -> int:
        """Return the last port if it is free, so that what a shell exported stays true; any free one otherwise."""
        for candidate in (self._record()["port"], 0):
            with socket.socket() as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    listener.bind((LOOPBACK, candidate))
                except OSError:
                    continue
                port: int = listener.getsockname()[1]
                return port
        raise EmbeddedAwsError(f"no port is free on {LOOPBACK}", "Close some programs and try again.")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Allow one process at a time to start or stop this home's server."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _signal(send: Callable[[int, int], None], pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        send(pid, number)


def _command_line(pid: int) -> str:
    """Return a process's command line; empty when there is no such process."""
    proc = Path("/proc")
    if (proc / "self").exists():
        try:
            return (proc / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip()
