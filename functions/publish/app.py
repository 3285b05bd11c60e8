"""The Publish Lambda: it opens runs and publishes them, starts those that an upload made due, and says what to crawl.

No other function makes a version of the lake.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from lakehouse.contract import layers
from lakehouse.errors import InputError, LakehouseError
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.s3 import Lake
from lakehouse.lineage.runs import Runs
from lakehouse.runtime import BY_HAND, Settings, arn_of, instrumented, logger, run_id_of, stage_in_use
from lakehouse.versions import chain
from lakehouse.versions.decision import DISCARD
from lakehouse.versions.opening import opened
from lakehouse.versions.source import checked
from lakehouse.versions.version import CSV, ROLLBACK, Making, Version
from lakehouse.versions.view import View
from publish.catalogue import register
from publish.commit import PIPELINE, commit, roll_back
from publish.crawling import crawled_now, to_crawl
from publish.discarding import discard
from publish.parts import audited_parts, parts_to_write
from publish.up_to_date import reason
from publish.uploads import overtaken, start


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Start, open, publish, roll back, register, discard, or say what to crawl; docs/architecture.md has all events.

    Raises
    ------
    InputError
        The event asks for something that does not exist.
    LakehouseError
        It cannot be published: it is not audited, not what was audited, or not made of what is published now.
    """
    action = str(event.get("do"))
    if action not in _ACTIONS:
        raise InputError([f"do is '{action}'; use {', '.join(_ACTIONS)}"])
    lake, run_id = Lake(Settings.from_environment().bucket), run_id_of(event)
    if action not in _READING:
        return {"run_id": run_id} | _ACTIONS[action](lake, run_id, event)
    runs = Runs.of_event(lake, event, arn_of(context))
    with runs.of(""):
        result = _ACTIONS[action](lake, run_id, event)
    return {"run_id": run_id} | result


def _open(lake: Lake, run_id: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Open a run, or a layer of it, and say whether there is anything to do, and in how many parts."""
    layer = _layer_of(event)
    not_due = overtaken(lake, str(event.get("landed") or ""))
    if not_due:
        return {
            "base": chain.newest_number(lake),
            "nothing_to_do": True,
            "why": not_due,
            "parts": 1,
            "parts_prefix": "",
        }
    reads_files = layer in {None, layers.BRONZE}
    opening = opened(lake, run_id, checked(event.get("source", {"type": CSV})) if reads_files else None)
    wanted = layers.LAYERS if layer is None else (layer,)
    why = "" if event.get("force") else reason(lake, opening, wanted)
    parts = {"parts": 1, "parts_prefix": ""}
    if layer is not None and not why:
        parts = parts_to_write(View.of_run(lake, opening, below=layer), layer)
    return {"base": opening.base, "nothing_to_do": bool(why), "why": why, **parts}


def _landed(lake: Lake, _: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Start a run of the exported CSVs where one is due after an upload; say why where none is."""
    result = start(lake, event)
    logger.info("upload", extra=result)
    return result


def _look(lake: Lake, _: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Say which version is to be audited, and in how many parts a layer of it is."""
    layer = _layer_of(event)
    if layer is None:
        raise InputError([f"layer is missing; use {', '.join(layers.LAYERS)}"])
    view = View.of_version(lake, event.get("version") or None)
    return {"version": view.number, **audited_parts(view, layer)}


def _commit(lake: Lake, run_id: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Publish what a run has made: every layer, or the one that was run by itself."""
    layer = _layer_of(event)
    wanted = layers.LAYERS if layer is None else (layer,)
    version = commit(lake, opened(lake, run_id), wanted, _making(layer or PIPELINE, event))
    return _published(lake, version)


def _roll_back(lake: Lake, run_id: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Make a version with the tables of an earlier one."""
    number, base = event.get("version", 0), event.get("base", 0)
    if not isinstance(number, int) or not isinstance(base, int):
        raise InputError([f"version is {number!r} and base {base!r}; use the numbers of versions"])
    return _published(lake, roll_back(lake, run_id, number, base, _making(ROLLBACK, event)))


def _register(lake: Lake, _: str, __: Mapping[str, Any]) -> dict[str, Any]:
    """Make the catalogue show the newest version; raise `LakehouseError` where a table cannot be moved."""
    version = chain.newest(lake)
    if version is None:
        raise LakehouseError("there is nothing to register: nothing was published yet; run the pipeline first")
    result = _published(lake, version, exactly=True)
    if result["lagging"]:
        raise LakehouseError(
            f"the catalogue does not show version {version.number} of {', '.join(result['lagging'])}: "
            f"{result['problem']}. Mend the cause, then `./importau verify --repair`"
        )
    return result


def _discard(lake: Lake, run_id: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Make sure that a run is never published."""
    discard(lake, run_id, _making(DISCARD, event))
    return {"discarded": True}


def _to_crawl(lake: Lake, _: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Say which crawlers have something to discover."""
    found = to_crawl(lake, Catalog(stage=stage_in_use()), forced=bool(event.get("force")))
    logger.info("to discover", extra=found)
    return found


def _crawled(lake: Lake, _: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what crawlers have looked at, and say what differs of what they discovered."""
    number, crawlers = event.get("version"), event.get("crawlers")
    if not isinstance(number, int) or not isinstance(crawlers, list):
        raise InputError(
            [f"version is {number!r} and crawlers {crawlers!r}; use a version's number and a list of names"]
        )
    found = crawled_now(lake, Catalog(stage=stage_in_use()), number, crawlers)
    logger.info("crawled", extra=found)
    return found


def _published(lake: Lake, version: Version, *, exactly: bool = False) -> dict[str, Any]:
    """Move the catalogue to a version, and say what is published."""
    outcome = register(Catalog(stage=stage_in_use()), lake, version, exactly=exactly)
    logger.info(f"version {version.number} is published", extra={"lagging": len(outcome.lagging)})
    return {
        "version": version.number,
        "runs": version.runs,
        "rows": {table.table: table.rows for table in version.ordered},
        "lagging": sorted(outcome.lagging),
        "problem": next(iter(outcome.lagging.values()), ""),
    }


def _layer_of(event: Mapping[str, Any]) -> str | None:
    layer = event.get("layer") or None
    if layer is not None and layer not in layers.LAYERS:
        raise InputError([f"layer is {layer!r}; use {', '.join(layers.LAYERS)}"])
    return layer


def _making(by: str, event: Mapping[str, Any]) -> Making:
    execution = str(event.get("origin", {}).get("execution", BY_HAND))
    return Making(by, execution, datetime.now(UTC).isoformat())


_ACTIONS: Final[Mapping[str, Callable[[Lake, str, Mapping[str, Any]], dict[str, Any]]]] = {
    "landed": _landed,
    "open": _open,
    "look": _look,
    "commit": _commit,
    "rollback": _roll_back,
    "register": _register,
    "discard": _discard,
    "discover": _to_crawl,
    "crawled": _crawled,
}
# Those that look into the tables' files: they tell of it.
_READING: Final = frozenset({"discover", "crawled"})
