"""Judging records: which are kept, which are set aside, and which repeat another record's key.

The records of any source are read once, in pieces, and a hash of each key is kept. Where two hashes are equal, which is
rare, the records are read a second time and the keys themselves are compared. Keys that ascend, as in most exports, do
not repeat.
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
        The well-formed records, with the contract's columns; text may be dictionaries.
    record : numpy int64, shape (rows,)
        The number of each row's record within the piece.
    line : numpy int64, shape (records,)
        The line of each record.
    reasons : Reasons
        Why records are to be set aside; repeated keys are not among the reasons yet.
    text : callable
        Takes numbers of records, and returns their original text as a pa.Array of string.
    """

    table: pa.Table
    record: Index
    line: Index
    reasons: Reasons
    text: Callable[[Index], pa.Array]


class Sink(Protocol):
    """Receives the kept rows."""

    def add(self, rows: pa.Table) -> None:
        """Add the next rows."""

    def clear(self) -> None:
        """Drop all rows: the records are read again."""


class Judgement(NamedTuple):
    """The result of judging the records of a source.

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


def judge(contract: Contract, file: str, pieces: Callable[[], Iterable[Piece]], sink: Sink) -> Judgement:
    """Judge the records of a source, and add the valid rows to a sink.

    Of several records with one key the first valid one is kept.

    Parameters
    ----------
    contract : Contract
    file : str
        The source's name in the quarantine.
    pieces : callable
        Returns all pieces in order; it is called again where keys may repeat.
    sink : Sink
    """
    first = _Pass(contract, _NO_HASHES)
    judgement = first.over(file, pieces(), sink)
    repeated = first.repeated()
    if not len(repeated):
        return judgement
    sink.clear()
    return _Pass(contract, repeated).over(file, pieces(), sink)


def in_memory(contract: Contract, file: str, pieces: Callable[[], Iterable[Piece]]) -> Normalised:
    """Judge the records of a source, and keep the valid rows in memory; see `judge`."""
    sink = _InMemory(contract)
    judgement = judge(contract, file, pieces, sink)
    return Normalised(sink.table(), judgement.quarantine, judgement.rows_read)


class _Pass:
    """One pass over the records.

    Parameters
    ----------
    contract : Contract
    suspects : numpy uint64
        Hashes of keys that may repeat; none in the first pass.
    """

    def __init__(self, contract: Contract, suspects: _Hashes) -> None:
        self._contract, self._suspects = contract, suspects
        self._hashes: list[_Hashes] = []
        self._ascends, self._last = True, pa.array([], pa.string())
        self._line_of: dict[str, int] = {}

    def over(self, file: str, pieces: Iterable[Piece], sink: Sink) -> Judgement:
        """Judge every record; see `judge`."""
        read = kept = 0
        set_aside = [QUARANTINE.empty_table()]
        for piece in pieces:
            self._check_keys(piece)
            broken = piece.reasons.broken(len(piece.line))
            rows = piece.table
            if broken.any():
                records = np.flatnonzero(broken)
                set_aside.append(quarantined(file, piece.line[records], piece.text(records), piece.reasons.lists()))
                rows = rows.filter(pa.array(~broken[piece.record]))
            sink.add(rows)
            read, kept = read + len(piece.line), kept + len(rows)
        return Judgement(read, kept, pa.concat_tables(set_aside))

    def repeated(self) -> _Hashes:
        """Return the hashes that occurred more than once; where the keys ascended there are none."""
        if self._ascends:
            return _NO_HASHES
        return repeated(self._hashes)

    def _check_keys(self, piece: Piece) -> None:
        """Keep the hashes of a piece's keys or, in the second pass, give a reason to records that repeat a key."""
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
    """Return each row's key as text; NULL where one of its columns is."""
    columns = [flat(table[name]).cast(pa.string()) for name in names]
    return columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, ", ")


class _InMemory:
    """A sink that keeps everything, as one table with the contract's schema."""

    def __init__(self, contract: Contract) -> None:
        self._schema = contract.schema
        self._tables: list[pa.Table] = []

    def add(self, rows: pa.Table) -> None:
        """Add rows."""
        self._tables.append(rows.cast(self._schema))

    def clear(self) -> None:
        """Drop all rows."""
        self._tables.clear()

    def table(self) -> pa.Table:
        """Return all rows."""
        return pa.concat_tables(self._tables or [self._schema.empty_table()])
