"""The Bronze Lambda: exported CSVs, or synthetic data, become typed and staged tables."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pyarrow as pa
from aws_lambda_powertools.utilities.typing import LambdaContext

from bronze.csv.corrections import columns_of
from bronze.csv.landed import landed
from bronze.csv.new_columns import additions
from bronze.csv.source import PIECE, TableFiles, left_out, write
from bronze.disk import full_disk_explained
from bronze.judging import judge
from bronze.part_files import PartFiles
from bronze.ranges import rounds
from bronze.synthetic.company import generate, pieces
from lakehouse.contract import layers
from lakehouse.contract.choices import PROPOSE
from lakehouse.contract.model import load
from lakehouse.lake.s3 import Lake, Traffic
from lakehouse.lineage.runs import Runs
from lakehouse.part_size import parts_of_bytes, parts_of_orders
from lakehouse.parts import parts_of_table
from lakehouse.process import reuse_memory
from lakehouse.runtime import Settings, arn_of, instrumented, run_id_of
from lakehouse.staging import InputRead, stage_files, staged_layer, waiting
from lakehouse.versions.opening import Opening, opened
from lakehouse.versions.proposal import propose
from lakehouse.versions.source import checked
from lakehouse.versions.version import CSV

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
        return rounds.one(lake, run_id, event["part_key"])
    runs = Runs.of_event(lake, event, arn_of(context))
    opening = opened(lake, run_id, checked(event.get("source", {"type": CSV})), anew="origin" not in event)
    if opening.source.get("type", CSV) == CSV and rounds.in_ranges(lake, opening):
        return _in_ranges(lake, opening, runs, maps=bool(event.get("maps")))
    staged = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        for source in _sources(lake, opening, folder):
            with runs.of(source.table, source.traffic) as run:
                with full_disk_explained(folder):
                    files = source.write()
                entry = stage_files(
                    lake, run_id, source.table, files.paths, files.quarantine,
                    rows_read=files.rows_read, rows=files.rows, superseded=files.superseded,
                    source_keys=list(source.traffic.read), inputs=source.inputs, new_columns=source.new_columns,
                )  # fmt: skip
                run.rows, run.bytes = entry["rows"], entry["bytes"]
            staged.append(entry)
            for path in files.paths:
                path.unlink()
    return staged_layer(run_id, layers.BRONZE, staged, runs.summary())


def _in_ranges(lake: Lake, opening: Opening, runs: Runs, *, maps: bool) -> dict[str, Any]:
    """Stage the bronze tables of large exports, or say what a Map is to do first."""
    with TemporaryDirectory() as folder:
        staged = rounds.all_of(lake, opening, Path(folder), maps=maps)
    if isinstance(staged, rounds.Waiting):
        return waiting(opening.run_id, layers.BRONZE, staged.tasks, staged.prefix)
    for entry in staged:
        with runs.of(entry["table"]) as run:
            run.add_traffic(Traffic(dict.fromkeys(entry["source_keys"]), dict.fromkeys(rounds.keys_of(entry))))
            run.rows, run.bytes = entry["rows"], entry["bytes"]
    return staged_layer(opening.run_id, layers.BRONZE, staged, runs.summary())


@dataclass(frozen=True)
class _Source:
    """The source of one bronze table: the keys read for it, what writes its part files, the columns left out."""

    table: str
    traffic: Traffic
    write: Callable[[], TableFiles]
    inputs: tuple[InputRead, ...] = ()
    new_columns: tuple[str, ...] = ()


def _sources(lake: Lake, opening: Opening, folder: Path) -> Iterator[_Source]:
    source = opening.source
    if source.get("type", CSV) == CSV:
        yield from _csv_sources(lake, opening, folder, source.get("parts"))
        return
    orders, seed = source.get("orders", DEFAULT_ORDERS), source.get("seed", DEFAULT_SEED)
    parts = source.get("parts") or parts_of_orders(orders)
    for table, rows in generate(orders, seed).items():
        yield _Source(table, Traffic(), partial(_generate, table, rows, parts_of_table(table, parts), folder))


def _generate(table: str, rows: pa.Table, parts: int, folder: Path) -> TableFiles:
    """Judge generated rows, and write the kept ones in parts."""
    files = PartFiles(table, parts, folder)
    judged = judge(load(table), f"{table}.csv", partial(pieces, table, rows), files)
    files.close(rows.schema)
    return TableFiles(tuple(files.paths), judged.kept, judged.quarantine, judged.rows_read)


def _csv_sources(lake: Lake, opening: Opening, folder: Path, parts: int | None) -> Iterator[_Source]:
    """Fetch and check all files before the first table is written."""
    found = landed(lake, opening, folder)
    parts = parts or parts_of_bytes(sum(found[table].path.stat().st_size for table in layers.cut_tables(layers.BRONZE)))
    for table, files in found.items():
        new = tuple(left_out(table, files.path))
        if new and opening.new_columns_of(table) == PROPOSE:
            propose(lake, opening.run_id, table, additions(load(table), [files.path], columns_of(files.path), PIECE))
        work = partial(write, table, files.path, parts_of_table(table, parts), folder, files.corrected)
        yield _Source(table, files.traffic, work, files.inputs, new)
