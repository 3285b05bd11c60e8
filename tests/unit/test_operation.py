"""What a lakehouse does by itself, as `deploy` is asked for it: its parameters, and every mistake in one message."""

import json

import pytest
from answering import Answering, refused
from hypothesis import given
from hypothesis import strategies as st

from cli.account.operation import parameters_of, starts_on_upload, tell_eventbridge
from cli.building.sam import _quoted
from cli.errors import UsageError


def test_what_is_not_asked_for_stays_as_it_was_deployed() -> None:
    assert parameters_of() == {}


@pytest.mark.parametrize(
    ("asked", "parameters"),
    [
        ({"alert": "ana@empresa.com.br"}, {"AlertEmail": "ana@empresa.com.br", "AlertOn": "failures"}),
        ({"alert": "a@b.c", "warnings": True}, {"AlertEmail": "a@b.c", "AlertOn": "warnings"}),
        ({"warnings": False}, {"AlertOn": "failures"}),
        ({"alert": "off"}, {"AlertEmail": "", "AlertOn": "nothing"}),
        ({"schedule": "rate(1 day)"}, {"ScheduleExpression": "rate(1 day)"}),
        ({"schedule": "off"}, {"ScheduleExpression": ""}),
        ({"timezone": "America/Manaus"}, {"ScheduleTimezone": "America/Manaus"}),
        ({"on_upload": True}, {"StartOnUpload": "yes"}),
        ({"on_upload": False}, {"StartOnUpload": "no"}),
    ],
)
def test_options_are_parameters_of_the_template(asked: dict[str, str], parameters: dict[str, str]) -> None:
    assert parameters_of(**asked) == parameters  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "when",
    [
        "cron(0 6 ? * MON-FRI *)", "cron(0/15 8-17 ? * 2-6 *)", "cron(30 5 L * ? 2026)", "cron(0 10 ? * 6#3 *)",
        "cron(0 18 1,15W * ? *)", "rate(1 hour)", "rate(5 minutes)", "rate(7 days)",
    ],
)  # fmt: skip
def test_a_schedule_of_eventbridge_is_taken(when: str) -> None:
    assert parameters_of(schedule=when)["ScheduleExpression"] == when


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("daily", "is no schedule"),
        ("cron(0 6 * * *)", "is no schedule"),
        ("cron(0 6 * * * *)", "exactly one of"),
        ("cron(0 6 ? * ? *)", "exactly one of"),
        ("rate(1 days)", "1 is followed by day"),
        ("rate(2 hour)", "more by hours"),
        ("rate(0 days)", "is no schedule"),
        ("at(2026-11-30T10:00:00)", "is no schedule"),
        ("cron(0 6 ? * MON-FRI *) ", "is no schedule"),
        ("", "is no schedule"),
    ],
)
def test_anything_else_is_refused_with_an_example(when: str, said: str) -> None:
    with pytest.raises(UsageError) as failure:
        parameters_of(schedule=when)
    assert said in failure.value.message
    assert "rate(1 day)" in failure.value.fix


@pytest.mark.parametrize("address", ["ana", "ana@", "@b.c", "ana@b", "a@b.c,d@e.f", "a b@c.d", "", "a@b.c "])
def test_an_address_is_one_e_mail_address(address: str) -> None:
    with pytest.raises(UsageError, match="is no e-mail address"):
        parameters_of(alert=address)


def test_every_mistake_is_in_one_message() -> None:
    with pytest.raises(UsageError) as failure:
        parameters_of(alert="ana", schedule="daily", timezone="Brazil")
    assert [line.partition(":")[0] for line in failure.value.message.splitlines()] == [
        "--alert", "--schedule", "--timezone",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="exclude each other"):
        parameters_of(alert="off", warnings=True)


@given(st.text(alphabet=st.characters(codec="ascii", exclude_characters='"\\'), max_size=30))
def test_a_value_is_written_as_the_sam_cli_reads_it(value: str) -> None:
    written = _quoted(value)
    assert written in {value, f'"{value}"'}
    assert written.startswith('"') == (not value or " " in value or value.startswith('"'))


# ---- the bucket ------------------------------------------------------------------------------------------------------

ANSWER = "s3api get-bucket-notification-configuration"
PUT = "s3api put-bucket-notification-configuration"


def test_a_bucket_that_tells_eventbridge_is_left_alone() -> None:
    aws_cli = Answering(region="us-east-1", answers={ANSWER: {"EventBridgeConfiguration": {}}})
    assert tell_eventbridge(aws_cli, "lake") == ""
    assert [asked[1] for asked in aws_cli.asked] == ["get-bucket-notification-configuration"]


def test_what_a_bucket_tells_others_is_kept() -> None:
    queue = {"QueueConfigurations": [{"QueueArn": "arn:aws:sqs:us-east-1:1:q", "Events": ["s3:ObjectCreated:*"]}]}
    aws_cli = Answering(region="us-east-1", answers={ANSWER: queue, PUT: None})
    assert tell_eventbridge(aws_cli, "lake") == ""
    given_ = json.loads(aws_cli.option(PUT, "--notification-configuration"))
    assert given_ == queue | {"EventBridgeConfiguration": {}}


def test_who_may_not_is_told_what_to_switch_on() -> None:
    aws_cli = Answering(region="us-east-1", answers={ANSWER: None, PUT: refused("AccessDenied")})
    command = tell_eventbridge(aws_cli, "lake")
    assert "put-bucket-notification-configuration --bucket lake" in command
    assert "EventBridgeConfiguration" in command


def test_a_stack_starts_on_upload_where_it_does_already_or_is_told_to() -> None:
    has = {"Parameters": [{"ParameterKey": "StartOnUpload", "ParameterValue": "yes"}]}
    assert starts_on_upload({}, has)
    assert starts_on_upload({"StartOnUpload": "yes"}, None)
    assert not starts_on_upload({"StartOnUpload": "no"}, has)
    assert not starts_on_upload({}, None)
