"""Whether the permissions that the lakehouse needs are granted: of both holders, and how that is known.

IAM's policy simulator is asked first. Where it may not be, the policies are read and evaluated here; where they may not
be read either, harmless reads are tried, which only the caller can do.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import ClientError

from cli.account.aws_cli import AwsCli
from cli.account.identity import Identity
from cli.account.permissions import Holder, Permission, Place, sample
from cli.errors import DENIED
from cli.preflight.evaluation import Decision, Held, Reason, Request, Verdict, decide
from cli.preflight.held import held_by
from cli.preflight.probing import tried
from cli.preflight.simulation import simulated

_LAMBDA: Final = "lambda.amazonaws.com"
# Keys that a request to make a function has where it is to be in a VPC, and otherwise has not.
_OF_A_VPC: Final = ("lambda:vpcids", "lambda:subnetids", "lambda:securitygroupids")


@dataclass(frozen=True)
class Assessed:
    """A permission, and whether it is granted.

    Attributes
    ----------
    permission : Permission
    verdict : {"allowed", "denied", "unknown"}
    how : str
        How that is known, or why it is unknown.
    reason : {"", "boundary", "organization"}
        What denies it, where that is no policy of the holder's own.
    """

    permission: Permission
    verdict: Verdict
    how: str
    reason: Reason = ""


def assess(
    aws_cli: AwsCli,
    identity: Identity,
    place: Place,
    needed: Iterable[Permission],
    *,
    in_vpc: bool = False,
) -> list[Assessed]:
    """Return whether each permission is granted, in the same order.

    Parameters
    ----------
    aws_cli : AwsCli
    identity : Identity
        Who asks.
    place : Place
    needed : iterable of Permission
    in_vpc : bool
        Whether the functions are to be in a VPC.
    """
    permissions = list(needed)
    if aws_cli.endpoint is not None:
        return [Assessed(each, "allowed", "the embedded AWS asks for none") for each in permissions]
    context = context_of(place, in_vpc=in_vpc)
    decisions: dict[Permission, Decision] = {}
    for holder, source in sources(place).items():
        theirs = [each for each in permissions if each.holder == holder]
        if holder == "user" and identity.kind == "root":
            decisions |= dict.fromkeys(theirs, Decision("allowed", "the account's root may do everything"))
        elif theirs:
            decisions |= _decided(aws_cli, source, place, theirs, context)
    return [
        Assessed(each, decisions[each].verdict, decisions[each].how, decisions[each].reason) for each in permissions
    ]


def sources(place: Place) -> dict[Holder, str]:
    """Return the ARN whose policies apply to each holder."""
    return {"user": place.caller, "role": place.role}


def context_of(place: Place, *, in_vpc: bool = False) -> dict[str, str | None]:
    """Return what is known beforehand of every request, by condition key; None where it will not have one.

    Parameters
    ----------
    place : Place
    in_vpc : bool
        Whether the functions are to be in a VPC, which some policies demand.
    """
    known = {
        "aws:requestedregion": place.region,
        "aws:principalaccount": place.account,
        "aws:securetransport": "true",
        "iam:passedtoservice": _LAMBDA,
    }
    return known | ({} if in_vpc else dict.fromkeys(_OF_A_VPC))


def requested(permission: Permission, place: Place, context: Mapping[str, str | None]) -> Request:
    """Return the request that a permission is needed for."""
    return Request(permission.action, sample(permission.need.resource, place), context)


def missing(assessed: Iterable[Assessed], *, has_bucket: bool) -> list[Assessed]:
    """Return the permissions that are denied and indispensable.

    Parameters
    ----------
    assessed : iterable of Assessed
    has_bucket : bool
        Whether the bucket exists, so that it need not be made.
    """
    moot = {"s3:CreateBucket"} if has_bucket else set()
    return [
        each
        for each in assessed
        if each.verdict == "denied"
        and not each.permission.need.optional
        and not each.permission.need.avoided_by  # `deploy` does without it by itself
        and each.permission.action not in moot
    ]


def policy_source(aws_cli: AwsCli, identity: Identity) -> str:
    """Return the ARN whose policies apply: for an assumed role the role's, with its path where that may be read."""
    if identity.role is None:
        return identity.arn
    try:
        arn: str = aws_cli.run("iam", "get-role", "--role-name", identity.role)["Role"]["Arn"]
    except ClientError as error:
        if error.response["Error"]["Code"] not in {*DENIED, "NoSuchEntity"}:
            raise
        return f"arn:{identity.partition}:iam::{identity.account}:role/{identity.role}"
    return arn


def _decided(
    aws_cli: AwsCli, source: str, place: Place, permissions: Sequence[Permission], context: Mapping[str, str | None]
) -> dict[Permission, Decision]:
    """Return what the simulator says of one holder's permissions, or else the policies, or else harmless reads."""
    answered = simulated(aws_cli, source, place, permissions, context)
    if answered is not None:
        return answered
    held = held_by(aws_cli, source)
    decisions = {each: decide(held, requested(each, place, context)) for each in permissions}
    undecided = [each for each in permissions if decisions[each].verdict == "unknown" and each.holder == "user"]
    reads = tried(aws_cli, place, undecided)
    return decisions | {each: read for each, read in reads.items() if read.verdict != "unknown" or _unread(held)}


def _unread(held: Held) -> bool:
    """Return whether none of somebody's policies may be read."""
    return bool(held.unread) and not held.policies
