"""A run that was made and audited, before it is published: made once, and put into the lakes of further tests again.

It is the same bytes each time: what a synthetic run writes follows from its source, and the version it builds on from
the run's opening, which is part of what is remembered.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from handlers import governs, layer_of_run
from moto.s3.models import s3_backends

from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.opening import opened

_ACCOUNT: Final = "123456789012"
_remembered: dict[tuple[str, str, int], dict[str, bytes]] = {}


def make(lake: Lake, run: str, source: Mapping[str, Any]) -> None:
    """Do all that a pipeline does before it publishes, in a simulated lake."""
    identity = (run, json.dumps(source, sort_keys=True), chain.newest_number(lake))
    if identity not in _remembered:
        before = set(lake.list(""))
        opened(lake, run, source)
        for layer in layout.LAYERS:
            verdict = layer_of_run(lake, run, layer, source).verdict
            assert verdict["passed"], verdict["cause"]
        governs(lake, run)
        _remembered[identity] = {key: lake.read_bytes(key) for key in lake.list("") if key not in before}
        return
    backend = s3_backends[_ACCOUNT]["aws"]
    for key, content in _remembered[identity].items():
        backend.put_object(lake.bucket, key, content)
