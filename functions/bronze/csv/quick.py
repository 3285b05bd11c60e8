"""The fast path for a piece of a CSV whose rows are all valid.

`bronze.csv.records` and `bronze.csv.normalise` define what is right. This module reads the same values several times
as fast, by judging each distinct value once: columns are read as dictionaries, and their few values are cleaned,
converted and checked by the functions of `bronze.csv.normalise`. It returns None wherever anything is out of the
ordinary, and the piece is then read carefully.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from bronze.csv.amounts import Bytes, are_plain, in_cents, within
from bronze.csv.normalise import cleaned, composed, typed
from bronze.reasons import Reasons
from lakehouse.contract.model import Column, Contract
from lakehouse.contract.rules import broken_by
from lakehouse.engine.arrays import Mask, integers
from lakehouse.engine.keys import flat
from lakehouse.engine.money import DIGITS, MONEY, narrow
from lakehouse.engine.segments import Index

# The bytes of a key that needs no cleaning: ASCII without spaces and control characters.
_KEY_BYTES: Final = (ord("!"), ord("~"))
_AMOUNT: Final = pa.decimal64(DIGITS, MONEY.scale)
_FIRST_PRINTABLE: Final = ord(" ")
_DOT, _NEWLINE = b".\n"
# Bytes compared at once: the result stays in the processor's cache.
_BLOCK: Final = 1 << 18


def read(contract: Contract, header: Sequence[str], keys: Sequence[str], body: bytes) -> pa.Table | None:
    """Return the rows of a piece, one per line.

    Parameters
    ----------
    contract : Contract
    header : sequence of str
        The file's columns, in order.
    keys : sequence of str
        Columns of text with too many distinct values for a dictionary.
    body : bytes
        Whole lines without quotes: between quotes, a line end would not end a record.

    Returns
    -------
    pa.Table or None
        With the contract's columns, text other than keys as dictionaries; None where the piece must be read carefully.
    """
    line_ends = _line_ends(body)
    if line_ends is None:
        return None
    types = {column.name: _read_as(column, column.name in keys) for column in contract.columns}
    try:
        rows = csv.read_csv(
            pa.BufferReader(body),
            csv.ReadOptions(column_names=list(header), use_threads=False, block_size=len(body) + 1),
            csv.ParseOptions(quote_char=False, ignore_empty_lines=False),
            csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=False, check_utf8=False),
        )
        if len(rows) != line_ends + (not body.endswith(b"\n")):
            return None
        columns = [_column(column, flat(rows[column.name]), column.name in keys) for column in contract.columns]
    except pa.ArrowInvalid:
        return None
    if any(column is None for column in columns):
        return None
    table = pa.table(columns, names=contract.schema.names)
    return None if _breaks_a_rule(contract, table) else table


def _line_ends(body: bytes) -> int | None:
    """Return how many line ends there are; None where a CR is not part of one.

    Any other control character is counted as well: the count then exceeds that of the lines, and the piece is declined.
    """
    returns = body.count(b"\r") if b"\r" in body else 0
    if returns and returns != body.count(b"\r\n"):
        return None
    return _count(body, lambda block: block < _FIRST_PRINTABLE) - returns


def lines_in(body: bytes) -> int:
    """Return how many line ends there are; four times as fast as ``bytes.count``."""
    return _count(body, lambda block: block == _NEWLINE)


def _count(body: bytes, matches: Callable[[Bytes], Mask]) -> int:
    array = np.frombuffer(body, np.uint8)
    return sum(int(np.count_nonzero(matches(array[at : at + _BLOCK]))) for at in range(0, len(array), _BLOCK))


def _read_as(column: Column, is_key: bool) -> pa.DataType:
    """Return the type that Arrow reads a column as: its own only where Arrow accepts nothing that we would refuse."""
    if pa.types.is_date(column.arrow_type):
        return column.arrow_type
    return pa.string() if is_key or _is_amount(column) else pa.dictionary(pa.int32(), pa.string())


def _is_amount(column: Column) -> bool:
    """Return whether a column is money, whose values hardly repeat, unlike those of rates and percentages."""
    return bool(pa.types.is_decimal(column.arrow_type) and column.arrow_type.scale == MONEY.scale)


def _column(column: Column, read: pa.Array, is_key: bool) -> pa.Array | None:
    if pa.types.is_date(read.type):
        # Arrow has a year 0, which the calendar of `bronze.csv.normalise` lacks.
        return read if not len(read) or not pc.any(pc.less(read, date.min)).as_py() else None
    if _is_amount(column):
        return _amounts(column, read)
    if is_key:
        return _keys(column, read)
    return _repeating(column, read)


def _repeating(column: Column, text: pa.DictionaryArray) -> pa.Array | None:
    """Return a column of repeating text in its type, each value judged once; None where one cannot be converted."""
    values, reasons = text.dictionary, Reasons()
    content = _text(values)[0].tobytes()
    if composed(content) != content:
        return None
    clean = cleaned(values, column.name)
    typed_values = typed(clean, column, reasons)
    if reasons.broken(len(values)).any():
        return None
    if not pa.types.is_string(column.arrow_type):
        return narrow(typed_values).take(text.indices)
    if typed_values is values or typed_values.equals(values):
        return text
    # Cleaning may have made two values equal, or one NULL.
    encoded = typed_values.dictionary_encode()
    return pa.DictionaryArray.from_arrays(encoded.indices.take(text.indices), encoded.dictionary)


def _keys(column: Column, text: pa.Array) -> pa.Array | None:
    """Return keys as they are, NULL where empty; None where one has other bytes than `_KEY_BYTES`."""
    data, bounds = _text(text)
    if not within(data, *_KEY_BYTES):
        return None
    return cleaned(text, column.name) if (np.diff(bounds) == 0).any() else text


def _amounts(column: Column, text: pa.Array) -> pa.Array | None:
    """Return amounts of digits with a point between digits; None where one is written in any other way."""
    data, bounds = _text(text)
    units = in_cents(data, bounds[1:])
    if units is not None:
        return integers(units, _AMOUNT)
    nonempty = bounds[1:] > bounds[:-1]
    starts, ends = bounds[:-1][nonempty], bounds[1:][nonempty]
    if not are_plain(data) or (data[starts] == _DOT).any() or (data[ends - 1] == _DOT).any():
        return None
    clean = text if nonempty.all() else cleaned(text, column.name)
    return clean.cast(column.arrow_type)


def _breaks_a_rule(contract: Contract, table: pa.Table) -> bool:
    """Return whether `bronze.csv.normalise.check` would find anything; of dictionaries only the values are checked."""
    decoded: dict[str, pa.Array] = {}
    for rule in contract.row_rules:
        if rule.metric == "nullValues":
            if table[rule.column].null_count:
                return True
            continue
        columns = {name: table[name] for name in rule.columns(table.schema.names)}
        if len(columns) == 1 and all(pa.types.is_dictionary(column.type) for column in columns.values()):
            columns = {name: flat(column).dictionary for name, column in columns.items()}
        else:
            for name, column in columns.items():
                if pa.types.is_dictionary(column.type):
                    columns[name] = decoded.setdefault(name, flat(column).dictionary_decode())
        if pc.any(broken_by(rule, pa.table(columns))).as_py():
            return True
    return False


def _text(array: pa.Array) -> tuple[Bytes, Index]:
    """Return the bytes of an array of strings, and the offsets in them: where each string begins, and the last ends."""
    bounds = np.frombuffer(array.buffers()[1], np.int32)[array.offset : array.offset + len(array) + 1].astype(np.int64)
    data = array.buffers()[2]
    text = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]] if data is not None else np.empty(0, np.uint8)
    return text, bounds - bounds[0]
