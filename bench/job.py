"""One job of one engine in a process of its own: `python -m bench.job MODULE FUNCTION SOURCE TARGET CLOCK`.

Needs nothing but the standard library, since it runs in every engine's environment. The clock starts when the engine
is imported (and, for a floor, has loaded what it will write), and stops when its function returns.
"""

import importlib
import json
import os
import re
import resource
import sys
from pathlib import Path
from time import perf_counter

CORES = 2


def run(module_name: str, function: str, source: Path, target: Path, clock: Path) -> None:
    """Run a job, and write its measurements: wall and CPU in seconds, peak memory in bytes."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    module = importlib.import_module(module_name)
    loaded = (module.load(source),) if hasattr(module, "load") else ()
    cpu, wall = _cpu(), perf_counter()
    getattr(module, function)(source, target, *loaded)
    wall, cpu = perf_counter() - wall, _cpu() - cpu
    clock.write_text(json.dumps({"wall": wall, "cpu": cpu, "peak": _peak()}), "utf-8")


def _cpu() -> float:
    """Return user and system seconds of this process and of the children it has waited for."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _peak() -> int:
    """Return this process's peak resident memory.

    From ``VmHWM`` where there is one, as ``ru_maxrss`` of a new process begins with its parent's.
    """
    status = Path("/proc/self/status")
    if status.exists() and (match := re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text(), re.MULTILINE)):
        return int(match[1]) << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << (0 if sys.platform == "darwin" else 10)


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], *map(Path, sys.argv[3:6]))
