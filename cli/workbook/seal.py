"""The seal of a workbook: by it an export knows a file that it wrote and that nobody changed since."""

import hashlib
import re
import zipfile
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from xlsxwriter import Workbook

_PROPERTY: Final = "importau-sha256"
_PLACE: Final = "docProps/custom.xml"
_UNSEALED: Final = "0" * 64
_SEAL: Final = re.compile(rf'name="{_PROPERTY}"><vt:lpwstr>([0-9a-f]{{64}})<'.encode())
# The earliest time that a ZIP file can have.
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)


def prepare(book: "Workbook") -> None:
    """Give a workbook that is being written the place of its seal, a property of its own."""
    book.set_custom_property(_PROPERTY, _UNSEALED, "text")


def sealed(content: bytes) -> bytes:
    """Return a prepared workbook with its seal: the SHA-256 of all that is in it but the seal."""
    members = _members(content)
    members[_PLACE] = members[_PLACE].replace(_UNSEALED.encode(), _digest(members).encode())
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            entry = zipfile.ZipInfo(name, _NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, body)
    return file.getvalue()


def is_sealed(content: bytes) -> bool:
    """Return whether a file is a workbook of ours, as it was written."""
    try:
        members = _members(content)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError):
        return False
    found = _SEAL.search(members.get(_PLACE, b""))
    return found is not None and found[1].decode() == _digest(members)


def _members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def _digest(members: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, body in members.items():
        if name != _PLACE:
            digest.update(f"{name}\0{len(body)}\0".encode())
            digest.update(body)
    return digest.hexdigest()
