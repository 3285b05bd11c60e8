"""The quality reports of the last runs, table by table: the result of each audit, and of each rule over the audits."""

from collections.abc import Mapping, Sequence
from typing import Any

from cli.contents.privacy import revealing
from lakehouse.clients import together
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions.view import View


def reports(lake: Lake, layer: str, most: int) -> list[dict[str, Any]]:
    """Return the newest quality reports of a layer, newest first."""
    prefix = layout.quality_prefix(layer)
    newest: list[dict[str, Any]] = list(together(lake.read_json, lake.newest(prefix, most)))
    return sorted(newest, key=lambda report: (report["evaluated_at"], report["run_id"]), reverse=True)


def until(view: View, layer: str, newest: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return, of the newest reports of a layer, those of before a version; the one that let it through comes first."""
    made = view.version.made.at if view.version else ""
    own = {table.report for table in view.tables.values() if table.layer == layer}
    first = [dict(view.lake.read_json(key)) for key in sorted(own)]
    runs = {report["run_id"] for report in first}
    return [*first, *(each for each in newest if each["evaluated_at"] <= made and each["run_id"] not in runs)]


def history(
    newest_first: Sequence[Mapping[str, Any]], table: str, classified: Mapping[str, str | None]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return a table's audits and its rules (``Audit`` and ``Rule`` of the document).

    Parameters
    ----------
    newest_first : sequence of mapping
        Quality reports of its layer.
    table : str
    classified : mapping of str to str or None
        The classification of each column; the examples of a classified column's rules are not repeated.
    """
    audited = [
        (report, entry) for report in newest_first for entry in report["tables"] if entry["table"] == table
    ]  # fmt: skip
    audits = [
        {
            "run_id": report["run_id"],
            "evaluated_at": report["evaluated_at"],
            "verdict": entry["verdict"],
            "rows": entry["rows"],
            "quarantined": entry["quarantined"],
            "quarantine_reasons": _harmless_reasons(entry["quarantine_reasons"]),
        }
        for report, entry in audited
    ]
    results = [{(rule["rule"], rule["column"]): rule for rule in entry["rules"]} for _, entry in audited]
    if not results:
        return audits, []
    return audits, [_rule(rule, results, classified) for rule in results[0].values()]


def _rule(
    newest: Mapping[str, Any],
    results: Sequence[Mapping[tuple[str, str | None], Mapping[str, Any]]],
    classified: Mapping[str, str | None],
) -> dict[str, Any]:
    name = (newest["rule"], newest["column"])
    secret = newest["column"] is not None and classified.get(newest["column"]) is not None
    return {
        "name": newest["rule"],
        **{key: newest[key] for key in ("column", "description", "dimension", "severity")},
        "results": [
            {key: result[name][key] for key in ("status", "failed", "examined")} if name in result else None
            for result in results
        ],
        "examples": [] if secret or revealing(newest["examples"]) else list(newest["examples"]),
    }


def _harmless_reasons(reasons: Mapping[str, int]) -> dict[str, int]:
    """Return the reasons with their counts; of one that quotes a personal value only the rule is kept."""
    counts: dict[str, int] = {}
    for reason, count in reasons.items():
        text = reason.partition(":")[0] if revealing([reason]) else reason
        counts[text] = counts.get(text, 0) + count
    return counts
