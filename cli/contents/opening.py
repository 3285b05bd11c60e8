"""The version of the lake that a command reads, opened for it; what cannot be opened is said to whoever asked."""

from cli.errors import CliError, UsageError
from cli.session import Aws
from lakehouse.errors import StorageError
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.erasure import erasures, note
from lakehouse.versions.version import Version
from lakehouse.versions.view import View


class ErasedError(CliError):
    """The version lost files when a person's data were erased from it."""


# What parsing raises where an object is not what it should be: no JSON, or it lacks something, or has another there.
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)


def opened(aws: Aws, number: int | None = None) -> View:
    """Return a version of the lake, by default the newest one.

    Parameters
    ----------
    aws : Aws
    number : int, optional
        The version that was asked for.

    Raises
    ------
    UsageError
        There is no version of that number.
    CliError
        Nothing was published yet, or the version cannot be read.
    ErasedError
        A person's data were erased from it.
    """
    lake = Lake(aws.bucket, aws.s3)
    there = chain.numbers(lake)
    if not there:
        raise CliError("nothing was published yet", "Run the pipeline first: `./importau run`.")
    if number is not None:
        refuse_unknown(number, there)
    version = read(lake, number or there[-1])
    if version.number != there[-1]:
        refuse_erased(lake, version.number)
    return View(lake, version, version.tables)


def refuse_unknown(number: int, there: list[int]) -> None:
    """Raise `UsageError`, naming the versions that there are, where a number is none of theirs."""
    if number not in there:
        raise UsageError(
            f"there is no version {number}: versions are {_listed(there)}", "`./importau versions` lists them."
        )


def read(lake: Lake, number: int) -> Version:
    """Return a version that is there; raise `CliError` where its object cannot be read."""
    try:
        return chain.read(lake, number)
    except StorageError as error:
        raise CliError(str(error)) from error


def refuse_erased(lake: Lake, number: int) -> None:
    """Raise `ErasedError` where a person's data were erased from a version: it is a record, and no more."""
    told = note(erasures(lake), number)
    if told:
        raise ErasedError(
            f"version {number} was {told}: it is no longer whole, and nobody reads it, compares it, goes back to it or "
            "makes it again",
            "Name another version: `./importau versions`.",
        )


def _listed(numbers: list[int]) -> str:
    """Return numbers for people to read: ``1 to 4, 6``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)
