"""The table of permissions, against the code, the state machines, the template and what AWS publishes."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import sam_template
from moto.iam.aws_managed_policies import aws_managed_policies_data
from restricted_account import FORBIDDEN

from cli.account.execution_role import SERVICES
from cli.account.permissions import EXAMPLE, NEEDS, RESOURCES, Holder, arns, permissions, policy, sample
from cli.embedded.standins.cloudformation import HANDLERS, NOT_CALLED
from cli.embedded.standins.execution_roles import DELIVERIES, MANAGED_RULE
from cli.table import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
# What a Step Functions integration asks of the role, by the resource of its task (AWS Step Functions Developer Guide).
INTEGRATIONS = {
    "arn:aws:states:::lambda:invoke": {"lambda:InvokeFunction"},
    "arn:aws:states:::aws-sdk:s3:copyObject": {"s3:GetObject", "s3:PutObject"},
    "arn:aws:states:::aws-sdk:s3:deleteObject": {"s3:DeleteObject"},
    # What a Distributed Map reads, lists and writes; it starts its children as executions of their own.
    "arn:aws:states:::aws-sdk:s3:listObjectsV2": {"s3:ListBucket"},
    "arn:aws:states:::s3:listObjectsV2": {"s3:ListBucket", "states:StartExecution"},
    "arn:aws:states:::s3:getObject": {"s3:GetObject", "states:StartExecution"},
    "arn:aws:states:::s3:putObject": {"s3:PutObject"},
    "arn:aws:states:::states:startExecution.sync:2": {
        "states:StartExecution", "states:DescribeExecution", "states:StopExecution", *MANAGED_RULE,
    },
    "arn:aws:states:::aws-sdk:glue:startCrawler": {"glue:StartCrawler"},
    "arn:aws:states:::aws-sdk:glue:getCrawler": {"glue:GetCrawler"},
}  # fmt: skip
# `deploy` makes the bucket itself and hands it over as ExistingBucket.
NOT_MADE = {"AWS::S3::Bucket", "AWS::S3::BucketPolicy"}


PARAMETERS = set(sam_template.parsed()["Parameters"])
OCCASIONS = {need.only_with for need in NEEDS} - {""}


def _granted(document: dict[str, Any]) -> set[str]:
    return {action for statement in document["Statement"] for action in statement["Action"]}


def listed(holder: Holder, *callers: str) -> set[str]:
    return {each.action for each in permissions(holder) if not callers or each.need.caller in callers}


def tasks() -> Iterator[str]:
    """Yield the resource of every task of every state machine."""
    for file in sorted((ROOT / "statemachine").glob("*.asl.json")):
        yield from re.findall(r'"Resource": "(arn:[^"]+)"', file.read_text())


def managed(name: str) -> set[str]:
    """Return the actions of a policy that AWS manages."""
    statements = json.loads(aws_managed_policies_data)[name]["Document"]["Statement"]
    return {action for statement in statements for action in statement["Action"]}


def matches(action: str, patterns: Any) -> bool:
    return any(fnmatchcase(action, pattern) for pattern in patterns)


@pytest.fixture(scope="module")
def made() -> dict[str, dict[str, Any]]:
    return sam_template.decided(sam_template.transformed(), ExistingBucket="somewhere")


def test_every_permission_says_what_still_works_without_it() -> None:
    assert all(need.purpose and need.without and need.needed_by and need.actions for need in NEEDS)


def test_no_permission_is_listed_twice_for_the_same_resource() -> None:
    keys = [(each.holder, each.action, each.need.resource) for each in permissions()]
    assert sorted(set(keys)) == sorted(keys)


def test_every_resource_is_used_and_its_sample_lies_within_what_the_policy_names() -> None:
    assert {need.resource for need in NEEDS} == set(RESOURCES)
    for name in RESOURCES:
        assert matches(sample(name, EXAMPLE), [*arns(name, EXAMPLE), *(f"{arn}:*" for arn in arns(name, EXAMPLE))])


def test_the_user_needs_nothing_that_a_learner_lab_forbids() -> None:
    assert not [action for action in listed("user") if matches(action, FORBIDDEN)]


def test_every_user_permission_names_commands_that_there_are() -> None:
    commands = {entry.name for entry in COMMANDS}
    assert {name for need in NEEDS if need.holder == "user" for name in need.needed_by} <= commands


@pytest.mark.parametrize("holder", ["user", "role"])
def test_the_least_policy_fits_into_a_managed_policy(holder: Holder) -> None:
    assert len(json.dumps(policy(holder, EXAMPLE), separators=(",", ":"))) <= 6144


@pytest.mark.parametrize("parameter", sorted(PARAMETERS & OCCASIONS))
def test_what_a_parameter_needs_is_in_no_policy_without_it(parameter: str) -> None:
    for holder in ("user", "role"):
        least, more = (_granted(policy(holder, EXAMPLE, given)) for given in ((), (parameter,)))
        assert least < more or holder not in {need.holder for need in NEEDS if need.only_with == parameter}
        assert (
            more - least
            == {
                action
                for need in NEEDS
                if (need.only_with, need.holder) == (parameter, holder)
                for action in need.actions
            }
            - least
        )


def test_whatever_avoids_a_permission_is_a_value_that_the_template_allows() -> None:
    declared = sam_template.parsed()["Parameters"]
    for need in NEEDS:
        name, _, value = need.avoided_by.partition("=")
        assert not name or value in declared[name]["AllowedValues"]


def test_every_occasion_is_a_parameter_or_a_question_of_the_preflight() -> None:
    assert OCCASIONS - {"no policy simulator", "Lake Formation", "check --deep"} <= PARAMETERS


@pytest.mark.parametrize("holder", ["user", "role"])
def test_the_least_policy_has_no_wildcard_in_an_action(holder: Holder) -> None:
    statements = policy(holder, EXAMPLE)["Statement"]
    assert not [action for statement in statements for action in statement["Action"] if "*" in action]
    assert len({statement["Sid"] for statement in statements}) == len(statements)


# ---- called while it waits, or after a failure ---------------------------------------------------------------------


@pytest.mark.parametrize("action", sorted(listed("user", "sometimes")))
def test_what_is_called_only_sometimes_is_called_somewhere(action: str) -> None:
    # What is called otherwise than the action that allows it.
    called = {"ListAllMyBuckets": "ListBuckets", "ViewBudget": "DescribeBudgets"}
    name = action.partition(":")[2]
    words = re.findall("[A-Z][a-z]+", called.get(name, name))
    spellings = ("-".join(words).lower(), "_".join(words).lower())
    rooms = (ROOT / "cli", ROOT / "functions/common/lakehouse")
    code = "".join(file.read_text() for room in rooms for file in sorted(room.rglob("*.py")))
    assert any(f'"{spelling}"' in code or f".{spelling}(" in code for spelling in spellings)


# ---- called by CloudFormation for the user -------------------------------------------------------------------------


def test_the_published_permissions_of_every_type_of_the_template_are_known(made: dict[str, Any]) -> None:
    assert {resource["Type"] for resource in made.values()} <= set(HANDLERS) | NOT_MADE


@pytest.mark.parametrize("kind", sorted(kind for kind in HANDLERS if kind.startswith("AWS::")))
def test_what_cloudformation_calls_for_a_type_is_listed_or_not_called_for_a_reason(kind: str) -> None:
    published = {action for key in ("create", "read", "update", "delete") for action in HANDLERS[kind].get(key, ())}
    assert {action for action in published - listed("user") if not matches(action, NOT_CALLED)} == set()


def test_nothing_is_listed_for_cloudformation_that_it_does_not_call(made: dict[str, Any]) -> None:
    used = {resource["Type"] for resource in made.values()} - NOT_MADE
    called = {action for kind in used for actions in HANDLERS[kind].values() for action in actions}
    # Reading a SAM template, and the dynamic references to AWS's layers.
    called |= {"cloudformation:CreateChangeSet", "ssm:GetParameters"}
    assert "{{resolve:ssm:" in (ROOT / "template.yaml").read_text()
    assert listed("user", "cloudformation") <= called


@pytest.mark.parametrize("pattern", NOT_CALLED)
def test_a_reason_for_not_calling_is_given_only_where_one_is_needed(pattern: str) -> None:
    published = {action for kind in set(HANDLERS) - {"source"} for some in HANDLERS[kind].values() for action in some}
    assert [action for action in published if fnmatchcase(action, pattern)]


# ---- called by services for the execution role ---------------------------------------------------------------------


def test_what_step_functions_calls_is_listed_and_nothing_else(made: dict[str, Any]) -> None:
    machines = [one["Properties"] for one in made.values() if one["Type"] == "AWS::StepFunctions::StateMachine"]
    called = {action for task in tasks() for action in INTEGRATIONS[task]}
    if any("LoggingConfiguration" in machine for machine in machines):
        called |= set(DELIVERIES)
    if any("TracingConfiguration" in machine for machine in machines):
        called |= {action for action in managed("AWSXRayDaemonWriteAccess") if "Statistic" not in action}
    assert called <= listed("role")
    assert listed("role", "step functions") <= called


def test_what_lambda_calls_is_what_its_basic_execution_role_has(made: dict[str, Any]) -> None:
    assert {one["Type"] for one in made.values()} >= {"AWS::Logs::LogGroup"}  # so that Lambda makes none itself
    assert listed("role", "lambda") == managed("AWSLambdaBasicExecutionRole") - {"logs:CreateLogGroup"}


def test_what_a_crawler_calls_is_within_aws_s_own_policy_for_it() -> None:
    assert all(matches(action, managed("AWSGlueServiceRole")) for action in listed("role", "glue crawler"))


def test_the_role_is_trusted_to_whom_the_template_gives_it(made: dict[str, Any]) -> None:
    services = {"Lambda": "lambda", "StepFunctions": "states", "Glue": "glue"}
    given = {one["Type"].split("::")[1] for one in made.values() if {"Role", "RoleArn"} & one["Properties"].keys()}
    assert {f"{services[each]}.amazonaws.com" for each in given} == set(SERVICES)
