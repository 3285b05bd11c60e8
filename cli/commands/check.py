"""`importau check`: who you are, what exists, and whether everything that the lakehouse needs is allowed."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Any, Final

import typer
from rich.markup import escape

from cli import options
from cli.account.aws_cli import AwsCli
from cli.account.execution_role import SERVICES
from cli.account.permissions import Need, Permission, as_json, policy
from cli.building import sam
from cli.building.validation import ERROR, Diagnostic, diagnostics
from cli.errors import CliError
from cli.preflight.assessment import Assessed
from cli.preflight.evaluation import Verdict
from cli.preflight.findings import Findings, denied, findings
from cli.preflight.intent import Intent
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
    deep: Annotated[
        bool, typer.Option("--deep", help="Ask AWS also whether it takes the state machines as they are; makes none.")
    ] = False,
    show_commands: options.ShowCommands = False,
    as_json_: options.Json = False,
    bucket: options.Bucket = None,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Say who you are, what the lakehouse will use, and whether everything it needs is allowed. Changes nothing.

    Exit code 0 when everything needed is allowed or unknown, 1 when something needed is denied.
    """
    aws_cli = account(local, region, profile, show_commands)
    name = stack or default_stack("local" if local else "default", stage)
    with present.activity("asking AWS"):
        results = findings(aws_cli, role, bucket, name, stage)
    if least is not None:
        present.out.print(as_json(policy(least.value, results.place)), markup=False)
        return
    said = None
    if deep:
        with present.activity("asking AWS about the state machines"):
            said = diagnostics(aws_cli, results.place)
    if as_json_:
        machines = {"state_machines": None if said is None else [each.as_json() for each in said]} if deep else {}
        present.out.print_json(json.dumps(_as_dict(aws_cli, results) | machines, ensure_ascii=False))
    else:
        _show(aws_cli, results, show_all)
        if deep:
            _tell(said, local=local)
    refused = [f"  {one.machine}: {one}" for one in said or () if one.severity == ERROR]
    if refused:
        raise CliError(
            "\n".join(["AWS would not make the state machines:", *refused]),
            "Mend statemachine/ at the place that is named; nothing was made.",
        )
    if results.problems or results.missing:
        raise CliError(
            "\n".join([*results.problems, *denied(results.missing)]),
            "Ask whoever manages the account for what is missing (docs/permissions.md has the least policies), "
            "or go on with what works without it.",
        )


def _tell(said: Sequence[Diagnostic] | None, *, local: bool) -> None:
    """Print what AWS says of the state machines, but for errors, which end the command."""
    if said is None:
        why = "the embedded AWS takes any definition" if local else "you may not states:ValidateStateMachineDefinition"
        present.say(f"the state machines were not asked about: {why}")
    elif not said:
        present.done("AWS takes every state machine as it is")
    for each in said or ():
        if each.severity != ERROR:
            present.warn(f"{each.machine}: {each}")


def _show(aws_cli: AwsCli, results: Findings, show_all: bool) -> None:
    identity, role = results.identity, results.role
    assumed = f" {identity.role}" if identity.role else ""
    present.lines(
        [
            ("you", f"{identity.name} ({_KINDS[identity.kind]}{assumed}), {identity.arn}"),
            ("account", identity.account),
            ("region", results.place.region),
            *([("stage", results.place.stage)] if results.place.stage else ()),
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
                present.records(_HEADINGS, list(_rows(shown, results.intent)))
    present.out.print()
    for adaptation in results.adaptations:
        present.say(f"`./importau deploy` sets {adaptation.why}")
    for obstacle in results.obstacles:
        present.warn(f"{obstacle.what}. {obstacle.fix}")
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


def _rows(assessed: Sequence[Assessed], intent: Intent) -> Iterator[tuple[str, ...]]:
    """Yield a row for permissions of one need with one verdict: denied, then unknown, then allowed."""
    rows: dict[tuple[Need, Verdict], list[str]] = {}
    for verdict in ("denied", "unknown", "allowed"):
        for each in assessed:
            if each.verdict == verdict:
                rows.setdefault((each.permission.need, each.verdict), []).append(each.permission.action)
    for (need, verdict), actions in rows.items():
        what = f"{need.purpose} (by {', '.join(need.needed_by)})"
        stops = {intent.stopped(Permission(action, need)) for action in actions} - {""}
        fails = f"without it, {' and '.join(sorted(stops))} fails; " if stops and verdict == "denied" else ""
        if fails and need.avoided_by:
            fails = f"deploy sets {need.avoided_by}; "
        without = "" if verdict == "allowed" else f"{fails}without it still works: {need.without}"
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
        "stage": results.place.stage,
        "bucket": {"name": results.place.bucket, "exists": results.has_bucket},
        "execution_role": role
        and {"arn": role.arn, "found_by": role.found_by, "trusts": {name: role.trusts(name) for name in SERVICES}},
        "versions": {"aws": aws_cli.version, "sam": sam.version()},
        "problems": results.problems,
        "obstacles": [vars(each) for each in results.obstacles],
        "adaptations": {each.name: each.value for each in results.adaptations},
        "permissions": [
            {
                "permission": each.permission.action, "holder": each.permission.holder, "verdict": each.verdict,
                "how": each.how, "needed_by": list(each.permission.need.needed_by),
                "purpose": each.permission.need.purpose, "without": each.permission.need.without,
                "optional": each.permission.need.optional, "stops": results.intent.stopped(each.permission),
            }
            for each in results.assessed
        ],
    }  # fmt: skip
