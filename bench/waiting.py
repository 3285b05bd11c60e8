"""How long each state's Lambda waits for S3: round trips one after the other, and bytes. Counted, so always the same.

The functions run in this process, on a simulated S3, as the state machines call them (`tests/support/round_trips.py`).
"""

import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from cli import ROOT

# The modules there import one another as the tests do.
sys.path.append(str(ROOT / "tests/support"))
sys.path.append(str(ROOT / "functions"))

import boto3
from handlers import AUDIT, WRITE, called, context, opens, origin, publishes
from machines import make_all
from round_trips import counted
from simulated_aws import make_crawler, make_databases, simulated_lake

import governance.app
import publish.app
from cli.errors import CliError
from cli.planning.coefficients import Linear
from lakehouse.contract import layers
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake

# By function, state and layer, as `bench.plan` has them.
Call = tuple[str, str, str]
# A wave of `lakehouse.clients.AT_ONCE` apart, so that what grows by waves grows by exactly one.
PARTS: Final = (2, 34, 66)
_ORDERS_A_PART: Final = 5
_MANY_ORDERS: Final = 30_000
_BUCKET: Final = "waiting"
_RUN: Final = "waiting"


@dataclass(frozen=True)
class Waited:
    """What one call waited for.

    Attributes
    ----------
    round_trips : int
        Requests one after the other.
    moved : int
        Bytes that passed between S3 and it.
    cpu_seconds : float
        How long it kept a processor busy.
    """

    round_trips: int
    moved: int
    cpu_seconds: float


def measured(orders: int, parts: int) -> dict[Call, Waited]:
    """Run every state's Lambda once, those of a part for one of the parts; return what each waited for."""
    found: dict[Call, Waited] = {}

    @contextmanager
    def call(function: str, state: str, layer: str) -> Iterator[None]:
        began = time.process_time()
        with counted() as trips:
            yield
        found[function, state, layer] = Waited(trips.now, trips.moved, time.process_time() - began)

    # What the functions log and measure is for AWS; here it would be between the lines of the command.
    logging.getLogger("importau").setLevel(logging.WARNING)
    os.environ["POWERTOOLS_METRICS_DISABLED"] = "true"
    with simulated_lake(_BUCKET) as lake:
        _deployed(lake)
        source = {"type": "synthetic", "orders": orders, "seed": 42, "parts": parts}
        with call("publish", "Open", "governance"):
            opens(_RUN, source=source)
        for layer in layers.LAYERS:
            name = layer.capitalize()
            with call("publish", "Open", layer):
                told = opens(_RUN, layer, force=True)
            _parts(lake, call, WRITE[layer], (layer, f"Write{name}Part", layer), told, {})
            with call(layer, f"Write{name}", layer):
                staged = called(WRITE[layer], _RUN, layer=layer, source=source, origin=origin(layer, f"Write{name}"))
            audited = told if layer == layers.GOLD else staged
            audit = f"teste_{layer}"
            given = {"tables": staged["tables"]}
            _parts(lake, call, AUDIT[layer], (audit, f"Audit{name}Part", layer), audited, given)
            with call(audit, f"Audit{name}", layer):
                verdict = called(AUDIT[layer], _RUN, layer=layer, origin=origin(layer, f"Audit{name}"), **given)
            if not verdict["passed"]:
                raise CliError(f"the run that was to be counted failed: {verdict['cause']}")
        with call("governance", "Govern", "governance"):
            governance.app.handler({"run_id": _RUN, "source": source}, context())
        with call("publish", "Publish", "governance"):
            publishes(_RUN)
        with call("publish", "Discover", "governance"):
            crawls = called(publish.app.handler, _RUN, do="discover")
        with call("publish", "NoteCrawled", "governance"):
            called(publish.app.handler, _RUN, do="crawled", version=crawls["version"], crawlers=crawls["crawlers"])
    return found


def fitted(runs: Sequence[tuple[int, Mapping[Call, Waited]]]) -> dict[Call, Linear]:
    """Return the round trips of each call by the number of parts."""
    return {
        call: Linear.fitted(*zip(*((parts, its[call].round_trips) for parts, its in runs if call in its), strict=True))
        for call in runs[-1][1]
    }


def measured_waits() -> tuple[dict[Call, Linear], dict[Call, float]]:
    """Return the round trips of each call by the number of parts, and the bytes of an order that pass to or from it.

    Only what works on orders, and not on what was made of them, has bytes that grow with those.
    """
    waits = fitted([(parts, measured(parts * _ORDERS_A_PART, parts)) for parts in PARTS])
    large = measured(_MANY_ORDERS, PARTS[0])
    return waits, {call: moved_an_order(call, large[call], _MANY_ORDERS // PARTS[0]) for call in large}


def moved_an_order(call: Call, waited: Waited, orders_a_part: int) -> float:
    """Return the bytes of an order that pass to or from a call; 0 for what puts parts together."""
    state = call[1]
    if state == "WriteBronze":
        return waited.moved / (orders_a_part * PARTS[0])
    return waited.moved / orders_a_part if state.endswith("Part") else 0.0


def _parts(lake: Lake, call: Any, handler: Any, which: Call, told: dict[str, Any], given: dict[str, Any]) -> None:
    """Do all parts as a Distributed Map does; the last one counts."""
    for key in list(lake.list(told["parts_prefix"])) if told["parts"] > 1 else ():
        with call(*which):
            called(handler, _RUN, layer=which[2], part_key=key, **given)


def _deployed(lake: Lake) -> None:
    make_databases(layout.GOVERNANCE_DATABASE, layout.DISCOVERED_DATABASE)
    for layer in layers.LAYERS:
        make_crawler(lake, layer)
    make_all(boto3.client("stepfunctions"))
