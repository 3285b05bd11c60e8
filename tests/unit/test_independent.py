"""What the comparison with datacontract-cli says where it agrees, where it does not, and where nothing was executed."""

from pathlib import Path

import pytest

from cli.contents import independent
from cli.contents.independent import Comparison, Difference, Judged, compared
from cli.errors import CliError
from lakehouse.contract.model import load

TABLE = "cambio"
RULES = [rule.name for rule in load(TABLE).rules]


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], Judged]:
    """What datacontract-cli is made to say: that all is well, unless a test says otherwise."""
    verdicts = {(TABLE, name): Judged("pass") for name in RULES}
    monkeypatch.setattr(independent, "judged", lambda folder: ("datacontract-cli 1", verdicts))
    return verdicts


def compare(*examined: str, parts: int = 1) -> Comparison:
    rules = [{"rule": name, "status": "pass"} for name in ("esquema_confere", *examined)]
    return compared(Path(), [{"tables": [{"table": TABLE, "rules": rules}]}], {TABLE: parts})


def test_rules_of_the_contract_alone_are_counted_and_all_may_agree(found: dict[tuple[str, str], Judged]) -> None:
    comparison = compare(*RULES)
    total = len(RULES)
    assert (comparison.rules, comparison.executed, comparison.agreed, comparison.disagreed) == (total, total, total, 0)
    assert str(comparison) == f"{total} of {total} rules executed by datacontract-cli 1, {total} agree with the audit"


def test_another_verdict_and_a_rule_that_was_not_executed_are_told_apart(found: dict[tuple[str, str], Judged]) -> None:
    found[TABLE, "taxa_ptax_positiva"] = Judged("fail", "Actual custom_sql(cambio) was 2, expected = 0")
    found[TABLE, "taxa_venda_positiva"] = Judged(None, "Error evaluating check: no such column")
    del found[TABLE, "chave_unica"]
    comparison = compare(*RULES)
    total = len(RULES)
    assert (comparison.executed, comparison.agreed, comparison.disagreed) == (total - 2, total - 3, 1)
    assert set(comparison.differences) == {
        Difference(TABLE, "taxa_ptax_positiva", "pass", "fail", "Actual custom_sql(cambio) was 2, expected = 0"),
        Difference(
            TABLE, "taxa_venda_positiva", "pass", "not executed", "Error evaluating check: no such column"
        ),
        Difference(TABLE, "chave_unica", "pass", "not executed", "it has no check of this rule"),
    }  # fmt: skip


def test_a_rule_that_the_audit_did_not_examine_does_not_agree(found: dict[tuple[str, str], Judged]) -> None:
    comparison = compare(*RULES[1:])
    assert comparison.differences == (Difference(TABLE, RULES[0], "not examined", "pass", ""),)
    assert comparison.disagreed == 1


def test_without_datacontract_cli_it_says_what_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(independent, "PROGRAM", tmp_path / "nothing")
    with pytest.raises(CliError, match="datacontract-cli is not installed") as refused:
        independent.judged(tmp_path)
    assert "./importau audit --independent" in refused.value.fix


def test_a_program_that_ends_without_a_verdict_is_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "datacontract"
    program.write_text("#!/bin/sh\necho 'no memory left' >&2\nexit 3\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(independent, "PROGRAM", program)
    with pytest.raises(CliError, match="datacontract-cli gave no verdict: no memory left"):
        independent.judged(tmp_path)
