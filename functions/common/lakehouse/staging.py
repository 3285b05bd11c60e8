"""Staging: what a layer's Lambda writes, once, where its run alone writes; and its message to the next state.

A staged table is in no version yet: its audit reads these very files, and publishing them names them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NotRequired, TypedDict

import pyarrow as pa

from lakehouse.clients import together
from lakehouse.contract import layers
from lakehouse.contract.model import load
from lakehouse.engine import parquet
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.runtime import log_table

# Files sent to S3 at once.
_UPLOADS: Final = 4


class InputRead(TypedDict):
    """A file that a bronze table was made from, as it was read: its key, and the SHA-256 of its content."""

    key: str
    sha256: str


class StagedTable(TypedDict):
    """One staged table: where it is, and its accounting.

    For a table in several ``parts`` the key is that of the first part; `lakehouse.lake.layout` has the others.
    ``rows_read`` = ``rows`` + ``quarantined`` + ``superseded``, the rows that a correction replaced. ``new_columns``
    are those of its CSV that the contract does not have and that were not read: each its place and how its name is
    written; it is there where there are any.
    """

    table: str
    parts: int
    staged_key: str
    rows_read: int
    rows: int
    quarantined: int
    superseded: int
    quarantine_key: str | None
    source_keys: list[str]
    inputs: list[InputRead]
    bytes: int
    new_columns: NotRequired[list[str]]


class StagedLayer(TypedDict):
    """What a write Lambda returns and a test Lambda receives (docs/architecture.md).

    Where there are several ``parts``, their files are those under ``parts_prefix``.
    """

    run_id: str
    layer: str
    tables: list[StagedTable]
    parts: int
    parts_prefix: str
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
    """Write a table, or one of its parts, to the run's folder and, where it has rows, its quarantine.

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

    Raises
    ------
    StorageError
        The run's folder has another file there already.
    """
    quarantine_key = None
    if quarantine is not None and len(quarantine):
        quarantine_key = layout.quarantine_key(run_id, layers.layer_of(table), table, part, parts)
        lake.write_table_once(quarantine, quarantine_key)
    key = layout.run_key(table, run_id, part, parts)
    rows = parquet.declared(rows, load(table).required)
    staged = StagedTable(
        table=table,
        parts=parts,
        staged_key=key,
        rows_read=rows_read,
        rows=len(rows),
        quarantined=0 if quarantine is None else len(quarantine),
        superseded=0,
        quarantine_key=quarantine_key,
        source_keys=list(source_keys),
        inputs=[],
        bytes=lake.write_table_once(rows, key, parquet.incompressible(rows)),
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
    superseded: int,
    source_keys: Sequence[str],
    inputs: Sequence[InputRead],
    new_columns: Sequence[str] = (),
) -> StagedTable:
    """Upload the part files of a table to the run's folder and, where it has rows, write its quarantine.

    Parameters
    ----------
    paths : sequence of Path
        One file per part.
    quarantine : pa.Table
        With `lakehouse.contract.quarantine.SCHEMA`.
    rows_read, rows : int
        How many input rows were considered, and how many rows the files have.
    superseded : int
        How many rows a correction replaced.
    source_keys : sequence of str
        What it was made from; empty for synthetic data.
    inputs : sequence of InputRead
        The same, with what was read of each.
    new_columns : sequence of str
        The columns of its CSV that were not read, as a message may name them.

    Raises
    ------
    StorageError
        The run's folder has another file there already.
    """
    parts = len(paths)
    quarantine_key = None
    if len(quarantine):
        quarantine_key = layout.quarantine_key(run_id, layers.layer_of(table), table)
        lake.write_table_once(quarantine, quarantine_key)
    keys = [layout.run_key(table, run_id, part, parts) for part in range(parts)]
    sizes = list(together(lambda part: lake.upload_once(paths[part], keys[part]), range(parts), _UPLOADS))
    staged = StagedTable(
        table=table,
        parts=parts,
        staged_key=keys[0],
        rows_read=rows_read,
        rows=rows,
        quarantined=len(quarantine),
        superseded=superseded,
        quarantine_key=quarantine_key,
        source_keys=list(source_keys),
        inputs=list(inputs),
        bytes=sum(sizes),
    )
    if new_columns:
        staged["new_columns"] = list(new_columns)
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
        lake.write_table_once(pa.concat_tables(together(lake.read_table, set_aside)), quarantine_key)
    return StagedTable(
        table=table,
        parts=len(staged),
        staged_key=first["staged_key"],
        rows_read=sum(part["rows_read"] for part in staged),
        rows=sum(part["rows"] for part in staged),
        quarantined=sum(part["quarantined"] for part in staged),
        superseded=sum(part["superseded"] for part in staged),
        quarantine_key=quarantine_key,
        # Those of the first part stand for all: a message has no room for thousands of keys.
        source_keys=first["source_keys"],
        inputs=first["inputs"],
        bytes=sum(part["bytes"] for part in staged),
    )


def log_staged(staged: StagedTable) -> None:
    """Log what was staged."""
    log_table(
        "staged",
        staged["table"],
        staged["rows"],
        counts={"rows_kept": staged["rows"], "rows_quarantined": staged["quarantined"]},
        rows_read=staged["rows_read"],
        bytes=staged["bytes"],
    )


def staged_layer(run_id: str, layer: str, tables: Sequence[StagedTable], lineage: Mapping[str, Any]) -> dict[str, Any]:
    """Return the message of a write Lambda.

    Parameters
    ----------
    run_id, layer : str
    tables : sequence of StagedTable
    lineage : mapping
        How many lineage events were kept, and how many could not be delivered (`lakehouse.lineage.runs.Runs.summary`).
    """
    in_parts = max(tables, key=lambda table: table["parts"])
    message = StagedLayer(
        run_id=run_id,
        layer=layer,
        tables=list(tables),
        parts=in_parts["parts"],
        parts_prefix=layout.parts_listed(in_parts["table"], run_id) if in_parts["parts"] > 1 else "",
        lineage=dict(lineage),
    )
    return dict(message)


def waiting(run_id: str, layer: str, tasks: int, prefix: str) -> dict[str, Any]:
    """Return the message of a write Lambda that has tasks done first, each by a call of its own.

    It has no table: the state machine lists the tasks under the prefix, and calls again when they are done.
    """
    return dict(StagedLayer(run_id=run_id, layer=layer, tables=[], parts=tasks, parts_prefix=prefix, lineage={}))
