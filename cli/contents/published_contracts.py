"""The contracts that a version of the lake was published under, and what became of them since."""

from cli import ROOT
from cli.contracts import commits
from lakehouse.lake.s3 import Lake
from lakehouse.versions import contracts
from lakehouse.versions.version import Version
from lakehouse.versions.view import View


def texts_of(view: View) -> tuple[dict[str, str], list[str]]:
    """Return the contracts that a version's tables were audited under, by table, and the tables whose nobody kept."""
    return ({}, []) if view.version is None else texts_of_version(view.lake, view.version)


def texts_of_version(lake: Lake, version: Version) -> tuple[dict[str, str], list[str]]:
    """Return the same of a version.

    Those that the lake does not keep, as older code published them, may be in the history of this checkout.
    """
    texts = contracts.kept(lake, version)
    for table in version.ordered:
        if table.table not in texts:
            found = commits.with_sha256(ROOT, table.table, table.contract_sha256)
            if found is not None:
                texts[table.table] = found
    return texts, [table.table for table in version.ordered if table.table not in texts]
