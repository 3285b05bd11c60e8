"""Which version the catalogue shows of each table: it is moved after a commit, and that can be interrupted."""

from typing import Final

from cli.session import Aws
from lakehouse.lake import layout
from lakehouse.lake.catalogue import LAKE_VERSION, Catalog
from lakehouse.versions.version import Version

NONE: Final = 0


def shown(aws: Aws) -> dict[str, int]:
    """Return the number of the version that the catalogue shows of each table; 0 where its entry names none."""
    catalog = Catalog(aws.client("glue"), aws.stage)
    found = {}
    for layer in layout.LAYERS:
        for table in catalog.tables(layout.database_of(layer)):
            number = table.get("Parameters", {}).get(LAKE_VERSION, "")
            found[str(table["Name"])] = int(number) if number.isdigit() else NONE
    return found


def lagging(aws: Aws, newest: Version) -> dict[str, int]:
    """Return the tables of which the catalogue does not show the newest version; and which it shows, 0 for none."""
    there = shown(aws)
    return {
        each.table: there.get(each.table, NONE)
        for each in newest.ordered
        if there.get(each.table, NONE) != newest.number
    }
