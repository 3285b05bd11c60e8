"""What a run left in the lake of how large it was."""

from lakehouse.contract import layers
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake


def orders_in(lake: Lake, run_id: str) -> int | None:
    """Return how many orders the audit of a run's Bronze counted; None where there is no report of one."""
    ordered = layers.cut_tables(layout.BRONZE)[0]
    try:
        report = lake.read_json(layout.quality_key(run_id, layout.BRONZE))
    except StorageError:
        return None
    return max(1, next((int(table["rows"]) for table in report["tables"] if table["table"] == ordered), 1))
