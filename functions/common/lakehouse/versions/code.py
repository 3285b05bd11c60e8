"""The fingerprint of what writes the tables: the same code, contracts and libraries give the same fingerprint."""

import hashlib
import sys
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from lakehouse.contract import compiled, layers

# Their versions decide about the bytes of a Parquet file.
_LIBRARIES: Final = ("numpy", "pandas", "pyarrow")
# Every function has all of these packages beside it (docs/architecture.md).
_PACKAGES: Final = ("bronze", "silver", "gold", "forecast", "tests")


@cache
def code() -> str:
    """Return the fingerprint of the functions, the shared package and the libraries, 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for name in (*_PACKAGES, "lakehouse"):
        spec = find_spec(name)
        for folder in map(Path, spec.submodule_search_locations or () if spec else ()):
            for file in sorted(folder.rglob("*.py")):
                digest.update(f"{name}/{file.relative_to(folder).as_posix()}\0".encode())
                digest.update(file.read_bytes())
    # What the rules of Bronze were compiled to decides about which rows it sets aside.
    for table in layers.all_tables():
        digest.update(compiled.text_of(table).encode())
    digest.update(f"{sys.version_info[:2]}".encode())
    for library in _LIBRARIES:
        digest.update(f"{library} {metadata.version(library)}".encode())
    return digest.hexdigest()[:16]


@cache
def contract_sha256(table: str) -> str:
    """Return the SHA-256 of the text of a table's contract, in hexadecimal."""
    return hashlib.sha256(layers.text_of(table).encode()).hexdigest()
