"""The catalogue's entries as a version of the lake has them: what publishing registers, and what is held against it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakehouse.contract.model import load
from lakehouse.contract.structure import Unlike
from lakehouse.lake import layout
from lakehouse.lake.catalogue import LAKE_VERSION, GlueTable, table_of, unlike_entry
from lakehouse.lake.s3 import Lake
from lakehouse.versions.version import TableVersion, Version

# The parameters that a version decides.
_FACTS: Final = frozenset(
    {LAKE_VERSION, "lake_version_sha256", "run_id", "rows", "bytes", "updated_at", "contract_version"}
)


def entry(lake: Lake, version: Version, table: TableVersion) -> GlueTable:
    """Return the catalogue's entry of a table of a version."""
    contract = load(table.table)
    location = lake.uri(layout.run_prefix(table.table, table.run))
    return table_of(contract, location, _facts(table, version, contract.freshness_hours))


def entries(lake: Lake, version: Version) -> dict[str, GlueTable]:
    """Return the catalogue's entry of each table of a version, by the table."""
    return {table.table: entry(lake, version, table) for table in version.ordered}


def shown(found: Mapping[str, Any]) -> str:
    """Return which version an entry of the catalogue says that it shows; empty where it says nothing."""
    return str((found.get("Parameters") or {}).get(LAKE_VERSION) or "")


@dataclass(frozen=True)
class Entry:
    """The catalogue's entry of a table of a version, beside what it is to be.

    Attributes
    ----------
    name : str
        ``database.table``.
    found : mapping or None
        As Glue describes it; None where there is none.
    shown : str
        Which version it says that it shows; empty where it says nothing.
    unlike : tuple of Unlike
        Where it differs from what it is to be. Of one that shows another version, which is no fault of its own, only
        what no version decides: columns, descriptions, owner, tags, form.
    """

    name: str
    found: Mapping[str, Any] | None
    shown: str
    unlike: tuple[Unlike, ...]


def compared(lake: Lake, version: Version, registered: Mapping[str, Mapping[str, Any]]) -> Iterator[Entry]:
    """Yield each table of a version with its entry of the catalogue.

    Parameters
    ----------
    lake : Lake
    version : Version
    registered : mapping of str to mapping
        The catalogue's entries, by ``database.table``.
    """
    for name, expected in entries(lake, version).items():
        qualified = f"{expected.database}.{name}"
        found = registered.get(qualified)
        if found is None:
            yield Entry(qualified, None, "", ())
            continue
        which = shown(found)
        differences = unlike_entry(expected, found)
        if which != str(version.number):
            differences = [each for each in differences if not _of_a_version(each.path, expected)]
        yield Entry(qualified, found, which, tuple(differences))


def _of_a_version(path: str, expected: GlueTable) -> bool:
    """Return whether a place in an entry differs from version to version."""
    inner = path.removeprefix(f"{expected.database}.{expected.name}.")
    return inner == "StorageDescriptor.Location" or inner.removeprefix("Parameters.") in _FACTS


def _facts(table: TableVersion, version: Version, freshness_hours: int) -> Mapping[str, str]:
    return {
        LAKE_VERSION: str(version.number),
        "lake_version_sha256": version.seal,
        "run_id": table.run,
        "rows": str(table.rows),
        "bytes": str(table.bytes),
        "updated_at": version.made.at,
        "freshness_hours": str(freshness_hours),
    }
