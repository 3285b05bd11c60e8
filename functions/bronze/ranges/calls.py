"""What a single call does of a run in ranges: a task says all of it, and leaves a record; both are JSON."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bronze.corrections import Corrections
from bronze.csv import corrections
from bronze.csv.compression import CompressionError, content_of
from bronze.csv.landed import as_pinned, opened_as_pinned
from bronze.csv.new_columns import additions
from bronze.csv.pieces import header
from bronze.csv.source import PIECE
from bronze.keys import key_of
from bronze.ranges.merging import Mending, merge, text_columns
from bronze.ranges.pinned import Pinned, fetch_range
from bronze.ranges.plan import Cut
from bronze.ranges.plan import cut as cut_by_size
from bronze.ranges.reading import KEY, buckets_of, groups_of, read_range, repeating, rows_of_each
from bronze.ranges.repeats import CORRECTION, FIRST, repeats_in
from bronze.ranges.sections import LINE, RANGE, packed, section
from lakehouse.clients import together
from lakehouse.contract.model import load
from lakehouse.contract.quarantine import SCHEMA as QUARANTINE
from lakehouse.engine.arrays import integers
from lakehouse.engine.keys import flat
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions.proposal import propose
from lakehouse.versions.version import Input

Record = dict[str, Any]
Task = Mapping[str, Any]

# Ranges, and their rows; None where they have none.
Stretch = tuple[range, pa.Table | None]

# What ranges leave for others.
ROWS, KEYS = "rows", "keys"
# What is kept once, for all calls of a step: the lines that ranges begin on, and what corrections mend.
LINES, MENDED = "lines", "mended"
_BLOCK: Final = 8 << 20
# Sections fetched at once; they are small.
_FETCHED: Final = 16


def do(lake: Lake, run_id: str, task: Task) -> Record:
    """Do a task, and return its record.

    Parameters
    ----------
    lake : Lake
    run_id : str
    task : mapping
        ``do`` says what; the rest are the arguments of that.
    """
    with TemporaryDirectory() as folder:
        work = _WORKS[task["do"]]
        return work(lake, run_id, task, Path(folder))


def stretches_of(lake: Lake, run_id: str, cut: Cut, what: str, number: int) -> Iterator[Stretch]:
    """Yield the rows of a group (`ROWS`), or the keys of a bucket (`KEYS`), range by range or bundle by bundle."""

    def fetched(bundle: int) -> Stretch:
        key, at = layout.gathered_key(run_id, cut.table, what, number // cut.a_super, bundle), number % cut.a_super
        return cut.bundles[bundle], _section(lake, key, at, cut, what)

    if cut.is_gathered:
        return together(fetched, range(len(cut.bundles)), _FETCHED)
    return _of_ranges(lake, run_id, cut, what, number, range(cut.ranges))


def _of_ranges(lake: Lake, run_id: str, cut: Cut, what: str, number: int, ranges: range) -> Iterator[Stretch]:
    """Yield a section of some ranges, one by one, each row with its range."""
    at = number if what == ROWS else cut.super_groups + number

    def fetched(each: int) -> Stretch:
        rows = _section(lake, layout.range_key(run_id, cut.table, each), at, cut, what)
        if rows is not None:
            rows = rows.append_column(RANGE, integers(np.full(len(rows), each)))
        return range(each, each + 1), rows

    return together(fetched, ranges, _FETCHED)


def _section(lake: Lake, key: str, number: int, cut: Cut, what: str) -> pa.Table | None:
    encoded = text_columns(cut.table) if what == ROWS else ()
    return section(partial(lake.range_of, key, None), number, encoded)


def set_aside_in(lake: Lake, run_id: str, cut: Cut, number: int) -> pa.Table:
    """Return what a range set aside before its keys were compared with those of others."""
    read = partial(lake.range_of, layout.range_key(run_id, cut.table, number), None)
    found = section(read, cut.sections - 1)
    return QUARANTINE.empty_table() if found is None else found.cast(QUARANTINE)


def corrections_of(lake: Lake, cut: Cut, corrected: Mapping[str, Any] | None, folder: Path) -> Corrections | None:
    """Return the corrections of a table, as they were pinned; None where there are none."""
    if corrected is None:
        return None
    path = folder / "corrections.csv"
    as_pinned(lake, Input(**corrected), cut.table, path)
    found = corrections.read(load(cut.table), path, header(Pinned.of(lake, cut.file).header()))
    path.unlink()
    return found if found.read else None


def _expand(lake: Lake, run_id: str, task: Task, _: Path) -> Record:
    """Put the content of a compressed export into the run's folder, as it is read."""
    pinned = Input(**task["input"])
    key = layout.expanded_key(run_id, pinned.table)
    source = Pinned(lake, pinned.key, pinned.etag, pinned.version_id, pinned.bytes, f"{pinned.table}.csv").seekable()
    try:
        with content_of(source) as content:
            lake.write_stream(content, key)
    except CompressionError as error:
        return {"problem": f"{pinned.table}.csv: {error}"}
    found = lake.found(key)
    return {"key": key, "etag": found.etag, "version_id": found.version_id, "size": found.bytes}


def _digest(lake: Lake, _: str, task: Task, __: Path) -> Record:
    """Return the SHA-256 of an input, which none but a call that reads all of it can tell."""
    digest, stream = hashlib.sha256(), opened_as_pinned(lake, Input(**task["input"]))
    for piece in iter(lambda: stream.read(_BLOCK), b""):
        digest.update(piece)
    return {"sha256": digest.hexdigest()}


def _range(lake: Lake, run_id: str, task: Task, folder: Path) -> Record:
    """Read a range."""
    cut, number = Cut.of_json(task["cut"]), task["number"]
    path = fetch_range(lake, cut, number, folder)
    content, found = read_range(cut, path, corrections_of(lake, cut, task["corrected"], folder))
    lake.write_bytes(content, layout.range_key(run_id, cut.table, number))
    return found.json()


def _gather(lake: Lake, run_id: str, task: Task, _: Path) -> Record:
    """Gather what a bundle of ranges leaves for a super-group, or a super-bucket: its rows for each of these."""
    cut, what, number, bundle = Cut.of_json(task["cut"]), task["what"], task["super"], task["bundle"]
    found = _of_ranges(lake, run_id, cut, what, number, cut.bundles[bundle])
    tables = [rows for _, rows in found if rows is not None]
    parts: Iterable[pa.Table] = [pa.table({})] * cut.a_super
    if tables:
        rows = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
        codes = groups_of(cut, rows) if what == ROWS else buckets_of(cut, rows)
        parts = rows_of_each(rows, codes - number * cut.a_super, cut.a_super)
    key = layout.gathered_key(run_id, cut.table, what, number, bundle)
    return {"bytes": lake.write_bytes(packed(parts, cut.a_super), key)}


def _keys(lake: Lake, run_id: str, task: Task, folder: Path) -> Record:
    """Find the records that repeat a key, of those whose keys are in a bucket."""
    cut, bucket = Cut.of_json(task["cut"]), task["bucket"]
    offsets = np.array(lake.read_json(layout.range_shared_key(run_id, cut.table, LINES)), np.int64)
    mended = corrections_of(lake, cut, task["corrected"], folder)
    corrected = set() if mended is None else set(key_of(mended.rows, mended.contract.key).to_pylist())
    keys = (rows for _, rows in stretches_of(lake, run_id, cut, KEYS, bucket) if rows is not None)
    found = repeats_in(keys, offsets, corrected)
    if len(found):
        lake.write_table(found, layout.repeats_key(run_id, cut.table, bucket))
    aside = found.filter(pc.invert(found[CORRECTION]))
    return {"repeats": len(found), "ranges": sorted(set(aside[RANGE].to_pylist()))}


def _repeats(lake: Lake, run_id: str, task: Task, folder: Path) -> Record:
    """Read a range again, for the text of the records that repeat a key, and keep its whole quarantine."""
    cut, number = Cut.of_json(task["cut"]), task["number"]
    rows = pa.concat_tables(
        repeats.filter(pc.and_(pc.equal(repeats[RANGE], number), pc.invert(repeats[CORRECTION])))
        for repeats in repeats_of_table(lake, run_id, cut, task["buckets"])
    ).sort_by(LINE)
    path = fetch_range(lake, cut, number, folder)
    firsts = flat(rows[FIRST]).cast(pa.string())
    aside = set_aside_in(lake, run_id, cut, number)
    aside = repeating(cut, path, aside, rows[LINE].to_numpy(), flat(rows[KEY]), firsts)
    lake.write_table(aside, layout.range_quarantine_key(run_id, cut.table, number))
    return {"aside": len(aside)}


def repeats_of_table(lake: Lake, run_id: str, cut: Cut, buckets: list[int]) -> Iterator[pa.Table]:
    """Yield the records that repeat a key, bucket by bucket."""
    return (lake.read_table(layout.repeats_key(run_id, cut.table, bucket)) for bucket in buckets)


def _propose(lake: Lake, run_id: str, task: Task, folder: Path) -> Record:
    """Propose how a contract would have the new columns of a table: all of the file is read, range after range."""
    table = Cut.of_json(task["cut"])
    # Not as many as the run says: what is proposed does not depend on that.
    cut = cut_by_size(table.file, table.parts)
    columns = header(Pinned.of(lake, cut.file).header())
    ranges = (fetch_range(lake, cut, number, folder) for number in range(cut.ranges))
    propose(lake, run_id, cut.table, additions(load(cut.table), ranges, columns, PIECE))
    return {}


def _merge(lake: Lake, run_id: str, task: Task, folder: Path) -> Record:
    """Put the rows of a group of parts together, and write its part files."""
    cut, group = Cut.of_json(task["cut"]), task["group"]
    found = defaultdict(list)
    for repeats in repeats_of_table(lake, run_id, cut, task["buckets"]):
        ranges, lines = repeats[RANGE].to_numpy(), repeats[LINE].to_numpy()
        for number in np.unique(ranges).tolist():
            found[number].append(lines[ranges == number])
    dropped = {number: np.concatenate(lines) for number, lines in found.items()}
    rows = stretches_of(lake, run_id, cut, ROWS, group)
    mending = _mending(lake, run_id, cut, task, folder)
    paths, count = merge(cut, group, rows, dropped, mending, folder)
    keys = [layout.run_key(cut.table, run_id, part, cut.parts) for part in cut.parts_of(group)]
    sizes = [lake.upload_once(path, key) for path, key in zip(paths, keys, strict=True)]
    return {"rows": count, "bytes": sum(sizes)}


def _mending(lake: Lake, run_id: str, cut: Cut, task: Task, folder: Path) -> Mending | None:
    mended = corrections_of(lake, cut, task["corrected"], folder)
    if mended is None:
        return None
    found = lake.read_json(layout.range_shared_key(run_id, cut.table, MENDED))
    at = {int(number): {int(line): which for line, which in lines.items()} for number, lines in found["at"].items()}
    return Mending(mended.rows, at, found["rest"])


_WORKS: Final[Mapping[str, Callable[[Lake, str, Task, Path], Record]]] = {
    "expand": _expand,
    "digest": _digest,
    "range": _range,
    "gather": _gather,
    "keys": _keys,
    "propose": _propose,
    "repeats": _repeats,
    "merge": _merge,
}
