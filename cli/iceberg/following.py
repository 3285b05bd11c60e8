"""An Iceberg table follows the versions of the lake: a snapshot for each set of files, a tag for each version.

A version is applied by one commit of the catalogue's entry, so a reader sees the table of one version or of another.
Going back is no new snapshot: the table shows the one again that has those files. A snapshot goes when its files went.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException, ValidationError
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table import Table, TableProperties, Transaction
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.table.update.snapshot import ExpireSnapshots, ManageSnapshots

from cli.errors import CliError
from cli.iceberg.catalogue import Tables, delete_objects
from lakehouse.clients import together
from lakehouse.contract.model import Contract, load
from lakehouse.lake import layout
from lakehouse.lake.retention import WORK_DAYS
from lakehouse.versions.version import TableVersion, Version
from lakehouse.versions.view import View

# What a snapshot says of itself: the run whose files it has.
RUN: Final = "importau-run"
_TAG: Final = "v"
_MAIN: Final = "main"
_METRICS: Final = "write.metadata.metrics.column."
_AGAIN: Final = "Run the command again: every table is whole, of this version or of an earlier one."


@dataclass(frozen=True)
class Followed:
    """A table after it followed.

    Attributes
    ----------
    table : str
    version : int
        The version that it shows.
    snapshots : int
    changed : bool
        Whether anything of it changed.
    """

    table: str
    version: int
    snapshots: int
    changed: bool


def tags(table: Table) -> dict[int, int]:
    """Return the snapshot of each version that a table has, by the version's number."""
    return {
        int(name.removeprefix(_TAG)): ref.snapshot_id
        for name, ref in table.refs().items()
        if name.startswith(_TAG) and name.removeprefix(_TAG).isdecimal()
    }


def follow(tables: Tables, table: Table | None, name: str, versions: Mapping[int, Version]) -> Followed:
    """Make a table show the newest version, by way of each one since that it shows; forget those that are gone.

    A table that is new begins with the newest version.

    Parameters
    ----------
    tables : Tables
    table : Table or None
        As the catalogue has it.
    name : str
    versions : mapping of int to Version
        The versions of the table that anybody may still read, by number; the newest one is of them.

    Raises
    ------
    CliError
        Somebody else changed the table meanwhile, or its columns cannot become those of a version.
    """
    newest = max(versions)
    before = table.metadata_location if table else ""
    now = table or _applied(tables, None, versions[newest], name)
    for number in sorted(versions):
        if number > max(tags(now), default=0):
            now = _applied(tables, now, versions[number], name)
    now = _forgotten(tables, now, name, versions)
    return Followed(name, newest, len(now.snapshots()), now.metadata_location != before)


def _applied(tables: Tables, table: Table | None, version: Version, name: str) -> Table:
    """Make a table show a version: by one commit, or not at all."""
    view = View(tables.lake, version, version.tables)
    try:
        transaction = table.transaction() if table else _new(tables, view, name)
        kept = _snapshot_of(table, view.table(name)) if table else None
        if kept is None:
            _add_snapshot(transaction, table, view, name)
        with ManageSnapshots(transaction) as manage:
            if kept is not None:
                manage.set_current_snapshot(snapshot_id=kept.snapshot_id)
            shown = transaction.table_metadata.refs[_MAIN].snapshot_id
            manage.create_tag(shown, f"{_TAG}{version.number}")
        return transaction.commit_transaction()
    except CommitFailedException as error:
        raise CliError(f"somebody else changed {tables.database}.{name} meanwhile", _AGAIN) from error
    except (ValidationError, ValueError) as error:
        raise CliError(
            f"{tables.database}.{name} cannot become the table of version {version.number}: {error}",
            "Begin anew, without its earlier snapshots: `./importau iceberg --drop`, then `./importau iceberg`.",
        ) from error


def _snapshot_of(table: Table, published: TableVersion) -> Snapshot | None:
    """Return the snapshot that has the files of a published table: a run's files are never others."""
    found = (each for each in table.snapshots() if each.summary and each.summary.get(RUN) == published.run)
    return next(found, None)


def _new(tables: Tables, view: View, name: str) -> Transaction:
    """Return a table that is not in the catalogue before its first snapshot is."""
    contract = load(name)
    transaction = tables.create_table_transaction(
        (tables.database, name),
        schema=_schema(view, contract),
        location=tables.location(name),
        properties={
            TableProperties.FORMAT_VERSION: "2",
            "Description": f"{contract.business_name}, como tabela Iceberg.",
            **_without_bounds(contract),
        },
    )
    mapping = transaction.table_metadata.schema().name_mapping.model_dump_json()
    return transaction.set_properties({TableProperties.DEFAULT_NAME_MAPPING: mapping})


def _schema(view: View, contract: Contract) -> pa.Schema:
    """Return the columns of a version's files, as their footers say them, with the contract's descriptions."""
    described = {column.name: column.description for column in contract.columns}
    return pa.schema(
        field.with_metadata({"doc": described[field.name]}) if described.get(field.name) else field
        for field in view.first(contract.table).schema_arrow.remove_metadata()
    )


def _without_bounds(contract: Contract) -> dict[str, str]:
    """Return the columns whose least and greatest value no manifest may have: whoever is in them stays in the files."""
    texts = {column.name for column in contract.columns if pa.types.is_string(column.arrow_type)}
    return {f"{_METRICS}{name}": "none" for name in sorted(texts | set(contract.masking))}


def _add_snapshot(transaction: Transaction, table: Table | None, view: View, name: str) -> None:
    """Put a version's files of a table in place of those that it has."""
    if table is not None:
        contract = load(name)
        _change_columns(transaction, _schema(view, contract))
        # What is personal may have become so since.
        if unbounded := _without_bounds(contract).items() - table.properties.items():
            transaction.set_properties(dict(unbounded))
    shown = [task.file for task in table.scan().plan_files()] if table else []
    metadata = transaction.table_metadata
    files = list(together(lambda file: _data_file(view, file, metadata), view.files(name)))
    properties = {RUN: view.table(name).run}
    with transaction.update_snapshot(snapshot_properties=properties).overwrite() as snapshot:
        for old in shown:
            snapshot.delete_data_file(old)
        for new in files:
            snapshot.append_data_file(new)


def _change_columns(transaction: Transaction, schema: pa.Schema) -> None:
    """Give a table the columns of a version's files as well: a new one is optional, one that they lack becomes so.

    No column is taken away. Files have names and no ids, so one that came again would have another id under the same
    name, and older snapshots would have no values of it any more.
    """
    known = transaction.table_metadata.schema()
    optional = pa.schema(field if field.name in known.column_names else field.with_nullable(True) for field in schema)
    with transaction.update_schema() as update:
        update.union_by_name(optional)
        for field in known.fields:
            if field.name not in schema.names and field.required:
                update.make_column_optional(field.name)


def _data_file(view: View, file: Any, metadata: Any) -> DataFile:
    """Return a file of a version as a manifest has it: its place, its size, and what its footer says of its columns."""
    schema = metadata.schema()
    with view.opened(file) as parquet:
        statistics = data_file_statistics_from_parquet_metadata(
            parquet_metadata=parquet.metadata,
            stats_columns=compute_statistics_plan(schema, metadata.properties),
            parquet_column_mapping=parquet_path_to_id_mapping(schema),
        )
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=view.lake.uri(file.key),
        file_format=FileFormat.PARQUET,
        partition=statistics.partition(metadata.spec(), schema),
        file_size_in_bytes=file.bytes,
        sort_order_id=None,
        spec_id=metadata.default_spec_id,
        equality_ids=None,
        key_metadata=None,
        **statistics.to_serialized_dict(),
    )


def _forgotten(tables: Tables, table: Table, name: str, readable: Iterable[int]) -> Table:
    """Return a table without the versions that nobody may read any more, and without the snapshots of those alone."""
    gone = tags(table).keys() - set(readable)
    if not gone:
        return table
    transaction = table.transaction()
    with ManageSnapshots(transaction) as manage:
        for number in gone:
            manage.remove_tag(f"{_TAG}{number}")
    kept = {ref.snapshot_id for ref in transaction.table_metadata.refs.values()}
    with ExpireSnapshots(transaction) as expire:
        expire.by_ids([each.snapshot_id for each in table.snapshots() if each.snapshot_id not in kept])
    try:
        return transaction.commit_transaction()
    except CommitFailedException as error:
        raise CliError(f"somebody else changed {tables.database}.{name} meanwhile", _AGAIN) from error


def clean(tables: Tables, table: Table, now: datetime | None = None) -> int:
    """Delete the metadata of a table that nothing names any more and that are old; return how many objects."""
    named = {table.metadata_location, *(each.metadata_file for each in table.metadata.metadata_log)}
    for snapshot in table.snapshots():
        named |= {snapshot.manifest_list, *(each.manifest_path for each in snapshot.manifests(table.io))}
    before = (now or datetime.now(UTC)) - timedelta(days=WORK_DAYS)
    old = [
        each.key
        for each in tables.lake.objects(layout.iceberg_prefix(table.name()[-1]))
        if each.modified < before and tables.lake.uri(each.key) not in named
    ]
    delete_objects(tables.lake, old)
    return len(old)
