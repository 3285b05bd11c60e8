"""Drift: contract, Parquet footer and catalogue compared, column by column."""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from lakehouse.contracts import Contract

MISSING: Final = "(ausente)"


def footer_drift(contract: Contract, footer: pa.Schema) -> list[str]:
    """Return every difference between a contract and the schema in the published Parquet's footer."""
    wanted = {column.name: str(column.arrow_type) for column in contract.columns}
    found = {field.name: str(field.type) for field in footer}
    return _differences(contract.table, "Parquet", wanted, found)


def crawled_drift(contract: Contract, crawled: Mapping[str, Any] | None) -> list[str]:
    """Return every difference between a contract and the table in the catalogue.

    Parameters
    ----------
    contract : Contract
    crawled : mapping or None
        The table as Glue describes it; None, where there is none, is no drift: registration makes it.
    """
    if crawled is None:
        return []
    wanted = {column.name: column.glue_type for column in contract.columns}
    found = {column["Name"]: column["Type"] for column in crawled["StorageDescriptor"]["Columns"]}
    return _differences(contract.table, "catálogo", wanted, found)


def _differences(table: str, place: str, wanted: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    differences = [
        f"{table}.{name}: contrato {wanted.get(name, MISSING)}, {place} {found.get(name, MISSING)}"
        for name in dict.fromkeys([*wanted, *found])
        if wanted.get(name) != found.get(name)
    ]
    if not differences and list(wanted) != list(found):
        differences.append(f"{table}: as colunas estão noutra ordem no {place}: {', '.join(found)}")
    return differences
