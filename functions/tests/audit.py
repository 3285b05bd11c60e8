"""The audit of a layer: every rule of every contract, on what was really staged."""

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from openlineage.client.generated.data_quality_assertions_dataset import Assertion

from lakehouse import layout
from lakehouse.contracts import Contract, Rule, load
from lakehouse.errors import ContractError, StorageError
from lakehouse.events import Runs, TableRun
from lakehouse.quality import EXAMPLES, FAIL, Outcome, RuleResult, TableResult, cause
from lakehouse.rules import broken_by
from lakehouse.runtime import Settings, logger, run_id_of
from lakehouse.s3 import Lake
from lakehouse.staging import StagedTable
from tests.audited import Audited, failing
from tests.checks import bronze, every_layer, gold, silver

_CHECKS: Final[dict[str, tuple[ModuleType, ...]]] = {
    layout.BRONZE: (bronze, every_layer),
    layout.SILVER: (silver, every_layer),
    layout.GOLD: (gold, every_layer),
}
_BELOW: Final[dict[str, tuple[str, ...]]] = {
    layout.BRONZE: (),
    layout.SILVER: layout.TABLES[layout.BRONZE],
    layout.GOLD: layout.TABLES[layout.SILVER],
}
_SCHEMA_RULE: Final = Rule(
    "esquema_confere", "O Parquet gravado tem as colunas e os tipos do contrato.", "conformity", "error", "check"
)
_REASONS: Final = 20
_SECONDS_AN_HOUR: Final = 3600


def audit(event: Mapping[str, Any], lake: Lake, now: datetime, runs: Runs | None = None) -> dict[str, Any]:
    """Audit what a write Lambda staged, keep the report, and return the verdict as data.

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
    """
    run_id, layer = event["run_id"], event["layer"]
    staged: dict[str, StagedTable] = {entry["table"]: entry for entry in event["tables"]}
    with lake.observed() as read:
        tables, unreadable = _staged_tables(lake, layer, staged)
        below = {name: lake.read_table(layout.published_key(name)) for name in _BELOW[layer]} if not unreadable else {}

    results = []
    for name in layout.TABLES[layer]:
        with runs.of(name, read) if runs else nullcontext(TableRun()) as run:
            if name in unreadable:
                outcomes = [RuleResult(_SCHEMA_RULE, unreadable[name])]
            else:
                age = _age(lake, staged[name], now)
                audited = Audited(load(name), staged[name], tables[name], tables, below, age)
                # A layer with a table that cannot be read has failed; rules that compare tables could not run.
                outcomes = list(_results(audited, _CHECKS[layer], compare=not unreadable))
            run.assertions = [_assertion(outcome) for outcome in outcomes]
        results.append(_table_result(lake, name, staged.get(name), outcomes))

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
        log = logger.error if result.verdict == FAIL else logger.info
        log("audited", run_id=run_id, table=result.table, rows=result.rows, verdict=result.verdict)
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


def _assertion(result: RuleResult) -> Assertion:
    """Return a rule's result in OpenLineage's words."""
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


def _staged_tables(
    lake: Lake, layer: str, staged: Mapping[str, StagedTable]
) -> tuple[dict[str, pa.Table], dict[str, Outcome]]:
    """Read the staged tables; those that are missing, unreadable or of another schema come with what is wrong."""
    tables, unreadable = {}, {}
    for name in layout.TABLES[layer]:
        if name not in staged:
            unreadable[name] = Outcome(1, 1, ("the write step did not stage it",))
            continue
        try:
            table = lake.read_table(staged[name]["staged_key"])
        except (StorageError, pa.ArrowInvalid) as error:
            unreadable[name] = Outcome(1, 1, (str(error)[:300],))
            continue
        differences = _schema_differences(load(name), table.schema)
        if differences:
            unreadable[name] = Outcome(len(differences), len(load(name).columns), differences[:EXAMPLES])
        else:
            tables[name] = table
    return tables, unreadable


def _schema_differences(contract: Contract, found: pa.Schema) -> tuple[str, ...]:
    wanted = {field.name: str(field.type) for field in contract.schema}
    given = {field.name: str(field.type) for field in found}
    differences = [
        f"{name}: {given.get(name, 'missing')} instead of {wanted.get(name, 'nothing')}"
        for name in dict.fromkeys([*wanted, *given])
        if wanted.get(name) != given.get(name)
    ]
    if not differences and list(wanted) != list(given):
        differences.append(f"the columns are in another order: {', '.join(given)}")
    return tuple(differences)


def _results(audited: Audited, modules: tuple[ModuleType, ...], *, compare: bool) -> Iterator[RuleResult]:
    yield RuleResult(_SCHEMA_RULE, Outcome(0, len(audited.contract.columns)))
    for rule in audited.contract.rules:
        if rule.kind != "check":
            yield RuleResult(rule, failing(broken_by(rule, audited.table), _row_names(audited)))
        elif compare:
            yield RuleResult(rule, check_named(rule.check, modules)(audited))


def check_named(name: str, modules: tuple[ModuleType, ...]) -> Any:
    """Return the table rule of a name; raise `ContractError` when no module has it."""
    for module in modules:
        if hasattr(module, name) and not name.startswith("_"):
            return getattr(module, name)
    raise ContractError(f"no table rule is called '{name}'; they are functions in functions/tests/checks/")


def _row_names(audited: Audited) -> pa.Array:
    """Name each row by its key, or by its number where its contract has no primary key."""
    if len(audited.contract.key) == 1:
        return audited.table[audited.contract.key[0]]
    return pa.array(range(1, len(audited.table) + 1), pa.int64())


def _age(lake: Lake, staged: StagedTable, now: datetime) -> float | None:
    written = [moment for key in staged["source_keys"] if (moment := lake.last_modified(key)) is not None]
    return (now - min(written)).total_seconds() / _SECONDS_AN_HOUR if written else None


def _table_result(lake: Lake, name: str, staged: StagedTable | None, outcomes: list[RuleResult]) -> TableResult:
    if staged is None:
        return TableResult(name, "", 0, 0, {}, outcomes)
    reasons: dict[str, int] = {}
    if staged["quarantine_key"]:
        motives = lake.read_table(staged["quarantine_key"], ["motivos"])["motivos"]
        counted = pc.list_flatten(motives.combine_chunks()).value_counts()
        pairs = zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True)
        reasons = dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:_REASONS])
    return TableResult(name, staged["staged_key"], staged["rows"], staged["quarantined"], reasons, outcomes)
