"""The least work for Polars: read the inputs, write a finished fact, read what Gold needs of it."""

from pathlib import Path

import polars as pl

from bench.tables import BRONZE, FACT, GOLD_NEEDS, NEEDED

_FEW = 0.1


def load(source: Path) -> pl.DataFrame:
    """Return the finished fact, with text of few values as categoricals."""
    fact = pl.read_parquet(source / "finished" / FACT / "*.parquet")
    few = [name for name in fact.columns if fact.schema[name] == pl.String and fact[name].n_unique() < _FEW * len(fact)]
    return fact.with_columns(pl.col(few).cast(pl.Categorical))


def main(source: Path, target: Path, fact: pl.DataFrame) -> None:
    """Read, write, read."""
    for table in BRONZE:
        pl.scan_parquet(source / "prepared/polars_tuned" / f"{table}.parquet").select(NEEDED[table]).collect(
            engine="streaming"
        )
    (target / FACT).mkdir()
    fact.lazy().sink_parquet(target / FACT / "0.parquet", compression="snappy")
    pl.scan_parquet(target / FACT / "0.parquet").select(GOLD_NEEDS).collect(engine="streaming")
