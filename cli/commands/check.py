"""`importau check`: who you are, what exists, and whether everything that the lakehouse needs is allowed."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Any, Final

import typer
from rich.markup import escape

from cli import options
from cli.account.assessment import Assessed, Verdict
from cli.account.aws_cli import AwsCli
from cli.account.execution_role import SERVICES
from cli.account.permissions import Need, as_json, policy
from cli.account.preflight import Findings, denied, findings
from cli.building import sam
from cli.errors import CliError
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
        results = findings(aws_cli, role, bucket, name)
    if least is not None:
        present.out.print(as_json(policy(least.value, results.place)), markup=False)
        return
    if as_json_:
        present.out.print_json(json.dumps(_as_dict(aws_cli, results), ensure_ascii=False))
    else:
        _show(aws_cli, results, show_all)
    if results.problems or results.missing:
        raise CliError(
            "\n".join([*results.problems, *denied(results.missing)]),
            "Ask whoever manages the account for what is missing (docs/permissions.md has the least policies), "
            "or go on with what works without it.",
        )


def _show(aws_cli: AwsCli, results: Findings, show_all: bool) -> None:
    identity, role = results.identity, results.role
    assumed = f" {identity.role}" if identity.role else ""
    present.lines(
        [
            ("you", f"{identity.name} ({_KINDS[identity.kind]}{assumed}), {identity.arn}"),
            ("account", identity.account),
            ("region", results.place.region),
            ("bucket", f"{results.place.bucket} ({'there' if results.has_bucket else 'not there yet'})"),
            ("execution role", f"{role.arn} ({role.found_by})" if role else "none"),
            *(("", f"{_trust(role.trusts(service))} {service}") for service in SERVICES if role),
            ("AWS CLI", aws_cli.version),
            ("SAM CLI", sam.version()),
        ]
    )
    for holder, title in (("user", "what you need"), ("role", "what the execution role needs")):
        theirs = [each for each in results.assessed if each.permission.holder == holder]
        if theirs:
            present.out.print()
            present.flow(present.out, f"[bold]{title}:[/bold] {_counts(theirs)}")
            shown = [each for each in theirs if show_all or each.verdict != "allowed"]
            if shown:
                present.records(_HEADINGS, list(_rows(shown)))
    present.out.print()
    unknown = sum(each.verdict == "unknown" for each in results.assessed)
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
    """Return how many permissions are allowed, denied and unknown, without zeros."""
    counts = Counter(each.verdict for each in assessed)
    allowed = f"{counts['allowed']} of {present.count(len(assessed), 'permission')} allowed"
    return ", ".join(
        [allowed, *(f"{counts[verdict]} {verdict}" for verdict in ("denied", "unknown") if counts[verdict])]
    )


def _rows(assessed: Sequence[Assessed]) -> Iterator[tuple[str, ...]]:
    """Yield a row for permissions of one need with one verdict: denied, then unknown, then allowed."""
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
    """Return actions with their service named once: ``s3:GetObject, PutObject``."""
    service = actions[0].partition(":")[0]
    return f"{service}:" + ", ".join(action.partition(":")[2] for action in actions)


def _as_dict(aws_cli: AwsCli, results: Findings) -> dict[str, Any]:
    identity, role = results.identity, results.role
    return {
        "ok": not results.problems and not results.missing,
        "identity": {
            "arn": identity.arn, "kind": identity.kind, "name": identity.name, "role": identity.role,
            "account": identity.account,
        },
        "region": results.place.region,
        "bucket": {"name": results.place.bucket, "exists": results.has_bucket},
        "execution_role": role
        and {"arn": role.arn, "found_by": role.found_by, "trusts": {name: role.trusts(name) for name in SERVICES}},
        "versions": {"aws": aws_cli.version, "sam": sam.version()},
        "problems": results.problems,
        "permissions": [
            {
                "permission": each.permission.action, "holder": each.permission.holder, "verdict": each.verdict,
                "how": each.how, "needed_by": list(each.permission.need.needed_by),
                "purpose": each.permission.need.purpose, "without": each.permission.need.without,
                "optional": each.permission.need.optional,
            }
            for each in results.assessed
        ],
    }  # fmt: skip
