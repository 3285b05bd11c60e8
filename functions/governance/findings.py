"""The findings of governance in one run: one value, filled in step by step, and then reported. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from governance.scanner import Finding
from lakehouse.versions.anomalies import Judgement

# How many findings a message has, and how long they are; the report has all of them.
_SHOWN: Final = 10
_LENGTH: Final = 300
_CAUSE: Final = 4000


@dataclass(frozen=True)
class Findings:
    """Everything that the steps of governance found.

    Attributes
    ----------
    registered : mapping of str to str
        ``created``, ``updated`` or ``unchanged`` by ``database.table``.
    broken : tuple of str
        Differences of Parquet from the contract, and missing tables.
    drifted : tuple of str
        Differences among contract, Parquet, registered and discovered table; publishing corrects what is registered.
    unknown_tables : tuple of str
        Tables of the lakehouse's databases that no contract knows.
    personal : tuple of Finding
        Columns that look personal although no contract says so; some of them keep the run from passing (`strict`).
    unknown : tuple of str
        Names in the tasks' comments that are no asset, and unreadable fields of comments.
    disagreements : tuple of str
        Differences between what the tasks declare and what they did; empty while there are unknown names.
    unclassified : tuple of str
        Columns derived from sensitive ones that do not declare it.
    unowned : tuple of str
        Tables, state machines and tasks without an owner, or with another one than their domain's.
    changed : tuple of str
        What somebody changed in the catalogue or in a state machine since governance registered it, with both values;
        it is registered anew, so this is where it is told.
    removed : tuple of str
        The entries of state machines that are not deployed any more, which left the catalogue.
    over_time : Judgement
        What the run measured that is not what the runs before it let expect; where a contract says so, it keeps the
        run from passing (`strict`).
    """

    registered: Mapping[str, str] = field(default_factory=dict)
    broken: tuple[str, ...] = ()
    drifted: tuple[str, ...] = ()
    unknown_tables: tuple[str, ...] = ()
    personal: tuple[Finding, ...] = ()
    unknown: tuple[str, ...] = ()
    disagreements: tuple[str, ...] = ()
    unclassified: tuple[str, ...] = ()
    unowned: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    over_time: Judgement = field(default_factory=Judgement)

    @property
    def problems(self) -> list[str]:
        """The findings that keep the run from passing."""
        strict = [str(finding) for finding in self.personal if finding.strict]
        strict += [str(anomaly) for anomaly in self.over_time.anomalies if anomaly.strict]
        return [*self.unknown, *self.broken, *self.disagreements, *self.unclassified, *self.unowned, *strict]

    def as_report(self) -> dict[str, Any]:
        """Return the findings' part of the governance report."""
        return {
            "passed": not self.problems,
            "problems": self.problems,
            "drift": [*self.broken, *self.drifted],
            "unknown_tables": list(self.unknown_tables),
            "lineage_differences": list(self.disagreements),
            "classification": list(self.unclassified),
            "owners": list(self.unowned),
            "changed": list(self.changed),
            "removed": list(self.removed),
            "findings": [str(finding) for finding in self.personal],
            "personal": [finding.as_report() for finding in self.personal],
            "anomalies": [str(each) for each in self.over_time.anomalies],
            "over_time": self.over_time.as_report(),
        }

    def as_message(self, report_key: str, report_uri: str) -> dict[str, Any]:
        """Return the message to the next state, which is bounded.

        Parameters
        ----------
        report_key, report_uri : str
            Where the report is.
        """
        suspected = tuple(finding for finding in self.personal if not finding.strict)
        odd = tuple(each for each in self.over_time.anomalies if not each.strict)
        return {
            "passed": not self.problems,
            "cause": self._cause(report_uri),
            "report_key": report_key,
            "assets": len(self.registered),
            "problems": len(self.problems),
            "personal": len(self.personal),
            "anomalies": len(self.over_time.anomalies),
            "warnings": [
                str(warning)[:_LENGTH]
                for some in (suspected, odd, self.unknown_tables, self.drifted, self.changed)
                for warning in some[:_SHOWN]
            ],
        }

    def _cause(self, report_uri: str) -> str:
        problems = self.problems
        if not problems:
            return ""
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        number = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        cause = f"Governance found {number}: {'; '.join(problems[:_SHOWN])}{more}. Report: {report_uri}"
        return cause[:_CAUSE]
