"""Harmless reads, tried where nobody may say what is allowed: a refusal is a verdict, and so is a missing resource."""

from collections.abc import Iterable, Sequence
from typing import Final

from botocore.exceptions import ClientError

from cli.account.aws_cli import AwsCli
from cli.account.permissions import RESOURCES, Permission, Place, names_in, sample
from cli.errors import DENIED
from cli.preflight.evaluation import Decision
from lakehouse.lake import layout
from lakehouse.stage import NONE

_DATABASE: Final = f"{layout.database_of(layout.BRONZE)}{{_stage}}"
# Reads that change nothing, by the permission that they need; an answer that something is missing means it is granted.
# {bucket}, {stack} and names of resources, for their samples, are filled in.
PROBES: Final[dict[str, tuple[str, ...]]] = {
    "athena:GetWorkGroup": ("athena", "get-work-group", "--work-group", "importau{-stage}"),
    "cloudformation:DescribeStackEvents": ("cloudformation", "describe-stack-events", "--stack-name", "{stack}"),
    "cloudformation:DescribeStacks": ("cloudformation", "describe-stacks", "--stack-name", "{stack}"),
    "cloudformation:ListStackResources": ("cloudformation", "list-stack-resources", "--stack-name", "{stack}"),
    "glue:GetCrawler": ("glue", "get-crawler", "--name", f"{layout.crawler_of(layout.BRONZE, NONE)}{{-stage}}"),
    "glue:GetDatabase": ("glue", "get-database", "--name", _DATABASE),
    "glue:GetTable": ("glue", "get-table", "--database-name", _DATABASE, "--name", "{table}"),
    "glue:GetTables": ("glue", "get-tables", "--database-name", _DATABASE, "--max-items", "1"),
    "glue:SearchTables": ("glue", "search-tables", "--search-text", "{table}", "--max-results", "1"),
    "lambda:GetFunction": ("lambda", "get-function", "--function-name", "{stack}-bronze", "--query", "Configuration"),
    "lambda:ListTags": ("lambda", "list-tags", "--resource", "{functions}"),
    "logs:DescribeLogGroups": (
        "logs", "describe-log-groups", "--log-group-name-prefix", "/aws/lambda/{stack}-", "--max-items", "1",
    ),
    "logs:FilterLogEvents": (
        "logs", "filter-log-events", "--log-group-name", "/aws/lambda/{stack}-bronze", "--max-items", "1",
    ),
    "s3:GetBucketTagging": ("s3api", "get-bucket-tagging", "--bucket", "{bucket}"),
    "s3:ListBucket": ("s3api", "list-objects-v2", "--bucket", "{bucket}", "--max-keys", "1"),
    "s3:ListBucketVersions": ("s3api", "list-object-versions", "--bucket", "{bucket}", "--max-keys", "1"),
    "ssm:GetParameters": ("ssm", "get-parameters", "--names", "{managed layers' parameters}"),
    "states:DescribeExecution": ("stepfunctions", "describe-execution", "--execution-arn", "{executions}"),
    "states:DescribeStateMachine": (
        "stepfunctions", "describe-state-machine", "--state-machine-arn", "{state machines}",
    ),
    "states:GetExecutionHistory": ("stepfunctions", "get-execution-history", "--execution-arn", "{executions}"),
    "states:ListExecutions": ("stepfunctions", "list-executions", "--state-machine-arn", "{state machines}"),
}  # fmt: skip
# Errors that follow the check of the permission. That a bucket is missing S3 tells everybody.
_ABSENT: Final = (
    "NotFound", "NoSuchTagSet", "DoesNotExist", "InvalidRequestException", "ValidationError", "InvalidArn",
)  # fmt: skip
# What an organization's policies, and other limits, are called in a refusal.
_ORGANIZATION: Final = "service control policy"
_BOUNDARY: Final = "permissions boundary"
_UNTRIED: Final = "the policy simulator may not be asked, and to try it would change something"


def tried(aws_cli: AwsCli, place: Place, permissions: Iterable[Permission]) -> dict[Permission, Decision]:
    """Try the caller's permissions that can be tried without changing anything; the others are unknown."""
    own = list(permissions)
    actions = list(dict.fromkeys(each.action for each in own if each.action in PROBES))
    filled = {name: sample(name, place) for name in RESOURCES} | names_in(place)
    answers = {action: _probed(aws_cli, [word.format_map(filled) for word in PROBES[action]]) for action in actions}
    return {each: answers.get(each.action, Decision("unknown", _UNTRIED)) for each in own}


def _probed(aws_cli: AwsCli, command: Sequence[str]) -> Decision:
    """Return what follows from the answer to a read."""
    try:
        aws_cli.run(*command)
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        if code in DENIED and _ORGANIZATION in message:
            return Decision("denied", "it was tried, and the organization's policies refused it", "organization")
        if code in DENIED and _BOUNDARY in message:
            return Decision("denied", "it was tried, and the permission boundary refused it", "boundary")
        if code in DENIED:
            return Decision("denied", "it was tried and refused")
        if any(absent in code for absent in _ABSENT):
            return Decision("allowed", "it was tried")
        return Decision("unknown", f"it was tried, and {code} says nothing of it")
    return Decision("allowed", "it was tried")
