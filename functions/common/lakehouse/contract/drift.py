"""Drift: contract, Parquet footer and catalogue compared, column by column."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from lakehouse.contract.model import Contract

MISSING: Final = "(ausente)"


def footer_drift(contract: Contract, footer: pa.Schema) -> list[str]:
    """Return every difference between a contract and the schema in the published Parquet's footer."""
    expected = [(column.name, str(column.arrow_type)) for column in contract.columns]
    return _differences(contract.table, "Parquet", expected, [(field.name, str(field.type)) for field in footer])


def crawled_drift(contract: Contract, crawled: Mapping[str, Any] | None) -> list[str]:
    """Return every difference between a contract and the table in the catalogue.

    Parameters
    ----------
    contract : Contract
    crawled : mapping or None
        The table as Glue describes it; None where there is none, which is no drift: registration creates it.
    """
    if crawled is None:
        return []
    expected = [(column.name, column.glue_type) for column in contract.columns]
    # A crawler may take a folder's name for a partition, which then is a column too many.
    columns = [*crawled.get("StorageDescriptor", {}).get("Columns", ()), *crawled.get("PartitionKeys", ())]
    actual = [(column["Name"], column.get("Type", MISSING)) for column in columns]
    return _differences(contract.table, "catálogo", expected, actual)


def _differences(
    table: str, place: str, expected_columns: Sequence[tuple[str, str]], actual_columns: Sequence[tuple[str, str]]
) -> list[str]:
    expected, actual = dict(expected_columns), dict(actual_columns)
    differences = [
        f"{table}.{name}: contrato {expected.get(name, MISSING)}, {place} {actual.get(name, MISSING)}"
        for name in dict.fromkeys([*expected, *actual])
        if expected.get(name) != actual.get(name)
    ]
    times = Counter(name for name, _ in actual_columns)
    differences += [f"{table}.{name}: está {n} vezes no {place}" for name, n in times.items() if n > 1]
    if not differences and list(expected) != list(actual):
        moved = [name for name, now in zip(expected, actual, strict=True) if name != now]
        differences.append(
            f"{table}: as colunas estão noutra ordem no {place}, fora do lugar: {', '.join(moved)}; grave-as na ordem "
            f"do contrato: {', '.join(expected)}"
        )
    return differences
