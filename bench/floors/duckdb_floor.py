"""The least work for DuckDB: read the inputs, write a finished fact, read what Gold needs of it."""

from pathlib import Path

import duckdb

from bench.tables import BRONZE, FACT, GOLD_NEEDS, NEEDED


def load(source: Path) -> duckdb.DuckDBPyConnection:
    """Return a database in memory with the finished fact."""
    database = duckdb.connect(config={"threads": 2})
    database.execute(f"CREATE TABLE fact AS FROM read_parquet('{source}/finished/{FACT}/*.parquet')")
    return database


def main(source: Path, target: Path, database: duckdb.DuckDBPyConnection) -> None:
    """Read, write, read."""
    for table in BRONZE:
        _read(database, NEEDED[table], f"{source}/prepared/duckdb_tuned/{table}.parquet")
    (target / FACT).mkdir()
    path = f"{target}/{FACT}/0.parquet"
    database.execute(f"COPY fact TO '{path}' (FORMAT parquet, COMPRESSION snappy)")
    _read(database, GOLD_NEEDS, path)


def _read(database: duckdb.DuckDBPyConnection, columns: tuple[str, ...], path: str) -> None:
    """Decode columns of a file and keep none of them."""
    decoded = ", ".join(f"any_value({name})" for name in columns)
    database.execute(f"SELECT {decoded} FROM (SELECT * FROM read_parquet('{path}'))").fetchall()
