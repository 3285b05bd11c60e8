"""The Gold Lambda: aggregates the published fact into the two staged gold tables."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from gold.cash_flow import cash_flow
from gold.fact import COLUMNS, ENCODED
from gold.forecast import forecast
from lakehouse import layout
from lakehouse.events import Runs
from lakehouse.runtime import Settings, instrumented, run_id_of
from lakehouse.s3 import Lake
from lakehouse.staging import stage, staged_layer


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Stage both aggregates of one run; event and result are those of docs/architecture.md."""
    lake, run_id = Lake(Settings.from_environment().bucket), run_id_of(event)
    runs = Runs.of_event(lake, event, context.invoked_function_arn)
    key = layout.published_key(layout.FACT)
    with lake.observed() as read:
        fact = lake.read_table(key, COLUMNS, ENCODED)
    staged = []
    for table, aggregate in ((layout.CASH_FLOW, cash_flow), (layout.FORECAST, forecast)):
        with runs.of(table, read) as run:
            rows = aggregate(fact)
            entry = stage(lake, run_id, table, rows, None, rows_read=len(fact), source_keys=[key])
            run.rows, run.bytes = entry["rows"], entry["bytes"]
        staged.append(entry)
    return staged_layer(run_id, layout.GOLD, staged, runs.summary())
