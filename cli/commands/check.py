"""`importau check`: who am I, what is there, and is everything allowed that the lakehouse needs."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape

from cli import options
from cli.account import bucket as buckets
from cli.account.assessment import Assessed, Verdict, assess, missing, policy_source
from cli.account.aws_cli import AwsCli
from cli.account.execution_role import LAB_ROLE, SERVICES, ExecutionRole
from cli.account.execution_role import find as find_role
from cli.account.identity import Identity, bucket_name, who_am_i
from cli.account.permissions import Need, Place, as_json, permissions, policy
from cli.building import sam
from cli.errors import CliError, explain
from cli.session import account, default_stack
from cli.terminal import present

_MARKS: Final[dict[Verdict, str]] = {
    "allowed": "[green]✓ allowed[/green]",
    "denied": "[bold red]✗ denied[/bold red]",
    "unknown": "[yellow]? unknown[/yellow]",
}
_KINDS: Final = {
    "user": "IAM user",
    "assumed-role": "assumed role",
    "sso": "IAM Identity Center",
    "federated": "federated user",
    "root": "the account's root",
}


_HEADINGS: Final = ("", "permission", "to", "")


class Holder(StrEnum):
    """Whose least policy may be printed."""

    user = "user"
    role = "role"


@dataclass(frozen=True)
class Findings:
    """What `check` found.

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
        """What is denied and cannot be done without."""
        return missing(self.assessed, has_bucket=self.has_bucket)


def check(  # noqa: PLR0913, PLR0917 - an argument an option
    role: Annotated[
        str | None,
        typer.Option("--role", metavar="ROLE", help="Name or ARN of the role that runs everything; LabRole if there."),
    ] = None,
    least: Annotated[
        Holder | None,
        typer.Option(
            "--policy", help="Print the least policy, for you or for the execution role, and ask nothing else."
        ),
    ] = None,
    show_all: Annotated[
        bool, typer.Option("--all", help="List what is allowed too, not only what is denied or unknown.")
    ] = False,
    show_commands: options.ShowCommands = False,
    as_json_: options.Json = False,
    bucket: options.Bucket = None,
    local: options.Local = False,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Say who you are, what the lakehouse will use, and whether everything it needs is allowed. Changes nothing.

    Exit code 0 when everything needed is allowed or unknown, 1 when something needed is denied.
    """
    aws_cli = account(local, region, profile, show_commands)
    name = stack or default_stack("local" if local else "default")
    with present.activity("asking AWS"):
        findings = _findings(aws_cli, role, bucket, name)
    if least is not None:
        present.out.print(as_json(policy(least.value, findings.place)), markup=False)
        return
    if as_json_:
        present.out.print_json(json.dumps(_as_dict(aws_cli, findings), ensure_ascii=False))
    else:
        _show(aws_cli, findings, show_all)
    if findings.problems or findings.missing:
        raise CliError(
            "\n".join([*findings.problems, *_denied(findings.missing)]),
            "Ask whoever manages the account for what is missing (docs/permissions.md has the least policies), "
            "or go on with what works without it.",
        )


def preflight(aws_cli: AwsCli, identity: Identity, place: Place) -> None:
    """Stop a deployment that would only fail half-way, where the account says beforehand what it does not allow.

    Parameters
    ----------
    aws_cli : AwsCli
    identity : Identity
    place : Place
        Its bucket is there already.

    Raises
    ------
    CliError
        Something that deploying needs is denied.
    """
    assessed = assess(aws_cli, identity, place, permissions("user", ["deploy"]))
    lacking = missing(assessed, has_bucket=True)
    if lacking:
        raise CliError(
            "\n".join(["nothing was deployed, for it would fail:", *_denied(lacking)]),
            "Ask whoever manages the account for what is missing; `./importau check` shows all of it.",
        )


# ---- finding out -----------------------------------------------------------------------------------------------------


def _findings(aws_cli: AwsCli, role: str | None, bucket: str | None, stack: str) -> Findings:
    """Ask everything; what is wrong is collected, so that a person reads all of it at once."""
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


def place_of(aws_cli: AwsCli, identity: Identity, role: ExecutionRole | None, bucket: str, stack: str) -> Place:
    """Return where the lakehouse is or will be; without a role, the one that a Learner Lab would have."""
    arn = role.arn if role is not None else f"arn:{identity.partition}:iam::{identity.account}:role/{LAB_ROLE}"
    caller = identity.arn if aws_cli.endpoint is not None else policy_source(aws_cli, identity)
    return Place(identity.partition, aws_cli.region_in_use, identity.account, bucket, stack, arn, caller)


def _who(aws_cli: AwsCli) -> Identity:
    """Return who asks; raise `CliError` with all that keeps AWS from being asked."""
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


# ---- telling ---------------------------------------------------------------------------------------------------------


def _denied(lacking: Sequence[Assessed]) -> list[str]:
    """Return a line for each permission that lacks."""
    whose = {"user": "you may not", "role": "the execution role may not"}
    return [
        f"  {whose[each.permission.holder]} {each.permission.action} ({each.permission.need.purpose}): {each.how}"
        for each in lacking
    ]


def _show(aws_cli: AwsCli, found: Findings, show_all: bool) -> None:
    identity, role = found.identity, found.role
    assumed = f" {identity.role}" if identity.role else ""
    present.lines(
        [
            ("you", f"{identity.name} ({_KINDS[identity.kind]}{assumed}), {identity.arn}"),
            ("account", identity.account),
            ("region", found.place.region),
            ("bucket", f"{found.place.bucket} ({'there' if found.has_bucket else 'not there yet'})"),
            ("execution role", f"{role.arn} ({role.found_by})" if role else "none"),
            *(("", f"{_trust(role.trusts(service))} {service}") for service in SERVICES if role),
            ("AWS CLI", aws_cli.version),
            ("SAM CLI", sam.version()),
        ]
    )
    for holder, title in (("user", "what you need"), ("role", "what the execution role needs")):
        theirs = [each for each in found.assessed if each.permission.holder == holder]
        if theirs:
            present.out.print()
            present.flow(present.out, f"[bold]{title}:[/bold] {_counts(theirs)}")
            shown = [each for each in theirs if show_all or each.verdict != "allowed"]
            if shown:
                present.records(_HEADINGS, list(_rows(shown)))
    present.out.print()
    unknown = sum(each.verdict == "unknown" for each in found.assessed)
    if unknown:
        could = "it is used" if unknown == 1 else "they are used"
        present.say(
            f"{present.count(unknown, 'permission')} could not be asked for; what is unknown shows when {could}"
        )
    if not show_all:
        present.say("what is allowed: `./importau check --all`")


def _trust(trusts: bool | None) -> str:
    return {True: "trusts", False: "does not trust", None: "may or may not trust"}[trusts]


def _counts(assessed: Sequence[Assessed]) -> str:
    """Return how many of some permissions are allowed, denied and unknown; what there is none of is left out."""
    found = Counter(each.verdict for each in assessed)
    allowed = f"{found['allowed']} of {present.count(len(assessed), 'permission')} allowed"
    return ", ".join([allowed, *(f"{found[verdict]} {verdict}" for verdict in ("denied", "unknown") if found[verdict])])


def _rows(assessed: Sequence[Assessed]) -> Iterator[tuple[str, ...]]:
    """Yield a row for what is needed together and answered alike: denied, then unknown, then allowed."""
    rows: dict[tuple[Need, Verdict], list[str]] = {}
    for verdict in ("denied", "unknown", "allowed"):
        for each in assessed:
            if each.verdict == verdict:
                rows.setdefault((each.permission.need, each.verdict), []).append(each.permission.action)
    for (need, verdict), actions in rows.items():
        what = f"{need.purpose} (by {', '.join(need.needed_by)})"
        without = "" if verdict == "allowed" else f"without it still works: {need.without}"
        yield _MARKS[verdict], *map(escape, (_short(actions), what, without))


def _short(actions: Sequence[str]) -> str:
    """Return actions with their service said once: ``s3:GetObject, PutObject``."""
    service = actions[0].partition(":")[0]
    return f"{service}:" + ", ".join(action.partition(":")[2] for action in actions)


def _as_dict(aws_cli: AwsCli, found: Findings) -> dict[str, Any]:
    identity, role = found.identity, found.role
    return {
        "ok": not found.problems and not found.missing,
        "identity": {
            "arn": identity.arn, "kind": identity.kind, "name": identity.name, "role": identity.role,
            "account": identity.account,
        },
        "region": found.place.region,
        "bucket": {"name": found.place.bucket, "exists": found.has_bucket},
        "execution_role": role
        and {"arn": role.arn, "found_by": role.found_by, "trusts": {name: role.trusts(name) for name in SERVICES}},
        "versions": {"aws": aws_cli.version, "sam": sam.version()},
        "problems": found.problems,
        "permissions": [
            {
                "permission": each.permission.action, "holder": each.permission.holder, "verdict": each.verdict,
                "how": each.how, "needed_by": list(each.permission.need.needed_by),
                "purpose": each.permission.need.purpose, "without": each.permission.need.without,
                "optional": each.permission.need.optional,
            }
            for each in found.assessed
        ],
    }  # fmt: skip
