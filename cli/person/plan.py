"""What an erasure would do, and what speaks against it: known before the first object is touched. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cli.contents import object_versions as objects
from cli.contents.object_versions import Identity, ObjectVersion
from cli.errors import UsageError
from cli.person.columns import erasable
from cli.person.search import Found, Searched
from cli.terminal import present
from lakehouse.contract import layers
from lakehouse.lake import layout
from lakehouse.versions.version import Input, Version

_ROWS: Final = frozenset({objects.TABLE, objects.QUARANTINE})
_NAMED: Final = 10


@dataclass(frozen=True)
class Plan:
    """What an erasure would do.

    Attributes
    ----------
    searched : Searched
    newest : Version or None
        The newest version of the lake.
    needs_run : bool
        Whether the newest version has the person, so that its tables are made again.
    uploads : tuple of str
        The keys of exported CSVs and corrections that are written without the person.
    versions : tuple of int
        The older versions that lose files.
    """

    searched: Searched
    newest: Version | None
    needs_run: bool
    uploads: tuple[str, ...]
    versions: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` has of it."""
        return {
            "run": self.needs_run, "rewritten": list(self.uploads), "versions_erased": list(self.versions),
            "object_versions": len(self.searched.found),
        }  # fmt: skip


def planned(
    searched: Searched, newest: Version | None, there: Sequence[ObjectVersion], written: Mapping[str, str]
) -> Plan:
    """Return what an erasure would do.

    Parameters
    ----------
    searched : Searched
        It found something.
    newest : Version or None
    there : sequence of ObjectVersion
        Everything that the bucket has.
    written : mapping of str to str
        The ETag of each upload, by key, that an erasure which was interrupted has written.

    Raises
    ------
    UsageError
        It cannot be done without loss; the message has every reason.
    """
    needed = [each for each in searched.found if newest is not None and newest.number in each.versions]
    problems = list(_problems(searched, needed))
    if newest is not None and needed:
        problems += _not_makeable(newest, there, written)
    if problems:
        more = [f"and {len(problems) - _NAMED:,} more"] if len(problems) > _NAMED else []
        raise UsageError(
            "\n  ".join(["this cannot be erased as it is, and nothing was changed:", *problems[:_NAMED], *more]),
            "docs/lgpd.md says what each of these means, and what to do.",
        )
    older = {number for each in searched.found for number in each.versions}
    return Plan(
        searched,
        newest,
        bool(needed),
        tuple(sorted({each.object.key for each in searched.found if is_rewritten(each)})),
        tuple(sorted(older)),
    )


def is_rewritten(found: Found) -> bool:
    """Return whether an object is written again without the person: what was uploaded, as the next run reads it."""
    needed = found.object.is_newest or bool(found.versions)
    return found.object.kind in objects.UPLOADED and needed


def rows_of(searched: Searched, newest: int) -> dict[str, int]:
    """Return the versions other than the newest that name what holds the person, and how many of their rows do."""
    counts: dict[str, int] = {}
    uploaded: dict[str, int] = {}
    for each in searched.found:
        for number in each.versions:
            if number == newest:
                continue
            name = str(number)
            counts.setdefault(name, 0)
            if each.object.kind in _ROWS:
                counts[name] += each.holding.rows
            elif each.object.kind in objects.UPLOADED:
                uploaded[name] = uploaded.get(name, 0) + each.holding.rows
    # A version whose tables never had what its exports had: a correction took the row's place.
    return {name: count or uploaded.get(name, 0) for name, count in sorted(counts.items(), key=lambda one: int(one[0]))}


def to_delete(searched: Searched, there: Sequence[ObjectVersion]) -> tuple[Identity, ...]:
    """Return the versions of objects that go for good.

    Of what was uploaded those that hold the person; of all else every version of the key: it was written once, or is
    made anew, and an older state of it must not come back.
    """
    uploads = {each.object.identity for each in searched.found if each.object.kind in objects.UPLOADED}
    keys = {each.object.key for each in searched.found if each.object.kind not in objects.UPLOADED}
    return tuple(each.identity for each in there if each.key in keys or each.identity in uploads)


def _problems(searched: Searched, needed: Sequence[Found]) -> Iterator[str]:
    """Yield why a value cannot go: something hangs on it."""
    for each in needed:
        table = each.table
        if each.object.kind != objects.TABLE or table is None:
            continue
        for place in each.holding.places:
            if place.column not in erasable(table):
                yield (
                    f"{table}.{place.column} has it in {present.count(place.rows, 'row')}: a key, a rule or an amount "
                    "hangs on that column"
                )
    for each in searched.found:
        if each.object.kind == objects.CHAIN:
            yield f"{each.object.key} has it: that is what keeps the versions, and it names no person"


def _not_makeable(newest: Version, there: Sequence[ObjectVersion], written: Mapping[str, str]) -> Iterator[str]:
    """Yield why the newest version cannot be made again without the person."""
    if not newest.is_from_csv:
        yield (
            f"version {newest.number} is of synthetic data, which every run draws anew: it is of nobody; publish real "
            "data, or another seed, first"
        )
        return
    lacking = sorted(set(layers.all_tables()) - set(newest.tables))
    if lacking:
        yield f"version {newest.number} has no {', '.join(lacking)} yet: run the pipeline first (`./importau run`)"
    for each in newest.inputs:
        if source_of(each, there, written) is None:
            yield (
                f"{each.key} is not in the bucket any more as version {newest.number} was made from it: publish what "
                "is there first (`./importau run`)"
            )


def source_of(wanted: Input, there: Sequence[ObjectVersion], written: Mapping[str, str]) -> ObjectVersion | None:
    """Return the version of an object that a version of the lake was made from; None where it is gone.

    In a bucket that keeps no versions also what an erasure has written in its place.
    """
    for each in there:
        if each.key == wanted.key and not each.is_mark:
            if wanted.version_id is not None and each.version_id == wanted.version_id:
                return each
            if wanted.version_id is None and each.is_newest and each.etag in {wanted.etag, written.get(wanted.key)}:
                return each
    return None


def newest_of(key: str, there: Sequence[ObjectVersion]) -> ObjectVersion | None:
    """Return what a reader gets who asks for a key; None where there is nothing."""
    return next((each for each in there if each.key == key and each.is_newest and not each.is_mark), None)


def is_correction(wanted: Input) -> bool:
    """Return whether an input is corrections."""
    return wanted.key == layout.correction_key(wanted.table)
