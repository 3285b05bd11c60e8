"""`importau deploy`: the stack on an account, created, changed, or recovered from a failed deployment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from cli import options
from cli.account import stack as stacks
from cli.account.aws_cli import AwsCli
from cli.account.execution_role import find as find_role
from cli.account.identity import bucket_name, who_am_i
from cli.account.preflight import place_of, preflight
from cli.account.stack import Stack
from cli.account.stack_bucket import bucket_of, bucket_parameter
from cli.building import sam
from cli.building.layers import built_for
from cli.errors import CliError, UsageError
from cli.session import account, default_stack, embedded_aws
from cli.terminal import present
from cli.terminal.language import translated
from cli.terminal.questions import Answers, agree, answers
from lakehouse.lake import layout


def deploy(  # noqa: PLR0913, PLR0917 - an argument an option
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Deploy without asking.")] = False,
    role: Annotated[
        str | None,
        typer.Option("--role", metavar="ROLE", help="Name or ARN of the role that runs everything; LabRole if there."),
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", metavar="NAME=VALUE", help="A parameter of template.yaml; may be repeated."),
    ] = None,
    show_commands: options.ShowCommands = False,
    bucket: options.Bucket = None,
    local: options.Local = False,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Build the lakehouse and deploy it: says what changes, asks, and follows CloudFormation to the end.

    Creates no role and asks for no capability. A deployment that failed before is cleared away or taken up again.
    """
    parameters = _parameters(parameter or [])
    if not local:
        built_for(parameters, None)  # wrong parameters are reported before any question
    who = answers(yes, False)
    if who is Answers.NONE:
        raise UsageError("there is no terminal to ask whether to make the changes", "Agree to them beforehand: --yes.")
    aws_cli = account(local, region, profile, show_commands)
    identity = who_am_i(aws_cli)
    present.done(f"{identity.name} in account {identity.account}, {aws_cli.region_in_use}")
    found_role = find_role(aws_cli, identity, role)
    present.done(f"execution role {found_role.name} ({found_role.found_by})")
    its = Stack(aws_cli, stack or default_stack("local" if local else "default"))
    with present.activity(f"stack {its.name}") as show:
        described = its.recover(present.say, show)
    layers = {} if local else built_for(parameters, described)
    name = bucket_of(its.name, described, bucket) or bucket_name(identity)
    parameters = bucket_parameter(aws_cli, identity, described, name) | parameters
    with present.step("permissions asked for"):
        preflight(aws_cli, identity, place_of(aws_cli, identity, found_role, name, its.name))
    _deploy(aws_cli, its, {"ExecutionRoleArn": found_role.arn} | parameters, layers, name, who)


def _deploy(
    aws_cli: AwsCli,
    its: Stack,
    parameters: Mapping[str, str],
    layers: Mapping[str, str],
    bucket: str,
    who: Answers,
) -> None:
    build_dir = _build_dir(aws_cli)
    with present.step("sam build") as show:
        sam.build(aws_cli.endpoint, build_dir, show, layers)
    with present.step("sam deploy: code uploaded, change set made") as show:
        change_set = sam.change_set(
            its.name,
            parameters,
            (bucket, layout.artifacts_prefix(its.name).removesuffix("/")),
            aws_cli.endpoint,
            build_dir,
            _where(aws_cli),
            progress=show,
        )
    if change_set is None:
        present.done(f"nothing to change: the stack {its.name} is up to date")
        return
    changes = its.changes(change_set)
    present.say(translated("what changes in the stack {stack}:", stack=its.name))
    for what, resources in stacks.tell(changes):
        present.say(f"  {what}: {resources}")
    question = "Make this change? (y/n)" if len(changes) == 1 else "Make these {count} changes? (y/n)"
    agreed = False
    try:
        agreed = who is Answers.DEFAULTS or agree(translated(question, count=len(changes)))
    finally:  # Ctrl-C included: a change set that was not agreed to is deleted
        if not agreed:
            its.discard(change_set)
    if not agreed:
        raise CliError(translated("stopped: nothing was changed"))
    with present.step(f"stack {its.name} deployed") as show:
        outputs = its.execute(change_set, show).get("Outputs", [])
    present.lines(sorted((output["OutputKey"], output["OutputValue"]) for output in outputs))


def _where(aws_cli: AwsCli) -> list[str]:
    """Return the options that send the SAM CLI to the same account; its environment sends it to the embedded AWS."""
    chosen = {"--region": aws_cli.region, "--profile": aws_cli.profile} if aws_cli.endpoint is None else {}
    return [word for option, value in chosen.items() if value for word in (option, value)]


def _build_dir(aws_cli: AwsCli) -> Path | None:
    # Not .aws-sam, which is for your account.
    return None if aws_cli.endpoint is None else embedded_aws().home.parent / "build"


def _parameters(parameters: list[str]) -> dict[str, str]:
    wrong = [each for each in parameters if "=" not in each]
    if wrong:
        raise UsageError(f"no parameter: {', '.join(wrong)}", "Write NAME=VALUE, as in --parameter LogLevel=DEBUG.")
    return dict(each.split("=", 1) for each in parameters)
