"""The one storage module: every object that a Lambda reads or writes goes through a :class:`Lake`.

It records the keys that are read and written (:meth:`Lake.traffic`): so lineage is observed, not only declared.
"""

import heapq
import io
import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple, cast

import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import ClientError

from lakehouse.clients import client_of
from lakehouse.engine import parquet
from lakehouse.errors import ReplacedError, StorageError
from lakehouse.lake.layout import UPLOADED_FOR

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_ABSENT: Final = frozenset({"NoSuchKey", "NoSuchVersion", "404", "NotFound"})
_PARQUET: Final = "application/vnd.apache.parquet"
# A conditional write that found the object there already, and one that met another write to the same key.
_TAKEN: Final = frozenset({"PreconditionFailed", "412"})
_MET: Final = frozenset({"ConditionalRequestConflict", "409", "OperationAborted"})
_ATTEMPTS: Final = 6
# The size of the parts in which a large file is uploaded; a smaller one goes in one put.
_PIECE: Final = 64 << 20
# What lies between two pieces of a file comes quicker with them than they come apart: as many bytes come while S3 lets
# a request wait (25 ms).
_WORTH_A_REQUEST: Final = 1 << 20


class Stored(NamedTuple):
    """What S3 says of an object.

    Attributes
    ----------
    key, etag : str
        The ETag is without its quotes.
    bytes : int
    modified : datetime
        When it was written, UTC.
    version_id : str or None
        None in a bucket that keeps no versions, and in listings.
    run : str or None
        The run that it was uploaded for (`layout.UPLOADED_FOR`); None where it does not say, and in listings.
    """

    key: str
    etag: str
    bytes: int
    modified: datetime
    version_id: str | None = None
    run: str | None = None


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
        A boto3 client; by default this process's one (`lakehouse.clients`).
    """

    def __init__(self, bucket: str, client: "S3Client | None" = None) -> None:
        self.bucket = bucket
        self.client: S3Client = client or client_of("s3")
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

    def open(self, key: str, *, etag: str | None = None, version_id: str | None = None) -> BinaryIO:
        """Return an object's body as a binary stream, to be read once and forwards.

        Parameters
        ----------
        key : str
        etag : str, optional
            What the object must still be.
        version_id : str, optional
            The version of the object that is read; the newest one by default.

        Raises
        ------
        StorageError
            The object does not exist.
        ReplacedError
            It is not the one with the ETag.
        """
        return cast("BinaryIO", self._get(key, etag, version_id)["Body"])

    def get(self, key: str) -> tuple[bytes, str]:
        """Return an object's content and its ETag; raise `StorageError` when it does not exist."""
        answer = self._get(key)
        return answer["Body"].read(), _bare(answer["ETag"])

    def read_bytes(self, key: str, *, etag: str | None = None) -> bytes:
        """Return an object's content; raise `StorageError` as `open` does."""
        return self.open(key, etag=etag).read()

    def read_json(self, key: str) -> Any:
        """Return an object parsed as JSON; raise `StorageError` when it does not exist."""
        return json.loads(self.read_bytes(key))

    def read_table(
        self, key: str, columns: Sequence[str] | None = None, encoded: Sequence[str] = (), *, etag: str | None = None
    ) -> pa.Table:
        """Return a Parquet object as a table; raise `StorageError` as `open` does.

        Parameters
        ----------
        key : str
        columns : sequence of str, optional
            The columns to decode, in this order; all by default.
        encoded : sequence of str
            The text columns to leave dictionary-encoded.
        etag : str, optional
            What the object must still be.
        """
        return parquet.read(pa.BufferReader(self.read_bytes(key, etag=etag)), columns, encoded)

    def parquet(self, key: str, *, etag: str | None = None, size: int | None = None) -> pq.ParquetFile:
        """Open a Parquet object, to read its footer or some of its columns without fetching all of it.

        Raise `StorageError` as `found` does.

        Parameters
        ----------
        key : str
        etag : str, optional
            What the object must still be.
        size : int, optional
            How many bytes that has, where a record says so: then S3 is not asked first.
        """
        return self._ranges(key, etag, size).parquet()

    def read_columns(
        self, key: str, columns: Sequence[str], *, etag: str | None = None, size: int | None = None
    ) -> pa.Table:
        """Return some columns of a Parquet object, in this order, by as few requests as that takes.

        Raise `StorageError` as `found` does.

        Parameters
        ----------
        key, etag, size
            As `parquet` has them.
        columns : sequence of str
        """
        ranges = self._ranges(key, etag, size)
        with ranges.parquet() as file:
            ranges.fetch_columns(file.metadata, columns)
            return file.read(list(columns), use_threads=False).select(list(columns))

    def read_first(
        self,
        key: str,
        *,
        columns: Callable[[pa.Schema], Sequence[str]],
        etag: str | None = None,
        size: int | None = None,
        chosen: Callable[[int], Sequence[int]] = lambda _: (0,),
    ) -> tuple[pa.Schema, pa.Table]:
        """Return a Parquet object's schema and some row groups, by default the first, by as few requests as that takes.

        Raise `StorageError` as `found` does.

        Parameters
        ----------
        key, etag, size
            As `parquet` has them.
        columns : callable
            Takes the schema and returns the columns that are wanted of the rows.
        chosen : callable
            Takes how many row groups there are, and returns the numbers of those that are wanted.
        """
        ranges = self._ranges(key, etag, size)
        with ranges.parquet() as file:
            schema = file.schema_arrow
            names = list(columns(schema))
            if not file.num_row_groups or not names:
                return schema, schema.empty_table().select(names)
            groups = list(chosen(file.num_row_groups))
            ranges.fetch_columns(file.metadata, names, groups)
            return schema, file.read_row_groups(groups, names, use_threads=False).select(names)

    def _ranges(self, key: str, etag: str | None, size: int | None) -> "_Ranges":
        if etag is None or size is None:
            found = self.found(key, etag=etag)
            etag, size = found.etag, found.bytes
        return _Ranges(self, key, etag, size)

    def range_of(self, key: str, etag: str | None, start: int, end: int, *, version_id: str | None = None) -> bytes:
        """Return the bytes from ``start`` to before ``end`` of an object, which has some.

        Parameters
        ----------
        key : str
        etag, version_id : str, optional
            As `open` has them; it raises the same errors.
        start, end : int
            Within the object.
        """
        content = cast("bytes", self._get(key, etag, version_id, f"bytes={start}-{end - 1}")["Body"].read())
        if len(content) != end - start:
            raise StorageError(f"{self.uri(key)} has {len(content):,} bytes where {end - start:,} were asked for")
        return content

    def found(self, key: str, *, etag: str | None = None) -> Stored:
        """Return what S3 says of an object that is read by other means than this module, and record that it is read.

        Raises
        ------
        StorageError
            The object does not exist.
        ReplacedError
            It is not the one with the ETag.
        """
        found = self.about(key)
        if found is None:
            raise StorageError(f"{self.uri(key)} does not exist")
        if etag is not None and found.etag != etag:
            raise self._replaced(key)
        self.note_read([key])
        return found

    def about(self, key: str, version_id: str | None = None) -> Stored | None:
        """Return what S3 says of an object, or None when it does not exist."""
        which: dict[str, Any] = {"VersionId": version_id} if version_id else {}
        try:
            head = self.client.head_object(Bucket=self.bucket, Key=key, **which)
        except ClientError as error:
            # An identifier that is no version of the bucket is refused as malformed.
            if error.response["Error"]["Code"] in _ABSENT or (which and error.response["Error"]["Code"] == "400"):
                return None
            raise
        kept = head.get("VersionId")
        version = None if kept in {None, "null"} else kept
        run = head.get("Metadata", {}).get(UPLOADED_FOR)
        return Stored(key, _bare(head["ETag"]), int(head["ContentLength"]), head["LastModified"], version, run)

    def size(self, key: str) -> int | None:
        """Return an object's size in bytes, or None when it does not exist."""
        found = self.about(key)
        return None if found is None else found.bytes

    def last_modified(self, key: str) -> datetime | None:
        """Return when an object was written (UTC), or None when it does not exist."""
        found = self.about(key)
        return None if found is None else found.modified

    def write_table(self, table: pa.Table, key: str) -> int:
        """Write a table as snappy Parquet and return its size in bytes; equal tables give equal bytes."""
        return self.write_bytes(_encoded(table), key, _PARQUET)

    def write_table_once(self, table: pa.Table, key: str, incompressible: Collection[str] = ()) -> int:
        """Write a table that nothing may ever replace, and return its size in bytes.

        Parameters
        ----------
        table : pa.Table
        key : str
        incompressible : collection of str
            As of `lakehouse.engine.parquet.writer`.

        Raises
        ------
        StorageError
            Another table is there.
        """
        content = _encoded(table, incompressible)
        if not self.put_new(content, key, _PARQUET):
            raise self._taken(key)
        return len(content)

    def upload_once(self, path: Path, key: str) -> int:
        """Write a file that nothing may ever replace, in pieces where it is large, and return its size in bytes.

        Raises
        ------
        StorageError
            Another object is there.
        """
        size = path.stat().st_size
        if size <= _PIECE:
            is_ours = self.put_new(path.read_bytes(), key, _PARQUET)
        else:
            is_ours = self._conditionally(lambda: self._upload_new(path, key), lambda: self._has(key, path))
            self._note_written(key)
        if not is_ours:
            raise self._taken(key)
        return size

    def put_new(self, content: bytes, key: str, content_type: str) -> bool:
        """Write an object where there is none; return whether the object that is there now has this content.

        Of several that write to one key at once exactly one succeeds. An attempt whose answer was lost is known by its
        content.
        """

        def put() -> None:
            self.client.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType=content_type, IfNoneMatch="*")

        is_ours = self._conditionally(put, lambda: self.read_bytes(key) == content)
        self._note_written(key)
        return is_ours

    def put_over(self, content: bytes, key: str, content_type: str, etag: str | None) -> bool:
        """Write an object over the one with an ETag, None: where there is none; return whether it is there now.

        Where somebody else has written or deleted it meanwhile, nothing is written.
        """
        if etag is None:
            return self.put_new(content, key, content_type)

        def put() -> None:
            self.client.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType=content_type, IfMatch=etag)

        is_ours = self._conditionally(put, lambda: self._is(key, content))
        self._note_written(key)
        return is_ours

    def write_bytes(self, content: bytes, key: str, content_type: str = "application/octet-stream") -> int:
        """Write an object in one atomic put and return its size in bytes."""
        self.client.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType=content_type)
        self._note_written(key)
        return len(content)

    def write_stream(self, content: BinaryIO, key: str) -> int:
        """Write an object in pieces, as they are read, and return its size in bytes; what is there is replaced.

        A stream without a byte becomes an empty object.
        """
        first = content.read(_PIECE)
        if len(first) < _PIECE:
            return self.write_bytes(first, key)
        size = self._upload(cast("BinaryIO", _Begun(first, content)), key, "application/octet-stream")
        self._note_written(key)
        return size

    @staticmethod
    def json_of(content: Any) -> bytes:
        """Return readable JSON, as objects of the lake have it."""
        return json.dumps(content, ensure_ascii=False, indent=1).encode()

    def write_json(self, content: Any, key: str) -> int:
        """Write an object as readable JSON and return its size in bytes."""
        return self.write_bytes(self.json_of(content), key, "application/json")

    def objects(self, prefix: str, after: str = "") -> Iterator[Stored]:
        """Yield what S3 says of each object under a prefix, in the order of the keys.

        Parameters
        ----------
        prefix : str
        after : str
            A key: only the later ones are listed.
        """
        later: dict[str, Any] = {"StartAfter": after} if after else {}
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix, **later)
        for page in pages:
            for entry in page.get("Contents", ()):
                yield Stored(entry["Key"], _bare(entry["ETag"]), int(entry["Size"]), entry["LastModified"])

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        """Yield the keys under a prefix, in order, those after a key alone where one is given."""
        for found in self.objects(prefix, after):
            yield found.key

    def newest(self, prefix: str, most: int) -> Sequence[str]:
        """Return the keys of the newest objects under a prefix, newest first, ``most`` at most."""
        written = ((found.modified, found.key) for found in self.objects(prefix))
        return [key for _, key in heapq.nlargest(most, written)]

    def _get(
        self, key: str, etag: str | None = None, version_id: str | None = None, span: str | None = None
    ) -> Mapping[str, Any]:
        conditions: dict[str, Any] = {} if span is None else {"Range": span}
        if etag is not None:
            conditions["IfMatch"] = f'"{etag}"'
        if version_id is not None:
            conditions["VersionId"] = version_id
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=key, **conditions)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _ABSENT:
                raise StorageError(f"{self.uri(key)} does not exist") from error
            if code in _TAKEN:
                raise self._replaced(key) from error
            raise
        for traffic in self._recording:
            traffic.read[key] = None
        return cast("Mapping[str, Any]", answer)

    def _conditionally(self, write: Callable[[], None], is_ours: Callable[[], bool]) -> bool:
        """Write where there is nothing; where something is, return whether it is ours."""
        for attempt in range(_ATTEMPTS):
            try:
                write()
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code in _TAKEN or code in _ABSENT:
                    return is_ours()
                if code not in _MET or attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(0.05 * 2**attempt)
            else:
                return True
        return False

    def _is(self, key: str, content: bytes) -> bool:
        return self.size(key) == len(content) and self.read_bytes(key) == content

    def _upload_new(self, path: Path, key: str) -> None:
        with path.open("rb") as content:
            self._upload(content, key, _PARQUET, IfNoneMatch="*")

    def _upload(self, content: BinaryIO, key: str, content_type: str, **conditions: Any) -> int:
        begun = self.client.create_multipart_upload(Bucket=self.bucket, Key=key, ContentType=content_type)
        upload: dict[str, Any] = {"Bucket": self.bucket, "Key": key, "UploadId": begun["UploadId"]}
        size = 0
        try:
            pieces: list[dict[str, Any]] = []
            for number, piece in enumerate(iter(lambda: content.read(_PIECE), b""), 1):
                sent = self.client.upload_part(**upload, PartNumber=number, Body=piece)
                pieces.append({"PartNumber": number, "ETag": sent["ETag"]})
                size += len(piece)
            parts: Any = {"Parts": pieces}
            self.client.complete_multipart_upload(**upload, MultipartUpload=parts, **conditions)
        except BaseException:
            self.client.abort_multipart_upload(**upload)
            raise
        return size

    def _has(self, key: str, path: Path) -> bool:
        """Return whether an object has the content of a file."""
        if self.size(key) != path.stat().st_size:
            return False
        body = self.open(key)
        with path.open("rb") as content:
            return all(body.read(len(piece)) == piece for piece in iter(lambda: content.read(1 << 20), b""))

    def _note_written(self, key: str) -> None:
        for traffic in self._recording:
            traffic.written[key] = None

    def _taken(self, key: str) -> StorageError:
        return StorageError(
            f"{self.uri(key)} is there already, with other content: a run's files are written once; run again under "
            "another run id"
        )

    def _replaced(self, key: str) -> ReplacedError:
        return ReplacedError(
            f"{self.uri(key)} is not the file that it was: it was replaced behind the project's back; "
            "`./importau verify` names every such file, and `./importau rollback` goes back to a whole version"
        )


class _Begun:
    """A stream whose first piece was read."""

    def __init__(self, first: bytes, rest: BinaryIO) -> None:
        self._first, self._rest = first, rest

    def read(self, size: int) -> bytes:
        """Return that piece, then what follows."""
        first, self._first = self._first, b""
        return first or self._rest.read(size)


def _bare(etag: str) -> str:
    return etag.strip('"')


def _encoded(table: pa.Table, incompressible: Collection[str] = ()) -> bytes:
    sink = io.BytesIO()
    parquet.write(table, sink, incompressible)
    return sink.getvalue()


class Seekable(io.RawIOBase):
    """A file of which every byte can be had by itself; who reads from it moves ``_position``.

    Parameters
    ----------
    size : int
        Bytes.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size, self._position = size, 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it can be sought in."""
        return True

    def tell(self) -> int:
        """Return where the next byte is read."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, and return it."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = start + offset
        return self._position


class _Ranges(Seekable):
    """An S3 object as a seekable file, read by ranges; all of them are of the same object, also if it is replaced."""

    def __init__(self, lake: Lake, key: str, etag: str, size: int) -> None:
        super().__init__(size)
        self._lake, self._key, self._etag = lake, key, etag
        self._kept: list[tuple[int, bytes]] = []

    def parquet(self) -> pq.ParquetFile:
        """Open it as Parquet."""
        return pq.ParquetFile(pa.PythonFile(self, mode="r"))

    def fetch_columns(
        self, metadata: pq.FileMetaData, columns: Sequence[str], groups: Sequence[int] | None = None
    ) -> None:
        """Fetch what some columns take in some row groups, by default in all of them, neighbours together."""
        wanted = sorted(
            span
            for group in map(metadata.row_group, range(metadata.num_row_groups) if groups is None else groups)
            for span in _chunks(group, frozenset(columns))
        )
        together: list[tuple[int, int]] = []
        for start, end in wanted:
            if together and start - together[-1][1] <= _WORTH_A_REQUEST:
                together[-1] = (together[-1][0], max(end, together[-1][1]))
            else:
                together.append((start, end))
        for start, end in together:
            if self._from_kept(start, end) is None:
                self._kept.append((start, self._lake.range_of(self._key, self._etag, start, end)))

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._position + size, self._size)
        if end <= self._position:
            return b""
        body = self._from_kept(self._position, end)
        if body is None:
            body = self._lake.range_of(self._key, self._etag, self._position, end)
            # What is read first is the file's end, with its footer: of a small file, all of it.
            if not self._kept:
                self._kept.append((self._position, body))
        self._position += len(body)
        return body

    def _from_kept(self, start: int, end: int) -> bytes | None:
        for begin, content in self._kept:
            if begin <= start and end <= begin + len(content):
                return content[start - begin : end - begin]
        return None


def _chunks(group: Any, columns: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Yield from where to where the columns of a row group lie in their file."""
    for column in map(group.column, range(group.num_columns)):
        if column.path_in_schema.partition(".")[0] in columns:
            # 0 stands for none; without a row there is neither.
            offsets = [at for at in (column.dictionary_page_offset, column.data_page_offset) if at]
            if offsets:
                yield min(offsets), min(offsets) + column.total_compressed_size
