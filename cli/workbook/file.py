"""The workbook as a file: what it may replace, and that it is written whole or not at all."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from cli.errors import UsageError
from cli.workbook.seal import is_sealed

SUFFIX: Final = ".xlsx"


def claim_workbook(file: Path) -> None:
    """Raise `UsageError` where no workbook can be written, or another file would be replaced.

    An earlier workbook is replaced as long as nobody changed it; one that was edited and saved is another file.
    """
    if file.suffix.lower() != SUFFIX:
        raise UsageError(f"{file} does not end in {SUFFIX}, so no Excel would open it", f"Name it FILE{SUFFIX}.")
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"{file} cannot be replaced: {error.strerror}") from error
    if content and not is_sealed(content):
        raise UsageError(
            f"{file} is there, and is no workbook of an export, or was changed since: it would be overwritten",
            "Name another file (--excel FILE), or move that one away.",
        )


def write(content: bytes, file: Path) -> None:
    """Write a workbook to a file, whole or not at all; raise `UsageError` where that is not allowed."""
    beside = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        beside.replace(file)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise UsageError(f"{error.filename or file} cannot be written: {error.strerror}") from error
