"""A run from its data to its end: upload, start, following it, and the summary."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cli.errors import RunFailedError
from cli.running import machines, source, summary
from cli.running.alerts import show_sent
from cli.running.execution import Outcome, follow
from cli.running.machines import GOVERNANCE, PIPELINE
from cli.running.progress import Progress, stop_command, tell_discovery, why
from cli.running.upload import upload
from cli.session import Aws
from cli.terminal import present
from lakehouse.lake import layout

# The error of a Lambda whose input was never published.
_LACKING: Final = re.compile(r"; run (?:(?P<layer>bronze|silver|gold|forecast)|those layers) first")
# What the output of a run has that found its tables published already.
_NOTHING_TO_DO: Final = "nothing_to_do"
# How many anomalies are shown; governance's report has all.
_SHOWN: Final = 10
_SCRIPTS: Final = {
    layout.BRONZE: "scripts/05-run-bronze.sh",
    layout.SILVER: "scripts/06-run-silver.sh",
    layout.GOLD: "scripts/07-run-gold.sh",
    layout.FORECAST: "scripts/08-run-forecast.sh",
}


@dataclass(frozen=True)
class Wishes:
    """What a run is told besides its source.

    Attributes
    ----------
    force : bool
        It runs although it would make what is published already.
    hold : bool
        It is audited and waits: another command publishes it, or discards it.
    accept_volume : tuple of str
        The tables whose volume is right, however much it changed.
    crawl : bool
        The crawlers run although there is nothing new to discover.
    new_columns : str or None
        What is done with columns of CSVs that no contract has; None: what the contracts say.
    """

    force: bool = False
    hold: bool = False
    accept_volume: tuple[str, ...] = ()
    crawl: bool = False
    new_columns: str | None = None

    def as_input(self) -> dict[str, Any]:
        """Return them as a state machine's input has them."""
        wished = {"force": self.force, "hold": self.hold, "crawl": self.crawl}
        return {name: True for name, is_wished in wished.items() if is_wished}


def perform(aws: Aws, what: str, data: source.Source, wishes: Wishes = Wishes(), *, of_demo: bool = False) -> Outcome:
    """Upload, run, follow, and print the table of results and which version was published.

    Parameters
    ----------
    aws : Aws
    what : str
        One of `machines.MACHINES`, or `machines.GOVERNANCE`.
    data : Source
        It is complete: no file is missing.
    wishes : Wishes
    of_demo : bool
        Whether a demo runs it: then it ends with this command, and its name shows that.

    Raises
    ------
    RunFailedError
        The execution did not succeed; the message says why.
    """
    from cli.running.telling import tell

    run_id = machines.new_run_id(of_demo=of_demo)
    inputs = upload(aws, data.path, run_id) if isinstance(data, source.CsvFolder) else {}
    machine = PIPELINE if what == GOVERNANCE else what
    given = source.message(data, inputs, wishes.accept_volume, wishes.new_columns)
    step = {"only": GOVERNANCE} if what == GOVERNANCE else {"source": given}
    execution_input = step | wishes.as_input()
    arn = machines.start(aws, machine, execution_input, run_id)
    present.say(f"run {run_id} of {what}" + (f", from {source.describe(data)}" if reads_source(what) else ""))
    try:
        with present.activity(what) as show:
            outcome = follow(aws, machine, arn, Progress(show).tell)
    except KeyboardInterrupt:
        if not of_demo:
            present.warn(f"no longer following; the run itself goes on. To stop it: {stop_command(aws, arn)}")
        raise
    tell(aws, arn)
    if what == GOVERNANCE:
        _show_governed(aws, run_id)
    elif not outcome.output.get(_NOTHING_TO_DO):
        layers: Sequence[str] = layout.LAYERS if what == PIPELINE else (what,)
        _show_tables(aws, run_id, summary.tables(aws, run_id, layers, outcome.layer_seconds))
        governed = outcome.output.get("governance", {})
        if governed.get("personal") or governed.get("anomalies"):
            _tell_warnings(summary.report(aws, layout.governance_report_key(run_id)) or {})
    if not outcome.succeeded:
        show_sent(aws, machine, run_id)
        raise RunFailedError(why(outcome), _first(outcome.culprit.cause))
    present.done(f"{what} succeeded", outcome.seconds)
    if outcome.output.get("held"):
        _show_difference(aws, run_id)
    if what != GOVERNANCE:
        _show_published(outcome.output, run_id)
    tell_discovery(outcome)
    return outcome


def reads_source(machine: str) -> bool:
    """Return whether a machine reads the exported CSVs or generates data, instead of reading published tables."""
    return machine in (layout.BRONZE, PIPELINE)


def _show_difference(aws: Aws, run_id: str) -> None:
    """Print what a run that is held would change."""
    from cli.difference.printing import show
    from cli.difference.whole import Difference
    from lakehouse.lake.s3 import Lake
    from lakehouse.versions.opening import opened
    from lakehouse.versions.view import View

    lake = Lake(aws.bucket, aws.s3)
    now = View.of_version(lake)
    if now.number:
        show(Difference.of(now, View.of_run(lake, opened(lake, run_id))))


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
            ("anomalies", str(len(report["anomalies"]))),
        ]
    )
    _tell_warnings(report)
    present.say(f"governance report: {aws.uri(key)}")


def _tell_warnings(report: Mapping[str, Any]) -> None:
    """Warn of each column that looks personal and that no contract declares, and of what is not as in runs before."""
    for finding in report.get("findings", ()):
        present.warn(finding)
    odd = report.get("anomalies", ())
    for each in odd[:_SHOWN]:
        present.warn(each)
    if len(odd) > _SHOWN:
        present.warn(f"and {present.count(len(odd) - _SHOWN, 'more anomaly', 'more anomalies')}; the report has all")


def _show_tables(aws: Aws, run_id: str, tables: Sequence[summary.TableSummary]) -> None:
    if not any(asset.audited for asset in tables):
        return  # the run ended before its first audit: there is nothing to report but the cause
    summary.show(tables)
    for left_out in summary.left_out(tables):
        present.warn(left_out)
    if any(each.new_columns and summary.report(aws, layout.proposal_key(run_id, each.table)) for each in tables):
        present.say(f"the contracts' change for them: `./importau contracts proposed {run_id}`")
    for key in summary.set_aside(tables, run_id):
        present.say(f"rows set aside: {aws.uri(key)}")
    present.say(f"audit reports: {aws.uri(layout.quality_key(run_id, '<layer>'))}")


def _show_published(output: Mapping[str, Any], run_id: str) -> None:
    """Say which version a run published, or why it published none."""
    version = output.get("version")
    if output.get(_NOTHING_TO_DO):
        present.say(f"nothing to do: {output.get('why') or 'it is published already'}; --force runs it all the same")
    elif output.get("held"):
        present.say(
            f"it is not published yet: `./importau publish {run_id}` does that, and `./importau discard {run_id}` "
            "makes sure that it never is"
        )
    elif version:
        present.say(f"version {version} published")


def _first(cause: str) -> str:
    """Return the command to run first, where a run failed because its input was never published."""
    missing = _LACKING.search(cause)
    if missing is None:
        return ""
    if missing["layer"] is None:
        return "Run them, or all of it in turn: `./importau run`."
    return f"Run what it reads: `./importau run {missing['layer']}` ({_SCRIPTS[missing['layer']]})."
