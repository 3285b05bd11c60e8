"""Quality: from the results of rules to a verdict, a report and, where a rule failed, the failure's cause. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from lakehouse.contract.model import Rule
from lakehouse.contract.profile import Profile

PASS, WARN, FAIL = "pass", "warn", "fail"
EXAMPLES: Final = 5
# How many failed rules a cause names, with how many examples of what length; the report has the rest.
_CAUSES: Final = 4
_CAUSE_EXAMPLES: Final = 3
_LENGTH: Final = 150


@dataclass(frozen=True)
class Outcome:
    """What a rule found.

    Attributes
    ----------
    failed, examined : int
        How many of the rows, keys or groups that it examined break it.
    examples : tuple of str
        Keys of at most `EXAMPLES` that break it; never a personal or confidential value.
    """

    failed: int
    examined: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class RuleResult:
    """A rule of a contract with its outcome.

    Attributes
    ----------
    rule : Rule
    outcome : Outcome
    """

    rule: Rule
    outcome: Outcome

    @property
    def status(self) -> str:
        """``pass``, or by the rule's severity ``warn`` or ``fail``."""
        if not self.outcome.failed:
            return PASS
        return FAIL if self.rule.severity == "error" else WARN

    def as_report(self) -> dict[str, Any]:
        """Return the rule's entry of the quality report."""
        return {
            "rule": self.rule.name,
            "column": self.rule.column,
            "description": self.rule.description,
            "dimension": self.rule.dimension,
            "severity": self.rule.severity,
            "status": self.status,
            "failed": self.outcome.failed,
            "examined": self.outcome.examined,
            "examples": [_short(example) for example in self.outcome.examples[:EXAMPLES]],
        }


@dataclass(frozen=True)
class AuditedFile:
    """A file of a table as its audit read it. What is published is exactly this.

    Attributes
    ----------
    key, etag : str
    bytes, rows : int
    schema : str
        The fingerprint of its schema (`lakehouse.contract.drift.fingerprint`); empty in records from before there was
        one, so two files are compared without it (`is_that_of`).
    """

    key: str
    etag: str
    bytes: int
    rows: int
    schema: str = ""

    def is_that_of(self, other: "AuditedFile") -> bool:
        """Return whether both are the same file."""
        return (self.key, self.etag, self.bytes, self.rows) == (other.key, other.etag, other.bytes, other.rows)


@dataclass(frozen=True)
class TableResult:
    """A staged table with the results of its rules.

    Attributes
    ----------
    table : str
    files : sequence of AuditedFile
        Those that it consists of, as they were read: one per part, in order.
    rows, quarantined : int
    quarantine_reasons : mapping of str to int
    results : sequence of RuleResult
    columns : tuple of ColumnProfile
        What was counted of each column; empty where the table could not be examined.
    """

    table: str
    files: Sequence[AuditedFile]
    rows: int
    quarantined: int
    quarantine_reasons: Mapping[str, int]
    results: Sequence[RuleResult]
    columns: Profile = ()

    @property
    def verdict(self) -> str:
        """The worst status of its rules."""
        statuses = {result.status for result in self.results}
        return FAIL if FAIL in statuses else WARN if WARN in statuses else PASS

    def count(self, status: str) -> int:
        """Return how many rules have a status."""
        return sum(result.status == status for result in self.results)

    def as_report(self) -> dict[str, Any]:
        """Return the table's entry of the quality report."""
        return {
            "table": self.table,
            "verdict": self.verdict,
            "rows": self.rows,
            "quarantined": self.quarantined,
            "quarantine_reasons": dict(self.quarantine_reasons),
            "files": [asdict(file) for file in self.files],
            "columns": [asdict(column) for column in self.columns],
            "rules": [result.as_report() for result in self.results],
        }

    def as_message(self) -> dict[str, Any]:
        """Return the table's entry of the message to the next state."""
        return {
            "table": self.table,
            "verdict": self.verdict,
            "rows": self.rows,
            "quarantined": self.quarantined,
            "errors": self.count(FAIL),
            "warnings": self.count(WARN),
        }


def cause(layer: str, tables: Sequence[TableResult], report_uri: str, version: int | None = None) -> str:
    """Return a text on which rules of which tables failed, how often, and where to look; empty when none did.

    Parameters
    ----------
    layer : str
    tables : sequence of TableResult
    report_uri : str
        Where the report is.
    version : int, optional
        The version that was audited; None for what a run wrote.
    """
    failures = [(table.table, result) for table in tables for result in table.results if result.status == FAIL]
    if not failures:
        return ""
    causes = [
        f"{table}: rule '{result.rule.name}' failed {result.outcome.failed} of {result.outcome.examined} "
        f"({result.rule.description}{_such_as(result.outcome)})"
        for table, result in failures[:_CAUSES]
    ]
    others = failures[_CAUSES:]
    if others:
        other_tables = ", ".join(dict.fromkeys(table for table, _ in others))
        more = "1 more rule" if len(others) == 1 else f"{len(others)} more rules"
        causes.append(f"and {more}, of {other_tables}")
    where = f"{'; '.join(causes)}. Report: {report_uri}"
    if version is not None:
        return f"Version {version} of {layer} fails its audit. {where}"
    return f"The audit of {layer} failed, so nothing was published. {where}"


def _such_as(outcome: Outcome) -> str:
    examples = ", ".join(outcome.examples[:_CAUSE_EXAMPLES])
    return f" For example: {_short(examples)}" if examples else ""


def _short(text: str) -> str:
    return text if len(text) <= _LENGTH else f"{text[: _LENGTH - 3]}..."
