"""Erasures: what is kept of a person's data that were erased from versions of the lake, and never whose they were.

An erasure is written down before the first object goes, and again when the last one is gone: so a version that lacks
files says why, at any moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Self

from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake

FORMAT: Final = 1


@dataclass(frozen=True)
class Erasure:
    """An erasure. It has no value, no hash of one, and no key of a row.

    Attributes
    ----------
    name : str
        Its own, by which it is kept.
    by : str
        Who asked for it, as AWS knows them.
    begun, ended : str
        When, ISO 8601 in UTC; ``ended`` is empty until the last object is gone.
    run : str
        The run that made the tables without the person; empty where the newest version did not have them.
    version : int
        The version that it published; 0 where it made none, or not yet.
    rows : mapping of str to int
        How many rows had the person, by kind of object.
    versions : mapping of str to int
        The versions that lost files, by number, and how many rows of each had the person.
    objects : tuple of pair of str
        Key and version of each object that is deleted.
    uploads : mapping of str to str
        The ETag of each upload that was written without the person, by key.
    """

    name: str
    by: str
    begun: str
    ended: str = ""
    run: str = ""
    version: int = 0
    rows: Mapping[str, int] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    objects: tuple[tuple[str, str], ...] = ()
    uploads: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether all is gone that was to go."""
        return bool(self.ended)

    def with_progress(self, **changes: Any) -> Self:
        """Return it with what is known since."""
        return replace(self, **changes)

    def as_json(self) -> dict[str, Any]:
        """Return it as the lake keeps it."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def of_json(cls, content: Mapping[str, Any], place: str) -> Self:
        """Return the erasure that the lake keeps; raise `StorageError`, naming its place, where it cannot be read."""
        if content.get("format") != FORMAT:
            raise StorageError(f"{place} has the format {content.get('format')!r}, and this code reads {FORMAT}")
        fields = {name: value for name, value in content.items() if name != "format"}
        return cls(**{**fields, "objects": tuple((key, version) for key, version in content["objects"])})


def keep(lake: Lake, erasure: Erasure) -> None:
    """Write an erasure down, in place of what was written of it before."""
    lake.write_json(erasure.as_json(), layout.erasure_key(erasure.name))


def erasures(lake: Lake) -> list[Erasure]:
    """Return all that were written down, the oldest first."""
    found = [Erasure.of_json(lake.read_json(key), lake.uri(key)) for key in lake.list(layout.ERASURES_PREFIX)]
    return sorted(found, key=lambda each: (each.begun, each.name))


def note(kept: Sequence[Erasure], number: int) -> str:
    """Return what is to be said of a version from which data were erased; nothing where none were.

    Parameters
    ----------
    kept : sequence of Erasure
        All, the oldest first.
    number : int
    """
    its = [each for each in kept if str(number) in each.versions]
    if not its:
        return ""
    rows = sum(each.versions[str(number)] for each in its)
    count = f"{rows:,} row{'' if rows == 1 else 's'}"
    last = its[-1]
    if not last.is_whole:
        return f"being erased for LGPD since {last.begun[:10]}, {count}"
    return f"erased for LGPD on {last.ended[:10]}, {count}"
