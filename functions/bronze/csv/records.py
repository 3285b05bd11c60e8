"""CSV bytes split into records: where each begins and ends, on which line, and which are malformed.

All of it is computed by numpy over bytes and lines. A misplaced quote, or one that is never closed, spoils the line
that it is on, and not the rest of the file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bronze.reasons import Reasons
from lakehouse.engine.arrays import Mask, strings
from lakehouse.engine.segments import Index

MISPLACED_QUOTE: Final = "registro: aspas fora do lugar (um campo entre aspas começa e termina junto à vírgula)"
UNCLOSED_QUOTE: Final = "registro: aspas abertas e nunca fechadas"
# Of a file it is removed; before a later record it is what is left of a second file that was appended to a first.
BOM: Final = b"\xef\xbb\xbf"
LATER_BOM: Final = "registro: começa com a marca de ordem de bytes U+FEFF, de outro arquivo que foi emendado a este"
# A quoted field that is still open after this many bytes counts as never closed.
LONGEST_RECORD: Final = 1 << 20

_NEWLINE, _RETURN, _TAB, _QUOTE, _COMMA = b'\n\r\t",'
_FIRST_PRINTABLE: Final = 32
_CONTROLS: Final = strings(
    [f"registro: contém o caractere de controle U+{code:04X}" for code in range(_FIRST_PRINTABLE)]
)
_LINE_END: Final = b"\r\n"
_Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Records:
    """The records of a piece of a CSV; blank lines are not records.

    Attributes
    ----------
    data : bytes
        The piece.
    start, end : numpy int64, shape (n,)
        Where each record begins in it, and where its text ends (without the line end).
    line : numpy int64, shape (n,)
        The physical line of its first byte.
    malformed : Reasons
        Why records are not well-formed.
    """

    data: bytes
    start: Index
    end: Index
    line: Index
    malformed: Reasons

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.start)

    def text(self, rows: Index) -> bytes:
        """Return some records, in order, as CSV text, which may have blank lines between them."""
        if not len(rows):
            return b""
        breaks = np.flatnonzero(np.diff(rows) != 1)
        firsts, lasts = np.append(rows[0], rows[breaks + 1]), np.append(rows[breaks], rows[-1])
        spans = zip(self.start[firsts].tolist(), self.end[lasts].tolist(), strict=True)
        return b"\n".join([self.data[start:end] for start, end in spans])

    def original(self, rows: Index) -> pa.Array:
        """Return the original text of some records, shape (k,)."""
        return decoded(self.data, self.start[rows], self.end[rows])


def decoded(data: bytes, start: Index, end: Index) -> pa.Array:
    """Return the text from each start to each end, shape (k,)."""
    spans = zip(start.tolist(), end.tolist(), strict=True)
    return pa.array([data[first:last].decode("utf-8") for first, last in spans], pa.string())


class Lines(NamedTuple):
    """Physical lines: where each begins, where its text ends, and where its line feed is.

    Attributes
    ----------
    start, text_end, end : numpy int64, shape (n,)
    """

    start: Index
    text_end: Index
    end: Index


def split(
    data: bytes, first_line: int, fields: int, *, final: bool, longest: int = LONGEST_RECORD
) -> tuple[Records, int, int]:
    """Split a piece of a CSV into records.

    Parameters
    ----------
    data : bytes
        The piece; it begins with a record.
    first_line : int
        The number of its first line in the file.
    fields : int
        How many fields a record must have.
    final : bool
        Whether the file ends with it. If not, a record that may continue is left for the next piece.
    longest : int
        The most bytes that a record of several lines may have.

    Returns
    -------
    records : Records
    consumed : int
        How many bytes of the piece were used: there the next one begins. 0 if the piece is too small for one record.
    lines : int
        How many physical lines were used.
    """
    array = np.frombuffer(data, np.uint8)
    low = np.flatnonzero(array < _FIRST_PRINTABLE)
    lines = lines_of(array, low[array[low] == _NEWLINE], final=final)
    quotes = np.flatnonzero(array == _QUOTE) if b'"' in data else np.empty(0, np.int64)
    quotes = quotes[: np.searchsorted(quotes, lines.end[-1])] if len(lines.end) else quotes[:0]

    firsts, lasts, reasons = joined(array, lines, quotes, final=final, longest=longest)
    used = int(lasts[-1]) + 1 if len(lasts) else 0
    consumed = min(int(lines.end[used - 1]) + 1, len(data)) if used else 0
    start, end = lines.start[firsts], lines.text_end[lasts]
    filled = np.flatnonzero(end > start)
    broken = reasons.broken(len(start))[filled]
    records = Records(data, start[filled], end[filled], firsts[filled] + first_line, Reasons())
    numbers = np.cumsum(end > start) - 1
    records.malformed.add_all(reasons, numbers)
    _check(records, array, low, quotes, broken, fields)
    return records, consumed, used


def picked(data: bytes, start: Index, end: Index, line: Index, wrong: Reasons, fields: int) -> Records:
    """Return some records of a piece as `split` does, by themselves.

    Parameters
    ----------
    data : bytes
        The piece.
    start, end, line : numpy int64, shape (k,)
        As of `Records`, in order.
    wrong : Reasons
        Why their quotes are wrong, as `joined` says.
    fields : int
        How many fields a record must have.
    """
    # A CR that is not part of a line end stays one: the line end that follows has its own.
    alone = b"".join([data[first:last] + _LINE_END for first, last in zip(start.tolist(), end.tolist(), strict=True)])
    ends = np.cumsum(end - start + len(_LINE_END)) - len(_LINE_END)
    records = Records(alone, ends - (end - start), ends, line, wrong)
    array = np.frombuffer(alone, np.uint8)
    low, quotes = np.flatnonzero(array < _FIRST_PRINTABLE), np.flatnonzero(array == _QUOTE)
    _check(records, array, low, quotes, wrong.broken(len(line)), fields)
    return records


def together(some: Sequence[Records]) -> Records:
    """Return the records of several pieces as those of one."""
    sizes = [len(records.data) for records in some]
    malformed, before = Reasons(), 0
    for records in some:
        malformed.add_all(records.malformed, before + np.arange(len(records)))
        before += len(records)
    shifts = (np.cumsum(sizes) - sizes).tolist()
    return Records(
        b"".join(records.data for records in some),
        np.concatenate([records.start + shift for records, shift in zip(some, shifts, strict=True)]),
        np.concatenate([records.end + shift for records, shift in zip(some, shifts, strict=True)]),
        np.concatenate([records.line for records in some]),
        malformed,
    )


def _check(records: Records, array: _Bytes, low: Index, quotes: Index, broken: Mask, fields: int) -> None:
    """Find the records that are malformed although their quotes are right."""
    if BOM in records.data:
        _check_marks(array, records)
    _check_controls(array, low, records)
    _check_fields(array, quotes, records, broken, fields)


def lines_of(array: _Bytes, newlines: Index, *, final: bool) -> Lines:
    """Return the lines that end at line feeds and, if the file ends there, what follows the last one."""
    end = newlines
    if final and len(array) and array[-1] != _NEWLINE:
        end = np.append(end, len(array))
    start = np.append(0, end[:-1] + 1) if len(end) else end
    has_return = (end > start) & (array[np.maximum(end - 1, 0)] == _RETURN)
    return Lines(start, end - has_return, end)


def joined(array: _Bytes, lines: Lines, quotes: Index, *, final: bool, longest: int) -> tuple[Index, Index, Reasons]:
    """Return the first and the last line of each record, and the reasons for those whose quotes are wrong.

    Every line with quotes is judged twice: as if it began outside a quoted field, and as if it began inside one. A line
    that leaves a field open extends to the first line that can close it. If that line is not valid as the rest of the
    field, or there is none, the field was never closed, and the line is a record by itself.
    """
    numbers = np.arange(len(lines.start))
    reasons = Reasons()
    if not len(quotes):
        return numbers, numbers, reasons
    quoted, outside_wrong, inside_wrong, odd = judged(array, lines, quotes)
    opens = np.flatnonzero(odd & ~outside_wrong)
    stops = np.flatnonzero(odd | inside_wrong)
    stop = np.searchsorted(stops, opens, side="right")
    has_stop = stop < len(stops)
    last = stops[np.where(has_stop, stop, 0)] if len(stops) else stop
    first_line, last_line = quoted[opens], quoted[last]
    length = lines.end[last_line] - lines.start[first_line]
    closes = has_stop & ~inside_wrong[last] & (length <= longest)
    undecided = ~has_stop & (len(array) - lines.start[first_line] <= longest) & (not final)

    starts = np.ones(len(numbers), bool)
    limit, resume = len(numbers), 0
    unclosed = []
    # One iteration per line that ends within a field, which few do; where its field ends, the next one may begin.
    for first, end, is_closed, is_open in zip(
        first_line.tolist(), last_line.tolist(), closes.tolist(), undecided.tolist(), strict=True
    ):
        if first < resume:
            continue
        if is_open:
            limit = first
            break
        if is_closed:
            starts[first + 1 : end + 1] = False
            resume = end + 1
        else:
            unclosed.append(first)
    firsts = np.flatnonzero(starts[:limit])
    lasts = np.append(firsts[1:], limit) - 1 if len(firsts) else firsts
    misplaced = quoted[outside_wrong]
    for rows, text in ((misplaced, MISPLACED_QUOTE), (np.array(unclosed, np.int64), UNCLOSED_QUOTE)):
        begins = rows[(rows < limit) & starts[rows]]
        reasons.add(np.searchsorted(firsts, begins), text)
    return firsts, lasts, reasons


def judged(array: _Bytes, lines: Lines, quotes: Index) -> tuple[Index, Mask, Mask, Mask]:
    """Judge the lines with quotes.

    Returns
    -------
    quoted : numpy int64, shape (q,)
        The lines that have quotes.
    outside_wrong, inside_wrong : numpy bool, shape (q,)
        Whether a quote is misplaced if the line begins outside, or inside, a quoted field.
    odd : numpy bool, shape (q,)
        Whether the line has an odd number of quotes.
    """
    line = np.searchsorted(lines.end, quotes)
    quoted, first, count = np.unique(line, return_index=True, return_counts=True)
    is_even = (np.arange(len(quotes)) - np.repeat(first, count)) % 2 == 0
    # The edges of a piece count as commas.
    before = np.where(quotes > 0, array[quotes - 1], _COMMA)
    after = np.where(quotes + 1 < len(array), array[np.minimum(quotes + 1, len(array) - 1)], _COMMA)
    # A quote beside another one is one half of an escaped quote.
    may_open = (before == _COMMA) | (before == _QUOTE) | (quotes == lines.start[line])
    may_close = (after == _COMMA) | (after == _QUOTE) | (quotes + 1 == lines.text_end[line])
    outside = np.where(is_even, may_open, may_close)
    inside = np.where(is_even, may_close, may_open)
    return (
        quoted,
        ~np.logical_and.reduceat(outside, first),
        ~np.logical_and.reduceat(inside, first),
        count % 2 == 1,
    )


def _check_marks(array: _Bytes, records: Records) -> None:
    """Find the records that begin with a byte order mark, which Arrow would drop where it reads them first."""
    padded = np.concatenate([array, np.zeros(len(BOM), np.uint8)])
    marked = np.logical_and.reduce([padded[records.start + at] == byte for at, byte in enumerate(BOM)])
    records.malformed.add(np.flatnonzero(marked), LATER_BOM)


def _check_controls(array: _Bytes, low: Index, records: Records) -> None:
    """Find the records with a control character other than a tab or a line end."""
    code = array[low]
    where = low[(code != _NEWLINE) & (code != _TAB)]
    ends_line = array[np.minimum(where + 1, len(array) - 1)] == _NEWLINE
    ends_line |= where + 1 == len(array)
    where = where[(array[where] != _RETURN) | ~ends_line]
    row = np.searchsorted(records.start, where, side="right") - 1
    inside = (row >= 0) & (where < records.end[np.maximum(row, 0)]) if len(records) else row >= 0
    rows, first = np.unique(row[inside], return_index=True)
    records.malformed.add(rows, _CONTROLS.take(pa.array(array[where[inside][first]])))


def _check_fields(array: _Bytes, quotes: Index, records: Records, broken: Mask, fields: int) -> None:
    """Find the records with the wrong number of fields, among those whose quotes are right."""
    commas = np.flatnonzero(array == _COMMA)
    if len(quotes) and len(records):
        row = np.maximum(np.searchsorted(records.start, commas, side="right") - 1, 0)
        quotes_before = np.searchsorted(quotes, commas) - np.searchsorted(quotes, records.start)[row]
        commas = commas[quotes_before % 2 == 0]
    count = np.searchsorted(commas, records.end) - np.searchsorted(commas, records.start) + 1
    wrong = np.flatnonzero((count != fields) & ~broken)
    noun = pa.array(np.where(count[wrong] == 1, " campo", " campos").astype(object), pa.string())
    number = pa.array(count[wrong]).cast(pa.string())
    records.malformed.add(
        wrong, pc.binary_join_element_wise("registro: tem ", number, noun, f", esperava {fields}", "")
    )
