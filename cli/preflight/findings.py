"""All that is known of an account before anything is made: who asks, what exists, what is allowed, and what is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.account import bucket as buckets
from cli.account.aws_cli import AwsCli
from cli.account.execution_role import LAB_ROLE, SERVICES, ExecutionRole
from cli.account.execution_role import find as find_role
from cli.account.identity import Identity, bucket_name, who_am_i
from cli.account.permissions import Need, Place, permissions
from cli.account.stack import Stack, stage_of
from cli.errors import DENIED, CliError, explain
from cli.preflight.adapting import Adaptation, adapted
from cli.preflight.assessment import Assessed, assess, missing, policy_source
from cli.preflight.intent import Intent, intended
from cli.preflight.obstacles import Obstacle, obstacles
from lakehouse.stage import NONE


@dataclass(frozen=True)
class Findings:
    """The result of checking an account.

    Attributes
    ----------
    identity : Identity
    place : Place
    has_bucket : bool
    role : ExecutionRole or None
        None where there is no role to run anything.
    problems : list of str
        What is wrong besides permissions.
    assessed : list of Assessed
    intent : Intent
        What a deployment would have: the stack's parameters, where there is one.
    obstacles : list of Obstacle
    """

    identity: Identity
    place: Place
    has_bucket: bool
    role: ExecutionRole | None
    problems: list[str]
    assessed: list[Assessed]
    intent: Intent
    obstacles: list[Obstacle]

    @property
    def missing(self) -> list[Assessed]:
        """The permissions that are denied and indispensable."""
        return missing(self.assessed, has_bucket=self.has_bucket)

    @property
    def adaptations(self) -> list[Adaptation]:
        """The parameters that `deploy` would set by itself."""
        return adapted(self.assessed, self.intent)


def findings(aws_cli: AwsCli, role: str | None, bucket: str | None, stack: str, stage: str | None = None) -> Findings:
    """Check everything, and collect all problems, so that a person reads them at once.

    Parameters
    ----------
    aws_cli : AwsCli
    role : str or None
        The name or ARN of the execution role; by default the one that `execution_role.find` returns.
    bucket : str or None
        Its name; by default the one that follows from the user's name.
    stack : str
    stage : str, optional
        The one that was named; without one that of the stack.

    Raises
    ------
    CliError
        AWS cannot be reached.
    UsageError
        The stack is of another stage.
    """
    identity = _who(aws_cli)
    problems = []
    found_role, has_bucket = None, False
    try:
        found_role = find_role(aws_cli, identity, role)
    except CliError as error:
        problems.append(f"{error.message}. {error.fix}")
    described = _described(aws_cli, stack)
    stage = stage_of(stack, described, stage)
    name = bucket or bucket_name(identity, stage)
    try:
        has_bucket = buckets.find(aws_cli, identity, name) is not None
    except CliError as error:
        problems.append(f"{error.message}. {error.fix}")
    place = place_of(aws_cli, identity, found_role, name, stack, stage=stage)
    problems += [] if found_role is None else untrusted(found_role)
    intent = intended(described, {}, has_bucket=has_bucket)
    needed = [each for each in permissions(given=intent.occasions) if each.holder == "user" or found_role is not None]
    assessed = assess(aws_cli, identity, place, needed, in_vpc=intent.in_vpc)
    refused = [each for each in assessed if each.verdict == "denied" and intent.stopped(each.permission)]
    in_the_way = obstacles(aws_cli, place, refused, in_vpc=intent.in_vpc)
    return Findings(identity, place, has_bucket, found_role, problems, assessed, intent, in_the_way)


def _described(aws_cli: AwsCli, stack: str) -> dict[str, Any] | None:
    """Return the stack as CloudFormation describes it; None where there is none, or it may not be seen."""
    try:
        return Stack(aws_cli, stack).described()
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIED:
            raise
        return None


def _who(aws_cli: AwsCli) -> Identity:
    """Return the identity in use; raise `CliError` with all reasons why AWS cannot be reached."""
    problems: list[CliError] = []
    for ask in (lambda: aws_cli.region_in_use, lambda: who_am_i(aws_cli)):
        try:
            answer = ask()
        except (BotoCoreError, ClientError) as error:
            problem = explain(error)
            if problem.message not in {known.message for known in problems}:
                problems.append(problem)
    if problems:
        raise CliError("\n".join(each.message for each in problems), "\n".join(each.fix for each in problems))
    assert isinstance(answer, Identity)  # noqa: S101 - the last one asked
    return answer


def place_of(
    aws_cli: AwsCli,
    identity: Identity,
    role: ExecutionRole | None,
    bucket: str,
    stack: str,
    key: str = "",
    *,
    stage: str = NONE,
) -> Place:
    """Return where the lakehouse is or will be; without a role, with that of a Learner Lab."""
    arn = role.arn if role is not None else f"arn:{identity.partition}:iam::{identity.account}:role/{LAB_ROLE}"
    caller = identity.arn if aws_cli.endpoint is not None else policy_source(aws_cli, identity)
    where = (identity.partition, aws_cli.region_in_use, identity.account)
    any_key = f"arn:{identity.partition}:kms:{where[1]}:{where[2]}:key/0"
    return Place(*where, bucket, stack, arn, caller, key or any_key, stage)


def denied(refused: Sequence[Assessed]) -> list[str]:
    """Return a line for each need of a holder that is not met, with its actions that are missing."""
    holders = {"user": "you may not", "role": "the execution role may not"}
    lines: dict[tuple[Need, str], list[str]] = {}
    for each in refused:
        lines.setdefault((each.permission.need, each.how), []).append(each.permission.action)
    return [
        f"  {holders[need.holder]} {', '.join(actions)} ({need.purpose}): {how}"
        for (need, how), actions in lines.items()
    ]


def untrusted(role: ExecutionRole) -> list[str]:
    """Return a line for each service that may not take a role on, as far as that is known."""
    return [
        f"the role {role.name} may not be taken on by {service}: {undone}"
        for service, undone in SERVICES.items()
        if role.trusts(service) is False
    ]
