"""A run in ranges, round by round: the tasks of each are done at once, by calls of their own where a Map makes these.

The rounds are: compressed exports are expanded; ranges are read; what thousands of ranges leave is gathered; keys are
compared; and rows put together. Each task leaves a record. The call that puts the layer together reads the records of a
round and plans the next one by them. The state machine calls it between its Maps; without one it does every task
itself, as it does those that have no record.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bronze.corrections import Corrections, mended_by
from bronze.csv.compression import HEAD, TAIL, content_bytes, is_compressed
from bronze.csv.corrections import file_of
from bronze.csv.landed import as_pinned, missing, problems_of_corrections, without_rows
from bronze.csv.pieces import header
from bronze.csv.source import left_out_of, problems_of_header, problems_of_start
from bronze.ranges import calls
from bronze.ranges.calls import KEYS, LINES, MENDED, ROWS, Record, Task, corrections_of
from bronze.ranges.pinned import Pinned
from bronze.ranges.plan import Cut, File, cut, is_in_ranges
from bronze.ranges.reading import FIRST_LINE, Found, moved
from bronze.ranges.repeats import CORRECTION
from bronze.ranges.sections import LINE, RANGE
from lakehouse.clients import together
from lakehouse.contract import layers
from lakehouse.contract.choices import PROPOSE
from lakehouse.contract.model import load
from lakehouse.contract.quarantine import SCHEMA as QUARANTINE
from lakehouse.engine import parquet
from lakehouse.errors import InputError, StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.part_size import parts_of_bytes
from lakehouse.parts import parts_of_table
from lakehouse.staging import InputRead, StagedTable, log_staged
from lakehouse.versions.opening import Opening
from lakehouse.versions.version import Input

EXPAND, READ, GATHER, COMPARE, MERGE = "expand", "read", "gather", "compare", "merge"
# Objects that hold less than this, in all, are no large export, however they are compressed.
_SMALL: Final = 8 << 20
# The largest input whose SHA-256 one call can tell in its time.
_DIGESTED: Final = 32 << 30
# Rows of a row group of the quarantine: as many as a table that is written at once has in one.
_ASIDE: Final = 1 << 20


@dataclass(frozen=True)
class Waiting:
    """Tasks that are to be done before the layer can be put together.

    Attributes
    ----------
    tasks : int
    prefix : str
        Where S3 lists them.
    """

    tasks: int
    prefix: str


class _NotYet(Exception):  # noqa: N818 - no error: the next step is the state machine's
    """A round of tasks is to be done first."""

    def __init__(self, waiting: Waiting) -> None:
        super().__init__(waiting)
        self.waiting = waiting


def in_ranges(lake: Lake, opening: Opening) -> bool:
    """Return whether the exports of a run are read in ranges: they are large, or the run says in how many."""
    if opening.source.get("ranges"):
        return True
    exports = [found for found in map(opening.input_of, layers.tables_of(layers.BRONZE)) if found is not None]
    if sum(each.bytes for each in exports) < _SMALL:
        return False
    return is_in_ranges(sum(together(lambda each: _content_bytes(lake, each), exports)))


def one(lake: Lake, run_id: str, key: Any) -> dict[str, Any]:
    """Do the task at a key, keep its record, and return the call's result.

    Raises
    ------
    InputError
        It is not the key of a task of the run.
    """
    found = layout.task_of(key) if isinstance(key, str) else None
    if found is None or found[:2] != (run_id, layers.BRONZE):
        raise InputError([f"part_key is {key!r}; Bronze takes the keys of the tasks of its run"])
    _, layer, step, task, tasks = found
    _do(lake, run_id, step, task, tasks, lake.read_json(key))
    return {"run_id": run_id, "layer": layer, "part": task, "parts": tasks}


def all_of(lake: Lake, opening: Opening, folder: Path, *, maps: bool) -> list[StagedTable] | Waiting:
    """Stage the bronze tables of a run, in ranges.

    Parameters
    ----------
    lake : Lake
    opening : Opening
    folder : Path
    maps : bool
        Whether whoever calls has tasks done by calls of their own.

    Returns
    -------
    list of StagedTable, or Waiting
        What is to be done first, where there are Maps.

    Raises
    ------
    InputError
        The input cannot be used: the message has every problem of every file, and nothing was published.
    """
    try:
        return _Run(lake, opening, folder, maps).staged()
    except _NotYet as not_yet:
        return not_yet.waiting


def keys_of(entry: StagedTable) -> list[str]:
    """Return the keys of a table's files, those of the first part for all, and of its quarantine."""
    aside = entry["quarantine_key"]
    return [entry["staged_key"], *([aside] if aside else ())]


def _content_of(lake: Lake, pinned: Input) -> Pinned:
    return Pinned(lake, pinned.key, pinned.etag, pinned.version_id, pinned.bytes, f"{pinned.table}.csv")


def _content_bytes(lake: Lake, pinned: Input) -> int:
    content = _content_of(lake, pinned)
    head = content.read(0, HEAD)
    if not is_compressed(head):
        return pinned.bytes
    return content_bytes(head, content.read(max(0, pinned.bytes - TAIL), pinned.bytes), pinned.bytes)


def _do(lake: Lake, run_id: str, step: str, task: int, tasks: int, what: Task) -> Record:
    record = calls.do(lake, run_id, what)
    lake.write_json({"task": what, "made": record}, layout.part_record_key(run_id, layers.BRONZE, step, task, tasks))
    return record


@dataclass(frozen=True)
class _Table:
    """A table while it is put together: how it is cut, what of it was found, which corrections it has."""

    cut: Cut
    export: Input
    corrected: Input | None
    corrections: Corrections | None
    found: list[Found]

    @property
    def lines(self) -> list[int]:
        """The line of the file that each range's first line is."""
        return list(accumulate((each.lines for each in self.found[:-1]), initial=FIRST_LINE))

    def task(self, do: str, **more: Any) -> Task:
        corrected = None if self.corrections is None or self.corrected is None else asdict(self.corrected)
        return {"do": do, "cut": self.cut.json(), "corrected": corrected, **more}

    @property
    def ascends(self) -> bool:
        """Whether its keys ascend, so that none repeats."""
        ends = [each for each in self.found if each.first_key is not None]
        return all(each.ascends for each in self.found) and all(
            str(one.last_key).encode() < str(next_.first_key).encode() for one, next_ in pairwise(ends)
        )


class _Run:
    """The rounds of one run."""

    def __init__(self, lake: Lake, opening: Opening, folder: Path, maps: bool) -> None:
        self._lake, self._opening, self._folder, self._maps = lake, opening, folder, maps
        self._run = opening.run_id

    def staged(self) -> list[StagedTable]:
        cuts = self._cuts()
        tables, sha256 = self._read(cuts)
        self._gather(tables)
        buckets, ranges = self._compared(tables)
        mended = {each.cut.table: self._mended(each, buckets[each.cut.table]) for each in tables}
        merged = self._merged(tables, buckets, ranges)
        return [
            self._entry(each, ranges[each.cut.table], mended[each.cut.table], merged[each.cut.table], sha256)
            for each in tables
        ]

    def _records(self, step: str, tasks: Sequence[Task]) -> list[Record]:
        """Return the records of a round's tasks; those that have none are done now, or first by a Map."""
        there = set(self._lake.list(layout.part_records_prefix(self._run, layers.BRONZE, step)))
        keys = [layout.part_record_key(self._run, layers.BRONZE, step, task, len(tasks)) for task in range(len(tasks))]
        recorded = [task for task, key in enumerate(keys) if key in there]
        kept = dict(zip(recorded, together(lambda task: self._lake.read_json(keys[task]), recorded), strict=True))
        # A call by hand has the same run for other files: what was made of others is of no use.
        made = {task: record["made"] for task, record in kept.items() if record["task"] == tasks[task]}
        to_do = [task for task in range(len(tasks)) if task not in made]
        # Once a Map was here there are records: what it left undone this call does, and no machine goes round for ever.
        if self._maps and tasks and not recorded:
            prefix = layout.tasks_prefix(self._run, layers.BRONZE, step)
            placed = [layout.task_key(self._run, layers.BRONZE, step, task, len(tasks)) for task in to_do]
            list(together(lambda task: self._lake.write_json(tasks[task], placed[task]), to_do))
            raise _NotYet(Waiting(len(tasks), prefix))

        def work(task: int) -> Record:
            return _do(self._lake, self._run, step, task, len(tasks), tasks[task])

        made |= zip(to_do, together(work, to_do, os.cpu_count() or 1), strict=True)
        return [made[task] for task in range(len(tasks))]

    def _cuts(self) -> list[Cut]:
        """Return how each table is cut, once every file is there, has a right header and is expanded."""
        problems: list[str] = []
        exports: dict[str, Input] = {}
        for table in layers.tables_of(layers.BRONZE):
            pinned = self._opening.input_of(table)
            if pinned is None:
                problems.append(f"{table}.csv{missing(self._lake, table)}")
            else:
                exports[table] = pinned
        files: dict[str, File] = {}
        for table, record in self._expanded(exports).items():
            if "problem" in record:
                problems.append(record["problem"])
                continue
            file = File(table, record["key"], record["etag"], record["version_id"], record["size"], 0)
            try:
                head = Pinned.of(self._lake, file).header()
            except StorageError as error:
                problems.append(str(error))
                continue
            contract, name, choice = load(table), f"{table}.csv", self._opening.new_columns_of(table)
            problems += problems_of_start(contract, head, name) or problems_of_header(
                contract, head, name, new_columns=choice
            )
            files[table] = replace(file, body=len(head))
        for table in layers.tables_of(layers.BRONZE):
            problems += self._problems_of_corrections(table)
        if problems:
            raise InputError(problems)
        of_parts = sum(files[table].size for table in layers.cut_tables(layers.BRONZE))
        parts, ranges = (
            self._opening.source.get("parts") or parts_of_bytes(of_parts),
            self._opening.source.get("ranges"),
        )
        return [cut(file, parts_of_table(table, parts), ranges) for table, file in files.items()]

    def _expanded(self, exports: Mapping[str, Input]) -> dict[str, Record]:
        """Return where the content of each export is; those that are compressed are expanded first."""
        packed = [table for table, pinned in exports.items() if self._is_compressed(pinned)]
        made = self._records(EXPAND, [{"do": "expand", "input": asdict(exports[table])} for table in packed])
        plain = {
            table: {"key": each.key, "etag": each.etag, "version_id": each.version_id, "size": each.bytes}
            for table, each in exports.items()
        }
        return plain | dict(zip(packed, made, strict=True))

    def _is_compressed(self, pinned: Input) -> bool:
        try:
            return is_compressed(_content_of(self._lake, pinned).read(0, HEAD))
        except StorageError:
            return False  # it is told of where its header is read

    def _problems_of_corrections(self, table: str) -> list[str]:
        corrected = self._opening.correction_of(table)
        if corrected is None:
            return []
        path = self._folder / f"{table}.csv"
        try:
            as_pinned(self._lake, corrected, table, path)
        except StorageError as error:
            return [f"{file_of(table)}{error}"]
        problems = problems_of_corrections(table, path)
        path.unlink()
        return problems

    def _read(self, cuts: Sequence[Cut]) -> tuple[list[_Table], dict[str, str]]:
        """Return what was found in the ranges of each table, and the SHA-256 of the inputs by their keys."""
        tables = []
        for each in cuts:
            export, corrected = self._opening.input_of(each.table), self._opening.correction_of(each.table)
            if export is None:
                raise AssertionError(f"{each.table} is cut, and was not pinned")
            pinned = None if corrected is None else asdict(corrected)
            mending = corrections_of(self._lake, each, pinned, self._folder)
            tables.append(_Table(each, export, corrected, mending, []))
        tasks = [table.task("range", number=n) for table in tables for n in range(table.cut.ranges)]
        inputs = [each for table in tables for each in (table.export, table.corrected) if each is not None]
        digested = [each for each in inputs if each.bytes <= _DIGESTED]
        records = self._records(READ, [*tasks, *({"do": "digest", "input": asdict(each)} for each in digested)])
        found = iter(records)
        for table in tables:
            table.found.extend(Found(**next(found)) for _ in range(table.cut.ranges))
        problems = self._problems(tables)
        if problems:
            raise InputError(problems)
        return tables, {each.key: record["sha256"] for each, record in zip(digested, found, strict=True)}

    def _problems(self, tables: Sequence[_Table]) -> list[str]:
        """Return why the rows of files cannot be read: the first byte of each that is no UTF-8, those without a row."""
        unreadable, empty = [], []
        for table in tables:
            wrong = next(
                (
                    each.undecodable._replace(line=each.undecodable.line + line - FIRST_LINE)
                    for each, line in zip(table.found, table.lines, strict=True)
                    if each.undecodable is not None
                ),
                None,
            )
            if wrong is not None:
                unreadable.append(wrong.problem(f"{table.cut.table}.csv"))
            elif table.cut.table not in self._opening.accept_volume and not any(each.filled for each in table.found):
                empty.append(without_rows(table.cut.table))
        return unreadable + empty

    def _gather(self, tables: Sequence[_Table]) -> None:
        """Have what ranges leave gathered, where it is too much to be read from each of them."""
        tasks = [
            table.task("gather", what=what, super=number, bundle=bundle)
            for table in tables
            if table.cut.is_gathered
            for what, supers in (
                (ROWS, table.cut.super_groups),
                (KEYS, 0 if table.ascends else table.cut.super_buckets),
            )
            for number in range(supers)
            for bundle in range(len(table.cut.bundles))
        ]
        self._records(GATHER, tasks)

    def _compared(self, tables: Sequence[_Table]) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
        """Return, by table, the buckets in which keys repeat, and the ranges that set records aside for it."""
        tasks: list[Task] = []
        for table in tables:
            if not table.ascends:
                lines = layout.range_shared_key(self._run, table.cut.table, LINES)
                self._lake.write_json(table.lines, lines)
                tasks += [table.task("keys", bucket=bucket) for bucket in range(table.cut.buckets)]
            if self._opening.new_columns_of(table.cut.table) == PROPOSE and self._new_columns(table):
                tasks.append(table.task("propose"))
        buckets: dict[str, list[int]] = {table.cut.table: [] for table in tables}
        ranges: dict[str, set[int]] = {table.cut.table: set() for table in tables}
        for task, record in zip(tasks, self._records(COMPARE, tasks), strict=True):
            if task["do"] == "keys" and record["repeats"]:
                buckets[task["cut"]["file"]["table"]].append(task["bucket"])
                ranges[task["cut"]["file"]["table"]] |= set(record["ranges"])
        return buckets, {table: sorted(numbers) for table, numbers in ranges.items()}

    def _mended(self, table: _Table, buckets: list[int]) -> dict[int, dict[int, int]]:
        """Return which corrections mend which records, by range and line, and keep it for those who merge."""
        if table.corrections is None:
            return {}
        placed = {which for each in table.found for which in each.placed}
        unplaced = [which for which in range(len(table.corrections.rows)) if which not in placed]
        repeats: set[tuple[int, int]] = set()
        if unplaced and any(each.alike for each in table.found):
            for rows in calls.repeats_of_table(self._lake, self._run, table.cut, buckets):
                aside = rows.filter(pc.invert(rows[CORRECTION]))
                repeats |= set(zip(aside[RANGE].to_pylist(), aside[LINE].to_pylist(), strict=True))
        candidates = [
            ((number, line), alike)
            for number, each in enumerate(table.found)
            for line, alike, is_broken in each.alike
            if is_broken or (number, line) in repeats
        ]
        mended = mended_by(table.corrections, unplaced, candidates)
        at: dict[int, dict[int, int]] = {}
        for (number, line), which in mended:
            at.setdefault(number, {})[line] = which
        used = {which for _, which in mended}
        rest = [which for which in unplaced if which not in used]
        self._lake.write_json({"at": at, "rest": rest}, layout.range_shared_key(self._run, table.cut.table, MENDED))
        return at

    def _merged(
        self, tables: Sequence[_Table], buckets: Mapping[str, list[int]], ranges: Mapping[str, list[int]]
    ) -> dict[str, list[Record]]:
        """Return the records of each table's groups, once its part files are written, and its repeated keys told of."""
        tasks: list[Task] = []
        for table in tables:
            own = buckets[table.cut.table]
            tasks += [table.task("merge", group=group, buckets=own) for group in range(table.cut.groups)]
        aside = [
            table.task("repeats", number=number, buckets=buckets[table.cut.table])
            for table in tables
            for number in ranges[table.cut.table]
        ]
        records = iter(self._records(MERGE, [*tasks, *aside]))
        return {table.cut.table: [next(records) for _ in range(table.cut.groups)] for table in tables}

    def _entry(
        self,
        table: _Table,
        ranges: list[int],
        mended: dict[int, dict[int, int]],
        merged: list[Record],
        sha256: Mapping[str, str],
    ) -> StagedTable:
        """Write the quarantine of a table, and return the table's entry."""
        name, corrections = table.cut.table, table.corrections
        quarantine_key, set_aside = layout.quarantine_key(self._run, layers.BRONZE, name), 0
        path = self._folder / "quarantine.parquet"
        with parquet.writer(path, QUARANTINE) as file:
            for rows in _in_groups(self._aside(table, ranges, mended)):
                file.write_table(rows)
                set_aside += len(rows)
        if set_aside:
            self._lake.upload_once(path, quarantine_key)
        path.unlink()
        read, superseded = sum(each.read for each in table.found), sum(each.superseded for each in table.found)
        if corrections is not None:
            read += corrections.read
            superseded += corrections.superseded + sum(map(len, mended.values()))
        inputs = [each for each in (table.export, table.corrected) if each is not None]
        entry = StagedTable(
            table=name,
            parts=table.cut.parts,
            staged_key=layout.run_key(name, self._run, 0, table.cut.parts),
            rows_read=read,
            rows=sum(each["rows"] for each in merged),
            quarantined=set_aside,
            superseded=superseded,
            quarantine_key=quarantine_key if set_aside else None,
            source_keys=[each.key for each in inputs],
            inputs=[InputRead(key=each.key, sha256=sha256.get(each.key, "")) for each in inputs],
            bytes=sum(each["bytes"] for each in merged),
        )
        new = self._new_columns(table)
        if new:
            entry["new_columns"] = new
        log_staged(entry)
        return entry

    def _new_columns(self, table: _Table) -> list[str]:
        return left_out_of(table.cut.table, header(Pinned.of(self._lake, table.cut.file).header()))

    def _aside(self, table: _Table, ranges: list[int], mended: dict[int, dict[int, int]]) -> Iterator[pa.Table]:
        """Yield the quarantine of a table, range by range, then that of its corrections."""
        repeating = set(ranges)

        def of_range(number: int) -> pa.Table:
            if number in repeating:
                key = layout.range_quarantine_key(self._run, table.cut.table, number)
                return self._lake.read_table(key).cast(QUARANTINE)
            return calls.set_aside_in(self._lake, self._run, table.cut, number)

        numbers = [number for number, each in enumerate(table.found) if each.aside or number in repeating]
        for number, rows in zip(numbers, together(of_range, numbers), strict=True):
            stays = ~np.isin(rows["linha"].to_numpy(), list(mended.get(number, ())))
            yield moved(rows.filter(pa.array(stays)), table.lines[number])
        if table.corrections is not None:
            yield table.corrections.quarantine


def _in_groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield the rows of tables as tables of as many as a row group has, and the rest."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        while sum(map(len, waiting)) >= _ASIDE:
            rows = pa.concat_tables(waiting)
            yield rows.slice(0, _ASIDE)
            waiting = [rows.slice(_ASIDE)]
    if sum(map(len, waiting)):
        yield pa.concat_tables(waiting)
