"""`importau audit`: the published tables are compared with their contracts again; only a report is written."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from cli import options
from cli.errors import RunFailedError
from cli.running import machines, summary
from cli.running.execution import Outcome, follow
from cli.running.machines import AUDITS
from cli.running.progress import Progress, stop_command, why
from cli.session import Aws, connect
from cli.terminal import present
from lakehouse.lake import layout

if TYPE_CHECKING:
    from cli.contents.independent import Comparison


class Layer(StrEnum):
    """What can be audited."""

    bronze = layout.BRONZE
    silver = layout.SILVER
    gold = layout.GOLD
    forecast = layout.FORECAST


@dataclass(frozen=True)
class Audit:
    """One layer's audit.

    Attributes
    ----------
    layer, run_id : str
    outcome : Outcome
        A rule that fails ends it as FAILED, with the rule as its cause.
    report_key : str
    report : dict or None
        None when it ended before its verdict.
    """

    layer: str
    run_id: str
    outcome: Outcome
    report_key: str
    report: dict[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        """Return it for other programs."""
        return {
            "layer": self.layer,
            "run_id": self.run_id,
            "passed": self.outcome.succeeded,
            "cause": self.outcome.cause,
            "seconds": round(self.outcome.seconds, 3),
            "report_key": self.report_key if self.report else None,
            "version": self.report["version"] if self.report else None,
            "published_by": self.report["published_by"] if self.report else None,
            "tables": self.report["tables"] if self.report else [],
        }


def audit(  # noqa: PLR0913, PLR0917 - an argument an option
    layer: Annotated[Layer | None, typer.Argument(help="One layer; all three without it.")] = None,
    version: options.Version = None,
    independent: Annotated[
        bool,
        typer.Option("--independent", help="Have datacontract-cli execute the same rules, and compare the verdicts."),
    ] = False,
    as_json: options.Json = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Audit a version by the rules that let it be published; exit with 1 when one of them fails.

    By default it is the one that is the newest when the first layer is audited: all layers are of one version.

    With --independent the version is exported to a temporary folder, where datacontract-cli executes the SQL of the
    contracts; a rule that the two do not agree on ends it with 1 as well.
    """
    from cli.contents.opening import opened

    aws = connect(local, stack, region, profile, stage)
    layers: Sequence[str] = layout.LAYERS if layer is None else (layer.value,)
    number = opened(aws, version).number
    audits = [_performed(aws, each, number) for each in layers]
    comparison = _compared(aws, audits, number) if independent else None
    if as_json:
        told: Any = [each.as_json() for each in audits]
        if comparison is not None:
            told = {"audits": told, "independent": asdict(comparison)}
        present.out.print_json(json.dumps(told, ensure_ascii=False))
    else:
        _show(aws, audits)
        if comparison is not None:
            _show_comparison(comparison)
    failed = [_why(each) for each in audits if not each.outcome.succeeded]
    if len(failed) == 1:
        raise RunFailedError(failed[0])
    if failed:
        raise RunFailedError("\n  ".join([f"{len(failed)} of {len(audits)} audits failed:", *failed]))
    if comparison is not None and comparison.disagreed:
        raise RunFailedError(f"{comparison.disagreed} rules have another verdict by {comparison.program}")


def _performed(aws: Aws, layer: str, number: int) -> Audit:
    """Run the audit of a layer of a version to its end."""
    machine, run_id = AUDITS[layer], machines.new_run_id()
    arn = machines.start(aws, machine, {"version": number}, run_id)
    try:
        with present.activity(machine) as show:
            outcome = follow(aws, machine, arn, Progress(show).tell)
    except KeyboardInterrupt:
        present.warn(f"no longer following; the audit itself goes on. To stop it: {stop_command(aws, arn)}")
        raise
    key = layout.published_audit_key(run_id, layer)
    return Audit(layer, run_id, outcome, key, summary.report(aws, key))


def _compared(aws: Aws, audits: Sequence[Audit], number: int) -> "Comparison":
    """Export the version, with the books of these audits, and have its rules executed by datacontract-cli."""
    from cli.contents import checkable
    from cli.contents.download import download
    from cli.contents.independent import compared
    from cli.contents.opening import opened

    reports = [each.report for each in audits if each.report]
    parts = {name: table.parts for name, table in opened(aws, number).tables.items()}
    with TemporaryDirectory(prefix="importau-audit-") as folder:
        download(aws, Path(folder), number)
        checkable.write(Path(folder), reports)
        with present.activity("datacontract-cli"):
            return compared(Path(folder), reports, parts)


def _show_comparison(comparison: "Comparison") -> None:
    present.flow(present.out, str(comparison))
    for each in comparison.differences:
        there = f"{each.theirs} ({each.why})" if each.why else each.theirs
        present.flow(present.out, escape(f"  {each.table}.{each.rule}: {each.ours} by the audit, {there}"))


def _show(aws: Aws, audits: Sequence[Audit]) -> None:
    if any(each.report for each in audits):
        summary.show(
            [table for each in audits for table in summary.audited(each.layer, each.report, each.outcome.seconds)]
        )
    for each in audits:
        if each.report:
            by = each.report["published_by"]
            which = f"{each.layer} of version {each.report['version']}"
            present.say(f"{which}{f', published by run {by}' if by else ''}: {aws.uri(each.report_key)}")


def _why(failed: Audit) -> str:
    """Return why an audit failed: the rules, where there was a verdict; else in which state, and by what."""
    return failed.outcome.cause if failed.outcome.error == "AuditFailed" else why(failed.outcome)
