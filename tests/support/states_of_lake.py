"""What must hold of a lake at any moment, whatever has happened: every version is whole, audited and unchanged."""

from typing import Any

import boto3
from lakehouse_tables import EVERY_TABLE

from lakehouse.contract.model import load
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.version import Version
from publish.commit import PIPELINE


def wrong(lake: Lake) -> list[str]:
    """Return everything that is lost, torn, unaudited or mixed in a lake."""
    problems = []
    numbers = chain.numbers(lake)
    if numbers != list(range(1, len(numbers) + 1)):
        problems.append(f"the versions are {numbers}")
    versions = [chain.read(lake, number) for number in numbers]
    for version in versions:
        problems += _of_version(lake, version)
    folders = {lake.uri(layout.run_prefix(name, table.run)) for v in versions for name, table in v.tables.items()}
    catalog = Catalog(boto3.client("glue"))
    for table in EVERY_TABLE:
        entry = catalog.get(load(table).database, table)
        if entry is not None and entry["StorageDescriptor"]["Location"] not in folders:
            problems.append(f"the catalogue shows {table} at {entry['StorageDescriptor']['Location']}")
    return problems


def _of_version(lake: Lake, version: Version) -> list[str]:
    problems = []
    if set(version.tables) != {*EVERY_TABLE}:
        problems.append(f"version {version.number} has {sorted(version.tables)}")
    if version.made.by == PIPELINE and len({table.run for table in version.ordered}) != 1:
        problems.append(f"version {version.number} mixes {version.runs}")
    for table in version.ordered:
        found = {each.key: (each.etag, each.bytes) for each in lake.objects(layout.run_prefix(table.table, table.run))}
        if found != {file.key: (file.etag, file.bytes) for file in table.files}:
            problems.append(f"version {version.number}: {table.table} is not its files")
        report = lake.read_json(table.report)
        (entry,) = [each for each in report["tables"] if each["table"] == table.table]
        audited = [(file["key"], file["etag"]) for file in entry["files"]]
        if not report["passed"] or audited != [*table.identity]:
            problems.append(f"version {version.number}: {table.table} was not audited")
    return problems


def contents(lake: Lake, number: int | None = None) -> dict[str, list[str]]:
    """Return the ETag of each file of a version, by table: what must be the same however often a run is made."""
    version = chain.newest(lake) if number is None else chain.read(lake, number)
    assert version is not None
    return {table.table: [file.etag for file in table.files] for table in version.ordered}


def objects(lake: Lake) -> dict[str, Any]:
    """Return the ETag of every file of a table there is."""
    return {each.key: each.etag for layer in layout.LAYERS for each in lake.objects(f"{layer}/")}
