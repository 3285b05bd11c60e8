"""What governance found becomes a verdict: whole in the report, bounded in the message."""

import dataclasses
import json

from governance.findings import Findings
from governance.scanner import Finding
from lakehouse.engine.usual import Season, Usual
from lakehouse.versions.anomalies import Anomaly, Judgement
from lakehouse.versions.past import Measure, Measured

PERSONAL = Finding("produtos", "observacoes", "CPF", "PII", 3, 10, ("***.***.***-**",))
ODD = Anomaly("pedidos", Measured(Measure.rows), 120, Usual(240, 2, 12, Season.none), 0)
FINDINGS = Findings(
    registered={"importau_bronze.pedidos": "created", "importau_bronze.cambio": "unchanged"},
    broken=("pedidos: drift",),
    drifted=("cambio: drifted",),
    unknown_tables=("importau_bronze.pedidos_1a2b: unknown table",),
    personal=(PERSONAL,),
    unknown=("unknown name",),
    disagreements=("not declared",),
    unclassified=("not classified",),
    unowned=("nobody's",),
    changed=("changed meanwhile",),
    removed=("importau_governanca.statemachine_dag_old",),
    over_time=Judgement((ODD,), 2, {"pedidos": 12, "cambio": 3}),
)


def test_nothing_found_is_passed_and_has_no_cause():
    assert Findings().problems == []
    assert Findings().as_report()["passed"]
    message = Findings().as_message("key", "s3://lake/key")
    assert (message["passed"], message["cause"], message["problems"], message["assets"]) == (True, "", 0, 0)


def test_each_kind_of_problem_fails_the_run_and_is_named():
    for kind, problem in (
        ("broken", "pedidos: drift"), ("unknown", "unknown name"), ("disagreements", "not declared"),
        ("unclassified", "not classified"), ("unowned", "nobody's"),
    ):  # fmt: skip
        found = Findings(**{kind: (problem,)})
        assert found.problems == [problem]
        assert not found.as_report()["passed"]
        message = found.as_message("key", "s3://lake/key")
        assert not message["passed"]
        assert message["cause"] == f"Governance found 1 problem: {problem}. Report: s3://lake/key"


def test_what_drifts_or_is_unknown_and_what_looks_personal_are_warnings():
    found = Findings(drifted=FINDINGS.drifted, unknown_tables=FINDINGS.unknown_tables, personal=FINDINGS.personal)
    assert found.problems == []
    assert found.as_message("key", "s3://lake/key")["warnings"] == [
        str(PERSONAL), "importau_bronze.pedidos_1a2b: unknown table", "cambio: drifted",
    ]  # fmt: skip


def test_the_report_says_all_of_it_by_kind():
    assert FINDINGS.as_report() == {
        "passed": False,
        "problems": ["unknown name", "pedidos: drift", "not declared", "not classified", "nobody's"],
        "drift": ["pedidos: drift", "cambio: drifted"],
        "unknown_tables": ["importau_bronze.pedidos_1a2b: unknown table"],
        "lineage_differences": ["not declared"],
        "classification": ["not classified"],
        "owners": ["nobody's"],
        "changed": ["changed meanwhile"],
        "removed": ["importau_governanca.statemachine_dag_old"],
        "findings": [str(PERSONAL)],
        "personal": [PERSONAL.as_report()],
        "anomalies": [str(ODD)],
        "over_time": {"judged": 2, "unjudged": {"cambio": 3}, "least_runs": 10, "anomalies": [ODD.as_report()]},
    }


def test_what_looks_personal_fails_the_run_where_the_contract_says_so():
    strict = dataclasses.replace(PERSONAL, strict=True)
    found = Findings(personal=(PERSONAL, strict))
    assert found.problems == [str(strict)]
    message = found.as_message("key", "s3://lake/key")
    assert (message["passed"], message["personal"], message["warnings"]) == (False, 2, [str(PERSONAL)])
    assert "***.***.***-**" in message["cause"]


def test_what_is_not_as_usual_is_a_warning_and_fails_the_run_where_the_contract_says_so():
    strict = dataclasses.replace(ODD, strict=True)
    found = Findings(over_time=Judgement((ODD, strict), 2, {"pedidos": 12}))
    assert found.problems == [str(strict)]
    message = found.as_message("key", "s3://lake/key")
    assert (message["passed"], message["anomalies"], message["warnings"]) == (False, 2, [str(ODD)])
    assert not Findings(over_time=Judgement((ODD,), 1, {})).problems


def test_a_message_stays_small_however_much_was_found():
    many = dataclasses.replace(
        FINDINGS, broken=tuple(f"{n} {'x' * 5_000}" for n in range(500)), drifted=("y" * 5_000,) * 500,
        unknown_tables=("z" * 5_000,) * 500, personal=(PERSONAL,) * 500, changed=("w" * 5_000,) * 500,
        over_time=Judgement((ODD,) * 500, 500, {}),
    )  # fmt: skip
    message = many.as_message("key", "s3://lake/key")
    assert message["problems"] == 504
    assert len(message["cause"]) == 4_000
    shown = [len(str(PERSONAL))] * 10 + [len(str(ODD))] * 10 + [300] * 30
    assert [len(warning) for warning in message["warnings"]] == shown
    assert len(json.dumps(message)) < 32_000
    few = dataclasses.replace(FINDINGS, broken=tuple(f"problem {n}" for n in range(11)), unknown=())
    assert "; and 4 more. Report:" in few.as_message("key", "s3://lake/key")["cause"]
