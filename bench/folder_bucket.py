# ruff: noqa: N803 - arguments are named as boto3 names them
"""A bucket that is a folder: what Bronze asks of S3, answered from files; processes share it, and it may be large.

It answers the calls that `lakehouse.lake.s3` makes for a run in ranges, and counts them. It is no S3: there are no
versions, and an ETag is the size and the time of a file.
"""

import io
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from uuid import uuid4

from botocore.exceptions import ClientError


class FolderBucket:
    """A client of S3 with one bucket.

    Parameters
    ----------
    folder : Path
        An object is a file in it, called as the quoted key.

    Attributes
    ----------
    asked : Counter
        How often each operation was called.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self.asked = folder, Counter[str]()
        folder.mkdir(parents=True, exist_ok=True)

    def get_object(self, *, Key: str, Range: str | None = None, IfMatch: str | None = None, **_: Any) -> dict[str, Any]:
        """Return an object, or a range of it."""
        self.asked["get_object"] += 1
        path, etag = self._there(Key, "GetObject")
        if IfMatch is not None and IfMatch != etag:
            raise _error("PreconditionFailed", "GetObject")
        if Range is None:
            return {"Body": path.open("rb"), "ETag": etag}
        start, end = map(int, Range.removeprefix("bytes=").split("-"))
        with path.open("rb") as file:
            file.seek(start)
            return {"Body": io.BytesIO(file.read(end + 1 - start)), "ETag": etag}

    def head_object(self, *, Key: str, **_: Any) -> dict[str, Any]:
        """Return what is known of an object."""
        self.asked["head_object"] += 1
        path, etag = self._there(Key, "HeadObject")
        about = path.stat()
        return {
            "ETag": etag,
            "ContentLength": about.st_size,
            "LastModified": datetime.fromtimestamp(about.st_mtime, UTC),
        }

    def put_object(self, *, Key: str, Body: bytes, IfNoneMatch: str | None = None, **_: Any) -> dict[str, Any]:
        """Write an object in one step."""
        self.asked["put_object"] += 1
        if IfNoneMatch and self._path(Key).exists():
            raise _error("PreconditionFailed", "PutObject")
        written = self._folder / f".{uuid4()}"
        written.write_bytes(Body)
        written.replace(self._path(Key))
        return {"ETag": self._there(Key, "PutObject")[1]}

    def create_multipart_upload(self, **_: Any) -> dict[str, Any]:
        """Begin an object that is written in pieces."""
        self.asked["create_multipart_upload"] += 1
        return {"UploadId": f".{uuid4()}"}

    def upload_part(self, *, UploadId: str, Body: bytes, **_: Any) -> dict[str, Any]:
        """Write the next piece; pieces are in order here."""
        self.asked["upload_part"] += 1
        with (self._folder / UploadId).open("ab") as file:
            file.write(Body)
        return {"ETag": '""'}

    def complete_multipart_upload(self, *, Key: str, UploadId: str, **_: Any) -> dict[str, Any]:
        """Have an object that was written in pieces."""
        self.asked["complete_multipart_upload"] += 1
        (self._folder / UploadId).replace(self._path(Key))
        return {}

    def abort_multipart_upload(self, *, UploadId: str, **_: Any) -> None:
        """Give up an object that was to be written in pieces."""
        (self._folder / UploadId).unlink(missing_ok=True)

    def get_paginator(self, operation: str) -> "FolderBucket":
        """Return what lists objects; there is one page."""
        if operation != "list_objects_v2":
            raise NotImplementedError(operation)
        return self

    def paginate(self, *, Prefix: str, StartAfter: str = "", **_: Any) -> Iterator[dict[str, Any]]:
        """Yield the objects under a prefix."""
        self.asked["list_objects_v2"] += 1
        files = {unquote(path.name): path for path in self._folder.iterdir() if not path.name.startswith(".")}
        keys = sorted(key for key in files if key.startswith(Prefix) and key > StartAfter)
        yield {
            "Contents": [
                {"Key": key, "Size": about["ContentLength"], **about}
                for key in keys
                for about in (self.head_object(Key=key),)
            ]
        }

    def place(self, key: str) -> Path:
        """Return the file of an object, to be written by other means."""
        return self._path(key)

    def _path(self, key: str) -> Path:
        return self._folder / quote(key, safe="")

    def _there(self, key: str, operation: str) -> tuple[Path, str]:
        path = self._path(key)
        if not path.exists():
            raise _error("NoSuchKey", operation)
        about = path.stat()
        return path, f'"{about.st_size}-{about.st_mtime_ns}"'


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)
