"""`importau audit`: the published tables are compared with their contracts again; only a report is written."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from cli import options
from cli.errors import RunFailedError
from cli.running import machines, summary
from cli.running.execution import Outcome, follow
from cli.running.machines import AUDITS
from cli.running.progress import Progress, stop_command, why
from cli.session import Aws, connect
from cli.terminal import present
from lakehouse.lake import layout


class Layer(StrEnum):
    """What can be audited."""

    bronze = layout.BRONZE
    silver = layout.SILVER
    gold = layout.GOLD


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
            "published_by": self.report["published_by"] if self.report else None,
            "tables": self.report["tables"] if self.report else [],
        }


def audit(
    layer: Annotated[Layer | None, typer.Argument(help="One layer; all three without it.")] = None,
    as_json: options.Json = False,
    local: options.Local = False,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Audit what is published now, by the rules that let it be published; exit with 1 when one of them fails."""
    aws = connect(local, stack, region, profile)
    layers: Sequence[str] = layout.LAYERS if layer is None else (layer.value,)
    audits = [_performed(aws, each) for each in layers]
    if as_json:
        present.out.print_json(json.dumps([each.as_json() for each in audits], ensure_ascii=False))
    else:
        _show(aws, audits)
    failed = [_why(each) for each in audits if not each.outcome.succeeded]
    if len(failed) == 1:
        raise RunFailedError(failed[0])
    if failed:
        raise RunFailedError("\n  ".join([f"{len(failed)} of {len(audits)} audits failed:", *failed]))


def _performed(aws: Aws, layer: str) -> Audit:
    """Run the audit of a layer to its end."""
    machine, run_id = AUDITS[layer], machines.new_run_id()
    arn = machines.start(aws, machine, {}, run_id)
    try:
        with present.activity(machine) as show:
            outcome = follow(aws, machine, arn, Progress(show).tell)
    except KeyboardInterrupt:
        present.warn(f"no longer following; the audit itself goes on. To stop it: {stop_command(aws, arn)}")
        raise
    key = layout.published_audit_key(run_id, layer)
    return Audit(layer, run_id, outcome, key, summary.report(aws, key))


def _show(aws: Aws, audits: Sequence[Audit]) -> None:
    if any(each.report for each in audits):
        summary.show(
            [table for each in audits for table in summary.audited(each.layer, each.report, each.outcome.seconds)]
        )
    for each in audits:
        if each.report:
            by = each.report["published_by"]
            present.say(f"{each.layer}{f', published by run {by}' if by else ''}: {aws.uri(each.report_key)}")


def _why(failed: Audit) -> str:
    """Return why an audit failed: the rules, where there was a verdict; else in which state, and by what."""
    return failed.outcome.cause if failed.outcome.error == "AuditFailed" else why(failed.outcome)
