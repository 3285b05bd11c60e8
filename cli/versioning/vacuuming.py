"""Vacuum: what no kept version needs is found, and deleted in batches."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.contents import object_versions
from cli.contents.object_versions import ObjectVersion
from cli.errors import DENIED, CliError
from cli.session import Aws
from cli.terminal import present
from cli.versioning import executions, held
from cli.versioning.reading import every, read
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.retention import WORK_DAYS, Retention, days_after_replacement
from lakehouse.lake.s3 import Lake, Stored
from lakehouse.versions import chain
from lakehouse.versions.opening import read_opening
from lakehouse.versions.retention import Removal, expired, kept_versions, removable, runs_of
from lakehouse.versions.version import Version

# The most that S3 deletes at a time.
BATCH: Final = 1000
_SAID: Final = 5
_AT_ONCE: Final = 16
_NOTHING: Final = Removal(())
_DEFAULT: Final = Retention()


@dataclass(frozen=True)
class Plan:
    """What a vacuum would delete.

    Attributes
    ----------
    removal : Removal
    kept : tuple of int
        The versions whose files stay.
    dropped : tuple of int
        The versions that some of the files are of: nobody can go back to them afterwards.
    newest : int
        The number of the newest version at the time.
    expired : Removal
        Rows set aside and reports that are kept too long, although a version names them: it stays whole without.
    replaced : tuple of ObjectVersion
        Older versions of objects, and answers to queries, that S3 keeps too long: they go for good.
    may_not_list : bool
        Whether the identity in use may not list versions of objects, so that it is not known what S3 keeps too long.
    """

    removal: Removal
    kept: tuple[int, ...]
    dropped: tuple[int, ...]
    newest: int
    expired: Removal = _NOTHING
    replaced: tuple[ObjectVersion, ...] = ()
    may_not_list: bool = False

    @property
    def objects(self) -> int:
        """How much goes."""
        return len(self.removal.objects) + len(self.expired.objects) + len(self.replaced)

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` has of it."""
        return {
            "runs": list(self.removal.runs), "objects": len(self.removal.objects), "bytes": self.removal.bytes,
            "expired": len(self.expired.objects), "replaced": len(self.replaced),
            "kept_versions": list(self.kept), "dropped_versions": list(self.dropped),
        }  # fmt: skip


def planned(
    aws: Aws, lake: Lake, keep: int, days: int, now: datetime | None = None, retention: Retention = _DEFAULT
) -> Plan:
    """Return what may be deleted now; nothing is.

    Parameters
    ----------
    aws : Aws
    lake : Lake
    keep, days : int
        The last ``keep`` versions stay, and those of the last ``days`` days.
    now : datetime, optional
    retention : Retention
        How long all else stays.

    Raises
    ------
    CliError
        A version is missing, so that it is not known what it names.
    """
    at = now or datetime.now(UTC)
    # First what is at work, then the versions: a run that ends in between is in one of them.
    at_work = executions.running(aws)
    wanted = {int(given.get("version") or 0) for given in executions.inputs(aws, at_work)}
    busy = {each.run for each in at_work}
    wanted |= {base for run in busy if (base := _base(lake, run))}
    versions = every(lake)
    kept = kept_versions(versions, at, keep, days)
    kept += [version for version in versions if version.number in wanted and version not in kept]
    there = list(_objects(lake))
    removal = removable(there, kept, at, busy)
    removal = removal.but(_governed(lake, removal, kept))
    going = {each.key for each in removal.objects}
    old = expired(there, versions[-1] if versions else None, at, retention, _held(lake, busy, at))
    old_too = Removal(tuple(each for each in old if each.key not in going))
    old_too = old_too.but(_governed(lake, old_too, versions[-1:]))
    gone = {each.key for each in removal.objects}
    dropped = [
        version.number
        for version in versions
        if any(file.key in gone for table in version.tables.values() for file in table.files)
    ]
    numbers = sorted(version.number for version in kept)
    newest = versions[-1].number if versions else chain.NONE
    return Plan(removal, tuple(numbers), tuple(dropped), newest, old_too, *_replaced(lake, at, retention))


def _held(lake: Lake, busy: set[str], now: datetime) -> set[str]:
    """Return the runs that are at work, or wait."""
    return busy | {each.run for each in held.waiting(lake, now)}


def _replaced(lake: Lake, now: datetime, retention: Retention) -> tuple[tuple[ObjectVersion, ...], bool]:
    """Return what S3 keeps too long of what was replaced, deleted or only used; and whether that may not be listed."""
    try:
        there = object_versions.listed(lake)
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIED:
            raise
        return (), True
    return tuple(each for each in there if _is_too_old(each, now, retention)), False


def _is_too_old(each: ObjectVersion, now: datetime, retention: Retention) -> bool:
    if each.is_newest and not each.is_mark:
        # What runs need while they work goes with them (`removable`); answers to queries are nobody's.
        return each.key.startswith(layout.ATHENA_PREFIX) and each.modified < now - timedelta(days=WORK_DAYS)
    days = days_after_replacement(each.key, retention)
    since = each.replaced or each.modified
    return bool(days) and not each.is_mark and since < now - timedelta(days=days)


def vacuum(lake: Lake, plan: Plan, show: Callable[[str], None]) -> Removal:
    """Delete what was planned, and return what was deleted.

    What versions name that were made since stays: somebody may have gone back to one of the old ones.

    Raises
    ------
    CliError
        S3 did not delete some of it; the message names the first few.
    """
    left, known, deleted = plan.removal, plan.newest, 0
    gone: list[Stored] = []
    while deleted < len(left.objects):
        newer = read(lake, chain.numbers(lake, known))
        if newer:
            known = newer[-1].number
            left, deleted = Removal(left.objects[deleted:]).without(runs_of(newer)), 0
            continue
        batch = left.objects[deleted : deleted + BATCH]
        keys: Any = [{"Key": each.key} for each in batch]
        answer = lake.client.delete_objects(Bucket=lake.bucket, Delete={"Objects": keys, "Quiet": True})
        _all_deleted(lake, answer.get("Errors", ()), len(gone) + len(batch))
        deleted += len(batch)
        gone += batch
        show(f"{present.count(len(gone), 'object')} deleted")
    return Removal(tuple(gone))


def drop(lake: Lake, plan: Plan) -> int:
    """Delete what is kept too long by whatever names it, and for good what S3 keeps too long; return how much.

    Raises
    ------
    CliError
        S3 did not delete some of it; the message names the first few.
    """
    for start in range(0, len(plan.expired.objects), BATCH):
        batch = plan.expired.objects[start : start + BATCH]
        keys: Any = [{"Key": each.key} for each in batch]
        answer = lake.client.delete_objects(Bucket=lake.bucket, Delete={"Objects": keys, "Quiet": True})
        _all_deleted(lake, answer.get("Errors", ()), len(batch))
    object_versions.delete(lake, [each.identity for each in plan.replaced])
    return len(plan.expired.objects) + len(plan.replaced)


def _all_deleted(lake: Lake, errors: Iterable[Any], tried: int) -> None:
    kept = [f"{error['Key']}: {error.get('Message') or error.get('Code', '')}" for error in errors]
    if kept:
        more = f"\n  and {len(kept) - _SAID} more" if len(kept) > _SAID else ""
        raise CliError(
            f"of {present.count(tried, 'object')} of s3://{lake.bucket} {len(kept):,} could not be deleted:"
            + "".join(f"\n  {each}" for each in kept[:_SAID])
            + more,
            "Mend the cause and try again; what is deleted stays deleted, and every kept version is whole.",
        )


def _objects(lake: Lake) -> Iterable[Stored]:
    for prefix in layout.OF_RUNS:
        yield from lake.objects(prefix)


def _governed(lake: Lake, removal: Removal, kept: Sequence[Version]) -> set[str]:
    """Return the governance reports on kept versions, whose layers were run and governed one by one: `verify` asks."""
    reports = [each.key for each in removal.objects if each.key.startswith(layout.governance_report_prefix())]
    runs = [version.runs for version in kept]
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        contents = threads.map(lake.read_json, reports)
        return {key for key, report in zip(reports, contents, strict=True) if report.get("runs") in runs}


def _base(lake: Lake, run: str) -> int:
    """Return the version that a run at work is made on; 0 where it is not opened yet, and so reads the newest one."""
    try:
        return read_opening(lake, run).base
    except StorageError:
        return chain.NONE
