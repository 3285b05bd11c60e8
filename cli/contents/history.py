"""The versions that a lake has, as their objects are: which can be read, and whether one follows from the other."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from cli.contents.opening import read
from cli.errors import CliError
from lakehouse.contract import layers
from lakehouse.contract.structure import unlike
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake, Stored
from lakehouse.orchestration.pipelines import PIPELINE
from lakehouse.versions.decision import PUBLISH
from lakehouse.versions.opening import read_opening
from lakehouse.versions.version import Version

_AT_ONCE: Final = 16


@dataclass(frozen=True)
class Kept:
    """A version's object.

    Attributes
    ----------
    number : int
        By its key.
    written : datetime
        When the object was written, UTC.
    version : Version or None
        None where the object cannot be read.
    problem : str
        Why it cannot be read; empty where it can.
    """

    number: int
    written: datetime
    version: Version | None
    problem: str = ""


def kept(lake: Lake, most: int | None = None) -> list[Kept]:
    """Return the versions of a lake, newest first, ``most`` at most."""
    found = [
        (number, each)
        for each in lake.objects(layout.VERSIONS_PREFIX)
        if (number := layout.version_of_key(each.key)) is not None
    ]
    newest = found[::-1] if most is None else found[::-1][:most]
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(lambda each: _kept(lake, *each), newest))


def _kept(lake: Lake, number: int, found: Stored) -> Kept:
    try:
        return Kept(number, found.modified, read(lake, number))
    except CliError as error:
        return Kept(number, found.modified, None, error.message)


def problems(history: Sequence[Kept]) -> Iterator[str]:
    """Yield what is wrong with the versions of a lake: each has to follow from the one before it.

    Parameters
    ----------
    history : sequence of Kept
        All of them, newest first.
    """
    by_number = {each.number: each for each in history}
    before: int | None = None
    for number, each in sorted(by_number.items()):
        if before is not None and number == before + 2:
            yield f"version {before + 1} is gone: its object was deleted"
        elif before is not None and number > before + 1:
            yield f"versions {before + 1} to {number - 1} are gone: their objects were deleted"
        before = number
        if each.version is None:
            yield each.problem
        else:
            yield from _problems(each, each.version, by_number)


def _problems(each: Kept, version: Version, by_number: Mapping[int, Kept]) -> Iterator[str]:
    number = each.number
    if version.number != number:
        yield f"version {number} says that it is version {version.number}"
    if version.parent != number - 1:
        yield f"version {number} says that it follows version {version.parent}"
    follower = by_number.get(number + 1)
    if follower is not None and each.written > follower.written:
        yield f"version {number} was written again after version {number + 1}"
    origin = by_number.get(version.restores or number - 1)
    if origin is None or origin.version is None:
        return
    before = origin.version.tables
    changed = [
        table.table
        for table in version.ordered
        if (version.restores or table.run != version.run) and before.get(table.table) != table
    ]
    changed += [name for name in layers.all_tables() if name in before and name not in version.tables]
    if changed:
        whose = f"that of version {origin.number}" if version.restores else f"its run's or version {origin.number}'s"
        yield f"version {number} names files that are not {whose}: {', '.join(changed)}"


def decided_otherwise(lake: Lake, history: Sequence[Kept]) -> Iterator[str]:
    """Yield where what the newest version's run was opened with, or what was decided of it, is not what it says.

    A record that is not there any more was kept as long as it is to be kept.
    """
    version = next((each.version for each in history if each.version is not None), None)
    if version is None or version.restores:
        return
    for key, expected in (
        (layout.decision_key(version.run), {"run_id": version.run, "decision": PUBLISH, "version": version.number}),
        (layout.opening_key(version.run), {"run_id": version.run}),
    ):
        try:
            found = lake.read_json(key)
        except StorageError:
            continue
        except ValueError:
            yield f"{key} cannot be read: it was emptied or changed"
            continue
        said = {name: found.get(name) for name in expected} if isinstance(found, Mapping) else {}
        yield from (f"{key} says otherwise than version {version.number}: {each}" for each in unlike(expected, said))
    if version.made.by == PIPELINE:
        yield from _opened_otherwise(lake, version)


def _opened_otherwise(lake: Lake, version: Version) -> Iterator[str]:
    key = layout.opening_key(version.run)
    try:
        opening = asdict(read_opening(lake, version.run))
    except (StorageError, ValueError, KeyError, TypeError, AttributeError):
        return
    expected = {"source": dict(version.source), "code": sorted({table.code for table in version.ordered})}
    found = {"source": opening["source"], "code": [opening["code"]]}
    yield from (f"{key} says otherwise than version {version.number}: {each}" for each in unlike(expected, found))
