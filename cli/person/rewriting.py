"""An exported CSV without a person's value: the very bytes that it had but for the fields that had it. Pure."""

from collections.abc import Collection, Iterator, Mapping
from tempfile import TemporaryFile
from typing import BinaryIO, Final

import numpy as np

from bronze.csv.compression import HEAD, compress_like, content_of, is_compressed
from cli.person.columns import erasable, in_place_of
from cli.person.content import marked
from cli.person.csv_file import Part, parts_of
from cli.person.value import ERASED, Sought
from lakehouse.contract import layers
from lakehouse.engine.arrays import Mask

_WITHOUT_MARK: Final = {"utf-16": "utf-16-le"}
_SPECIAL: Final = frozenset(',"\r\n')


def rewritten(sought: Sought, source: BinaryIO, table: str | None, target: BinaryIO) -> int:
    """Write a CSV without a value, compressed as it was, and return how many records were changed.

    A field that is the value becomes empty or, where a text has to stand or where nothing may become valid by it, the
    word ``ELIMINADO``; within a longer text that word takes the value's place. Line ends, quotes, the order of columns
    and every other field stay as they are.

    Parameters
    ----------
    sought : Sought
    source : binary file
    table : str or None
        The table that is exported; None for a file that no table is made of.
    target : binary file
    """
    head = source.read(HEAD)
    source.seek(0)
    if not is_compressed(head):
        return _rewritten(sought, source, table, target)
    with TemporaryFile() as plain:
        with content_of(source) as content:
            changed = _rewritten(sought, content, table, plain)
        plain.seek(0)
        source.seek(0)
        compress_like(source, plain, target)
    return changed


def _rewritten(sought: Sought, source: BinaryIO, table: str | None, target: BinaryIO) -> int:
    changed = 0
    for number, part in enumerate(parts_of(source)):
        found = marked(sought, part, table)
        records = np.flatnonzero(np.logical_or.reduce(list(found.values()))) if found else np.empty(0, np.int64)
        changed += len(records)
        content = b"".join(_pieces(sought, part, table, records.tolist(), found))
        if part.encoding == "utf-8":
            target.write(content)
        else:
            # The mark of UTF-16 is a character of the first part, and not one of each.
            mark = "\ufeff" if part.encoding == "utf-16" and not number else ""
            target.write((mark + content.decode()).encode(_WITHOUT_MARK.get(part.encoding, part.encoding)))
    return changed


def _pieces(
    sought: Sought, part: Part, table: str | None, records: list[int], found: Mapping[str, Mask]
) -> Iterator[bytes]:
    starts, ends = part.records.start, part.records.end
    malformed, last = part.malformed(), 0
    for record in records:
        yield part.data[last : starts[record]]
        text = part.text_of(record)
        its_columns = {name for name, mask in found.items() if mask[record]}
        new = sought.without(text) if malformed[record] else _record(sought, part.header, table, text, its_columns)
        yield new.encode()
        last = int(ends[record])
    yield part.data[last:]


def _record(sought: Sought, header: list[str], table: str | None, text: str, columns: Collection[str]) -> str:
    """Return a well-formed record without a value that some of its columns have."""
    written = list(raw_fields(text))
    for place, (name, raw) in enumerate(zip(header, written, strict=True)):
        if name in columns:
            field = raw[1:-1].replace('""', '"') if raw.startswith('"') else raw
            written[place] = _quoted(_in_place(sought, table, name, field), raw)
    return ",".join(written)


def _in_place(sought: Sought, table: str | None, column: str, field: str) -> str:
    if not sought.is_equal(field):
        return sought.without(field)
    if table in layers.all_tables() and table:
        return in_place_of(table, column) if column in erasable(table) else ERASED
    return ""


def _quoted(field: str, before: str) -> str:
    if before.startswith('"') or not _SPECIAL.isdisjoint(field):
        doubled = field.replace('"', '""')
        return f'"{doubled}"' if field else ""
    return field


def raw_fields(text: str) -> Iterator[str]:
    """Yield the fields of a well-formed record as they are written, quotes included."""
    start, is_quoted = 0, False
    for place, character in enumerate(text):
        if character == '"':
            is_quoted = not is_quoted
        elif character == "," and not is_quoted:
            yield text[start:place]
            start = place + 1
    yield text[start:]
