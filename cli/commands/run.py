"""`importau run`: one layer or the whole pipeline, followed to its end."""

import re
import shlex
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, Final

import typer

from cli import options
from cli.errors import RunFailedError, UsageError
from cli.running import execution, source, summary
from cli.running.execution import AUDITS, GOVERNANCE, PIPELINE, Outcome, Transition
from cli.running.upload import landed, upload
from cli.session import Aws, connect
from cli.terminal import present
from cli.terminal.questions import answers, ask
from lakehouse.lake import layout

# How Lambdas say that what they read was never made.
_LACKING: Final = re.compile(r"; run (?:(?P<layer>bronze|silver|gold)|those layers) first")
_SCRIPTS: Final = {
    layout.BRONZE: "scripts/05-run-bronze.sh",
    layout.SILVER: "scripts/06-run-silver.sh",
    layout.GOLD: "scripts/07-run-gold.sh",
}


class Machine(StrEnum):
    """What can be run."""

    bronze = layout.BRONZE
    silver = layout.SILVER
    gold = layout.GOLD
    governance = GOVERNANCE
    pipeline = PIPELINE


def run(  # noqa: PLR0913, PLR0917 - an argument an option
    machine: Annotated[
        Machine, typer.Argument(help="A layer; the crawlers and governance; or all of it in turn.")
    ] = Machine.pipeline,
    csv_dir: options.CsvDir = None,
    orders: options.Orders = None,
    seed: options.Seed = None,
    yes: options.Yes = False,
    no_input: options.NoInput = False,
    local: options.Local = False,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Run a layer (write, audit, publish), governance, or the whole pipeline.

    Without --csv-dir or --orders, Bronze reads the CSVs that were uploaded before.
    """
    chosen = source.chosen(csv_dir, orders, seed)
    if chosen is not None and not _reads_source(machine.value):
        raise UsageError(
            f"{machine.value} reads what is published, so it takes no --csv-dir or --orders",
            "Run bronze or the pipeline with them.",
        )
    who = answers(yes, no_input)
    aws = connect(local, stack, region, profile)
    data: source.Source = chosen or source.Landing()
    if _reads_source(machine.value):
        data = source.complete(data, lambda: landed(aws), who, ask)
    perform(aws, machine.value, data)


def perform(aws: Aws, what: str, data: source.Source, *, of_demo: bool = False) -> Outcome:
    """Upload, run, follow, and print the table of what was made.

    Parameters
    ----------
    aws : Aws
    what : str
        One of `execution.MACHINES`, or `execution.GOVERNANCE`.
    data : Source
        Complete: every file is there.
    of_demo : bool
        Whether a demo runs it: then it ends with this command, and its name says so.

    Raises
    ------
    RunFailedError
        The execution ended without success; the message says why.
    """
    if isinstance(data, source.CsvFolder):
        upload(aws, data.path)
    run_id = execution.new_run_id(of_demo=of_demo)
    machine = PIPELINE if what == GOVERNANCE else what
    given = {"only": GOVERNANCE} if what == GOVERNANCE else {"source": source.message(data)}
    arn = execution.start(aws, machine, given, run_id)
    present.say(f"run {run_id} of {what}" + (f", from {source.describe(data)}" if _reads_source(what) else ""))
    try:
        with present.activity(what) as show:
            outcome = execution.follow(aws, machine, arn, Progress(show).tell)
    except KeyboardInterrupt:
        if not of_demo:
            present.warn(f"no longer following; the run itself goes on. To stop it: {stop_command(aws, arn)}")
        raise
    if what == GOVERNANCE:
        _show_governed(aws, run_id)
    else:
        layers: Sequence[str] = layout.LAYERS if what == PIPELINE else (what,)
        _show_made(aws, run_id, summary.tables(aws, run_id, layers, outcome.layer_seconds))
    if not outcome.succeeded:
        raise RunFailedError(why(outcome), _first(outcome.culprit.cause))
    present.done(f"{what} succeeded", outcome.seconds)
    return outcome


def _show_governed(aws: Aws, run_id: str) -> None:
    key = layout.governance_report_key(run_id)
    report = summary.report(aws, key)
    if report is None:
        return  # it ended before there was anything to report
    present.lines(
        [
            *((f"governed: {layer}", f"run {run}") for layer, run in report["runs"].items()),
            ("registered", f"{len(report['registered']):,} (tables and pipelines)"),
            ("problems", str(len(report["problems"]))),
            ("suspected personal data", str(len(report["findings"]))),
        ]
    )
    present.say(f"governance report: {aws.uri(key)}")


def _show_made(aws: Aws, run_id: str, made: Sequence[summary.TableSummary]) -> None:
    if not any(asset.audited for asset in made):
        return  # the run ended before its first audit: why is what there is to say
    summary.show(made)
    for key in summary.set_aside(made, run_id):
        present.say(f"rows set aside: {aws.uri(key)}")
    present.say(f"audit reports: {aws.uri(layout.quality_key(run_id, '<layer>'))}")


class Progress:
    """Says what is going on, and prints each piece of work once, when it is done.

    Parameters
    ----------
    show : callable
        Shows what goes on now.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._told: set[tuple[str, str]] = set()

    def tell(self, transition: Transition) -> None:
        """Tell of one transition."""
        name = f"{transition.machine}: {transition.state}"
        if transition.kind == "entered":
            self._show(name)
        elif transition.kind == "advanced":
            self._show(f"{name} {transition.done} of {transition.parts}")
        elif (transition.machine, transition.state) not in self._told:  # a polling loop comes by the same state often
            self._told.add((transition.machine, transition.state))
            told = present.done if transition.kind == "exited" else present.failed
            told(name, transition.seconds)


def _reads_source(machine: str) -> bool:
    return machine in (layout.BRONZE, PIPELINE)


def why(outcome: Outcome) -> str:
    """Return in which state an execution ended without success, by what error, and its cause."""
    culprit = outcome.culprit
    what = (
        f"the audit of {culprit.machine.removeprefix('teste_')}"
        if culprit.machine in AUDITS.values()
        else culprit.machine
    )
    where = f" in {culprit.state}" if culprit.state else ""
    how = {"FAILED": "failed", "TIMED_OUT": "took too long", "ABORTED": "was stopped"}[culprit.status]
    named = f" ({culprit.error})" if culprit.error else ""
    cause = culprit.cause or "no cause was given; the logs of its functions say more"
    # Several problems are a list below the line; one goes on with it.
    said = "".join(f"\n  {line}" for line in cause.splitlines()) if "\n" in cause else f" {cause}"
    return f"{what} {how}{where}{named}:{said}"


def _first(cause: str) -> str:
    """Return what has to be run before, where a run failed for want of it."""
    lacking = _LACKING.search(cause)
    if lacking is None:
        return ""
    if lacking["layer"] is None:
        return "Run them, or all of it in turn: `./importau run`."
    return f"Run what it reads: `./importau run {lacking['layer']}` ({_SCRIPTS[lacking['layer']]})."


def stop_command(aws: Aws, arn: str) -> str:
    """Return the AWS CLI command that stops an execution."""
    profile = aws.session.profile_name
    where = {
        "--endpoint-url": aws.endpoint,
        "--region": aws.session.region_name,
        "--profile": None if aws.endpoint or profile == "default" else profile,
    }
    given = [word for option, value in where.items() if value for word in (option, value)]
    return shlex.join(["aws", "stepfunctions", "stop-execution", *given, "--execution-arn", arn])
