"""What a write Lambda really left in the lake, read without trust: bad data is a failed rule, and not a fault."""

from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from lakehouse.contract import layers
from lakehouse.contract.drift import fingerprint
from lakehouse.contract.model import Contract, load
from lakehouse.contract.quality import EXAMPLES, AuditedFile, Outcome
from lakehouse.contract.quarantine import SCHEMA as QUARANTINE
from lakehouse.engine import parquet
from lakehouse.errors import LakehouseError, StorageError
from lakehouse.lake.s3 import Lake
from lakehouse.staging import StagedTable

_SHOWN: Final = 200


def by_table(layer: str, entries: Sequence[StagedTable]) -> dict[str, StagedTable]:
    """Return the staged tables by name.

    Raises
    ------
    LakehouseError
        A table is there twice, or belongs to another layer: it would be published without an audit.
    """
    names = [entry["table"] for entry in entries]
    wrong = sorted({name for name in names if name not in layers.tables_of(layer) or names.count(name) > 1})
    if wrong:
        raise LakehouseError(f"the write step of {layer} staged {', '.join(wrong)}: not of the layer, or twice")
    return {entry["table"]: entry for entry in entries}


def read_table(
    lake: Lake, name: str, key: str | None, absent: str | None = None, published: AuditedFile | None = None
) -> tuple[pa.Table, AuditedFile] | Outcome:
    """Return a table, or one of its parts, and the file that it was read from.

    Parameters
    ----------
    lake : Lake
    name : str
    key : str or None
        None for a table that was not staged.
    absent : str, optional
        Why it is missing, where that is known.
    published : AuditedFile, optional
        What the file has to be, where it is published.

    Returns
    -------
    tuple of pa.Table and AuditedFile, or Outcome
        An outcome where it is missing, unreadable, of another schema, or not what was published.
    """
    if key is None:
        return Outcome(1, 1, ((absent or "the write step did not stage it")[:_SHOWN],))
    try:
        table, file = _parsed(lake, key)
    except StorageError as error:
        return Outcome(1, 1, (str(error)[:_SHOWN],))
    if published is not None and not file.is_that_of(published):
        return Outcome(1, 1, (f"{lake.uri(key)} is not the file that was published"[:_SHOWN],))
    differences = _schema_differences(load(name), table.schema)
    if differences:
        return Outcome(len(differences), len(load(name).columns), differences[:EXAMPLES])
    return table, file


def read_quarantine(lake: Lake, staged: StagedTable) -> pa.Table:
    """Return the rows set aside; none where they are missing or unreadable, which the accounting rule then finds."""
    if staged["quarantine_key"] is None:
        return QUARANTINE.empty_table()
    try:
        table, _ = _parsed(lake, staged["quarantine_key"])
    except StorageError:
        return QUARANTINE.empty_table()
    return table.cast(QUARANTINE) if table.column_names == QUARANTINE.names else QUARANTINE.empty_table()


def _parsed(lake: Lake, key: str) -> tuple[pa.Table, AuditedFile]:
    """Return a Parquet object's table and the object; raise `StorageError` when it is missing, damaged, or not Parquet.

    The ETag is that of the very bytes that were read.
    """
    content, etag = lake.get(key)
    try:
        table = parquet.read(pa.BufferReader(content))
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise StorageError(f"{lake.uri(key)} is not a readable Parquet file: {error}") from error
    return table, AuditedFile(key, etag, len(content), len(table), fingerprint(table.schema))


def _schema_differences(contract: Contract, schema: pa.Schema) -> tuple[str, ...]:
    expected_fields = [(field.name, str(field.type)) for field in contract.schema]
    actual_fields = [(field.name, str(field.type)) for field in schema]
    expected, actual = dict(expected_fields), dict(actual_fields)
    differences = [
        f"{name}: {actual.get(name, 'missing')} instead of {expected.get(name, 'nothing')}"
        for name in dict.fromkeys([*expected, *actual])
        if expected.get(name) != actual.get(name)
    ]
    if not differences and expected_fields != actual_fields:
        names = ", ".join(name for name, _ in actual_fields)
        differences.append(f"the columns are in another order, or twice: {names}")
    return tuple(differences)
