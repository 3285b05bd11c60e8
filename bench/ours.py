"""This project's engine: Silver and Gold as the Lambdas run them, on local files instead of S3."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from gold.cash_flow import cash_flow
from gold.fact import COLUMNS, ENCODED
from gold.forecast import forecast
from lakehouse import layout
from silver.correlation import correlate


def main(source: Path, target: Path) -> None:
    """Make the fact of the seven bronze tables, and the aggregates of the fact."""
    bronze = {table: pq.read_table(source / f"{table}.parquet") for table in layout.TABLES[layout.BRONZE]}
    _write(correlate(bronze).fact, target, layout.FACT)
    del bronze
    with pq.ParquetFile(target / layout.FACT / "0.parquet", read_dictionary=list(ENCODED)) as file:
        fact = file.read(list(COLUMNS))
    _write(cash_flow(fact), target, layout.CASH_FLOW)
    _write(forecast(fact), target, layout.FORECAST)


def _write(table: pa.Table, target: Path, name: str) -> None:
    """Write a table as `lakehouse.s3.Lake.write_table` does."""
    folder = target / name
    folder.mkdir()
    pq.write_table(table, folder / "0.parquet", compression="snappy", store_schema=False)
