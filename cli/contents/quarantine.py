"""What waits in the quarantine of a version: which rows, why, and since when. Their values are told to nobody."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa

from lakehouse.contract.quarantine import reasons, without_values
from lakehouse.engine.keys import flat
from lakehouse.errors import StorageError
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.version import TableVersion, Version
from lakehouse.versions.view import View

# How many versions back is looked for the first one in which a row waits.
_LOOKED_AT: Final = 100


@dataclass(frozen=True)
class Since:
    """The version from which on a row waits, without a break.

    Attributes
    ----------
    version : int
    run : str
        The run that set it aside.
    at : str
        When the version was made, ISO 8601.
    days : int
        How many whole days ago that was.
    """

    version: int
    run: str
    at: str
    days: int


@dataclass(frozen=True)
class WaitingRow:
    """A row that waits.

    Attributes
    ----------
    file : str
        The exported CSV, the corrections, or the table that it comes from.
    line : int
    text : str
        Its original text, which may be personal: it is for whoever mends the row, and for no message.
    reasons : tuple of str
        Every reason, as the quarantine has it: it may quote the row.
    since : Since
    """

    file: str
    line: int
    text: str
    reasons: tuple[str, ...]
    since: Since

    def as_json(self) -> dict[str, Any]:
        """Return it for other programs, without its values."""
        why = without_values(pa.array(self.reasons, pa.string())).to_pylist()
        return {"file": self.file, "line": self.line, "reasons": why, "since": vars(self.since)}


@dataclass(frozen=True)
class WaitingTable:
    """The rows of a table that wait.

    Attributes
    ----------
    table, layer : str
    rows : tuple of WaitingRow
    reasons : mapping of str to int
        How often there is each reason, as audit reports have it: without values.
    """

    table: str
    layer: str
    rows: tuple[WaitingRow, ...]
    reasons: Mapping[str, int]

    @property
    def since(self) -> Since:
        """That of the row that waits longest."""
        return min((row.since for row in self.rows), key=lambda since: since.version)

    def as_json(self) -> dict[str, Any]:
        """Return it for other programs."""
        return {
            "table": self.table,
            "layer": self.layer,
            "rows": len(self.rows),
            "reasons": dict(self.reasons),
            "since": vars(self.since),
            "waiting": [row.as_json() for row in self.rows],
        }


def waiting(lake: Lake, view: View, now: datetime | None = None) -> list[WaitingTable]:
    """Return what waits in the quarantine of a version, by table, in the order of the tables.

    A row waits since the first version in which a row with the same text does, without a version between that had none.

    Parameters
    ----------
    lake : Lake
    view : View
        Of a version.
    now : datetime, optional
        With a time zone; the current time by default.

    Raises
    ------
    StorageError
        Rows that the version names are missing.
    """
    if view.version is None:
        return []
    now, earlier = now or datetime.now(UTC), _Earlier(lake, view.version.parent)
    found = []
    for table in view.version.ordered:
        if table.quarantine_key is None:
            continue
        aside = lake.read_table(table.quarantine_key)
        first = _first(lake, view.version, table, aside["texto_original"].to_pylist(), earlier)
        rows = tuple(
            WaitingRow(
                row["arquivo"], row["linha"], row["texto_original"], tuple(row["motivos"]),
                _since(first[row["texto_original"]], table.table, now),
            )
            for row in aside.to_pylist()
        )  # fmt: skip
        found.append(WaitingTable(table.table, table.layer, rows, reasons(aside)))
    return found


class _Earlier:
    """The versions before a version, newest first, each read once."""

    def __init__(self, lake: Lake, parent: int) -> None:
        self._lake, self._next = lake, parent
        self._read: list[Version] = []

    def versions(self) -> Iterator[Version]:
        """Yield them, as far as they are still there."""
        yield from self._read
        while self._next and len(self._read) < _LOOKED_AT:
            try:
                version = chain.read(self._lake, self._next)
            except StorageError:
                self._next = 0
                return
            self._read.append(version)
            self._next = version.parent
            yield version


def _first(
    lake: Lake, version: Version, table: TableVersion, texts: list[str], earlier: _Earlier
) -> Mapping[str, Version]:
    """Return the version from which on each text waits."""
    first = dict.fromkeys(texts, version)
    still, key, there = set(texts), table.quarantine_key, set(texts)
    for each in earlier.versions():
        before = each.tables.get(table.table)
        if before is None or before.quarantine_key is None:
            break
        if before.quarantine_key != key:
            key = before.quarantine_key
            try:
                there = set(flat(lake.read_table(key, ["texto_original"])["texto_original"]).to_pylist())
            except StorageError:
                break
        still &= there
        if not still:
            break
        first |= dict.fromkeys(still, each)
    return first


def _since(version: Version, table: str, now: datetime) -> Since:
    run = version.tables[table].run
    return Since(version.number, run, version.made.at, (now - datetime.fromisoformat(version.made.at)).days)
