"""The search: every object and version of it read once, in threads, and what of it each version of the lake names."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Final

from cli.contents import object_versions as objects
from cli.contents.object_versions import Identity, ObjectVersion
from cli.person.content import Holding, holding
from cli.person.value import Sought
from lakehouse.clients import together
from lakehouse.contract import layers
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions.version import Version

_AT_ONCE: Final = 16
# An object up to this size is kept in memory while it is read.
_IN_MEMORY: Final = 32 << 20
_COPIED: Final = 4 << 20


@dataclass(frozen=True)
class Found:
    """An object that holds a value.

    Attributes
    ----------
    object : ObjectVersion
    holding : Holding
    versions : tuple of int
        The versions of the lake that name it, in order.
    """

    object: ObjectVersion
    holding: Holding
    versions: tuple[int, ...]

    @property
    def table(self) -> str | None:
        """The table that it is of."""
        return table_of(self.object.key)

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` has of it: places and counts, and the value only as it is masked."""
        return {
            "key": self.object.key,
            "object_version": self.object.version_id,
            "newest_object_version": self.object.is_newest,
            "kind": self.object.kind,
            "table": self.table,
            "versions": list(self.versions),
            "rows": self.holding.rows,
            "places": [
                {"column": each.column, "rows": each.rows, "lines": list(each.lines), "example": each.example}
                for each in self.holding.places
            ],
        }


@dataclass(frozen=True)
class Searched:
    """What a search found.

    Attributes
    ----------
    found : tuple of Found
        In the order of the keys.
    objects, bytes : int
        How many versions of objects were looked at, and how many bytes they have.
    unread : mapping of str to str
        The objects that could not be read, and why.
    uploads : int
        Uploads that were never finished, which nobody can read.
    """

    found: tuple[Found, ...]
    objects: int
    bytes: int
    unread: Mapping[str, str]
    uploads: int

    @cached_property
    def rows(self) -> dict[str, int]:
        """How many rows have it, by kind of object."""
        counts: dict[str, int] = {}
        for each in self.found:
            counts[each.object.kind] = counts.get(each.object.kind, 0) + each.holding.rows
        return counts

    @property
    def identities(self) -> frozenset[Identity]:
        """Which versions of objects hold it."""
        return frozenset(each.object.identity for each in self.found)

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {
            "places": sum(len(each.holding.places) for each in self.found),
            "rows": self.rows,
            "found": [each.as_json() for each in self.found],
            "searched": {
                "object_versions": self.objects, "bytes": self.bytes, "unread": dict(self.unread),
                "unfinished_uploads": self.uploads,
            },
        }  # fmt: skip


@dataclass
class Search:
    """Searches for one value, again and again: what was read once is known by its ETag.

    Parameters
    ----------
    lake : Lake
    sought : Sought
    """

    lake: Lake
    sought: Sought
    _known: dict[tuple[str, int, str, str | None], Holding] = field(default_factory=dict)

    def run(self, versions: Sequence[Version], show: Callable[[str], None] = lambda _: None) -> Searched:
        """Search everything.

        Parameters
        ----------
        versions : sequence of Version
            All that the lake has.
        show : callable
            Told how far it is.
        """
        listed = [each for each in objects.listed(self.lake) if not each.is_mark]
        held: list[Holding] = []
        for each in together(self._holding, listed, _AT_ONCE):
            held.append(each)
            if len(held) % _AT_ONCE == 0:
                show(f"{len(held):,} of {len(listed):,} objects")
        naming = Naming(versions)
        pairs = list(zip(listed, held, strict=True))
        return Searched(
            tuple(Found(each, found, naming.of(each)) for each, found in pairs if found.places),
            len(listed),
            sum(each.bytes for each in listed),
            {each.key: found.unread for each, found in pairs if found.unread},
            objects.uploads(self.lake),
        )

    def opened(self, wanted: ObjectVersion) -> BinaryIO | None:
        """Return the content of a version of an object; None where it is gone meanwhile."""
        answer = objects.get_object_version(self.lake, wanted)
        if answer is None:
            return None
        with closing(answer["Body"]) as body:
            if wanted.bytes <= _IN_MEMORY:
                return BytesIO(body.read())
            file = TemporaryFile()  # noqa: SIM115 - whoever reads it closes it
            for piece in iter(lambda: body.read(_COPIED), b""):
                file.write(piece)
        file.seek(0)
        return file

    def holds(self, wanted: ObjectVersion) -> bool:
        """Return whether a version of an object holds the value."""
        return bool(self._holding(wanted).places)

    def _holding(self, wanted: ObjectVersion) -> Holding:
        table = table_of(wanted.key)
        known = (wanted.etag, wanted.bytes, wanted.key.rpartition(".")[2], table)
        if known in self._known:
            return self._known[known]
        source = self.opened(wanted)
        if source is None:
            return Holding()
        with source:
            found = holding(self.sought, wanted.key, source, table)
        self._known[known] = found
        return found


class Naming:
    """Which versions of the lake name an object: as a file, rows set aside, a report, or what it was made from.

    Parameters
    ----------
    versions : sequence of Version
    """

    def __init__(self, versions: Sequence[Version]) -> None:
        self._by_key: dict[str, set[int]] = {}
        self._by_run: dict[str, set[int]] = {}
        self._inputs: dict[tuple[str, str], set[int]] = {}
        for version in versions:
            for table in version.ordered:
                for key in (*(file.key for file in table.files), table.quarantine_key):
                    if key is not None:
                        self._by_key.setdefault(key, set()).add(version.number)
                self._by_run.setdefault(table.run, set()).add(version.number)
            for each in version.inputs:
                # In a bucket that keeps no versions it is the same upload where the ETag is.
                self._inputs.setdefault((each.key, each.version_id or each.etag), set()).add(version.number)

    def of(self, wanted: ObjectVersion) -> tuple[int, ...]:
        """Return the versions that need an object."""
        if wanted.key.startswith(f"{layout.LANDING}/"):
            named = self._inputs.get((wanted.key, wanted.version_id), set())
            if wanted.version_id == "null":
                named = named | self._inputs.get((wanted.key, wanted.etag), set())
            return tuple(sorted(named))
        run = layout.run_owning(wanted.key)
        if wanted.kind in {objects.TABLE, objects.QUARANTINE} or run is None:
            return tuple(sorted(self._by_key.get(wanted.key, ())))
        return tuple(sorted(self._by_run.get(run, ())))


def table_of(key: str) -> str | None:
    """Return the table that an object is of: a file, an export or corrections of it, or rows that were set aside."""
    known = layout.table_of_key(key)
    if known is not None:
        return known[1]
    if key.startswith(layout.QUARANTINE_PREFIX):
        name = key.split("/")[2] if key.count("/") >= 2 else ""
        return name if name in layers.all_tables() else None
    return None
