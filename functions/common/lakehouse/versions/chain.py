"""The versions that a lake has, one after the other. Making the next one's object is the commit: one maker succeeds."""

from collections.abc import Iterator
from typing import Final

from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions.version import Version

NONE: Final = 0


def numbers(lake: Lake, after: int = NONE) -> list[int]:
    """Return the numbers of the versions that a lake has, oldest first.

    Parameters
    ----------
    lake : Lake
    after : int
        Only the versions after this one are listed.
    """
    start = layout.version_key(after) if after else ""
    found = map(layout.version_of_key, lake.list(layout.VERSIONS_PREFIX, start))
    return [number for number in found if number is not None]


def newest_number(lake: Lake, known: int = NONE) -> int:
    """Return the number of the newest version, 0 where there is none; ``known`` is one that is there already."""
    return max(numbers(lake, known), default=known)


def read(lake: Lake, number: int) -> Version:
    """Return a version; raise `StorageError` where the lake has no such version, or it was damaged."""
    key = layout.version_key(number)
    try:
        content = lake.read_json(key)
    except StorageError as error:
        raise StorageError(f"there is no version {number} ({_known(lake)})") from error
    except ValueError as error:
        raise _damaged(lake, key) from error
    try:
        return Version.of_json(content, lake.uri(key))
    except (KeyError, TypeError, AttributeError) as error:
        raise _damaged(lake, key) from error


def _damaged(lake: Lake, key: str) -> StorageError:
    return StorageError(
        f"{lake.uri(key)} cannot be read: it was changed behind the project's back. Put back what it was (an earlier "
        "object version of it, where the bucket keeps those)"
    )


def newest(lake: Lake) -> Version | None:
    """Return the newest version, or None in a lake where nothing was published yet."""
    number = newest_number(lake)
    return read(lake, number) if number else None


def after(lake: Lake, number: int) -> Iterator[Version]:
    """Yield the versions after one, oldest first."""
    for each in numbers(lake, number):
        yield read(lake, each)


def of_run(lake: Lake, run_id: str, after_number: int) -> Version | None:
    """Return the first version after one that a run made; None where it made none."""
    return next((version for version in after(lake, after_number) if version.run == run_id), None)


def committed(lake: Lake, version: Version) -> bool:
    """Make a version the newest one; return False where another one took its number first.

    Raises
    ------
    StorageError
        The version before it does not exist.
    """
    if version.parent != version.number - 1 or (version.parent and not exists(lake, version.parent)):
        raise StorageError(f"version {version.number} cannot follow version {version.parent}")
    return lake.put_new(lake.json_of(version.as_json()), layout.version_key(version.number), "application/json")


def exists(lake: Lake, number: int) -> bool:
    """Return whether a lake has a version."""
    return lake.size(layout.version_key(number)) is not None


def _known(lake: Lake) -> str:
    there = numbers(lake)
    return f"versions are {there[0]} to {there[-1]}" if there else "nothing was published yet; run the pipeline first"
