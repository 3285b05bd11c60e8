"""The one storage module: every object that a Lambda reads or writes goes through a :class:`Lake`.

It records the keys that are read and written (:meth:`Lake.traffic`): so lineage is observed, not only declared.
"""

import heapq
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
from botocore.config import Config
from botocore.exceptions import ClientError

from lakehouse.contract import layers
from lakehouse.engine import parquet
from lakehouse.errors import StorageError
from lakehouse.lake import layout

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})


@dataclass(eq=False)
class Traffic:
    """Keys read and written, each once, in the order of their first use.

    Attributes
    ----------
    read, written : dict of str to None
    """

    read: dict[str, None] = field(default_factory=dict)
    written: dict[str, None] = field(default_factory=dict)

    def joined(self, other: "Traffic | None") -> "Traffic":
        """Return the traffic of both, the other's keys first."""
        if other is None:
            return self
        return Traffic(other.read | self.read, other.written | self.written)


class Lake:
    """One bucket, read and written as tables, bytes and JSON.

    Parameters
    ----------
    bucket : str
        The lakehouse's bucket.
    client : S3Client, optional
        A boto3 client; by default one made from the environment (``AWS_ENDPOINT_URL`` included).
    """

    def __init__(self, bucket: str, client: "S3Client | None" = None) -> None:
        self.bucket = bucket
        self.client: S3Client = client or boto3.client("s3", config=_config())
        self._recording: list[Traffic] = []

    @contextmanager
    def traffic(self) -> Iterator[Traffic]:
        """Record the keys that are read and written within the block."""
        traffic = Traffic()
        self._recording.append(traffic)
        try:
            yield traffic
        finally:
            self._recording.remove(traffic)

    def note_read(self, keys: Iterable[str]) -> None:
        """Record keys as read that another invocation read for this work."""
        for traffic in self._recording:
            traffic.read |= dict.fromkeys(keys)

    def uri(self, key: str) -> str:
        """Return ``s3://bucket/key``."""
        return f"s3://{self.bucket}/{key}"

    def open(self, key: str) -> BinaryIO:
        """Return an object's body as a binary stream, to be read once and forwards.

        Raises
        ------
        StorageError
            The object does not exist.
        """
        try:
            body = self.client.get_object(Bucket=self.bucket, Key=key)["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                raise StorageError(f"{self.uri(key)} does not exist") from error
            raise
        for traffic in self._recording:
            traffic.read[key] = None
        return cast("BinaryIO", body)

    def read_bytes(self, key: str) -> bytes:
        """Return an object's content; raise `StorageError` when it does not exist."""
        return self.open(key).read()

    def read_json(self, key: str) -> Any:
        """Return an object parsed as JSON; raise `StorageError` when it does not exist."""
        return json.loads(self.read_bytes(key))

    def read_table(self, key: str, columns: Sequence[str] | None = None, encoded: Sequence[str] = ()) -> pa.Table:
        """Return a Parquet object as a table.

        Parameters
        ----------
        key : str
        columns : sequence of str, optional
            The columns to decode, in this order; all by default.
        encoded : sequence of str
            The text columns to leave dictionary-encoded.
        """
        return parquet.read(pa.BufferReader(self.read_bytes(key)), columns, encoded)

    def parquet(self, key: str) -> pq.ParquetFile:
        """Open a Parquet object, to read its footer or some of its columns without fetching all of it.

        Raises
        ------
        StorageError
            The object does not exist.
        """
        size = self.size(key)
        if size is None:
            raise StorageError(f"{self.uri(key)} does not exist")
        for traffic in self._recording:
            traffic.read[key] = None
        return pq.ParquetFile(pa.PythonFile(_Ranges(self.client, self.bucket, key, size), mode="r"))

    def size(self, key: str) -> int | None:
        """Return an object's size in bytes, or None when it does not exist."""
        head = self._head(key)
        return None if head is None else int(head["ContentLength"])

    def write_table(self, table: pa.Table, key: str) -> int:
        """Write a table as snappy Parquet and return its size in bytes; equal tables give equal bytes."""
        sink = io.BytesIO()
        parquet.write(table, sink)
        return self.write_bytes(sink.getvalue(), key, "application/vnd.apache.parquet")

    def upload(self, path: Path, key: str) -> int:
        """Write a file as an object, by multipart upload where it is large, and return its size in bytes."""
        self.client.upload_file(str(path), self.bucket, key)
        for traffic in self._recording:
            traffic.written[key] = None
        return path.stat().st_size

    def write_bytes(self, content: bytes, key: str, content_type: str = "application/octet-stream") -> int:
        """Write an object in one atomic put and return its size in bytes."""
        self.client.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType=content_type)
        for traffic in self._recording:
            traffic.written[key] = None
        return len(content)

    def write_json(self, content: Any, key: str) -> int:
        """Write an object as readable JSON and return its size in bytes."""
        text = json.dumps(content, ensure_ascii=False, indent=1)
        return self.write_bytes(text.encode(), key, "application/json")

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys under a prefix, in order."""
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
            for entry in page.get("Contents", ()):
                yield entry["Key"]

    def parts(self, table: str) -> int:
        """Return in how many parts a table is published.

        Raises
        ------
        StorageError
            It is not published, or the objects under its prefix are not one whole table.
        """
        prefix, layer = layout.published_prefix(table), layers.layer_of(table)
        keys = list(self.list(prefix))
        parts = layout.parts_of(table, keys)
        if parts is None and not keys:
            raise StorageError(f"{self.uri(prefix)} does not exist; run {layer} first")
        if parts is None:
            raise StorageError(
                f"{self.uri(prefix)} holds {len(keys)} objects that are not one whole table: a publication was "
                f"interrupted, or there are strangers, such as {keys[0].removeprefix(prefix)}; run {layer} again"
            )
        return parts

    def published(self, table: str) -> Iterator[str]:
        """Yield the keys of a published table, part by part; raise `StorageError` as `parts` does."""
        parts = self.parts(table)
        for part in range(parts):
            yield layout.published_key(table, part, parts)

    def newest(self, prefix: str, most: int) -> Sequence[str]:
        """Return the keys of the newest objects under a prefix, newest first, ``most`` at most."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        written = [(entry["LastModified"], entry["Key"]) for page in pages for entry in page.get("Contents", ())]
        return [key for _, key in heapq.nlargest(most, written)]

    def last_modified(self, key: str) -> datetime | None:
        """Return when an object was written (UTC), or None when it does not exist."""
        head = self._head(key)
        return None if head is None else cast("datetime", head["LastModified"])

    def _head(self, key: str) -> dict[str, Any] | None:
        try:
            return dict(self.client.head_object(Bucket=self.bucket, Key=key))
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return None
            raise


def _config() -> Config | None:
    """Return path-style addressing where S3 is not AWS's: no host is called ``bucket.host.docker.internal``."""
    return Config(s3={"addressing_style": "path"}) if os.environ.get("AWS_ENDPOINT_URL") else None


class _Ranges(io.RawIOBase):
    """An S3 object as a seekable file, read by ranges."""

    def __init__(self, client: "S3Client", bucket: str, key: str, size: int) -> None:
        self._client, self._bucket, self._key, self._size = client, bucket, key, size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = start + offset
        return self._position

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._position + size, self._size)
        if end <= self._position:
            return b""
        span = f"bytes={self._position}-{end - 1}"
        body = self._client.get_object(Bucket=self._bucket, Key=self._key, Range=span)["Body"].read()
        self._position += len(body)
        return body
