"""The role that runs everything: found, named, and asked whom it trusts."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from answering import Answering, refused
from botocore.exceptions import ClientError

from cli.account.execution_role import SERVICES, find
from cli.account.identity import Identity
from cli.embedded.endpoint import Endpoint
from cli.errors import CliError

LAB = Identity("123456789012", "arn:aws:sts::123456789012:assumed-role/voclabs/user1=Ana", "AROA:x")
COMPANY = Identity("123456789012", "arn:aws:iam::123456789012:user/ana", "AIDA")
LAB_ROLE = "arn:aws:iam::123456789012:role/LabRole"


def answering(statements: Any = None, arn: str = LAB_ROLE, encoded: bool = False) -> Answering:
    if statements is None:
        statements = [allow(*SERVICES)]
    policy: Any = {"Statement": statements}
    policy = quote(json.dumps(policy)) if encoded else policy
    return Answering(answers={"iam get-role": {"Role": {"Arn": arn, "AssumeRolePolicyDocument": policy}}})


def allow(*services: str, effect: str = "Allow", action: Any = "sts:AssumeRole") -> dict[str, Any]:
    return {"Effect": effect, "Principal": {"Service": list(services)}, "Action": action}


def refusing(code: str) -> Answering:
    return Answering(answers={"iam get-role": refused(code, "GetRole")})


@pytest.mark.parametrize("identity", [LAB, COMPANY])
def test_labrole_is_found_by_itself(identity: Identity) -> None:
    role = find(answering(), identity, None)
    assert (role.arn, role.name) == (LAB_ROLE, "LabRole")
    assert all(role.trusts(service) for service in SERVICES)


@pytest.mark.parametrize("named", ["DataRole", "arn:aws:iam::123456789012:role/data/DataRole"])
def test_a_role_may_be_named_by_name_or_arn(named: str) -> None:
    aws_cli = answering(arn="arn:aws:iam::123456789012:role/data/DataRole")
    assert find(aws_cli, COMPANY, named).arn == "arn:aws:iam::123456789012:role/data/DataRole"
    assert aws_cli.asked == [("iam", "get-role", "--role-name", "DataRole")]


@pytest.mark.parametrize("named", ["arn:aws:iam::123456789012:user/ana", "arn:aws:s3:::bucket", ""])
def test_what_is_no_role_is_refused(named: str) -> None:
    with pytest.raises(CliError, match="is not a role"):
        find(answering(), COMPANY, named)


def test_a_role_that_is_not_there_is_said_not_to_be() -> None:
    with pytest.raises(CliError, match="there is no role"):
        find(refusing("NoSuchEntity"), COMPANY, "DataRole")


def test_an_account_without_labrole_asks_for_a_role() -> None:
    with pytest.raises(CliError, match="no execution role was named"):
        find(refusing("NoSuchEntity"), COMPANY, None)


def test_a_lab_that_lets_nobody_read_roles_still_has_labrole() -> None:
    role = find(refusing("AccessDenied"), LAB, None)
    assert role.arn == LAB_ROLE
    assert {role.trusts(service) for service in SERVICES} == {None}


def test_elsewhere_a_role_that_nobody_named_and_nobody_may_read_is_not_guessed() -> None:
    with pytest.raises(CliError, match="no execution role was named"):
        find(refusing("AccessDenied"), COMPANY, None)


def test_the_embedded_aws_has_a_role_without_asking() -> None:
    aws_cli = Answering(endpoint=Endpoint(1, 1))
    assert find(aws_cli, COMPANY, None).name == "importau-local"
    assert aws_cli.asked == []


@pytest.mark.parametrize(
    ("statements", "trusted"),
    [
        ([allow("lambda.amazonaws.com")], {"lambda.amazonaws.com"}),
        (allow("glue.amazonaws.com", action=["sts:AssumeRole", "sts:TagSession"]), {"glue.amazonaws.com"}),
        ([allow("states.amazonaws.com", action="sts:*")], {"states.amazonaws.com"}),
        ([{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}], set(SERVICES)),
        ([allow(*SERVICES), allow("glue.amazonaws.com", effect="Deny")], set(SERVICES) - {"glue.amazonaws.com"}),
        ([allow(*SERVICES, action="sts:TagSession")], set()),
        ([{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": "sts:AssumeRole"}], set()),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoded", [False, True])
def test_a_trust_policy_is_read(statements: Any, trusted: set[str], encoded: bool) -> None:
    role = find(answering(statements, encoded=encoded), LAB, None)
    assert {service for service in SERVICES if role.trusts(service)} == trusted


def message(aws_cli: Answering, identity: Identity, named: str | None) -> tuple[str, str]:
    with pytest.raises(CliError) as failure:
        find(aws_cli, identity, named)
    return failure.value.message, failure.value.fix


def test_what_is_wrong_with_a_role_is_told_with_the_way_out() -> None:
    assert message(answering(), COMPANY, "arn:x") == (
        "arn:x is not a role",
        "Give the name of an existing role, or its ARN: arn:aws:iam::ACCOUNT:role/NAME.",
    )
    assert message(refusing("NoSuchEntity"), COMPANY, "Data") == (
        "there is no role arn:aws:iam::123456789012:role/Data",
        "`aws iam list-roles` shows the roles there are.",
    )
    assert message(refusing("NoSuchEntity"), COMPANY, None) == (
        "no execution role was named, and no LabRole was found in account 123456789012",
        "Name an existing role that lambda, states and glue may take on: --role ARN (`aws iam list-roles` shows the "
        "roles there are; docs/permissions.md says what it has to be allowed).",
    )


def test_how_a_role_was_found_is_told() -> None:
    assert find(answering(), COMPANY, "Data").found_by == "named"
    assert find(answering(), COMPANY, None).found_by == "the account's LabRole"
    assert find(refusing("AccessDenied"), COMPANY, "Data").found_by == "named; it may not be read"
    embedded = find(Answering(endpoint=Endpoint(1, 1)), COMPANY, None)
    assert embedded.found_by == "the embedded AWS's, which asks for no trust"
    assert embedded.arn == "arn:aws:iam::000000000000:role/importau-local"
    assert {embedded.trusts(service) for service in SERVICES} == {True}


def test_a_fault_is_not_taken_for_a_role_that_is_not_there() -> None:
    with pytest.raises(ClientError, match="ServiceFailure"):
        find(refusing("ServiceFailure"), LAB, None)


def test_a_policy_of_nothing_trusts_nobody_and_one_of_everything_everybody() -> None:
    for statements in ([], [{"Effect": "Allow", "Action": "*"}], [allow("lambda.amazonaws.com", action=[])]):
        assert not any(find(answering(statements), LAB, None).trusts(service) for service in SERVICES)
    everything = [allow(*SERVICES, action="*")]
    assert all(find(answering(everything), LAB, None).trusts(service) for service in SERVICES)


def test_each_service_that_has_to_take_the_role_on_says_what_stays_undone() -> None:
    assert SERVICES == {
        "lambda.amazonaws.com": "the functions do not start",
        "states.amazonaws.com": "the state machines do not run",
        "glue.amazonaws.com": "the crawlers do not run, so governance does not either",
    }
