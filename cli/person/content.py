"""Where in the content of an object a value is: in which columns, rows and lines. Pure.

An object is read as what it is: Parquet by its text columns, CSV by its records, JSON and pages by their texts. What
cannot be read as any of these is said so, as nobody knows what it holds.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bronze.csv.compression import CompressionError, content_of, is_compressed
from bronze.csv.corrections import fields_of
from bronze.ranges.sections import unpacked
from cli.person.columns import text_columns
from cli.person.csv_file import Part, parts_of
from cli.person.value import Sought
from lakehouse.contract import layers
from lakehouse.contract.model import load
from lakehouse.contract.quarantine import SCHEMA as QUARANTINE
from lakehouse.engine.arrays import Mask, is_text
from lakehouse.engine.keys import flat
from lakehouse.lake import layout

# How many lines of a file are named.
LINES: Final = 20
_PACKED: Final = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"%PDF")
_PARQUET: Final = b"PAR1"
# What stands in columns of numbers and dates, and so is no telephone number.
_AMOUNT: Final = re.compile(r"\s*-?[0-9.,]*\s*|\s*\d{4}-\d{2}-\d{2}\s*")
_DATA_OF_PAGE: Final = re.compile(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', re.DOTALL)


@dataclass(frozen=True)
class Place:
    """Where a value is in an object.

    Attributes
    ----------
    column : str
        Of a table or CSV; ``(text)`` where it is in text that is no column's.
    rows : int
        How many rows, records or texts have it there.
    lines : tuple of int
        The first lines of a CSV that have it.
    example : str
        How it is written, masked.
    """

    column: str
    rows: int
    lines: tuple[int, ...]
    example: str


@dataclass(frozen=True)
class Holding:
    """What an object holds of a value.

    Attributes
    ----------
    places : tuple of Place
        Empty where it holds nothing.
    rows : int
        How many rows have it, each once, in whatever columns.
    unread : str
        Why the object cannot be read; empty where it can.
    """

    places: tuple[Place, ...] = ()
    rows: int = 0
    unread: str = ""


# In text that is no column's.
_TEXT: Final = "(text)"


def holding(sought: Sought, name: str, source: BinaryIO, table: str | None = None) -> Holding:
    """Return what an object holds of a value.

    Parameters
    ----------
    sought : Sought
    name : str
        The object's name, which says what it is meant to be.
    source : binary file
        Its content, which can be sought in.
    table : str, optional
        Of an exported CSV, or of rows set aside, the table that they are of: an amount is nobody's number then.
    """
    head = source.read(len(_PARQUET))
    source.seek(0)
    if is_compressed(head):
        return _in_compressed(sought, name, source, table)
    return _in_plain(sought, name, source, table, head)


def _in_compressed(sought: Sought, name: str, source: BinaryIO, table: str | None) -> Holding:
    for ending in layout.COMPRESSED:
        if name.endswith(ending):
            name = f"{name.removesuffix(ending)}.csv"
    try:
        with content_of(source) as content:
            head = content.read(len(_PARQUET))
            content.seek(0)
            return _in_plain(sought, name, content, table, head)
    except CompressionError as error:
        return Holding(unread=str(error))


def _in_plain(sought: Sought, name: str, source: BinaryIO, table: str | None, head: bytes) -> Holding:
    if head == _PARQUET:
        return _in_parquet(sought, source, table)
    if name.endswith(layout.SECTIONS):
        return _in_sections(sought, source.read())
    if head.startswith(_PACKED):
        return Holding(unread="it is packed, or no text")
    if name.endswith(".csv"):
        return _in_csv(sought, source, table)
    return _in_text(sought, name, source.read())


def _in_text(sought: Sought, name: str, content: bytes) -> Holding:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Numbers, or a query's description of its columns: only what means nothing else is looked for in it.
        return _of_texts([content.decode("latin-1")], sought, loosely=False)
    if name.endswith(".json"):
        try:
            return _of_texts(_leaves(json.loads(text)), sought, loosely=False)
        except ValueError:
            return _of_texts([text], sought, loosely=True)
    if name.endswith(".html"):
        return _in_page(sought, text)
    return _of_texts(text.splitlines(), sought, loosely=True)


def _in_parquet(sought: Sought, source: BinaryIO, table: str | None) -> Holding:
    try:
        with pq.ParquetFile(source) as file:
            schema = file.schema_arrow
            if schema.names == QUARANTINE.names:
                return _in_quarantine(sought, file.read(), table)
            places, whole = [], np.zeros(file.metadata.num_rows, bool)
            texts = [field.name for field in schema if _has_text(field.type)]
            source.seek(0)
        with pq.ParquetFile(source, read_dictionary=texts) as file:
            for name in texts:
                column = file.read([name], use_threads=False)[name]
                mask = _mask_of(sought, column)
                if mask.any():
                    places.append(_place(sought, name, mask, column))
                    whole |= mask
    except (pa.ArrowException, OSError) as error:
        return Holding(unread=f"it cannot be read as Parquet ({type(error).__name__})")
    return Holding(tuple(places), int(whole.sum()))


def _in_sections(sought: Sought, content: bytes) -> Holding:
    """Look at what a range of an export left for other calls."""
    try:
        found = [_in_parquet(sought, BytesIO(each), None) for each in unpacked(content)]
    except ValueError as error:
        return Holding(unread=f"it has no sections: {error}")
    unread = next((each.unread for each in found if each.unread), "")
    places: dict[str, Place] = {}
    for place in (place for each in found for place in each.places):
        before = places.get(place.column)
        places[place.column] = place if before is None else replace(before, rows=before.rows + place.rows)
    return Holding(tuple(places.values()), sum(each.rows for each in found), unread)


def _has_text(type_: pa.DataType) -> bool:
    return _has_text(type_.value_type) if pa.types.is_list(type_) else is_text(type_)


def _mask_of(sought: Sought, column: pa.ChunkedArray) -> Mask:
    if pa.types.is_list(column.type):
        return np.array([_has(sought, texts or ()) for texts in column.to_pylist()], bool)
    masks = [sought.found(chunk) for chunk in column.chunks]
    return np.concatenate(masks) if masks else np.zeros(0, bool)


def _has(sought: Sought, texts: Iterable[str | None]) -> bool:
    return bool(sought.found(pa.array(texts, pa.string())).any())


def _place(sought: Sought, name: str, mask: Mask, column: pa.ChunkedArray) -> Place:
    first = column[int(np.argmax(mask))].as_py()
    text = first if isinstance(first, str) else " ".join(first)
    return Place(name, int(mask.sum()), (), sought.masked(text))


def _in_quarantine(sought: Sought, rows: pa.Table, table: str | None) -> Holding:
    """Look at the fields of each row's original text, and at what its reasons quote."""
    texts, reasons = rows["texto_original"], rows["motivos"]
    mentioned = _mentioned(sought, flat(texts))
    masks = {"texto_original": mentioned.copy(), "motivos": np.zeros(len(rows), bool)}
    for row in np.flatnonzero(mentioned).tolist():
        masks["texto_original"][row] = in_record(sought, texts[row].as_py(), table)
    for row, why in enumerate(reasons.to_pylist()):
        masks["motivos"][row] = any(_quotes(sought, each) for each in why or ())
    places = [_place(sought, name, mask, rows[name]) for name, mask in masks.items() if mask.any()]
    return Holding(tuple(places), int(np.logical_or(*masks.values()).sum()))


def in_record(sought: Sought, text: str, table: str | None = None) -> bool:
    """Return whether the text of a record has a value: in one of its fields, or anywhere where quotes are broken."""
    fields = fields_of(text)
    names = load(table).schema.names if table in layers.all_tables() and table else ()
    if text.count('"') % 2 or len(fields) == 1:
        return sought.is_mentioned(text)
    if table and len(fields) == len(names):
        texts = text_columns(table)
        fields = [
            field for name, field in zip(names, fields, strict=True) if name in texts or not _AMOUNT.fullmatch(field)
        ]
    return _has(sought, fields)


def _quotes(sought: Sought, reason: str) -> bool:
    quoted = re.findall(r"'([^']*)'", reason)
    return sought.is_in(reason) or _has(sought, quoted)


def _mentioned(sought: Sought, texts: pa.Array) -> Mask:
    return sought.mentioned(texts) if len(texts) else np.zeros(0, bool)


def _in_csv(sought: Sought, source: BinaryIO, table: str | None) -> Holding:
    rows, counts = 0, dict[str, int]()
    lines, examples = dict[str, list[int]](), dict[str, str]()
    for part in parts_of(source):
        found = marked(sought, part, table)
        union = np.zeros(len(part), bool)
        for name, mask in found.items():
            records = np.flatnonzero(mask)
            counts[name] = counts.get(name, 0) + len(records)
            its_lines = lines.setdefault(name, [])
            its_lines += part.line[records[: LINES - len(its_lines)]].tolist()
            if name not in examples:
                examples[name] = sought.masked(part.example(int(records[0]), name))
            union |= mask
        rows += int(union.sum())
    places = [Place(name, count, tuple(lines[name]), examples[name]) for name, count in counts.items()]
    return Holding(tuple(places), rows)


def marked(sought: Sought, part: Part, table: str | None) -> dict[str, Mask]:
    """Return which records of a part of a CSV have a value, by column, each mask of shape (records,).

    Of a record that is malformed, the column is ``(text)``.
    """
    if not sought.may_be_in(part.text):
        return {}
    found: dict[str, Mask] = {}
    candidates = np.flatnonzero(sought.loosely_in(part.texts()))
    broken = part.malformed()
    texts = frozenset(part.header)
    if table in layers.all_tables() and table:
        # A column that no contract knows may hold anything.
        texts = text_columns(table) | (texts - set(load(table).schema.names))
    for name, column in part.columns(candidates[~broken[candidates]]).items():
        has_it = sought.found(column)
        if name not in texts:
            has_it &= ~np.asarray(pc.match_substring_regex(column, f"^(?:{_AMOUNT.pattern})$"), bool)
        mask = np.zeros(len(part), bool)
        mask[candidates[~broken[candidates]]] = has_it
        if mask.any():
            found[name] = mask
    malformed = np.zeros(len(part), bool)
    for record in candidates[broken[candidates]].tolist():
        malformed[record] = sought.is_mentioned(part.text_of(record))
    return found | ({_TEXT: malformed} if malformed.any() else {})


def _in_page(sought: Sought, text: str) -> Holding:
    """Look at the texts of the document in a page, and at the rest of it as text."""
    texts: list[str] = []
    for match in _DATA_OF_PAGE.finditer(text):
        try:
            texts += _leaves(json.loads(match[1]))
        except ValueError:
            texts.append(match[1])
    found = _of_texts(texts, sought, loosely=False)
    return found if found.places else _of_texts([_DATA_OF_PAGE.sub("", text)], sought, loosely=False)


def _leaves(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        for key, value in content.items():
            yield key
            yield from _leaves(value)
    elif isinstance(content, list):
        for value in content:
            yield from _leaves(value)


def _of_texts(texts: Iterable[str], sought: Sought, *, loosely: bool) -> Holding:
    """Look at texts: for values that are the whole text, or within; ``loosely`` as words of it, whatever they are."""
    array = pa.array(texts, pa.string())
    if not len(array):
        return Holding()
    mask = sought.mentioned(array) if loosely else sought.found(array)
    if not mask.any():
        return Holding()
    first = pc.filter(array, pa.array(mask))[0].as_py()
    count = int(mask.sum())
    return Holding((Place(_TEXT, count, (), sought.masked(first)),), count)
