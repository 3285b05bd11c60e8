"""Measures the coefficients of `./importau plan`: whole pipelines of several sizes, each on its own embedded AWS.

The measurements come from what ran: every log line of a finished function, the histories of the executions, the bucket,
and the processes of the functions. So the engine may change without a change here.
"""

import json
import os
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from cli import ROOT
from cli.errors import CliError
from cli.planning.coefficients import MILLION, Coefficients, Linear, Stage
from cli.planning.model import whole
from lakehouse.contract import layers
from lakehouse.lake import layout
from lakehouse.orchestration.map_runs import MapRuns

# The modules there import one another as the tests do.
sys.path.append(str(ROOT / "tests/support"))
sys.path.append(str(ROOT / "functions"))

from deployment import Deployment, deployed

from bench import cold, ranges
from bench.folder_bucket import FolderBucket

# Sizes with one part, with one that is nearly full, and with several; of all, one call reads the exports.
SIZES: Final = (10_000, 60_000, 300_000, 600_000)
_PATIENCE: Final = 3_600
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass
class Measured:
    """The measurements of one run.

    Attributes
    ----------
    orders : int
    calls : dict of (str, str, str) to list of float
        Seconds of each call, by function, state and layer.
    megabytes, cpu_seconds : dict of str to float
        By function: the most resident memory of a process, and the processor time of all.
    transitions, events, message_bytes, writes, reads, csv_bytes, object_bytes, files : int
    """

    orders: int
    calls: dict[tuple[str, str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    megabytes: dict[str, float] = field(default_factory=dict)
    cpu_seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    transitions: int = 0
    events: int = 0
    message_bytes: int = 0
    writes: int = 0
    reads: int = 0
    csv_bytes: int = 0
    object_bytes: int = 0
    files: int = 1

    @property
    def parts(self) -> int:
        """How many parts the run had: a state that is called more than once is called once per part."""
        return max(len(seconds) for seconds in self.calls.values())

    @property
    def seconds(self) -> float:
        """Seconds of all calls."""
        return sum(sum(seconds) for seconds in self.calls.values())


def measured(orders: int) -> Measured:
    """Deploy, and measure one run from the CSVs of a number of orders."""
    result = Measured(orders)
    with (
        tempfile.TemporaryDirectory() as folder,
        # A part's call is told of by a line that is logged at this level alone.
        deployed(Path(folder), "importau-lakehouse-plan", LogLevel="DEBUG") as deployment,
    ):
        s3 = deployment.client("s3")
        exports = Path(folder) / "exports"
        ranges.make(orders, exports)
        for table in layers.tables_of(layers.BRONZE):
            key = layout.landing_key(table)
            export = FolderBucket(exports).place(key)
            result.csv_bytes += export.stat().st_size
            s3.upload_file(str(export), deployment.bucket, key)
            export.unlink()  # at 20 million orders, gigabytes
        _one_at_a_time(deployment)
        run(deployment)
        for function, line in _finished(deployment):
            result.calls[function, line["state"], _layer(line["state_machine"])].append(line["duration_ms"] / 1000)
        _processes(deployment, result)
        _histories(deployment, result)
        _bucket(deployment, result)
    return result


def _one_at_a_time(deployment: Deployment) -> None:
    """Limit Distributed Maps to one part at a time: here parts would share the cores, unlike on AWS."""
    states = deployment.client("stepfunctions")
    for arn in (value for name, value in deployment.outputs.items() if name.startswith("StateMachine")):
        definition = states.describe_state_machine(stateMachineArn=arn)["definition"]
        states.update_state_machine(
            stateMachineArn=arn,
            definition=re.sub(r"States.StringToJson\('\d+'\)", "States.StringToJson('1')", definition),
        )


def run(deployment: Deployment) -> None:
    """Run the pipeline to its end; raise `CliError` when it fails."""
    states = deployment.client("stepfunctions")
    arn = deployment.outputs["StateMachinePipelineArn"]
    execution = states.start_execution(stateMachineArn=arn, input="{}")["executionArn"]
    deadline = time.monotonic() + _PATIENCE
    while (described := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
        if time.monotonic() > deadline:
            raise CliError(f"the run did not end within {_PATIENCE} s")
        time.sleep(0.2)
    if described["status"] != "SUCCEEDED":
        raise CliError(f"the run that was to be measured failed: {described.get('cause', described['status'])}")


def fitted(
    runs: Iterable[Measured],
    init: Mapping[str, float],
    waits: Mapping[tuple[str, str, str], Linear] = MappingProxyType({}),
    moved: Mapping[tuple[str, str, str], float] = MappingProxyType({}),
) -> Coefficients:
    """Fit the coefficients to runs.

    Parameters
    ----------
    runs : iterable of Measured
        Runs of several sizes, with one part and with several. A state that is called once per part is a stage of a
        part; in a run of one part, one call does as much.
    init : mapping of str to float
        Seconds of a cold start by function.
    waits, moved : mapping
        By function, state and layer: the round trips of a call, and the bytes of an order (`bench.waiting`).
    """
    ordered = sorted(runs, key=lambda one: one.orders)
    largest = ordered[-1]
    parted = [one for one in ordered if one.parts > 1] or ordered
    parts = [float(one.parts) for one in parted]

    def by_part(name: str) -> Linear:
        return Linear.fitted(parts, [float(getattr(one, name)) for one in parted])

    return Coefficients(
        machine=cold.machine(),
        stages=tuple(
            replace(
                _stage(ordered, init[call[0]], *call),
                waits=waits.get(call, Linear(0.0, 0.0)),
                # Bronze fetches the CSVs, which what is generated has none of.
                moved=moved.get(call, 0.0) + (largest.csv_bytes / largest.orders if call[1] == "WriteBronze" else 0.0),
            )
            for call in largest.calls
        ),
        transitions=by_part("transitions"),
        events=by_part("events"),
        reads=by_part("reads"),
        writes=by_part("writes"),
        message_bytes=by_part("message_bytes"),
        csv_bytes=largest.csv_bytes / largest.orders,
        object_bytes=largest.object_bytes * largest.files / largest.orders,
    )


def _stage(runs: Sequence[Measured], init: float, function: str, state: str, layer: str) -> Stage:
    """Fit one state of the largest run, which is the last."""
    largest = runs[-1]
    per_part = len(largest.calls[function, state, layer]) > 1
    combining = (function, f"{state}Part", layer) in largest.calls
    sizes, seconds, megabytes = [], [], []
    for one in runs:
        if combining and one.parts == 1:
            continue
        calls = one.calls.get((function, state, layer)) or one.calls[function, whole(state), layer]
        sizes.append(one.orders / (len(calls) if per_part else 1) / MILLION)
        seconds.append(sum(calls) / len(calls))
        megabytes.append(one.megabytes[function])
    took = sum(sum(its) for (name, *_), its in largest.calls.items() if name == function)
    busy = (largest.cpu_seconds[function] - init) / took
    return Stage(
        name=state,
        layer=layer,
        function=function,
        is_per_part=per_part,
        is_combining=combining,
        init_s=init,
        seconds=Linear.fitted(sizes, seconds),
        megabytes=Linear.fitted(sizes, megabytes),
        vcpus=min(max(busy, 1.0), float(os.cpu_count() or 1)),
    )


def _layer(machine: str) -> str:
    """Return the layer of ``StateMachine_DAG_<layer>``; the pipeline's own Lambda is governance's."""
    layer = machine.rpartition("_")[2]
    return layer if layer in layout.LAYERS else "governance"


def _finished(deployment: Deployment) -> list[tuple[str, dict[str, Any]]]:
    """Return what the functions logged of calls that ended, each with its function, in the order of their ends."""
    found = []
    pages = deployment.client("logs").get_paginator("filter_log_events")
    for function in cold.FUNCTIONS:
        for page in pages.paginate(logGroupName=f"/aws/lambda/importau-{function.replace('_', '-')}"):
            for event in page["events"]:
                line = json.loads(event["message"]) if event["message"].startswith("{") else {}
                if line.get("message") == "finished":
                    found.append((event["timestamp"], function, line))
    found.sort(key=lambda each: each[0])
    return [(function, line) for _, function, line in found]


def _processes(deployment: Deployment, result: Measured) -> None:
    """Measure the processes of the functions, which the embedded AWS keeps alive."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            variables = dict(
                part.split("=", 1)
                for part in (folder / "environ").read_text("utf-8", "replace").split("\0")
                if "=" in part
            )
            status = dict(
                line.split(":\t", 1) for line in (folder / "status").read_text().splitlines() if ":\t" in line
            )
            times = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if int(status["PPid"]) != deployment.endpoint.pid or "AWS_LAMBDA_FUNCTION_NAME" not in variables:
            continue
        name = variables["AWS_LAMBDA_FUNCTION_NAME"].removeprefix("importau-").replace("-", "_")
        peak = int(status["VmHWM"].split()[0]) / 1024
        result.megabytes[name] = max(result.megabytes.get(name, 0.0), peak)
        result.cpu_seconds[name] += (int(times[11]) + int(times[12])) / _TICKS


def _histories(deployment: Deployment, result: Measured) -> None:
    states = deployment.client("stepfunctions")
    runs = MapRuns(states)
    for arn in (value for name, value in deployment.outputs.items() if name.startswith("StateMachine")):
        for execution in states.list_executions(stateMachineArn=arn)["executions"]:
            for total in (runs.total(each) for each in runs.of(execution["executionArn"])):
                # The embedded AWS reports no states of child executions: each calls a Lambda.
                result.transitions += max(total.transitions, total.lambda_calls)
            events = 0
            pages = states.get_paginator("get_execution_history").paginate(executionArn=execution["executionArn"])
            for event in (event for page in pages for event in page["events"]):
                events += 1
                result.transitions += event["type"].endswith("StateEntered")
                size = max((len(str(text)) for part in event.values() if isinstance(part, dict)
                            for text in part.values()), default=0)  # fmt: skip
                result.message_bytes = max(result.message_bytes, size)
            result.events = max(result.events, events)


def _bucket(deployment: Deployment, result: Measured) -> None:
    """Count the objects written, and estimate those read: a table by its audit, the layer above, and its audit."""
    pages = deployment.client("s3").get_paginator("list_objects_v2").paginate(Bucket=deployment.bucket)
    sizes = {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", ())}
    sizes = {
        key: size for key, size in sizes.items() if not key.startswith((layout.LANDING_PREFIX, layout.ARTIFACTS_PREFIX))
    }
    result.writes = len(sizes)
    result.reads = 3 * sum(1 for key in sizes if key.endswith(".parquet"))
    fact = [size for key, size in sizes.items() if key.startswith(layout.table_prefix(layers.in_role("fact")))]
    result.object_bytes, result.files = max(fact), len(fact)
