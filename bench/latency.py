"""What S3's latency makes of a large run: each step with a proxy before the embedded AWS that makes it wait.

100 million orders are 1,526 parts of each table that is cut. The part files are small, of the right schema, since what
is measured is the waiting; a small run, made by the functions here, is multiplied (`tests/support/many_parts.py`).
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cli import ROOT

# The modules there import one another as the tests do.
sys.path.append(str(ROOT / "tests/support"))
sys.path.append(str(ROOT / "functions"))

import boto3
from handlers import AUDIT, WRITE, context, origin
from latency_proxy import Proxy, proxied
from machines import make_all
from many_parts import multiply, recorded_gold

import gold.app
import governance.app
import publish.app
from cli.embedded.endpoint import ACCOUNT, REGION, Endpoint
from cli.embedded.server import EmbeddedAws
from cli.errors import CliError
from cli.portal.document import gather
from cli.session import Aws
from lakehouse.clients import forget
from lakehouse.contract import layers
from lakehouse.fanout import WRITE as WRITTEN
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake

PARTS: Final = 1_526
# Governance of that many parts takes no longer.
GOAL_SECONDS: Final = 60.0
STEPS: Final = ("governance", "publishing", "Gold's combine", "portal")
# The same on the code before its waiting was done at once (commit f02c825), on the same machine: seconds, requests, and
# how many of those at once.
BEFORE: Final = {"governance": (1040.5, 12_597, 1), "publishing": (18.5, 50, 7), "Gold's combine": (538.6, 6_121, 2)}
_BUCKET: Final = "importau-lakehouse-latency"
_RUN: Final = "latency"
_GOLD_RUN: Final = "latency-gold"
_SOURCE: Final = {"type": "synthetic", "orders": 400, "seed": 42, "parts": 2}


@dataclass(frozen=True)
class Step:
    """What one step took.

    Attributes
    ----------
    name : str
    seconds : float
    requests, at_once : int
        How many requests it made, and the greatest number on their way at the same time.
    """

    name: str
    seconds: float
    requests: int
    at_once: int


def measured(parts: int, seconds: float, show: Callable[[str], None] = lambda _: None) -> list[Step]:
    """Return what each of `STEPS` took, in a process whose environment is that of a function meanwhile.

    Parameters
    ----------
    parts : int
        How many parts each table has that is cut.
    seconds : float
        How long each request waits.
    show : callable
        Told what is done.
    """
    with tempfile.TemporaryDirectory() as folder, EmbeddedAws(Path(folder) / "aws") as endpoint:
        with _as_function(endpoint, endpoint.url):
            show("a small run in parts")
            lake = _prepared(endpoint)
            show(f"{parts:,} parts of it")
            multiply(lake, _RUN, parts)
        with proxied(endpoint.url, seconds) as proxy:
            return list(_steps(endpoint, proxy, parts, show))


def _steps(endpoint: Endpoint, proxy: Proxy, parts: int, show: Callable[[str], None]) -> Iterator[Step]:
    def timed(name: str, work: Callable[[], Any]) -> Step:
        show(name)
        with _as_function(endpoint, proxy.url):
            proxy.reset()
            began = time.perf_counter()
            work()
            return Step(name, time.perf_counter() - began, sum(proxy.requests.values()), proxy.most_at_once)

    yield timed(STEPS[0], _governs)
    commit = {"run_id": _RUN, "do": "commit", "origin": origin("pipeline", "Publish", _RUN)}
    yield timed(STEPS[1], lambda: publish.app.handler(commit, _context()))
    combine = {"run_id": _GOLD_RUN, "layer": layers.GOLD, "origin": origin(layers.GOLD, "WriteGold", _GOLD_RUN)}
    with _as_function(endpoint, endpoint.url):
        lake = Lake(_BUCKET)
        first_part = layout.run_key(layers.in_role("fact"), _RUN, 0, parts)
        gold.app.handler(combine | {"part_key": first_part}, _context())
        first = lake.read_json(layout.part_record_key(_GOLD_RUN, layers.GOLD, WRITTEN, 0, parts))
        recorded_gold(lake, _GOLD_RUN, first, parts)
    yield timed(STEPS[2], lambda: gold.app.handler(combine, _context()))
    yield timed(STEPS[3], lambda: gather(_lakehouse(proxy.url), datetime.now(UTC)))


def _governs() -> None:
    event = {"run_id": _RUN, "source": _SOURCE, "origin": origin("pipeline", "Govern", _RUN)}
    told = governance.app.handler(event, _context())
    if not told["passed"]:
        raise CliError(f"governance did not pass: {told['cause']}")


def _called(handler: Any, **event: Any) -> dict[str, Any]:
    """Call a handler for the run."""
    answer: dict[str, Any] = handler({"run_id": _RUN, **event}, _context())
    return answer


def _context() -> Any:
    """Return the context of an invocation in the embedded AWS's account."""
    given = context()
    given.invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{given.function_name}"
    return given


def _prepared(endpoint: Endpoint) -> Lake:
    """Leave a run that is written and audited, with the state machines and databases that there are of a deployment."""
    endpoint.make_bucket(_BUCKET)
    glue = boto3.client("glue")
    make_all(boto3.client("stepfunctions"))
    for database in layout.databases():
        glue.create_database(DatabaseInput={"Name": database})
    _called(publish.app.handler, do="open", source=_SOURCE)
    for layer in layers.LAYERS:
        task = layer.capitalize()
        staged = _called(WRITE[layer], layer=layer, source=_SOURCE, origin=origin(layer, f"Write{task}", _RUN))
        tables = {"tables": staged["tables"], "origin": origin(layer, f"Audit{task}", _RUN)}
        verdict = _called(AUDIT[layer], layer=layer, **tables)
        if not verdict["passed"]:
            raise CliError(f"the run that was to be multiplied failed: {verdict['cause']}")
    return Lake(_BUCKET)


def _lakehouse(url: str) -> Aws:
    """Return the lakehouse at a URL, with what a stack would say of it."""
    aws = Aws(boto3.Session(), "importau", url)
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:StateMachine_DAG_pipeline"
    vars(aws)["outputs"] = {"BucketName": _BUCKET, "StateMachinePipelineArn": arn}
    vars(aws)["_deployed"] = {"Parameters": [{"ParameterKey": "MemorySize", "ParameterValue": "3008"}]}
    return aws


@contextmanager
def _as_function(endpoint: Endpoint, url: str) -> Iterator[None]:
    """Give this process the environment of a function that reaches AWS at a URL."""
    given = endpoint.environment() | {"AWS_ENDPOINT_URL": url, "LAKE_BUCKET": _BUCKET}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    forget()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        forget()
