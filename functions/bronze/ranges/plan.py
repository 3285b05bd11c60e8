"""The plan of a run in ranges, from sizes alone: where its files are cut, and how many calls put the rows together.

Each range leaves rows for each call that puts some together. Of a few ranges those are read directly; of thousands they
would be read by as many requests as ranges times calls, which S3 does not answer in time. Then they are gathered first:
the rows of a bundle of ranges for a super-group of calls, by the square root of both.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isqrt
from typing import Any, Final, Self

# Bytes of CSVs, in all, that one call reads by itself: within 512 MB of disk, and 1 GB of memory.
READ_AT_ONCE: Final = 256 << 20
# Bytes of a range.
RANGE_BYTES: Final = 96 << 20
# Bytes of a table as CSV whose rows one call puts together: it holds all of them.
MERGED_AT_ONCE: Final = 192 << 20
# Sections of a table that are read directly; more are gathered first.
READ_DIRECTLY: Final = 200_000


@dataclass(frozen=True)
class File:
    """The exported CSV of a table, as it is read in ranges.

    Attributes
    ----------
    table, key, etag : str
        Of a compressed export those of its content, which the run has put into its own folder.
    version_id : str or None
    size, body : int
        Bytes of it, and where its header ends.
    """

    table: str
    key: str
    etag: str
    version_id: str | None
    size: int
    body: int


@dataclass(frozen=True)
class Cut:
    """How a table is cut.

    Attributes
    ----------
    file : File
    ranges : int
        Of its CSV.
    parts, groups : int
        Its part files, and the calls that each make some of them.
    buckets : int
        The calls that each look for repetitions of some of its keys.
    a_super, a_bundle : int
        How many groups (and buckets) a super-group has, and how many ranges a bundle; one where nothing is gathered.
    """

    file: File
    ranges: int
    parts: int
    groups: int
    buckets: int
    a_super: int = 1
    a_bundle: int = 1

    @property
    def table(self) -> str:
        """The table's name."""
        return self.file.table

    def span(self, number: int) -> tuple[int, int]:
        """Return from where to where a range is, by sizes: its records are those that begin within it."""
        return self._border(number), self._border(number + 1)

    @property
    def parts_a_group(self) -> int:
        """How many parts a group has; the last one may have fewer."""
        return -(-self.parts // self.groups)

    def parts_of(self, group: int) -> range:
        """Return the parts of a group."""
        return range(group * self.parts_a_group, min((group + 1) * self.parts_a_group, self.parts))

    @property
    def is_gathered(self) -> bool:
        """Whether what ranges leave is gathered before it is put together."""
        return self.a_super > 1

    @property
    def super_groups(self) -> int:
        """How many sections of rows a range leaves."""
        return -(-self.groups // self.a_super)

    @property
    def super_buckets(self) -> int:
        """How many sections of keys a range leaves."""
        return -(-self.buckets // self.a_super)

    @property
    def sections(self) -> int:
        """How many sections a range leaves: of rows, of keys, and one of what it set aside."""
        return self.super_groups + self.super_buckets + 1

    @property
    def bundles(self) -> list[range]:
        """The ranges of each bundle."""
        return [range(first, min(first + self.a_bundle, self.ranges)) for first in range(0, self.ranges, self.a_bundle)]

    def _border(self, number: int) -> int:
        return self.file.body + (self.file.size - self.file.body) * number // self.ranges

    def json(self) -> dict[str, Any]:
        """Return it as a task has it."""
        return asdict(self)

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Self:
        """Return what a task has."""
        return cls(**{**content, "file": File(**content["file"])})


def is_in_ranges(size: int) -> bool:
    """Return whether CSVs of a size, in all, are read in ranges: smaller ones one call reads by itself."""
    return size > READ_AT_ONCE


def cut(file: File, parts: int, ranges: int | None = None) -> Cut:
    """Return how a table is cut.

    Parameters
    ----------
    file : File
    parts : int
        Its part files.
    ranges : int, optional
        How many; by default as many as its size takes.
    """
    content = file.size - file.body
    # Every group but the last has as many parts.
    a_group = -(-parts // -(-parts // max(1, parts * MERGED_AT_ONCE // max(content, 1))))
    groups, buckets = -(-parts // a_group), max(1, -(-content // MERGED_AT_ONCE))
    ranges = ranges or max(1, -(-content // RANGE_BYTES))
    largest = max(groups, buckets)
    if ranges * largest <= READ_DIRECTLY:
        return Cut(file, ranges, parts, groups, buckets)
    return Cut(file, ranges, parts, groups, buckets, max(2, isqrt(largest)), max(1, isqrt(ranges)))
