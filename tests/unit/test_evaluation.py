"""What policies say of a request: AWS's rules, and MiniStack's evaluator as a second opinion."""

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from cli.preflight.evaluation import Held, Policy, Request, decide

BUCKET = "arn:aws:s3:::lake"
KNOWN = {"aws:requestedregion": "us-east-1", "iam:passedtoservice": "lambda.amazonaws.com", "lambda:vpcids": None}


def held(*statements: Any, boundary: Any = None, unread: tuple[str, ...] = ()) -> Held:
    limit = None if boundary is None else Policy("limit", {"Statement": boundary})
    return Held(tuple(Policy(f"p{n}", {"Statement": each}) for n, each in enumerate(statements)), limit, unread)


def says(policies: Held, action: str = "s3:PutObject", resource: str = f"{BUCKET}/x") -> str:
    return decide(policies, Request(action, resource, KNOWN)).verdict


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return allow(action, resource, **more) | {"Effect": "Deny"}


@pytest.mark.parametrize(
    ("policies", "verdict"),
    [
        (held(), "denied"),
        (held(allow()), "allowed"),
        (held([allow(), deny("s3:Put*")]), "denied"),
        (held(allow(), deny("S3:PUTOBJECT", f"{BUCKET}/?")), "denied"),
        (held(allow("s3:Get*")), "denied"),
        (held(allow(resource=f"{BUCKET}/*")), "allowed"),
        (held(allow(resource=BUCKET)), "denied"),
        (held({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), "allowed"),
        (held({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}), "denied"),
        (held({"Effect": "Allow", "Action": "*", "NotResource": f"{BUCKET}/*"}), "denied"),
        (held(allow(), boundary=allow("s3:Get*")), "denied"),
        (held(allow(), boundary=[allow(), deny("s3:*")]), "denied"),
        (held(allow(), boundary=allow("s3:*")), "allowed"),
        (held(boundary=allow()), "denied"),
        (held(allow(), unread=("the policy x",)), "unknown"),
        (held(unread=("the policy x",)), "unknown"),
        (held(deny(), unread=("the policy x",)), "denied"),
        (held(allow(), boundary=allow("s3:Get*"), unread=("the policy x",)), "denied"),
    ],
)
def test_denials_win_and_boundaries_limit(policies: Held, verdict: str) -> None:
    assert says(policies) == verdict


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, "allowed"),
        ({"StringEquals": {"aws:RequestedRegion": ["sa-east-1", "us-east-1"]}}, "allowed"),
        ({"StringEquals": {"aws:RequestedRegion": "sa-east-1"}}, "denied"),
        ({"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}, "denied"),
        ({"StringLike": {"AWS:REQUESTEDREGION": "us-*"}}, "allowed"),
        ({"ForAnyValue:StringEquals": {"iam:PassedToService": ["glue.amazonaws.com"]}}, "denied"),
        ({"Null": {"lambda:VpcIds": "true"}}, "allowed"),
        ({"Null": {"lambda:VpcIds": "false"}}, "denied"),
        ({"StringEquals": {"lambda:VpcIds": "vpc-1"}}, "denied"),
        ({"StringEqualsIfExists": {"lambda:VpcIds": "vpc-1"}}, "allowed"),
        ({"StringNotEquals": {"lambda:VpcIds": "vpc-1"}}, "allowed"),
        ({"ForAllValues:StringEquals": {"lambda:VpcIds": "vpc-1"}}, "allowed"),
        ({"StringEquals": {"aws:SourceVpc": "vpc-1"}}, "unknown"),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, "unknown"),
        ({"DateGreaterThan": {"aws:RequestedRegion": "2026-01-01"}}, "unknown"),
        ({"StringEquals": {"aws:RequestedRegion": "${aws:PrincipalTag/region}"}}, "unknown"),
        ({"StringEquals": {"aws:SourceVpc": "vpc-1", "aws:RequestedRegion": "sa-east-1"}}, "denied"),
    ],
)
def test_conditions_are_decided_where_they_can_be(condition: dict[str, Any], verdict: str) -> None:
    assert says(held(allow(Condition=condition))) == verdict


def test_a_denial_that_hangs_on_the_request_leaves_it_unknown_and_names_the_policy() -> None:
    policies = held(allow(), deny(Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}}))
    decision = decide(policies, Request("s3:PutObject", BUCKET, KNOWN))
    assert (decision.verdict, decision.how) == (
        "unknown", "the policy p1 has a condition that only the request itself decides",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "verdict"),
    [
        ("arn:aws:s3:::${aws:username}/*", "unknown"),
        ("arn:aws:s3:::other-${aws:username}/*", "denied"),
        ("arn:aws:s3:::lake/${*}", "denied"),
        ("arn:aws:s3:::${aws:RequestedRegion}/x", "denied"),
    ],
)
def test_variables_in_resources_are_filled_in_where_they_are_known(pattern: str, verdict: str) -> None:
    assert says(held(allow(resource=pattern))) == verdict


def test_a_boundary_is_said_to_be_what_denies() -> None:
    decision = decide(held(allow(), boundary=allow("s3:Get*")), Request("s3:PutObject", BUCKET, KNOWN))
    assert (decision.reason, decision.how) == ("boundary", "the permission boundary limit does not allow it")


# ---- the same as MiniStack's evaluator, whatever the unknown turns out to be -----------------------------------------

ACTIONS = st.sampled_from(["s3:PutObject", "s3:GetObject", "s3:*", "*", "iam:PassRole", "s3:Put*", "S3:put?bject"])
RESOURCES = st.sampled_from(["*", f"{BUCKET}/*", BUCKET, f"{BUCKET}/x", "arn:aws:s3:::*", f"{BUCKET}/?"])
OPEN = {"aws:sourcevpc": ("vpc-1", "vpc-2", None), "aws:viaawsservice": ("true", "false")}
CONDITIONS = st.sampled_from(
    [
        {},
        {"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
        {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}},
        {"StringLike": {"aws:RequestedRegion": ["us-west-*", "us-east-*"]}},
        {"StringEquals": {"aws:SourceVpc": "vpc-1"}},
        {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}},
        {"StringEqualsIfExists": {"aws:SourceVpc": "vpc-2"}},
        {"Bool": {"aws:ViaAWSService": "true"}},
        {"Null": {"aws:SourceVpc": "true"}},
        {"StringEquals": {"aws:SourceVpc": "vpc-1", "aws:RequestedRegion": "us-east-1"}},
    ]
)


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    negated_action, negated_resource = draw(st.booleans()), draw(st.booleans())
    return {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        "NotAction" if negated_action else "Action": draw(st.lists(ACTIONS, min_size=1, max_size=2)),
        "NotResource" if negated_resource else "Resource": draw(st.lists(RESOURCES, min_size=1, max_size=2)),
        "Condition": draw(CONDITIONS),
    }


DOCUMENTS = st.lists(st.lists(statements(), min_size=1, max_size=2), max_size=3)


def second_opinion(documents: list[Any], boundary: Any, action: str, resource: str, more: dict[str, Any]) -> bool:
    asked = EvalContext(
        principal_arn="arn:aws:iam::123456789012:role/r", principal_type="AssumedRole",
        principal_account="123456789012", action=action, resource_arn=resource, region="us-east-1",
        service_context={name: value for name, value in more.items() if value is not None},
    )  # fmt: skip
    parsed = [parse_policy_document(json.dumps({"Version": "2012-10-17", "Statement": each})) for each in documents]
    limits = [] if boundary is None else [[parse_policy_document(json.dumps({"Statement": boundary}))]]
    return evaluate(asked, parsed, *limits).decision == "Allow"


@given(DOCUMENTS, st.none() | st.lists(statements(), min_size=1, max_size=2), st.sampled_from(["x", ""]))
def test_a_verdict_holds_whatever_is_not_known(documents: list[Any], boundary: Any, key: str) -> None:
    resource = f"{BUCKET}/{key}" if key else BUCKET
    verdict = decide(
        held(*documents, boundary=boundary), Request("s3:PutObject", resource, {"aws:requestedregion": "us-east-1"})
    ).verdict
    others = {
        second_opinion(documents, boundary, "s3:PutObject", resource, dict(zip(OPEN, values, strict=True)))
        for values in product(*OPEN.values())
    }
    if verdict == "unknown":
        return  # it may be either: a condition may still hold for all that is left
    assert others == {verdict == "allowed"}


@given(DOCUMENTS, st.none() | st.lists(statements(), min_size=1, max_size=2))
def test_what_hangs_on_nothing_is_never_unknown(documents: list[Any], boundary: Any) -> None:
    plain = [[each | {"Condition": {}} for each in document] for document in documents]
    limit = None if boundary is None else [each | {"Condition": {}} for each in boundary]
    verdict = decide(held(*plain, boundary=limit), Request("s3:PutObject", f"{BUCKET}/x", {})).verdict
    assert verdict == ("allowed" if second_opinion(plain, limit, "s3:PutObject", f"{BUCKET}/x", {}) else "denied")
