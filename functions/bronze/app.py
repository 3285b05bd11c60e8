"""The Bronze Lambda: seven exported CSVs, or synthetic data, become seven typed and staged tables."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bronze.csv_source import Normalised, check, fetch, normalise
from bronze.synthetic import generate
from lakehouse import layout
from lakehouse.errors import InputError, StorageError
from lakehouse.runtime import Settings, logger
from lakehouse.s3 import Lake
from lakehouse.staging import stage, staged_layer

DEFAULT_ORDERS = 1_000
DEFAULT_SEED = 42


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Stage the bronze tables of one run; event and result are those of docs/architecture.md.

    Raises
    ------
    InputError
        The input cannot be used; the message has every problem of every file, and nothing was written.
    """
    lake, run_id = Lake(Settings.from_environment().bucket), event["run_id"]
    source = event.get("source", {"type": "csv"})
    staged = []
    for table, rows in _tables(lake, source):
        keys = [layout.landing_key(table)] if source["type"] == "csv" else []
        staged.append(
            stage(lake, run_id, table, rows.kept, rows.quarantine, rows_read=rows.rows_read, source_keys=keys)
        )
        logger.info("staged", run_id=run_id, table=table, rows=len(rows.kept), quarantined=len(rows.quarantine))
    return staged_layer(run_id, layout.BRONZE, staged)


def _tables(lake: Lake, source: dict[str, Any]) -> Iterator[tuple[str, Normalised]]:
    match source:
        case {"type": "csv"}:
            yield from _from_csv(lake)
        case {"type": "synthetic"}:
            orders, seed = source.get("orders", DEFAULT_ORDERS), source.get("seed", DEFAULT_SEED)
            if not isinstance(orders, int) or orders < 1:
                raise InputError([f"source.orders é {orders!r}; peça ao menos 1 pedido"])
            yield from generate(orders, seed).items()
        case _:
            raise InputError([f"source é {source!r}; use {{'type': 'csv'}} ou {{'type': 'synthetic', 'orders': 1000}}"])


def _from_csv(lake: Lake) -> Iterator[tuple[str, Normalised]]:
    streams, problems = {}, []
    for table in layout.TABLES[layout.BRONZE]:
        try:
            streams[table] = lake.open(layout.landing_key(table))
        except StorageError:
            problems.append(f"{table}.csv: falta o arquivo {lake.uri(layout.landing_key(table))}; envie-o para lá")
    if problems:
        raise InputError(problems)
    with tempfile.TemporaryDirectory() as folder:
        files = fetch(streams, Path(folder))
        check(files)
        for table, path in files.items():
            yield table, normalise(table, path)
