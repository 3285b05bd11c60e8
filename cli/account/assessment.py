"""Whether the permissions that the lakehouse needs are granted, by IAM's policy simulator or else by harmless reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from botocore.exceptions import ClientError

from cli.account.aws_cli import AwsCli
from cli.account.identity import Identity
from cli.account.permissions import RESOURCES, Permission, Place, names_in, sample
from cli.errors import DENIED
from lakehouse.lake import layout

Verdict = Literal["allowed", "denied", "unknown"]


# Reads that change nothing, by the permission that they need; an answer that something is missing means it is granted.
# {bucket}, {stack} and names of resources, for their samples, are filled in.
_PROBES: Final[dict[str, tuple[str, ...]]] = {
    "athena:GetWorkGroup": ("athena", "get-work-group", "--work-group", "importau"),
    "cloudformation:DescribeStackEvents": ("cloudformation", "describe-stack-events", "--stack-name", "{stack}"),
    "cloudformation:DescribeStacks": ("cloudformation", "describe-stacks", "--stack-name", "{stack}"),
    "cloudformation:ListStackResources": ("cloudformation", "list-stack-resources", "--stack-name", "{stack}"),
    "glue:GetCrawler": ("glue", "get-crawler", "--name", layout.crawler_of(layout.BRONZE)),
    "glue:GetDatabase": ("glue", "get-database", "--name", layout.database_of(layout.BRONZE)),
    "glue:GetTable": ("glue", "get-table", "--database-name", layout.database_of(layout.BRONZE), "--name", "{table}"),
    "glue:GetTables": ("glue", "get-tables", "--database-name", layout.database_of(layout.BRONZE), "--max-items", "1"),
    "glue:SearchTables": ("glue", "search-tables", "--search-text", "{table}", "--max-results", "1"),
    "lambda:GetFunction": ("lambda", "get-function", "--function-name", "{stack}-bronze", "--query", "Configuration"),
    "lambda:ListTags": ("lambda", "list-tags", "--resource", "{functions}"),
    "logs:DescribeLogGroups": ("logs", "describe-log-groups", "--max-items", "1"),
    "logs:FilterLogEvents": (
        "logs", "filter-log-events", "--log-group-name", "/aws/lambda/{stack}-bronze", "--max-items", "1",
    ),
    "s3:GetBucketTagging": ("s3api", "get-bucket-tagging", "--bucket", "{bucket}"),
    "s3:ListAllMyBuckets": ("s3api", "list-buckets", "--max-items", "1"),
    "s3:ListBucket": ("s3api", "list-objects-v2", "--bucket", "{bucket}", "--max-keys", "1"),
    "s3:ListBucketVersions": ("s3api", "list-object-versions", "--bucket", "{bucket}", "--max-keys", "1"),
    "ssm:GetParameters": ("ssm", "get-parameters", "--names", "{managed layers' parameters}"),
    "states:DescribeExecution": ("stepfunctions", "describe-execution", "--execution-arn", "{executions}"),
    "states:DescribeStateMachine": (
        "stepfunctions", "describe-state-machine", "--state-machine-arn", "{state machines}",
    ),
    "states:GetExecutionHistory": ("stepfunctions", "get-execution-history", "--execution-arn", "{executions}"),
    "states:ListExecutions": ("stepfunctions", "list-executions", "--state-machine-arn", "{state machines}"),
    "states:ListTagsForResource": ("stepfunctions", "list-tags-for-resource", "--resource-arn", "{state machines}"),
}  # fmt: skip
# Errors that follow the check of the permission. That a bucket is missing S3 tells everybody.
_ABSENT: Final = (
    "NotFound", "NoSuchTagSet", "DoesNotExist", "InvalidRequestException", "ValidationError", "InvalidArn",
)  # fmt: skip
# The simulator's errors for identities that it cannot simulate: a federated user, a missing role.
_NOT_SIMULATED: Final = frozenset({"InvalidInput", "ValidationError", "NoSuchEntity"})


@dataclass(frozen=True)
class Assessed:
    """A permission, and whether it is granted.

    Attributes
    ----------
    permission : Permission
    verdict : {"allowed", "denied", "unknown"}
    how : str
        How that is known, or why it is unknown.
    """

    permission: Permission
    verdict: Verdict
    how: str


def assess(aws_cli: AwsCli, identity: Identity, place: Place, needed: Iterable[Permission]) -> list[Assessed]:
    """Return whether each permission is granted, in the same order.

    Parameters
    ----------
    aws_cli : AwsCli
    identity : Identity
        Who asks.
    place : Place
    needed : iterable of Permission
    """
    permissions = list(needed)
    if aws_cli.endpoint is not None:
        return [Assessed(each, "allowed", "the embedded AWS asks for none") for each in permissions]
    assessments: dict[Permission, Assessed] = {}
    for holder, source in (("user", place.caller), ("role", place.role)):
        theirs = [each for each in permissions if each.holder == holder]
        if holder == "user" and identity.kind == "root":
            assessments |= {each: Assessed(each, "allowed", "the account's root may do everything") for each in theirs}
        elif theirs:
            simulated = _simulated(aws_cli, source, place, theirs)
            assessments |= _tried(aws_cli, place, theirs) if simulated is None else simulated
    return [assessments[each] for each in permissions]


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
        if each.verdict == "denied" and not each.permission.need.optional and each.permission.action not in moot
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


# ---- the policy simulator --------------------------------------------------------------------------------------------


def _simulated(
    aws_cli: AwsCli, source: str, place: Place, permissions: Sequence[Permission]
) -> dict[Permission, Assessed] | None:
    """Simulate, a command per resource; None where that is not permitted, or the source is unknown to the simulator."""
    groups: dict[str, list[Permission]] = {}
    for each in permissions:
        groups.setdefault(each.need.resource, []).append(each)
    assessments: dict[Permission, Assessed] = {}
    for resource, its in groups.items():
        try:
            answer = aws_cli.run(*_question(source, place, resource, its))
        except ClientError as error:
            if error.response["Error"]["Code"] not in DENIED | _NOT_SIMULATED:
                raise
            return None
        results = {result["EvalActionName"].lower(): result for result in answer["EvaluationResults"]}
        assessments |= {each: _judged(each, results[each.action.lower()]) for each in its}
    return assessments


def _question(source: str, place: Place, resource: str, permissions: Sequence[Permission]) -> list[str]:
    """Return the command that simulates permissions on one resource."""
    arn = sample(resource, place)
    known = {"aws:RequestedRegion": place.region, "iam:PassedToService": "lambda.amazonaws.com"}
    return [
        "iam", "simulate-principal-policy", "--policy-source-arn", source,
        "--action-names", *dict.fromkeys(each.action for each in permissions),
        *(() if arn == "*" else ("--resource-arns", arn)),
        "--context-entries",
        *(f"ContextKeyName={key},ContextKeyType=string,ContextKeyValues={value}" for key, value in known.items()),
    ]  # fmt: skip


def _judged(permission: Permission, result: Mapping[str, Any]) -> Assessed:
    decision, missing = result["EvalDecision"], result.get("MissingContextValues") or ()
    if decision == "allowed":
        return Assessed(permission, "allowed", "the policies allow it")
    if decision == "explicitDeny":
        return Assessed(permission, "denied", "a policy denies it")
    if missing:
        return Assessed(permission, "unknown", f"it depends on {', '.join(missing)}")
    return Assessed(permission, "denied", "no policy allows it")


# ---- harmless reads --------------------------------------------------------------------------------------------------


def _tried(aws_cli: AwsCli, place: Place, permissions: Sequence[Permission]) -> dict[Permission, Assessed]:
    """Try what can be tried without changing anything; for the execution role nothing can be tried."""
    own = [each for each in permissions if each.holder == "user"]
    tried = list(dict.fromkeys(each.action for each in own if each.action in _PROBES))
    filled = {name: sample(name, place) for name in RESOURCES} | names_in(place)
    answers = {action: _probed(aws_cli, [word.format_map(filled) for word in _PROBES[action]]) for action in tried}
    unknown: tuple[Verdict, str] = (
        "unknown",
        "the policy simulator may not be asked, and to try it would change something",
    )
    return {each: Assessed(each, *answers.get(each.action, unknown)) for each in permissions}


def _probed(aws_cli: AwsCli, command: Sequence[str]) -> tuple[Verdict, str]:
    """Return the verdict on the permission to read that follows from the answer to a read."""
    try:
        aws_cli.run(*command)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in DENIED:
            return "denied", "it was tried and refused"
        if any(absent in code for absent in _ABSENT):
            return "allowed", "it was tried"
        return "unknown", f"it was tried, and {code} says nothing of it"
    return "allowed", "it was tried"
