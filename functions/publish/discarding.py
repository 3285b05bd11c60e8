"""A run that waits to be published can be discarded: then it never is. Its files go when the lake is vacuumed."""

from lakehouse.errors import LakehouseError, StorageError
from lakehouse.lake.s3 import Lake
from lakehouse.versions.decision import decide_to_discard
from lakehouse.versions.opening import read_opening
from lakehouse.versions.version import Making


def discard(lake: Lake, run_id: str, making: Making) -> None:
    """Keep that a run is never to be published.

    Raises
    ------
    LakehouseError
        It is published already or about to be, or there is no such run.
    """
    try:
        base = read_opening(lake, run_id).base
    except StorageError:
        raise LakehouseError(f"there is no run {run_id}; `./importau status` lists those that wait") from None
    decide_to_discard(lake, run_id, base, making)
