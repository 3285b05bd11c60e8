"""`importau vacuum`: deletes what no version within the retention needs."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from cli import options
from cli.session import connect
from cli.terminal import present
from cli.terminal.language import translated
from cli.versioning.agreeing import agreed, agreeing

if TYPE_CHECKING:
    from cli.versioning.vacuuming import Plan
    from lakehouse.lake.retention import Retention

_SHOWN = 10
_KEEP, _DAYS = 10, 90


def vacuum(  # noqa: PLR0913, PLR0917 - an argument an option
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep", metavar="N", parser=options.whole("--keep", 1),
            help=f"The last N versions stay; the stack's VersionsKept by default ({_KEEP}).",
        ),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(
            "--days", metavar="D", parser=options.whole("--days", 0, 36_500),
            help=f"The versions of the last D days stay; the stack's VersionRetentionDays by default ({_DAYS}).",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Without asking.")] = False,
    as_json: options.Json = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:  # fmt: skip
    """Delete the files, reports and lineage of runs that no kept version names, and that are older than 14 days.

    Also what may be personal and is kept longer than the stack's parameters say: rows set aside, reports, replaced
    uploads, answers to queries, older versions of objects. It prints what goes, and asks. Versions themselves stay as
    records; to those whose files are gone nobody goes back.
    """
    from cli.contents.keeping import retention_of
    from cli.versioning import reading, vacuuming

    who = agreeing(yes, "delete it")
    aws = connect(local, stack, region, profile, stage)
    lake = reading.lake_of(aws)
    with present.activity("looking for what may go"):
        retention = retention_of(aws)
        plan = vacuuming.planned(
            aws, lake, retention.kept if keep is None else keep, retention.versions if days is None else days,
            retention=retention,
        )  # fmt: skip
    if not as_json:
        _show(plan, retention)
    deleted = dropped = 0
    if plan.objects:
        agreed(who, translated("Delete {count} objects? (y/n)", count=plan.objects))
        with present.step("vacuum") as show:
            deleted = len(vacuuming.vacuum(lake, plan, show).objects)
            dropped = vacuuming.drop(lake, plan)
    if as_json:
        content = plan.as_json() | {"deleted": deleted, "dropped": dropped}
        present.out.print_json(json.dumps(content, ensure_ascii=False))
    elif plan.objects:
        kept = f"for {retention.deleted:,} days more" if retention.deleted else "for ever"
        present.done(f"{present.count(deleted + dropped, 'object')} deleted; a bucket that keeps old versions of "
                     f"objects keeps what was not old yet {kept}")  # fmt: skip


def _show(plan: "Plan", retention: "Retention") -> None:
    removal = plan.removal
    kept = f"{len(plan.kept):,} of {plan.newest:,} versions are kept"
    if plan.may_not_list:
        present.warn(
            "you may not list versions of objects (s3:ListBucketVersions): what S3 keeps too long of replaced and "
            "deleted objects is not looked at"
        )
    if not plan.objects:
        present.say(f"there is nothing to delete: {kept}, and no older run is left")
        return
    if plan.expired.objects:
        present.say(
            f"kept too long: {present.count(len(plan.expired.objects), 'file')} of rows set aside after "
            f"{retention.quarantine:,} days or reports after {retention.reports:,} days"
        )
    if plan.replaced:
        present.say(
            f"kept too long: {present.count(len(plan.replaced), 'object version')}, replaced or deleted more than "
            f"{retention.deleted:,} days ago (uploads: {retention.landing:,}), or answers to queries older than 14 days"
        )
    if not removal.objects:
        return
    runs = removal.runs
    present.say(
        f"to be deleted: {present.count(len(removal.objects), 'object')} ({present.size(removal.bytes)}) of "
        f"{present.count(len(runs), 'run')}; {kept}"
    )
    for run in runs[:_SHOWN]:
        present.say(f"  run {run}")
    if len(runs) > _SHOWN:
        present.say(f"  and {len(runs) - _SHOWN:,} more")
    if plan.dropped:
        numbers = ", ".join(map(str, plan.dropped[-_SHOWN:]))
        more = f" and {len(plan.dropped) - _SHOWN:,} earlier ones" if len(plan.dropped) > _SHOWN else ""
        present.warn(f"nobody can go back to version {numbers}{more} afterwards")
