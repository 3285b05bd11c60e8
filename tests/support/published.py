"""Tables published as a version of the lake, without the state machines: files, reports and the commit are real."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from lakehouse.contract import layers
from lakehouse.contract.model import inputs_of, load
from lakehouse.contract.quality import AuditedFile, TableResult
from lakehouse.engine import parquet
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.candidate import candidate
from lakehouse.versions.code import contract_sha256
from lakehouse.versions.opening import opened
from lakehouse.versions.version import Making, TableVersion, Version

SOURCE = {"type": "synthetic", "orders": 1, "seed": 42}


def publish(
    lake: Lake,
    tables: Mapping[str, pa.Table | Sequence[pa.Table]],
    run: str,
    source: Mapping[str, Any] = SOURCE,
    by: str = "pipeline",
) -> Version:
    """Write tables as a run does, with a report that every audit passed, and commit them as the next version.

    A sequence of tables is the parts of one. Tables that are not given stay as the newest version has them.
    """
    newest = chain.newest(lake)
    kept = dict(newest.tables) if newest else {}
    opening = opened(lake, run, source)
    made: dict[str, TableVersion] = {}
    for layer in layers.LAYERS:
        own = [name for name in layers.tables_of(layer) if name in tables]
        if own:
            runs = {name: table.run for name, table in (kept | made).items() if name in inputs_of(layer)}
            entries = [_entry(name, _written(lake, name, tables[name], run)) for name in own]
            report = {
                "run_id": run, "layer": layer, "evaluated_at": datetime.now(UTC).isoformat(), "passed": True,
                "made_from": runs, "tables": entries,
            }  # fmt: skip
            lake.write_json(report, layout.quality_key(run, layer))
            made |= candidate(lake, opening, layer)
    number = newest.number if newest else chain.NONE
    making = Making(by, run, datetime.now(UTC).isoformat())
    version = Version(number + 1, number, run, making, dict(source), opening.inputs, kept | made)
    assert chain.committed(lake, version)
    return chain.read(lake, version.number)


def _written(lake: Lake, name: str, rows: pa.Table | Sequence[pa.Table], run: str) -> list[AuditedFile]:
    parts = [rows] if isinstance(rows, pa.Table) else list(rows)
    return [
        _file(lake, layout.run_key(name, run, part, len(parts)), parquet.declared(table, load(name).required))
        for part, table in enumerate(parts)
    ]


def _file(lake: Lake, key: str, rows: pa.Table) -> AuditedFile:
    lake.write_table_once(rows, key)
    found = lake.about(key)
    assert found is not None
    return AuditedFile(key, found.etag, found.bytes, len(rows))


def _entry(name: str, files: Sequence[AuditedFile]) -> dict[str, Any]:
    """Return a table's entry of the report of an audit that no rule failed, and that set nothing aside."""
    rows = sum(file.rows for file in files)
    inputs: dict[str, Any] = {"inputs": []} if layers.layer_of(name) == layers.BRONZE else {}
    return (
        TableResult(name, files, rows, 0, {}, ()).as_report()
        | {
            "files": [asdict(file) for file in files],
            "rows_read": rows,
            "quarantine_key": None,
            "quarantine_etag": None,
        }
        | {"superseded": 0}
        | {"contract": load(name).version, "contract_sha256": contract_sha256(name)}
        | inputs
    )
