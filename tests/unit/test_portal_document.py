"""What the document of the portal is made of: audits, flows, state machines, runs; and how it gets into the page."""

import json
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lakehouse_tables import EVERY_TABLE, EXPORTED
from machines import definition

from cli.commands import demo
from cli.errors import CliError
from cli.portal import page
from cli.portal.audits import history
from cli.portal.flows import Flow, column_edges, edges
from cli.portal.machines import condition, pipeline, runs
from cli.portal.page import filled
from cli.session import Aws
from lakehouse.orchestration.history import StateTime
from lakehouse.orchestration.map_runs import MapRun, Total
from lakehouse.orchestration.pipelines import tasks_of
from lakehouse.orchestration.stepfunctions import Execution, StateMachine

TEMPLATE = '<p></p><script id="lakehouse" type="application/json">"LAKEHOUSE"</script><p></p>'
START = datetime(2026, 11, 23, 12, tzinfo=UTC)
texts = st.recursive(
    st.text(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


def machine(layer: str) -> StateMachine:
    found = definition(layer)
    return StateMachine(f"StateMachine_DAG_{layer}", f"arn:{layer}", found["Comment"], found, tuple(tasks_of(found)))


@given(texts)
def test_no_value_of_a_document_ends_the_element_it_stands_in(value: Any):
    html = filled(TEMPLATE, {"x": value})
    inside = html.removeprefix(TEMPLATE.split('"LAKEHOUSE"', maxsplit=1)[0]).removesuffix("</script><p></p>")
    assert "<" not in inside
    assert json.loads(inside) == {"x": value}


def test_a_template_without_a_place_for_the_data_is_refused():
    with pytest.raises(CliError, match="no place for the data"):
        filled("<p></p>", {})


@pytest.mark.parametrize(("node", "said"), [(None, "was not found"), ("v18.20.1", "v18.20.1 is too old")])
def test_without_a_usable_node_the_command_says_what_to_install(
    node: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    if node:
        for name in ("node", "npm"):
            (tmp_path / name).write_text(f"#!/bin/sh\necho {node}\n")
            (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(page, "_fingerprint", lambda: "never built")
    with pytest.raises(CliError, match=said) as raised:
        page.template()
    assert "Install Node.js 20.19 or newer" in raised.value.fix
    assert "Everything but the portal works without it" in raised.value.fix


def report(run: str, verdict: str, **rules: str) -> dict[str, Any]:
    return {
        "run_id": run,
        "evaluated_at": f"2026-11-23T12:00:0{run}+00:00",
        "tables": [
            {
                "table": "fornecedores",
                "verdict": verdict,
                "rows": 30,
                "quarantined": 1,
                "quarantine_reasons": {"email_valido: 'ana@importau.com.br' não serve": 1},
                "rules": [
                    {"rule": name, "column": name.partition("__")[0], "description": "d", "dimension": "conformity",
                     "severity": "error", "status": status, "failed": 0, "examined": 30, "examples": ["FORN001"]}
                    for name, status in rules.items()
                ],
            }
        ],
    }  # fmt: skip


def test_rules_have_one_result_an_audit_and_none_before_they_existed():
    newest_first = [
        report("2", "warn", rating__dominio="warn", cnpj__formato="pass"),
        report("1", "pass", cnpj__formato="pass"),
    ]
    audits, rules = history(newest_first, "fornecedores", {"rating": None, "cnpj": "confidential"})
    assert [audit["verdict"] for audit in audits] == ["warn", "pass"]
    rating, cnpj = rules
    assert [result and result["status"] for result in rating["results"]] == ["warn", None]
    assert [result["status"] for result in cnpj["results"]] == ["pass", "pass"]
    assert (rating["examples"], cnpj["examples"]) == (["FORN001"], [])


def test_a_quarantine_reason_keeps_its_rule_and_loses_what_it_quotes():
    ((audit,), _) = history([report("1", "pass")], "fornecedores", {})
    assert audit["quarantine_reasons"] == {"email_valido": 1}


def test_a_table_never_audited_has_no_history():
    assert history([report("1", "pass")], "pedidos", {}) == ([], [])


def flow(output: str, *inputs: str, columns: Any = None) -> Flow:
    layer = output.partition(".")[0].removeprefix("importau_")
    return Flow(f"StateMachine_DAG_{layer}.Write{layer.capitalize()}", inputs, output, columns or {}, {})


def test_what_was_seen_wins_over_what_a_comment_declares_for_all_outputs():
    seen = [flow("importau_bronze.pedidos", "landing.pedidos")]
    found = edges(seen, [machine("bronze"), machine("silver")], "")
    bronze = [edge for edge in found if edge["to"] == "importau_bronze.pedidos"]
    assert [(edge["from"], edge["declared"], edge["observed"]) for edge in bronze] == [("landing.pedidos", True, True)]
    silver = [edge for edge in found if edge["task"] == "StateMachine_DAG_silver.WriteSilver"]
    assert len(silver) == 7
    assert all(edge["declared"] and not edge["observed"] for edge in silver)


def test_audits_and_publications_are_no_flows_between_assets():
    tasks = {edge["task"] for edge in edges([], [machine("bronze"), machine("silver"), machine("gold")], "")}
    assert tasks == {f"StateMachine_DAG_{layer}.Write{layer.capitalize()}" for layer in ("bronze", "silver", "gold")}


def test_columns_follow_their_sources_and_a_bronze_column_its_csv():
    def asset(name: str, *columns: str) -> dict[str, Any]:
        return {"id": name, "columns": [{"name": column} for column in columns]}

    assets = [
        asset("landing.cambio", "moeda", "taxa"),
        asset("importau_bronze.cambio", "moeda", "taxa"),
        asset("importau_silver.fato", "taxa_ptax"),
    ]
    flows = [
        flow("importau_bronze.cambio", "landing.cambio"),
        flow(
            "importau_silver.fato",
            "importau_bronze.cambio",
            columns={
                "taxa_ptax": (("importau_bronze.cambio", "taxa", True), ("importau_bronze.cambio", "moeda", False)),
                "gone": (("importau_bronze.cambio", "taxa", True),),
            },
        ),
        flow("importau_gold.unknown", "importau_silver.fato"),
    ]
    assert column_edges(flows, assets) == [[0, 0, 1, 0, 1], [0, 1, 1, 1, 1], [1, 0, 2, 0, 0], [1, 1, 2, 0, 1]]


def execution(name: str, run_id: str, seconds: float = 2.0, **more: Any) -> Execution:
    given = {
        "arn": f"arn:{name}", "name": name, "status": "SUCCEEDED", "run_id": run_id, "started": START,
        "stopped": START + timedelta(seconds=seconds), "transitions": 7, "lambda_seconds": 1.0, "lambda_calls": 2,
        "crawls": 0, "rows": 220, "states": (StateTime("WriteBronze", 0.5, "succeeded"),), "cause": "",
    }  # fmt: skip
    return Execution(**given | more)


def test_a_state_machine_is_drawn_as_its_definition_says():
    drawn = pipeline(machine("silver"), [execution("e", "r")])
    states: dict[str, Any] = {state["name"]: state for state in drawn["states"]}
    assert drawn["start"] == "Defaults"
    assert states["WriteSilver"]["outputs"] == ["importau_silver.fato_pedido_correlacionado"]
    assert len(states["WriteSilver"]["inputs"]) == 7
    assert {"to": "ReadFault", "kind": "catch", "label": "States.ALL"} in states["WriteSilver"]["next"]
    assert states["AuditPassed"]["next"] == [
        {"to": "Audited", "kind": "choice", "label": "$.audit.passed = true e $.publish = false"},
        {"to": "Publish", "kind": "choice", "label": "$.audit.passed = true"},
        {"to": "AuditFailed", "kind": "default", "label": ""},
    ]
    assert states["AuditFailed"]["end"]
    assert (states["SilverParts"]["type"], states["SilverParts"]["parent"]) == ("Map", None)
    assert states["WriteSilverPart"]["parent"] == "SilverParts"
    audit = {state["name"]: state for state in pipeline(machine("teste_silver"), [])["states"]}
    assert (audit["AuditSilverParts"]["type"], audit["AuditSilverPart"]["parent"]) == ("Map", "AuditSilverParts")
    (ran,) = drawn["executions"]
    assert ran["tasks"] == [{"state": "WriteBronze", "seconds": 0.5, "status": "succeeded"}]


def test_conditions_read_as_a_line():
    rule = {"And": [{"Variable": "$.a", "IsPresent": True}, {"Not": {"Variable": "$.b", "StringEquals": ""}}]}
    assert condition(rule) == "$.a IsPresent e não ($.b = )"
    assert condition({"Variable": "$.n", "NumericGreaterThanEquals": 3, "Next": "X"}) == "$.n ≥ 3"
    assert condition({"Or": [{"Variable": "$.n", "IsNull": False}]}) == "$.n não IsNull"


class Bucket:
    """A lake with three objects under every prefix."""

    def list(self, prefix: str) -> list[str]:
        return [f"{prefix}{number}" for number in range(3)]


def test_a_run_costs_what_all_its_executions_cost_and_crawls_are_billed_by_their_least():
    machines = [machine("bronze"), machine("teste_bronze"), machine("pipeline")]
    nothing = {"lambda_seconds": 0.0, "lambda_calls": 0, "transitions": 0}
    executions = {
        "StateMachine_DAG_bronze": [execution("run", "run", started_by="run"), execution("alone", "alone")],
        "StateMachine_DAG_teste_bronze": [execution("run", "run", started_by="nested", **nothing)],
        "StateMachine_DAG_pipeline": [execution("run", "run", crawls=3, lambda_calls=1, lambda_seconds=0.5)],
    }
    found: Any = runs(executions, machines, Bucket(), 1024)  # type: ignore[arg-type]
    by_id = {run["run_id"]: run for run in found}
    assert by_id["run"]["pipeline"] == "StateMachine_DAG_pipeline"
    assert set(by_id) == {"run", "alone"}
    lines = {line["what"]: line for line in by_id["run"]["cost"]["lines"]}
    assert lines["lambda"]["quantity"] == "1.5"
    assert lines["transitions"]["quantity"] == "14"
    assert lines["crawlers"]["usd"] == "0.440000000"
    assert "crawlers" not in {line["what"] for line in by_id["alone"]["cost"]["lines"]}
    # Under its lineage, what Bronze needed meanwhile, and its folders of seven tables.
    assert lines["s3_writes"]["quantity"] == str(3 * (1 + 1 + len(EXPORTED)))
    # What Lambdas that are not of a part declare to read: Bronze, its audit, and all tables governance
    # and the two that look for what there is to discover.
    assert lines["s3_reads"]["quantity"] == str(2 * len(EXPORTED) + 3 * len(EVERY_TABLE))
    assert by_id["run"]["cost"]["glue_total_usd"] == "0.014666667"


def test_a_run_in_parts_reads_what_a_part_reads_as_often_as_there_are_parts():
    parts = Total(MapRun("arn", "AuditBronzeParts", 64, 64, 0), 8, 64, 64, 60.0)
    machines = [machine("bronze"), machine("teste_bronze")]

    def ran(*audit: Total) -> Any:
        executions = {
            "StateMachine_DAG_bronze": [execution("r", "r")],
            "StateMachine_DAG_teste_bronze": [execution("r", "r", map_runs=audit, started_by="arn:r")],
        }
        (found,) = runs(executions, machines, Bucket(), 1024)  # type: ignore[arg-type]
        return found

    whole, cut = ran(), ran(parts)
    reads, writes = (
        [line["quantity"] for run in (whole, cut) for line in run["cost"]["lines"] if line["what"] == what]
        for what in ("s3_reads", "s3_writes")
    )
    assert reads == [str(2 * len(EXPORTED)), str((2 + 64) * len(EXPORTED))]
    assert writes == [str(3 * (1 + 1 + len(EXPORTED)))] * 2


def test_a_run_whose_first_execution_is_not_among_those_read_is_left_out():
    executions = {"StateMachine_DAG_bronze": [execution("nested", "forgotten")]}
    assert runs(executions, [machine("bronze")], Bucket(), 1024) == []  # type: ignore[arg-type]


def test_the_page_is_written_whole_and_where_it_cannot_be_says_so(tmp_path: Path):
    from cli.errors import UsageError
    from cli.portal.file import write

    write("<p>é</p>", tmp_path / "new/portal.html")
    assert (tmp_path / "new/portal.html").read_text("utf-8") == "<p>é</p>"
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["portal.html"]
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        write("", tmp_path / "file/portal.html")


def test_a_demo_without_node_shows_no_portal_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    page: Future[str] = Future()
    page.set_exception(CliError("the portal is built with Node.js, which was not found", "Install Node.js."))
    demo._show(Aws(boto3.Session(region_name="us-east-1"), "importau"), page, tmp_path / "portal.html")
    assert "no portal: the portal is built with Node.js, which was not found" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
