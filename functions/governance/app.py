"""The Governance Lambda: after a run, the catalogue knows every asset and pipeline, and what it says is checked."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa
from aws_lambda_powertools.utilities.typing import LambdaContext

from governance.agreement import differences, observed, unknown_names
from governance.connector import (
    executions_table,
    governance_table,
    machine_table,
    pipelines_table,
    tasks_table,
)
from governance.propagation import undeclared
from governance.registration import register, tag_everything
from governance.scope import Scope, of_one_run, published
from lakehouse import layout
from lakehouse.catalog import Catalog
from lakehouse.contracts import load_all
from lakehouse.errors import StorageError
from lakehouse.events import Runs
from lakehouse.lineage import Place
from lakehouse.runtime import BY_HAND, Settings, arn_of, count, instrumented, run_id_of, tell_table
from lakehouse.s3 import Lake
from lakehouse.stepfunctions import StateMachine, StateMachines

TAGS: Final = {"project": "importau", "domain": "importacao"}
EXECUTIONS: Final = 20
_SAID: Final = 10


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Register, connect and check one run.

    Parameters
    ----------
    event : dict
        ``run_id``, ``source``, ``only`` and ``origin``, as docs/architecture.md says.

    Returns
    -------
    dict
        ``passed``, ``cause`` (bounded), ``report_key`` and counts.

    Raises
    ------
    LakehouseError
        Governance alone was asked for, and a layer has never been published.
    """
    # Loads the OpenLineage client, which a cold start is not to wait for (lakehouse.events).
    from governance.declared import job_events, lineage_table  # noqa: PLC0415

    run_id = run_id_of(event)
    lake, catalog, states = Lake(Settings.from_environment().bucket), Catalog(), StateMachines()
    place = Place.of_function(arn_of(context), lake.bucket)
    runs = Runs.of_event(lake, event, arn_of(context))
    contracts, machines = load_all(), states.tagged()
    scope = published(states, machines) if event.get("only") else of_one_run(run_id, event.get("source", {}))

    registered, broken, crawled, findings = register(catalog, lake, contracts, scope.runs)
    tag_everything(catalog, place.region, place.account, TAGS)

    tasks = {machine.name: machine.tasks for machine in machines}
    seen = observed(_events_of(lake, scope), place)
    problems = unknown_names(tasks)
    disagreements = [] if problems else differences(tasks, seen, scope.from_csv)
    if not problems:
        for name, declared in job_events(machines, place, datetime.now(UTC)).items():
            runs.declare(name, declared)
    classification = undeclared(contracts)
    tables = {
        "pipelines": pipelines_table(machines),
        "tarefas": tasks_table(machines),
        "linhagem": lineage_table(machines, contracts, seen, run_id),
        "execucoes": _executions(lake, states, machines, int(context.memory_limit_in_mb)),
    }
    for name, rows in tables.items():
        lake.write_table(rows, layout.governance_table_key(name))
        outcome = catalog.register(governance_table(name, lake.bucket, len(rows)))
        registered[f"importau_governanca.{name}"] = outcome
        tell_table("registered", f"importau_governanca.{name}", len(rows), outcome=outcome)
    for machine in machines:
        registered[f"importau_governanca.{machine.name.lower()}"] = catalog.register(
            machine_table(machine, lake.bucket)
        )

    problems = [*problems, *broken, *disagreements, *classification]
    report = {
        "run_id": run_id,
        "runs": dict(scope.runs),
        "evaluated_at": datetime.now(UTC).isoformat(),
        "passed": not problems,
        "problems": problems,
        "drift": [*broken, *crawled],
        "lineage_differences": disagreements,
        "classification": classification,
        "findings": [str(finding) for finding in findings],
        "lineage": runs.summary(),
        "registered": registered,
    }
    key = layout.governance_report_key(run_id)
    lake.write_json(report, key)
    count(
        "governed", assets=len(registered), problems=len(problems), findings=len(findings), undelivered=runs.undelivered
    )
    return {
        "run_id": run_id,
        "passed": not problems,
        "cause": _cause(problems, lake.uri(key)),
        "report_key": key,
        "assets": len(registered),
        "problems": len(problems),
        "warnings": [str(finding)[:300] for finding in findings[:_SAID]] + [text[:300] for text in crawled[:_SAID]],
        "lineage": runs.summary(),
    }


def _cause(problems: list[str], report_uri: str) -> str:
    if not problems:
        return ""
    more = f"; and {len(problems) - _SAID} more" if len(problems) > _SAID else ""
    found = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return f"Governance found {found}: {'; '.join(problems[:_SAID])}{more}. Report: {report_uri}"[:4000]


def _events_of(lake: Lake, scope: Scope) -> list[Mapping[str, Any]]:
    """Read the events that ended a task of these runs; one called by hand declares nothing to be held against it."""
    events = []
    for run_id in dict.fromkeys(scope.runs.values()):
        prefix = layout.lineage_prefix(run_id)
        for key in lake.list(prefix):
            name = key.removeprefix(prefix)
            ended = "/" not in name and not name.endswith(".START.json")
            if ended and not name.startswith(f"{BY_HAND}.") and scope.has(name, run_id):
                events.append(lake.read_json(key))
    return events


def _executions(lake: Lake, states: StateMachines, machines: list[StateMachine], memory_mb: int) -> pa.Table:
    try:
        before = lake.read_table(layout.governance_table_key("execucoes"))
    except StorageError:
        before = None
    known = (
        {}
        if before is None
        else dict(zip(before["execucao_arn"].to_pylist(), before["status"].to_pylist(), strict=True))
    )
    executions = {machine.name: list(states.executions(machine, known, EXECUTIONS)) for machine in machines}
    return executions_table(before, executions, memory_mb)
