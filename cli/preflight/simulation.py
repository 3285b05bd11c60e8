"""IAM's own policy simulator: what it says of permissions, and what denies them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.account.aws_cli import AwsCli
from cli.account.permissions import Permission, Place, sample
from cli.errors import DENIED
from cli.preflight.evaluation import Decision

# The simulator's errors for identities that it cannot simulate: a federated user, a missing role.
_NOT_SIMULATED: Final = frozenset({"InvalidInput", "ValidationError", "NoSuchEntity"})


def simulated(
    aws_cli: AwsCli, source: str, place: Place, permissions: Sequence[Permission], context: Mapping[str, str | None]
) -> dict[Permission, Decision] | None:
    """Simulate permissions, a command per resource; None where that is not permitted, or nobody of that ARN is known.

    Parameters
    ----------
    aws_cli : AwsCli
    source : str
        The ARN of the user or role whose policies apply.
    place : Place
    permissions : sequence of Permission
    context : mapping of str to (str or None)
        What is known of the requests; None where they will not have a key.
    """
    groups: dict[str, list[Permission]] = {}
    for each in permissions:
        groups.setdefault(each.need.resource, []).append(each)
    decisions: dict[Permission, Decision] = {}
    for resource, its in groups.items():
        try:
            answer = aws_cli.run(*_question(source, sample(resource, place), its, context))
        except ClientError as error:
            if error.response["Error"]["Code"] not in DENIED | _NOT_SIMULATED:
                raise
            return None
        results = {result["EvalActionName"].lower(): result for result in answer["EvaluationResults"]}
        decisions |= {each: _judged(results[each.action.lower()], context) for each in its}
    return decisions


def _question(source: str, arn: str, permissions: Sequence[Permission], context: Mapping[str, str | None]) -> list[str]:
    """Return the command that simulates permissions on one resource."""
    return [
        "iam", "simulate-principal-policy", "--policy-source-arn", source,
        "--action-names", *dict.fromkeys(each.action for each in permissions),
        *(() if arn == "*" else ("--resource-arns", arn)),
        "--context-entries",
        *(
            f"ContextKeyName={key},ContextKeyType=string,ContextKeyValues={value}"
            for key, value in context.items() if value is not None
        ),
    ]  # fmt: skip


def _judged(result: Mapping[str, Any], context: Mapping[str, str | None]) -> Decision:
    decision = result["EvalDecision"]
    # A key that the request will not have is missing for the simulator too: its decision is the right one.
    missing = [key for key in result.get("MissingContextValues") or () if key.lower() not in context]
    if decision == "allowed":
        return Decision("allowed", "the policies allow it")
    if _refuses(result, "OrganizationsDecisionDetail", "AllowedByOrganizations"):
        return Decision("denied", "the organization's policies do not allow it", "organization")
    if _refuses(result, "PermissionsBoundaryDecisionDetail", "AllowedByPermissionsBoundary"):
        return Decision("denied", "the permission boundary does not allow it", "boundary")
    if decision == "explicitDeny":
        return Decision("denied", "a policy denies it")
    if missing:
        return Decision("unknown", f"it depends on {', '.join(missing)}")
    return Decision("denied", "no policy allows it")


def _refuses(result: Mapping[str, Any], detail: str, allowed: str) -> bool:
    return (result.get(detail) or {}).get(allowed) is False
