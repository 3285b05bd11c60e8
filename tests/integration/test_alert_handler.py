"""The Alert Lambda on a simulated AWS: what it reads and sends, once; what it cannot read keeps nobody waiting."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from handlers import context, pipeline
from lakehouse_tables import EVERY_TABLE
from simulated_aws import make_databases, simulated_lake
from status_events import EXECUTION, RUN, event

from alert.app import handler
from lakehouse.errors import LakehouseError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.orchestration.stepfunctions import STARTED_BY

SOURCE = {"type": "synthetic", "orders": 3, "seed": 1}
RULE = {"rule": "chave_unica", "status": "fail", "failed": 2, "examined": 30}


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    with simulated_lake("lake") as lake:
        topic = boto3.client("sns").create_topic(Name="alerts")["TopicArn"]
        sqs = boto3.client("sqs")
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        monkeypatch.setenv("ALERT_TOPIC", topic)
        yield lake


def told(sent: Any) -> dict[str, Any]:
    answer: dict[str, Any] = handler(sent, context("importau-alert"))
    return answer


def mails() -> list[tuple[str, str]]:
    sqs = boto3.client("sqs")
    queue = sqs.get_queue_url(QueueName="q")["QueueUrl"]
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
    bodies = [json.loads(each["Body"]) for each in found]
    return [(body["Subject"], body["Message"]) for body in bodies]


def test_a_failure_is_told_of_once_however_often_its_event_comes(lake: Lake) -> None:
    sent = event(error="InputError", cause="pedidos.csv is missing")
    answers = [told(sent) for _ in range(3)]
    assert [answer["why"] for answer in answers] == ["", *["the message was sent before"] * 2]
    ((subject, text),) = mails()
    assert subject == answers[0]["sent"] == f"IMPORTAU pipeline: the input cannot be used, {RUN}"
    (key,) = lake.list(layout.ALERTS_PREFIX)
    kept = lake.read_json(key)
    assert (kept["subject"], kept["text"], kept["run"], kept["kind"]) == (subject, text, RUN, "input")
    assert kept["execution"] == EXECUTION.format("pipeline", RUN)


def test_a_failed_audit_is_told_of_with_its_rule_table_and_count_and_where_its_report_is(lake: Lake) -> None:
    passed = {"passed": True, "tables": [{"table": "pedidos", "rules": []}]}
    failed = {"passed": False, "tables": [{"table": "fato", "rules": [RULE, RULE | {"status": "warn", "rule": "odd"}]}]}
    lake.write_json(passed, layout.quality_key(RUN, layout.BRONZE))
    lake.write_json(failed, layout.quality_key(RUN, layout.SILVER))
    told(event(error="AuditFailed", cause="The audit of silver failed"))
    ((subject, text),) = mails()
    assert "(fato)" in subject
    assert "rule: fato: chave_unica, 2 of 30" in text
    assert "odd" not in text
    assert f"report: s3://lake/{layout.quality_key(RUN, layout.SILVER)}" in text


def test_an_audit_of_what_is_published_has_its_own_report(lake: Lake) -> None:
    failed = {"passed": False, "tables": [{"table": "fato", "rules": [RULE]}]}
    lake.write_json(failed, layout.published_audit_key(RUN, layout.SILVER))
    told(event("teste_silver", error="AuditFailed", cause="Version 3 of silver fails"))
    ((_, text),) = mails()
    assert "rule: fato: chave_unica, 2 of 30" in text
    assert "published/silver" in text


def test_what_stayed_published_is_the_newest_version(lake: Lake) -> None:
    make_databases()
    pipeline(lake, "first", SOURCE)
    told(event(error="GovernanceFailed", cause="x"))
    ((_, text),) = mails()
    assert "version 1, of 20" in text
    assert "of run first" in text


def test_warnings_are_told_of_where_a_run_has_any_and_not_otherwise(lake: Lake) -> None:
    tables = [{"table": table, "warnings": 0} for table in EVERY_TABLE]
    clean = {"bronze": {"tables": tables}}
    assert (
        told(event(status="SUCCEEDED", output=clean))["why"]
        == "the execution succeeded, and neither an audit nor governance warned"
    )
    assert told(event(status="SUCCEEDED", output={"nothing_to_do": True}))["sent"] == ""
    warned = {"passed": True, "tables": [{"table": "pedidos", "rules": [RULE | {"status": "warn"}]}]}
    lake.write_json(warned, layout.quality_key(RUN, layout.BRONZE))
    tables[0] |= {"warnings": 1}
    assert told(event(status="SUCCEEDED", output=clean))["kind"] == "warnings"
    ((subject, text),) = mails()
    assert "with warnings (pedidos)" in subject
    assert "rule: pedidos: chave_unica, 2 of 30" in text


def test_what_looks_personal_is_told_of_with_what_the_governance_report_says(lake: Lake) -> None:
    lake.write_json({"findings": ["produtos.observacoes: parecem CPF"]}, layout.governance_report_key(RUN))
    assert told(event(status="SUCCEEDED", output={"governance": {"personal": 1}}))["kind"] == "warnings"
    ((_, text),) = mails()
    assert "dados pessoais: produtos.observacoes: parecem CPF" in text


def test_an_execution_that_another_one_started_is_not_told_of(lake: Lake) -> None:
    sent = event("bronze", error="AuditFailed", cause="x", input={STARTED_BY: EXECUTION.format("pipeline", RUN)})
    assert told(sent)["sent"] == ""
    assert mails() == []


@pytest.mark.parametrize("sent", [{}, {"detail": {}}, {"detail": {"executionArn": "x"}}, {"x": 1}])
def test_an_event_of_anything_else_sends_nothing_and_is_no_failure(lake: Lake, sent: Any) -> None:
    assert told(sent)["why"] == "the event is of no execution that ended"


def test_a_report_that_is_torn_is_no_reason_to_be_silent(lake: Lake) -> None:
    lake.write_bytes(b"{", layout.quality_key(RUN, layout.BRONZE))
    lake.write_bytes(b"[]", layout.version_key(1))
    told(event(error="AuditFailed", cause="The audit of bronze failed"))
    ((_, text),) = mails()
    assert "published: could not be found out" in text
    assert "cause: The audit of bronze failed" in text


def test_a_lake_that_cannot_be_read_is_no_reason_to_be_silent(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_BUCKET", "nobodys-bucket-at-all")
    assert told(event(error="ClientError", cause="AccessDenied"))["kind"] == "denied"
    assert len(mails()) == 1


def test_a_topic_that_takes_no_message_is_a_failure_so_that_lambda_calls_again(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALERT_TOPIC", "arn:aws:sns:us-east-1:123456789012:gone")
    with pytest.raises(ClientError):
        told(event(error="x"))
    assert list(lake.list(layout.ALERTS_PREFIX)) == []
    monkeypatch.delenv("ALERT_TOPIC")
    with pytest.raises(LakehouseError, match="ALERT_TOPIC"):
        told(event(error="x"))
