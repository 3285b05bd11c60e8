"""The rules of an export as datacontract-cli judges them, beside what the audits of this project found."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cli import ROOT
from cli.contents import checkable
from cli.errors import CliError
from lakehouse.contract import layers
from lakehouse.contract.model import load
from lakehouse.contract.quality import FAIL, PASS, WARN

# Of requirements.lock's section [rules]; the launcher makes it for the commands that need it.
PROGRAM: Final = ROOT / ".venv-rules/bin/datacontract"
_STATUS: Final = {"passed": PASS, "warning": WARN, "failed": FAIL}
# datacontract-cli calls what it could not evaluate a failure, too; of a rule that is broken it says how often.
_EVALUATED: Final = "Actual "
# A rule of each file by itself. The files of a table in parts are one table to SQL.
_OF_A_FILE: Final = "ordenado_pela_chave"
_KEY: Final = "chave_unica"
_TAIL: Final = 400

Name = tuple[str, str]


@dataclass(frozen=True)
class Judged:
    """What datacontract-cli says of a rule.

    Attributes
    ----------
    status : str or None
        ``pass``, ``warn`` or ``fail``; None where it could not evaluate the rule.
    why : str
    """

    status: str | None
    why: str = ""


@dataclass(frozen=True)
class Difference:
    """A rule that the two do not agree on, or that datacontract-cli did not execute.

    Attributes
    ----------
    table, rule : str
    ours, theirs : str
    why : str
    """

    table: str
    rule: str
    ours: str
    theirs: str
    why: str


@dataclass(frozen=True)
class Comparison:
    """The rules of some tables, judged twice.

    Attributes
    ----------
    program : str
        datacontract-cli, and its version.
    rules, executed, agreed : int
    differences : tuple of Difference
    """

    program: str
    rules: int
    executed: int
    agreed: int
    differences: tuple[Difference, ...]

    @property
    def disagreed(self) -> int:
        """How many rules were executed and have another verdict than by the audit."""
        return self.executed - self.agreed

    def __str__(self) -> str:
        """Return it in one line."""
        executed = f"{self.executed:,} of {self.rules:,} rules executed by {self.program}"
        return f"{executed}, {self.agreed:,} agree with the audit"


def compared(folder: Path, reports: Iterable[Mapping[str, Any]], parts: Mapping[str, int]) -> Comparison:
    """Have datacontract-cli execute the rules of an export, and compare its verdicts with reports of audits.

    Parameters
    ----------
    folder : Path
        That of the export.
    reports : iterable of mapping
        Those of the layers that are compared.
    parts : mapping of str to int
        How many files each table consists of.

    Raises
    ------
    CliError
        datacontract-cli is not installed, or ended without a verdict.
    """
    program, theirs = judged(folder)
    ours = {
        (entry["table"], rule["rule"]): rule["status"]
        for report in reports
        for entry in report["tables"]
        for rule in entry["rules"]
    }
    tables = dict.fromkeys(table for table, _ in ours)
    names = [(table, rule.name) for table in tables for rule in load(table).rules]
    differences: list[Difference] = []
    executed = 0
    for table, rule in names:
        status = ours.get((table, rule), "not examined")
        found = theirs.get((table, rule), Judged(None, "it has no check of this rule"))
        if rule == _OF_A_FILE and parts.get(table, 1) > 1:
            found = Judged(None, f"each of the table's {parts[table]} files is in order; to SQL they are one table")
        executed += found.status is not None
        if found.status != status:
            differences.append(Difference(table, rule, status, found.status or "not executed", found.why))
    return Comparison(program, len(names), executed, len(names) - len(differences), tuple(differences))


def judged(folder: Path) -> tuple[str, dict[Name, Judged]]:
    """Return datacontract-cli with its version, and what it says of each rule of an export, by table and name.

    Raises
    ------
    CliError
        It is not installed, or ended without a verdict.
    """
    if not PROGRAM.exists():
        raise CliError("datacontract-cli is not installed", "Run it by the launcher: `./importau audit --independent`.")
    results = folder / ".datacontract.json"
    command = [str(PROGRAM), "test", checkable.CONTRACT, "--output", str(results), "--output-format", "json"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    try:
        content = json.loads(results.read_text("utf-8"))
        results.unlink()
    except (OSError, ValueError) as error:
        raise CliError(f"datacontract-cli gave no verdict: {ran.stderr.strip()[-_TAIL:] or error}") from error
    tables = {checkable.model(table): table for table in layers.all_tables()}
    found: dict[Name, Judged] = {}
    for check in content["checks"]:
        name = _name(check, tables)
        if name is not None:
            found[name] = _judged(check)
    if not found:
        raise CliError(f"datacontract-cli judged no rule: {content['checks'][0].get('reason')}")
    return f"datacontract-cli {content['datacontractCliVersion']}", found


def _name(check: Mapping[str, Any], tables: Mapping[str, str]) -> Name | None:
    """Return the table and the rule that a check is of; None for a check that no rule asks for, as of a type."""
    if check.get("qualityId"):
        table, _, rule = check["qualityId"].partition(":")
        return table, rule
    table = tables.get(check.get("model") or "", "")
    match check["type"]:
        case "field_required" if table:
            return table, f"{check['field']}_preenchido"
        case "field_primary_key_unique" | "primary_key_unique" if table:
            return table, _KEY
    return None


def _judged(check: Mapping[str, Any]) -> Judged:
    why, status = check.get("reason") or "", _STATUS.get(check["result"])
    evaluated = status == PASS or why.startswith(_EVALUATED)
    return Judged(status if evaluated else None, why)
