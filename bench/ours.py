"""This project's engine: Silver and Gold as the Lambdas run them, part by part, on local files instead of S3."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa

from gold import partial
from gold.cash_flow import cash_flow
from gold.forecast import forecast
from lakehouse import layout, parquet
from lakehouse.parts import PARTED, PARTITION_KEY, part_of, parts_of_orders
from silver.correlation import ENCODED, READ, correlate

# A part is the unit of work here: its columns are not read in threads as well.
pa.set_cpu_count(1)
pa.set_io_thread_count(1)


def prepare(source: Path, target: Path) -> None:
    """Cut the bronze tables into parts, as Bronze writes them (`end_to_end` has the price of that)."""
    tables = {table: parquet.read(source / f"{table}.parquet") for table in layout.TABLES[layout.BRONZE]}
    parts = parts_of_orders(len(tables["pedidos"]))
    for table, rows in tables.items():
        encoded = _encoded(table, rows)
        if table not in PARTED:
            parquet.write(encoded, target / f"{table}.parquet")
            continue
        of = part_of(rows[PARTITION_KEY], parts)
        for part in range(parts):
            cut = encoded.take(pa.array(np.flatnonzero(of == part)))
            parquet.write(cut, target / layout.file_name(table, part, parts))


def main(source: Path, target: Path) -> None:
    """Make the fact of the seven bronze tables, and the aggregates of the fact."""
    parts = layout.parts_of(
        "pedidos", (f"{layout.published_prefix('pedidos')}{f.name}" for f in source.glob("pedidos*"))
    )
    if parts is None:
        raise FileNotFoundError(f"{source} has no pedidos, or not all parts of them")
    for table in (layout.FACT, layout.CASH_FLOW, layout.FORECAST):
        (target / table).mkdir()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        partials = list(threads.map(lambda part: _part(source, target, part, parts), range(parts)))
    combined = partial.combined(partials)
    parquet.write(cash_flow(combined), target / layout.CASH_FLOW / "0.parquet")
    parquet.write(forecast(combined), target / layout.FORECAST / "0.parquet")


def _part(source: Path, target: Path, part: int, parts: int) -> partial.Partial:
    """Make one part of the fact, then read it as Gold does and aggregate it."""
    bronze = {
        table: parquet.read(
            source / (layout.file_name(table, part, parts) if table in PARTED else layout.file_name(table)),
            READ.get(table), ENCODED.get(table, ()),
        )
        for table in layout.TABLES[layout.BRONZE]
    }  # fmt: skip
    if part:
        bronze["emprestimos"] = bronze["emprestimos"].slice(0, 0)
    path = target / layout.FACT / layout.file_name(layout.FACT, part, parts)
    parquet.write(correlate(bronze).fact, path)
    return partial.aggregated(parquet.read(path, partial.COLUMNS, partial.ENCODED))


def _encoded(table: str, rows: pa.Table) -> pa.Table:
    """Encode the text columns of few values."""
    for place, name in enumerate(rows.column_names):
        if name in ENCODED.get(table, ()):
            rows = rows.set_column(place, name, rows[name].dictionary_encode().combine_chunks())
    return rows
