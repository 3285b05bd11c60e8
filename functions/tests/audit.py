"""The audit of a layer: every rule of every contract, applied to what is really there, whole or part by part."""

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from lakehouse.clients import together
from lakehouse.contract import layers
from lakehouse.contract.model import inputs_of, load
from lakehouse.contract.quality import FAIL, WARN, RuleResult, TableResult, cause
from lakehouse.errors import ContractError
from lakehouse.fanout import FanOut, Record, part_of_event
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.lineage.runs import Runs
from lakehouse.lineage.table_run import TableRun
from lakehouse.parts import read_by_part
from lakehouse.runtime import Settings, log_table, run_id_of
from lakehouse.staging import StagedTable
from lakehouse.versions.code import contract_sha256
from tests.audited import collapsed
from tests.checks import forecast, gold
from tests.examination import Examination
from tests.subject import STAGED, Subject

if TYPE_CHECKING:
    from openlineage.client.generated.data_quality_assertions_dataset import Assertion

# The columns that the rules of a layer read of the tables below; of all other layers' tables they read everything.
_READ: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {layers.GOLD: gold.READ, layers.FORECAST: forecast.READ}


def audit(event: Mapping[str, Any], lake: Lake, now: datetime, runs: Runs | None = None) -> dict[str, Any]:
    """Audit what a write Lambda staged, or what is published; write the report, and return the verdict as data.

    Bad data never raises: it is a rule that failed. Only faults raise, such as a missing published table.

    Parameters
    ----------
    event : mapping
        The write Lambda's result (docs/architecture.md), or ``"of": "published"``.
    lake : Lake
    now : datetime
        With a time zone.
    runs : Runs, optional
        Records the audit of each table as lineage.

    Returns
    -------
    dict
        ``passed``, ``cause``, ``report_key`` and a bounded entry per table.

    Raises
    ------
    LakehouseError
        The event cannot be used (`tests.subject.Subject.of_event`).
    """
    subject = Subject.of_event(event, lake)
    with lake.traffic() as traffic:
        results = _results(lake, subject, now)
    for result in results:
        with runs.of(result.table, traffic) if runs else nullcontext(TableRun()) as run:
            run.assertions = [_assertion(outcome) for outcome in result.results]
    return _reported(lake, subject, results, now) | {"lineage": runs.summary() if runs else {}}


def audit_part(event: Mapping[str, Any], lake: Lake, part: int, parts: int, now: datetime) -> dict[str, Any]:
    """Audit one part of a layer, and keep its record until the parts are put together.

    Parameters
    ----------
    event : mapping
        ``run_id`` and ``layer``; in Bronze also the ``tables`` that the write Lambda staged.
    lake : Lake
    part, parts : int
    now : datetime
        With a time zone.
    """
    return _parted(lake, Subject.of_event(event, lake), parts, now).one(part)


def audit_layer(layer: str, event: Mapping[str, Any], function_arn: str) -> dict[str, Any]:
    """Audit a layer now, in the lake of the environment; raise `ContractError` for the event of another layer."""
    if event.get("layer") != layer:
        raise ContractError(f"this function audits {layer}, and the event is of {event.get('layer')!r}")
    run_id_of(event)
    lake, now, part = Lake(Settings.from_environment().bucket), datetime.now(UTC), part_of_event(event)
    if part is not None:
        return audit_part(event, lake, *part, now)
    return audit(event, lake, now, Runs.of_event(lake, event, function_arn))


def _results(lake: Lake, subject: Subject, now: datetime) -> list[TableResult]:
    """Examine a layer: at once, or by the records of its parts, after examining the parts that have none yet."""
    layer, staged = subject.layer, subject.tables
    # Gold's own tables are in one part; the fact that they are compared with may be in several.
    if layer == layers.GOLD:
        parts = subject.below.table(gold.FACT).parts
    else:
        parts = max((each["parts"] for each in staged.values()), default=1)
    examination = Examination(lake, subject, parts if layer != layers.GOLD else 1, now)
    if parts == 1:
        return examination.everything(_below(subject, 0) if staged else {})
    records = _parted(lake, subject, parts, now).all()
    # Other invocations read the parts for this audit: the first part stands for all of them in the lineage.
    below = [subject.below.file(name).key for name in _columns_below(layer)]
    lake.note_read([*(each["staged_key"] for each in staged.values()), *below])
    if layer == layers.GOLD:
        sums = pa.concat_tables(together(lake.read_table, [record["sums"] for record in records]))
        return examination.everything({gold.FACT: sums})
    return examination.together(records)


def _parted(lake: Lake, subject: Subject, parts: int, now: datetime) -> FanOut:
    run_id, layer = subject.run_id, subject.layer

    def work(part: int) -> Record:
        below = _below(subject, part)
        if layer == layers.GOLD:
            return _sums(lake, run_id, part, below[gold.FACT])
        return Examination(lake, subject, parts, now).part(part, subject.part(lake, part, parts), below)

    return FanOut(lake, run_id, layer, subject.step, parts, work)


def _below(subject: Subject, part: int) -> dict[str, pa.Table]:
    """Read the tables that a layer, or a part of it, was made from."""
    columns = _columns_below(subject.layer)
    if subject.layer not in layers.IN_PARTS:
        return {name: subject.below.read_all(name, columns[name]) for name in columns}
    return read_by_part(subject.below.read_together(part, columns), part)


def _columns_below(layer: str) -> Mapping[str, tuple[str, ...] | None]:
    """Return the tables that a layer is compared with, and the columns read of each; None: all columns."""
    return _READ[layer] if layer in _READ else dict.fromkeys(inputs_of(layer))


def _sums(lake: Lake, run_id: str, part: int, fact: pa.Table) -> Record:
    """Sum a part of the fact by all columns that the rules of Gold use, so that their own sums stay the same."""
    key = layout.part_table_key(run_id, layers.GOLD, "sums", part)
    lake.write_table(collapsed(fact, gold.AMOUNTS), key)
    return {"sums": key}


def _reported(lake: Lake, subject: Subject, results: list[TableResult], now: datetime) -> dict[str, Any]:
    """Write the report, log it, and return the verdict.

    The report of what a run staged is what can be published: nothing else is.
    """
    run_id, layer, key = subject.run_id, subject.layer, subject.report_key
    why = cause(layer, results, lake.uri(key), subject.below.number if subject.kind != STAGED else None)
    report = {
        "run_id": run_id,
        "layer": layer,
        "evaluated_at": now.isoformat(),
        "passed": not why,
        "made_from": _made_from(subject),
        "tables": [
            result.as_report()
            | _accounting(lake, subject.tables.get(result.table), result)
            | {"books": _books(subject, result.table, now)}
            for result in results
        ],
    }
    if subject.kind != STAGED:
        report |= {"of": subject.kind, "version": subject.below.number, "published_by": subject.published_by}
    lake.write_json(report, key)
    for result in results:
        log_table(
            "audited",
            result.table,
            result.rows,
            failed=result.verdict == FAIL,
            counts={"rules_failed": result.count(FAIL), "rules_warned": result.count(WARN)},
            verdict=result.verdict,
        )
    return {
        "run_id": run_id,
        "layer": layer,
        "passed": not why,
        "cause": why,
        "report_key": key,
        "tables": [result.as_message() for result in results],
    }


def _made_from(subject: Subject) -> dict[str, str]:
    """Return the run of each table below that the layer's tables were made from."""
    tables = subject.below.tables
    return {name: tables[name].run for name in inputs_of(subject.layer) if name in tables}


def _accounting(lake: Lake, staged: StagedTable | None, result: TableResult) -> dict[str, Any]:
    """Return what a report says of how a table was made, besides its rules."""
    aside = lake.about(staged["quarantine_key"]) if staged and staged["quarantine_key"] else None
    return {
        "rows_read": staged["rows_read"] if staged else 0,
        "superseded": staged["superseded"] if staged else 0,
        "quarantine_key": staged["quarantine_key"] if staged else None,
        "quarantine_etag": aside.etag if aside else None,
        "inputs": staged["inputs"] if staged else [],
        "contract": load(result.table).version,
        "contract_sha256": contract_sha256(result.table),
        **({"new_columns": staged["new_columns"]} if staged and staged.get("new_columns") else {}),
    }


def _books(subject: Subject, table: str, now: datetime) -> dict[str, Any] | None:
    """Return what rules read of how a table was made, as it was reported: anybody can evaluate them with it."""
    if table not in subject.tables:
        return None
    staged, volume = subject.tables[table], subject.volume(table)
    return {
        "rows_read": staged["rows_read"],
        "rows": staged["rows"],
        "quarantined": staged["quarantined"],
        "superseded": staged["superseded"],
        "rows_before": volume.before if volume else None,
        "volume_accepted": volume.accepted if volume else None,
        "age_hours": subject.age_hours(table, now),
    }


def _assertion(result: RuleResult) -> "Assertion":
    """Return a rule's result as an OpenLineage assertion; importing its client earlier would delay every cold start."""
    from openlineage.client.generated.data_quality_assertions_dataset import Assertion  # noqa: PLC0415

    return Assertion(
        assertion=result.rule.metric or result.rule.kind,
        success=not result.outcome.failed,
        column=result.rule.column,
        severity="error" if result.rule.severity == "error" else "warn",
        name=result.rule.name,
        description=result.rule.description,
        expected="0",
        actual=str(result.outcome.failed),
    )
