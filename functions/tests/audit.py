"""The audit of a layer: every rule of every contract, on what was really staged."""

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from lakehouse import layout
from lakehouse.contracts import Rule, load
from lakehouse.errors import ContractError
from lakehouse.events import Runs, TableRun
from lakehouse.quality import FAIL, WARN, Outcome, RuleResult, TableResult, cause
from lakehouse.rules import broken_by
from lakehouse.runtime import Settings, run_id_of, tell_table
from lakehouse.s3 import Lake
from lakehouse.staging import StagedTable
from tests.audited import Audited, Check, failing
from tests.checks import bronze, every_layer, gold, silver
from tests.staged import by_table, read_layer, read_quarantine, reasons

if TYPE_CHECKING:
    from openlineage.client.generated.data_quality_assertions_dataset import Assertion

_CHECKS: Final[dict[str, tuple[ModuleType, ...]]] = {
    layout.BRONZE: (bronze, every_layer),
    layout.SILVER: (silver, every_layer),
    layout.GOLD: (gold, every_layer),
}
# The published tables a layer is compared with, and what is read of them; None: everything.
_BELOW: Final[dict[str, dict[str, tuple[str, ...] | None]]] = {
    layout.BRONZE: {},
    layout.SILVER: dict.fromkeys(layout.TABLES[layout.BRONZE]),
    layout.GOLD: {layout.FACT: gold.FACT_COLUMNS},
}
_SCHEMA_RULE: Final = Rule(
    "esquema_confere", "O Parquet gravado tem as colunas e os tipos do contrato.", "conformity", "error", "check"
)
_SECONDS_AN_HOUR: Final = 3600


def audit(event: Mapping[str, Any], lake: Lake, now: datetime, runs: Runs | None = None) -> dict[str, Any]:
    """Audit what a write Lambda staged, keep the report, and return the verdict as data.

    Bad data never raises: it is a rule that failed. What raises is a fault, such as a published table that is gone.

    Parameters
    ----------
    event : mapping
        The write Lambda's result (docs/architecture.md).
    lake : Lake
    now : datetime
        With a time zone.
    runs : Runs, optional
        Where the audit of each table is told as lineage.

    Returns
    -------
    dict
        ``passed``, ``cause``, ``report_key`` and a bounded entry a table.

    Raises
    ------
    LakehouseError
        The event stages a table twice, or one that is not of the layer: it would be published without an audit.
    """
    run_id, layer = event["run_id"], event["layer"]
    staged = by_table(layer, event["tables"])
    with lake.observed() as read:
        tables, unusable = read_layer(lake, layer, staged)
        published = _BELOW[layer].items() if tables else ()
        below = {name: lake.read_table(layout.published_key(name), columns) for name, columns in published}

    results = []
    for name in layout.TABLES[layer]:
        with runs.of(name, read) if runs else nullcontext(TableRun()) as run:
            if name in unusable:
                result = _unusable(name, staged.get(name), unusable[name])
            else:
                aside, age = read_quarantine(lake, staged[name]), _age_hours(lake, staged[name], now)
                audited = Audited(load(name), staged[name], tables[name], aside, tables, below, age)
                # Bronze compares its tables with one another; without one of them it has failed, uncompared.
                result = _audited(audited, _CHECKS[layer], comparable=not (unusable and layer == layout.BRONZE))
            run.assertions = [_assertion(outcome) for outcome in result.results]
        results.append(result)

    key = layout.quality_key(run_id, layer)
    why = cause(layer, results, lake.uri(layout.staging_prefix(run_id, layer)), lake.uri(key))
    report = {
        "run_id": run_id,
        "layer": layer,
        "evaluated_at": now.isoformat(),
        "passed": not why,
        "tables": [result.as_report() for result in results],
    }
    lake.write_json(report, key)
    for result in results:
        tell_table(
            "audited",
            result.table,
            result.rows,
            failed=result.verdict == FAIL,
            metrics={"rules_failed": result.count(FAIL), "rules_warned": result.count(WARN)},
            verdict=result.verdict,
        )
    return {
        "run_id": run_id,
        "layer": layer,
        "passed": not why,
        "cause": why,
        "report_key": key,
        "tables": [result.as_message() for result in results],
        "lineage": runs.summary() if runs else {},
    }


def audit_layer(layer: str, event: Mapping[str, Any], function_arn: str) -> dict[str, Any]:
    """Audit one layer now, in the lake of the environment; raise `ContractError` when the event is another layer's."""
    if event.get("layer") != layer:
        raise ContractError(f"this function audits {layer}, and the event is of {event.get('layer')!r}")
    run_id_of(event)
    lake = Lake(Settings.from_environment().bucket)
    return audit(event, lake, datetime.now(UTC), Runs.of_event(lake, event, function_arn))


def _assertion(result: RuleResult) -> "Assertion":
    """Return a rule's result in OpenLineage's words; its client is not for a cold start to wait for."""
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


def _unusable(name: str, staged: StagedTable | None, outcome: Outcome) -> TableResult:
    """Return the result of a table of which nothing but its schema could be examined."""
    key = staged["staged_key"] if staged else ""
    return TableResult(name, key, 0, staged["quarantined"] if staged else 0, {}, [RuleResult(_SCHEMA_RULE, outcome)])


def _audited(audited: Audited, modules: tuple[ModuleType, ...], *, comparable: bool) -> TableResult:
    """Apply every rule of a table's contract."""
    results = list(_results(audited, modules, comparable=comparable))
    aside, key = audited.quarantine, audited.staged["staged_key"]
    return TableResult(audited.contract.table, key, len(audited.table), len(aside), reasons(aside), results)


def _results(audited: Audited, modules: tuple[ModuleType, ...], *, comparable: bool) -> Iterator[RuleResult]:
    contract, table = audited.contract, audited.table
    yield RuleResult(_SCHEMA_RULE, Outcome(0, len(contract.columns)))
    for rule in contract.rules:
        if rule.kind != "check":
            yield RuleResult(rule, failing(broken_by(rule, table), table, contract.key))
        elif comparable:
            yield RuleResult(rule, check_named(rule.check, modules)(audited))


def check_named(name: str, modules: tuple[ModuleType, ...]) -> Check:
    """Return the table rule of a name; raise `ContractError` when no module has it."""
    for module in modules:
        check: Check | None = getattr(module, name, None)
        if callable(check) and check.__module__ == module.__name__ and not name.startswith("_"):
            return check
    raise ContractError(f"no table rule is called '{name}'; they are functions in functions/tests/checks/")


def _age_hours(lake: Lake, staged: StagedTable, now: datetime) -> float | None:
    written = [moment for key in staged["source_keys"] if (moment := lake.last_modified(key)) is not None]
    return (now - min(written)).total_seconds() / _SECONDS_AN_HOUR if written else None
