"""Staging: what a layer's Lambda writes before anybody has audited it, and how it tells the next state."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pyarrow as pa

from lakehouse import layout
from lakehouse.runtime import tell_table
from lakehouse.s3 import Lake


class StagedTable(TypedDict):
    """One staged table: where it is, where it will be published, and its accounting.

    Of a table in several ``parts`` the keys are those of the first one; `lakehouse.layout` has the others.
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
    """What a write Lambda returns and a test Lambda is given (docs/architecture.md)."""

    run_id: str
    layer: str
    tables: list[StagedTable]
    staging_prefix: str
    lineage: dict[str, Any]


def stage(
    lake: Lake,
    run_id: str,
    table: str,
    rows: pa.Table,
    quarantine: pa.Table | None,
    *,
    rows_read: int,
    source_keys: Sequence[str],
) -> StagedTable:
    """Write a table to the run's staging folder and, where it has rows, its quarantine.

    Parameters
    ----------
    rows : pa.Table
        The table, with its contract's schema.
    quarantine : pa.Table or None
        With `lakehouse.quarantine.SCHEMA`; None where a layer sets nothing aside.
    rows_read : int
        How many input rows were considered.
    source_keys : sequence of str
        What it was made from; nothing, for synthetic data.
    """
    quarantine_key = None
    if quarantine is not None and len(quarantine):
        quarantine_key = layout.quarantine_key(run_id, layout.layer_of(table), table)
        lake.write_table(quarantine, quarantine_key)
    key = layout.staging_key(run_id, table)
    staged = StagedTable(
        table=table,
        parts=1,
        staged_key=key,
        published_key=layout.published_key(table),
        rows_read=rows_read,
        rows=len(rows),
        quarantined=0 if quarantine is None else len(quarantine),
        quarantine_key=quarantine_key,
        source_keys=list(source_keys),
        bytes=lake.write_table(rows, key),
    )
    tell_table(
        "staged",
        table,
        staged["rows"],
        metrics={"rows_kept": staged["rows"], "rows_quarantined": staged["quarantined"]},
        rows_read=rows_read,
        bytes=staged["bytes"],
    )
    return staged


def staged_layer(run_id: str, layer: str, tables: Sequence[StagedTable], lineage: Mapping[str, Any]) -> dict[str, Any]:
    """Return the message of a write Lambda.

    Parameters
    ----------
    lineage : mapping
        How many lineage events were kept and could not be sent on (`lakehouse.events.Runs.summary`).
    """
    message = StagedLayer(
        run_id=run_id,
        layer=layer,
        tables=list(tables),
        staging_prefix=layout.staging_prefix(run_id, layer),
        lineage=dict(lineage),
    )
    return dict(message)
