"""The catalogue follows the versions: each entry shows the files of the newest one. After a commit, never before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse.clients import together
from lakehouse.contract.model import load
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.s3 import Lake
from lakehouse.runtime import log_table
from lakehouse.versions.registered import entry
from lakehouse.versions.version import TableVersion, Version

_REASON: Final = 300


@dataclass(frozen=True)
class Registered:
    """What became of the catalogue.

    Attributes
    ----------
    outcomes : mapping of str to str
        ``created``, ``updated``, ``unchanged`` or ``newer``, by ``database.table``.
    lagging : mapping of str to str
        Why a table's entry could not be moved, by ``database.table``.
    """

    outcomes: Mapping[str, str]
    lagging: Mapping[str, str]


def register(catalog: Catalog, lake: Lake, version: Version, *, exactly: bool = False) -> Registered:
    """Make the catalogue show a version, all tables at once; one that cannot be moved does not keep the others.

    What a reader of the catalogue sees is table by table, for as short a time as possible.

    Parameters
    ----------
    catalog : Catalog
    lake : Lake
    version : Version
    exactly : bool
        Whether what others have put into the entries goes, as a repair wants it (`Catalog.register`).
    """
    outcomes: dict[str, str] = {}
    lagging: dict[str, str] = {}

    def move(table: TableVersion) -> None:
        name = load(table.table).qualified_name
        try:
            outcome = catalog.register(entry(lake, version, table), exactly=exactly)
        except (ClientError, BotoCoreError) as error:
            lagging[name] = str(error)[:_REASON]
            log_table("not registered", name, table.rows, failed=True, error=str(error)[:_REASON])
        else:
            outcomes[name] = outcome
            log_table("registered", name, table.rows, outcome=outcome)

    list(together(move, version.ordered))
    return Registered(outcomes, lagging)
