"""What each run measured of a table, with what was usual, and how its schema changed: as the page draws it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from cli.portal.frames import exact
from lakehouse.contract import layers
from lakehouse.engine.usual import Point, Usual, course
from lakehouse.lake import layout
from lakehouse.versions.anomalies import ONLY_MORE, Judgement, least_spread
from lakehouse.versions.past import Measure, Measured, Observation, Past, scale_of

# How many runs a picture shows; what is usual is known of all that are looked at.
_SHOWN: Final = 60


def past_of(past: Past, table: str) -> dict[str, Any] | None:
    """Return the past of a table (``Past`` of the document); None where no version has it."""
    observations = past.of_table.get(table, ())
    if not observations:
        return None
    shown = observations[-_SHOWN:]
    return {
        "runs": [
            {"run_id": each.table.run, "version": each.version, "at": each.at.isoformat(timespec="seconds")}
            for each in shown
        ],
        "measures": [_measure(measured, observations) for measured in _measured(shown)],
        "changes": list(_changes(observations))[::-1],
    }


def anomalies(judgement: Judgement) -> list[dict[str, Any]]:
    """Return what is not as usual in the version that is shown (``Anomaly`` of the document)."""
    return [
        {
            "asset": f"{layout.database_of(layers.layer_of(each.table))}.{each.table}",
            "measure": each.measured.measure.value,
            "column": each.measured.column or None,
            "scale": each.scale,
            "value": exact(each.value),
            "expected": exact(each.usual.expected),
            "least": exact(_least(each.measured, each.usual)),
            "most": exact(each.usual.most),
            "tenths": each.usual.times(each.value),
            "runs": each.usual.runs,
        }
        for each in judgement.anomalies
    ]


def _measured(shown: Sequence[Observation]) -> Iterator[Measured]:
    """Yield what is measured in the newest run; of NULLs the columns that have more or fewer of them over time."""
    for measured in shown[-1].values:
        if measured.measure != Measure.nulls or len({each.values.get(measured) for each in shown}) > 1:
            yield measured


def _measure(measured: Measured, observations: Sequence[Observation]) -> dict[str, Any]:
    known = [each for each in observations if measured in each.values]
    spread = least_spread(measured, observations[-1].table.rows)
    usual = dict(
        zip(
            (each.table.run for each in known),
            course([Point(each.at, each.values[measured]) for each in known], spread),
            strict=True,
        )
    )
    shown = observations[-_SHOWN:]
    bands = [usual.get(each.table.run) for each in shown]
    return {
        "measure": measured.measure.value,
        "column": measured.column or None,
        "scale": scale_of(measured, observations[-1].table),
        "values": [exact(each.values.get(measured)) for each in shown],
        "usual": [[exact(_least(measured, each)), exact(each.most)] if each else None for each in bands],
    }


def _least(measured: Measured, usual: Usual) -> int:
    if measured.measure in ONLY_MORE:
        return 0
    return usual.least if measured.measure == Measure.total else max(usual.least, 0)


def _changes(observations: Sequence[Observation]) -> Iterator[dict[str, Any]]:
    """Yield how contract and columns changed from run to run, oldest first; the first run is one, too."""
    before: Observation | None = None
    for each in observations:
        table, was = each.table, before.table if before else None
        now = _types(each)
        then = _types(before) if before else {}
        known = bool(now) and (before is None or bool(then))
        added = [name for name in now if name not in then] if known and before else []
        removed = [name for name in then if name not in now] if known else []
        retyped = [
            {"name": name, "before": then[name], "now": now[name]}
            for name in now
            if known and name in then and then[name] != now[name]
        ]
        if was is None or added or removed or retyped or was.contract_sha256 != table.contract_sha256:
            yield {
                "version": each.version,
                "at": each.at.isoformat(timespec="seconds"),
                "run_id": table.run,
                "contract": table.contract,
                "contract_before": was.contract if was else None,
                "columns": len(now) or None,
                "added": added,
                "removed": removed,
                "retyped": retyped,
            }
        before = each


def _types(observation: Observation) -> Mapping[str, str]:
    return {column.name: column.type for column in observation.table.columns}
