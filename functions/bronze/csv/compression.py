"""Exports that are compressed, by gzip or as a zip of one file. Their first bytes tell, whatever their name is."""

import gzip
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, BinaryIO, Final, cast

_GZIP: Final = b"\x1f\x8b"
# The second begins a zip of no files.
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
# How many first bytes tell, and within how many last ones the list of a zip's files is (with its longest comment).
HEAD: Final = 4
TAIL: Final = 1 << 17
# Folders, and what macOS adds to the files of a zip.
_NO_FILE: Final = ("__MACOSX/",)
_COPIED: Final = 8 << 20
# The size at a gzip file's end is modulo this.
_WRAPS: Final = 1 << 32
_SIZE: Final = 4
_OVERHEAD: Final = 64
_ENCRYPTED: Final = 0x1
# A file that is compressed again has no time of its own: the same content becomes the same bytes.
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
_DAMAGED: Final = "the compressed file is damaged or cut off; export or upload it again"
# What the library raises that opens a damaged zip: it believes the places and sizes that are written in it.
_UNREADABLE: Final = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError)


class CompressionError(ValueError):
    """A compressed file cannot be read: its text says why, and what to do."""


def is_compressed(head: bytes) -> bool:
    """Return whether a file that begins so is compressed."""
    return head.startswith((_GZIP, *_ZIP))


def expand(path: Path) -> None:
    """Put the content of a compressed file in its place; a file that is not compressed stays as it is.

    Parameters
    ----------
    path : Path
        Beside it there has to be room for the content.

    Raises
    ------
    CompressionError
        It is damaged, encrypted, or a zip of none or several files.
    """
    with path.open("rb") as source:
        if not is_compressed(source.read(HEAD)):
            return
        source.seek(0)
        expanded = path.with_name(f"{path.name}.expanded")
        try:
            with expanded.open("wb") as target, content_of(source) as content:
                copyfileobj(content, target, _COPIED)
        except BaseException:
            expanded.unlink(missing_ok=True)
            raise
    expanded.replace(path)


@contextmanager
def content_of(source: BinaryIO) -> Iterator[BinaryIO]:
    """Yield a file's content: what is compressed in it, or the file itself.

    Parameters
    ----------
    source : binary file
        At its beginning; it can be sought in.

    Raises
    ------
    CompressionError
        As `expand` says, at once or while it is read within the block.
    """
    head = source.read(HEAD)
    source.seek(0)
    if not is_compressed(head):
        yield source
        return
    with ExitStack() as stack:
        if head.startswith(_GZIP):
            content = cast("BinaryIO", stack.enter_context(gzip.open(source)))
        else:
            content = cast("BinaryIO", _only_file(stack.enter_context(_archive(source)), stack))
        try:
            yield content
        except (gzip.BadGzipFile, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise CompressionError(_DAMAGED) from error


def beginning_of(stream: BinaryIO, size: int) -> bytes:
    """Return the first bytes of the content of a file that is read once and forwards; raise as `content_of` does.

    Parameters
    ----------
    stream : binary file
    size : int
        Bytes.
    """
    head = stream.read(HEAD)
    if not is_compressed(head):
        return head + stream.read(size - len(head))
    with TemporaryFile() as file:
        file.write(head)
        copyfileobj(stream, file, _COPIED)
        file.seek(0)
        with content_of(file) as content:
            return content.read(size)


def compress_like(source: BinaryIO, content: BinaryIO, target: BinaryIO) -> None:
    """Write a content as a file has its own: in gzip, in a zip under the same name, or as it is.

    Parameters
    ----------
    source : binary file
        The file, at its beginning; `content_of` can read it.
    content, target : binary file
    """
    head = source.read(HEAD)
    source.seek(0)
    if head.startswith(_GZIP):
        with gzip.GzipFile(filename="", mode="wb", fileobj=target, mtime=0) as packed:
            copyfileobj(content, packed, _COPIED)
    elif head.startswith(_ZIP):
        with _archive(source) as archive:
            name = _entry(archive).filename
        info = zipfile.ZipInfo(name, _EARLIEST)
        info.compress_type = zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(target, "w") as archive, archive.open(info, "w", force_zip64=True) as member:
            copyfileobj(content, member, _COPIED)
    else:
        copyfileobj(content, target, _COPIED)


def content_bytes(head: bytes, tail: bytes, size: int) -> int:
    """Return how large the content of a file is, by its ends; of more than 4 GiB in gzip, at least.

    Parameters
    ----------
    head, tail : bytes
        Its first `HEAD` and its last `TAIL` bytes.
    size : int
        Bytes of the file, which is returned where it is not compressed or its end says nothing.
    """
    if head.startswith(_GZIP) and len(tail) >= _SIZE:
        told = int.from_bytes(tail[-_SIZE:], "little")
        # What cannot be compressed becomes larger by less than this.
        least = size - size // 100 - _OVERHEAD
        return told + max(0, -(-(least - told) // _WRAPS)) * _WRAPS
    if head.startswith(_ZIP):
        try:
            with zipfile.ZipFile(BytesIO(tail)) as archive:
                return sum(each.file_size for each in archive.infolist())
        except zipfile.BadZipFile:
            return size
    return size


def _archive(source: BinaryIO) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(source)
    except _UNREADABLE as error:
        raise CompressionError(_DAMAGED) from error


def _only_file(archive: zipfile.ZipFile, stack: ExitStack) -> IO[bytes]:
    found = _entry(archive)
    if found.flag_bits & _ENCRYPTED:
        raise CompressionError("the zip is encrypted; export it without a password")
    try:
        return stack.enter_context(archive.open(found))
    except NotImplementedError as error:
        raise CompressionError("the zip is compressed in a way that is not known here; use Deflate, or gzip") from error
    except _UNREADABLE as error:
        raise CompressionError(_DAMAGED) from error


def _entry(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    files = [each for each in archive.infolist() if not each.is_dir() and not each.filename.startswith(_NO_FILE)]
    if len(files) != 1:
        raise CompressionError(f"the zip holds {len(files)} files; it has to hold one, the CSV")
    return files[0]
