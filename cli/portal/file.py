"""The page as a file: where it is written, what it may replace, and whether an export beside it has other runs."""

from pathlib import Path
from typing import Final

from cli.contents import export_record
from cli.contents.claiming import claim
from cli.errors import UsageError
from cli.session import Aws
from cli.terminal import present

FILE: Final = Path("out/portal.html")
_TITLE: Final = "IMPORTAÚ Lakehouse"


def claim_page(file: Path) -> None:
    """Raise `UsageError` where another file would be replaced that is not a portal."""
    claim(file, _TITLE, "portal")


def warn_of_another(aws: Aws, file: Path, number: int | None = None) -> None:
    """Warn where the page, of the newest version or the one of a number, is beside an export of other runs."""
    from cli.contents.opening import opened

    try:
        beside = export_record.read(file.parent)
    except UsageError:
        return  # there is no export
    if beside is not None and (beside.lake, dict(beside.runs)) != (f"s3://{aws.bucket}", opened(aws, number).runs):
        present.warn(f"the tables beside it are another export's ({beside}), not what the page shows")


def write(page: str, file: Path) -> None:
    """Write the page to a file, whole or not at all; raise `UsageError` where that is not allowed."""
    beside = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(page, encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        raise UsageError(f"{error.filename or file} cannot be written: {error.strerror}") from error
    present.done(f"the portal is in {file} ({present.size(len(page.encode()))}); open it in a browser")
