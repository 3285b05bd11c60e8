"""What crawlers discovered, beside what is published, registered and agreed: differences, and tables nobody knows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from lakehouse.clients import together
from lakehouse.contract import layers
from lakehouse.contract.drift import four_way
from lakehouse.contract.model import load
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog
from lakehouse.versions.code import contract_sha256
from lakehouse.versions.crawled import Crawled, footer_fingerprint

# The parameter of a table whose files a crawler did not find any more.
_DEPRECATED: Final = "DEPRECATED_BY_CRAWLER"


@dataclass(frozen=True)
class Discovery:
    """What was found.

    Attributes
    ----------
    differences : tuple of str
        Columns in which contract, Parquet, registered and discovered table differ, with what each of them says.
    unknown : tuple of str
        Tables of the lakehouse's databases that no contract knows.
    undiscovered : tuple of str
        Tables that were not crawled as they are now: of those there is nothing to compare.
    compared : int
        How many tables a crawler has discovered as they are now.
    registered : mapping of str to mapping
        The entries of the catalogue, as Glue describes them, by ``database.table``.
    """

    differences: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    undiscovered: tuple[str, ...] = ()
    compared: int = 0
    registered: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def problems(self) -> tuple[str, ...]:
        """All that is not as the contracts say."""
        return (*self.differences, *self.unknown)


def discovered(
    catalog: Catalog, crawled: Mapping[str, Crawled], footers: Mapping[str, pa.Schema], only: str | None = None
) -> Discovery:
    """Compare contract, Parquet, registered and discovered table, and name the tables that no contract knows.

    Parameters
    ----------
    catalog : Catalog
    crawled : mapping of str to Crawled
        The tables as they were crawled last.
    footers : mapping of str to pa.Schema
        The schemas in the published Parquet, by table; of a table that is not there this side is not compared.
    only : str, optional
        The one table that is looked at; then nothing is said of tables that no contract knows.
    """
    names = layers.all_tables() if only is None else (only,)
    databases = (*map(layout.database_of, layers.LAYERS), layout.DISCOVERED_DATABASE)
    listed = dict(zip(databases, together(lambda name: _tables(catalog, name), databases), strict=True))
    found = listed[layout.DISCOVERED_DATABASE]
    current = {name: each for name, each in crawled.items() if _is_current(name, each, footers)}
    seen = [name for name in names if name in current and _is_live(found.get(name))]
    sides = dict(zip(seen, together(lambda name: _of_run(catalog, found[name], current[name]), seen), strict=True))
    differences = [
        difference
        for contract in map(load, names)
        for difference in four_way(
            contract,
            footers.get(contract.table),
            listed[contract.database].get(contract.table),
            sides.get(contract.table),
            layout.RUN_PARTITION,
        )
    ]
    differences += [
        f"{name}: o crawler passou e não fez a tabela em {layout.DISCOVERED_DATABASE}"
        for name in names
        if name in current and name not in sides
    ]
    undiscovered = tuple(name for name in names if name not in current)
    registered = {f"{database}.{name}": each for database, tables in listed.items() for name, each in tables.items()}
    unknown = tuple(_unknown(listed)) if only is None else ()
    return Discovery(tuple(differences), unknown, undiscovered, len(sides), registered)


def _tables(catalog: Catalog, database: str) -> dict[str, dict[str, Any]]:
    return {table["Name"]: table for table in catalog.tables(database)}


def _is_current(name: str, crawled: Crawled, footers: Mapping[str, pa.Schema]) -> bool:
    """Return whether a table still is what was crawled: of another one the next crawl will tell."""
    if name not in layers.all_tables() or crawled.contract != contract_sha256(name):
        return False
    return name not in footers or crawled.footer == footer_fingerprint(footers[name])


def _is_live(table: Mapping[str, Any] | None) -> bool:
    return table is not None and _DEPRECATED not in table.get("Parameters", {})


def _of_run(catalog: Catalog, table: Mapping[str, Any], crawled: Crawled) -> Mapping[str, Any]:
    """Return a discovered table with the columns of the run that was crawled, where they are known by themselves.

    The table's own columns are those of all runs together, also of runs under other contracts.
    """
    partition = catalog.partition(layout.DISCOVERED_DATABASE, table["Name"], [crawled.run])
    columns = (partition or {}).get("StorageDescriptor", {}).get("Columns")
    if not columns:
        return table
    return {**table, "StorageDescriptor": {**table["StorageDescriptor"], "Columns": columns}}


def _unknown(listed: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Iterator[str]:
    known = {load(name).qualified_name for name in layers.all_tables()}
    known |= {f"{layout.DISCOVERED_DATABASE}.{name}" for name in layers.all_tables()}
    for database, tables in listed.items():
        for name, table in sorted(tables.items()):
            if f"{database}.{name}" not in known and _is_live(table):
                location = table.get("StorageDescriptor", {}).get("Location", "")
                where = f", em {location}" if location else ""
                yield f"{database}.{name}: nenhum contrato conhece esta tabela{where}"
