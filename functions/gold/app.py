"""The Gold Lambda: aggregates the published fact, or one part of it, into the two gold tables, and stages them."""

from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from gold.cash_flow import CASH_FLOW, cash_flow
from gold.forecast import FORECAST, forecast
from gold.partial import COLUMNS, ENCODED, FACT, Partial, aggregated, combined
from lakehouse.contract import layers
from lakehouse.fanout import WRITE, FanOut, Record, part_of_event
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.lineage.runs import Runs
from lakehouse.process import reuse_memory
from lakehouse.runtime import Settings, arn_of, instrumented, run_id_of
from lakehouse.staging import stage, staged_layer

_AGGREGATES: Final = {CASH_FLOW: cash_flow, FORECAST: forecast}

reuse_memory()


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Stage both tables of one run, or aggregate one part; event and result are those of docs/architecture.md."""
    lake, run_id, part = Lake(Settings.from_environment().bucket), run_id_of(event), part_of_event(event)
    if part is not None:
        return _parted(lake, run_id).one(part[0])
    runs = Runs.of_event(lake, event, arn_of(context))
    with lake.traffic() as traffic:
        rows_read, partial = _aggregated(lake, run_id)
        key = next(lake.published(FACT))
        lake.note_read([key])  # other invocations may have read it
    staged = []
    for table, aggregate in _AGGREGATES.items():
        with runs.of(table, traffic) as run:
            entry = stage(lake, run_id, table, aggregate(partial), None, rows_read=rows_read, source_keys=[key])
            run.rows, run.bytes = entry["rows"], entry["bytes"]
        staged.append(entry)
    return staged_layer(lake, run_id, layers.GOLD, staged, runs.summary())


def _aggregated(lake: Lake, run_id: str) -> tuple[int, Partial]:
    """Return the number of rows and the aggregates of the whole fact."""
    parted = _parted(lake, run_id)
    if parted.parts == 1:
        fact = lake.read_table(layout.published_key(FACT), COLUMNS, ENCODED)
        return len(fact), aggregated(fact)
    records = parted.all()
    return sum(record["rows"] for record in records), combined(_read_partial(lake, record) for record in records)


def _parted(lake: Lake, run_id: str) -> FanOut:
    parts = lake.parts(FACT)
    return FanOut(lake, run_id, layers.GOLD, WRITE, parts, lambda part: _aggregate_part(lake, run_id, part, parts))


def _aggregate_part(lake: Lake, run_id: str, part: int, parts: int) -> Record:
    """Aggregate one part of the fact, and write the three tables of its partial."""
    fact = lake.read_table(layout.published_key(FACT, part, parts), COLUMNS, ENCODED)
    partial = aggregated(fact)
    keys = {name: layout.part_table_key(run_id, layers.GOLD, name, part) for name in Partial.TABLES}
    for name, key in keys.items():
        lake.write_table(getattr(partial, name), key)
    return {"rows": len(fact), "tables": keys}


def _read_partial(lake: Lake, record: Record) -> Partial:
    return Partial(**{name: lake.read_table(key) for name, key in record["tables"].items()})
