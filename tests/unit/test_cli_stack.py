"""A stack in every state CloudFormation can leave it in: what is done about it, and what a person is told."""

from typing import Any

import pytest
from answering import Answering, refused

from cli.account.stack import DEAD, WELL, Change, Stack, StackError, tell

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
