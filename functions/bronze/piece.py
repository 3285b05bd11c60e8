"""A piece: consecutive records of a source, which are judged together."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from bronze.reasons import Reasons
from lakehouse.engine.segments import Index


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
