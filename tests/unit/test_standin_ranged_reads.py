"""A range of an object, and of a version of it, is answered as on AWS, and is all that is read."""

from pathlib import Path
from typing import Any

import pytest

from cli.embedded.standins.ranged_reads import current_as_mapped, mapped, ranged, version_as_mapped, with_ranges

CONTENT = b"0123456789"
HEADERS = {"ETag": '"x"', "Content-Length": "10", "x-amz-checksum-crc32": "y"}
RECORD: dict[str, Any] = {"body": None, "version_id": "v1", "data": None}


@pytest.mark.parametrize(
    ("wanted", "piece", "said"),
    [("bytes=2-4", b"234", "bytes 2-4/10"), ("bytes=8-", b"89", "bytes 8-9/10"), ("bytes=8-99", b"89", "bytes 8-9/10")],
)
def test_a_range_of_a_whole_answer_is_cut_out(wanted: str, piece: bytes, said: str) -> None:
    headers = {"ETag": '"x"', "Content-Length": str(len(piece)), "Content-Range": said}
    assert ranged((200, HEADERS, CONTENT), wanted) == (206, headers, piece)


@pytest.mark.parametrize(("status", "wanted"), [(200, ""), (206, "bytes=2-4"), (404, "bytes=0-1"), (200, "bytes=10-")])
def test_every_other_answer_stays_as_it_is(status: int, wanted: str) -> None:
    assert ranged((status, HEADERS, CONTENT), wanted) == (status, HEADERS, CONTENT)


@pytest.fixture
def of_object(tmp_path: Path) -> Any:
    """A function that answers from a file as MiniStack does: a range of an object, and the whole of a version."""
    (tmp_path / "object").write_bytes(CONTENT)
    file = str(tmp_path / "object")

    def everything(*_: object) -> bytes:
        return b"all of it was read"

    current = current_as_mapped(everything, lambda *_: file)
    version = version_as_mapped(everything, lambda *_: file)

    def get(bucket: str, key: str, headers: dict[str, str], query: dict[str, Any]) -> Any:
        record = query.get("record", RECORD)
        if "version" in query:
            return 200, HEADERS, version({}, bucket, key, record)
        body = current(bucket, key, record)
        return (206, {}, body[2:5]) if "range" in headers else (200, {}, body)

    return with_ranges(get)


@pytest.mark.parametrize("which", [{}, {"version": "v1"}])
def test_of_a_range_nothing_else_is_read(of_object: Any, which: dict[str, str]) -> None:
    status, _, body = of_object("lake", "key", {"range": "bytes=2-4"}, which)
    assert (status, body) == (206, b"234")


@pytest.mark.parametrize("which", [{}, {"version": "v1"}])
@pytest.mark.parametrize("headers", [{}, {"range": "lines=1-2"}])
def test_without_a_range_of_bytes_it_is_read_as_before(of_object: Any, which: Any, headers: dict[str, str]) -> None:
    *_, body = of_object("lake", "key", headers, which)
    assert body in {b"all of it was read", b"l o"}


@pytest.mark.parametrize("which", [{}, {"version": "v1"}])
def test_what_is_held_in_memory_is_not_looked_for_in_a_file(of_object: Any, which: dict[str, str]) -> None:
    held = {"record": {"body": b"held", "data": b"held", "version_id": "v1"}}
    *_, body = of_object("lake", "key", {"range": "bytes=2-4"}, which | held)
    assert body == b"all of it was read"[2:5]


def test_a_range_past_the_end_of_a_version_is_answered_with_bytes(of_object: Any) -> None:
    status, _, body = of_object("lake", "key", {"range": "bytes=99-"}, {"version": "v1"})
    assert (status, body) == (200, CONTENT)


def test_a_file_that_is_empty_or_not_there_is_not_mapped(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert [mapped(path) for path in (str(tmp_path / "empty"), str(tmp_path / "none"), None)] == [None, None, None]
