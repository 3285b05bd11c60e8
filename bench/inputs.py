"""The inputs of the measurements: the tables of a synthetic company, made once per size and kept."""

import fcntl
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from bronze.csv.text import write_csv
from bronze.synthetic.company import accepted, generate
from cli import ROOT
from lakehouse.contract.layers import BRONZE, tables_of

CACHE: Final = ROOT / ".importau/bench"
SEED: Final = 42


def folder(orders: int) -> Path:
    """Return the folder for one size, with ``bronze/`` and ``csv/``, and the engines' results."""
    return CACHE / str(orders)


@contextmanager
def alone() -> Iterator[bool]:
    """Yield whether no other benchmark of this checkout runs; none can start while the block lasts."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def missing(orders: int) -> bool:
    """Return whether the inputs of a size have to be made: there are none, or those of another version."""
    made_by = folder(orders) / "made_by"
    return not made_by.exists() or made_by.read_text("utf-8") != stamp()


def make(source: Path, target: Path) -> None:
    """Write as many orders as the name of ``source`` says: the accepted tables as Parquet, and their CSV exports.

    A job like an engine's, so that it runs in a process of its own, and the measuring process stays small.
    """
    tables = generate(int(source.name), SEED)
    for name in ("bronze", "csv"):
        (target / name).mkdir(parents=True)
    write_csv(tables, target / "csv")
    write_bronze({name: accepted(name, table).kept for name, table in tables.items()}, target / "bronze")
    (target / "made_by").write_text(stamp(), "utf-8")


def write_bronze(tables: Mapping[str, pa.Table], target: Path) -> None:
    """Write bronze tables as `lakehouse.lake.s3.Lake.write_table` does."""
    for name in tables_of(BRONZE):
        pq.write_table(tables[name], target / f"{name}.parquet", compression="snappy", store_schema=False)


def stamp(*more: Path) -> str:
    """Return a hash of the code that makes the inputs, and of ``more`` files."""
    sources = [*sorted((ROOT / "functions/bronze/synthetic").glob("*.py")), *more]
    return hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()
