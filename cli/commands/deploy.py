"""`importau deploy`: the stack on an account, created, changed, or recovered from a failed deployment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import ROOT, options
from cli.account import bucket as buckets
from cli.account import operation
from cli.account import stack as stacks
from cli.account.aws_cli import AwsCli
from cli.account.bucket import MARK
from cli.account.execution_role import ExecutionRole
from cli.account.execution_role import find as find_role
from cli.account.identity import Identity, bucket_name, who_am_i
from cli.account.permissions import Place
from cli.account.stack import COMMIT, STAGE, Stack, StackError, parameters_of, stage_of
from cli.account.stack_bucket import bucket_of, bucket_parameter, keep_as_long, owns_its_bucket, tell_deployed
from cli.building import sam
from cli.building.checkout import DEPLOYED, checkout_of, without_changes
from cli.building.layers import built_for
from cli.building.managed_layers import choose
from cli.building.promotion import promoted
from cli.errors import CliError, UsageError
from cli.preflight.deployment import preflight
from cli.preflight.findings import place_of
from cli.preflight.intent import Intent, intended
from cli.preflight.reasons import advice
from cli.session import account, default_stack, embedded_aws
from cli.terminal import present
from cli.terminal.language import translated
from cli.terminal.questions import Answers, agree, answers
from lakehouse.lake import layout
from lakehouse.lake.retention import PARAMETERS
from lakehouse.stage import Stage

_BY_ITSELF = "What it does by itself"
_DIGITS = 12


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
    alert: Annotated[
        str | None,
        typer.Option(
            "--alert",
            metavar="EMAIL",
            help="Mail a message about each run that fails; off: none.",
            rich_help_panel=_BY_ITSELF,
        ),
    ] = None,
    alert_warnings: Annotated[
        bool | None,
        typer.Option(
            "--alert-warnings/--no-alert-warnings",
            help="Also about runs whose audits warned.",
            rich_help_panel=_BY_ITSELF,
        ),
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option(
            "--schedule",
            metavar="WHEN",
            help="Start the pipeline at these times: cron(...), rate(...) or off.",
            rich_help_panel=_BY_ITSELF,
        ),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            "--timezone",
            metavar="ZONE",
            help="Of --schedule; America/Sao_Paulo by default.",
            rich_help_panel=_BY_ITSELF,
        ),
    ] = None,
    on_upload: Annotated[
        bool | None,
        typer.Option(
            "--on-upload/--no-on-upload",
            help="Start the pipeline when all CSVs are there and one is new.",
            rich_help_panel=_BY_ITSELF,
        ),
    ] = None,
    source: Annotated[
        Stage | None,
        typer.Option("--from", help="Promote: the code that this stage runs, by its commit; refuses any other."),
    ] = None,
    show_commands: options.ShowCommands = False,
    bucket: options.Bucket = None,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Build the lakehouse and deploy it: says what changes, asks, and follows CloudFormation to the end.

    Creates no role and asks for no capability. A deployment that failed before is cleared away or taken up again. What
    the lakehouse does by itself is off until it is asked for here, and then stays on.

    Several lakehouses live in one account, each in its --stage. `--stage prod --from hom` brings to one the commit that
    the other runs, on the layers that it runs on, and refuses where this folder is not that commit.
    """
    by_itself = operation.parameters_of(alert, alert_warnings, schedule, timezone, on_upload)
    parameters = _parameters(parameter or []) | by_itself
    here = checkout_of(ROOT, *DEPLOYED)
    if not local:
        built_for(parameters, None)  # wrong parameters are reported before any question
    who = answers(yes, False)
    if who is Answers.NONE:
        raise UsageError("there is no terminal to ask whether to make the changes", "Agree to them beforehand: --yes.")
    aws_cli = account(local, region, profile, show_commands)
    identity = who_am_i(aws_cli)
    present.done(f"{identity.name} in account {identity.account}, {aws_cli.region_in_use}")
    environment = "local" if local else "default"
    if source is not None:
        if source == stage:
            raise UsageError(f"--from: stage {source} has its own code already", "Name another one.")
        theirs = Stack(aws_cli, default_stack(environment, source)).described()
        parameters = promoted(source, theirs, here) | parameters
        present.done(f"this is {str(here)[:_DIGITS]}, which stage {source} runs")
    found_role = find_role(aws_cli, identity, role)
    present.done(f"execution role {found_role.name} ({found_role.found_by})")
    if by_itself.get("ScheduleExpression") and found_role.trusts(operation.SCHEDULER) is False:
        raise CliError(
            f"the role {found_role.name} may not be taken on by {operation.SCHEDULER}, so no schedule can start a run",
            "Leave --schedule out, or have that service added to whom the role trusts.",
        )
    its = Stack(aws_cli, stack or default_stack(environment, stage))
    with present.activity(f"stack {its.name}") as show:
        described = its.recover(present.say, show)
    _contracts_follow(described)
    its_stage = stage_of(its.name, described, stage)
    if its_stage:
        present.done(f"stage {its_stage}, stack {its.name}")
    name = bucket_of(its.name, described, bucket) or bucket_name(identity, its_stage)
    has_bucket = owns_its_bucket(described) or buckets.find(aws_cli, identity, name) is not None
    chosen = {} if local else _layers(aws_cli, parameters, described)
    intent = intended(described, chosen | parameters, has_bucket=has_bucket, ours=chosen.keys() - parameters.keys())
    if intent.in_vpc == (not intent.parameters.get("SecurityGroupIds")):
        raise UsageError(
            "SubnetIds and SecurityGroupIds belong together: functions in a VPC have both, others neither",
            "Name both: --parameter SubnetIds=SUBNET,SUBNET --parameter SecurityGroupIds=GROUP.",
        )
    place = place_of(
        aws_cli, identity, found_role, name, its.name, intent.parameters.get("KmsKeyArn", ""), stage=its_stage
    )
    adaptations = _checked(aws_cli, identity, place, found_role, intent)
    layers = {} if local else built_for(chosen | parameters, described)
    parameters = bucket_parameter(aws_cli, identity, described, name, its_stage) | chosen | parameters | adaptations
    own = {"ExecutionRoleArn": found_role.arn, STAGE: its_stage, COMMIT: str(here or "")}
    _deploy(aws_cli, its, own | parameters, layers, name, who)
    if not parameters.keys().isdisjoint(PARAMETERS.values()):
        keep_as_long(aws_cli, identity, its.described(), name)
    if operation.starts_on_upload(parameters, described):
        _tell_of_uploads(aws_cli, name)
    if by_itself.get("AlertEmail"):
        present.say(f"AWS asks {alert} to agree first: messages arrive once the link in its mail was followed")


def _contracts_follow(described: Mapping[str, Any] | None) -> None:
    """Stop where a contract was changed since what is deployed, without the version that it needs."""
    from cli.contracts.checked import follow

    deployed = without_changes(parameters_of(described).get(COMMIT, ""))
    if not deployed:
        return
    if follow(ROOT, deployed):
        present.done(f"the contracts may follow those of {deployed[:_DIGITS]}, which is deployed")
    else:
        present.say(f"the contracts are not compared with those of {deployed[:_DIGITS]}: it is not here, or is later")


def _tell_of_uploads(aws_cli: AwsCli, bucket: str) -> None:
    undone = operation.tell_eventbridge(aws_cli, bucket)
    if undone:
        present.warn(
            f"you may not have the bucket {bucket} tell EventBridge of its objects, so no upload starts a run; have "
            f"somebody who may run: {undone}"
        )
    else:
        present.done(f"the bucket {bucket} tells EventBridge of its objects")


def _layers(aws_cli: AwsCli, parameters: Mapping[str, str], described: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the parameters that say where the functions' packages come from, and tell what is otherwise than usual."""
    with present.activity("AWS's public layers"):
        choice = choose(aws_cli, parameters, described)
    if choice.parameters and not choice.why:
        present.done("AWS's public layers found, and allowed")
    for why in choice.why:
        present.warn(why)
    return choice.parameters


def _checked(aws_cli: AwsCli, identity: Identity, place: Place, role: ExecutionRole, intent: Intent) -> dict[str, str]:
    """Stop where the deployment would fail; return the parameters that it takes on by itself, and tell them."""
    with present.step("permissions asked for"):
        checked = preflight(aws_cli, identity, place, role, intent)
    for adaptation in checked.adaptations:
        present.warn(adaptation.why)
    for warning in checked.warnings:
        present.warn(warning)
    if checked.unknown:
        whose = {"user": "yours", "role": "the execution role's"}
        counts = " and ".join(f"{count} of {whose[holder]}" for holder, count in checked.unknown.items())
        present.say(
            f"not known beforehand: {counts}, which may not be asked for; what is missing shows when it is used"
        )
    return {each.name: each.value for each in checked.adaptations}


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
            tags=MARK | {"stage": parameters[STAGE]} if parameters[STAGE] else None,
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
        try:
            outputs = its.execute(change_set, show).get("Outputs", [])
        except StackError as error:
            raise StackError(error.message, advice(error.message) or error.fix) from error
    if not tell_deployed(aws_cli, bucket):
        present.warn("you may not tell governance of it: it names what changed in each run until `verify --accept`")
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
    given = dict(each.split("=", 1) for each in parameters)
    for name, fix in ((STAGE, "Name it so: --stage."), (COMMIT, "It is that of this folder.")):
        if name in given:
            raise UsageError(f"--parameter: {name} is not yours to set", fix)
    return given
