"""The preflight of `./importau deploy`: what would fail is known, and avoided or told, before anything is made."""

from collections import Counter
from dataclasses import dataclass

from cli.account.aws_cli import AwsCli
from cli.account.execution_role import ExecutionRole
from cli.account.identity import Identity
from cli.account.permissions import Place
from cli.errors import CliError
from cli.preflight.adapting import Adaptation, adapted
from cli.preflight.assessment import Assessed, assess
from cli.preflight.findings import denied, untrusted
from cli.preflight.intent import Intent
from cli.preflight.obstacles import Obstacle, obstacles


@dataclass(frozen=True)
class Preflight:
    """What is known of a deployment that may go on.

    Attributes
    ----------
    adaptations : list of Adaptation
        The parameters that it takes on by itself.
    warnings : list of str
        What a run afterwards will lack.
    unknown : dict of str to int
        How many permissions of each holder could not be asked for.
    """

    adaptations: list[Adaptation]
    warnings: list[str]
    unknown: dict[str, int]


def preflight(aws_cli: AwsCli, identity: Identity, place: Place, role: ExecutionRole, intent: Intent) -> Preflight:
    """Ask whether a deployment, and a run after it, can succeed, with every right of the caller and of the role.

    Parameters
    ----------
    aws_cli : AwsCli
    identity : Identity
    place : Place
    role : ExecutionRole
    intent : Intent
        What is to be deployed.

    Raises
    ------
    CliError
        Something that deploying, or the role in a run, needs is denied; the message has all of it, and the fix.
    """
    assessed = assess(aws_cli, identity, place, intent.needed(), in_vpc=intent.in_vpc)
    adaptations = adapted(assessed, intent)
    intent = intent.with_parameters({each.name: each.value for each in adaptations})
    refused = [each for each in assessed if each.verdict == "denied" and intent.stopped(each.permission)]
    stopping = [each for each in refused if _stops(each, intent)]
    in_the_way = obstacles(aws_cli, place, refused, in_vpc=intent.in_vpc)
    problems = [*(f"  {each}" for each in untrusted(role)), *denied(stopping)]
    if problems:
        raise CliError(
            "\n".join(
                ["nothing was deployed, for it would fail:", *problems, *(f"  {each.what}" for each in in_the_way)]
            ),
            "\n".join([*(each.fix for each in in_the_way), _fix(stopping)]),
        )
    later = denied([each for each in refused if each not in stopping])
    return Preflight(
        adaptations,
        [*(f"you could deploy it, not run it:{line}" for line in later), *map(_told, in_the_way)],
        dict(Counter(each.permission.holder for each in assessed if _unknown(each, intent))),
    )


def _stops(each: Assessed, intent: Intent) -> bool:
    """Return whether nothing is to be deployed: whoever only deploys need not be allowed to run, but the role is."""
    return each.permission.holder == "role" or intent.stopped(each.permission) == "deploy"


def _unknown(each: Assessed, intent: Intent) -> bool:
    return each.verdict == "unknown" and intent.stopped(each.permission) != ""


def _told(obstacle: Obstacle) -> str:
    return f"{obstacle.what}. {obstacle.fix}"


def _fix(refused: list[Assessed]) -> str:
    chosen = dict.fromkeys(each.permission.need.avoided_by for each in refused if each.permission.need.avoided_by)
    without = f"Leave out what you asked for, or say --parameter {' --parameter '.join(chosen)}. " if chosen else ""
    return (
        f"{without}Ask whoever manages the account for what is missing: `./importau check` shows all of it, "
        "`./importau check --policy user` (or role) prints the least policy."
    )
