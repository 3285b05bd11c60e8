"""The Bronze Lambda: seven exported CSVs, or synthetic data, become seven typed and staged tables."""

import errno
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from bronze.acceptance import Normalised
from bronze.csv_source import fetch, normalise, problems_of
from bronze.synthetic import accepted, generate
from lakehouse import layout
from lakehouse.contracts import load
from lakehouse.errors import InputError, LakehouseError, StorageError
from lakehouse.events import Runs
from lakehouse.runtime import Settings, instrumented, run_id_of
from lakehouse.s3 import Lake, Traffic
from lakehouse.staging import stage, staged_layer

DEFAULT_ORDERS: Final = 1_000
DEFAULT_SEED: Final = 42


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Stage the bronze tables of one run; event and result are those of docs/architecture.md.

    Raises
    ------
    InputError
        The input cannot be used; the message has every problem of every file, and nothing was written.
    """
    lake, run_id = Lake(Settings.from_environment().bucket), run_id_of(event)
    runs = Runs.of_event(lake, event, context.invoked_function_arn)
    staged = []
    with ExitStack() as stack:
        for source in _sources(lake, event.get("source", {"type": "csv"}), stack):
            with runs.of(source.table, source.read) as run:
                made = source.make()
                entry = stage(
                    lake,
                    run_id,
                    source.table,
                    made.kept,
                    made.quarantine,
                    rows_read=made.rows_read,
                    source_keys=list(source.read.read),
                )
                run.rows, run.bytes = entry["rows"], entry["bytes"]
            staged.append(entry)
    return staged_layer(lake, run_id, layout.BRONZE, staged, runs.summary())


@dataclass(frozen=True)
class _Source:
    """Where one bronze table comes from: what was read for it, and how it is made."""

    table: str
    read: Traffic
    make: Callable[[], Normalised]


def _sources(lake: Lake, source: dict[str, Any], stack: ExitStack) -> Iterator[_Source]:
    match source:
        case {"type": "csv"}:
            yield from _csv_sources(lake, stack)
        case {"type": "synthetic"}:
            orders, seed = source.get("orders", DEFAULT_ORDERS), source.get("seed", DEFAULT_SEED)
            problems = [
                f"source.{name} is {value!r}; use a whole number from {least} up"
                for name, value, least in (("orders", orders, 1), ("seed", seed, 0))
                if not isinstance(value, int) or isinstance(value, bool) or value < least
            ]
            if problems:
                raise InputError(problems)
            for table, rows in generate(orders, seed).items():
                yield _Source(table, Traffic(), partial(accepted, table, rows))
        case _:
            raise InputError(
                [f'source is {source!r}; use {{"type": "csv"}} or {{"type": "synthetic", "orders": 1000, "seed": 42}}']
            )


def _csv_sources(lake: Lake, stack: ExitStack) -> Iterator[_Source]:
    """Fetch and check all seven files before the first table is made."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    files: dict[str, Path] = {}
    read: dict[str, Traffic] = {}
    problems = []
    for table in layout.TABLES[layout.BRONZE]:
        key, path = layout.landing_key(table), folder / f"{table}.csv"
        with lake.observed() as traffic:
            try:
                fetch(lake.open(key), path)
            except StorageError as error:
                problems.append(f"{path.name} is missing: {error}; upload it there, or run on synthetic data")
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                raise LakehouseError(
                    f"the CSVs do not fit the function's {folder.parent}; raise EphemeralStorage in template.yaml"
                ) from error
            else:
                files[table], read[table] = path, traffic
    # What is there is checked too: one message names every problem.
    problems += [problem for table, path in files.items() for problem in problems_of(load(table), path)]
    if problems:
        raise InputError(problems)
    for table, path in files.items():
        yield _Source(table, read[table], partial(normalise, table, path))
