"""Files that are compressed as programs do it."""

import io
import zipfile


def zipped(content: bytes, name: str = "pedidos.csv", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of one file."""
    return archive({name: content}, method)


def archive(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of some files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as written:
        for name, content in files.items():
            written.writestr(name, content)
    return target.getvalue()
