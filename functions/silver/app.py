"""The Silver Lambda: correlates the published bronze tables into the staged fact."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lakehouse import layout
from lakehouse.events import Runs
from lakehouse.runtime import Settings, instrumented, run_id_of
from lakehouse.s3 import Lake
from lakehouse.staging import stage, staged_layer
from silver.correlation import correlate


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Stage the fact of one run; event and result are those of docs/architecture.md."""
    lake, run_id = Lake(Settings.from_environment().bucket), run_id_of(event)
    runs = Runs.of_event(lake, event, context.invoked_function_arn)
    keys = {table: layout.published_key(table) for table in layout.TABLES[layout.BRONZE]}
    with runs.of(layout.FACT) as run:
        bronze = {table: lake.read_table(key) for table, key in keys.items()}
        fact, quarantine = correlate(bronze)
        rows_read = sum(len(table) for table in bronze.values())
        staged = stage(
            lake, run_id, layout.FACT, fact, quarantine, rows_read=rows_read, source_keys=list(keys.values())
        )
        run.rows, run.bytes = staged["rows"], staged["bytes"]
    return staged_layer(run_id, layout.SILVER, [staged], runs.summary())
