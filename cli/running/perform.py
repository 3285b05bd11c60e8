"""A run from its data to its end: upload, start, following it, and the summary."""

import re
from collections.abc import Sequence
from typing import Final

from cli.errors import RunFailedError
from cli.running import machines, source, summary
from cli.running.execution import Outcome, follow
from cli.running.machines import GOVERNANCE, PIPELINE
from cli.running.progress import Progress, stop_command, why
from cli.running.upload import upload
from cli.session import Aws
from cli.terminal import present
from lakehouse.lake import layout

# The error of a Lambda whose input was never published.
_LACKING: Final = re.compile(r"; run (?:(?P<layer>bronze|silver|gold)|those layers) first")
_SCRIPTS: Final = {
    layout.BRONZE: "scripts/05-run-bronze.sh",
    layout.SILVER: "scripts/06-run-silver.sh",
    layout.GOLD: "scripts/07-run-gold.sh",
}


def perform(aws: Aws, what: str, data: source.Source, *, of_demo: bool = False) -> Outcome:
    """Upload, run, follow, and print the table of results.

    Parameters
    ----------
    aws : Aws
    what : str
        One of `machines.MACHINES`, or `machines.GOVERNANCE`.
    data : Source
        It is complete: no file is missing.
    of_demo : bool
        Whether a demo runs it: then it ends with this command, and its name shows that.

    Raises
    ------
    RunFailedError
        The execution did not succeed; the message says why.
    """
    if isinstance(data, source.CsvFolder):
        upload(aws, data.path)
    run_id = machines.new_run_id(of_demo=of_demo)
    machine = PIPELINE if what == GOVERNANCE else what
    execution_input = {"only": GOVERNANCE} if what == GOVERNANCE else {"source": source.message(data)}
    arn = machines.start(aws, machine, execution_input, run_id)
    present.say(f"run {run_id} of {what}" + (f", from {source.describe(data)}" if reads_source(what) else ""))
    try:
        with present.activity(what) as show:
            outcome = follow(aws, machine, arn, Progress(show).tell)
    except KeyboardInterrupt:
        if not of_demo:
            present.warn(f"no longer following; the run itself goes on. To stop it: {stop_command(aws, arn)}")
        raise
    if what == GOVERNANCE:
        _show_governed(aws, run_id)
    else:
        layers: Sequence[str] = layout.LAYERS if what == PIPELINE else (what,)
        _show_tables(aws, run_id, summary.tables(aws, run_id, layers, outcome.layer_seconds))
    if not outcome.succeeded:
        raise RunFailedError(why(outcome), _first(outcome.culprit.cause))
    present.done(f"{what} succeeded", outcome.seconds)
    return outcome


def reads_source(machine: str) -> bool:
    """Return whether a machine reads the exported CSVs or generates data, instead of reading published tables."""
    return machine in (layout.BRONZE, PIPELINE)


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


def _show_tables(aws: Aws, run_id: str, tables: Sequence[summary.TableSummary]) -> None:
    if not any(asset.audited for asset in tables):
        return  # the run ended before its first audit: there is nothing to report but the cause
    summary.show(tables)
    for key in summary.set_aside(tables, run_id):
        present.say(f"rows set aside: {aws.uri(key)}")
    present.say(f"audit reports: {aws.uri(layout.quality_key(run_id, '<layer>'))}")


def _first(cause: str) -> str:
    """Return the command to run first, where a run failed because its input was never published."""
    missing = _LACKING.search(cause)
    if missing is None:
        return ""
    if missing["layer"] is None:
        return "Run them, or all of it in turn: `./importau run`."
    return f"Run what it reads: `./importau run {missing['layer']}` ({_SCRIPTS[missing['layer']]})."
