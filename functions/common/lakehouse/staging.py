"""Staging: what a layer's Lambda writes before it is audited, and its message to the next state."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypedDict

import pyarrow as pa

from lakehouse.contract import layers
from lakehouse.contract.model import load
from lakehouse.engine import parquet
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.runtime import log_table

# Files sent to S3 at once.
_UPLOADS: Final = 4


class StagedTable(TypedDict):
    """One staged table: where it is, where it will be published, and its accounting.

    For a table in several ``parts`` the keys are those of the first part; `lakehouse.lake.layout` has the others.
    """

    table: str
    parts: int
    staged_key: str
    published_key: str
    rows_read: int
    rows: int
    quarantined: int
    quarantine_key: str | None
    source_keys: list[str]
    bytes: int


class StagedLayer(TypedDict):
    """What a write Lambda returns and a test Lambda receives (docs/architecture.md).

    Where ``in_parts``, the objects to publish and the ``stale`` ones to retire are listed in the objects at
    ``publish_key`` and ``retire_key``, as a message has no room for them.
    """

    run_id: str
    layer: str
    tables: list[StagedTable]
    staging_prefix: str
    parts: int
    in_parts: bool
    stale: int
    publish_key: str
    retire_key: str
    lineage: dict[str, Any]


def stage(  # noqa: PLR0913 - a table's accounting
    lake: Lake,
    run_id: str,
    table: str,
    rows: pa.Table,
    quarantine: pa.Table | None,
    *,
    rows_read: int,
    source_keys: Sequence[str],
    part: int = 0,
    parts: int = 1,
) -> StagedTable:
    """Write a table, or one of its parts, to the run's staging folder and, where it has rows, its quarantine.

    Parameters
    ----------
    rows : pa.Table
        The table, with its contract's schema.
    quarantine : pa.Table or None
        With `lakehouse.contract.quarantine.SCHEMA`; None where a layer sets nothing aside.
    rows_read : int
        How many input rows were considered.
    source_keys : sequence of str
        What it was made from; empty for synthetic data.
    part, parts : int
        Which part of how many it is.
    """
    quarantine_key = None
    if quarantine is not None and len(quarantine):
        quarantine_key = layout.quarantine_key(run_id, layers.layer_of(table), table, part, parts)
        lake.write_table(quarantine, quarantine_key)
    key = layout.staging_key(run_id, table, part, parts)
    staged = StagedTable(
        table=table,
        parts=parts,
        staged_key=key,
        published_key=layout.published_key(table, part, parts),
        rows_read=rows_read,
        rows=len(rows),
        quarantined=0 if quarantine is None else len(quarantine),
        quarantine_key=quarantine_key,
        source_keys=list(source_keys),
        bytes=lake.write_table(parquet.declared(rows, load(table).required), key),
    )
    log_staged(staged)
    return staged


def stage_files(  # noqa: PLR0913 - a table's accounting
    lake: Lake,
    run_id: str,
    table: str,
    paths: Sequence[Path],
    quarantine: pa.Table,
    *,
    rows_read: int,
    rows: int,
    source_keys: Sequence[str],
) -> StagedTable:
    """Upload the part files of a table to the run's staging folder and, where it has rows, write its quarantine.

    Parameters
    ----------
    paths : sequence of Path
        One file per part.
    quarantine : pa.Table
        With `lakehouse.contract.quarantine.SCHEMA`.
    rows_read, rows : int
        How many input rows were considered, and how many rows the files have.
    source_keys : sequence of str
        What it was made from; empty for synthetic data.
    """
    parts = len(paths)
    quarantine_key = None
    if len(quarantine):
        quarantine_key = layout.quarantine_key(run_id, layers.layer_of(table), table)
        lake.write_table(quarantine, quarantine_key)
    keys = [layout.staging_key(run_id, table, part, parts) for part in range(parts)]
    with ThreadPoolExecutor(_UPLOADS) as threads:
        sizes = list(threads.map(lake.upload, paths, keys))
    staged = StagedTable(
        table=table,
        parts=parts,
        staged_key=keys[0],
        published_key=layout.published_key(table, 0, parts),
        rows_read=rows_read,
        rows=rows,
        quarantined=len(quarantine),
        quarantine_key=quarantine_key,
        source_keys=list(source_keys),
        bytes=sum(sizes),
    )
    log_staged(staged)
    return staged


def merged(lake: Lake, run_id: str, staged: Sequence[StagedTable]) -> StagedTable:
    """Return the parts of a table as one entry: with the sums of their counts, and with one quarantine for all."""
    if len(staged) == 1:
        return staged[0]
    table, first = staged[0]["table"], staged[0]
    quarantine_key = None
    set_aside = [part["quarantine_key"] for part in staged if part["quarantine_key"] is not None]
    if set_aside:
        quarantine_key = layout.quarantine_key(run_id, layers.layer_of(table), table)
        lake.write_table(pa.concat_tables([lake.read_table(key) for key in set_aside]), quarantine_key)
    return StagedTable(
        table=table,
        parts=len(staged),
        staged_key=first["staged_key"],
        published_key=first["published_key"],
        rows_read=sum(part["rows_read"] for part in staged),
        rows=sum(part["rows"] for part in staged),
        quarantined=sum(part["quarantined"] for part in staged),
        quarantine_key=quarantine_key,
        # Those of the first part stand for all: a message has no room for thousands of keys.
        source_keys=first["source_keys"],
        bytes=sum(part["bytes"] for part in staged),
    )


def log_staged(staged: StagedTable) -> None:
    """Log what was staged, with its metrics."""
    log_table(
        "staged",
        staged["table"],
        staged["rows"],
        metrics={"rows_kept": staged["rows"], "rows_quarantined": staged["quarantined"]},
        rows_read=staged["rows_read"],
        bytes=staged["bytes"],
    )


def staged_layer(
    lake: Lake, run_id: str, layer: str, tables: Sequence[StagedTable], lineage: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the message of a write Lambda; where there are parts, write the lists of what to publish and retire.

    Parameters
    ----------
    lineage : mapping
        How many lineage events were kept, and how many could not be delivered (`lakehouse.lineage.runs.Runs.summary`).
    """
    copies = [copy for table in tables for copy in _copies(lake, run_id, table)]
    current = {copy["key"] for copy in copies}
    published = (key for table in tables for key in lake.list(layout.published_prefix(table["table"])))
    stale = [{"key": key} for key in published if key not in current]
    in_parts = bool(stale) or len(copies) > len(tables)
    publish_key, retire_key = (layout.publication_key(run_id, layer, what) for what in ("publish", "retire"))
    if in_parts:
        lake.write_json(copies, publish_key)
        lake.write_json(stale, retire_key)
    message = StagedLayer(
        run_id=run_id,
        layer=layer,
        tables=list(tables),
        staging_prefix=layout.staging_prefix(run_id, layer),
        parts=max(table["parts"] for table in tables),
        in_parts=in_parts,
        stale=len(stale),
        publish_key=publish_key,
        retire_key=retire_key,
        lineage=dict(lineage),
    )
    return dict(message)


def _copies(lake: Lake, run_id: str, staged: StagedTable) -> list[dict[str, str]]:
    """Return the source and the key of each copy that publishes a table."""
    table, parts = staged["table"], staged["parts"]
    return [
        {
            "source": f"{lake.bucket}/{layout.staging_key(run_id, table, part, parts)}",
            "key": layout.published_key(table, part, parts),
        }
        for part in range(parts)
    ]
