"""The Bronze Lambda: exported CSVs, or synthetic data, become typed and staged tables."""

import errno
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pyarrow as pa
from aws_lambda_powertools.utilities.typing import LambdaContext

from bronze.csv.source import TableFiles, fetch, problems_of_all, write
from bronze.judging import judge
from bronze.part_files import PartFiles
from bronze.synthetic.company import generate, pieces
from lakehouse.contract import layers
from lakehouse.contract.model import load
from lakehouse.errors import InputError, LakehouseError, StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake, Traffic
from lakehouse.lineage.runs import Runs
from lakehouse.part_size import parts_of_bytes, parts_of_orders
from lakehouse.parts import MOST_PARTS, parts_of_table
from lakehouse.process import reuse_memory
from lakehouse.runtime import Settings, arn_of, instrumented, run_id_of
from lakehouse.staging import stage_files, staged_layer

DEFAULT_ORDERS: Final = 1_000
DEFAULT_SEED: Final = 42

reuse_memory()


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Stage the bronze tables of one run; event and result are those of docs/architecture.md.

    Raises
    ------
    InputError
        The input cannot be used: the message has every problem of every file, and nothing was written.
    """
    lake, run_id = Lake(Settings.from_environment().bucket), run_id_of(event)
    if "part_key" in event:
        raise InputError([f"part_key is {event['part_key']!r}; Bronze reads whole files, so leave it out"])
    runs = Runs.of_event(lake, event, arn_of(context))
    staged = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        for source in _sources(lake, event.get("source", {"type": "csv"}), folder):
            with runs.of(source.table, source.traffic) as run:
                with _full_disk_explained(folder):
                    files = source.write()
                entry = stage_files(
                    lake, run_id, source.table, files.paths, files.quarantine,
                    rows_read=files.rows_read, rows=files.rows, source_keys=list(source.traffic.read),
                )  # fmt: skip
                run.rows, run.bytes = entry["rows"], entry["bytes"]
            staged.append(entry)
            for path in files.paths:
                path.unlink()
    return staged_layer(lake, run_id, layers.BRONZE, staged, runs.summary())


@dataclass(frozen=True)
class _Source:
    """The source of one bronze table: the keys read for it, and a function that writes its part files."""

    table: str
    traffic: Traffic
    write: Callable[[], TableFiles]


def _sources(lake: Lake, source: dict[str, Any], folder: Path) -> Iterator[_Source]:
    match source:
        case {"type": "csv"}:
            _check(source, parts=1)
            yield from _csv_sources(lake, folder, source.get("parts"))
        case {"type": "synthetic"}:
            _check(source, orders=1, seed=0, parts=1)
            orders, seed = source.get("orders", DEFAULT_ORDERS), source.get("seed", DEFAULT_SEED)
            parts = source.get("parts") or parts_of_orders(orders)
            for table, rows in generate(orders, seed).items():
                yield _Source(table, Traffic(), partial(_generate, table, rows, parts_of_table(table, parts), folder))
        case _:
            raise InputError(
                [f'source is {source!r}; use {{"type": "csv"}} or {{"type": "synthetic", "orders": 1000, "seed": 42}}']
            )


def _check(source: dict[str, Any], **least: int) -> None:
    """Check the numbers that a source has against their least values; raise `InputError` with every wrong one."""
    problems = [
        f"source.{name} is {value!r}; use a whole number from {at_least} up"
        for name, at_least in least.items()
        if name in source
        and (not isinstance(value := source[name], int) or isinstance(value, bool) or value < at_least)
    ]
    if source.get("parts") and isinstance(source["parts"], int) and source["parts"] > MOST_PARTS:
        problems.append(f"source.parts is {source['parts']}; a table has up to {MOST_PARTS} parts")
    if problems:
        raise InputError(problems)


def _generate(table: str, rows: pa.Table, parts: int, folder: Path) -> TableFiles:
    """Judge generated rows, and write the kept ones in parts."""
    files = PartFiles(table, parts, folder)
    judged = judge(load(table), f"{table}.csv", partial(pieces, table, rows), files)
    files.close(rows.schema)
    return TableFiles(tuple(files.paths), judged.kept, judged.quarantine, judged.rows_read)


@contextmanager
def _full_disk_explained(folder: Path) -> Iterator[None]:
    """Raise an error that says what to do, where the files do not fit the function's disk."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise LakehouseError(
            f"the files do not fit the function's {folder.parent}; raise EphemeralStorage in template.yaml"
        ) from error


def _csv_sources(lake: Lake, folder: Path, parts: int | None) -> Iterator[_Source]:
    """Fetch and check all files before the first table is written."""
    files: dict[str, Path] = {}
    traffics: dict[str, Traffic] = {}
    problems = []
    for table in layers.tables_of(layers.BRONZE):
        key, path = layout.landing_key(table), folder / f"{table}.csv"
        with lake.traffic() as traffic:
            try:
                with _full_disk_explained(folder):
                    fetch(lake.open(key), path)
            except StorageError as error:
                problems.append(f"{path.name} is missing: {error}; upload it there, or run on synthetic data")
            else:
                files[table], traffics[table] = path, traffic
    # Where some files are missing the others are checked all the same: one message names every problem.
    problems += problems_of_all(files)
    if problems:
        raise InputError(problems)
    parts = parts or parts_of_bytes(sum(files[table].stat().st_size for table in layers.cut_tables(layers.BRONZE)))
    for table, path in files.items():
        yield _Source(table, traffics[table], partial(write, table, path, parts_of_table(table, parts), folder))
