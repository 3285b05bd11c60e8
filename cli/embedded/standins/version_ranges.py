"""A range of an object can be asked for of any of its versions.

MiniStack answers with the whole version. On AWS ``Range`` and ``versionId`` go together (S3 API, "GetObject").
"""

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

_RANGE: Final = re.compile(r"bytes=(\d+)-(\d*)")
_OK, _PARTIAL = 200, 206

Answer = tuple[int, dict[str, str], bytes]


def ranged(answer: Answer, wanted: str) -> Answer:
    """Return an answer with a version's content as it is where a range of it is wanted.

    Parameters
    ----------
    answer : tuple
        Its status, its headers and its body.
    wanted : str
        What the header ``Range`` says; empty where there is none.
    """
    status, headers, body = answer
    found = _RANGE.fullmatch(wanted)
    if status != _OK or found is None or int(found[1]) >= len(body):
        return answer
    start, end = int(found[1]), min(int(found[2] or len(body)), len(body) - 1)
    piece = body[start : end + 1]
    of_range = {"Content-Length": str(len(piece)), "Content-Range": f"bytes {start}-{end}/{len(body)}"}
    # What a checksum is of is the whole version.
    kept = {name: value for name, value in headers.items() if not name.lower().startswith("x-amz-checksum-")}
    return _PARTIAL, kept | of_range, piece


def with_ranges(get: Callable[..., Answer]) -> Callable[..., Answer]:
    """Return a function that answers as another one does, and of a version with the range that is wanted."""

    @functools.wraps(get)
    def answered(bucket: str, key: str, headers: Mapping[str, str], query: Any = None) -> Answer:
        return ranged(get(bucket, key, headers, query), headers.get("range", ""))

    return answered


def install() -> None:
    """Put it into the MiniStack of this process."""
    from ministack.services import s3

    s3._get_object = with_ranges(s3._get_object)
