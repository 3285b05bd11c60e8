"""Polars for any export: keys are any text, fields may be quoted, a value of another type is NULL.

It does what `bench.peers.polars_tuned` does, with as much tuning, but takes nothing of the exports for granted. A file
that its reader refuses is read once more: without the lines of which a quote is out of place or never closed, and with
NULL for what cannot be read.
"""

from io import BytesIO
from pathlib import Path

import polars as pl

from bench.peers import polars_tuned as tuned


def end_to_end(source: Path, target: Path) -> None:
    """Make the bronze tables of the CSVs, and of them the fact and the aggregates."""
    tuned.job(tuned.through_bronze(source, target, _write), target, tuned.Keys({}, _ranked))


def _write(path: Path, target: Path) -> None:
    with path.open(encoding="utf-8-sig") as file:
        header = [name.strip('"') for name in file.readline().strip().split(",")]
    types = tuned.schema(header)
    try:
        tuned.categorical(pl.scan_csv(path, schema=types)).sink_parquet(target, compression="snappy")
    except pl.exceptions.ComputeError:
        rows = pl.read_csv(_well_quoted(path), schema=types, ignore_errors=True, truncate_ragged_lines=True)
        tuned.categorical(rows.lazy()).sink_parquet(target, compression="snappy")


def _well_quoted(path: Path) -> BytesIO:
    """Return the lines of a file that have an even number of quotes; its text has no line ends."""
    lines = pl.scan_csv(path, has_header=False, new_columns=["line"], separator="\x01", quote_char=None)
    kept = BytesIO()
    even = pl.col("line").str.count_matches('"', literal=True) % 2 == 0
    lines.filter(even).sink_csv(kept, include_header=False, quote_style="never")
    kept.seek(0)
    return kept


def _ranked(tables: tuned.Tables) -> tuned.Tables:
    """Return the tables with the ranks of their keys."""
    orders = tables["pedidos"].sort("pedido_id").with_row_index("order")
    orders = orders.with_columns(pl.col("order").cast(pl.Int64)).collect(engine="streaming").lazy()
    ranks = orders.select("pedido_id", "order")

    def with_ranks(table: str, key: str, name: str) -> pl.LazyFrame:
        rows = tables[table].sort(key).with_row_index(name).with_columns(pl.col(name).cast(pl.Int64))
        return rows.join(ranks, on="pedido_id", how="left").collect(engine="streaming").lazy()

    return tables | {
        "pedidos": orders,
        "itens_pedido": with_ranks("itens_pedido", "item_id", "item"),
        "pagamentos": with_ranks("pagamentos", "pagamento_id", "due"),
    }
