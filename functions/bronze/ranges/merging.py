"""The rows of all ranges that are in one group of parts, put together in the order of the file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from bronze.part_files import PartFiles, encoded
from bronze.ranges.plan import Cut
from bronze.ranges.reading import groups_of
from bronze.ranges.sections import LINE, RANGE
from lakehouse.contract.model import load
from lakehouse.engine.arrays import integers, is_text
from lakehouse.engine.dictionaries import stacked
from lakehouse.engine.segments import Index
from lakehouse.parts import PARTITION_KEY


@dataclass(frozen=True)
class Mending:
    """What corrections add to the rows of a table.

    Attributes
    ----------
    rows : pa.Table
        The corrections, with the contract's schema.
    at : mapping of int to dict of int to int
        By range and line the correction that mends the record there.
    rest : list of int
        Those that replace nothing: further rows, after all others.
    """

    rows: pa.Table
    at: Mapping[int, Mapping[int, int]] = field(default_factory=dict)
    rest: list[int] = field(default_factory=list)


def merge(
    cut: Cut,
    group: int,
    stretches: Iterable[tuple[range, pa.Table | None]],
    dropped: Mapping[int, Index],
    mending: Mending | None,
    folder: Path,
) -> tuple[list[Path], int]:
    """Write the part files of a group.

    Parameters
    ----------
    cut : Cut
    group : int
    stretches : iterable of tuple
        Ranges in the order of the file, and those of their rows that are in the group, with their ranges and lines;
        None where there are none.
    dropped : mapping of int to numpy int64
        By range the lines of the rows that repeat a key.
    mending : Mending or None
    folder : Path

    Returns
    -------
    list of Path
        One file per part.
    int
        How many rows they have.
    """
    contract = load(cut.table)
    files = PartFiles(cut.table, cut.parts, folder, None, cut.parts_of(group))
    count = 0
    for numbers, found in stretches:
        rows = None if found is None else _without(found, dropped)
        mended = _mended(cut, group, mending, numbers)
        if mended is not None:
            rows = mended if rows is None else _in_order(rows, mended)
        if rows is not None:
            files.add(rows.select(contract.schema.names))
            count += len(rows)
    if mending is not None and mending.rest:
        rest = _of_group(cut, group, mending.rows.take(integers(np.array(mending.rest))))
        files.add(rest)
        count += len(rest)
    files.close(contract.schema)
    return files.paths, count


def text_columns(table: str) -> list[str]:
    """Return the columns of a table whose text repeats: they stay dictionaries from the range to the part file."""
    contract = load(table)
    keys = {*contract.key, PARTITION_KEY}
    return [field.name for field in contract.schema if is_text(field.type) and field.name not in keys]


def _without(rows: pa.Table, dropped: Mapping[int, Index]) -> pa.Table:
    """Return rows but for those that are dropped."""
    ranges, lines = rows[RANGE].to_numpy(), rows[LINE].to_numpy()
    stays = np.ones(len(rows), bool)
    for number in dropped.keys() & set(np.unique(ranges).tolist()):
        stays &= (ranges != number) | ~np.isin(lines, dropped[number])
    return rows if stays.all() else rows.filter(pa.array(stays))


def _mended(cut: Cut, group: int, mending: Mending | None, numbers: range) -> pa.Table | None:
    """Return the corrections that mend records of some ranges, with the places of these; None where there are none."""
    if mending is None:
        return None
    at = [
        (number, line, which)
        for number in sorted(mending.at.keys() & set(numbers))
        for line, which in sorted(mending.at[number].items())
    ]
    if not at:
        return None
    ranges, lines, which = np.array(at, np.int64).T
    rows = mending.rows.take(integers(which)).append_column(LINE, integers(lines))
    return _of_group(cut, group, rows.append_column(RANGE, integers(ranges)))


def _of_group(cut: Cut, group: int, rows: pa.Table) -> pa.Table:
    return rows.filter(pa.array(groups_of(cut, rows) == group))


def _in_order(rows: pa.Table, mended: pa.Table) -> pa.Table:
    keys = set(rows.column_names) - set(_texts(rows))
    both = stacked(encoded(rows, keys), mended)
    return both.take(integers(np.lexsort((both[LINE].to_numpy(), both[RANGE].to_numpy()))))


def _texts(rows: pa.Table) -> list[str]:
    return [name for name in rows.column_names if pa.types.is_dictionary(rows.schema.field(name).type)]
