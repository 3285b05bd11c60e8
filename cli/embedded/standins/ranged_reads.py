"""A range of an object is read alone, and can be asked for of any of its versions.

MiniStack reads the whole object from its disk for every range of it, so exports of gigabytes, which are read in ranges
of megabytes, take it minutes. Of a version that is named it answers with everything. On AWS a range is all that is
read, and ``Range`` and ``versionId`` go together (S3 API, "GetObject").
"""

import functools
import mmap
import os
import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

_RANGE: Final = re.compile(r"bytes=(\d+)-(\d*)")
_OK, _PARTIAL = 200, 206

Body = bytes | mmap.mmap
Answer = tuple[int, dict[str, str], Body]

# Whether what is answered now is a range.
_IS_RANGE: Final = ContextVar("is_range", default=False)


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


def mapped(path: str | None) -> mmap.mmap | None:
    """Return a file's content, of which only what is asked for is read; none where the file is empty or not there."""
    if path is None:
        return None
    try:
        with Path(path).open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if os.fstat(file.fileno()).st_size else None
    except FileNotFoundError:
        return None


def with_ranges(get: Callable[..., Answer]) -> Callable[..., Answer]:
    """Return a function that answers as another one does, and of a version with the range that is wanted."""

    @functools.wraps(get)
    def answered(bucket: str, key: str, headers: Mapping[str, str], query: Any = None) -> Answer:
        wanted = headers.get("range", "")
        before = _IS_RANGE.set(bool(_RANGE.fullmatch(wanted)))
        try:
            status, fields, body = ranged(get(bucket, key, headers, query), wanted)
        finally:
            _IS_RANGE.reset(before)
        return status, fields, body if isinstance(body, bytes) else body[:]

    return answered


def current_as_mapped(read: Callable[..., bytes], path: Callable[[str, str], str | None]) -> Callable[..., Body]:
    """Return a function that reads an object's content, and maps its file where a range of it is wanted.

    Parameters
    ----------
    read : callable
        MiniStack's, of a bucket, a key and what is known of the object, the content itself where no file has it.
    path : callable
        Of a bucket and a key: where the file is; none where there can be no such file.
    """

    @functools.wraps(read)
    def content(bucket: str, key: str, record: dict[str, Any]) -> Body:
        found = mapped(path(bucket, key)) if _IS_RANGE.get() and record.get("body") is None else None
        return read(bucket, key, record) if found is None else found

    return content


def version_as_mapped(
    read: Callable[..., bytes | None], path: Callable[[str, str, str], str | None]
) -> Callable[..., Body | None]:
    """Return a function that reads a version as `current_as_mapped` reads an object; what was replaced has a file."""

    @functools.wraps(read)
    def content(held: Any, bucket: str, key: str, version: dict[str, Any]) -> Body | None:
        of_file = _IS_RANGE.get() and version.get("data") is None
        found = mapped(path(bucket, key, version["version_id"])) if of_file else None
        return read(held, bucket, key, version) if found is None else found

    return content


def install() -> None:
    """Put it into the MiniStack of this process."""
    from ministack.services import s3

    if s3.S3_PERSIST:
        s3._read_body = current_as_mapped(s3._read_body, s3._object_disk_path)
        s3._version_body = version_as_mapped(s3._version_body, s3._version_disk_path)
    s3._get_object = with_ranges(s3._get_object)
