"""The measurements, kept as JSON: those of several runs at several sizes are on one page."""

import json
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from bench import process
from bench.job import CORES
from bench.measure import Measured, Table
from cli import ROOT

# Within the project.
FILE: Final = Path("bench/results.json")
_THEIRS: Final = ("polars", "duckdb", "pandas", "pyspark", "numpy", "pyarrow")
_OURS: Final = ("pyarrow", "numpy")

Entry = dict[str, Any]
Results = dict[str, Entry]


def load(path: Path = ROOT / FILE) -> Results:
    """Return the measurements so far; empty when there are none."""
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def entry(table: Table, when: datetime, machine: Mapping[str, str]) -> Entry:
    """Return one measurement in the form that is kept.

    Parameters
    ----------
    table : Table
    when : datetime
        The time of the measurement.
    machine : mapping of str to str
        The machine it was made on, as `machine` returns it.
    """
    peers = {shape: _medians(its) for shape, its in table.peers.items()}
    return {
        "job": table.job, "orders": table.orders, "rows": table.rows, "when": f"{when:%Y-%m-%d}",
        "machine": dict(machine), "engines": _medians(table.engines), "totals": dict(table.totals),
    } | ({"peers": peers} if peers else {})  # fmt: skip


def _medians(measured: Mapping[str, Measured]) -> dict[str, dict[str, Any]]:
    return {
        name: {"failure": its.failure, "repetitions": len(its.runs)} | (asdict(its.median) if its.runs else {})
        for name, its in measured.items()
    }


def added(results: Results, measured: Entry) -> Results:
    """Return the results with a new measurement, which replaces an earlier one of the same job and size."""
    return dict(sorted((results | {f"{measured['job']} {measured['orders']:012d}": measured}).items()))


def save(results: Results, path: Path = ROOT / FILE) -> None:
    """Save the measurements."""
    path.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", "utf-8")


def machine() -> dict[str, str]:
    """Return the machine of a measurement: processor, cores, memory and versions."""
    info = Path("/proc/cpuinfo")
    model = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE) if info.exists() else None
    theirs = [f"{name} {version}" for name in _THEIRS if (version := _version(name, ROOT / ".venv-bench"))]
    return {
        "processor": model[1].strip() if model else platform.machine(),
        "cores": f"{min(CORES, os.cpu_count() or CORES)} of {os.cpu_count()}",
        "memory": f"{process.memory() / 2**30:.0f} GiB",
        "Python": platform.python_version(),
        "ours": ", ".join(f"{name} {metadata.version(name)}" for name in _OURS),
        "peers": ", ".join(theirs),
    }


def _version(name: str, environment: Path) -> str:
    places = [str(place) for place in environment.glob("lib/python*/site-packages")]
    distribution = next(iter(metadata.distributions(name=name, path=places)), None)
    return distribution.version if distribution else ""
