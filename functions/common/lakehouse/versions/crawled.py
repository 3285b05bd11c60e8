"""What the crawlers looked at last, and which of them have something new to discover. The decision is pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import pyarrow as pa

from lakehouse.contract import layers
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake

FORMAT: Final = 1
FORCED: Final = "it was asked for"
FIRST: Final = "for the first time"
# Two that note at once each keep the other's layers.
_ATTEMPTS: Final = 20
_NAMED: Final = 3
_DIGITS: Final = 16
# What decides where a crawler looks, and what it makes of that; the rest of it is state, or for people.
_SETTINGS: Final = ("DatabaseName", "Targets", "Configuration", "SchemaChangePolicy", "RecrawlPolicy", "TablePrefix")


@dataclass(frozen=True)
class Subject:
    """A table as a crawler finds it: what it discovers is the same as long as this is.

    Attributes
    ----------
    run : str
        The run whose files they are. Another run of the same form is nothing new.
    contract : str
        The SHA-256 of its contract.
    footer, layout : str
        The fingerprints of the schema in its Parquet, and of where it lies and how it is crawled.
    """

    run: str
    contract: str
    footer: str
    layout: str

    def changes(self, before: "Subject") -> list[str]:
        """Return what of the form of a table is not what it was, in words."""
        named = {"contract": "contract", "footer": "Parquet schema", "layout": "layout or crawler"}
        return [words for name, words in named.items() if getattr(self, name) != getattr(before, name)]


@dataclass(frozen=True)
class Crawled(Subject):
    """A table as it was crawled.

    Attributes
    ----------
    discovered : bool
        Whether the crawler made a table of it. One that never did is not waited for.
    at : str
        When that was noted, ISO 8601 in UTC.
    """

    discovered: bool
    at: str

    @classmethod
    def of(cls, subject: Subject, at: str, *, discovered: bool) -> Self:
        """Return a table as it was crawled now."""
        return cls(**asdict(subject), discovered=discovered, at=at)


def due(
    now: Mapping[str, Subject], before: Mapping[str, Crawled], there: Iterable[str], *, forced: bool = False
) -> dict[str, str]:
    """Return the layers whose crawlers have something to discover, each with the reason.

    Parameters
    ----------
    now : mapping of str to Subject
        The tables that are published.
    before : mapping of str to Crawled
        The tables as they were crawled last.
    there : iterable of str
        The tables in the crawlers' database.
    forced : bool
        Every layer is crawled that has a table.
    """
    discovered, reasons = frozenset(there), dict[str, str]()
    for layer in layers.LAYERS:
        own = {name: now[name] for name in layers.tables_of(layer) if name in now}
        if forced and own:
            reasons[layer] = FORCED
            continue
        news = [reason for name, subject in own.items() if (reason := _news(name, subject, before, discovered))]
        if own and before.keys().isdisjoint(own):
            reasons[layer] = FIRST
        elif news:
            more = f", and {len(news) - _NAMED} more" if len(news) > _NAMED else ""
            reasons[layer] = ", ".join(news[:_NAMED]) + more
    return reasons


def told(reasons: Mapping[str, str]) -> str:
    """Return why layers are crawled in one line: ``bronze, silver: for the first time; gold: it was asked for``."""
    by_reason: dict[str, list[str]] = {}
    for layer, reason in reasons.items():
        by_reason.setdefault(reason, []).append(layer)
    return "; ".join(f"{', '.join(some)}: {reason}" for reason, some in by_reason.items())


def _news(name: str, subject: Subject, before: Mapping[str, Crawled], there: frozenset[str]) -> str:
    if name not in before:
        return f"{name} {FIRST}"
    if changes := subject.changes(before[name]):
        return f"another {' and '.join(changes)} of {name}"
    if before[name].discovered and name not in there:
        return f"{name} is gone from {layout.DISCOVERED_DATABASE}"
    return ""


def footer_fingerprint(footer: pa.Schema) -> str:
    """Return the fingerprint of the schema in a Parquet file: names, types, order and what is required."""
    return _fingerprint([[field.name, str(field.type), field.nullable] for field in footer])


def layout_fingerprint(table: str, crawler: Mapping[str, Any]) -> str:
    """Return the fingerprint of where a table lies, and of how it is crawled.

    Parameters
    ----------
    table : str
    crawler : mapping
        The crawler of its layer, as Glue describes it.
    """
    settings = {name: crawler.get(name) or None for name in _SETTINGS}
    if isinstance(settings["Configuration"], str):  # the same JSON, however it is written
        settings["Configuration"] = json.loads(settings["Configuration"])
    return _fingerprint([layout.table_prefix(table), layout.RUN_PARTITION, settings])


def _fingerprint(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:_DIGITS]


def read(lake: Lake) -> dict[str, Crawled]:
    """Return the tables as they were crawled last; nothing before the first crawl, and after a damage to the record.

    The record only saves crawls: one that cannot be read costs one.
    """
    return _read(lake)[0]


def note(lake: Lake, crawled: Mapping[str, Crawled]) -> None:
    """Keep how tables were crawled, beside those that were crawled before.

    Raises
    ------
    StorageError
        Others kept noting at the same time.
    """
    for _ in range(_ATTEMPTS):
        before, etag = _read(lake)
        tables = {name: asdict(each) for name, each in sorted((before | dict(crawled)).items())}
        content = lake.json_of({"format": FORMAT, "tables": tables})
        if lake.put_over(content, layout.CRAWLED_KEY, "application/json", etag):
            return
    raise StorageError(f"{lake.uri(layout.CRAWLED_KEY)} was written by others {_ATTEMPTS} times in between; run again")


def _read(lake: Lake) -> tuple[dict[str, Crawled], str | None]:
    try:
        content, etag = lake.get(layout.CRAWLED_KEY)
    except StorageError:
        return {}, None
    try:
        parsed = json.loads(content)
        known = parsed["tables"] if parsed["format"] == FORMAT else {}
        return {name: Crawled(**fields) for name, fields in known.items()}, etag
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}, etag
