"""Where the records of a range begin: found from a few bytes before it, however large the file is.

`bronze.csv.records.joined` defines what a record is, from the beginning of a file on. A record of several lines begins
on a line that leaves a field open (an opener), and ends on the first line after it at which that may change (a stop).
So a place where a record surely begins is known without the lines before it:

- a line that cannot be the rest of a quoted field begins a record;
- so does the line after a stop that is no opener;
- so does a line before which no line opens a field as far back as a record may reach.

In any usual file one of them is near. From there on records are joined as always.
"""

from typing import Final, Protocol

import numpy as np

from bronze.csv.records import LONGEST_RECORD, joined, judged, lines_of, split
from lakehouse.engine.segments import Index

_NEWLINE, _QUOTE = b'\n"'
# Bytes of lines that are joined at once, where the next sure place is far.
_STRETCH: Final = 8 << 20


class Content(Protocol):
    """The bytes of a file, of which any may be read.

    Attributes
    ----------
    size : int
        Bytes.
    """

    size: int

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from ``start`` to before ``end``."""


def first_record(content: Content, body: int, place: int, longest: int = LONGEST_RECORD) -> int:
    """Return where the first record begins at or after a place in a file; the file's size where none does.

    Parameters
    ----------
    content : Content
        It is UTF-8, or whatever else has a line feed for each line.
    body : int
        Where the first record begins, after the header.
    place : int
        Bytes from the beginning of the file.
    longest : int
        The most bytes that a record of several lines may have.
    """
    if place <= body:
        return body
    line = _line_after(content, place, longest)
    if line >= content.size:
        return content.size
    sure = _sure_place(content, body, line, longest)
    stretch = max(_STRETCH, 2 * longest)
    while line - sure > stretch:
        used = split(content.read(sure, sure + stretch), 0, 1, final=False, longest=longest)[1]
        sure, stretch = sure + used, stretch if used else 2 * stretch
    if sure == line:
        return line
    # Whatever begins before the line ends, or is known never to be closed, within this.
    end = _line_after(content, line + longest, longest)
    array = np.frombuffer(content.read(sure, end), np.uint8)
    lines = lines_of(array, np.flatnonzero(array == _NEWLINE), final=True)
    firsts, _, _ = joined(array, lines, np.flatnonzero(array == _QUOTE), final=True, longest=longest)
    starts = lines.start[firsts]
    at = int(np.searchsorted(starts, line - sure))
    return sure + int(starts[at]) if at < len(starts) else end


def _line_after(content: Content, place: int, block: int) -> int:
    """Return where the first line begins at or after a place; the file's size where none does."""
    at = place - 1
    while at < content.size:
        data = content.read(at, min(at + block, content.size))
        found = data.find(b"\n")
        if found >= 0:
            return at + found + 1
        at += len(data)
    return content.size


def _sure_place(content: Content, body: int, line: int, longest: int) -> int:
    """Return a place at or before a line, the nearest that is found, where a record surely begins."""
    window = size = 2 * longest
    upper = opener = line
    while True:
        lower = max(body, upper - size)
        data = content.read(lower, upper)
        # What the first line of a window begins with is not in it.
        skipped = 0 if lower == body else data.find(b"\n") + 1
        if lower > body and skipped in {0, len(data)}:
            size *= 2
            continue
        start = lower + skipped
        found, first = _sure_in(data[skipped:], opener - start, longest)
        if found is not None:
            return start + found
        if lower == body:
            return body
        opener = opener if first is None else start + first
        upper, size = start, window


def _sure_in(data: bytes, opener: int, longest: int) -> tuple[int | None, int | None]:
    """Return the last place in whole lines where a record surely begins, and where the first opener is.

    Parameters
    ----------
    data : bytes
    opener : int
        Where the next opener after these lines is, or a line before which there is none.
    longest : int
    """
    array = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(array == _QUOTE) if b'"' in data else np.empty(0, np.int64)
    openers = sure = np.empty(0, np.int64)
    if len(quotes):
        lines = lines_of(array, np.flatnonzero(array == _NEWLINE), final=True)
        quoted, outside_wrong, inside_wrong, odd = judged(array, lines, quotes)
        opens = odd & ~outside_wrong
        openers = lines.start[quoted[opens]]
        sure = np.append(lines.start[quoted[inside_wrong]], lines.end[quoted[(odd | inside_wrong) & ~opens]] + 1)
    sure = np.append(sure, _far_apart(openers, opener, longest))
    return (int(sure.max()) if len(sure) else None), (int(openers[0]) if len(openers) else None)


def _far_apart(openers: Index, last: int, longest: int) -> Index:
    """Return the openers, and the last place, before which as many bytes as a record may have hold no other opener."""
    later, before = np.append(openers, last), np.append(0, openers)
    return np.asarray(later[later - before > longest])
