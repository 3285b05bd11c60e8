"""The Gold Lambda: aggregates the published fact into the two staged gold tables."""

from typing import Any

from gold.cash_flow import cash_flow
from gold.fact import COLUMNS, ENCODED
from gold.forecast import forecast
from lakehouse import layout
from lakehouse.runtime import Settings, logger
from lakehouse.s3 import Lake
from lakehouse.staging import stage, staged_layer


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Stage both aggregates of one run; event and result are those of docs/architecture.md."""
    lake, run_id = Lake(Settings.from_environment().bucket), event["run_id"]
    key = layout.published_key(layout.FACT)
    fact = lake.read_table(key, COLUMNS, ENCODED)
    staged = []
    for table, aggregate in ((layout.CASH_FLOW, cash_flow), (layout.FORECAST, forecast)):
        rows = aggregate(fact)
        staged.append(stage(lake, run_id, table, rows, None, rows_read=len(fact), source_keys=[key]))
        logger.info("staged", run_id=run_id, table=table, rows=len(rows))
    return staged_layer(run_id, layout.GOLD, staged)
