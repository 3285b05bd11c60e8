"""What was decided of a run: that it is published, as which version, or that it never is. One object a run.

A run may be published and discarded at once, by two processes. Both write the same object, by a conditional put, so
one of them is first, and the other one meets what it decided.
"""

from dataclasses import asdict, dataclass
from json import loads
from typing import Final

from lakehouse.errors import LakehouseError, StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.version import Making

PUBLISH: Final = "publish"
DISCARD: Final = "discard"
# Whoever decides meets at most the other processes that decide of the same run.
_ATTEMPTS: Final = 100


@dataclass(frozen=True)
class Decision:
    """What was decided of a run.

    Attributes
    ----------
    decision : {"publish", "discard"}
    version : int
        The number of the version that it is to become; 0 where it is discarded.
    """

    decision: str
    version: int


def is_discarded(lake: Lake, run_id: str) -> bool:
    """Return whether a run is never to be published."""
    decision, _ = _read(lake, run_id)
    return decision is not None and decision.decision == DISCARD


def decide_to_publish(lake: Lake, run_id: str, number: int, making: Making) -> None:
    """Keep that a run is about to become a version; raise `LakehouseError` where it was discarded."""
    for _ in range(_ATTEMPTS):
        decision, etag = _read(lake, run_id)
        if decision is not None and decision.decision == DISCARD:
            raise LakehouseError(f"run {run_id} was discarded, so it is not published; run again")
        if _write(lake, run_id, Decision(PUBLISH, number), making, etag):
            return
    raise _contested(run_id)


def decide_to_discard(lake: Lake, run_id: str, base: int, making: Making) -> None:
    """Keep that a run is never to be published.

    Parameters
    ----------
    lake : Lake
    run_id : str
    base : int
        The version that it was made on.
    making : Making

    Raises
    ------
    LakehouseError
        It is published, or about to be.
    """
    for _ in range(_ATTEMPTS):
        decision, etag = _read(lake, run_id)
        if decision is not None and decision.decision == DISCARD:
            return
        published = chain.of_run(lake, run_id, base)
        if published:
            raise LakehouseError(
                f"run {run_id} is published, as version {published.number}; go back with `./importau rollback`"
            )
        # A number that is another run's by now cannot become this one's any more.
        if decision is not None and not chain.exists(lake, decision.version):
            raise LakehouseError(
                f"run {run_id} is being published, as version {decision.version}, so it is not discarded; look again "
                f"(`./importau versions`). If its publishing was interrupted, finish it: `./importau publish {run_id}`"
            )
        if _write(lake, run_id, Decision(DISCARD, 0), making, etag):
            return
    raise _contested(run_id)


def _read(lake: Lake, run_id: str) -> tuple[Decision | None, str | None]:
    try:
        content, etag = lake.get(layout.decision_key(run_id))
    except StorageError:
        return None, None
    decided = loads(content)
    return Decision(decided["decision"], decided["version"]), etag


def _write(lake: Lake, run_id: str, decision: Decision, making: Making, etag: str | None) -> bool:
    content = lake.json_of({"run_id": run_id, **asdict(decision), **asdict(making)})
    return lake.put_over(content, layout.decision_key(run_id), "application/json", etag)


def _contested(run_id: str) -> LakehouseError:
    return LakehouseError(f"run {run_id} is published and discarded by several processes at once; try again")
