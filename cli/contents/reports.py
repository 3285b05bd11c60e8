"""The reports that let a version through: its audits', governance's, and the rows set aside, beside what it says."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa

from cli.contents.opening import UNREADABLE
from lakehouse.clients import together
from lakehouse.contract.profile import ColumnProfile
from lakehouse.contract.quality import AuditedFile
from lakehouse.contract.quarantine import SCHEMA
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.retention import Retention
from lakehouse.lake.s3 import Lake
from lakehouse.versions.version import TableVersion
from lakehouse.versions.view import View

# Governance's reports, each with its key.
GovernanceReports = Sequence[tuple[str, Mapping[str, Any]]]
# What a version takes over from the report of an audit; its files and what it was made from are compared besides.
_TAKEN_OVER: Final = (
    "rows_read", "rows", "quarantined", "quarantine_key", "quarantine_etag", "superseded", "contract",
    "contract_sha256",
)  # fmt: skip
_GONE: Final = " is gone"
# The governance reports that are looked at for one of a version's runs.
_GOVERNED: Final = 50


@dataclass(frozen=True)
class Expired:
    """What may be gone because it was kept for as long as it is to be kept.

    Parameters
    ----------
    lake : Lake
    retention : Retention
    now : datetime
    """

    lake: Lake
    retention: Retention
    now: datetime

    def reports(self, table: TableVersion) -> bool:
        """Return whether the reports on a table's run may be gone."""
        return self._older(table, self.retention.reports)

    def quarantine(self, table: TableVersion) -> bool:
        """Return whether the rows that were set aside with a table may be gone."""
        return self._older(table, self.retention.quarantine)

    def _older(self, table: TableVersion, days: int) -> bool:
        written = self.lake.last_modified(table.files[0].key) if days and table.files else None
        return written is not None and written < self.now - timedelta(days=days)


def audit_problems(view: View, expired: Expired | None = None) -> Iterator[str]:
    """Yield what is wrong with the reports that a version names: each is there, passed, and says the same.

    One that was kept as long as it is to be kept may be gone.
    """
    tables = view.version.ordered if view.version else ()
    etags = {table.report: table.report_etag for table in reversed(tables)}
    read = dict(zip(etags, together(lambda key: read_report(view.lake, key, etags[key]), etags), strict=True))
    reports: dict[str, Mapping[str, Any] | str] = {}
    for table in tables:
        if table.report not in reports:
            reports[table.report] = report = read[table.report]
            if isinstance(report, str):
                if not (report.endswith(_GONE) and expired and expired.reports(table)):
                    yield report
            elif report.get("passed") is not True:
                yield f"{table.report} says that its audit did not pass"
        report = reports[table.report]
        if not isinstance(report, str):
            yield from _differences(table, report)


def quarantine_problems(view: View, expired: Expired | None = None) -> Iterator[str]:
    """Yield what is wrong with the rows that were set aside for the tables of a version.

    What was kept as long as it is to be kept may be gone.
    """
    for table in view.version.ordered if view.version else ():
        key = layout.quarantine_key(table.run, table.layer, table.table)
        found = view.lake.about(key)
        if table.quarantine_key is None:
            if found is not None:
                yield f"{key} was added: the version says that no row was set aside"
            continue
        if found is None and expired is not None and expired.quarantine(table):
            continue
        if found is None or table.quarantine_key != key:
            yield f"{table.quarantine_key} is gone"
            continue
        if not found.bytes:
            yield f"{key} was emptied"
            continue
        try:
            footer = view.lake.parquet(key, etag=found.etag)
        except (StorageError, pa.ArrowException, OSError) as error:
            yield f"{key} cannot be read: {error}"
            continue
        if footer.schema_arrow.names != SCHEMA.names or footer.metadata.num_rows != table.quarantined:
            yield f"{key} does not hold the {table.quarantined:,} rows that were set aside"
        elif found.etag != table.quarantine_etag:
            yield f"{key} was replaced: it is not what the audit counted"


def governance_problems(view: View, reports: GovernanceReports, expired: Expired | None = None) -> list[str]:
    """Return what governance found wrong with the runs of a version, or that it has not examined them.

    A report that was kept as long as it is to be kept may be gone.
    """
    runs, report = view.runs, _governed(view, reports)
    if report is not None:
        return [str(problem) for problem in report.get("problems", ["its report lists no problems"])]
    tables = view.version.ordered if view.version else ()
    if expired is not None and tables and all(map(expired.reports, tables)):
        return []
    return [f"governance has not examined these runs together ({named(runs)}): `./importau run governance`"]


def suspected(view: View, reports: GovernanceReports, tables: Sequence[str]) -> tuple[list[str], bool]:
    """Return what looks personal in tables of a version and no contract declares; whether a contract fails a run."""
    report = _governed(view, reports) or {}
    of_tables = tuple(f"{table}." for table in tables)
    return [str(each) for each in report.get("findings", ()) if str(each).startswith(of_tables)], any(
        each.get("strict") for each in report.get("personal", ()) if each.get("table", tables[0]) in tables
    )


def _governed(view: View, reports: GovernanceReports) -> Mapping[str, Any] | None:
    """Return governance's report on the runs of a version; None where they were not examined together."""
    return next((report for _, report in reports if report.get("runs") == view.runs), None)


def governance_reports(view: View) -> GovernanceReports:
    """Return the newest reports of governance that can be read, and those of a version's own runs; newest first."""
    newest = view.lake.newest(layout.governance_report_prefix(), _GOVERNED)
    own = [layout.governance_report_key(run) for run in dict.fromkeys(view.runs.values())]
    named_by = [view.version.governance] if view.version and view.version.governance else []
    keys = list(dict.fromkeys([*newest, *own, *named_by]))
    read = zip(keys, together(lambda key: read_report(view.lake, key), keys), strict=True)
    found = [(key, report) for key, report in read if not isinstance(report, str)]
    return sorted(found, key=lambda each: str(each[1].get("evaluated_at", "")), reverse=True)


def named(runs: Mapping[str, str]) -> str:
    """Return the runs of the layers for people to read: one for all, or one per layer."""
    if len(set(runs.values())) == 1:
        return f"run {next(iter(runs.values()))}"
    return ", ".join(f"{layer} {run}" for layer, run in runs.items())


def read_report(lake: Lake, key: str, etag: str | None = None) -> Mapping[str, Any] | str:
    """Return a report, or why it cannot be read or is not the one with the ETag."""
    try:
        content, now = lake.get(key)
        report = json.loads(content)
    except StorageError:
        return f"{key}{_GONE}"
    except UNREADABLE:
        return f"{key} cannot be read: it was emptied or changed"
    if not isinstance(report, dict):
        return f"{key} is no report"
    return report if etag in {None, now} else f"{key} was changed after the version was published"


def _differences(table: TableVersion, report: Mapping[str, Any]) -> Iterator[str]:
    try:
        entries = [entry for entry in report["tables"] if entry["table"] == table.table]
        if len(entries) != 1:
            yield f"{table.report} has {len(entries)} entries of {table.table}"
            return
        (entry,) = entries
        other = [name for name in _TAKEN_OVER if entry[name] != getattr(table, name)]
        if [AuditedFile(**file) for file in entry["files"]] != list(table.files):
            other.append("files")
        if tuple(map(ColumnProfile.of_json, entry.get("columns", ()))) != table.columns:
            other.append("columns")
        if (report["run_id"], report["made_from"]) != (table.run, dict(table.made_from)):
            other.append("run")
        if other:
            yield f"{table.report} says otherwise of {table.table} ({', '.join(other)})"
    except UNREADABLE:
        yield f"{table.report} cannot be read: it lacks what reports have of {table.table}"
