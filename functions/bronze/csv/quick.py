"""The quick way through a piece of a CSV: all rows at once, but for those that are out of the ordinary.

`bronze.csv.records` and `bronze.csv.normalise` define what is right. This module reads the same values several times
as fast, by judging each distinct value once: columns are read as dictionaries, and their few values are cleaned,
converted and checked by the functions of `bronze.csv.normalise`. Rows of which it is not sure, and all that may be set
aside, it names; they are then read carefully, one by one, and the others stay as they are.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import csv

from bronze.csv.amounts import in_cents, within
from bronze.csv.bits import BLOCK, Bytes
from bronze.csv.lines import Strange, all_lines, one_line_each, strange_lines, strange_records, text_of, with_lines
from bronze.csv.normalise import cleaned, composed, typed
from bronze.csv.records import Lines
from bronze.reasons import Reasons
from lakehouse.contract.model import Column, Contract
from lakehouse.contract.rules import broken_by
from lakehouse.engine.arrays import Mask, holds, integers, validity
from lakehouse.engine.keys import codes_of, flat
from lakehouse.engine.money import DIGITS, MONEY, narrow
from lakehouse.engine.segments import Index

# The bytes of a key that needs no cleaning: ASCII without spaces and control characters.
_KEY_BYTES: Final = (ord("!"), ord("~"))
_AMOUNT: Final = pa.decimal64(DIGITS, MONEY.scale)
_NEWLINE: Final = ord("\n")
# Where more of the lines than this are strange, or of the rows, reading them one by one is no gain.
_MOST: Final = 0.5
# Where fewer of the bytes are quotes, reading the lines that have them takes less than to judge all quotes.
_RARE: Final = 1 / 4096


class Found(NamedTuple):
    """What was read of a piece.

    Attributes
    ----------
    rows : pa.Table, shape (n, ...)
        With the contract's columns, text other than keys as dictionaries; those that are not `sure` hold anything.
    line : numpy int64, shape (n,)
        The line of each row, from 0.
    sure : numpy bool, shape (n,)
        Which rows are valid, and as the careful way reads them.
    apart : Strange
        The other records of the piece, which are to be read carefully; rows that are not sure are among them.
    lines : Lines or None
        The lines of the piece; None where every line is a sure row.
    """

    rows: pa.Table
    line: Index
    sure: Mask
    apart: Strange
    lines: Lines | None


def read(contract: Contract, header: Sequence[str], keys: Sequence[str], body: bytes, longest: int) -> Found | None:
    """Read a piece.

    Parameters
    ----------
    contract : Contract
    header : sequence of str
        The file's columns, in order.
    keys : sequence of str
        Columns of text with too many distinct values for a dictionary.
    body : bytes
        Whole lines, the first of which begins a record; the last one may have no line end.
    longest : int
        The most bytes that a record of several lines may have.

    Returns
    -------
    Found or None
        None where so much is out of the ordinary that the piece is better read carefully.
    """
    strange, lines = strange_lines(body, rare=_RARE)
    ordinary, text = np.arange(line_count(body)), body
    apart = one_line_each(ordinary[:0])
    if lines is not None:
        if len(strange) > _MOST * len(ordinary):
            return None
        apart = strange_records(body, lines, strange, longest)
        ordinary = _ordinary(lines, apart)
        text = text_of(body, lines, ordinary)
        if not text:
            return None
    rows, skipped = _fields(contract, header, keys, text)
    line = ordinary if not skipped else np.delete(ordinary, skipped)
    if len(rows) != len(line):
        return None
    sure = np.ones(len(rows), bool)
    columns = [_column(column, flat(rows[column.name]), keys, sure) for column in contract.columns]
    table = pa.table(columns, names=contract.schema.names)
    _check_rules(contract, table, sure)
    if skipped or not sure.all():
        unsure = np.concatenate([ordinary[skipped], line[~sure]]) if skipped else line[~sure]
        if len(unsure) > _MOST * len(ordinary):
            return None
        apart = with_lines(apart, unsure)
    if len(apart.first) and lines is None:
        lines = all_lines(body)
    return Found(table, line, sure, apart, lines)


def is_blank(body: bytes) -> bool:
    """Return whether there is nothing but line ends."""
    # Hardly any piece begins with a line end, and each would be copied to be looked at.
    return body.startswith((b"\r", b"\n")) and not body.strip(b"\r\n") and body.count(b"\r") == body.count(b"\r\n")


def lines_in(body: bytes) -> int:
    """Return how many line ends there are; four times as fast as ``bytes.count``."""
    array = np.frombuffer(body, np.uint8)
    return sum(int(np.count_nonzero(array[at : at + BLOCK] == _NEWLINE)) for at in range(0, len(array), BLOCK))


def line_count(body: bytes) -> int:
    """Return how many lines there are, of which the last may have no line end."""
    return lines_in(body) + (not body.endswith(b"\n"))


def _ordinary(lines: Lines, apart: Strange) -> Index:
    """Return the lines that are in none of some records."""
    change = np.zeros(len(lines.start) + 1, np.int64)
    change[apart.first] += 1
    change[apart.last + 1] -= 1
    return np.flatnonzero(np.cumsum(change[:-1]) == 0)


def _fields(contract: Contract, header: Sequence[str], keys: Sequence[str], text: bytes) -> tuple[pa.Table, list[int]]:
    """Return the fields of ordinary lines as text, and which lines have too few or too many and were left out."""
    types = {column.name: _read_as(column, keys) for column in contract.columns}
    skipped: list[int] = []

    def skip(row: csv.InvalidRow) -> str:
        skipped.append(row.number - 1)
        return "skip"

    rows = csv.read_csv(
        pa.BufferReader(text),
        csv.ReadOptions(column_names=list(header), use_threads=False, block_size=len(text) + 1),
        csv.ParseOptions(quote_char='"' if b'"' in text else False, ignore_empty_lines=False, invalid_row_handler=skip),
        csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=False, check_utf8=False),
    )
    return rows, skipped


def _read_as(column: Column, keys: Sequence[str]) -> pa.DataType:
    return pa.string() if _is_key(column, keys) or _is_amount(column) else pa.dictionary(pa.int32(), pa.string())


def _is_key(column: Column, keys: Sequence[str]) -> bool:
    return column.name in keys and bool(pa.types.is_string(column.arrow_type))


def _is_amount(column: Column) -> bool:
    """Return whether a column is money, whose values hardly repeat, unlike those of rates and percentages."""
    return bool(pa.types.is_decimal(column.arrow_type) and column.arrow_type.scale == MONEY.scale)


def _column(column: Column, read: pa.Array, keys: Sequence[str], sure: Mask) -> pa.Array:
    """Return a column in its type; where a value is not plain, its row is not sure."""
    if _is_amount(column):
        return _amounts(read, sure)
    if _is_key(column, keys):
        return _keys(column, read)
    return _repeating(column, read, sure)


def _repeating(column: Column, text: pa.DictionaryArray, sure: Mask) -> pa.Array:
    """Return a column of repeating text in its type, each value judged once."""
    values, reasons = text.dictionary, Reasons()
    typed_values = typed(cleaned(_composed(values), column.name), column, reasons)
    broken = reasons.broken(len(values))
    if broken.any():
        sure &= ~broken[codes_of(text.indices)]
    if not pa.types.is_string(column.arrow_type):
        return narrow(typed_values).take(text.indices)
    if typed_values is values or typed_values.equals(values):
        return text
    # Cleaning may have made two values equal, or one NULL.
    encoded = typed_values.dictionary_encode()
    return pa.DictionaryArray.from_arrays(encoded.indices.take(text.indices), encoded.dictionary)


def _keys(column: Column, text: pa.Array) -> pa.Array:
    """Return keys trimmed and composed, NULL where empty."""
    data, bounds = _text(text)
    if not within(data, *_KEY_BYTES):
        return cleaned(_composed(text), column.name)
    return cleaned(text, column.name) if (np.diff(bounds) == 0).any() else text


def _composed(values: pa.Array) -> pa.Array:
    """Return values in NFC; ordinary lines have no line end within a value."""
    content = _text(values)[0].tobytes()
    if composed(content) == content:
        return values
    return pa.array(composed("\n".join(values.to_pylist()).encode()).decode().split("\n"), pa.string())


def _amounts(text: pa.Array, sure: Mask) -> pa.Array:
    """Return amounts, NULL where empty."""
    data, bounds = _text(text)
    units, plain = in_cents(data, bounds)
    if plain.all():
        return integers(units, _AMOUNT)
    filled = bounds[1:] > bounds[:-1]
    sure &= plain | ~filled
    return integers(np.where(plain, units, 0), _AMOUNT, filled)


def _check_rules(contract: Contract, table: pa.Table, sure: Mask) -> None:
    """Find the rows in which `bronze.csv.normalise.check` may find anything; of dictionaries each value is checked."""
    decoded: dict[str, pa.Array] = {}
    for rule in contract.row_rules:
        if rule.metric == "nullValues":
            valid = validity(flat(table[rule.column]))
            if valid is not None:
                sure &= valid
            continue
        columns = {name: table[name] for name in rule.columns(table.schema.names)}
        encoded = [flat(column) for column in columns.values() if pa.types.is_dictionary(column.type)]
        if len(columns) == len(encoded) == 1:
            (name,) = columns
            broken = holds(broken_by(rule, pa.table({name: encoded[0].dictionary})))
            if broken.any():
                sure &= ~np.append(broken, False)[codes_of(encoded[0].indices)]
            continue
        for name, column in columns.items():
            if pa.types.is_dictionary(column.type):
                columns[name] = decoded.setdefault(name, flat(column).dictionary_decode())
        broken = holds(broken_by(rule, pa.table(columns)))
        if broken.any():
            sure &= ~broken


def _text(array: pa.Array) -> tuple[Bytes, Index]:
    """Return the bytes of an array of strings, and the offsets in them: where each string begins, and the last ends."""
    bounds = np.frombuffer(array.buffers()[1], np.int32)[array.offset : array.offset + len(array) + 1].astype(np.int64)
    data = array.buffers()[2]
    text = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]] if data is not None else np.empty(0, np.uint8)
    return text, bounds - bounds[0]
