"""Verdicts, reports and causes: what a run's results come to, and that none of it grows without bound."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lakehouse_tables import FACT

from lakehouse.contract.model import Rule, load, load_all
from lakehouse.contract.quality import EXAMPLES, AuditedFile, Outcome, RuleResult, TableResult, cause

REPORT = "s3://lake/governance/quality/silver/r1.json"
FILE = AuditedFile(f"silver/{FACT}/run=r1/{FACT.upper()}.parquet", "abc", 100, 10)


def rule(severity="error", name="conserva_quantidade"):
    return Rule(name, "quantidade soma a dos itens.", "accuracy", severity, "check", None, check=name)


def table(*results, name=FACT):
    return TableResult(name, (FILE,), 10, 2, {"sem chave": 2}, results)


@pytest.mark.parametrize(
    ("severity", "failed", "status"),
    [("error", 0, "pass"), ("warning", 0, "pass"), ("error", 1, "fail"), ("warning", 7, "warn")],
)
def test_what_a_failure_means_is_the_rules_severity(severity, failed, status):
    assert RuleResult(rule(severity), Outcome(failed, 10)).status == status


@given(st.lists(st.tuples(st.sampled_from(["error", "warning"]), st.integers(0, 3)), max_size=6))
def test_a_tables_verdict_is_its_worst_rule(given_results):
    results = [RuleResult(rule(severity), Outcome(failed, 3)) for severity, failed in given_results]
    found = table(*results)
    order = ["pass", "warn", "fail"]
    assert found.verdict == max([result.status for result in results], key=order.index, default="pass")
    message = found.as_message()
    assert (message["errors"] > 0) == (found.verdict == "fail")
    assert message["errors"] + message["warnings"] == sum(failed > 0 for _, failed in given_results)


def test_a_table_is_reported_as_the_architecture_says():
    result = RuleResult(rule(), Outcome(1, 41, ("ITEM005",)))
    assert table(result).as_report() == {
        "table": FACT,
        "verdict": "fail",
        "rows": 10,
        "quarantined": 2,
        "quarantine_reasons": {"sem chave": 2},
        "files": [{"key": FILE.key, "etag": "abc", "bytes": 100, "rows": 10, "schema": ""}],
        "columns": [],
        "rules": [
            {
                "rule": "conserva_quantidade",
                "column": None,
                "description": "quantidade soma a dos itens.",
                "dimension": "accuracy",
                "severity": "error",
                "status": "fail",
                "failed": 1,
                "examined": 41,
                "examples": ["ITEM005"],
            }
        ],
    }
    assert table(result).as_message() == {
        "table": FACT, "verdict": "fail", "rows": 10, "quarantined": 2, "errors": 1, "warnings": 0,
    }  # fmt: skip


def test_a_cause_says_which_rule_of_which_table_failed_how_often_and_where_to_look():
    said = cause("silver", [table(RuleResult(rule(), Outcome(1, 41, ("ITEM005",))))], REPORT)
    for part in ("silver", FACT, "'conserva_quantidade'", "failed 1 of 41", "ITEM005", REPORT):
        assert part in said


def test_warnings_are_no_cause():
    assert cause("silver", [table(RuleResult(rule("warning"), Outcome(3, 3)))], REPORT) == ""


def test_every_failed_table_is_counted_in_a_cause():
    results = [RuleResult(rule(name=f"regra_{k}"), Outcome(1, 1)) for k in range(4)]
    said = cause("gold", [table(*results, name="um"), table(*results, name="outro")], REPORT)
    named = sum(f"regra_{k}" in part for k in range(4) for part in said.split(";"))
    assert f"{8 - named} more" in said


CONSERVES = "conserva_quantidade' failed 1 of 41 (quantidade soma a dos itens."


def test_a_cause_of_what_is_staged_and_one_of_what_is_published_say_what_was_not_done():
    wrong = [table(RuleResult(rule(), Outcome(1, 41, ("ITEM005",))))]
    said = f"{FACT}: rule '{CONSERVES} For example: ITEM005)"
    assert cause("silver", wrong, REPORT) == (
        f"The audit of silver failed, so nothing was published. {said}. Report: {REPORT}"
    )
    assert cause("silver", wrong, REPORT, 17) == f"Version 17 of silver fails its audit. {said}. Report: {REPORT}"


@pytest.mark.parametrize(
    ("rules", "more"), [(4, ""), (5, "; and 1 more rule, of outro"), (6, "; and 2 more rules, of outro")]
)
def test_a_cause_names_four_rules_and_counts_the_others(rules, more):
    results = [RuleResult(rule(), Outcome(1, 41)) for _ in range(rules)]
    said = cause("gold", [table(*results[:4]), table(*results[4:], name="outro")], REPORT, 3)
    four = "; ".join([f"{FACT}: rule '{CONSERVES})"] * 4)
    assert said == f"Version 3 of gold fails its audit. {four}{more}. Report: {REPORT}"


def test_a_cause_gives_three_examples_and_150_characters_of_them_as_a_report_does_of_five():
    examples = ("A", "B", "C", "D", "E", "F")
    result = RuleResult(rule(), Outcome(6, 6, examples))
    assert "For example: A, B, C)" in cause("gold", [table(result)], REPORT)
    assert result.as_report()["examples"] == ["A", "B", "C", "D", "E"]
    for length, shown in ((150, "X" * 150), (151, "X" * 147 + "...")):
        result = RuleResult(rule(), Outcome(1, 1, ("X" * length,)))
        assert f"For example: {shown})" in cause("gold", [table(result)], REPORT)
        assert result.as_report()["examples"] == [shown]


def test_nothing_grows_without_bound_however_much_is_wrong():
    many = tuple("X" * 300 for _ in range(1000))
    worst = [
        TableResult(c.table, (FILE,), 10**9, 10**9, {}, [RuleResult(r, Outcome(10**9, 10**9, many)) for r in c.rules])
        for c in load_all()
    ]
    bucket = "s3://" + "b" * 63
    said = cause("bronze", worst, f"{bucket}/governance/quality/{'r' * 80}.json")
    assert len(said.encode()) <= 2048
    assert len(json.dumps([entry.as_message() for entry in worst])) < 4096
    for entry in worst:
        for reported in entry.as_report()["rules"]:
            assert len(reported["examples"]) <= EXAMPLES
            assert all(len(example) <= 200 for example in reported["examples"])


def test_the_names_of_rules_are_unique_in_a_table():
    for contract in load_all():
        names = [rule.name for rule in contract.rules]
        assert len(names) == len(set(names)), contract.table
    assert "esquema_confere" not in {rule.name for rule in load(FACT).rules}
