"""A file of corrections: CSV as the exports are, with the same columns, in any order. It is small, and read at once."""

import csv
import io
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from bronze.corrections import Corrections
from bronze.csv.pieces import LONGEST_HEADER, header, pieces_of
from bronze.csv.records import LONGEST_RECORD
from bronze.keys import key_of, key_of_values
from bronze.piece import Piece
from lakehouse.contract.model import Contract
from lakehouse.contract.quarantine import SCHEMA as QUARANTINE
from lakehouse.contract.quarantine import quarantined

_PIECE: Final = 8 << 20


def file_of(table: str) -> str:
    """Return how the quarantine, and messages, name the corrections of a table."""
    return f"corrections/{table}.csv"


def read(contract: Contract, path: Path, export: Sequence[str]) -> Corrections:
    """Read corrections that passed `bronze.csv.source.check`.

    Parameters
    ----------
    contract : Contract
    path : Path
    export : sequence of str
        The columns of the export that is corrected, in its order.
    """
    valid, set_aside, count = [contract.schema.empty_table()], [QUARANTINE.empty_table()], 0
    for piece in pieces_of(contract, path, _PIECE, LONGEST_RECORD):
        rows, aside = judged(contract, file_of(contract.table), piece)
        valid.append(rows)
        set_aside.append(aside)
        count += len(piece.line)
    rows = pa.concat_tables(valid)
    last = _last_of_each(key_of(rows, contract.key))
    return Corrections(
        contract,
        rows.take(last),
        pa.concat_tables(set_aside),
        count,
        len(rows) - len(last),
        key_in(contract, export),
    )


def judged(contract: Contract, file: str, piece: Piece) -> tuple[pa.Table, pa.Table]:
    """Return the valid rows of a piece, with the contract's schema, and the others as rows of the quarantine."""
    broken = piece.reasons.broken(len(piece.line))
    records = np.flatnonzero(broken)
    aside = quarantined(file, piece.line[records], piece.text(records), piece.reasons.lists())
    rows = piece.table.filter(pa.array(~broken[piece.record])).cast(contract.schema)
    return rows, aside


def columns_of(path: Path) -> list[str]:
    """Return the columns of a CSV, in its order."""
    with path.open("rb") as content:
        return header(content.readline(LONGEST_HEADER))


def key_in(contract: Contract, columns: Sequence[str]) -> Callable[[str], str | None]:
    """Return what reads the key in the text of a record whose fields are too few, too many or wrongly quoted.

    Parameters
    ----------
    contract : Contract
    columns : sequence of str
        The columns of its file, in their order.
    """
    return partial(_key_at, [list(columns).index(name) for name in contract.key])


def fields_of(text: str) -> list[str]:
    """Return the fields of a record's text, however it is quoted."""
    try:
        return next(csv.reader(io.StringIO(text, newline="")), [])
    except csv.Error:
        # It has a NUL, or a field that is too long.
        return text.split(",")


def _key_at(places: Sequence[int], text: str) -> str | None:
    fields = fields_of(text)
    if len(fields) <= max(places):
        return None
    values = [fields[place].strip() for place in places]
    return key_of_values(values) if all(values) else None


def _last_of_each(keys: pa.Array) -> pa.Array:
    """Return the rows, in order, whose key is in no later row."""
    last = {key: row for row, key in enumerate(keys.to_pylist())}
    return pa.array(sorted(last.values()), pa.int64())
