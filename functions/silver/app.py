"""The Silver Lambda: correlates the published bronze tables into the staged fact."""

from typing import Any

from lakehouse import layout
from lakehouse.runtime import Settings, logger
from lakehouse.s3 import Lake
from lakehouse.staging import stage, staged_layer
from silver.correlation import correlate


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Stage the fact of one run; event and result are those of docs/architecture.md."""
    lake, run_id = Lake(Settings.from_environment().bucket), event["run_id"]
    keys = {table: layout.published_key(table) for table in layout.TABLES[layout.BRONZE]}
    bronze = {table: lake.read_table(key) for table, key in keys.items()}
    fact, quarantine = correlate(bronze)
    rows_read = sum(len(table) for table in bronze.values())
    staged = stage(lake, run_id, layout.FACT, fact, quarantine, rows_read=rows_read, source_keys=list(keys.values()))
    logger.info("staged", run_id=run_id, table=layout.FACT, rows=len(fact), quarantined=len(quarantine))
    return staged_layer(run_id, layout.SILVER, [staged])
