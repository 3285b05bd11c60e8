"""Exports that are compressed are read as they are; what is no gzip file, and no zip of one file, is told so."""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from compressed import archive, zipped
from hypothesis import example, given
from hypothesis import strategies as st

from bronze.csv import compression
from bronze.csv.compression import (
    HEAD,
    TAIL,
    CompressionError,
    beginning_of,
    compress_like,
    content_bytes,
    content_of,
    expand,
    is_compressed,
)

FORMS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "gzip in two members": lambda content: gzip.compress(content[: len(content) // 2]) + gzip.compress(
        content[len(content) // 2 :]
    ),
    "zip": zipped,
    "zip, stored": lambda content: zipped(content, method=zipfile.ZIP_STORED),
    "zip in a folder, by macOS": lambda content: archive({"export/": b"", "export/x.csv": content, "__MACOSX/x": b"?"}),
}  # fmt: skip
forms = st.sampled_from([*FORMS])
# A plain file that begins as a compressed one does is none that this project is given.
contents = st.binary(max_size=300).map(lambda content: b"pedido_id" + content)


@given(forms, contents)
def test_what_is_compressed_comes_out_whatever_the_form(form: str, content: bytes) -> None:
    packed = FORMS[form](content)
    assert is_compressed(packed[:HEAD]) == (form != "plain")
    with content_of(io.BytesIO(packed)) as stream:
        assert stream.read() == content
    assert beginning_of(io.BytesIO(packed), 5) == content[:5]


@pytest.mark.parametrize("form", FORMS)
def test_a_file_is_expanded_in_its_place(form: str, tmp_path: Path) -> None:
    path = tmp_path / "pedidos.csv"
    path.write_bytes(FORMS[form](b"pedido_id\nP1\n"))
    expand(path)
    assert path.read_bytes() == b"pedido_id\nP1\n"
    assert [each.name for each in tmp_path.iterdir()] == ["pedidos.csv"]


@given(forms, contents, contents)
def test_another_content_is_compressed_as_the_first_was_and_always_to_the_same_bytes(
    form: str, content: bytes, other: bytes
) -> None:
    packed, written = FORMS[form](content), []
    for _ in range(2):
        target = io.BytesIO()
        compress_like(io.BytesIO(packed), io.BytesIO(other), target)
        written.append(target.getvalue())
    assert written[0] == written[1]
    assert written[0][:2] == (packed[:2] if form != "plain" else other[:2])
    with content_of(io.BytesIO(written[0])) as stream:
        assert stream.read() == other


@given(st.sampled_from(["plain", "gzip", "zip", "zip, stored"]), contents)
def test_the_ends_of_a_file_tell_how_large_its_content_is(form: str, content: bytes) -> None:
    packed = FORMS[form](content)
    assert content_bytes(packed[:HEAD], packed[-TAIL:], len(packed)) == len(content)


def test_a_gzip_file_of_more_than_four_gib_is_told_to_be_at_least_as_large_as_it_is() -> None:
    tail = (1_000).to_bytes(4, "little")
    assert content_bytes(b"\x1f\x8b\x08\x00", tail, 500) == 1_000
    assert content_bytes(b"\x1f\x8b\x08\x00", tail, 1 << 20) == (1 << 32) + 1_000
    assert content_bytes(b"\x1f\x8b\x08\x00", tail, (1 << 33) + 5) == (1 << 33) + 1_000


def test_a_zip_whose_end_says_nothing_is_taken_by_its_own_size() -> None:
    assert content_bytes(b"PK\x03\x04", b"no list", 77) == 77


def encrypted() -> bytes:
    """Return a zip whose only file says that it is encrypted."""
    content = bytearray(zipped(b"x"))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + at] |= 1
    return bytes(content)


def unknown() -> bytes:
    """Return a zip that is compressed by a method that nobody knows."""
    content = bytearray(zipped(b"x"))
    for mark, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.index(mark) + at] = 99
    return bytes(content)


BAD = {
    "a zip of no file": (archive({}), "holds 0 files"),
    "a zip of two files": (archive({"a.csv": b"1", "b.csv": b"2"}), "holds 2 files"),
    "an encrypted zip": (encrypted(), "encrypted"),
    "a zip of an unknown method": (unknown(), "not known here"),
    "a zip that is cut off": (zipped(b"abc" * 99)[:-30], "damaged or cut off"),
    "a gzip file that is cut off": (gzip.compress(b"abc" * 99)[:-9], "damaged or cut off"),
    "a gzip file with something else behind it": (gzip.compress(b"abc") + b"more", "damaged or cut off"),
    "a gzip file with another checksum": (gzip.compress(b"abc")[:-8] + b"12345678", "damaged or cut off"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_expanded_says_why_and_stays_as_it_is(case: str, tmp_path: Path) -> None:
    content, why = BAD[case]
    path = tmp_path / "pedidos.csv"
    path.write_bytes(content)
    with pytest.raises(CompressionError, match=why):
        expand(path)
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [content]


@given(st.sampled_from(["gzip", "zip"]), contents, st.data())
@example("zip", b"pedido_id\n", None)
def test_a_damaged_file_is_told_so_or_gives_what_it_held(form: str, content: bytes, data: st.DataObject | None) -> None:
    packed = bytearray(FORMS[form](content))
    if data is not None:
        at = data.draw(st.integers(HEAD, len(packed) - 1))
        packed[at] ^= data.draw(st.integers(1, 255))
    try:
        with content_of(io.BytesIO(bytes(packed))) as stream:
            assert stream.read() == content
    except CompressionError:
        pass


def test_the_first_bytes_of_a_stream_are_read_without_the_rest_where_it_is_not_compressed() -> None:
    stream = io.BytesIO(b"pedido_id,data\n" + b"x" * 1_000)
    assert beginning_of(stream, 15) == b"pedido_id,data\n"
    assert stream.tell() == 15


def test_a_compressed_name_is_one_that_a_csv_may_have() -> None:
    from lakehouse.lake.layout import compressed_keys

    assert compressed_keys("pedidos")[0] == "landing/csv_exports/pedidos.csv.gz"
    assert compression.is_compressed(b"pedi") is False
