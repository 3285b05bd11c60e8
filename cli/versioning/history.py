"""The history of a lakehouse: its versions as they are listed, for people and for programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cli.terminal import present
from lakehouse.contract import layers
from lakehouse.versions.erasure import Erasure, note
from lakehouse.versions.version import Version


@dataclass(frozen=True)
class Listed:
    """A version as it is listed.

    Attributes
    ----------
    version : Version
    is_newest : bool
    shown_of : tuple of str
        The tables of which the catalogue still shows this version, although it is not the newest one.
    erased : str
        When a person's data were erased from it, and from how many rows; empty where none were.
    """

    version: Version
    is_newest: bool
    shown_of: tuple[str, ...] = ()
    erased: str = ""

    @property
    def rows(self) -> int | None:
        """How many rows its fact has; None where it has none yet."""
        fact = self.version.tables.get(layers.in_role("fact"))
        return None if fact is None else fact.rows

    @property
    def notes(self) -> list[str]:
        """What else is to be known of it, one short clause each; ``--json`` names the tables."""
        made, outdated, shown = self.version, len(self.version.outdated), len(self.shown_of)
        return [
            *(["newest"] if self.is_newest else []),
            *([self.erased] if self.erased else []),
            *([f"restores version {made.restores}"] if made.restores else []),
            *([f"{present.count(outdated, 'table')} outdated"] if outdated else []),
            *([f"catalogue shows it of {present.count(shown, 'table')}"] if shown else []),
        ]

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` has of it."""
        made = self.version
        return {
            "number": made.number,
            "at": made.made.at,
            "made_by": made.made.by,
            "execution": made.made.execution,
            "run": made.run,
            "runs": made.runs,
            "rows_of_fact": self.rows,
            "tables": {table.table: {"run": table.run, "rows": table.rows} for table in made.ordered},
            "outdated": {table: list(sources) for table, sources in made.outdated.items()},
            "restores": made.restores or None,
            "newest": self.is_newest,
            "catalogue_shows_it_of": list(self.shown_of),
            "erased": self.erased or None,
        }


def listed(versions: list[Version], newest: int, lagging: dict[str, int], kept: Sequence[Erasure] = ()) -> list[Listed]:
    """Return versions as they are listed, newest first.

    Parameters
    ----------
    versions : list of Version
    newest : int
        The number of the newest version.
    lagging : dict of str to int
        The tables of which the catalogue shows an older version, with its number.
    kept : sequence of Erasure
        What was erased from versions.
    """
    return [
        Listed(
            each,
            each.number == newest,
            tuple(sorted(table for table, number in lagging.items() if number == each.number)),
            note(kept, each.number),
        )
        for each in sorted(versions, key=lambda version: -version.number)
    ]
