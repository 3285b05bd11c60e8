"""A start by upload: a run of the exported CSVs as they are, once all of them are there, once for each state of them.

Each upload is told of by itself, at least once and in any order. Whichever is looked at, the run that it starts is
named after the files that are there: Step Functions starts one execution of a name, so no other claim is needed.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from lakehouse.clients import client_of, together
from lakehouse.contract import layers
from lakehouse.errors import InputError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake, Stored
from lakehouse.versions.version import CSV

_DIGITS: Final = 16

Landed = Mapping[str, Stored | None]


def start(lake: Lake, event: Mapping[str, Any]) -> dict[str, Any]:
    """Start a run of the exported CSVs that are there, unless one is missing or a run was started of these.

    Parameters
    ----------
    lake : Lake
    event : mapping
        ``key``, the object that arrived; ``machine``, the ARN of the pipeline; ``settle``, how many seconds the run
        waits for further files.

    Returns
    -------
    dict
        ``started``, the name of the run, or empty and ``why`` none was.

    Raises
    ------
    InputError
        The event lacks something.
    """
    key, machine, settle = event.get("key"), event.get("machine"), event.get("settle", 0)
    if not isinstance(key, str) or not isinstance(machine, str) or not isinstance(settle, int):
        raise InputError(
            ["an upload is told of with key, machine and settle: the key of the object, the pipeline's ARN, seconds"]
        )
    if key not in map(layout.landing_key, layers.tables_of(layers.BRONZE)):
        return _none(f"{key} is no exported CSV")
    landed = _landed(lake)
    missing = [f"{table}.csv" for table, found in landed.items() if found is None]
    if missing:
        return _none(f"{', '.join(missing)}: not there yet")
    arrived = next(found for found in landed.values() if found is not None and found.key == key)
    if arrived.run is not None:
        return _none(f"{key} was uploaded for run {arrived.run}, which reads it")
    name = _name(landed)
    states = client_of("stepfunctions")
    given = {"source": {"type": CSV} | _versions(landed), "settle": settle, "landed": name}
    try:
        states.start_execution(stateMachineArn=machine, name=name, input=json.dumps(given))
    except states.exceptions.ExecutionAlreadyExists:
        return _none(f"run {name} was started of these files")
    return {"started": name, "why": ""}


def overtaken(lake: Lake, landed: str) -> str:
    """Return why a run that an upload started is not due any more; empty where its files are still those there.

    Parameters
    ----------
    lake : Lake
    landed : str
        The run's name; empty for a run that somebody else started.
    """
    if not landed or _name(_landed(lake)) == landed:
        return ""
    return "other files were uploaded since, and the run that they start reads all of them"


def _landed(lake: Lake) -> Landed:
    tables = layers.tables_of(layers.BRONZE)
    return dict(zip(tables, together(lambda table: lake.about(layout.landing_key(table)), tables), strict=True))


def _name(landed: Landed) -> str:
    """Return the name of the run of these files: another upload of the same content is another file."""
    there = [found for found in landed.values() if found is not None]
    told = [(found.key, found.etag, found.bytes, found.version_id, str(found.modified)) for found in there]
    last = max((found.modified for found in there), default=datetime.min.replace(tzinfo=UTC))
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:_DIGITS]
    return f"{last:%Y%m%dT%H%M%SZ}-upload-{digest}"


def _versions(landed: Landed) -> dict[str, Any]:
    """Return the object versions that the run reads, where the bucket keeps any."""
    versions = {table: found.version_id for table, found in landed.items() if found is not None and found.version_id}
    return {"inputs": versions} if len(versions) == len(landed) else {}


def _none(why: str) -> dict[str, Any]:
    return {"started": "", "why": why}
