"""The Governance Lambda: it checks what a run has made before it is published, and registers the pipelines."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import pyarrow as pa
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from governance.agreement import Observed, differences, observed, unknown_names
from governance.connector import (
    executions_table,
    governance_table,
    machine_rows,
    machine_table,
    pipelines_table,
    tasks_table,
)
from governance.examination import examine, tag_everything
from governance.findings import Findings
from governance.ownership import ownerless
from governance.propagation import undeclared
from governance.registry import (
    Registry,
    deployment,
    etags,
    of_deleted_machines,
    since,
    strangers,
    tags_of,
    written_prefixes,
)
from governance.registry import read as read_registry
from governance.scope import Scope, scope_of_published, scope_of_run
from lakehouse.clients import together
from lakehouse.contract.model import load_all
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog, GlueTable
from lakehouse.lake.s3 import Lake
from lakehouse.lineage.names import Place
from lakehouse.lineage.runs import Runs
from lakehouse.orchestration.pipelines import PIPELINE, machine_arns, machine_name
from lakehouse.orchestration.stepfunctions import StateMachine, StateMachines, executions_of
from lakehouse.runtime import BY_HAND, Settings, arn_of, instrumented, log_table, logger, run_id_of, stage_in_use
from lakehouse.versions import chain
from lakehouse.versions.opening import opened

EXECUTIONS: Final = 20

_Observations = Mapping[tuple[str, str], Observed]


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Check one run, and register the pipelines.

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
        Governance runs by itself, and nothing was published yet.
    """
    governance = _Governance.of(event, context)
    findings = governance.examine()
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
        run_id, states, lake = run_id_of(event), StateMachines(), Lake(Settings.from_environment().bucket)
        stage = stage_in_use()
        scope = scope_of_published(lake) if event.get("only") else scope_of_run(lake, opened(lake, run_id))
        return cls(
            run_id=run_id,
            lake=lake,
            catalog=Catalog(stage=stage),
            states=states,
            machines=states.deployed(machine_arns(arn_of(context), layout.LAYERS, stage)),
            place=Place.of_function(arn_of(context), lake.bucket, stage),
            runs=Runs.of_event(lake, event, arn_of(context)),
            scope=scope,
            memory_mb=int(context.memory_limit_in_mb),
        )

    def examine(self) -> Findings:
        """Compare the tables and the catalogue with the contracts, and look for undeclared personal data."""
        with self.runs.of(""):
            findings = examine(self.catalog, self.scope.view, load_all())
        tag_everything(self.catalog, self.place.region, self.place.account, tags_of(self.catalog.stage))
        return findings

    def observe(self) -> _Observations:
        """Return what the tasks read and wrote, from the lineage events."""
        return observed(self._events(), self.place)

    def compare(self, findings: Findings, observations: _Observations) -> Findings:
        """Compare declarations with observations, classifications with the sources', and a run with those before."""
        tasks = {machine.name: machine.tasks for machine in self.machines}
        unknown = unknown_names(tasks)
        partly = (machine_name(PIPELINE, self.catalog.stage),)
        return replace(
            findings,
            unknown=tuple(unknown),
            disagreements=() if unknown else tuple(differences(tasks, observations, self.scope.from_csv, partly)),
            unclassified=tuple(undeclared(load_all())),
            unowned=tuple(ownerless(self.machines, load_all(), self.catalog.stage)),
            over_time=self.scope.judged(datetime.now(UTC)),
        )

    def connect(self, findings: Findings, observations: _Observations) -> Findings:
        """Emit the declared lineage, and register pipelines, tasks, lineage and executions in the catalogue."""
        # It imports the OpenLineage client, which would delay every cold start (lakehouse.lineage.runs).
        from governance.declared import job_events, lineage_table  # noqa: PLC0415

        if not findings.unknown:
            self.runs.declare_all(job_events(self.machines, self.place, datetime.now(UTC)))
        before = read_registry(self.lake)
        findings = self._what_changed(findings, before)
        executions = self._executions()
        tables = {
            "pipelines": pipelines_table(self.machines),
            "tarefas": tasks_table(self.machines),
            "linhagem": lineage_table(self.machines, load_all(), observations, self.run_id, self.catalog.stage),
            "execucoes": executions,
        }
        files = {layout.governance_table_key(name): table for name, table in tables.items()}
        files |= {layout.machine_key(machine.name): machine_rows(machine) for machine in self.machines}
        sizes = dict(zip(files, together(lambda key: self.lake.write_table(files[key], key), files), strict=True))
        entries = [
            *(
                governance_table(name, self.lake.bucket, len(rows), sizes[layout.governance_table_key(name)])
                for name, rows in tables.items()
            ),
            *(machine_table(machine, self.lake.bucket) for machine in self.machines),
        ]
        registered = dict(findings.registered)
        for entry, outcome in zip(entries, together(self._register, entries), strict=True):
            where = f"{entry.database}.{entry.name}"
            registered[where] = outcome
            if entry.name in tables:
                log_table("registered", where, len(tables[entry.name]), outcome=outcome)
        registry = Registry.of(self.run_id, self.machines, entries, before, deployment(self.lake))
        self.lake.write_json(registry.as_json(), layout.REGISTERED_KEY)
        return replace(findings, registered=registered)

    def _register(self, entry: GlueTable) -> str:
        # What others have put into it was told (`_what_changed`), and goes.
        return self.catalog.register(entry, exactly=True)

    def _what_changed(self, findings: Findings, before: Registry) -> Findings:
        """Say what was changed since it was registered or deployed, and take the entries of deleted machines away."""
        found = {table["Name"]: table for table in self.catalog.tables(layout.GOVERNANCE_DATABASE)}
        gone = of_deleted_machines(found, self.machines)
        entries = [each for each in before.unlike_entries(found) if each.path.split(".")[1] not in gone]
        changed = [each.said("examinado", "implantado") for each in before.unlike_machines(self.machines)]
        changed += [
            f"{each.said('registrado', 'no catálogo')}{since(found.get(each.path.split('.')[1]))}" for each in entries
        ]
        removed = dict(zip(gone, together(self._removed, gone), strict=True))
        unknown = [
            f"{layout.GOVERNANCE_DATABASE}.{name}: ninguém conhece esta tabela{since(found[name])}"
            for name in strangers(found, self.machines)
        ]
        unknown += [
            f"{layout.GOVERNANCE_DATABASE}.{name}: sua máquina não existe mais, e não se pode retirar a tabela"
            for name in gone
            if not removed[name]
        ]
        return replace(
            findings,
            changed=tuple(changed),
            removed=tuple(f"{layout.GOVERNANCE_DATABASE}.{name}" for name in gone if removed[name]),
            unknown_tables=(*findings.unknown_tables, *unknown),
        )

    def _removed(self, name: str) -> bool:
        """Take an entry of the governance database away; return whether that is permitted."""
        try:
            self.catalog.remove(layout.GOVERNANCE_DATABASE, name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDeniedException":
                raise
            return False
        return True

    def report(self, findings: Findings) -> dict[str, Any]:
        """Write the report, count the findings, and return the verdict."""
        key, lineage = self._report_key(), self.runs.summary()
        report = {
            "run_id": self.run_id,
            "version": self.scope.view.number,
            "runs": dict(self.scope.runs),
            "evaluated_at": datetime.now(UTC).isoformat(),
            **findings.as_report(),
            "lineage": lineage,
            "registered": findings.registered,
            "kept": self._kept(),
        }
        self.lake.write_json(report, key)
        written = self.lake.about(key)
        counts = {
            "assets": len(findings.registered),
            "problems": len(findings.problems),
            "findings": len(findings.personal),
            "anomalies": len(findings.over_time.anomalies),
            "undelivered": self.runs.undelivered,
        }
        logger.info("governed", extra=counts)
        return {
            "run_id": self.run_id,
            **findings.as_message(key, self.lake.uri(key)),
            "report_etag": written.etag if written else "",
            "lineage": lineage,
        }

    def _report_key(self) -> str:
        """Return where the report goes: that of a run that is published already stays what its version names."""
        published = chain.of_run(self.lake, self.run_id, self.scope.base)
        return layout.governance_report_key(self.run_id if published is None else f"{self.run_id}.{uuid4().hex[:8]}")

    def _kept(self) -> dict[str, str]:
        """Return what was found and made, key by key with its ETag: the events of the runs, the governance tables."""
        runs = dict.fromkeys([*self.scope.runs.values(), self.run_id])
        return etags(self.lake, [*map(layout.lineage_prefix, runs), *written_prefixes(), layout.REGISTERED_KEY])

    def _events(self) -> Iterator[Mapping[str, Any]]:
        """Yield the events that ended a task of these runs, but for calls by hand, which nothing declares."""
        yield from together(self.lake.read_json, list(self._event_keys()))

    def _event_keys(self) -> Iterator[str]:
        for run_id in dict.fromkeys(self.scope.runs.values()):
            for key in self.lake.list(layout.lineage_prefix(run_id)):
                event = layout.event_of_key(key)
                if event is None or event.phase == layout.START or event.job.startswith(f"{BY_HAND}."):
                    continue
                if self.scope.has(event.job, run_id, self.catalog.stage):
                    yield key

    def _executions(self) -> pa.Table:
        """Return the table ``execucoes``; tell of the executions that it has not had, or not seen end."""
        try:
            before = self.lake.read_table(layout.governance_table_key("execucoes"))
        except StorageError:
            before = None
        known = (
            {}
            if before is None
            else dict(zip(before["execucao_arn"].to_pylist(), before["status"].to_pylist(), strict=True))
        )
        executions = executions_of(self.states, self.machines, known, EXECUTIONS)
        self.runs.tell(execution for its in executions.values() for execution in its)
        return executions_table(before, executions, self.memory_mb)
