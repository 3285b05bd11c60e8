"""How Bronze reads exports of a size in ranges: the calls of each kind, and what they read of one another. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from bronze.ranges.plan import MERGED_AT_ONCE, RANGE_BYTES, READ_AT_ONCE, File, cut, is_in_ranges
from lakehouse.contract import layers

# What a stage does (`cli.planning.coefficients.Stage.of_ranges`): all of Bronze, or one kind of the calls in ranges.
WHOLE, RANGE, GATHER, MERGE, ROUND = "whole", "range", "gather", "merge", "round"
# Bytes of CSV that a call works on at the most.
MOST_BYTES: Final[Mapping[str, int]] = {
    WHOLE: READ_AT_ONCE, RANGE: RANGE_BYTES, GATHER: MERGED_AT_ONCE, MERGE: MERGED_AT_ONCE
}  # fmt: skip
# A section is read by two requests, sixteen sections at once.
REQUESTS_A_SECTION: Final = 2
SECTIONS_AT_ONCE: Final = 16
# "at least 5,500 GET/HEAD requests per second per partitioned prefix" (S3 user guide, "Optimizing performance"). What
# is staged of a table is under a prefix of its own.
S3_READS_A_SECOND: Final = 5_500
# Of each task it writes what is to be done, what it made of it, and that it is done.
WRITES_A_TASK: Final = 3


@dataclass(frozen=True)
class InRanges:
    """The calls of a run.

    Attributes
    ----------
    calls : mapping of str to int
        By what they do.
    sections : mapping of str to int
        How many sections of ranges each of them reads.
    tables : int
        The tables that are cut, each of the same size here.
    """

    calls: Mapping[str, int]
    sections: Mapping[str, int]
    tables: int

    @classmethod
    def of(cls, size: float, parts: int) -> Self | None:
        """Return how exports of so many bytes, in all, are read; None where one call reads them by itself.

        The keys ascend, as exports have them: where they do not, they are gathered and compared as well.
        """
        if not is_in_ranges(int(size)):
            return None
        tables = len(layers.cut_tables(layers.BRONZE))
        each = cut(File("", "", "", None, int(size) // tables, 0), parts)
        bundles = len(each.bundles)
        gathers = each.super_groups * bundles if each.is_gathered else 0
        calls = {
            RANGE: tables * each.ranges,
            GATHER: tables * gathers,
            MERGE: tables * each.groups,
            ROUND: 4 if gathers else 3,
        }
        return cls(calls, {GATHER: each.a_bundle, MERGE: bundles if gathers else each.ranges}, tables)

    @property
    def reads(self) -> int:
        """How many requests read sections, in all."""
        return sum(self.reads_of(kind) for kind in self.sections)

    def reads_of(self, kind: str) -> int:
        """Return how many requests read sections in the calls of a kind."""
        return REQUESTS_A_SECTION * self.calls[kind] * self.sections.get(kind, 0)

    def least_seconds(self, kind: str) -> float:
        """Return how long S3 takes at the least to answer the calls of a kind."""
        return self.reads_of(kind) / (S3_READS_A_SECOND * self.tables)

    @property
    def writes(self) -> int:
        """How many requests write what tasks are, make and leave."""
        return WRITES_A_TASK * sum(calls for kind, calls in self.calls.items() if kind != ROUND)
