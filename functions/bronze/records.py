"""CSV bytes cut into records: where each begins, on which physical line, and which are not well-formed.

Vectorised over bytes; only lines with an odd number of quotes, which begin or end a value of several lines or are
broken, are looked at one by one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from lakehouse.money import Mask
from lakehouse.segments import Index

STRAY_QUOTE: Final = "aspas fora do lugar: um valor entre aspas começa e termina junto à vírgula"
NUL_BYTE: Final = "contém um caractere nulo"

_NEWLINE, _RETURN, _COMMA, _QUOTE, _NUL = b"\n"[0], b"\r"[0], b","[0], b'"'[0], 0
# A value of several lines longer than this is a quote that was never closed.
_LONGEST_RECORD: Final = 1 << 20


@dataclass(frozen=True)
class Records:
    """The records of a piece of a CSV, blank lines left out.

    Attributes
    ----------
    data : bytes
    start, end : numpy int64, shape (n,)
        First byte of each record, and the byte after its last, line end excluded.
    next : numpy int64, shape (n,)
        The byte after its line end.
    line : numpy int64, shape (n,)
        Physical line of its first byte, from 1.
    fields : numpy int64, shape (n,)
        How many values it has.
    stray, nul : numpy bool, shape (n,)
        Where its quotes are out of place, and where it holds a NUL byte.
    """

    data: bytes
    start: Index
    end: Index
    next: Index
    line: Index
    fields: Index
    stray: Mask
    nul: Mask

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self.start)

    def text(self, rows: Iterable[int]) -> list[str]:
        """Return the original text of some records."""
        return [self.data[self.start[row] : self.end[row]].decode("utf-8") for row in rows]

    def bytes_of(self, kept: Mask) -> bytes:
        """Return the records where ``kept``, one after the other, each with its line end."""
        if kept.all() and len(self) and self.start[0] == 0 and (self.start[1:] == self.next[:-1]).all():
            return self.data[: self.next[-1]]
        pieces = [self.data[a:b] for a, b in _runs(self.start, self.next, kept)]
        return b"".join(piece if piece.endswith(b"\n") else piece + b"\n" for piece in pieces)


def _runs(start: Index, next_: Index, kept: Mask) -> list[tuple[int, int]]:
    """Return the byte ranges of the kept records, neighbours joined."""
    rows = np.flatnonzero(kept)
    if not len(rows):
        return []
    breaks = np.flatnonzero(start[rows[1:]] != next_[rows[:-1]])
    firsts, lasts = np.append(rows[0], rows[breaks + 1]), np.append(rows[breaks], rows[-1])
    return list(zip(start[firsts].tolist(), next_[lasts].tolist(), strict=True))


def split(data: bytes, first_line: int, *, final: bool) -> tuple[Records, int, int]:
    """Cut a piece of a CSV into records.

    Parameters
    ----------
    data : bytes
        Begins where a record begins.
    first_line : int
        The physical line of its first byte.
    final : bool
        Whether the file ends with it; if not, what may go on in the next piece is left.

    Returns
    -------
    records : Records
    consumed : int
        Bytes used; the next piece begins there.
    lines : int
        Physical lines used.
    """
    array = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(array == _NEWLINE)
    nexts = ends + 1
    if final and len(array) and (not len(ends) or nexts[-1] != len(array)):
        ends, nexts = np.append(ends, len(array)), np.append(nexts, len(array))
    starts = np.concatenate([[0], nexts[:-1]]) if len(ends) else np.empty(0, np.int64)
    quotes = np.flatnonzero(array[: nexts[-1]] == _QUOTE) if len(ends) else np.empty(0, np.int64)

    head = np.ones(len(starts), bool)
    alone = np.zeros(len(starts), bool)
    used = len(starts)
    if len(quotes):
        used = _join_lines(data, starts, ends, quotes, head, alone, final=final)
        head, alone = head[:used], alone[:used]
    firsts = np.flatnonzero(head)
    lasts = np.append(firsts[1:], used) - 1 if len(firsts) else firsts
    start, end, next_ = starts[firsts], ends[lasts].copy(), nexts[lasts]
    returned = (end > start) & (array[np.maximum(end - 1, 0)] == _RETURN) if len(end) else np.zeros(0, bool)
    end -= returned
    filled = end > start
    consumed = int(nexts[used - 1]) if used else 0
    records = _described(
        data,
        array,
        quotes,
        start[filled],
        end[filled],
        next_[filled],
        firsts[filled] + first_line,
        alone[firsts][filled],
    )
    return records, consumed, used


def _join_lines(data: bytes, starts: Index, ends: Index, quotes: Index, head: Mask, alone: Mask, *, final: bool) -> int:
    """Mark in ``head`` the lines that go on the record before them, in ``alone`` those whose quote never closes.

    Returns
    -------
    int
        How many lines can be used now.
    """
    line_of = np.searchsorted(ends, quotes)
    odd = np.flatnonzero(np.bincount(line_of, minlength=len(starts)) % 2)
    first_quote = quotes[np.searchsorted(line_of, odd)]
    last_quote = quotes[np.searchsorted(line_of, odd, side="right") - 1]
    opener: int | None = None
    for place, line in enumerate(odd.tolist()):
        if opener is not None:
            begun = int(odd[opener])
            if (
                _closes(data, int(first_quote[place]), int(ends[line]))
                and ends[line] - starts[begun] <= _LONGEST_RECORD
            ):
                head[begun + 1 : line + 1] = False
                opener = None
                continue
            alone[begun] = True
            opener = None
        if _opens(data, int(last_quote[place]), int(starts[line])):
            opener = place
        else:
            alone[line] = True
    if opener is None:
        return len(starts)
    begun = int(odd[opener])
    if not final and ends[-1] - starts[begun] <= _LONGEST_RECORD:
        return begun
    alone[begun] = True
    return len(starts)


def _opens(data: bytes, quote: int, line_start: int) -> bool:
    return quote == line_start or data[quote - 1] == _COMMA


def _closes(data: bytes, quote: int, line_end: int) -> bool:
    return quote + 1 == line_end or data[quote + 1] in b',\r"'


def _described(  # noqa: PLR0913, PLR0917 - the columns of one table
    data: bytes,
    array: npt.NDArray[np.uint8],
    quotes: Index,
    start: Index,
    end: Index,
    next_: Index,
    line: Index,
    alone: Mask,
) -> Records:
    """Count the fields of each record and find those that are not well-formed."""
    count = len(start)
    stray, nul = alone.copy(), np.zeros(count, bool)
    commas = np.flatnonzero(array == _COMMA)
    comma_row = np.searchsorted(next_, commas, side="right")
    inside = (comma_row < count) & (commas >= start[np.minimum(comma_row, count - 1)]) if count else np.zeros(0, bool)
    if count and len(quotes):
        quote_row = np.searchsorted(next_, quotes, side="right")
        of_record = quote_row < count
        quotes, quote_row = quotes[of_record], quote_row[of_record]
        before = np.searchsorted(quotes, start)
        number = np.arange(len(quotes)) - before[quote_row]
        padded = np.concatenate([[_COMMA], array, [_COMMA]])
        opening = number % 2 == 0
        previous, following = padded[quotes], padded[quotes + 2]
        at_start, at_end = quotes == start[quote_row], quotes + 1 == end[quote_row]
        fine = np.where(
            opening,
            at_start | (previous == _COMMA) | (previous == _QUOTE),
            at_end | (following == _COMMA) | (following == _QUOTE),
        )
        stray[quote_row[~fine]] = True
        if inside.any():
            rows = np.minimum(comma_row, count - 1)
            inside &= (np.searchsorted(quotes, commas) - before[rows]) % 2 == 0
    fields = np.bincount(comma_row[inside], minlength=count)[:count].astype(np.int64) + 1
    nuls = np.flatnonzero(array == _NUL)
    if len(nuls) and count:
        rows = np.searchsorted(next_, nuls, side="right")
        nul[rows[rows < count]] = True
    return Records(data, start, end, next_, line, fields, stray, nul)
