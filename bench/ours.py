"""This project's engine: Silver and Gold as the Lambdas run them, part by part, on local files instead of S3."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa

from bronze.part_files import PartFiles
from gold import partial
from gold.cash_flow import CASH_FLOW, cash_flow
from gold.forecast import FORECAST, forecast
from lakehouse.contract import layers
from lakehouse.contract import model as contracts
from lakehouse.engine import parquet
from lakehouse.lake import layout
from lakehouse.part_size import parts_of_orders
from lakehouse.parts import parts_of_table, read_by_part
from lakehouse.process import leave_pandas_out, reuse_memory
from silver.correlation import ENCODED, FACT, READ, correlate

_CUT = layers.cut_tables(layers.BRONZE)

# As in the functions: `lakehouse.runtime` does the first, and the handlers the second.
leave_pandas_out()
reuse_memory()
# Parts are worked on in parallel, so a part's columns are not read in threads as well.
pa.set_cpu_count(1)
pa.set_io_thread_count(1)


def prepare(source: Path, target: Path) -> None:
    """Cut the bronze tables into parts, as Bronze writes them (`end_to_end` includes the cost of that)."""
    tables = {table: parquet.read(source / f"{table}.parquet") for table in layers.tables_of(layers.BRONZE)}
    write_parts(tables, target)


def write_parts(tables: Mapping[str, pa.Table], target: Path) -> None:
    """Write bronze tables as Bronze does."""
    parts = parts_of_orders(len(tables[_CUT[0]]))
    for table, rows in tables.items():
        files = PartFiles(table, parts_of_table(table, parts), target)
        files.add(rows)
        files.close(rows.schema)


def main(source: Path, target: Path) -> None:
    """Make the fact from the bronze tables, and the aggregates from the fact."""
    cut = _CUT[0]
    names = sorted(file.name for file in source.glob(f"{cut}*"))
    parts = len(names)
    if not parts or names != [layout.file_name(cut, part, parts) for part in range(parts)]:
        raise FileNotFoundError(f"{source} has no {cut}, or not all parts of them")
    for table in (FACT, CASH_FLOW, FORECAST):
        (target / table).mkdir()
    broadcast = {
        table: parquet.read(source / layout.file_name(table))
        for table in layers.tables_of(layers.BRONZE) if not layers.is_cut(table)
    }  # fmt: skip
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        combined = partial.combined(
            threads.map(lambda part: _part(source, target, part, parts, broadcast), range(parts))
        )
    parquet.write(cash_flow(combined), target / CASH_FLOW / "0.parquet")
    parquet.write(forecast(combined), target / FORECAST / "0.parquet")


def _part(
    source: Path, target: Path, part: int, parts: int, broadcast: Mapping[str, pa.Table]
) -> partial.Partial:  # fmt: skip
    """Make one part of the fact, then read it as Gold does and aggregate it."""
    cut = {
        table: parquet.read(source / layout.file_name(table, part, parts), READ[table], ENCODED[table])
        for table in _CUT
    }
    bronze = read_by_part(broadcast, part) | cut
    path = target / FACT / layout.file_name(FACT, part, parts)
    fact = parquet.declared(correlate(bronze).fact, contracts.load(FACT).required)
    parquet.write(fact, path, parquet.incompressible(fact))
    return partial.aggregated(parquet.read(path, partial.COLUMNS, partial.ENCODED))
