"""Judging a CSV's records: which are kept, which go to the quarantine, and which repeat a key that another one has.

The file goes by once, in pieces. Of every record a hash of its key stays behind; where two are the same, which is
seldom, the file goes by a second time, and the keys themselves decide. Keys that ascend, as in most exports, repeat
nowhere.
"""

from pathlib import Path
from typing import Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bronze.csv.pieces import Piece, pieces_of
from lakehouse.contract.model import Contract
from lakehouse.contract.quarantine import SCHEMA as QUARANTINE
from lakehouse.engine.keys import ascend, flat
from lakehouse.engine.segments import Index
from lakehouse.parts import hashed

_Hashes = npt.NDArray[np.uint64]
_NONE: Final[_Hashes] = np.empty(0, np.uint64)


class Sink(Protocol):
    """Where kept rows go."""

    def add(self, rows: pa.Table) -> None:
        """Take the next rows of the file."""

    def clear(self) -> None:
        """Forget all of them: the file goes by again."""


class Judged(NamedTuple):
    """What became of a file's records.

    Attributes
    ----------
    rows_read, kept : int
    quarantine : pa.Table
        With `lakehouse.contract.quarantine.SCHEMA`, in file order.
    """

    rows_read: int
    kept: int
    quarantine: pa.Table


def judge(contract: Contract, path: Path, sink: Sink, piece: int, longest: int) -> Judged:
    """Let a file go by, and its good rows into a sink.

    Of the records of one key the first stays against which nothing speaks.

    Parameters
    ----------
    contract : Contract
    path : Path
    sink : Sink
    piece, longest : int
        See `bronze.csv.pieces.pieces_of`.
    """
    first = _Passage(contract, _NONE)
    judged = first.through(path, sink, piece, longest)
    repeated = first.repeated()
    if not len(repeated):
        return judged
    sink.clear()
    return _Passage(contract, repeated).through(path, sink, piece, longest)


class _Passage:
    """One time that a file goes by.

    Parameters
    ----------
    contract : Contract
    suspects : numpy uint64
        Hashes of the keys that more than one record may have.
    """

    def __init__(self, contract: Contract, suspects: _Hashes) -> None:
        self._contract, self._suspects = contract, suspects
        self._hashes: list[_Hashes] = []
        self._ascends, self._last = True, pa.array([], pa.string())
        self._line_of: dict[str, int] = {}

    def through(self, path: Path, sink: Sink, piece: int, longest: int) -> Judged:
        """Judge every record; see `judge`."""
        read = kept = 0
        set_aside = [QUARANTINE.empty_table()]
        for each in pieces_of(self._contract, path, piece, longest):
            self._look_at_keys(each)
            broken = each.reasons.broken(len(each.line))
            rows = each.table
            if broken.any():
                set_aside.append(_quarantined(path.name, each, np.flatnonzero(broken)))
                rows = rows.filter(pa.array(~broken[each.record]))
            sink.add(rows)
            read, kept = read + len(each.line), kept + len(rows)
        return Judged(read, kept, pa.concat_tables(set_aside))

    def repeated(self) -> _Hashes:
        """Return the hashes that occurred more than once; none, without a look at them, where the keys ascended."""
        if self._ascends:
            return _NONE
        hashes = np.sort(np.concatenate([_NONE, *self._hashes]))
        return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])

    def _look_at_keys(self, piece: Piece) -> None:
        """Note the hashes of a piece's keys; give a reason to those that repeat a suspect's."""
        keys = _keys(piece.table, self._contract.key)
        hashes = (
            hashed(keys)[np.asarray(keys.is_valid().to_numpy(zero_copy_only=False))]
            if keys.null_count
            else hashed(keys)
        )
        if not len(self._suspects):
            self._hashes.append(hashes)
            if self._ascends:
                self._ascends = ascend(pa.concat_arrays([self._last, keys]))
                self._last = keys[-1:]
            return
        valid = np.flatnonzero(keys.is_valid().to_numpy(zero_copy_only=False))
        suspicious = valid[np.isin(hashes, self._suspects)]
        broken = piece.reasons.broken(len(piece.line))
        repeats, texts = [], []
        for row, key in zip(suspicious.tolist(), keys.take(pa.array(suspicious)).to_pylist(), strict=True):
            record = piece.record[row]
            if key in self._line_of:
                repeats.append(record)
                texts.append(f"chave: a chave ({key}) repete a da linha {self._line_of[key]}")
            elif not broken[record]:
                self._line_of[key] = int(piece.line[record])
        piece.reasons.add(np.array(repeats, np.int64), pa.array(texts, pa.string()))


def _keys(table: pa.Table, names: tuple[str, ...]) -> pa.Array:
    """Return each row's key as text; NULL where a part of it is missing."""
    columns = [flat(table[name]).cast(pa.string()) for name in names]
    return columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, ", ")


def _quarantined(file: str, piece: Piece, records: Index) -> pa.Table:
    columns = [pa.repeat(file, len(records)), pa.array(piece.line[records]), piece.text(records), piece.reasons.lists()]
    return pa.table(columns, schema=QUARANTINE)


class InMemory:
    """A sink that keeps everything, as one table with the contract's schema."""

    def __init__(self, contract: Contract) -> None:
        self._schema = contract.schema
        self._tables: list[pa.Table] = []

    def add(self, rows: pa.Table) -> None:
        """Keep rows."""
        self._tables.append(rows.cast(self._schema))

    def clear(self) -> None:
        """Forget them."""
        self._tables.clear()

    def table(self) -> pa.Table:
        """Return all rows."""
        return pa.concat_tables([self._schema.empty_table(), *self._tables])
