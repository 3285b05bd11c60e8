"""Acceptance: which rows of a table are kept, and which go to the quarantine, whatever source they come from."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bronze.reasons import Reasons
from lakehouse.contract.model import Contract
from lakehouse.contract.quarantine import SCHEMA as QUARANTINE
from lakehouse.engine.arrays import Mask
from lakehouse.engine.keys import flat
from lakehouse.engine.segments import Index


class Normalised(NamedTuple):
    """One bronze table.

    Attributes
    ----------
    kept : pa.Table
        With the contract's schema, in the order of the source.
    quarantine : pa.Table
        With `lakehouse.contract.quarantine.SCHEMA`, in the order of the source.
    rows_read : int
        Always ``len(kept) + len(quarantine)``.
    """

    kept: pa.Table
    quarantine: pa.Table
    rows_read: int


class Origin(NamedTuple):
    """Where rows come from.

    Attributes
    ----------
    file : str
        Name of the file.
    line : numpy int64, shape (records,)
        Line of each record, ascending.
    text : callable
        Returns the original text of the records with these numbers, as a pa.Array of string.
    """

    file: str
    line: Index
    text: Callable[[Index], pa.Array]


def accept(contract: Contract, table: pa.Table, record: Index, reasons: Reasons, origin: Origin) -> Normalised:
    """Keep the rows that nothing speaks against; of those with one key, the first.

    Parameters
    ----------
    contract : Contract
    table : pa.Table, shape (rows, ...)
        The records that could be read, with the contract's schema, in the order of the source.
    record : numpy int64, shape (rows,)
        The record that each row is.
    reasons : Reasons
        Why records are set aside; gets the reasons of those that repeat a key.
    origin : Origin
        Of all records.
    """
    records = len(origin.line)
    _check_key(contract, table, record, reasons, origin.line)
    broken = reasons.broken(records)
    fallen = np.flatnonzero(broken)
    quarantine = pa.table(
        [pa.repeat(origin.file, len(fallen)), origin.line[fallen], origin.text(fallen), reasons.lists()],
        schema=QUARANTINE,
    )
    kept = table.filter(pa.array(~broken[record])) if len(fallen) else table
    return Normalised(kept, quarantine, records)


def _check_key(contract: Contract, table: pa.Table, record: Index, reasons: Reasons, line: Index) -> None:
    """Find the rows whose key an earlier row has against which nothing speaks."""
    keys, distinct = _numbered_keys(table, contract.key)
    if distinct == len(table):
        return
    line_of_row = line[record]
    valid = ~reasons.broken(len(line))[record] & (keys >= 0)
    first = np.full(distinct, np.iinfo(np.int64).max)
    # Where a key is there several times the last assignment stays, so the rows go backwards.
    first[keys[valid][::-1]] = line_of_row[valid][::-1]
    repeated = np.flatnonzero(_repeats(keys, first, line_of_row))
    values = [flat(table[name]).take(pa.array(repeated)).cast(pa.string()) for name in contract.key]
    reasons.add(
        record[repeated],
        pc.binary_join_element_wise(
            "chave: a chave (", pc.binary_join_element_wise(*values, ", "), ") repete a da linha ",
            pa.array(first[keys[repeated]]).cast(pa.string()), "",
        ),
    )  # fmt: skip


def _repeats(keys: Index, first: Index, line: Index) -> Mask:
    mask: Mask = keys >= 0
    mask[mask] = first[keys[mask]] < line[mask]
    return mask


def _numbered_keys(table: pa.Table, names: tuple[str, ...]) -> tuple[Index, int]:
    """Return the number of each row's key, shape (rows,), -1 where a part of it is NULL; and how many there are."""
    numbers, count = np.zeros(len(table), np.int64), 1
    missing = np.zeros(len(table), bool)
    for name in names:
        encoded = flat(table[name]).dictionary_encode()
        part = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        missing |= part < 0
        numbers = numbers * max(len(encoded.dictionary), 1) + part
        if count > 1:
            distinct, numbers = np.unique(numbers, return_inverse=True)
            count = len(distinct)
        else:
            count = len(encoded.dictionary)
    numbers[missing] = -1
    return numbers, count
