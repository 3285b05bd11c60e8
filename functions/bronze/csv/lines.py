"""The lines of a piece of a CSV, told apart before any field is read: ordinary ones, and those that are strange.

`bronze.csv.records` defines what a record is. A line is ordinary where it is a record by itself: its quotes are right,
and it has no control character. All lines are asked at once, by the bits of their bytes; only those that are strange,
and what may belong to them, are joined to records as the definition has it.
"""

from typing import Final, NamedTuple

import numpy as np

from bronze.csv import bits
from bronze.csv.bits import Bits, Bytes
from bronze.csv.records import BOM, Lines, joined, judged, lines_of
from bronze.reasons import Reasons
from lakehouse.engine.segments import Index

_NEWLINE, _RETURN, _TAB, _QUOTE, _COMMA = b'\n\r\t",'
_FIRST_PRINTABLE: Final = ord(" ")
_FIRST, _LAST = np.uint64(1), np.uint64(63)
# How many lines with quotes are looked at, from the end of a piece on, for one after which a record surely begins.
_LOOKED_AT: Final = 64


class Strange(NamedTuple):
    """The records that are more than an ordinary line.

    Attributes
    ----------
    first, last : numpy int64, shape (k,)
        The lines that each begins and ends on, in order.
    wrong : Reasons
        Why the quotes of some are wrong.
    """

    first: Index
    last: Index
    wrong: Reasons


def all_lines(body: bytes) -> Lines:
    """Return the lines of a body, of which the last may have no line end."""
    text = np.frombuffer(body, np.uint8)
    return lines_of(text, np.flatnonzero(text == _NEWLINE), final=True)


def strange_lines(body: bytes, *, rare: float = 0.0) -> tuple[Index, Lines | None]:
    """Return the lines that are not ordinary, in order, and all lines where there is any.

    Those are blank, or begin with a byte order mark (or a character that begins with the same byte), have a control
    character other than a tab, a quote that is misplaced, or an odd number of quotes.

    Parameters
    ----------
    body : bytes
        Whole lines, the first of which begins a record; the last one may have no line end.
    rare : float
        Where no more of the bytes than this are quotes, every line that has one counts as strange.
    """
    text = np.frombuffer(body, np.uint8)
    newlines = bits.where(text, _NEWLINE)
    begins = bits.after(newlines)
    begins[0] |= _FIRST
    # A text ends where its line end begins.
    ends = newlines
    if b"\r" in body:
        returns = bits.where(text, _RETURN)
        ends = newlines | returns & bits.before(newlines)
        if body.endswith(b"\r"):
            ends |= bits.at(np.array([len(body) - 1]), len(body))
    strange = begins & ends
    controls = bits.where_less(text, _FIRST_PRINTABLE) & ~ends
    if controls.any():
        strange |= controls & ~bits.where(text, _TAB)
    if BOM[:1] in body:
        strange |= begins & bits.where(text, BOM[0])
    odd, places = np.empty(0, np.int64), None
    if b'"' in body:
        quotes = bits.where(text, _QUOTE)
        if bits.count(quotes) <= rare * len(text):
            strange |= quotes
        else:
            misplaced, odd, places = _misplaced(text, quotes, newlines, begins, ends)
            strange |= misplaced
    if not strange.any() and not len(odd):
        return odd, None
    if places is None:
        places = bits.places(newlines)
    return np.union1d(np.searchsorted(places, bits.places(strange)), odd), lines_of(text, places, final=True)


def _misplaced(text: Bytes, quotes: Bits, newlines: Bits, begins: Bits, ends: Bits) -> tuple[Bits, Index, Index | None]:
    """Return the quotes that are misplaced, the lines with an odd number of quotes, and, if asked for, the line feeds.

    Each line begins outside of quotes, whatever the one before it was.
    """
    commas = bits.where(text, _COMMA)
    last = bits.at(np.array([len(text) - 1]), len(text))
    inside = bits.between(quotes)
    odd, places = np.empty(0, np.int64), None
    if (inside & (newlines | last)).any():
        places = bits.places(newlines)
        line_ends = places if text[-1] == _NEWLINE else np.append(places, len(text) - 1)
        open_ = bits.holds_at(inside, line_ends)
        odd = np.flatnonzero(open_ ^ np.append(False, open_[:-1]))
        # Where a line leaves a field open, its line end closes that for the others.
        inside = bits.between(quotes | bits.at(line_ends[odd], len(text)) & newlines)
    # A quote beside another one is one half of an escaped quote.
    may_open = bits.after(commas | quotes) | begins
    may_close = bits.before(commas | quotes | ends) | last
    return quotes & (inside & ~may_open | ~inside & ~may_close), odd, places


def strange_records(body: bytes, lines: Lines, strange: Index, longest: int) -> Strange:
    """Return the records that strange lines are part of.

    Parameters
    ----------
    body : bytes
        As in `strange_lines`.
    lines : Lines
    strange : numpy int64
        The lines that are not ordinary.
    longest : int
        The most bytes that a record of several lines may have.
    """
    text = np.frombuffer(body, np.uint8)
    firsts, lasts, wrong = joined(
        text, lines, _quotes_that_matter(body, text, lines, strange), final=True, longest=longest
    )
    records = np.unique(np.searchsorted(firsts, strange, side="right") - 1)
    numbers = np.full(len(firsts), -1)
    numbers[records] = np.arange(len(records))
    return Strange(firsts[records], lasts[records], wrong.renumbered(numbers))


def one_line_each(some: Index) -> Strange:
    """Return records of one line each, whose quotes are right."""
    return Strange(some, some, Reasons())


def whole_records(body: bytes, lines: Lines, first: Index) -> Strange:
    """Return the records that begin on some lines, all of which are well-formed.

    Where a line leaves a field open, its record goes on to the next line with an odd number of quotes.
    """
    last = first.copy()
    for place, start in enumerate(lines.start[first].tolist()):
        while body.count(b'"', start, int(lines.end[last[place]])) % 2:
            last[place] += 1
    return Strange(first, last, Reasons())


def text_of(body: bytes, lines: Lines, some: Index) -> bytes:
    """Return the text of some lines, in order."""
    if not len(some):
        return b""
    breaks = np.flatnonzero(np.diff(some) != 1)
    firsts, lasts = np.append(some[0], some[breaks + 1]), np.append(some[breaks], some[-1])
    spans = zip(lines.start[firsts].tolist(), (lines.end[lasts] + 1).tolist(), strict=True)
    return b"".join([body[start:end] for start, end in spans])


def with_lines(apart: Strange, some: Index) -> Strange:
    """Return strange records and further ones, of one line each, in order."""
    first = np.concatenate([apart.first, some])
    order = np.argsort(first, kind="stable")
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    wrong = Reasons()
    wrong.add_all(apart.wrong, places[: len(apart.first)])
    return Strange(first[order], np.concatenate([apart.last, some])[order], wrong)


def _quotes_that_matter(body: bytes, text: Bytes, lines: Lines, strange: Index) -> Index:
    """Return the quotes of strange lines, and of those at which a field may end that a strange one leaves open.

    From an open field on those are the next lines with quotes, up to one that cannot be in the middle of it.
    """
    if b'"' not in body:
        return np.empty(0, np.int64)
    known = looking = strange[lines.text_end[strange] > lines.start[strange]]
    while len(quotes := _quotes_of(text, lines, looking)):
        quoted, outside_wrong, inside_wrong, odd = judged(text, lines, quotes)
        goes_on = quoted[odd & ~outside_wrong | ~(odd | inside_wrong)]
        following = [body.find(b'"', end) for end in lines.end[goes_on].tolist()]
        found = np.unique(np.searchsorted(lines.end, [place for place in following if place >= 0]))
        looking = np.setdiff1d(found, known)
        known = np.union1d(known, looking)
    return _quotes_of(text, lines, known)


def _quotes_of(text: Bytes, lines: Lines, some: Index) -> Index:
    spans = zip(lines.start[some].tolist(), lines.text_end[some].tolist(), strict=True)
    found = [np.flatnonzero(text[start:end] == _QUOTE) + start for start, end in spans]
    return np.concatenate(found) if found else np.empty(0, np.int64)


def sure_end(data: bytes) -> int:
    """Return the end of a line after which a record surely begins; 0 where none was found.

    Parameters
    ----------
    data : bytes
        It begins with a record; what follows its last line end is left out.
    """
    end = data.rfind(b"\n") + 1
    sure = end
    for _ in range(_LOOKED_AT):
        quote = data.rfind(b'"', 0, sure)
        if quote < 0:
            return sure
        start, stop = data.rfind(b"\n", 0, quote) + 1, data.index(b"\n", quote)
        line = np.frombuffer(data, np.uint8)[start:stop]
        _, _, inside_wrong, odd = judged(
            line, lines_of(line, np.empty(0, np.int64), final=True), np.flatnonzero(line == _QUOTE)
        )
        # No field is open after a line that can be neither the middle nor the end of one, and opens none.
        if inside_wrong[0] and not odd[0]:
            return sure
        sure = start
    return end if end and not len(strange_lines(data[:end])[0]) else 0
