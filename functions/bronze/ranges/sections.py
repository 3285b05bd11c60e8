"""Sections: several small tables in one object, each of which is read by itself.

A range leaves rows for thousands of calls, each of which wants a few kilobytes of them: as row groups of one Parquet
file their footer alone would be read thousands of times. The object begins with where each section begins, in eight
bytes; a section is a Parquet file, or nothing where it has no rows.
"""

import io
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.engine import parquet

# The range that a row is of, and its line, counted from 0 in that.
RANGE: Final = "_intervalo"
LINE: Final = "_linha"
_PLACE: Final = struct.Struct("<Q")

Read = Callable[[int, int], bytes]


def packed(tables: Iterable[pa.Table], count: int) -> bytes:
    """Return so many tables as sections of one object."""
    sections = [_written(table) if len(table) else b"" for table in tables]
    place = (count + 1) * _PLACE.size
    places = [place]
    for section in sections:
        place += len(section)
        places.append(place)
    if len(sections) != count:
        raise AssertionError(f"there are {len(sections)} sections instead of {count}")
    return b"".join([*map(_PLACE.pack, places), *sections])


def section(read: Read, number: int, encoded: Sequence[str] = ()) -> pa.Table | None:
    """Return a section of an object; None where it has no rows.

    Parameters
    ----------
    read : callable
        Takes from where to before where, and returns those bytes of the object.
    number : int
    encoded : sequence of str
        The text columns to leave dictionary-encoded.
    """
    at = number * _PLACE.size
    places = read(at, at + 2 * _PLACE.size)
    start, end = (_PLACE.unpack_from(places, each * _PLACE.size)[0] for each in (0, 1))
    return parquet.read(pa.BufferReader(read(start, end)), encoded=encoded) if end > start else None


def unpacked(content: bytes) -> Iterator[bytes]:
    """Yield the sections of an object that have rows, each a Parquet file.

    Raises
    ------
    ValueError
        It is no such object.
    """
    places: list[int] = []
    first = len(content)
    while len(places) * _PLACE.size < first <= len(content):
        if len(content) < (len(places) + 1) * _PLACE.size:
            break
        places.append(int(_PLACE.unpack_from(content, len(places) * _PLACE.size)[0]))
        first = places[0]
    if not places or places[-1] != len(content) or places != sorted(places) or first != len(places) * _PLACE.size:
        raise ValueError("the places of the sections are not those of this object")
    for start, end in pairwise(places):
        if end > start:
            yield content[start:end]


def _written(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    encoded = [field.name for field in table.schema if pa.types.is_dictionary(field.type) or field.name == RANGE]
    lines = {LINE: "DELTA_BINARY_PACKED"} if LINE in table.column_names else None
    pq.write_table(
        table, sink, compression=parquet.COMPRESSION, use_dictionary=encoded, column_encoding=lines,
        write_statistics=False, store_schema=False,
    )  # fmt: skip
    return sink.getvalue()
