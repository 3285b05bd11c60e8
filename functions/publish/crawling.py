"""What there is to discover: which crawlers run after a publication, and what is kept of that."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa

from lakehouse.clients import together
from lakehouse.contract import layers
from lakehouse.errors import InputError, LakehouseError, StorageError
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.s3 import Lake
from lakehouse.versions import crawled
from lakehouse.versions.code import contract_sha256
from lakehouse.versions.crawled import Crawled, Subject
from lakehouse.versions.discovery import discovered
from lakehouse.versions.view import View

# How many differences a message has, and how long they are; `verify` and governance say all of them.
_SHOWN: Final = 10
_LENGTH: Final = 300


def to_crawl(lake: Lake, catalog: Catalog, *, forced: bool) -> dict[str, Any]:
    """Return which crawlers have something to discover in the newest version, and why.

    Parameters
    ----------
    lake : Lake
    catalog : Catalog
    forced : bool
        Whether every crawler runs whose layer has something published.

    Returns
    -------
    dict
        ``version``, ``new`` (whether there is anything), ``crawlers`` (their names) and ``why``, one sentence.
    """
    view = View.of_version(lake)
    now, _ = _subjects(view, catalog, view.tables)
    before = crawled.read(lake)
    there = [table["Name"] for table in catalog.tables(layout.DISCOVERED_DATABASE)]
    reasons = crawled.due(now, before, there, forced=forced)
    crawlers = [layout.crawler_of(layer, catalog.stage) for layer in reasons]
    why = crawled.told(reasons) or _nothing_new(now, before)
    return {"version": view.number, "new": bool(crawlers), "crawlers": crawlers, "why": why}


def _nothing_new(now: Mapping[str, Subject], before: Mapping[str, Crawled]) -> str:
    if not now:
        return "nothing was published yet"
    runs = dict.fromkeys(before[name].run for name in now)
    return f"contracts, schemas and layout are those that were crawled of run {', '.join(runs)}"


def crawled_now(lake: Lake, catalog: Catalog, number: int, crawlers: Sequence[str]) -> dict[str, Any]:
    """Keep that crawlers have looked at a version, and compare what they have discovered.

    Parameters
    ----------
    lake : Lake
    catalog : Catalog
    number : int
        The version for which they were started.
    crawlers : sequence of str
        They have ended well.

    Returns
    -------
    dict
        ``discovered``, how many tables, and ``differences``, which are bounded.

    Raises
    ------
    InputError
        One of them is none of the lakehouse's.
    """
    of_layers = {name: layout.layer_of_crawler(name, catalog.stage) for name in crawlers}
    strangers = [name for name, layer in of_layers.items() if layer is None]
    if strangers:
        known = ", ".join(layout.crawler_of(layer, catalog.stage) for layer in layers.LAYERS)
        raise InputError([f"{name} is no crawler of the lakehouse; use {known}" for name in strangers])
    view = View.of_version(lake, number)
    names = [name for layer in of_layers.values() if layer for name in layers.tables_of(layer) if name in view.tables]
    subjects, footers = _subjects(view, catalog, names)
    there = {table["Name"] for table in catalog.tables(layout.DISCOVERED_DATABASE)}
    at = datetime.now(UTC).isoformat()
    crawled.note(lake, {name: Crawled.of(each, at, discovered=name in there) for name, each in subjects.items()})
    found = discovered(catalog, crawled.read(lake), footers)
    return {
        "discovered": found.compared,
        "differences": [problem[:_LENGTH] for problem in found.problems[:_SHOWN]],
    }


def _subjects(view: View, catalog: Catalog, names: Iterable[str]) -> tuple[dict[str, Subject], dict[str, pa.Schema]]:
    """Return tables of a version as a crawler finds them, and the schemas in their Parquet.

    All files of a table have one schema, which its audit and governance have seen to: the first one tells. A table
    whose file is gone or replaced is left out: governance and `verify` name it, and a crawl would not mend it.
    """
    known = [name for name in names if name in layers.all_tables()]
    of_layers = list(dict.fromkeys(map(layers.layer_of, known)))
    crawlers = dict(zip(of_layers, together(lambda layer: _crawler(catalog, layer), of_layers), strict=True))
    read = zip(known, together(lambda name: _footer(view, name), known), strict=True)
    footers = {name: footer for name, footer in read if footer is not None}
    subjects = {
        name: Subject(
            view.table(name).run,
            contract_sha256(name),
            crawled.footer_fingerprint(footer),
            crawled.layout_fingerprint(name, crawlers[layers.layer_of(name)]),
        )
        for name, footer in footers.items()
    }
    return subjects, footers


def _footer(view: View, name: str) -> pa.Schema | None:
    """Return the schema in a table's first file; None where it is not the file that was audited."""
    try:
        return view.first(name).schema_arrow
    except StorageError:
        return None


def _crawler(catalog: Catalog, layer: str) -> dict[str, Any]:
    name = layout.crawler_of(layer, catalog.stage)
    found = catalog.crawler(name)
    if found is None:
        raise LakehouseError(f"there is no crawler {name}: somebody has deleted it; `./importau deploy` makes it again")
    return found
