"""The disk of a function, which has room for so much."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lakehouse.errors import LakehouseError


@contextmanager
def full_disk_explained(folder: Path) -> Iterator[None]:
    """Raise an error that says what to do, where the files in a folder do not fit the function's disk."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise LakehouseError(
            f"the files do not fit the function's {folder.parent}; raise EphemeralStorage in template.yaml"
        ) from error
