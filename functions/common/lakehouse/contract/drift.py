"""Drift: contract, Parquet footer, registered and discovered table compared, column by column."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from lakehouse.contract.model import Contract

MISSING: Final = "(ausente)"
# The sides of a table, as differences name them.
CONTRACT: Final = "contrato"
FOOTER: Final = "Parquet"
REGISTERED: Final = "catálogo"
DISCOVERED: Final = "descoberto"

_Columns = Sequence[tuple[str, str]]
_GLUE: Final[Mapping[pa.DataType, str]] = {
    pa.bool_(): "boolean", pa.int8(): "tinyint", pa.int16(): "smallint", pa.int32(): "int", pa.int64(): "bigint",
    pa.float32(): "float", pa.float64(): "double", pa.date32(): "date", pa.string(): "string",
    pa.large_string(): "string", pa.binary(): "binary", pa.large_binary(): "binary",
}  # fmt: skip


def fingerprint(footer: pa.Schema) -> str:
    """Return what two files have in common that drift from their contract alike, 16 hexadecimal digits."""
    columns = [(field.name, str(field.type)) for field in footer]
    return hashlib.sha256(json.dumps(columns).encode()).hexdigest()[:16]


def footer_drift(contract: Contract, footer: pa.Schema) -> list[str]:
    """Return every difference between a contract and the schema in the published Parquet's footer."""
    expected = [(column.name, str(column.arrow_type)) for column in contract.columns]
    return _differences(
        contract.table, {CONTRACT: expected, FOOTER: [(field.name, str(field.type)) for field in footer]}
    )


def registered_drift(contract: Contract, registered: Mapping[str, Any] | None) -> list[str]:
    """Return every difference between a contract and the table's entry in the catalogue.

    Parameters
    ----------
    contract : Contract
    registered : mapping or None
        The table as Glue describes it; None where there is none, which is no drift: registration creates it.
    """
    if registered is None:
        return []
    return _differences(contract.table, {CONTRACT: _promised(contract), REGISTERED: _every_column(registered)})


def four_way(
    contract: Contract,
    footer: pa.Schema | None,
    registered: Mapping[str, Any] | None,
    discovered: Mapping[str, Any] | None,
    partition: tuple[str, str],
) -> list[str]:
    """Return every difference among a contract, a footer, a registered and a discovered table.

    A line names a column, and what each side says of it. A side that is not there at all is not compared; a footer
    with neither a registered nor a discovered table is `footer_drift`'s.

    Parameters
    ----------
    contract : Contract
    footer : pa.Schema or None
        Of the published Parquet.
    registered : mapping or None
        The table's entry, as Glue describes it.
    discovered : mapping or None
        The table that a crawler made, as Glue describes it.
    partition : tuple of str and str
        Name and type of the one partition key that a crawler has to see; a registered table has none.
    """
    if registered is None and discovered is None:
        return []
    sides: dict[str, _Columns] = {CONTRACT: _promised(contract)}
    if footer is not None:
        sides[FOOTER] = [(field.name, glue_type(field.type)) for field in footer]
    if registered is not None:
        sides[REGISTERED] = _every_column(registered)
    if discovered is not None:
        sides[DISCOVERED] = _columns(discovered.get("StorageDescriptor", {}).get("Columns", ()))
    differences = _differences(contract.table, sides)
    if discovered is not None:
        keys = _columns(discovered.get("PartitionKeys", ()))
        if keys != [partition]:
            seen = ", ".join(map(" ".join, keys)) or MISSING
            differences.append(f"{contract.table}: partição esperada {' '.join(partition)}, {DISCOVERED} {seen}")
    return differences


def glue_type(type_: pa.DataType) -> str:
    """Return the name in Glue of an Arrow type; Arrow's own name for one that no table of the project has."""
    if pa.types.is_decimal(type_):
        return f"decimal({type_.precision},{type_.scale})"
    if pa.types.is_timestamp(type_):
        return "timestamp"
    if pa.types.is_dictionary(type_):
        return glue_type(type_.value_type)
    return _GLUE.get(type_, str(type_))


def _promised(contract: Contract) -> _Columns:
    return [(column.name, column.glue_type) for column in contract.columns]


def _every_column(table: Mapping[str, Any]) -> _Columns:
    """Return a table's columns with its partition keys, which in a registered table are columns too many."""
    return _columns([*table.get("StorageDescriptor", {}).get("Columns", ()), *table.get("PartitionKeys", ())])


def _columns(columns: Sequence[Mapping[str, Any]]) -> _Columns:
    return [(column["Name"], column.get("Type", MISSING)) for column in columns]


def _differences(table: str, sides: Mapping[str, _Columns]) -> list[str]:
    """Return how sides differ, of which the first is the contract's."""
    of_each = {side: dict(columns) for side, columns in sides.items()}
    expected = of_each[CONTRACT]
    names = dict.fromkeys(name for columns in of_each.values() for name in columns)
    differences = [
        f"{table}.{name}: {', '.join(f'{side} {columns.get(name, MISSING)}' for side, columns in of_each.items())}"
        for name in names
        if len({columns.get(name) for columns in of_each.values()}) > 1
    ]
    for side, columns in sides.items():
        times = Counter(name for name, _ in columns)
        differences += [f"{table}.{name}: está {n} vezes no {side}" for name, n in times.items() if n > 1]
    if differences:
        return differences
    for side, own in of_each.items():
        moved = [name for name, now in zip(expected, own, strict=True) if name != now]
        if moved:
            differences.append(
                f"{table}: as colunas estão noutra ordem no {side}, fora do lugar: {', '.join(moved)}; grave-as na "
                f"ordem do contrato: {', '.join(expected)}"
            )
    return differences
