"""Whether the files of tables are there as they were audited, by listings alone: no file is read."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from lakehouse.clients import together
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions.version import TableVersion

GONE: Final = "is gone"
FOREIGN: Final = "was written by somebody else"
REPLACED: Final = "was replaced"


class Difference(NamedTuple):
    """A file that is not as it was audited.

    Attributes
    ----------
    key, what : str
        ``what`` is one of `GONE`, `FOREIGN` and `REPLACED`.
    """

    key: str
    what: str

    def __str__(self) -> str:
        """Return it as a clause."""
        return f"{self.key} {self.what}"


def differing(lake: Lake, tables: Iterable[TableVersion]) -> list[str]:
    """Return what differs between the files that tables name and those in their runs' folders; nothing where whole.

    Parameters
    ----------
    lake : Lake
    tables : iterable of TableVersion

    Returns
    -------
    list of str
        A clause for each file, in the order of the keys: ``<key> is gone``, ``... was replaced``, ``... was written by
        somebody else``.
    """
    return sorted(str(each) for found in together(lambda table: differences(lake, table), tables) for each in found)


def differences(lake: Lake, table: TableVersion) -> list[Difference]:
    """Return what differs between the files that a table names and those in its run's folder, in order of the keys."""
    expected = {file.key: (file.etag, file.bytes) for file in table.files}
    found = {each.key: (each.etag, each.bytes) for each in lake.objects(layout.run_prefix(table.table, table.run))}
    return sorted(
        [
            *(Difference(key, GONE) for key in expected.keys() - found.keys()),
            *(Difference(key, FOREIGN) for key in found.keys() - expected.keys()),
            *(Difference(key, REPLACED) for key in expected.keys() & found.keys() if expected[key] != found[key]),
        ]
    )
