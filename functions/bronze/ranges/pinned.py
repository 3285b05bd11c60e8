"""An object as a run pinned it, read by ranges: never the whole of it is on the disk."""

import io
from pathlib import Path
from typing import BinaryIO, Final, cast

from botocore.exceptions import ClientError

from bronze.csv.landed import REPLACED
from bronze.csv.pieces import LONGEST_HEADER
from bronze.ranges.borders import first_record
from bronze.ranges.plan import Cut, File
from lakehouse.clients import together
from lakehouse.errors import ReplacedError, StorageError
from lakehouse.lake.s3 import Lake, Seekable

_BLOCK: Final = 8 << 20
# Blocks fetched at once; each waits for S3, and as many again may be ready.
_AT_ONCE: Final = 4


class Pinned:
    """The bytes of an object (`bronze.ranges.borders.Content`).

    Parameters
    ----------
    lake : Lake
    key, etag : str
    version_id : str or None
    size : int
        Bytes.
    name : str
        How a message names it.
    """

    def __init__(self, lake: Lake, key: str, etag: str, version_id: str | None, size: int, name: str) -> None:
        self._lake, self._key, self._etag, self._version = lake, key, etag, version_id
        self.size, self._name = size, name

    @classmethod
    def of(cls, lake: Lake, file: File) -> "Pinned":
        """Return the content of a file."""
        return cls(lake, file.key, file.etag, file.version_id, file.size, f"{file.table}.csv")

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from ``start`` to before ``end``; raise `StorageError` where it is not what was pinned."""
        end = min(end, self.size)
        if end <= start:
            return b""
        try:
            return self._read(start, end)
        except ReplacedError as error:
            raise StorageError(f"{self._name}{REPLACED}") from error

    def header(self) -> bytes:
        """Return its first line, as far as a header may go."""
        return io.BytesIO(self.read(0, LONGEST_HEADER)).readline()

    def seekable(self) -> BinaryIO:
        """Return it as a binary file that can be sought in."""
        return cast("BinaryIO", io.BufferedReader(_Raw(self), _BLOCK))

    def _read(self, start: int, end: int) -> bytes:
        try:
            return self._lake.range_of(self._key, self._etag, start, end, version_id=self._version)
        except ClientError as error:
            # As `bronze.csv.landed.opened_as_pinned` has it.
            if error.response["Error"]["Code"] != "AccessDenied" or self._version is None:
                raise
            self._version = None
            return self._lake.range_of(self._key, self._etag, start, end)


def fetch_range(lake: Lake, cut: Cut, number: int, folder: Path) -> Path:
    """Fetch a range as a file by itself: the header, and the records that begin within it."""
    content, body = Pinned.of(lake, cut.file), cut.file.body
    start, end = (first_record(content, body, place) for place in cut.span(number))
    path = folder / f"{cut.table}.csv"
    with path.open("wb") as file:
        file.write(content.read(0, body))
        blocks = range(start, end, _BLOCK)
        for block in together(lambda at: content.read(at, min(at + _BLOCK, end)), blocks, _AT_ONCE):
            file.write(block)
    return path


class _Raw(Seekable):
    """The bytes of an object as a file."""

    def __init__(self, content: Pinned) -> None:
        super().__init__(content.size)
        self._content = content

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        body = self._content.read(self._position, self._position + len(buffer))
        buffer[: len(body)] = body
        self._position += len(body)
        return len(body)
