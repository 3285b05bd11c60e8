"""New columns: those of a CSV that its contract does not have, read to propose how the contract would have them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bronze.csv.normalise import fits
from bronze.csv.pieces import pieces_of
from bronze.csv.records import LONGEST_RECORD
from lakehouse.contract.additions import Addition
from lakehouse.contract.model import Column, Contract, arrow_type
from lakehouse.engine.arrays import holds
from lakehouse.engine.keys import flat
from lakehouse.personal.kinds import CONFIDENTIAL, PII, kinds_in, texts_of

# What a name in a header may be in a contract: a name of ours, and no value by which somebody is known.
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_NUMBER: Final = re.compile(r"[0-9]{5}")
_LONGEST: Final = 60
# The types that a column may have, the narrowest first; text is what fits anything.
_TYPES: Final = ("date", "bigint", "decimal(18,2)", "decimal(18,6)")
_TEXT: Final = "string"
# A code, as 007: no number has a zero in front, and as one it would lose it.
_CODE: Final = r"^[+-]?0[0-9]"
# To a Brazilian 10.000 is ten thousand; where all decimals are three nobody knows which it is.
_DECIMALS, _THOUSANDS = r"\.", r"^[+-]?[0-9]{1,3}\.[0-9]{3}$"
# How many values of a piece, and in all, are looked at for what is personal.
_OF_A_PIECE, _LOOKED_AT = 20_000, 200_000


def is_proposable(name: str) -> bool:
    """Return whether a contract can have a column of a name."""
    return len(name) <= _LONGEST and _NAME.fullmatch(name) is not None and _NUMBER.search(name) is None


def additions(contract: Contract, paths: Iterable[Path], header: Sequence[str], piece: int) -> tuple[Addition, ...]:
    """Return the new columns of a file as a contract would have them: of a type that fits every value of every row.

    Parameters
    ----------
    contract : Contract
    paths : iterable of Path
        The file, or its ranges in turn; it passed `bronze.csv.source.problems_of`.
    header : sequence of str
        Its columns.
    piece : int
        Bytes read at a time.
    """
    known = {column.name for column in contract.columns}
    new = [_text_column(contract.columns[0], name) for name in header if name not in known]
    # Only these are read, as text, so that no row is set aside for what the others are.
    reading = replace(contract, columns=tuple(new), rules=(), key=())
    seen = {column.name: _Seen(column) for column in new}
    pieces = (each for path in paths for each in pieces_of(reading, path, piece, LONGEST_RECORD))
    for each in pieces:
        for name, its in seen.items():
            its.add(flat(each.table[name].cast(pa.string())))
    return tuple(its.addition() for its in seen.values())


def _text_column(like: Column, name: str) -> Column:
    return replace(like, name=name, physical_type=_TEXT, logical_type=_TEXT, arrow_type=pa.string(), required=False)


@dataclass
class _Seen:
    """What the values of a column were so far."""

    column: Column
    values: int = 0
    missing: int = 0
    types: list[str] = field(default_factory=lambda: list(_TYPES))
    decimals: int = 0
    thousands: int = 0
    sample: list[pa.Array] = field(default_factory=list)

    def add(self, text: pa.Array) -> None:
        """Look at the next values: trimmed, NULL where they were empty."""
        self.values += len(text)
        self.missing += text.null_count
        there = text.drop_null()
        if not len(there):
            return
        distinct = pc.unique(there)
        self.types = [] if _any(distinct, _CODE) else [each for each in self.types if self._all_fit(distinct, each)]
        if self.types:
            self.decimals += _count(distinct, _DECIMALS)
            self.thousands += _count(distinct, _THOUSANDS)
        room = min(_OF_A_PIECE, _LOOKED_AT - sum(map(len, self.sample)))
        if room > 0:
            places = np.unique(np.linspace(0, len(there) - 1, min(room, len(there))).astype(np.int64))
            self.sample.append(there.take(pa.array(places)))

    def _all_fit(self, values: pa.Array, physical_type: str) -> bool:
        column = replace(self.column, physical_type=physical_type, arrow_type=arrow_type(physical_type))
        return bool(holds(fits(values, column)).all())

    def addition(self) -> Addition:
        """Return the column as a contract would have it."""
        kinds, classification = self._kinds()
        types = () if self.missing == self.values or (self.decimals and self.decimals == self.thousands) else self.types
        # Numbers of people identify them, and are no amounts.
        physical_type = next(iter(types), _TEXT) if not kinds else _TEXT
        return Addition(
            self.column.name, physical_type, bool(self.values) and not self.missing, self.values, self.missing,
            classification, kinds,
        )  # fmt: skip

    def _kinds(self) -> tuple[tuple[str, ...], str | None]:
        found = texts_of(pa.chunked_array(self.sample, pa.string()))
        if found is None:
            return (), None
        told = sorted(kinds_in(*found), key=lambda each: -each.matched)
        classes = {each.kind.classification for each in told}
        most = PII if PII in classes else CONFIDENTIAL if classes else None
        examined = int(found[1].sum())
        return tuple(f"{each.kind.name} ({each.matched} de {examined} valores)" for each in told), most


def _any(values: pa.Array, pattern: str) -> bool:
    return _count(values, pattern) > 0


def _count(values: pa.Array, pattern: str) -> int:
    return int(holds(pc.match_substring_regex(values, pattern)).sum())
