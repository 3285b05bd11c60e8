"""What surrounds the work of a run on AWS: waiting, starting, how much goes on at once. None of it is measured here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from cli import ROOT
from lakehouse.contract.layers import LAYERS

CRAWLERS: Final = len(LAYERS)
# The default of template.yaml's parameter of the same name.
MAP_CONCURRENCY: Final = 8
_MAPS_UNBOUNDED: Final = 10_000


@dataclass(frozen=True)
class Conditions:
    """What a run meets on AWS. Without arguments it meets nothing, as where the coefficients were measured.

    Attributes
    ----------
    request_s : float
        How long S3 makes one request wait.
    child_s : float
        How long a Distributed Map takes to start a child execution and to note its end.
    start_s : float
        How long a state machine takes to start another one, and to notice its end (``.sync``).
    bytes_s : float
        How many bytes a second pass between S3 and a Lambda; 0: no time is counted for them.
    map_concurrency : int
        Child executions of a Distributed Map at once: the parameter ``MapConcurrency`` of template.yaml.
    crawlers : int
        How many crawlers run: none where there is nothing new to discover.
    crawl_s : float
        How long they take, all at once.
    """

    request_s: float = 0.0
    child_s: float = 0.0
    start_s: float = 0.0
    bytes_s: float = 0.0
    map_concurrency: int = _MAPS_UNBOUNDED
    crawlers: int = CRAWLERS
    crawl_s: float = 0.0


NOTHING: Final = Conditions()


def on_aws(map_concurrency: int = MAP_CONCURRENCY, crawlers: int = CRAWLERS) -> Conditions:
    """Return what a run is taken to meet on AWS.

    25 ms a request are the upper end of what S3 takes to its first byte; 75 MB/s is what one Lambda gets (about 0.6
    Gbit/s). That a child takes a second to start, and a nested execution two, is a judgement; crawlers take 60 to
    120 s.
    """
    return Conditions(0.025, 1.0, 2.0, 75e6, map_concurrency, crawlers, 120.0 if crawlers else 0.0)


@cache
def timeouts() -> Mapping[str, int]:
    """Return the ``TimeoutSeconds`` of each kind of state machine, by the name of its definition."""
    return {
        name: int(json.loads((ROOT / f"statemachine/{name}.asl.json").read_text("utf-8"))["TimeoutSeconds"])
        for name in ("layer", "teste", "pipeline")
    }
