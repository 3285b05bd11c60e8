"""The Governance Lambda: it registers the assets and pipelines of a run in the catalogue, and checks what they say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa
from aws_lambda_powertools.utilities.typing import LambdaContext

from governance.agreement import Observed, differences, observed, unknown_names
from governance.connector import (
    executions_table,
    governance_table,
    machine_table,
    pipelines_table,
    tasks_table,
)
from governance.findings import Findings
from governance.propagation import undeclared
from governance.registration import register, tag_everything
from governance.scope import Scope, scope_of_published, scope_of_run
from lakehouse.contract.model import load_all
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.s3 import Lake
from lakehouse.lineage.names import Place
from lakehouse.lineage.runs import Runs
from lakehouse.orchestration.stepfunctions import StateMachine, StateMachines
from lakehouse.runtime import BY_HAND, Settings, arn_of, count, instrumented, log_table, run_id_of

TAGS: Final = {"project": "importau", "domain": "importacao"}
EXECUTIONS: Final = 20

_Observations = Mapping[tuple[str, str], Observed]


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Register and check one run.

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
        Governance runs by itself, and a layer was never published.
    """
    governance = _Governance.of(event, context)
    findings = governance.register()
    observations = governance.observe()
    findings = governance.compare(findings, observations)
    findings = governance.connect(findings, observations)
    return governance.report(findings)


@dataclass(frozen=True)
class _Governance:
    """The governance of one run: what it reads, and where it writes."""

    run_id: str
    lake: Lake
    catalog: Catalog
    states: StateMachines
    machines: list[StateMachine]
    place: Place
    runs: Runs
    scope: Scope
    memory_mb: int

    @classmethod
    def of(cls, event: Mapping[str, Any], context: LambdaContext) -> "_Governance":
        run_id, states = run_id_of(event), StateMachines()
        lake, machines = Lake(Settings.from_environment().bucket), states.tagged()
        alone, source = event.get("only"), event.get("source", {})
        scope = scope_of_published(states, machines) if alone else scope_of_run(run_id, source)
        return cls(
            run_id=run_id,
            lake=lake,
            catalog=Catalog(),
            states=states,
            machines=machines,
            place=Place.of_function(arn_of(context), lake.bucket),
            runs=Runs.of_event(lake, event, arn_of(context)),
            scope=scope,
            memory_mb=int(context.memory_limit_in_mb),
        )

    def register(self) -> Findings:
        """Register the tables in the catalogue as their contracts say, and examine what was published."""
        findings = register(self.catalog, self.lake, load_all(), self.scope.runs)
        tag_everything(self.catalog, self.place.region, self.place.account, TAGS)
        return findings

    def observe(self) -> _Observations:
        """Return what the tasks read and wrote, from the lineage events."""
        return observed(self._events(), self.place)

    def compare(self, findings: Findings, observations: _Observations) -> Findings:
        """Compare declarations with observations, and the columns' classifications with those of their sources."""
        tasks = {machine.name: machine.tasks for machine in self.machines}
        unknown = unknown_names(tasks)
        return replace(
            findings,
            unknown=tuple(unknown),
            disagreements=() if unknown else tuple(differences(tasks, observations, self.scope.from_csv)),
            unclassified=tuple(undeclared(load_all())),
        )

    def connect(self, findings: Findings, observations: _Observations) -> Findings:
        """Emit the declared lineage, and register pipelines, tasks, lineage and executions in the catalogue."""
        # It imports the OpenLineage client, which would delay every cold start (lakehouse.lineage.runs).
        from governance.declared import job_events, lineage_table  # noqa: PLC0415

        if not findings.unknown:
            for job, declared in job_events(self.machines, self.place, datetime.now(UTC)).items():
                self.runs.declare(job, declared)
        tables = {
            "pipelines": pipelines_table(self.machines),
            "tarefas": tasks_table(self.machines),
            "linhagem": lineage_table(self.machines, load_all(), observations, self.run_id),
            "execucoes": self._executions(),
        }
        registered = dict(findings.registered)
        for name, rows in tables.items():
            self.lake.write_table(rows, layout.governance_table_key(name))
            outcome = self.catalog.register(governance_table(name, self.lake.bucket, len(rows)))
            where = f"{layout.GOVERNANCE_DATABASE}.{name}"
            registered[where] = outcome
            log_table("registered", where, len(rows), outcome=outcome)
        for machine in self.machines:
            entry = machine_table(machine, self.lake.bucket)
            registered[f"{entry.database}.{entry.name}"] = self.catalog.register(entry)
        return replace(findings, registered=registered)

    def report(self, findings: Findings) -> dict[str, Any]:
        """Write the report, count the findings, and return the verdict."""
        key, lineage = layout.governance_report_key(self.run_id), self.runs.summary()
        report = {
            "run_id": self.run_id,
            "runs": dict(self.scope.runs),
            "evaluated_at": datetime.now(UTC).isoformat(),
            **findings.as_report(),
            "lineage": lineage,
            "registered": findings.registered,
        }
        self.lake.write_json(report, key)
        count(
            "governed",
            assets=len(findings.registered),
            problems=len(findings.problems),
            findings=len(findings.personal),
            undelivered=self.runs.undelivered,
        )
        return {"run_id": self.run_id, **findings.as_message(key, self.lake.uri(key)), "lineage": lineage}

    def _events(self) -> Iterator[Mapping[str, Any]]:
        """Yield the events that ended a task of these runs, but for calls by hand, which nothing declares."""
        for run_id in dict.fromkeys(self.scope.runs.values()):
            for key in self.lake.list(layout.lineage_prefix(run_id)):
                event = layout.event_of_key(key)
                if event is None or event.phase == layout.START or event.job.startswith(f"{BY_HAND}."):
                    continue
                if self.scope.has(event.job, run_id):
                    yield self.lake.read_json(key)

    def _executions(self) -> pa.Table:
        try:
            before = self.lake.read_table(layout.governance_table_key("execucoes"))
        except StorageError:
            before = None
        known = (
            {}
            if before is None
            else dict(zip(before["execucao_arn"].to_pylist(), before["status"].to_pylist(), strict=True))
        )
        executions = {each.name: list(self.states.executions(each, known, EXECUTIONS)) for each in self.machines}
        return executions_table(before, executions, self.memory_mb)
