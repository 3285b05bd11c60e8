"""The Gold Lambda: aggregates the fact, or one part of it, into the two gold tables, and stages them."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from gold.cash_flow import CASH_FLOW, cash_flow
from gold.forecast import FORECAST, forecast
from gold.partial import COLUMNS, ENCODED, FACT, Partial, aggregated, combined
from lakehouse.clients import together
from lakehouse.contract import layers
from lakehouse.fanout import WRITE, FanOut, Record, part_of_event
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.lineage.runs import Runs
from lakehouse.process import reuse_memory
from lakehouse.runtime import Settings, arn_of, instrumented, run_id_of
from lakehouse.staging import stage, staged_layer
from lakehouse.versions.opening import opened
from lakehouse.versions.view import View

_AGGREGATES: Final = {CASH_FLOW: cash_flow, FORECAST: forecast}

reuse_memory()


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Stage both tables of one run, or aggregate one part; event and result are those of docs/architecture.md."""
    lake, run_id, part = Lake(Settings.from_environment().bucket), run_id_of(event), part_of_event(event)
    view = View.of_run(lake, opened(lake, run_id), below=layers.GOLD)
    if part is not None:
        return _parted(view, run_id).one(part[0])
    runs = Runs.of_event(lake, event, arn_of(context))
    with lake.traffic() as traffic:
        rows_read, partial = _aggregated(view, run_id)
        key = view.file(FACT).key
        lake.note_read([key])  # other invocations may have read it
    staged = []
    for table, aggregate in _AGGREGATES.items():
        with runs.of(table, traffic) as run:
            entry = stage(lake, run_id, table, aggregate(partial), None, rows_read=rows_read, source_keys=[key])
            run.rows, run.bytes = entry["rows"], entry["bytes"]
        staged.append(entry)
    return staged_layer(run_id, layers.GOLD, staged, runs.summary())


def _aggregated(view: View, run_id: str) -> tuple[int, Partial]:
    """Return the number of rows and the aggregates of the whole fact."""
    parted = _parted(view, run_id)
    if parted.parts == 1:
        fact = view.read(FACT, 0, COLUMNS, ENCODED)
        return len(fact), aggregated(fact)
    records = parted.all()
    return sum(record["rows"] for record in records), combined(_partials(view.lake, records))


def _parted(view: View, run_id: str) -> FanOut:
    parts = view.table(FACT).parts
    return FanOut(view.lake, run_id, layers.GOLD, WRITE, parts, lambda part: _aggregate_part(view, run_id, part))


def _aggregate_part(view: View, run_id: str, part: int) -> Record:
    """Aggregate one part of the fact, and write the three tables of its partial."""
    fact = view.read(FACT, part, COLUMNS, ENCODED)
    partial = aggregated(fact)
    keys = {name: layout.part_table_key(run_id, layers.GOLD, name, part) for name in Partial.TABLES}
    list(together(lambda name: view.lake.write_table(getattr(partial, name), keys[name]), keys))
    return {"rows": len(fact), "tables": keys}


def _partials(lake: Lake, records: Sequence[Record]) -> Iterator[Partial]:
    """Yield the partial of each part; those that come next are on their way meanwhile."""
    keys = [record["tables"][name] for record in records for name in Partial.TABLES]
    tables = together(lake.read_table, keys)
    for _ in records:
        yield Partial(**dict(zip(Partial.TABLES, islice(tables, len(Partial.TABLES)), strict=True)))
