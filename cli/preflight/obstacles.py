"""What an account has in the way that is more than a missing permission: named, with what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.account.aws_cli import AwsCli
from cli.account.permissions import RESOURCES, Holder, Permission, Place
from cli.errors import CliError
from cli.preflight.assessment import Assessed, context_of, requested, sources
from cli.preflight.evaluation import Decision, Reason, decide
from cli.preflight.held import held_by
from cli.preflight.simulation import simulated

_HOLDERS: Final[dict[Holder, str]] = {"user": "your", "role": "the execution role's"}
# Where one would go instead: a Learner Lab's regions, and the one nearest to Brazil.
_ELSEWHERE: Final = ("us-east-1", "us-west-2", "sa-east-1", "eu-west-1")
_CREATE_FUNCTION: Final = "lambda:CreateFunction"
_ANY_VPC: Final = {
    "lambda:vpcids": "vpc-00000000",
    "lambda:subnetids": "subnet-00000000",
    "lambda:securitygroupids": "sg-00000000",
}
_EVERYBODY: Final = "IAM_ALLOWED_PRINCIPALS"


@dataclass(frozen=True)
class Obstacle:
    """Something that is in the way.

    Attributes
    ----------
    what : str
    fix : str
        What to do about it.
    """

    what: str
    fix: str


def obstacles(aws_cli: AwsCli, place: Place, denied: Sequence[Assessed], *, in_vpc: bool) -> list[Obstacle]:
    """Return what is behind the permissions that are denied, and whether Lake Formation governs the account.

    Parameters
    ----------
    aws_cli : AwsCli
    place : Place
    denied : sequence of Assessed
        What a deployment or a run needs, and is denied.
    in_vpc : bool
        Whether the functions are to be in a VPC.
    """
    if aws_cli.endpoint is not None:
        return []
    behind = [_region(aws_cli, place, denied), None if in_vpc else _vpc(aws_cli, place, denied)]
    found = [each for each in behind if each is not None]
    found += [each for holder in _HOLDERS for each in _limits(holder, denied)]
    governed = _lake_formation(aws_cli, place)
    return [*found, *([governed] if governed is not None else [])]


def _limits(holder: Holder, denied: Sequence[Assessed]) -> list[Obstacle]:
    """Return what limits a holder besides its policies: a permission boundary, the organization's policies."""
    by_reason: dict[Reason, list[str]] = {}
    for each in denied:
        if each.permission.holder == holder:
            by_reason.setdefault(each.reason, []).append(each.permission.action)
    found = []
    for reason, what, fix in (
        (
            "boundary",
            f"{_HOLDERS[holder]} permission boundary limits what its policies allow",
            "Have the boundary allow that, too: a policy alone does not help (docs/permissions.md has all of it)",
        ),
        (
            "organization",
            f"the organization's policies (SCP) limit {_HOLDERS[holder]} permissions in this account",
            "Ask whoever manages the organization, or use another account: nothing in this one can allow it",
        ),
    ):
        actions = by_reason.get(reason, [])  # type: ignore[call-overload]
        if actions:
            found.append(Obstacle(f"{what}: {_listed(actions)}", f"{fix}."))
    return found


def _listed(actions: Sequence[str]) -> str:
    shown = list(dict.fromkeys(actions))
    more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
    return ", ".join(shown[:3]) + more


def _region(aws_cli: AwsCli, place: Place, denied: Sequence[Assessed]) -> Obstacle | None:
    """Return that the region is not allowed, where what is denied would be allowed in another one."""
    regional = [each.permission for each in denied if _is_regional(each.permission)]
    if not regional:
        return None
    for region in _ELSEWHERE:
        there = replace(place, region=region)
        if region != place.region and _otherwise(aws_cli, there, regional[0], context_of(there)).verdict == "allowed":
            return Obstacle(
                f"the region {place.region} is not allowed: what is denied here is allowed in {region}",
                f"Choose another region: --region {region}.",
            )
    return None


def _is_regional(permission: Permission) -> bool:
    return any("{region}" in arn for arn in RESOURCES[permission.need.resource].arns)


def _vpc(aws_cli: AwsCli, place: Place, denied: Sequence[Assessed]) -> Obstacle | None:
    """Return that functions have to be in a VPC, where making one would be allowed there."""
    creation = [each.permission for each in denied if each.permission.action == _CREATE_FUNCTION]
    if not creation:
        return None
    if _otherwise(aws_cli, place, creation[0], context_of(place) | _ANY_VPC).verdict != "allowed":
        return None
    return Obstacle(
        "functions have to be in a VPC here: lambda:CreateFunction is denied outside of one, and allowed in one",
        "Name subnets and security groups: --parameter SubnetIds=SUBNET,SUBNET --parameter SecurityGroupIds=GROUP "
        "(the subnets need a way to S3, Glue, Step Functions and CloudWatch Logs: docs/permissions.md).",
    )


def _otherwise(aws_cli: AwsCli, place: Place, permission: Permission, context: Mapping[str, str | None]) -> Decision:
    """Return what would be said of a permission in another place, or of another request."""
    source = sources(place)[permission.holder]
    answered = simulated(aws_cli, source, place, [permission], context)
    if answered is not None:
        return answered[permission]
    return decide(held_by(aws_cli, source), requested(permission, place, context))


def _lake_formation(aws_cli: AwsCli, place: Place) -> Obstacle | None:
    """Return that Lake Formation governs new databases; None where it does not, or that may not be read."""
    try:
        answer: dict[str, Any] | None = aws_cli.run("lakeformation", "get-data-lake-settings")
    except (ClientError, CliError):  # it may not be asked, or is not to be had in this region
        return None
    settings = (answer or {}).get("DataLakeSettings")
    if settings is None:
        return None
    defaults = settings.get("CreateDatabaseDefaultPermissions", ())
    open_to_all = any(each["Principal"].get("DataLakePrincipalIdentifier") == _EVERYBODY for each in defaults)
    admins = {each.get("DataLakePrincipalIdentifier") for each in settings.get("DataLakeAdmins", ())}
    if open_to_all or place.role in admins:
        return None
    return Obstacle(
        "Lake Formation governs new databases in this account, and the execution role is none of its administrators",
        "Once deployed, grant the role ALL on the databases importau_* and on their tables, and DATA_LOCATION_ACCESS "
        "on the bucket (aws lakeformation grant-permissions), or make it an administrator of the data lake.",
    )
