"""A CSV in parts of whole records, as Bronze splits it, so that every byte that is not changed can stay as it is. Pure.

A file that is not UTF-8, which Bronze refuses, is read in the encoding that it has all the same: what it holds of a
person counts.
"""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa

from bronze.csv.corrections import fields_of
from bronze.csv.pieces import LONGEST_HEADER, header, without_marks
from bronze.csv.records import Records, split
from lakehouse.engine.arrays import Mask
from lakehouse.engine.segments import Index

_PIECE: Final = 16 << 20
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Part:
    """Some records of a CSV, one after the other.

    Attributes
    ----------
    header : list of str
    records : Records
        Their numbers begin with 0.
    data : bytes
        All bytes of the part, in UTF-8.
    encoding : str
        In which the file is written.
    """

    header: list[str]
    records: Records
    data: bytes
    encoding: str

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self.records)

    @property
    def line(self) -> Index:
        """The line of the file on which each begins."""
        return self.records.line

    @cached_property
    def text(self) -> str:
        """All of it as text."""
        return self.data.decode("utf-8", "replace")

    def malformed(self) -> Mask:
        """Return which have the wrong number of fields, or broken quotes."""
        return self.records.malformed.broken(len(self.records))

    def texts(self) -> pa.Array:
        """Return the text of each."""
        return self.records.original(np.arange(len(self.records)))

    def text_of(self, record: int) -> str:
        """Return the text of one."""
        text: str = self.records.original(np.array([record]))[0].as_py()
        return text

    def columns(self, rows: Index) -> dict[str, pa.Array]:
        """Return the fields of some well-formed records, by column."""
        if not len(rows):
            return {}
        texts = self.records.original(rows).to_pylist()
        try:
            # A record of several lines is one text, and stays one.
            values = list(csv.reader(texts))
        except csv.Error:
            values = list(map(fields_of, texts))
        return {name: pa.array([row[at] for row in values], pa.string()) for at, name in enumerate(self.header)}

    def example(self, record: int, column: str) -> str:
        """Return the field of a record, or all of its text where it has no such column."""
        text = self.text_of(record)
        return fields_of(text)[self.header.index(column)] if column in self.header else text


def columns_of(source: BinaryIO) -> list[str]:
    """Return the names of the columns of a CSV in its own order."""
    return header(source.readline(LONGEST_HEADER))


def parts_of(source: BinaryIO, size: int = _PIECE) -> Iterator[Part]:
    """Yield a CSV part by part; the header is the only record of the first.

    Parameters
    ----------
    source : binary file
        From its beginning.
    size : int
        Bytes read at a time; the records do not depend on it.
    """
    encoding = _encoding(source)
    stream = source if encoding == "utf-8" else io.BytesIO(source.read().decode(encoding).encode())
    first = stream.readline()
    if not first:
        return
    names = header(first)
    yield _part(names, first, 1, len(names), encoding)
    line, rest = 2, b""
    while True:
        read = stream.read(size)
        final = len(read) < size
        data = rest + read
        if not data:
            return
        records, used, lines = split(data, line, len(names), final=final)
        # Blank lines at the end are no record, and stay as they are.
        used = len(data) if final else used
        if used:
            yield Part(names, records, data[:used], encoding)
        line, rest = line + lines, data[used:]
        if final:
            return


def _part(names: list[str], data: bytes, line: int, fields: int, encoding: str) -> Part:
    body = without_marks(data)
    marks = len(data) - len(body)
    records, _, _ = split(body, line, fields, final=True)
    if len(body) != len(data):
        records = Records(data, records.start + marks, records.end + marks, records.line, records.malformed)
    return Part(names, records, data, encoding)


def _encoding(source: BinaryIO) -> str:
    """Return how a file is written: UTF-8, UTF-16 by its mark, or else Windows' Western European."""
    head = source.read(2)
    source.seek(0)
    if head in _UTF16:
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in iter(lambda: source.read(_PIECE), b""):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "latin-1"
    finally:
        source.seek(0)
    return "utf-8"
