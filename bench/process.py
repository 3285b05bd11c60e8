"""Runs one job of one engine in a fresh process, and returns its measurements, or why it did not finish."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from bench.engines import Engine
from cli import ROOT

_LOOK: Final = 0.05
_SAID: Final = 2_000


@dataclass(frozen=True)
class Took:
    """The measurements of one run of a job.

    Attributes
    ----------
    wall, cpu : float
        Seconds; CPU is user and system, of all threads and child processes.
    peak : int
        Bytes resident, of the process and its children together.
    """

    wall: float
    cpu: float
    peak: int


class UnfinishedError(Exception):
    """A job was stopped, or failed; the message says which and why."""


@dataclass(frozen=True)
class Limits:
    """The limits beyond which a job is stopped.

    Attributes
    ----------
    seconds : float
    bytes : int
        Resident.
    """

    seconds: float
    bytes: int


def run(engine: Engine, module: str, function: str, source: Path, target: Path, limits: Limits) -> Took:
    """Run ``function(source, target)`` of an engine's module; ``target`` is emptied before.

    Raises
    ------
    UnfinishedError
        It took too long or too much memory, or failed.
    """
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    os.sync()  # so that earlier writes are not flushed to disk while the clock runs
    with tempfile.TemporaryDirectory(prefix="importau-bench-") as scratch:
        clock = Path(scratch) / "clock.json"
        command = [str(engine.python), "-m", "bench.job", module, function, str(source), str(target), str(clock)]
        output = Path(scratch) / "output"
        with output.open("wb") as file:
            job = subprocess.Popen(
                command, cwd=ROOT, env=_environment(engine, scratch), stdin=subprocess.DEVNULL,
                stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            try:
                peak = _watched(job, limits)
            finally:
                _end(job)
        if job.returncode:
            raise UnfinishedError(_why(job.returncode, output.read_text("utf-8", "replace")))
        measured = json.loads(clock.read_text("utf-8"))
    return Took(measured["wall"], measured["cpu"], max(peak, measured["peak"]))


def _environment(engine: Engine, scratch: str) -> dict[str, str]:
    places = ("functions/common", "functions", "glue") if engine.ours else ()
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(ROOT / place) for place in places),
        "PYTHONSAFEPATH": "",
        "TMPDIR": scratch,
        # pyarrow takes its number of threads from here; the others look up which cores they may use.
        "OMP_NUM_THREADS": "2",
        "POLARS_MAX_THREADS": "2",
    }


def _watched(job: "subprocess.Popen[bytes]", limits: Limits) -> int:
    """Wait for a job's end, and return its peak memory; raise when it exceeds a limit."""
    start, peak = monotonic(), 0
    while job.poll() is None:
        peak = max(peak, sum(map(_resident, _tree(job.pid))))
        if peak > limits.bytes:
            raise UnfinishedError(f"stopped at {peak / 1e9:.1f} GB of memory")
        if monotonic() - start > limits.seconds:
            raise UnfinishedError(f"stopped after {limits.seconds:.0f} s")
        sleep(_LOOK)
    return peak


def _end(job: "subprocess.Popen[bytes]") -> None:
    """End what is left of a job: it leads a session of its own, by which its children are found."""
    try:
        os.killpg(job.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        job.wait()


def _tree(pid: int) -> list[int]:
    """Return a process and its descendants; where there is no /proc, the process alone."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except OSError:
        return [pid]
    return [pid, *(each for child in children for each in _tree(int(child)))]


def _resident(pid: int) -> int:
    """Return the bytes a process has resident now; 0 when it has ended, or there is no /proc."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _why(code: int, output: str) -> str:
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    return f"failed: {(output.strip() or f'exit code {code}')[-_SAID:]}"


def available(engine: Engine) -> str:
    """Return why an engine cannot run on this machine; "" when it can."""
    if engine.needs and not shutil.which(engine.needs):
        return f"there is no `{engine.needs}` on this machine"
    return ""


def memory() -> int:
    """Return the bytes of memory this machine has."""
    names: dict[str, Any] = os.sysconf_names
    return int(os.sysconf("SC_PAGE_SIZE")) * int(os.sysconf("SC_PHYS_PAGES")) if "SC_PHYS_PAGES" in names else 1 << 34
