"""A pipeline is one tree of runs: every task's run is a step of its execution, and every execution of the first one."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from openlineage_spec import problems

from lakehouse.lake.s3 import Traffic
from lakehouse.lineage.names import Place, run_uuid
from lakehouse.lineage.run_events import as_json, execution_events, new_run_id, run_event
from lakehouse.lineage.table_run import Origin, TableRun
from lakehouse.orchestration.stepfunctions import Execution

PLACE = Place("us-east-1", "123456789012", "lake")
ARN = "arn:aws:states:us-east-1:123456789012:execution:StateMachine_DAG_{}:r1"
PIPELINE, SILVER, AUDIT = (ARN.format(name) for name in ("pipeline", "silver", "teste_silver"))
START = datetime(2026, 11, 30, 12, 0, 0, tzinfo=UTC)
EMPTY = Execution(
    arn=PIPELINE, name="r1", status="RUNNING", run_id="r1", started=START, stopped=None, transitions=0,
    lambda_seconds=0.0, lambda_calls=0, crawls=0, rows=None, states=(), cause="",
)  # fmt: skip


def told(execution):
    return {phase: json.loads(as_json(event)) for phase, event in execution_events(execution, PLACE).items()}


def task(origin):
    event = run_event("START", origin, PLACE, "cambio", new_run_id(), Traffic(), TableRun())
    return json.loads(as_json(event))


def parent(event):
    return event["run"]["facets"]["parent"]


def test_a_task_names_its_execution_and_the_one_that_somebody_started():
    of_audit = Origin("r1", AUDIT, "StateMachine_DAG_teste_silver", "AuditSilver", PIPELINE)
    said = parent(task(of_audit))
    assert (said["run"]["runId"], said["job"]["name"]) == (run_uuid(AUDIT), "StateMachine_DAG_teste_silver")
    assert said["root"]["run"]["runId"] == run_uuid(PIPELINE)
    job = said["root"]["job"]
    assert (job["namespace"], job["name"]) == (PLACE.job_namespace, "StateMachine_DAG_pipeline")


@pytest.mark.parametrize("root", ["", SILVER])
def test_an_execution_that_somebody_started_is_its_own_root(root):
    said = parent(task(Origin("r1", SILVER, "StateMachine_DAG_silver", "WriteSilver", root)))
    assert said["root"]["run"]["runId"] == said["run"]["runId"] == run_uuid(SILVER)
    assert said["root"]["job"]["name"] == "StateMachine_DAG_silver"


def test_the_origin_of_a_call_by_hand_is_its_own_root():
    origin = Origin.of({"run_id": "r1"}, "importau-silver")
    assert origin.root == origin.execution
    assert parent(task(origin))["root"]["job"]["name"] == "by-hand"


def test_the_first_execution_has_no_parent_and_a_nested_one_leads_to_it():
    assert "parent" not in told(EMPTY)["START"]["run"]["facets"]
    layer = told(replace(EMPTY, arn=SILVER, started_by=PIPELINE, root=PIPELINE))["START"]
    audit = told(replace(EMPTY, arn=AUDIT, started_by=SILVER, root=PIPELINE))["START"]
    assert parent(layer)["run"]["runId"] == parent(layer)["root"]["run"]["runId"] == run_uuid(PIPELINE)
    assert parent(audit)["run"]["runId"] == layer["run"]["runId"] == run_uuid(SILVER)
    assert parent(audit)["root"]["run"]["runId"] == run_uuid(PIPELINE)
    assert audit["job"]["name"] == "StateMachine_DAG_teste_silver"
    assert audit["job"]["facets"]["jobType"]["jobType"] == "STATE_MACHINE"


@pytest.mark.parametrize(
    ("status", "phase"), [("SUCCEEDED", "COMPLETE"), ("FAILED", "FAIL"), ("TIMED_OUT", "FAIL"), ("ABORTED", "ABORT")]
)
def test_an_execution_that_ended_says_how_when_and_why(status, phase):
    ended = replace(EMPTY, status=status, stopped=START + timedelta(seconds=9), cause="a rule failed")
    events = told(ended)
    assert list(events) == ["START", phase]
    assert [event["eventTime"] for event in events.values()] == [
        "2026-11-30T12:00:00+00:00", "2026-11-30T12:00:09+00:00",
    ]  # fmt: skip
    assert events[phase]["run"]["facets"]["errorMessage"]["message"] == "a rule failed"
    assert {event["run"]["runId"] for event in events.values()} == {run_uuid(PIPELINE)}


def test_one_that_runs_has_not_ended_and_times_are_those_of_utc():
    there = START.astimezone(timezone(timedelta(hours=-3)))
    [event] = told(replace(EMPTY, started=there)).values()
    assert event["eventTime"] == "2026-11-30T12:00:00+00:00"


def test_the_same_execution_is_told_in_the_same_words_whenever_it_is():
    ended = replace(EMPTY, status="SUCCEEDED", stopped=START)
    assert [as_json(event) for event in execution_events(ended, PLACE).values()] == [
        as_json(event) for event in execution_events(ended, PLACE).values()
    ]


@pytest.mark.openlineage
def test_every_event_of_the_tree_is_what_the_published_schemas_say():
    ended = replace(EMPTY, arn=AUDIT, started_by=SILVER, root=PIPELINE, status="ABORTED", stopped=START, cause="why")
    tree = [*told(EMPTY).values(), *told(ended).values()]
    tree.append(task(Origin("r1", AUDIT, "StateMachine_DAG_teste_silver", "AuditSilver", PIPELINE)))
    assert [problem for event in tree for problem in problems(event)] == []
