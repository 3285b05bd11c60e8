"""Which file a page may replace: one that is a page of the same kind, or none."""

from pathlib import Path
from typing import Final

from cli.errors import UsageError

_HEAD: Final = 4096


def claim(file: Path, title: str, kind: str) -> None:
    """Raise `UsageError` where a file would be replaced that is another one.

    Parameters
    ----------
    file : Path
        Where the page goes.
    title : str
        The ``<title>`` that every page of the kind has near its beginning.
    kind : str
        What such a page is called: "portal".
    """
    try:
        with file.open("rb") as content:
            head = content.read(_HEAD)
    except OSError:
        return  # it does not exist, or writing it will report the problem
    if head and f"<title>{title}</title>".encode() not in head:
        raise UsageError(
            f"{file} is there, and is no {kind}: it would be overwritten",
            "Name another file (--output FILE), or move that one away.",
        )
