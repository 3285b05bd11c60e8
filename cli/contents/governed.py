"""What governance found and registered, beside what there is now: its reports, events, tables and state machines."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.contents.as_deployed import AsDeployed
from cli.contents.authors import Authors
from cli.contents.outcome import Outcome, permitted
from cli.contents.reports import Expired, GovernanceReports, named, read_report
from cli.errors import NotDeployedError
from cli.running.machines import MACHINES, PIPELINE
from cli.session import Aws
from cli.terminal import present
from governance.ownership import ownerless
from governance.registry import Registry, etags, of_deleted_machines, strangers, tags_of, wanted_tags, written_prefixes
from governance.registry import read as read_registry
from lakehouse.clients import together
from lakehouse.contract.model import load_all
from lakehouse.contract.structure import unlike
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.s3 import Lake
from lakehouse.orchestration.pipelines import machine_name
from lakehouse.orchestration.stepfunctions import StateMachine, StateMachines
from lakehouse.runtime import BY_HAND
from lakehouse.versions.view import View

_UNKNOWN_EXECUTION: Final = frozenset({"ExecutionDoesNotExist", "InvalidArn"})
_GONE: Final = re.compile(r" is gone(: |$)")
# How long Step Functions knows an execution; of an older report there is nothing to compare.
_KNOWN_DAYS: Final = 90


@dataclass(frozen=True)
class Governed:
    """What is known of governance and what it governs.

    Attributes
    ----------
    aws : Aws
    view : View
    machines : sequence of StateMachine
        Those that are deployed.
    registry : Registry
    authors : Authors
    catalog : Catalog
    unchecked : tuple of str
        What of it could not be read.
    deployed : AsDeployed
        What was deployed, by the stack's template.
    """

    aws: Aws
    view: View
    machines: Sequence[StateMachine]
    registry: Registry
    authors: Authors
    catalog: Catalog
    unchecked: tuple[str, ...]
    deployed: AsDeployed

    @classmethod
    def of(cls, aws: Aws, view: View, authors: Authors, catalog: Catalog) -> "Governed":
        """Read the state machines, and what governance registered."""
        machines, refused = permitted(
            "state machines as they are deployed", lambda: _deployed(aws), list[StateMachine]()
        )
        unchecked, deployed = (refused,) if refused else (), AsDeployed.of(aws, authors)
        return cls(aws, view, machines, read_registry(view.lake), authors, catalog, unchecked, deployed)

    @property
    def _lake(self) -> Lake:
        return self.view.lake

    # ---- state machines ----------------------------------------------------------------------------------------------

    def definitions(self) -> Outcome:
        """Compare the definitions of the state machines with those that were deployed.

        Where the stack's template does not say, they are held against those that governance examined last.
        """
        by_template = None if self.unchecked else self.deployed.definitions(self.machines)
        if by_template is not None:
            return by_template._replace(unchecked=(*by_template.unchecked, *self._unsaid()))
        if self.unchecked or not self.registry.definitions:
            return Outcome([], "not compared", self.unchecked or ("definitions: governance has kept none yet",))
        wrong = []
        for each in self.registry.unlike_machines(self.machines):
            machine = each.path.split(".")[0]
            wrong.append(f"{each.said('governance examined', 'deployed is')}{self.authors.of_machine(machine)}")
        why = f"definitions as they were deployed, only as governance examined them: {self.deployed.refused}"
        return Outcome(wrong, present.count(len(self.machines), "definition"), (why, *self._unsaid()))

    def owners(self) -> Outcome:
        """Name what has no owner, an unknown one, or another domain's."""
        tables, tasks = load_all(), sum(len(machine.tasks) for machine in self.machines)
        counted = ((len(tables), "table"), (len(self.machines), "state machine"), (tasks, "task"))
        summary = ", ".join(present.count(number, what) for number, what in counted)
        return Outcome(ownerless(self.machines, tables, self.aws.stage), summary, self.unchecked)

    # ---- the governance database -------------------------------------------------------------------------------------

    def entries(self) -> Outcome:
        """Compare the governance database with what was registered in it, and name what is nobody's."""
        database = layout.GOVERNANCE_DATABASE
        found = {table["Name"]: table for table in self.catalog.tables(database)}
        wrong = []
        for each in self.registry.unlike_entries(found):
            table = each.path.split(".")[1]
            wrong.append(f"{each}{self.authors.of_table(f'{database}.{table}', found.get(table))}")
        if self.machines:
            for name in strangers(found, self.machines):
                who = self.authors.of_table(f"{database}.{name}", found[name])
                wrong.append(f"{database}.{name}: nobody knows this table{who}")
            wrong += [
                f"{database}.{name}: its state machine is gone" for name in of_deleted_machines(found, self.machines)
            ]
        registered = len(self.registry.tables)
        nothing = () if registered else ("the governance database: governance has registered nothing yet",)
        return Outcome(wrong, present.count(registered, "table"), (*nothing, *self.unchecked, *self._unsaid()))

    def _unsaid(self) -> tuple[str, ...]:
        """Return that nobody can be named, where something differs and CloudTrail may not be read."""
        return (self.authors.refused,) if self.authors.refused else ()

    def tags(self) -> Outcome:
        """Compare the tags of databases and crawlers with those that they are to have."""
        arns = self._place()
        if arns is None:
            return Outcome([], "not compared", ("tags: the stack does not say which account it is in",))
        wanted = wanted_tags(*arns, self.aws.stage, tags_of(self.aws.stage))
        found, refused = permitted(
            "tags of databases and crawlers",
            lambda: list(together(lambda arn: _tags(self.catalog, arn), wanted)),
            list[dict[str, str]](),
        )
        if refused:
            return Outcome([], "not compared", (refused,))
        wrong = [
            str(each.of(arn.rpartition(":")[2]))
            for arn, tags in zip(wanted, found, strict=True)
            for each in unlike(wanted[arn], {name: tags[name] for name in tags if name in wanted[arn]})
        ]
        return Outcome(wrong, f"{present.count(len(wanted), 'resource')}")

    def _place(self) -> tuple[str, str] | None:
        """Return region and account, by the ARN of the pipeline."""
        try:
            fields = self.aws.state_machine(PIPELINE).split(":")
        except NotDeployedError:
            return None
        return fields[3], fields[4]

    # ---- reports and events ------------------------------------------------------------------------------------------

    def reports(self, found: GovernanceReports, expired: Expired) -> Outcome:
        """Hold the reports of governance against what names them, and what they keep against what there is.

        A version names the report that let its run through, with its ETag. A report has the ETag of each event, and of
        what governance wrote. A report that no version names has to be of an execution of the pipeline. What was kept
        for as long as it is to be kept may be gone.
        """
        version, wrong, unchecked = self.view.version, list[str](), list[str]()
        if version is not None and version.governance:
            bound = read_report(self._lake, version.governance, version.governance_etag)
            wrong += [bound] if isinstance(bound, str) else []
        elif version is not None:
            unchecked.append("the report that let the run through: the version names none")
        own = [each for each in found if each[1].get("runs") == self.view.runs]
        for key, report in dict((*own[:1], *found[:1])).items():
            if version is None or key != version.governance:
                said, asked = self._of_an_execution(key, report)
                wrong += said
                unchecked += asked
        if own:
            said, asked = self._events(*own[0])
            wrong += said
            unchecked += asked
        if found:
            said, asked = self._written(*found[0])
            wrong += said
            unchecked += asked
        tables = version.ordered if version is not None else ()
        if tables and all(map(expired.reports, tables)):
            wrong = [each for each in wrong if not _GONE.search(each)]
            unchecked.append("reports and events that are older than they are kept")
        return Outcome(wrong, f"{present.count(len(own), 'report')} of {named(self.view.runs)}", tuple(unchecked))

    def _of_an_execution(self, key: str, report: Mapping[str, Any]) -> tuple[list[str], list[str]]:
        """Say whether a report that no version names was written by the execution whose name it has."""
        run = str(report.get("run_id", ""))
        try:
            arn = f"{self.aws.state_machine(PIPELINE).replace(':stateMachine:', ':execution:')}:{run}"
        except NotDeployedError:
            return [], [f"{key}: the stack does not say which pipeline wrote it"]
        try:
            self.aws.states.describe_execution(executionArn=arn)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _UNKNOWN_EXECUTION:
                return [f"{key} was forged: the pipeline has no execution {run} (of the last {_KNOWN_DAYS} days)"], []
            return [], [f"{key}: whether the pipeline wrote it ({code})"]
        return [], []

    def _events(self, key: str, report: Mapping[str, Any]) -> tuple[list[str], list[str]]:
        """Compare the events of the runs with those that a report of governance was made from."""
        kept = report.get("kept")
        if not isinstance(kept, Mapping):
            return [], [f"{key} keeps no events: it is of an earlier version of the project"]
        prefixes = [layout.lineage_prefix(run) for run in dict.fromkeys([*self.view.runs.values(), report["run_id"]])]
        return list(_differing(self._lake, kept, prefixes, key)), []

    def _written(self, key: str, report: Mapping[str, Any]) -> tuple[list[str], list[str]]:
        """Compare governance's tables with those that its newest report says that it wrote."""
        kept = report.get("kept")
        if not isinstance(kept, Mapping):
            return [], []
        return list(_differing(self._lake, kept, [*written_prefixes(), layout.REGISTERED_KEY], key)), []


def accept(aws: Aws) -> None:
    """Have governance take the state machines as they are from now on, as after a deployment."""
    aws.s3.put_object(Bucket=aws.bucket, Key=layout.DEPLOYED_KEY, Body=b"")


def _differing(lake: Lake, kept: Mapping[str, str], prefixes: Sequence[str], report: str) -> Iterator[str]:
    """Yield how the objects under some prefixes are not those that a report keeps, each with both ETags."""
    found = etags(lake, prefixes)
    expected = {key: etag for key, etag in kept.items() if key.startswith(tuple(prefixes))}
    for key in sorted({*expected, *found}):
        if key not in found:
            yield f"{key} is gone: {report} names it"
        elif key not in expected:
            if not _is_unbound(key):
                yield f"{key} was added: {report} does not name it"
        elif expected[key] != found[key]:
            yield f"{key} was changed: {report} expected the ETag {expected[key]}, found {found[key]}"


def _is_unbound(key: str) -> bool:
    """Return whether nothing is held against an event: one of a call by hand, or told after the report was written.

    That is how executions end, by Step Functions' own word, and what was looked at to discover something.
    """
    event = layout.event_of_key(key)
    if event is None:
        return False
    machine, _, task = event.job.partition(".")
    return machine == BY_HAND or not task or (machine.startswith(machine_name(PIPELINE, "")) and "." not in task)


def _deployed(aws: Aws) -> list[StateMachine]:
    try:
        arns = [aws.state_machine(name) for name in MACHINES]
    except NotDeployedError:
        return []
    return StateMachines(aws.states).deployed(arns)


def _tags(catalog: Catalog, arn: str) -> dict[str, str]:
    try:
        return catalog.tags(arn)
    except ClientError as error:
        if error.response["Error"]["Code"] == "EntityNotFoundException":
            return {}
        raise
