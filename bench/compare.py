"""Every value that an engine wrote compared with the reference's, for small inputs."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from bench.tables import CASH_FLOW, FACT, FORECAST
from lakehouse.contract.model import load

# Doubles are means, deviations and prices, whose last bits depend on the order of additions.
_RELATIVE: Final = 1e-9
_SHOWN: Final = 5


def problems(expected: Mapping[str, pa.Table], folder: Path) -> list[str]:
    """Return how the tables in a folder differ from the expected ones: schema, row order, every value.

    Parameters
    ----------
    expected : mapping of str to pa.Table
        The fact and the two aggregates by name, with their contracts' schemas, sorted by their keys.
    folder : Path
        Has ``<table>/*.parquet``.
    """
    return [problem for table, rows in expected.items() for problem in _table_problems(table, rows, folder)]


def tables(folder: Path) -> dict[str, pa.Table]:
    """Return what an engine wrote: the fact and the two aggregates, as `read` returns them."""
    return {table: read(folder, table) for table in (FACT, CASH_FLOW, FORECAST)}


def read(folder: Path, table: str) -> pa.Table:
    """Return all files of a table as one, sorted by its key, dictionaries decoded."""
    parts = [_plain(pq.read_table(path)) for path in _files(folder, table)]
    whole = pa.concat_tables(parts)
    return whole if len(parts) == 1 else whole.sort_by([(name, "ascending") for name in load(table).key])


def _files(folder: Path, table: str) -> list[Path]:
    return sorted((folder / table).glob("*.parquet"))


def _table_problems(table: str, expected: pa.Table, folder: Path) -> Iterator[str]:
    schema = load(table).schema
    files = _files(folder, table)
    if not files:
        yield f"{table}: no file was written"
        return
    for path in files:
        part = _plain(pq.read_table(path))
        types = [f"{field.name} {field.type}" for field in part.schema]
        if types != [f"{field.name} {field.type}" for field in schema]:
            yield f"{table}: the columns are {', '.join(types)}"
            return
        codec = pq.ParquetFile(path).metadata.row_group(0).column(0).compression if len(part) else "SNAPPY"
        if codec != "SNAPPY":
            yield f"{table}: {path.name} is compressed with {codec}"
        keys = _sort_keys(part, table)
        if keys != sorted(keys):
            yield f"{table}: {path.name} is not sorted by its key"
    yield from _value_problems(table, expected.to_pylist(), read(folder, table).to_pylist())


def _plain(table: pa.Table) -> pa.Table:
    """Return a table with plain text instead of dictionaries and large types."""
    fields = [pa.field(field.name, _plain_type(field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


def _plain_type(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(type_):
        return _plain_type(type_.value_type)
    return pa.string() if pa.types.is_large_string(type_) or pa.types.is_string_view(type_) else type_


def _sort_keys(table: pa.Table, name: str) -> list[list[tuple[bool, Any]]]:
    rows = table.select(list(load(name).key)).to_pylist()
    return [
        [(value is None, value.encode() if isinstance(value, str) else str(value)) for value in row.values()]
        for row in rows
    ]


def _value_problems(table: str, expected: list[dict[str, Any]], actual: list[dict[str, Any]]) -> Iterator[str]:
    if len(expected) != len(actual):
        yield f"{table}: {len(actual)} rows instead of {len(expected)}"
        return
    wrong: dict[str, list[str]] = {}
    for number, (row, other) in enumerate(zip(expected, actual, strict=True)):
        for name, value in row.items():
            if not _equal(value, other[name]):
                key = tuple(row[column] for column in load(table).key)
                wrong.setdefault(name, []).append(f"row {number} {key}: {other[name]!r} instead of {value!r}")
    for name, where in wrong.items():
        yield f"{table}.{name}: {len(where)} wrong, as {'; '.join(where[:_SHOWN])}"


def _equal(expected: Any, actual: Any) -> bool:
    if isinstance(expected, float) and isinstance(actual, float):
        return math.isclose(expected, actual, rel_tol=_RELATIVE, abs_tol=_RELATIVE)
    return type(expected) is type(actual) and bool(expected == actual)
