"""What is known of a permission: from the simulator, from reads that change nothing, or not at all."""

import re
from collections.abc import Sequence
from typing import Any

import botocore.session
import pytest
from answering import USUAL, Answering, refused
from botocore import xform_name
from botocore.exceptions import ClientError

from cli.account.identity import Identity
from cli.account.permissions import EXAMPLE, permissions, sample
from cli.embedded.endpoint import Endpoint
from cli.preflight.assessment import Assessed, assess, missing, policy_source
from cli.preflight.probing import PROBES

LAB = Identity("123456789012", "arn:aws:sts::123456789012:assumed-role/voclabs/user1=Ana", "AROA:x")
USER = Identity("123456789012", "arn:aws:iam::123456789012:user/ana", "AIDA")
ROOT = Identity("123456789012", "arn:aws:iam::123456789012:root", "123456789012")
SIMULATE = "iam simulate-principal-policy"


def values(arguments: Sequence[str], option: str) -> list[str]:
    """Return the values of an option."""
    rest = arguments[arguments.index(option) + 1 :]
    return [*rest[: next((i for i, word in enumerate(rest) if word.startswith("--")), len(rest))]]


def simulator(decisions: dict[str, str], missing_context: Sequence[str] = ()) -> Any:
    """Return a policy simulator that allows everything but what is named."""

    def answer(arguments: Sequence[str]) -> dict[str, Any]:
        return {
            "EvaluationResults": [
                {
                    "EvalActionName": action,
                    "EvalDecision": decisions.get(action, "allowed"),
                    "MissingContextValues": list(missing_context),
                }
                for action in values(arguments, "--action-names")
            ]
        }

    return answer


def verdicts(assessed: list[Assessed], holder: str = "user") -> dict[str, str]:
    return {each.permission.action: each.verdict for each in assessed if each.permission.holder == holder}


def test_everything_is_asked_of_the_simulator_about_whoever_it_is() -> None:
    aws_cli = Answering(answers={SIMULATE: simulator({})})
    found = assess(aws_cli, LAB, EXAMPLE, permissions())
    assert {each.verdict for each in found} == {"allowed"}
    assert [each.permission for each in found] == list(permissions())
    sources = {values(arguments, "--policy-source-arn")[0] for arguments in aws_cli.asked}
    assert sources == {EXAMPLE.caller, EXAMPLE.role}


def test_every_permission_is_asked_for_on_its_own_resource() -> None:
    aws_cli = Answering(answers={SIMULATE: simulator({})})
    assess(aws_cli, LAB, EXAMPLE, permissions())
    asked = {
        (values(arguments, "--policy-source-arn")[0], action, (values(arguments, "--resource-arns") or ["*"])[0])
        if "--resource-arns" in arguments
        else (values(arguments, "--policy-source-arn")[0], action, "*")
        for arguments in aws_cli.asked
        for action in values(arguments, "--action-names")
    }
    source = {"user": EXAMPLE.caller, "role": EXAMPLE.role}
    assert asked == {(source[each.holder], each.action, sample(each.need.resource, EXAMPLE)) for each in permissions()}


def test_the_simulator_is_told_the_region_and_whom_a_role_is_passed_to() -> None:
    aws_cli = Answering(answers={SIMULATE: simulator({})})
    assess(aws_cli, LAB, EXAMPLE, permissions("user", ["deploy"]))
    for arguments in aws_cli.asked:
        given = values(arguments, "--context-entries")
        assert f"ContextKeyName=aws:requestedregion,ContextKeyType=string,ContextKeyValues={EXAMPLE.region}" in given
        assert any("iam:passedtoservice" in each for each in given)


@pytest.mark.parametrize(
    ("decision", "context", "verdict", "how"),
    [
        ("explicitDeny", [], "denied", "a policy denies it"),
        ("implicitDeny", [], "denied", "no policy allows it"),
        ("implicitDeny", ["aws:SourceVpc"], "unknown", "it depends on aws:SourceVpc"),
        ("explicitDeny", ["aws:SourceVpc"], "denied", "a policy denies it"),
    ],
)
def test_a_decision_becomes_a_verdict(decision: str, context: list[str], verdict: str, how: str) -> None:
    aws_cli = Answering(answers={SIMULATE: simulator({"states:StartExecution": decision}, context)})
    found = assess(aws_cli, LAB, EXAMPLE, permissions("user"))
    (start,) = [each for each in found if each.permission.action == "states:StartExecution"]
    assert (start.verdict, start.how) == (verdict, how)
    assert verdicts(found)["states:ListExecutions"] == "allowed"


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidInput", "NoSuchEntity"])
def test_where_the_simulator_does_not_answer_it_is_asked_once_and_reads_are_tried(code: str) -> None:
    answers: dict[str, Any] = USUAL | {
        SIMULATE: refused(code),
        "stepfunctions list-executions": refused("AccessDeniedException"),
        "lambda get-function": refused("ResourceNotFoundException"),
        "s3api list-objects-v2": refused("NoSuchBucket"),
        "cloudformation describe-stacks": refused("ValidationError"),
    }
    aws_cli = Answering(answers=answers)
    found = verdicts(assess(aws_cli, LAB, EXAMPLE, permissions("user")))
    assert aws_cli.commands().count(SIMULATE) == 1
    assert found["states:ListExecutions"] == "denied"
    assert found["lambda:GetFunction"] == "allowed"  # it was looked for, and is not there
    assert found["cloudformation:DescribeStacks"] == "allowed"
    assert found["glue:GetTables"] == "allowed"
    assert found["s3:ListBucket"] == "unknown"  # S3 says that to everybody
    assert found["states:StartExecution"] == found["s3:PutObject"] == "unknown"


def test_what_is_tried_changes_nothing() -> None:
    reads = ("get-", "list-", "describe-", "search-", "filter-", "head-")
    assert all(command[1].startswith(reads) for command in PROBES.values())
    assert set(PROBES) <= {each.action for each in permissions("user")}


def test_what_is_tried_is_filled_in() -> None:
    aws_cli = Answering(answers=USUAL | {SIMULATE: refused("AccessDenied")})
    assess(aws_cli, LAB, EXAMPLE, permissions("user"))
    assert not [word for arguments in aws_cli.asked for word in arguments if "{" in word]
    assert aws_cli.option("s3api list-objects-v2", "--bucket") == EXAMPLE.bucket
    assert aws_cli.option("lambda get-function", "--function-name") == f"{EXAMPLE.stack}-bronze"


def test_nobody_can_try_for_the_execution_role() -> None:
    aws_cli = Answering(answers=USUAL | {SIMULATE: refused("AccessDenied")})
    assert set(verdicts(assess(aws_cli, LAB, EXAMPLE, permissions("role")), "role").values()) == {"unknown"}


def test_the_account_s_root_is_not_asked_about() -> None:
    aws_cli = Answering(answers={SIMULATE: simulator({})})
    assert set(verdicts(assess(aws_cli, ROOT, EXAMPLE, permissions("user"))).values()) == {"allowed"}
    assert aws_cli.asked == []


def test_the_embedded_aws_is_not_asked_at_all() -> None:
    aws_cli = Answering(endpoint=Endpoint(1, 1))
    assert {each.verdict for each in assess(aws_cli, ROOT, EXAMPLE, permissions())} == {"allowed"}
    assert aws_cli.asked == []


def test_only_what_is_denied_and_needed_is_missing() -> None:
    denied = {"glue:SearchTables": "explicitDeny", "s3:CreateBucket": "implicitDeny", "s3:PutObject": "implicitDeny"}
    found = assess(Answering(answers={SIMULATE: simulator(denied)}), LAB, EXAMPLE, permissions("user"))
    assert {each.permission.action for each in missing(found, has_bucket=False)} == {"s3:CreateBucket", "s3:PutObject"}
    assert {each.permission.action for each in missing(found, has_bucket=True)} == {"s3:PutObject"}


def test_an_assumed_role_is_asked_about_as_the_role_with_its_path() -> None:
    arn = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/voclabs"
    assert policy_source(Answering(answers={"iam get-role": {"Role": {"Arn": arn}}}), LAB) == arn
    refusal = Answering(answers={"iam get-role": refused("AccessDenied")})
    assert policy_source(refusal, LAB) == "arn:aws:iam::123456789012:role/voclabs"
    assert policy_source(Answering(), USER) == USER.arn


@pytest.mark.parametrize("code", ["Throttling", "InternalFailure"])
def test_a_fault_of_the_simulator_is_no_verdict(code: str) -> None:
    with pytest.raises(ClientError, match=code):
        assess(Answering(answers={SIMULATE: refused(code)}), LAB, EXAMPLE, permissions("user"))


def test_a_fault_while_the_role_is_looked_up_is_not_taken_for_a_refusal() -> None:
    with pytest.raises(ClientError, match="ServiceFailure"):
        policy_source(Answering(answers={"iam get-role": refused("ServiceFailure")}), LAB)
    gone = Answering(answers={"iam get-role": refused("NoSuchEntity")})
    assert policy_source(gone, LAB) == "arn:aws:iam::123456789012:role/voclabs"


@pytest.mark.parametrize(
    ("answer", "verdict", "how"),
    [
        ({}, "allowed", "it was tried"),
        (refused("ResourceNotFoundException"), "allowed", "it was tried"),
        (refused("AccessDeniedException"), "denied", "it was tried and refused"),
        (refused("ThrottlingException"), "unknown", "it was tried, and ThrottlingException says nothing of it"),
    ],
    ids=["answered", "absent", "refused", "throttled"],
)
def test_what_a_read_answers_says_what_is_known_and_how(answer: Any, verdict: str, how: str) -> None:
    answers = USUAL | {SIMULATE: refused("AccessDenied"), "lambda get-function": answer}
    found = assess(Answering(answers=answers), LAB, EXAMPLE, permissions("user"))
    (read,) = [each for each in found if each.permission.action == "lambda:GetFunction"]
    assert (read.verdict, read.how) == (verdict, how)


# Reads whose permission has another name than the operation.
NAMED_OTHERWISE = {
    "s3:ListAllMyBuckets": "ListBuckets", "s3:ListBucket": "ListObjectsV2",
    "s3:ListBucketVersions": "ListObjectVersions",
}  # fmt: skip
OF_THE_CLI = {"--max-items", "--query"}
SERVICES = {"s3api": "s3"}


@pytest.mark.parametrize("action", sorted(PROBES))
def test_each_read_is_the_operation_of_its_permission_with_all_it_needs(action: str) -> None:
    service, operation, *options = PROBES[action]
    model = botocore.session.get_session().get_service_model(SERVICES.get(service, service))
    (name,) = [name for name in model.operation_names if xform_name(name, "-") == operation]
    assert name == NAMED_OTHERWISE.get(action, action.partition(":")[2])
    assert re.match("Get|List|Describe|Search|Filter", name), "it changes something"
    given = dict(zip(options[::2], options[1::2], strict=True))
    shape = model.operation_model(name).input_shape
    members = {f"--{xform_name(member, '-')}": member for member in shape.members}
    assert set(given) - OF_THE_CLI <= set(members)
    assert {members[option] for option in given if option in members} >= set(shape.required_members)
    asked_for_one = {option: value for option, value in given.items() if option.startswith("--max")}
    assert set(asked_for_one.values()) <= {"1"}


def test_reads_are_of_what_the_lakehouse_has() -> None:
    denied = USUAL | {SIMULATE: refused("AccessDenied")}
    aws_cli = Answering(answers=denied | {"cloudformation describe-stacks": {}})
    assess(aws_cli, LAB, EXAMPLE, permissions("user"))
    tried = [command for command in aws_cli.asked if command[0] != "iam"]
    assert len(tried) == len(PROBES)
    values = {value for _, _, *options in tried for value in options[1::2]}
    resources = ("executions", "functions", "managed layers' parameters", "state machines")
    assert values == {
        "1", "Configuration", "/aws/lambda/importau-", "/aws/lambda/importau-bronze", "importau", "importau-bronze",
        "importau_bronze", "pedidos", EXAMPLE.bucket, *(sample(name, EXAMPLE) for name in resources),
    }  # fmt: skip


def test_what_cannot_be_tried_is_unknown_and_says_why() -> None:
    found = assess(Answering(answers=USUAL | {SIMULATE: refused("AccessDenied")}), LAB, EXAMPLE, permissions())
    why = "the policy simulator may not be asked, and to try it would change something"
    own = [each for each in found if each.permission.holder == "user" and each.permission.action not in PROBES]
    assert own
    assert {(each.verdict, each.how) for each in own} == {("unknown", why)}
    of_role = [each for each in found if each.permission.holder == "role"]
    assert {(each.verdict, each.how) for each in of_role} == {
        ("unknown", "whether the role LabRole has a permission boundary may not be read")
    }


def test_how_it_is_known_is_told() -> None:
    embedded = assess(Answering(endpoint=Endpoint(1, 1)), ROOT, EXAMPLE, permissions())
    assert {each.how for each in embedded} == {"the embedded AWS asks for none"}
    of_root = assess(Answering(answers={SIMULATE: simulator({})}), ROOT, EXAMPLE, permissions("user"))
    assert {each.how for each in of_root} == {"the account's root may do everything"}
    allowed = assess(Answering(answers={SIMULATE: simulator({})}), LAB, EXAMPLE, permissions())
    assert {each.how for each in allowed} == {"the policies allow it"}
