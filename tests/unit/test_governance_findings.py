"""What governance found becomes a verdict: whole in the report, bounded in the message."""

import dataclasses
import json

from governance.findings import Findings
from governance.scanner import Finding

PERSONAL = Finding("produtos", "observacoes", "CPF", "PII", 3, 10)
FINDINGS = Findings(
    registered={"importau_bronze.pedidos": "created", "importau_bronze.cambio": "unchanged"},
    broken=("pedidos: drift",),
    crawled=("cambio: crawled",),
    personal=(PERSONAL,),
    unknown=("unknown name",),
    disagreements=("not declared",),
    unclassified=("not classified",),
)


def test_nothing_found_is_passed_and_has_no_cause():
    assert Findings().problems == []
    assert Findings().as_report()["passed"]
    message = Findings().as_message("key", "s3://lake/key")
    assert (message["passed"], message["cause"], message["problems"], message["assets"]) == (True, "", 0, 0)


def test_each_kind_of_problem_fails_the_run_and_is_named():
    for kind, problem in (
        ("broken", "pedidos: drift"), ("unknown", "unknown name"), ("disagreements", "not declared"),
        ("unclassified", "not classified"),
    ):  # fmt: skip
        found = Findings(**{kind: (problem,)})
        assert found.problems == [problem]
        assert not found.as_report()["passed"]
        message = found.as_message("key", "s3://lake/key")
        assert not message["passed"]
        assert message["cause"] == f"Governance found 1 problem: {problem}. Report: s3://lake/key"


def test_what_registration_mended_and_what_looks_personal_are_warnings():
    found = Findings(crawled=FINDINGS.crawled, personal=FINDINGS.personal)
    assert found.problems == []
    assert found.as_message("key", "s3://lake/key")["warnings"] == [str(PERSONAL), "cambio: crawled"]


def test_the_report_says_all_of_it_by_kind():
    assert FINDINGS.as_report() == {
        "passed": False,
        "problems": ["unknown name", "pedidos: drift", "not declared", "not classified"],
        "drift": ["pedidos: drift", "cambio: crawled"],
        "lineage_differences": ["not declared"],
        "classification": ["not classified"],
        "findings": [str(PERSONAL)],
    }


def test_a_message_stays_small_however_much_was_found():
    many = dataclasses.replace(
        FINDINGS, broken=tuple(f"{n} {'x' * 5_000}" for n in range(500)), crawled=("y" * 5_000,) * 500,
        personal=(PERSONAL,) * 500,
    )  # fmt: skip
    message = many.as_message("key", "s3://lake/key")
    assert message["problems"] == 503
    assert len(message["cause"]) == 4_000
    assert [len(warning) for warning in message["warnings"]] == [len(str(PERSONAL))] * 10 + [300] * 10
    assert len(json.dumps(message)) < 32_000
    few = dataclasses.replace(FINDINGS, broken=tuple(f"problem {n}" for n in range(11)), unknown=())
    assert "; and 3 more. Report:" in few.as_message("key", "s3://lake/key")["cause"]
