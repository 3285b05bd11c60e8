"""The page as a file: where it is written, what it may replace, and whether an export beside it has other runs."""

from pathlib import Path
from typing import Final

from cli.contents import export_record
from cli.contents.download import published_runs
from cli.errors import UsageError
from cli.session import Aws
from cli.terminal import present

FILE: Final = Path("out/portal.html")
# Every page has this near its beginning.
_TITLE: Final = "<title>IMPORTAÚ Lakehouse</title>".encode()
_HEAD: Final = 4096


def claim_page(file: Path) -> None:
    """Raise `UsageError` where another file would be replaced that is not a portal."""
    try:
        with file.open("rb") as content:
            head = content.read(_HEAD)
    except OSError:
        return  # it does not exist, or writing it will report the problem
    if head and _TITLE not in head:
        raise UsageError(
            f"{file} is there, and is no portal: it would be overwritten",
            "Name another file (--output FILE), or move that one away.",
        )


def warn_of_another(aws: Aws, file: Path) -> None:
    """Warn where the page is beside an export of other runs."""
    try:
        beside = export_record.read(file.parent)
    except UsageError:
        return  # there is no export
    if beside is not None and (beside.lake != f"s3://{aws.bucket}" or dict(beside.runs) != published_runs(aws)):
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
