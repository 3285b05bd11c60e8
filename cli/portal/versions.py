"""The versions of the lake as the page lists them, what one of them changed, and what waits in its quarantine."""

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from cli.contents.history import Kept
from cli.contents.quarantine import waiting
from cli.difference.tables import by_month
from lakehouse.contract import layers
from lakehouse.errors import StorageError
from lakehouse.versions.version import Version
from lakehouse.versions.view import View

_LISTED: Final = 50


def newest(history: Sequence[Kept]) -> list[dict[str, Any]]:
    """Return the newest versions (``Version`` of the document), newest first; of an unreadable one only the number."""
    return [_listed(each) for each in history[:_LISTED]]


def shown(view: View) -> dict[str, Any] | None:
    """Return the version that the page shows, with what it changed of the cash flow; None where there is none."""
    if view.version is None:
        return None
    return entry(view.version) | {"changes": _changes(view, view.version)}


def set_aside(view: View) -> list[dict[str, Any]] | None:
    """Return the rows that wait in a version's quarantine (``Waiting`` of the document); None where some are gone."""
    try:
        tables = waiting(view.lake, view)
    except (StorageError, pa.ArrowException):
        return None
    return [
        {
            "table": table.table, "layer": table.layer, "rows": len(table.rows), "reasons": dict(table.reasons),
            "version": table.since.version, "days": table.since.days,
        }
        for table in tables
    ]  # fmt: skip


def _changes(view: View, version: Version) -> list[dict[str, str]] | None:
    """Return by how many cents each month changed since the version before; None where that one cannot be read."""
    try:
        before = View.of_version(view.lake, version.parent) if version.parent else View(view.lake, None, {})
        changes = by_month(before, view)
    except (StorageError, pa.ArrowException):
        return None
    return [{"month": month, "cents": str(int(amount.scaleb(2)))} for month, amount in changes.items()]


def entry(version: Version) -> dict[str, Any]:
    """Return a version as the document has it."""
    fact = version.tables.get(layers.in_role("fact"))
    return {
        "number": version.number,
        "at": version.made.at,
        "run_id": version.run,
        "made_by": version.made.by,
        "rows": fact.rows if fact else None,
        "restores": version.restores or None,
        # What it changed of the cash flow, by month.
        "changes": None,
    }


def _listed(each: Kept) -> dict[str, Any]:
    if each.version is not None:
        return entry(each.version)
    return {
        "number": each.number, "at": each.written.isoformat(), "run_id": "", "made_by": None, "rows": None,
        "restores": None, "changes": None,
    }  # fmt: skip
