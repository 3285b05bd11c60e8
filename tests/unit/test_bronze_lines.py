"""Lines told apart: ordinary ones, and what the others belong to, as the definition of records has it."""

import numpy as np
import pytest
from by_character import cut, walk
from hypothesis import example, given
from hypothesis import strategies as st

from bronze.csv.lines import all_lines, strange_lines, strange_records, sure_end, whole_records
from bronze.csv.records import picked, split

csv_like = st.lists(
    st.sampled_from(
        ['"', '""', ",", "\n", "\n", "\r\n", "a", "ç", " ", "\r", "\t", "\x00", "\ufeff", '"a,b"', '"a\nb"', '"a","b"',
         "a,b,c\n", '"a","b",""\r\n']
    ),
    min_size=1,
    max_size=30,
).map("".join)  # fmt: skip


def is_ordinary(line: str) -> bool:
    """Return whether a line, without its line end, is a record by itself, whatever the number of its fields."""
    state, _ = walk(line, 0, inside=False)
    return (
        line != "" and state == "outside" and not line.startswith("\ufeff")
        and all(char >= " " or char == "\t" for char in line)
    )  # fmt: skip


@given(csv_like)
@example('"')
@example('a"\n"b\n')
@example("\r")
@example("a\r\r\nb")
@example('"' + "a" * 70 + '\n"b"\n')
def test_a_line_is_strange_that_a_reading_character_by_character_finds_so(text: str) -> None:
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if text.endswith("\n"):
        lines.pop()
    expected = [number for number, line in enumerate(lines) if not is_ordinary(line)]
    strange, found = strange_lines(text.encode())
    assert strange.tolist() == expected
    assert (found is None) == (not expected)
    assert found is None or found.start.tolist() == all_lines(text.encode()).start.tolist()
    with_quotes = sorted({*expected, *(number for number, line in enumerate(lines) if '"' in line)})
    assert strange_lines(text.encode(), rare=1.0)[0].tolist() == with_quotes


def test_quotes_are_rare_up_to_their_share_of_the_bytes() -> None:
    body = b'a,"b"\n' + b"aaaaaaa\n"
    assert strange_lines(body, rare=2 / len(body))[0].tolist() == [0]
    assert strange_lines(body, rare=1.9 / len(body))[0].tolist() == []


@given(csv_like, st.sampled_from([1 << 20, 12, 5]), st.sampled_from([0.0, 1.0]))
@example('a,"b\nc\n"d,e\n"f"\n', 1 << 20, 0.0)
@example('"a\nb\n\n"x","y\nc",d\n', 1 << 20, 0.0)
@example('"a\nx","y\nx","y\n"\n', 1 << 20, 0.0)
def test_ordinary_lines_and_what_the_others_belong_to_are_the_records(text: str, longest: int, rare: float) -> None:
    body = text.encode()
    lines, (strange, _) = all_lines(body), strange_lines(body, rare=rare)
    found = strange_records(body, lines, strange, longest)
    inside = {line for first, last in zip(found.first, found.last, strict=True) for line in range(first, last + 1)}
    ordinary = [line for line in range(len(lines.start)) if line not in inside]
    assert not set(ordinary) & set(strange.tolist())

    start, end = lines.start[found.first], lines.text_end[found.last]
    filled = end > start
    wrong = found.wrong.renumbered(np.where(filled, np.cumsum(filled) - 1, -1))
    alone = picked(body, start[filled], end[filled], found.first[filled], wrong, 3)
    reasons = iter(alone.malformed.lists().to_pylist())
    is_malformed = alone.malformed.broken(len(alone))
    read = {
        int(line): (text, next(reasons) if bad else [])
        for line, text, bad in zip(
            alone.line, alone.original(np.arange(len(alone))).to_pylist(), is_malformed, strict=True
        )
    }
    for record in cut(text, 3, longest):
        if record.line - 1 in read:
            assert read.pop(record.line - 1) == (record.text, record.reasons)
        else:
            assert record.line - 1 in ordinary
            assert all("campo" in reason for reason in record.reasons)
            ordinary.remove(record.line - 1)
    assert (read, ordinary) == ({}, [])


@given(csv_like, st.sampled_from([1 << 20, 12]))
@example('a,"b\nc,""\nd"\ne,"f"\n', 1 << 20)
@example('"a\n\n"\n"b', 1 << 20)
def test_records_whose_quotes_are_right_end_where_their_last_field_is_closed(text: str, longest: int) -> None:
    body = text.encode()
    right = [record for record in cut(text, 3, longest) if not any("aspas" in reason for reason in record.reasons)]
    first = np.array([record.line - 1 for record in right], np.int64)
    found = whole_records(body, all_lines(body), first)
    assert found.first.tolist() == first.tolist()
    assert found.last.tolist() == [record.line - 1 + record.text.count("\n") for record in right]
    assert not found.wrong.count()


@given(csv_like, csv_like)
@example('a\n"b\n', '"\n')
@example('"a","b"\n', '"\n')
def test_what_follows_a_sure_end_begins_a_record_whatever_it_is(text: str, more: str) -> None:
    data = text.encode()
    end = sure_end(data)
    assert end == 0 or data[end - 1 : end] == b"\n"
    whole, _, _ = split(data + more.encode(), 0, 3, final=True)
    before, _, lines = split(data[:end], 0, 3, final=True)
    after, _, _ = split(data[end:] + more.encode(), lines, 3, final=True)
    assert whole.line.tolist() == [*before.line.tolist(), *after.line.tolist()]
    assert whole.original(np.arange(len(whole))).to_pylist() == [
        *before.original(np.arange(len(before))).to_pylist(), *after.original(np.arange(len(after))).to_pylist()
    ]  # fmt: skip


@pytest.mark.parametrize("row", ['"a","b"', 'a,"b, c"', "a,b", 'a,""', '"a\t","b"'])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_of_rows_of_one_line_the_last_whole_one_is_a_sure_end(row: str, end: str) -> None:
    data = (row + end).encode() * 100
    assert sure_end(data) == len(data)
    assert sure_end(data + b'"a') == len(data)
    assert not len(strange_lines(data)[0])
