"""`importau destroy`: deletes the stack and all that goes with it, and on request the bucket and its data."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import options
from cli.account import bucket as buckets
from cli.account.aws_cli import AwsCli
from cli.account.emptying import empty
from cli.account.identity import Identity, bucket_name, who_am_i
from cli.account.stack import Stack, stage_of
from cli.account.stack_bucket import bucket_of, require_bucket_of
from cli.errors import CliError, UsageError
from cli.running.logs import Function
from cli.session import Aws, account, connect
from cli.terminal import present
from cli.terminal.language import translated
from cli.terminal.questions import Answers, answers, ask
from lakehouse.lake import layout

if TYPE_CHECKING:
    from cli.account.bucket import Bucket


@dataclass(frozen=True)
class _Plan:
    """What is to be deleted.

    Attributes
    ----------
    exists : bool
        Whether there is a stack.
    resources : list of dict
        The stack's resources, as CloudFormation lists them.
    bucket : Bucket or None
    is_whole : bool
        Whether the bucket was made for the lakehouse, and so is deleted with its data.
    stage : str
        Empty where it is of none.
    """

    exists: bool
    resources: list[dict[str, Any]]
    bucket: "Bucket | None"
    is_whole: bool
    stage: str


def destroy(  # noqa: PLR0913, PLR0917 - an argument an option
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="The data too, every version of it, and the bucket: for good.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Without asking.")] = False,
    show_commands: options.ShowCommands = False,
    bucket: options.Bucket = None,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Take the lakehouse down. Its bucket and data stay, unless --delete-data says otherwise."""
    who = answers(yes, False)
    if who is Answers.NONE:
        raise UsageError("there is no terminal to ask whether to destroy it", "Say so beforehand: --yes.")
    aws_cli, aws = account(local, region, profile, show_commands), connect(local, stack, region, profile, stage)
    identity = who_am_i(aws_cli)
    its = Stack(aws_cli, aws.stack)
    plan = _plan(aws_cli, identity, its, bucket, delete_data, stage)
    if not plan.exists and (plan.bucket is None or not delete_data):
        present.say(f"there is no stack {its.name} in account {identity.account}, {aws_cli.region_in_use}")
        return
    _say(plan, its.name, identity, delete_data)
    if who is Answers.ASK:
        _agree(plan.bucket.name if delete_data and plan.bucket else its.name)
    if plan.exists:
        with present.step(f"stack {its.name} deleted") as show:
            its.delete(show)
        _forget_logs(aws_cli, its.name)
    if plan.bucket is not None:
        _clear(aws_cli, aws, plan, its.name, delete_data)


def _plan(
    aws_cli: AwsCli, identity: Identity, its: Stack, named: str | None, delete_data: bool, stage: str | None
) -> _Plan:
    described = its.described()
    stage = stage_of(its.name, described, stage)
    resources = its.resources() if described else []
    # Without a stack the bucket is looked up only if it is to be deleted.
    name = bucket_of(its.name, described, named) or (bucket_name(identity, stage) if delete_data else None)
    bucket = buckets.find(aws_cli, identity, name) if name else None
    settled = bucket is not None and require_bucket_of(aws_cli, bucket, stage) is not None
    own = any(entry["LogicalResourceId"] == "LakeBucket" for entry in resources)
    return _Plan(
        described is not None,
        resources,
        bucket,
        bucket is not None and (own or settled),
        stage,
    )


def _say(plan: _Plan, stack: str, identity: Identity, delete_data: bool) -> None:
    if plan.exists:
        present.say(
            translated(
                "to be deleted in account {account}: the stack {stack} with", account=identity.account, stack=stack
            )
        )
        if plan.stage:
            present.say(translated("  (stage {stage})", stage=plan.stage))
        kinds = Counter(entry["ResourceType"].removeprefix("AWS::") for entry in plan.resources)
        for kind, number in sorted(kinds.items()):
            if not kind.startswith("S3::"):
                present.say(f"  {number} {kind}")
    if plan.bucket is None:
        return
    bucket = plan.bucket.name
    if not delete_data:
        present.say(
            translated("the bucket {bucket} and all data in it stay (--delete-data deletes them too)", bucket=bucket)
        )
    elif plan.is_whole:
        present.warn(
            translated(
                "the bucket {bucket} goes, with everything in it and every version of it, for good", bucket=bucket
            )
        )
    else:
        present.warn(
            translated(
                "in the bucket {bucket} everything of the lakehouse goes, for good; the bucket itself stays, as it was "
                "not made for the lakehouse",
                bucket=bucket,
            )
        )


def _agree(name: str) -> None:
    if ask(translated("Type {name} to go on", name=name)).strip() != name:
        raise CliError(translated("stopped: nothing was deleted"))


def _forget_logs(aws_cli: AwsCli, stack: str) -> None:
    """Delete the log groups that functions which were still running have created again.

    They are known by their whole names: those of another stage begin with the same letters.
    """
    answer = aws_cli.run("logs", "describe-log-groups", "--log-group-name-prefix", f"/aws/lambda/{stack}-")
    own = {f"/aws/lambda/{stack}-{function}" for function in Function}
    for group in answer["logGroups"]:
        if group["logGroupName"] in own:
            aws_cli.run("logs", "delete-log-group", "--log-group-name", group["logGroupName"])


def _clear(aws_cli: AwsCli, aws: Aws, plan: _Plan, stack: str, delete_data: bool) -> None:
    """Delete the deployed code from the bucket, or everything."""
    assert plan.bucket is not None  # noqa: S101 - the caller asked
    name = plan.bucket.name
    if not delete_data:
        empty(aws.s3, name, layout.artifacts_prefix(stack))
        present.done(f"the data is in s3://{name}; `./importau deploy --bucket {name}` uses it again")
        return
    with present.step(f"bucket {name} emptied") as show:
        for prefix in ("",) if plan.is_whole else layout.PREFIXES:
            empty(aws.s3, name, prefix, show)
    if plan.is_whole:
        aws_cli.run("s3api", "delete-bucket", "--bucket", name)
        present.done(f"bucket {name} deleted")
