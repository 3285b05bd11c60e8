"""What `importau verify` checks of tables: of all, or of one by itself."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from cli.contents.authors import Authors
from cli.contents.checks import CHECKS, Check
from cli.contents.files import Examined, Found
from cli.contents.history import Kept
from cli.contents.outcome import Outcome
from cli.contents.over_time import over_time, unjudged
from cli.contents.reports import (
    Expired,
    GovernanceReports,
    audit_problems,
    governance_problems,
    named,
    quarantine_problems,
    suspected,
)
from cli.terminal import present
from lakehouse.clients import together
from lakehouse.contract import layers
from lakehouse.contract.drift import footer_drift
from lakehouse.contract.model import load
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.s3 import Lake
from lakehouse.versions import crawled
from lakehouse.versions.discovery import discovered
from lakehouse.versions.registered import compared
from lakehouse.versions.view import View


def registered(catalog: Catalog) -> dict[str, Any]:
    """Return the catalogue's entries in the databases of the layers, by ``database.table``."""
    databases = list(map(layout.database_of, layers.LAYERS))
    listed = together(lambda name: list(catalog.tables(name)), databases)
    return {
        f"{database}.{table['Name']}": table
        for database, tables in zip(databases, listed, strict=True)
        for table in tables
    }


def as_registered(view: View, registered: Mapping[str, Any], authors: Authors, tables: Sequence[str]) -> Outcome:
    """Compare the catalogue's entries of some tables with what registration would make of them."""
    wrong: list[str] = []
    version = view.version
    for contract in map(load, tables):
        if contract.table not in view.tables and contract.qualified_name not in registered:
            wrong.append(f"{contract.qualified_name} is missing")
    for entry in compared(view.lake, version, registered) if version else ():
        table = entry.name.partition(".")[2]
        if table not in tables:
            continue
        if entry.found is None:
            wrong.append(f"{entry.name} is missing{authors.of_table(entry.name, None)}")
            continue
        wrong += _lag(view.number, table, entry.shown)
        who = authors.of_table(entry.name, entry.found) if entry.unlike else ""
        wrong += [f"{each}{who}" for each in entry.unlike]
    return Outcome(wrong, present.count(len(tables), "table"), (authors.refused,) if authors.refused else ())


def _lag(newest: int, table: str, shown: str) -> Iterator[str]:
    """Yield that the catalogue's entry of a table shows another version than the newest."""
    if shown.isdigit() and int(shown) > newest:
        yield f"{table} shows version {shown}, which is gone: the newest is {newest}"
    elif shown != str(newest):
        yield f"{table} lags: it shows version {shown or 'none'}, and the newest is {newest}"


def classified(registered: Mapping[str, Any], tables: Sequence[str]) -> Outcome:
    """Say which columns of some tables the catalogue does not classify as their contracts do."""
    wrong, declared = [], 0
    for contract in map(load, tables):
        columns = registered.get(contract.qualified_name, {}).get("StorageDescriptor", {}).get("Columns", ())
        actual = {column["Name"]: column.get("Parameters", {}).get("classification") for column in columns}
        for column in contract.columns:
            if column.classification:
                declared += 1
                if actual.get(column.name) != column.classification:
                    wrong.append(f"{contract.table}.{column.name} is not {column.classification} in the catalogue")
    return Outcome(wrong, present.count(declared, "column"))


def held(found: Sequence[Found]) -> str:
    """Return how much is published, for people to read."""
    rows = sum(each.file.rows for each in found)
    return f"{present.count(len(found), 'file')}, {present.count(rows, 'row')}"


def as_published(view: View, found: Examined, tables: Sequence[str]) -> Outcome:
    """Compare the footers of some tables' files with their contracts."""
    wrong = []
    for contract in map(load, tables):
        files = found.of(contract.table)
        footers = [each.footer for each in files if each.footer is not None]
        if contract.table not in view.tables:
            wrong.append(f"{contract.table} is not published")
        elif not footers:
            wrong.append(f"{contract.table} has no file that can be read")
        for footer in _distinct(footers):
            wrong += footer_drift(contract, footer)
    return Outcome(wrong, "no difference")


def as_discovered(catalog: Catalog, lake: Lake, found: Examined, only: str | None = None) -> Outcome:
    """Compare four ways, and name the tables that no contract knows; of one table, where it is named, that alone."""
    footers: dict[str, pa.Schema] = {}
    for each in found.found:
        if each.footer is not None:
            footers.setdefault(each.table, each.footer)
    discovery = discovered(catalog, crawled.read(lake), footers, only)
    summary = f"{present.count(discovery.compared, 'table')} as discovered"
    if discovery.undiscovered:
        others = len(discovery.undiscovered)
        summary += f"; {others} not crawled yet as they are now, which `./importau run governance` does"
    return Outcome(list(discovery.problems), summary)


def _distinct(footers: Iterable[pa.Schema]) -> Iterator[pa.Schema]:
    seen: list[pa.Schema] = []
    for footer in footers:
        if not any(footer.equals(other) for other in seen):
            seen.append(footer)
            yield footer


def looking_personal(view: View, reports: GovernanceReports, tables: Sequence[str], *, strict: bool) -> Check:
    """Say what of some tables looks personal and no contract declares."""
    found, fails = suspected(view, reports, tables)
    shown = "; ".join(found) if found else "nothing"
    return Check("personal", CHECKS["personal"], not found or not (strict or fails), shown)


def left_out(view: View, *, strict: bool) -> Check:
    """Say which columns of the CSVs no contract has, so that they are in no table."""
    found = [
        f"{table.table}.csv: {', '.join(table.new_columns)} left out, in no contract"
        for table in (view.version.ordered if view.version else ())
        if table.new_columns
    ]
    return Check("columns", CHECKS["columns"], not (found and strict), "; ".join(found) or "no other")


def as_usual(view: View, history: Sequence[Kept], tables: Sequence[str], *, strict: bool) -> Check:
    """Say which numbers of some tables are not as the runs before let expect."""
    judgement = over_time(view, history, tables)
    fails = any(strict or each.strict for each in judgement.anomalies)
    numbers = present.count(judgement.judged, "number")
    usual = f"{numbers} as usual" if judgement.judged else "nothing to compare with yet"
    shown = "; ".join(map(str, judgement.anomalies)) or usual
    return Check("anomalies", CHECKS["anomalies"], not fails, shown, unjudged(judgement))


def passed(view: View, reports: GovernanceReports, old: Expired) -> Outcome:
    """Say which reports that a version names are gone, changed, or of an audit or governance that it did not pass."""
    wrong = [*audit_problems(view, old), *quarantine_problems(view, old), *governance_problems(view, reports, old)]
    return Outcome(wrong, named(view.runs))
