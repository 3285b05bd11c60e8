"""Ranges of a CSV: they begin with records, have all of them once, and are planned by sizes alone."""

import io
import json
from dataclasses import dataclass, field
from math import isqrt

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bronze.csv.records import joined, lines_of
from bronze.ranges.borders import first_record
from bronze.ranges.plan import MERGED_AT_ONCE, RANGE_BYTES, READ_DIRECTLY, Cut, File, cut
from bronze.ranges.sections import LINE, packed, section, unpacked

HEADER = b"a,b,c\n"
PLACES = 12
csv_like = st.lists(
    st.sampled_from([
        b'"', b'""', b",", b"\n", b"\r\n", b"a", "\u00e7".encode(), b" ", b"\r", b"\x00", b"\xef\xbb\xbf", b"\xff",
        b'"a,b"', b'"a\nb"', b"a,b,c\n", b'a,"\n', b'",c\n', b'","\n', b"aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ]),
    max_size=60,
).map(b"".join)  # fmt: skip


@dataclass
class Bytes:
    """A file in memory that notes how much of it was read at once."""

    content: bytes
    read_at_once: list[int] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.content)

    def read(self, start: int, end: int) -> bytes:
        assert 0 <= start <= end <= self.size
        self.read_at_once.append(end - start)
        return self.content[start:end]


def starts_of(data: bytes, longest: int) -> list[int]:
    """Where records begin, read from the beginning on."""
    array = np.frombuffer(data, np.uint8)
    lines = lines_of(array, np.flatnonzero(array == ord("\n")), final=True)
    quotes = np.flatnonzero(array == ord('"'))
    firsts, _, _ = joined(array, lines, quotes, final=True, longest=longest)
    return list(map(int, lines.start[firsts]))


@given(csv_like, st.integers(1, 60), st.data())
def test_the_first_record_after_any_place_is_that_of_a_reading_from_the_beginning(
    text: bytes, longest: int, data: st.DataObject
) -> None:
    content, body = Bytes(HEADER + text), len(HEADER)
    starts = [body + start for start in starts_of(text, longest)] + [content.size]
    for _ in range(PLACES):
        place = data.draw(st.integers(0, content.size))
        expected = next(start for start in starts if start >= place)
        assert first_record(content, body, place, longest) == expected


def test_of_a_usual_file_little_is_read_before_a_place() -> None:
    rows = b"".join(b'%d,"text, quoted",x\n%d,"two\nlines",y\n' % (n, n) for n in range(100_000))
    content, longest = Bytes(HEADER + rows), 1 << 10
    place = content.size // 2
    found = first_record(content, len(HEADER), place, longest)
    assert place <= found < place + 100
    assert sum(content.read_at_once) < 8 * longest


def test_a_file_whose_every_line_may_open_or_close_a_field_is_read_in_stretches() -> None:
    content, longest = Bytes(HEADER + b'"\n' * 20_001), 50
    assert first_record(content, len(HEADER), len(HEADER) + 39_998, longest) == len(HEADER) + 40_000
    assert first_record(content, len(HEADER), len(HEADER) + 39_996, longest) == len(HEADER) + 39_996


@given(
    st.integers(0, 1 << 44), st.integers(0, 5_000), st.integers(1, 200_000), st.one_of(st.none(), st.integers(1, 100))
)
def test_a_plan_has_every_byte_in_one_range_and_every_part_in_one_group(
    content: int, body: int, parts: int, ranges: int | None
) -> None:
    made = cut(File("pedidos", "key", "etag", None, body + content, body), parts, ranges)
    assert ranges is None or made.ranges == ranges
    assert (made.span(0)[0], made.span(made.ranges - 1)[1]) == (body, body + content)
    for number in {0, made.ranges // 2, made.ranges - 2} & set(range(made.ranges - 1)):
        assert made.span(number)[1] == made.span(number + 1)[0]
    assert sum(len(made.parts_of(group)) for group in range(made.groups)) == parts
    assert all(made.parts_of(group) for group in (0, made.groups - 1))
    assert Cut.of_json(json.loads(json.dumps(made.json()))) == made


@given(st.integers(1, 1 << 44), st.integers(1, 200_000))
def test_no_call_has_more_of_a_table_than_it_can_hold_and_no_object_is_read_too_often(content: int, parts: int) -> None:
    made = cut(File("pedidos", "key", "etag", None, content, 0), parts)
    assert content / made.ranges <= RANGE_BYTES
    assert content / made.buckets <= MERGED_AT_ONCE
    # A group is one part at the least, however large that is.
    assert content / parts * made.parts_a_group <= MERGED_AT_ONCE or made.parts_a_group == 1
    directly = made.ranges * max(made.groups, made.buckets)
    assert made.is_gathered == (directly > READ_DIRECTLY)
    if made.is_gathered:
        assert sum(map(len, made.bundles)) == made.ranges
        assert made.super_groups * made.a_super >= made.groups
        assert made.a_bundle <= isqrt(made.ranges)


def test_sections_are_read_by_themselves_and_an_empty_one_is_nothing() -> None:
    rows = pa.table({"a": pa.array(["x", "y", "x"]).dictionary_encode(), LINE: pa.array([1, 2, 5])})
    content = packed([rows, rows.slice(0, 0), rows.slice(2)], 3)
    found = [section(lambda start, end: content[start:end], number, ["a"]) for number in range(3)]
    assert [None if each is None else each.to_pylist() for each in found] == [
        [{"a": "x", LINE: 1}, {"a": "y", LINE: 2}, {"a": "x", LINE: 5}], None, [{"a": "x", LINE: 5}]
    ]  # fmt: skip
    assert [pq.read_table(io.BytesIO(each)).num_rows for each in unpacked(content)] == [3, 1]


@pytest.mark.parametrize(
    "content", [b"", b"x", bytes(8), (9).to_bytes(8, "little"), (16).to_bytes(8, "little") * 2 + b"x"]
)
def test_what_has_no_sections_is_told_from_what_has(content: bytes) -> None:
    with pytest.raises(ValueError, match="not those of this object"):
        list(unpacked(content))
