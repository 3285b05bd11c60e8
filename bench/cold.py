"""Cold starts: how long each function takes to initialise, and for its first call, in AWS's runtime.

Every function runs in the runtime interface emulator, with what its layers bring and nothing else, and without
bytecode, as on AWS (`tests/support/cold_bootstrap.py`). A repetition is one run of 1,000 synthetic orders through all
ten functions, each in a fresh process, so that all are measured in turns.
"""

import json
import os
import platform
import re
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cli import ROOT

# The modules there import one another as the tests do.
sys.path.append(str(ROOT / "tests/support"))

from cold_bootstrap import MARK
from deployment import Deployment, deployed
from lambda_filesystem import LambdaFilesystem, make
from runtime_emulator import program, served

from cli.errors import CliError

REPETITIONS: Final = 5
ORDERS: Final = 1_000
MOST: Final = 10
STANDARD_LIBRARY: Final = "(standard library)"
# The goals for the seconds of initialisation: of the small functions, of the one that loads pandas and awswrangler, and
# of all others.
GOALS: Final = {"bronze": 2.0, "silver": 2.0, "forecast": 5.0} | dict.fromkeys(
    ("publish", "teste_bronze", "teste_silver", "gold", "teste_gold", "teste_forecast", "governance"), 1.0
)
# In the order of a run: each function needs the results of those before it. A run is opened first.
FUNCTIONS: Final = (
    "publish",
    "bronze",
    "teste_bronze",
    "silver",
    "teste_silver",
    "gold",
    "teste_gold",
    "forecast",
    "teste_forecast",
    "governance",
)
PUBLISH: Final = "publish"
PHASES: Final = ("init", "call")
_IMPORT: Final = re.compile(r"import time:\s+(\d+) \|\s+\d+ \| *(\S+)")


@dataclass
class Cold:
    """The cold starts of one function.

    Attributes
    ----------
    seconds : dict of str to list of float
        By phase, `init` and `call`; one per repetition.
    imports : dict of str to dict of str to float
        By phase and top-level package, the seconds that its modules took to load; a compiled package is counted where
        it was first imported. Measured once, with -X importtime, which slows imports down a little.
    modules : dict of str to frozenset of str
        By phase, the modules that are loaded after it.
    """

    seconds: dict[str, list[float]] = field(default_factory=lambda: {phase: [] for phase in PHASES})
    imports: dict[str, dict[str, float]] = field(default_factory=dict)
    modules: dict[str, frozenset[str]] = field(default_factory=dict)

    def median(self, phase: str) -> float:
        """Return the median of a phase, in seconds."""
        return statistics.median(self.seconds[phase])

    def most(self, phase: str) -> list[tuple[str, float]]:
        """Return the most expensive packages of a phase with their seconds, the slowest first."""
        return sorted(self.imports[phase].items(), key=lambda its: -its[1])[:MOST]


def measured(repetitions: int = REPETITIONS) -> dict[str, Cold]:
    """Deploy to an embedded AWS of its own and measure every function there.

    Raises
    ------
    CliError
        The runtime emulator does not run on this machine.
    """
    if program() is None:
        raise CliError("AWS's runtime interface emulator does not run here", "It is a Linux program; use one.")
    results = {function: Cold() for function in FUNCTIONS}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with deployed(home, "importau-lakehouse-cold") as deployment:
            runtime = Runtime(deployment, home)
            for number in range(repetitions):
                for function, log in runtime.run(f"cold-{number}").items():
                    for phase, entry in phases(log).items():
                        results[function].seconds[phase].append(entry["seconds"])
                        results[function].modules[phase] = frozenset(entry["modules"])
            for function, log in runtime.run("imports", "-X", "importtime").items():
                results[function].imports = imports(log)
    return results


class Runtime:
    """A deployment whose functions are called in the emulator."""

    def __init__(self, deployment: Deployment, home: Path) -> None:
        self._deployment = deployment
        layers = (deployment.build / "CommonLayer", deployment.build / "ContractsLayer")
        self._filesystem: LambdaFilesystem = make(home / "lambda", deployment.build / "BronzeFunction", layers)
        self._log = home / "log"

    def run(self, run_id: str, *options: str) -> dict[str, str]:
        """Run all functions in turn, each in a fresh process, and return their logs.

        Parameters
        ----------
        run_id : str
        *options : str
            Options of the interpreter.
        """
        source = {"type": "synthetic", "orders": ORDERS}
        event: dict[str, Any] = {}
        logs = {}
        for function in FUNCTIONS:
            if function == PUBLISH:
                event = {"run_id": run_id, "do": "open", "source": source}
            elif not function.startswith("teste_"):
                event = {"run_id": run_id, "layer": function, "source": source}
            event, logs[function] = self._call(function, event, options)
        return logs

    def _call(self, function: str, event: Mapping[str, Any], options: Iterable[str]) -> tuple[dict[str, Any], str]:
        name = f"importau-{function.replace('_', '-')}"
        configuration = self._deployment.client("lambda").get_function_configuration(FunctionName=name)
        environment = self._deployment.endpoint.environment()
        start = (*options, "cold_bootstrap.py")
        with served(self._filesystem, configuration, environment, self._log, start) as one:
            answer = one.invoke(event)
            if answer.failed or not answer.payload.get("passed", True):
                raise CliError(f"{function} failed: {answer.payload}\n{one.log[-2000:]}")
            return answer.payload, one.log


def phases(log: str) -> dict[str, dict[str, Any]]:
    """Return the measurements of the phases in a function's log, by name."""
    entries = [json.loads(line.removeprefix(MARK)) for line in log.splitlines() if line.startswith(MARK)]
    return {phase["phase"]: phase for phase in entries}


def imports(log: str) -> dict[str, dict[str, float]]:
    """Return the seconds each top-level package took to load, by phase, from a log with -X importtime."""
    results: dict[str, dict[str, float]] = {}
    seconds: dict[str, float] = defaultdict(float)
    for line in log.splitlines():
        if line.startswith(MARK):
            results[json.loads(line.removeprefix(MARK))["phase"]] = dict(seconds)
            seconds.clear()
        elif match := _IMPORT.match(line):
            package = match[2].partition(".")[0]
            standard = package in sys.stdlib_module_names
            seconds[STANDARD_LIBRARY if standard else package] += int(match[1]) / 1e6
    return results


def machine() -> str:
    """Return a description of the machine, without a date or a name."""
    text = Path("/proc/cpuinfo").read_text("utf-8")
    models = re.findall(r"model name\s*: (.+)", text)
    model = models[0] if models else platform.machine()
    return f"{os.cpu_count()} cores of {model}, {platform.system()}, Python {platform.python_version()}"


def report(results: Mapping[str, Cold], repetitions: int = REPETITIONS) -> str:
    """Return the measurements as a page of Markdown."""
    rows = [
        (name, f"{cold.median('init'):.2f}", f"{GOALS[name]:.0f}", f"{cold.median('call'):.2f}",
         f"{cold.median('init') + cold.median('call'):.2f}")
        for name, cold in results.items()
    ]  # fmt: skip
    lines = [
        "# Cold starts",
        "",
        f"Made by `./importau bench --cold` on {machine()}; not edited. Seconds, medians of {repetitions} fresh "
        f"processes each, in turns; {ORDERS:,} synthetic orders; the embedded AWS on the same machine. Modules have no "
        "bytecode, as in AWS's layers.",
        "",
        *_grid(("function", "init", "goal", "first call", "together"), rows),
        "",
        "## What is loaded",
        "",
        "Seconds by top-level package, the ten most expensive of each phase (`-X importtime`).",
        "",
    ]
    for phase, title in (("init", "Init"), ("call", "First call")):
        packages = [(name, ", ".join(f"{package} {took:.2f}" for package, took in cold.most(phase) if took >= 0.005))
                    for name, cold in results.items()]  # fmt: skip
        lines += [*_grid(("function", title), packages), ""]
    return "\n".join(lines)


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
