"""Judging records: which are kept, which go to the quarantine, and which repeat a key that another one has.

The records go by once, in pieces, whatever source they come from. Of every one a hash of its key stays behind; where
two are the same, which is seldom, the records go by a second time, and the keys themselves decide. Keys that ascend,
as in most exports, repeat nowhere.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bronze.reasons import Reasons
from lakehouse.contract.model import Contract
from lakehouse.contract.quarantine import SCHEMA as QUARANTINE
from lakehouse.contract.quarantine import quarantined
from lakehouse.engine.keys import ascend, flat
from lakehouse.engine.segments import Index
from lakehouse.parts import hashed, repeated

_Hashes = npt.NDArray[np.uint64]
_NO_HASHES: Final[_Hashes] = np.empty(0, np.uint64)


@dataclass(frozen=True)
class Piece:
    """Consecutive records of a source.

    Attributes
    ----------
    table : pa.Table, shape (rows, ...)
        The records that are well-formed, with the contract's columns; text may be dictionaries.
    record : numpy int64, shape (rows,)
        The record that each row is.
    line : numpy int64, shape (records,)
        Line of each record.
    reasons : Reasons
        Why records are to be set aside; nothing yet about keys that other records have.
    text : callable
        Returns the original text of the records with these numbers, as a pa.Array of string.
    """

    table: pa.Table
    record: Index
    line: Index
    reasons: Reasons
    text: Callable[[Index], pa.Array]


class Sink(Protocol):
    """Where kept rows go."""

    def add(self, rows: pa.Table) -> None:
        """Take the next rows."""

    def clear(self) -> None:
        """Forget all of them: the records go by again."""


class Judged(NamedTuple):
    """What became of the records of a source.

    Attributes
    ----------
    rows_read, kept : int
    quarantine : pa.Table
        With `lakehouse.contract.quarantine.SCHEMA`, in the order of the source.
    """

    rows_read: int
    kept: int
    quarantine: pa.Table


class Normalised(NamedTuple):
    """One bronze table in memory.

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


def judge(contract: Contract, file: str, pieces: Callable[[], Iterable[Piece]], sink: Sink) -> Judged:
    """Let the records of a source go by, and its good rows into a sink.

    Of the records with one key the first good one stays.

    Parameters
    ----------
    contract : Contract
    file : str
        What the quarantine calls the source.
    pieces : callable
        Returns all pieces, in order; called again where keys may repeat.
    sink : Sink
    """
    first = _Passage(contract, _NO_HASHES)
    judged = first.through(file, pieces(), sink)
    repeated = first.repeated()
    if not len(repeated):
        return judged
    sink.clear()
    return _Passage(contract, repeated).through(file, pieces(), sink)


def in_memory(contract: Contract, file: str, pieces: Callable[[], Iterable[Piece]]) -> Normalised:
    """Judge the records of a source, and keep the good rows in memory; see `judge`."""
    sink = _InMemory(contract)
    judged = judge(contract, file, pieces, sink)
    return Normalised(sink.table(), judged.quarantine, judged.rows_read)


class _Passage:
    """One time that the records go by.

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

    def through(self, file: str, pieces: Iterable[Piece], sink: Sink) -> Judged:
        """Judge every record; see `judge`."""
        read = kept = 0
        set_aside = [QUARANTINE.empty_table()]
        for each in pieces:
            self._look_at_keys(each)
            broken = each.reasons.broken(len(each.line))
            rows = each.table
            if broken.any():
                records = np.flatnonzero(broken)
                set_aside.append(quarantined(file, each.line[records], each.text(records), each.reasons.lists()))
                rows = rows.filter(pa.array(~broken[each.record]))
            sink.add(rows)
            read, kept = read + len(each.line), kept + len(rows)
        return Judged(read, kept, pa.concat_tables(set_aside))

    def repeated(self) -> _Hashes:
        """Return the hashes that occurred more than once; none, without a look at them, where the keys ascended."""
        if self._ascends:
            return _NO_HASHES
        return repeated(self._hashes)

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


class _InMemory:
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
        return pa.concat_tables(self._tables or [self._schema.empty_table()])
