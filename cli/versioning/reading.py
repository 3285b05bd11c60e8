"""The versions that a lakehouse has, read for commands: what is asked for wrongly is a usage error."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from cli.contents import opening
from cli.errors import CliError, UsageError
from cli.session import Aws
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.version import Version

_AT_ONCE: Final = 16
_RUN_FIRST: Final = "Run the pipeline: `./importau run`."


def lake_of(aws: Aws) -> Lake:
    """Return the lake of a deployed lakehouse."""
    return Lake(aws.bucket, aws.s3)


def newest(lake: Lake) -> Version:
    """Return the newest version; raise `UsageError` where nothing was published yet."""
    number = chain.newest_number(lake)
    if not number:
        raise UsageError("nothing was published yet", _RUN_FIRST)
    return opening.read(lake, number)


def named(lake: Lake, number: int) -> Version:
    """Return a version; raise `UsageError`, naming those there are, where there is no such version.

    Raise `ErasedError` where a person's data were erased from it.
    """
    there = chain.numbers(lake)
    if not there:
        raise UsageError("nothing was published yet", _RUN_FIRST)
    opening.refuse_unknown(number, there)
    opening.refuse_erased(lake, number)
    return opening.read(lake, number)


def last(lake: Lake, most: int | None = None) -> list[Version]:
    """Return the last versions, ``most`` of them or all, oldest first."""
    there = chain.numbers(lake)
    return read(lake, there if most is None else there[-most:])


def every(lake: Lake) -> list[Version]:
    """Return all versions, oldest first; raise `CliError` where one is missing, so that it is unknown what it names."""
    there = chain.numbers(lake)
    missing = sorted(set(range(1, max(there, default=0) + 1)) - set(there))
    if missing:
        raise CliError(
            f"there is no version {', '.join(map(str, missing))} of 1 to {there[-1]}, so it is not known what may go",
            "Restore the object (an older version of it is in the bucket), then try again.",
        )
    return read(lake, there)


def read(lake: Lake, numbers: Sequence[int]) -> list[Version]:
    """Return some versions, in the order of their numbers as they are given."""
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(lambda number: opening.read(lake, number), numbers))


def made_by(lake: Lake, run_id: str, base: int) -> Version:
    """Return the version after ``base`` that a run made; raise `CliError` where it made none."""
    version = chain.of_run(lake, run_id, base)
    if version is None:
        raise CliError(
            f"run {run_id} ended, and made no version", f"Its logs say more: `./importau logs --run {run_id}`."
        )
    return version
