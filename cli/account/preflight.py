"""Whether an account allows what the lakehouse needs, checked before anything is deployed."""

from collections.abc import Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from cli.account import bucket as buckets
from cli.account.assessment import Assessed, assess, missing, policy_source
from cli.account.aws_cli import AwsCli
from cli.account.execution_role import LAB_ROLE, SERVICES, ExecutionRole
from cli.account.execution_role import find as find_role
from cli.account.identity import Identity, bucket_name, who_am_i
from cli.account.permissions import Place, permissions
from cli.errors import CliError, explain


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
    """

    identity: Identity
    place: Place
    has_bucket: bool
    role: ExecutionRole | None
    problems: list[str]
    assessed: list[Assessed]

    @property
    def missing(self) -> list[Assessed]:
        """The permissions that are denied and indispensable."""
        return missing(self.assessed, has_bucket=self.has_bucket)


def findings(aws_cli: AwsCli, role: str | None, bucket: str | None, stack: str) -> Findings:
    """Check everything, and collect all problems, so that a person reads them at once.

    Parameters
    ----------
    aws_cli : AwsCli
    role : str or None
        The name or ARN of the execution role; by default the one that `execution_role.find` returns.
    bucket : str or None
        Its name; by default the one that follows from the user's name.
    stack : str

    Raises
    ------
    CliError
        AWS cannot be reached.
    """
    identity = _who(aws_cli)
    problems = []
    found_role, has_bucket = None, False
    try:
        found_role = find_role(aws_cli, identity, role)
    except CliError as error:
        problems.append(f"{error.message}. {error.fix}")
    name = bucket or bucket_name(identity)
    try:
        has_bucket = buckets.find(aws_cli, identity, name) is not None
    except CliError as error:
        problems.append(f"{error.message}. {error.fix}")
    place = place_of(aws_cli, identity, found_role, name, stack)
    problems += [
        f"the role {found_role.name} may not be taken on by {service}: {undone}"
        for service, undone in SERVICES.items()
        if found_role is not None and found_role.trusts(service) is False
    ]
    needed = [each for each in permissions() if each.holder == "user" or found_role is not None]
    return Findings(identity, place, has_bucket, found_role, problems, assess(aws_cli, identity, place, needed))


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


def place_of(aws_cli: AwsCli, identity: Identity, role: ExecutionRole | None, bucket: str, stack: str) -> Place:
    """Return where the lakehouse is or will be; without a role, with that of a Learner Lab."""
    arn = role.arn if role is not None else f"arn:{identity.partition}:iam::{identity.account}:role/{LAB_ROLE}"
    caller = identity.arn if aws_cli.endpoint is not None else policy_source(aws_cli, identity)
    return Place(identity.partition, aws_cli.region_in_use, identity.account, bucket, stack, arn, caller)


def preflight(aws_cli: AwsCli, identity: Identity, place: Place) -> None:
    """Stop a deployment that would fail half-way for want of permissions, where that can be known beforehand.

    Parameters
    ----------
    aws_cli : AwsCli
    identity : Identity
    place : Place
        Its bucket exists already.

    Raises
    ------
    CliError
        Something that deploying needs is denied.
    """
    assessed = assess(aws_cli, identity, place, permissions("user", ["deploy"]))
    refused = missing(assessed, has_bucket=True)
    if refused:
        raise CliError(
            "\n".join(["nothing was deployed, for it would fail:", *denied(refused)]),
            "Ask whoever manages the account for what is missing; `./importau check` shows all of it.",
        )


def denied(refused: Sequence[Assessed]) -> list[str]:
    """Return a line for each permission that is missing."""
    holders = {"user": "you may not", "role": "the execution role may not"}
    return [
        f"  {holders[each.permission.holder]} {each.permission.action} ({each.permission.need.purpose}): {each.how}"
        for each in refused
    ]
