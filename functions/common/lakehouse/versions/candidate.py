"""The candidate: what a run would publish, from the reports of its audits alone. Nothing else can be published."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lakehouse.contract.profile import ColumnProfile
from lakehouse.contract.quality import AuditedFile
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions.opening import Opening
from lakehouse.versions.version import Input, TableVersion


def candidate(lake: Lake, opening: Opening, layer: str) -> dict[str, TableVersion]:
    """Return the tables of a layer that a run has written and that passed their audit; empty before that."""
    try:
        content, etag = lake.get(layout.quality_key(opening.run_id, layer))
    except StorageError:
        return {}
    report = json.loads(content)
    if not report["passed"]:
        return {}
    return {entry["table"]: _table(entry, report, etag, opening) for entry in report["tables"]}


def report_of(lake: Lake, run_id: str, layer: str) -> dict[str, Any] | None:
    """Return the report of a run's audit of a layer; None where there is none."""
    try:
        return dict(lake.read_json(layout.quality_key(run_id, layer)))
    except StorageError:
        return None


def inputs(report: Mapping[str, Any], opening: Opening) -> tuple[Input, ...]:
    """Return a run's inputs with the SHA-256 of what was read of each, as the report of Bronze has them."""
    read = {entry["key"]: entry["sha256"] for table in report["tables"] for entry in table["inputs"]}
    return tuple(replace(each, sha256=read.get(each.key, "")) for each in opening.inputs)


def _table(entry: Mapping[str, Any], report: Mapping[str, Any], etag: str, opening: Opening) -> TableVersion:
    return TableVersion(
        table=entry["table"],
        run=opening.run_id,
        files=tuple(AuditedFile(**file) for file in entry["files"]),
        rows_read=entry["rows_read"],
        quarantined=entry["quarantined"],
        quarantine_key=entry["quarantine_key"],
        quarantine_etag=entry["quarantine_etag"],
        superseded=entry["superseded"],
        contract=entry["contract"],
        contract_sha256=entry["contract_sha256"],
        report=layout.quality_key(opening.run_id, report["layer"]),
        report_etag=etag,
        code=opening.code,
        made_from=report["made_from"],
        columns=tuple(map(ColumnProfile.of_json, entry.get("columns", ()))),
        new_columns=tuple(entry.get("new_columns", ())),
    )
