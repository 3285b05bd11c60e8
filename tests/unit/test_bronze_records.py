"""The cut of CSV bytes into records, against a definition that reads one character after the other."""

import numpy as np
import pytest
from by_character import Cut, cut
from hypothesis import given
from hypothesis import strategies as st

from bronze.csv.records import MISPLACED_QUOTE, UNCLOSED_QUOTE, Records, split


def as_cuts(records: Records) -> list[Cut]:
    broken = records.malformed.broken(len(records))
    reasons = iter(records.malformed.lists().to_pylist())
    return [
        Cut(line, records.data[a:b].decode(), next(reasons) if bad else [])
        for line, a, b, bad in zip(records.line, records.start, records.end, broken, strict=True)
    ]


def cut_in_pieces(data: bytes, fields: int, size: int, longest: int = 1 << 20) -> list[Cut]:
    found: list[Cut] = []
    at, line, wanted = 0, 1, size
    while at < len(data):
        piece = data[at : at + wanted]
        records, used, lines = split(piece, line, fields, final=at + wanted >= len(data), longest=longest)
        found += as_cuts(records)
        at, line, wanted = at + used, line + lines, size if used else wanted * 2
    return found


csv_like = st.lists(
    st.sampled_from(
        ['"', '""', ",", "\n", "\r\n", "a", "ç", " ", "\r", "\x00", "\ufeff", '"a,b"', '"a\nb"', "a,b,c\n"]
    ),
    max_size=30,
).map("".join)


@given(csv_like)
def test_records_are_what_a_reading_character_by_character_finds(text: str) -> None:
    records, consumed, lines = split(text.encode(), 1, 3, final=True)
    assert as_cuts(records) == cut(text, 3)
    assert consumed == len(text.encode())
    assert lines == text.count("\n") + (not text.endswith("\n") and text != "")


@given(csv_like, st.integers(1, 20))
def test_records_do_not_depend_on_the_pieces_they_are_read_in(text: str, size: int) -> None:
    assert cut_in_pieces(text.encode(), 3, size) == cut(text, 3)


@given(csv_like, st.integers(1, 20), st.integers(1, 12))
def test_how_long_a_record_may_be_does_not_depend_on_the_pieces_either(text: str, size: int, longest: int) -> None:
    assert cut_in_pieces(text.encode(), 3, size, longest) == cut(text, 3, longest)


def only(text: str, fields: int = 3) -> list[Cut]:
    return as_cuts(split(text.encode(), 1, fields, final=True)[0])


def test_blank_lines_are_counted_and_are_no_records() -> None:
    assert only("a,b,c\n\n\r\nd,e,f\n\n") == [Cut(1, "a,b,c", []), Cut(4, "d,e,f", [])]


def test_a_last_line_without_a_line_end_is_a_record() -> None:
    assert only("a,b,c\r\nd,e,f") == [Cut(1, "a,b,c", []), Cut(2, "d,e,f", [])]


def test_commas_quotes_and_line_ends_within_quotes_are_text() -> None:
    assert only('a,"b, ""x""\r\ny",c\nd,e,f\n') == [Cut(1, 'a,"b, ""x""\r\ny",c', []), Cut(3, "d,e,f", [])]


@pytest.mark.parametrize("line", ['a,5" x 3,c', 'a,"b"x,c', 'a, "b",c', 'a,b"",c', '"a"b",c,d'])
def test_a_quote_out_of_place_costs_its_line_alone(line: str) -> None:
    assert only(f"1,2,3\n{line}\n4,5,6\n") == [
        Cut(1, "1,2,3", []), Cut(2, line, [MISPLACED_QUOTE]), Cut(3, "4,5,6", [])
    ]  # fmt: skip


def test_a_quote_that_is_never_closed_costs_its_line_alone() -> None:
    assert only('a,b,"c\nd,e,f\ng,h,i\n') == [
        Cut(1, 'a,b,"c', [UNCLOSED_QUOTE]), Cut(2, "d,e,f", []), Cut(3, "g,h,i", [])
    ]  # fmt: skip


def test_a_quote_that_is_never_closed_does_not_swallow_quoted_fields_after_it() -> None:
    assert only('a,b,"c\nd,"x, y",f\n"p\nq",h,i\n') == [
        Cut(1, 'a,b,"c', [UNCLOSED_QUOTE]), Cut(2, 'd,"x, y",f', []), Cut(3, '"p\nq",h,i', [])
    ]  # fmt: skip


def test_a_field_of_several_lines_may_only_be_so_long() -> None:
    text = 'a,b,"' + "c\n" * 10 + 'd"\n'
    assert len(as_cuts(split(text.encode(), 1, 3, final=True, longest=30)[0])) == 1
    assert as_cuts(split(text.encode(), 1, 3, final=True, longest=20)[0])[0].reasons == [UNCLOSED_QUOTE]


def test_too_few_and_too_many_fields_are_counted() -> None:
    assert [record.reasons for record in only("a\na,b,c,d\n,,\n")] == [
        ["registro: tem 1 campo, esperava 3"], ["registro: tem 4 campos, esperava 3"], []
    ]  # fmt: skip


def test_control_characters_are_named() -> None:
    assert [record.reasons for record in only("a,b\tb,c\na,\x00b\x07,c\na,b\rb,c\n")] == [
        [],
        ["registro: contém o caractere de controle U+0000"],
        ["registro: contém o caractere de controle U+000D"],
    ]


def test_the_text_of_some_records_is_all_of_them_and_nothing_else() -> None:
    records, _, _ = split(b"a,b,c\r\n\nbad\nd,e,f\ng,h,i", 1, 3, final=True)
    assert records.text(np.array([0, 2, 3])) == b"a,b,c\nd,e,f\ng,h,i"
    assert records.text(np.array([], np.int64)) == b""


@pytest.mark.parametrize("code", [code for code in range(33) if chr(code) not in "\n\t"])
def test_every_control_character_but_tab_and_line_end_is_named_wherever_it_stands(code):
    for text in (chr(code) + "a", "a" + chr(code) + "b"):
        records, _, _ = split(f"{text},b\nc,d\n".encode(), 2, 2, final=True)
        reason = f"registro: contém o caractere de controle U+{code:04X}"
        assert records.malformed.lists().to_pylist() == ([] if code == 32 else [[reason]])
