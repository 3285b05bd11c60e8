"""Whether what the lakehouse needs is allowed: asked of IAM's policy simulator, or else tried by harmless reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from botocore.exceptions import ClientError

from cli.account.aws_cli import AwsCli
from cli.account.identity import Identity
from cli.account.permissions import RESOURCES, Permission, Place, sample
from cli.errors import DENIED
from lakehouse.contract.layers import tables_of
from lakehouse.lake import layout

Verdict = Literal["allowed", "denied", "unknown"]


# Reads that change nothing, by the permission they need; an answer that a thing is not there says that one may look.
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
# Errors that come after the permission was found to be there. S3 says of a missing bucket that it is missing to all.
_ABSENT: Final = (
    "NotFound", "NoSuchTagSet", "DoesNotExist", "InvalidRequestException", "ValidationError", "InvalidArn",
)  # fmt: skip
# What the simulator says where it cannot answer for somebody: a federated user, a role that is not there.
_NOT_SIMULATED: Final = frozenset({"InvalidInput", "ValidationError", "NoSuchEntity"})


@dataclass(frozen=True)
class Assessed:
    """A permission and what is known of it.

    Attributes
    ----------
    permission : Permission
    verdict : {"allowed", "denied", "unknown"}
    how : str
        How that is known, or why it is not.
    """

    permission: Permission
    verdict: Verdict
    how: str


def assess(aws_cli: AwsCli, identity: Identity, place: Place, needed: Iterable[Permission]) -> list[Assessed]:
    """Return what is known of each permission, in the order given.

    Parameters
    ----------
    aws_cli : AwsCli
    identity : Identity
        Who asks.
    place : Place
    needed : iterable of Permission
    """
    wanted = list(needed)
    if aws_cli.endpoint is not None:
        return [Assessed(each, "allowed", "the embedded AWS asks for none") for each in wanted]
    found: dict[Permission, Assessed] = {}
    for holder, source in (("user", place.caller), ("role", place.role)):
        theirs = [each for each in wanted if each.holder == holder]
        if holder == "user" and identity.kind == "root":
            found |= {each: Assessed(each, "allowed", "the account's root may do everything") for each in theirs}
        elif theirs:
            asked = _asked(aws_cli, source, place, theirs)
            found |= _tried(aws_cli, place, theirs) if asked is None else asked
    return [found[each] for each in wanted]


def missing(assessed: Iterable[Assessed], *, has_bucket: bool) -> list[Assessed]:
    """Return what is denied and cannot be done without.

    Parameters
    ----------
    assessed : iterable of Assessed
    has_bucket : bool
        Whether the bucket is there, so that nobody has to make it.
    """
    moot = {"s3:CreateBucket"} if has_bucket else set()
    return [
        each
        for each in assessed
        if each.verdict == "denied" and not each.permission.need.optional and each.permission.action not in moot
    ]


def policy_source(aws_cli: AwsCli, identity: Identity) -> str:
    """Return the ARN whose policies count: of an assumed role the role's, with its path where that may be read."""
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


def _asked(
    aws_cli: AwsCli, source: str, place: Place, wanted: Sequence[Permission]
) -> dict[Permission, Assessed] | None:
    """Ask the simulator, a command for each resource; None where it may not be asked, or does not know the source."""
    groups: dict[str, list[Permission]] = {}
    for each in wanted:
        groups.setdefault(each.need.resource, []).append(each)
    found: dict[Permission, Assessed] = {}
    for resource, its in groups.items():
        try:
            answer = aws_cli.run(*_question(source, place, resource, its))
        except ClientError as error:
            if error.response["Error"]["Code"] not in DENIED | _NOT_SIMULATED:
                raise
            return None
        results = {result["EvalActionName"].lower(): result for result in answer["EvaluationResults"]}
        found |= {each: _judged(each, results[each.action.lower()]) for each in its}
    return found


def _question(source: str, place: Place, resource: str, wanted: Sequence[Permission]) -> list[str]:
    """Return the command that asks for what is wanted on one resource."""
    arn = sample(resource, place)
    known = {"aws:RequestedRegion": place.region, "iam:PassedToService": "lambda.amazonaws.com"}
    return [
        "iam", "simulate-principal-policy", "--policy-source-arn", source,
        "--action-names", *dict.fromkeys(each.action for each in wanted),
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


def _tried(aws_cli: AwsCli, place: Place, wanted: Sequence[Permission]) -> dict[Permission, Assessed]:
    """Try what can be tried without changing anything; nobody can try for the execution role."""
    own = [each for each in wanted if each.holder == "user"]
    tried = list(dict.fromkeys(each.action for each in own if each.action in _PROBES))
    filled = {name: sample(name, place) for name in RESOURCES} | vars(place) | {"table": tables_of(layout.BRONZE)[0]}
    answers = {action: _probed(aws_cli, [word.format_map(filled) for word in _PROBES[action]]) for action in tried}
    unknown: tuple[Verdict, str] = (
        "unknown",
        "the policy simulator may not be asked, and to try it would change something",
    )
    return {each: Assessed(each, *answers.get(each.action, unknown)) for each in wanted}


def _probed(aws_cli: AwsCli, command: Sequence[str]) -> tuple[Verdict, str]:
    """Return what the answer to a read says of the permission to read."""
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
