"""A range of a version of an object is answered as on AWS."""

import pytest

from cli.embedded.standins.version_ranges import ranged

CONTENT = b"0123456789"
HEADERS = {"ETag": '"x"', "Content-Length": "10", "x-amz-checksum-crc32": "y"}


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
