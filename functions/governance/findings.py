"""The findings of governance in one run: one value, filled in step by step, and then reported. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from governance.scanner import Finding

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
    crawled : tuple of str
        Differences of the catalogue from the contract, which registration then corrected.
    personal : tuple of Finding
        Columns that look personal although no contract says so.
    unknown : tuple of str
        Names in the tasks' comments that are no asset, and unreadable fields of comments.
    disagreements : tuple of str
        Differences between what the tasks declare and what they did; empty while there are unknown names.
    unclassified : tuple of str
        Columns derived from sensitive ones that do not declare it.
    """

    registered: Mapping[str, str] = field(default_factory=dict)
    broken: tuple[str, ...] = ()
    crawled: tuple[str, ...] = ()
    personal: tuple[Finding, ...] = ()
    unknown: tuple[str, ...] = ()
    disagreements: tuple[str, ...] = ()
    unclassified: tuple[str, ...] = ()

    @property
    def problems(self) -> list[str]:
        """The findings that keep the run from passing."""
        return [*self.unknown, *self.broken, *self.disagreements, *self.unclassified]

    def as_report(self) -> dict[str, Any]:
        """Return the findings' part of the governance report."""
        return {
            "passed": not self.problems,
            "problems": self.problems,
            "drift": [*self.broken, *self.crawled],
            "lineage_differences": list(self.disagreements),
            "classification": list(self.unclassified),
            "findings": [str(finding) for finding in self.personal],
        }

    def as_message(self, report_key: str, report_uri: str) -> dict[str, Any]:
        """Return the message to the next state, which is bounded.

        Parameters
        ----------
        report_key, report_uri : str
            Where the report is.
        """
        return {
            "passed": not self.problems,
            "cause": self._cause(report_uri),
            "report_key": report_key,
            "assets": len(self.registered),
            "problems": len(self.problems),
            "warnings": [str(warning)[:_LENGTH] for warning in (*self.personal[:_SHOWN], *self.crawled[:_SHOWN])],
        }

    def _cause(self, report_uri: str) -> str:
        problems = self.problems
        if not problems:
            return ""
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        number = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        cause = f"Governance found {number}: {'; '.join(problems[:_SHOWN])}{more}. Report: {report_uri}"
        return cause[:_CAUSE]
