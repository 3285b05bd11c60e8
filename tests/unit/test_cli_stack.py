"""A stack in every state CloudFormation can leave it in: what is done about it, and what a person is told."""

from typing import Any

import pytest
from answering import Answering, refused
from botocore.exceptions import ClientError

from cli.account.stack import DEAD, WELL, Change, Stack, StackError, tell
from cli.embedded.endpoint import Endpoint

ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/importau/1"
GONE = refused("ValidationError", "DescribeStacks", "Stack with id importau does not exist")
CHANGE_SET = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/samcli-deploy1/1"


def states(*statuses: str | None) -> list[Any]:
    """Return the answers of describe-stacks, one a look; None where there is no such stack."""
    return [GONE if s is None else {"Stacks": [{"StackId": ID, "StackStatus": s}]} for s in statuses]


def event(resource: str, status: str, reason: str = "", physical: str = "x") -> dict[str, str]:
    return {
        "LogicalResourceId": resource,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "PhysicalResourceId": physical,
    }


# Newest first, as CloudFormation gives them.
EVENTS = {
    "StackEvents": [
        event("importau", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create", ID),
        event("GoldCrawler", "CREATE_FAILED", "Resource creation cancelled"),
        event("BronzeCrawler", "CREATE_FAILED", "Service is unable to assume role LabRole"),
        event("BronzeCrawler", "CREATE_IN_PROGRESS"),
        event("importau", "CREATE_IN_PROGRESS", "User Initiated", ID),
        event("Old", "CREATE_FAILED", "something of an earlier deployment"),
    ]
}


def stack(*statuses: str | None, waited: list[float] | None = None) -> tuple[Stack, Answering]:
    answers = {
        "cloudformation describe-stacks": states(*statuses),
        "cloudformation describe-stack-events": EVENTS,
    }
    aws_cli = Answering(region="us-east-1", answers=answers)
    return Stack(aws_cli, "importau", (waited if waited is not None else []).append), aws_cli


def acts(aws_cli: Answering) -> list[str]:
    """Return the commands that did something, without the looking."""
    return [command for command in aws_cli.commands() if " describe-" not in command]


def recovered(*statuses: str | None) -> tuple[str | None, list[str], list[str]]:
    its, aws_cli = stack(*statuses)
    said: list[str] = []
    found = its.recover(said.append, lambda _: None)
    return (found or {}).get("StackStatus"), acts(aws_cli), said


def test_where_there_is_no_stack_nothing_is_done() -> None:
    assert recovered(None) == (None, [], [])


@pytest.mark.parametrize("status", sorted(WELL | {"REVIEW_IN_PROGRESS"}))
def test_a_stack_that_can_be_deployed_to_is_left_alone(status: str) -> None:
    assert recovered(status) == (status, [], [])


@pytest.mark.parametrize("status", sorted(DEAD))
def test_what_a_failed_deployment_left_is_deleted(status: str) -> None:
    found, acted, said = recovered(status, status, "DELETE_IN_PROGRESS", "DELETE_COMPLETE")
    assert (found, acted) == (None, ["cloudformation delete-stack"])
    assert status in said[0]


def test_a_rollback_that_got_stuck_goes_on() -> None:
    found, acted, _ = recovered("UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE")
    assert (found, acted) == ("UPDATE_ROLLBACK_COMPLETE", ["cloudformation continue-update-rollback"])


def test_one_that_stays_stuck_is_told_with_the_command_that_passes_over_resources() -> None:
    its, _ = stack("UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED")
    with pytest.raises(StackError, match="BronzeCrawler: Service is unable to assume role LabRole") as failure:
        its.recover(lambda _: None, lambda _: None)
    assert "continue-update-rollback --stack-name importau --resources-to-skip NAME" in failure.value.fix


def test_an_update_that_was_left_failed_goes_back_to_what_it_was() -> None:
    found, acted, _ = recovered("UPDATE_FAILED", "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE")
    assert (found, acted) == ("UPDATE_ROLLBACK_COMPLETE", ["cloudformation rollback-stack"])


@pytest.mark.parametrize(
    ("statuses", "found", "acted"),
    [
        (("CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"), "CREATE_COMPLETE", []),
        (("DELETE_IN_PROGRESS", "DELETE_COMPLETE"), None, []),
        (
            ("CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE", "DELETE_COMPLETE"),
            None,
            ["cloudformation delete-stack"],
        ),
        (
            ("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE"),
            "UPDATE_ROLLBACK_COMPLETE",
            ["cloudformation continue-update-rollback"],
        ),
    ],
)
def test_what_goes_on_is_waited_for_and_then_looked_at_again(
    statuses: tuple[str, ...], found: str | None, acted: list[str]
) -> None:
    assert recovered(*statuses)[:2] == (found, acted)


def test_while_it_waits_it_tells_what_cloudformation_does() -> None:
    shown: list[str] = []
    waited: list[float] = []
    its, _ = stack("CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE", waited=waited)
    its.recover(lambda _: None, shown.append)
    assert shown == ["ROLLBACK_IN_PROGRESS importau"]
    assert waited == [5.0]


def test_a_change_set_is_carried_out_and_gives_the_outputs() -> None:
    its, aws_cli = stack("REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE")
    assert its.execute(CHANGE_SET, lambda _: None)["StackStatus"] == "CREATE_COMPLETE"
    assert aws_cli.option("cloudformation execute-change-set", "--change-set-name") == CHANGE_SET


@pytest.mark.parametrize("end", ["ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"])
def test_a_deployment_that_failed_says_why_and_not_what_followed_from_it(end: str) -> None:
    its, _ = stack("CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", end)
    with pytest.raises(StackError) as failure:
        its.execute(CHANGE_SET, lambda _: None)
    assert failure.value.message.splitlines() == [
        f"the deployment failed and CloudFormation took it back ({end}):",
        "  BronzeCrawler: Service is unable to assume role LabRole",
    ]


@pytest.mark.parametrize(
    ("status", "acted"),
    [
        ("REVIEW_IN_PROGRESS", ["cloudformation delete-change-set", "cloudformation delete-stack"]),
        ("UPDATE_COMPLETE", ["cloudformation delete-change-set"]),
    ],
)
def test_changes_that_nobody_agreed_to_leave_nothing_behind(status: str, acted: list[str]) -> None:
    its, aws_cli = stack(status)
    its.discard(CHANGE_SET)
    assert acts(aws_cli) == acted


def test_deleting_waits_for_what_goes_on_first() -> None:
    its, aws_cli = stack("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "DELETE_IN_PROGRESS", None)
    its.delete(lambda _: None)
    assert acts(aws_cli) == ["cloudformation delete-stack"]


def test_a_stack_that_could_not_be_deleted_says_which_resources_kept_it() -> None:
    its, _ = stack("CREATE_COMPLETE", "DELETE_IN_PROGRESS", "DELETE_FAILED")
    with pytest.raises(StackError, match=r"could not be deleted \(DELETE_FAILED\):\n  BronzeCrawler: Service"):
        its.delete(lambda _: None)


def test_changes_are_told_by_what_is_done_to_which_type() -> None:
    changes = {
        "Changes": [
            {"ResourceChange": {"Action": action, "LogicalResourceId": name, "ResourceType": f"AWS::{kind}"} | more}
            for action, name, kind, more in (
                ("Modify", "B", "Lambda::Function", {}),
                ("Add", "C", "Glue::Crawler", {}),
                ("Modify", "A", "Lambda::Function", {"Replacement": "False"}),
                ("Modify", "L", "Lambda::LayerVersion", {"Replacement": "True"}),
                ("Remove", "P", "S3::BucketPolicy", {}),
            )
        ]
    }
    its, aws_cli = stack("UPDATE_COMPLETE")
    aws_cli.answers["cloudformation describe-change-set"] = changes
    assert tell(its.changes(CHANGE_SET)) == [
        ("add Glue::Crawler", "C"),
        ("modify Lambda::Function", "A, B"),
        ("replace Lambda::LayerVersion", "L"),
        ("remove S3::BucketPolicy", "P"),
    ]
    assert tell([Change("Add", "C", "AWS::Glue::Crawler", False)]) == [("add Glue::Crawler", "C")]


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        (("CREATE_IN_PROGRESS", "CREATE_COMPLETE"), "is being worked on (CREATE_IN_PROGRESS): waiting for that to end"),
        (("CREATE_FAILED", None), "is in CREATE_FAILED: its last deployment failed, so what is left is deleted"),
        (("UPDATE_ROLLBACK_FAILED", "UPDATE_COMPLETE"), "is in UPDATE_ROLLBACK_FAILED: the rollback goes on"),
        (("UPDATE_FAILED", "UPDATE_COMPLETE"), "is in UPDATE_FAILED: it goes back to what it was"),
    ],
)
def test_what_is_done_about_a_stack_is_told_once(statuses: tuple[str, ...], told: str) -> None:
    assert recovered(*statuses)[2] == [f"the stack importau {told}"]


def test_a_stack_that_is_deleted_is_none_and_one_in_a_state_nobody_knows_is_refused() -> None:
    assert recovered("DELETE_COMPLETE") == (None, [], [])
    with pytest.raises(StackError, match="is in MOON_FAILED, which nothing can be deployed from"):
        recovered("MOON_FAILED")


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("UPDATE_ROLLBACK_FAILED", "its rollback could not be finished (ROLLBACK_FAILED):"),
        ("UPDATE_FAILED", "it could not be rolled back (ROLLBACK_FAILED):"),
    ],
)
def test_what_could_not_be_taken_back_says_so_with_the_reasons_and_two_ways_out(status: str, why: str) -> None:
    its, _ = stack(status, "ROLLBACK_FAILED")
    with pytest.raises(StackError) as failure:
        its.recover(lambda _: None, lambda _: None)
    assert failure.value.message.splitlines()[0] == f"the stack importau: {why}"
    assert failure.value.fix == (
        "Mend what CloudFormation names and try again, or leave those resources as they are: aws cloudformation "
        "continue-update-rollback --stack-name importau --resources-to-skip NAME --region us-east-1"
    )


@pytest.mark.parametrize("code", ["ValidationError", "AccessDenied"])
def test_that_a_stack_cannot_be_described_is_not_that_there_is_none(code: str) -> None:
    its, aws_cli = stack()
    message = "does not exist" if code == "AccessDenied" else "1 validation error detected"
    aws_cli.answers["cloudformation describe-stacks"] = refused(code, "DescribeStacks", message)
    with pytest.raises(ClientError, match=code):
        its.described()


def test_a_stack_that_is_gone_while_it_is_deployed_is_told() -> None:
    its, _ = stack(None)
    with pytest.raises(StackError, match="the stack importau is gone while it was being deployed"):
        its.execute(CHANGE_SET, lambda _: None)


def test_what_to_do_after_a_failure_is_told() -> None:
    its, _ = stack("CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE")
    with pytest.raises(StackError) as failure:
        its.execute(CHANGE_SET, lambda _: None)
    assert failure.value.fix == "Mend the cause and deploy again: it goes on from here."
    its, _ = stack("CREATE_COMPLETE", "DELETE_FAILED")
    with pytest.raises(StackError) as failure:
        its.delete(lambda _: None)
    assert failure.value.fix == "Mend the cause and try again; what was deleted before stays deleted."
    assert failure.value.message.startswith("the stack importau could not be deleted (DELETE_FAILED):\n  BronzeCrawler")


@pytest.mark.parametrize(
    ("statuses", "acted"),
    [
        ((None,), []),
        (("DELETE_COMPLETE",), []),
        (("REVIEW_IN_PROGRESS", None), ["cloudformation delete-stack"]),
        (("DELETE_IN_PROGRESS", "DELETE_COMPLETE"), []),
    ],
)
def test_only_what_is_there_is_deleted(statuses: tuple[str | None, ...], acted: list[str]) -> None:
    its, aws_cli = stack(*statuses)
    its.delete(lambda _: None)
    assert acts(aws_cli) == acted


def test_a_change_set_without_its_stack_leaves_nothing_to_delete() -> None:
    its, aws_cli = stack(None)
    its.discard(CHANGE_SET)
    assert acts(aws_cli) == ["cloudformation delete-change-set"]
    assert aws_cli.option("cloudformation delete-change-set", "--change-set-name") == CHANGE_SET


def test_resources_that_are_deleted_are_none_of_it() -> None:
    its, aws_cli = stack()
    entries = [{"ResourceStatus": status} for status in ("CREATE_COMPLETE", "DELETE_COMPLETE", "DELETE_FAILED")]
    aws_cli.answers["cloudformation list-stack-resources"] = {"StackResourceSummaries": entries}
    assert its.resources() == [entries[0], entries[2]]


def reasons(*events: dict[str, str]) -> str:
    its, aws_cli = stack("CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE")
    aws_cli.answers["cloudformation describe-stack-events"] = {"StackEvents": list(events)}
    with pytest.raises(StackError) as failure:
        its.execute(CHANGE_SET, lambda _: None)
    assert aws_cli.option("cloudformation describe-stack-events", "--max-items") == "300"
    assert aws_cli.option("cloudformation describe-stack-events", "--stack-name") == ID
    return failure.value.message.partition("(ROLLBACK_COMPLETE):")[2]


def test_reasons_are_told_in_order_once_and_consequences_only_where_there_is_nothing_else() -> None:
    cancelled = event("A", "CREATE_FAILED", "Resource creation cancelled")
    assert reasons() == " no reason was given"
    assert reasons(event("importau", "UPDATE_FAILED", "x", ID), event("A", "CREATE_COMPLETE")) == " no reason was given"
    assert reasons(cancelled) == "\n  A: Resource creation cancelled"
    two = event("C", "UPDATE_FAILED", "late"), event("B", "CREATE_FAILED", "")
    assert reasons(cancelled, *two, two[1]) == "\n  B: no reason was given\n  C: late"
    nameless = {key: value for key, value in event("D", "DELETE_FAILED").items() if key != "ResourceStatusReason"}
    assert reasons(nameless) == "\n  D: no reason was given"


def test_the_embedded_aws_is_looked_at_more_often_and_looking_is_not_shown() -> None:
    waited: list[float] = []
    answers = {
        "cloudformation describe-stacks": states("CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"),
        "cloudformation describe-stack-events": {"StackEvents": []},
    }
    aws_cli = Answering(endpoint=Endpoint(1, 1), show_commands=True, answers=answers)
    its, shown = Stack(aws_cli, "importau", waited.append), list[str]()
    its.recover(lambda _: None, shown.append)
    assert (waited, shown) == ([0.5], [])
    assert (its.aws_cli.show_commands, its._quietly.show_commands) == (True, False)


def test_a_stack_that_is_forgotten_while_it_is_waited_for_is_deleted() -> None:
    assert recovered("DELETE_IN_PROGRESS", None)[:2] == (None, [])
