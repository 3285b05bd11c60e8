"""The erasure, step by step: each can be interrupted, and the same command typed again goes on from what is there.

What was uploaded is written without the person; a run makes the tables from that, is compared with what is published,
and published only where nothing but the person's columns differs; then every version of every object goes that held the
person. Last everything is searched again: only where nothing is found is the erasure written down as done.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cli.contents import object_versions as objects
from cli.contents.object_versions import Identity
from cli.difference.whole import Difference
from cli.errors import CliError, UsageError
from cli.person import plan
from cli.person.columns import erasable
from cli.person.plan import Plan
from cli.person.search import Naming, Search, Searched
from cli.person.uploads import Uploads
from cli.running import machines
from cli.running.changing import change
from cli.session import Aws
from cli.terminal import present
from cli.versioning import executions, held, reading
from lakehouse.contract import layers
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain, erasure
from lakehouse.versions.erasure import Erasure
from lakehouse.versions.opening import opened
from lakehouse.versions.version import Version
from lakehouse.versions.view import View

# Somebody may upload, or publish, what holds the person while it is erased: what comes then is found the next time.
_ROUNDS = 2
_NAMED = 5


@dataclass(frozen=True)
class Erased:
    """What was erased.

    Attributes
    ----------
    erasure : Erasure
        As it is written down.
    changed : mapping of str to dict of str to int
        By table, the columns that the person was erased from, and in how many rows.
    searched : Searched
        The last search, which found nothing.
    """

    erasure: Erasure
    changed: dict[str, dict[str, int]]
    searched: Searched

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` has of it."""
        kept = self.erasure
        return {
            "erasure": kept.name, "begun": kept.begun, "ended": kept.ended, "by": kept.by, "run": kept.run or None,
            "version": kept.version or None, "rows": dict(kept.rows), "versions": dict(kept.versions),
            "object_versions_deleted": len(kept.objects), "changed": self.changed,
            "left": len(self.searched.found),
        }  # fmt: skip


def refuse_where_something_is_at_work(aws: Aws, lake: Lake) -> None:
    """Raise `UsageError` where a run is going on, or waits: it may hold what is erased, or publish it again.

    A run that an erasure left behind when it was interrupted is no obstacle.
    """
    busy = executions.running(aws)
    if busy:
        named = "; ".join(f"run {each.run} of {each.machine}" for each in busy[:_NAMED])
        raise UsageError(
            f"something is going on, and may read or publish what is to be erased: {named}",
            "Wait until it has ended (`./importau status`), then type the same again.",
        )
    own = {each.run for each in erasure.erasures(lake) if not each.is_whole}
    waiting = [each.run for each in held.waiting(lake) if each.run not in own]
    if waiting:
        raise UsageError(
            f"run {', '.join(waiting[:_NAMED])} waits, and may publish what is to be erased",
            f"Decide about it first: `./importau publish {waiting[0]}` or `./importau discard {waiting[0]}`.",
        )


def begun(aws: Aws, lake: Lake, searched: Searched, now: datetime | None = None) -> Erasure:
    """Write down that an erasure begins, or take up the one that was interrupted, and return it."""
    at = (now or datetime.now(UTC)).isoformat()
    unfinished = [each for each in erasure.erasures(lake) if not each.is_whole]
    waiting = {each.run for each in held.waiting(lake)} if unfinished else set()
    for each in unfinished:
        if each.run in waiting:
            change(aws, {"only": "discard", "run_id": each.run})
    if unfinished:
        return unfinished[0]
    by = str(aws.client("sts").get_caller_identity()["Arn"])
    found = Erasure(machines.new_run_id(now), by, at, rows=searched.rows)
    erasure.keep(lake, found)
    return found


@dataclass
class Erasing:
    """One erasure at work.

    Parameters
    ----------
    aws : Aws
    search : Search
    changed : dict
        See `Erased`.
    """

    aws: Aws
    search: Search
    changed: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def lake(self) -> Lake:
        """The lake."""
        return self.search.lake

    def erase(self, wanted: Plan, show: Callable[[str], None]) -> Erased:
        """Do what is planned.

        Raises
        ------
        CliError
            It was not done to its end; the message says what is, and what to do.
        """
        kept = begun(self.aws, self.lake, wanted.searched)
        searched = wanted.searched
        for _ in range(_ROUNDS):
            versions = reading.every(self.lake)
            newest = versions[-1] if versions else None
            kept = self._without_person(kept, searched, newest, show)
            searched, kept = self._deleted(kept, show)
            if not searched.found:
                kept = kept.with_progress(ended=datetime.now(UTC).isoformat())
                erasure.keep(self.lake, kept)
                return Erased(kept, self.changed, searched)
        keys = ", ".join(sorted({each.object.key for each in searched.found})[:_NAMED])
        raise CliError(
            f"it is not all gone: somebody uploaded or published it again meanwhile ({keys})",
            "Stop what writes there, then type the same again.",
        )

    def finish(self, show: Callable[[str], None]) -> list[Erasure]:
        """Delete what erasures that were interrupted had still to delete, and return those that are done now.

        One that had not come to know what it deletes needs the value that it was begun with.
        """
        done = []
        for each in erasure.erasures(self.lake):
            if not each.is_whole and each.objects:
                self._deleted(each, show)
                kept = each.with_progress(ended=datetime.now(UTC).isoformat())
                erasure.keep(self.lake, kept)
                done.append(kept)
        return done

    def _without_person(
        self, kept: Erasure, searched: Searched, newest: Version | None, show: Callable[[str], None]
    ) -> Erasure:
        """Make what is published, and what was uploaded, without the person."""
        there = objects.listed(self.lake)
        holding = frozenset(each.object for each in searched.found)
        needed = newest is not None and any(newest.number in each.versions for each in searched.found)
        if newest is not None and needed:
            show("writing the uploads without it")
            source = self._uploads(kept).source_without(newest, there, holding)
            kept = self._published(self._kept_again(kept), newest, source, show)
        # What is uploaded and no version was made from, or was made from it before the newest one.
        for each in objects.listed(self.lake):
            is_upload = each.kind in {objects.LANDING, objects.CORRECTIONS}
            if is_upload and each.is_newest and not each.is_mark and self.search.holds(each):
                self._uploads(kept).write_without(each)
        return self._kept_again(kept)

    def _uploads(self, kept: Erasure) -> Uploads:
        written = dict(kept.uploads)

        def note(key: str, etag: str) -> None:
            written[key] = etag
            erasure.keep(self.lake, kept.with_progress(uploads=written))

        return Uploads(self.search, written, note)

    def _kept_again(self, kept: Erasure) -> Erasure:
        """Return an erasure with the uploads that were noted since."""
        found = next((each for each in erasure.erasures(self.lake) if each.name == kept.name), kept)
        return kept.with_progress(uploads=found.uploads)

    def _published(
        self, kept: Erasure, newest: Version, source: dict[str, Any], show: Callable[[str], None]
    ) -> Erasure:
        """Make the tables from what was written, and publish them where only the person's columns differ."""
        run_id = machines.new_run_id()
        kept = kept.with_progress(run=run_id)
        erasure.keep(self.lake, kept)
        show("making the tables without it")
        change(self.aws, {"source": source, "force": True, "hold": True}, run_id=run_id, what="a run without it")
        show("comparing them with what is published")
        before = View(self.lake, newest, newest.tables)
        after = View.of_run(self.lake, opened(self.lake, run_id))
        difference = Difference.of(before, after)
        wrong = list(beyond(difference))
        if chain.newest_number(self.lake) != newest.number:
            wrong.append("another version was published meanwhile, which it would take the place of")
        if wrong:
            change(self.aws, {"only": "discard", "run_id": run_id})
            raise CliError(
                "\n  ".join(
                    ["a run without it would change more than what is to be erased, so nothing was published or "
                     "deleted:", *wrong[:_NAMED]]
                ),
                "Publish what is new first, and look at it: `./importau run --force`, `./importau diff`; then type the "
                "same again.",
            )  # fmt: skip
        self.changed = {each.table: dict(each.columns) for each in difference.changed}
        show("publishing them")
        change(self.aws, {"only": "publish", "run_id": run_id})
        made = chain.of_run(self.lake, run_id, newest.number)
        kept = kept.with_progress(version=made.number if made else 0)
        erasure.keep(self.lake, kept)
        return kept

    def _deleted(self, kept: Erasure, show: Callable[[str], None]) -> tuple[Searched, Erasure]:
        """Delete for good what holds the person, and return what is found afterwards."""
        refuse_where_something_is_at_work(self.aws, self.lake)
        versions = reading.every(self.lake)
        newest = versions[-1].number if versions else chain.NONE
        searched = self.search.run(versions, show)
        there = objects.listed(self.lake)
        _not_needed(searched, newest)
        wanted = plan.to_delete(searched, there)
        # What an attempt before this one was about to delete, and did not come to.
        naming, before = Naming(versions), {Identity(*each) for each in kept.objects}
        left = {each.identity for each in there if each.identity in before and newest not in naming.of(each)}
        wanted = tuple(dict.fromkeys([*wanted, *sorted(left)]))
        if wanted:
            rows = dict(kept.versions)
            for number, count in plan.rows_of(searched, newest).items():
                rows[number] = max(count, rows.get(number, 0))
            gone = tuple(dict.fromkeys([*kept.objects, *(tuple(each) for each in wanted)]))
            kept = kept.with_progress(objects=gone, versions=rows)
            # First it is written down, so that a version which lacks files says why at any moment.
            erasure.keep(self.lake, kept)
            show(f"deleting {present.count(len(wanted), 'object version')}")
            objects.delete(self.lake, wanted)
        return self.search.run(versions, show), kept


def beyond(difference: Difference) -> Sequence[str]:
    """Return what differs between two states of the lake besides columns that a person is erased from."""
    wrong = []
    for each in difference.changed:
        if each.added or each.removed:
            wrong.append(f"{each.table}: {each.added:,} rows more, {each.removed:,} fewer")
        others = [name for name in each.columns if name not in erasable(each.table)]
        if others:
            wrong.append(f"{each.table}: {', '.join(others)}")
        wrong += [f"{each.table}: the sum of {name}" for name, one in each.measures.items() if one.change]
    before, after = difference.before.tables, difference.after.tables
    for table in layers.all_tables():
        old, new = before.get(table), after.get(table)
        if old is None or new is None:
            wrong.append(f"{table} is not there on both sides")
        elif (old.rows_read, old.rows, old.quarantined, old.superseded) != (
            new.rows_read, new.rows, new.quarantined, new.superseded,
        ):  # fmt: skip
            wrong.append(f"{table}: how many rows were read, kept, set aside or superseded")
    return wrong


def _not_needed(searched: Searched, newest: int) -> None:
    """Raise `CliError` where the newest version still names something that holds the person."""
    needed = [each.object.key for each in searched.found if newest in each.versions]
    if needed:
        raise CliError(
            f"version {newest}, which was published meanwhile, has it again ({', '.join(needed[:_NAMED])}): nothing "
            "was deleted",
            "Type the same again.",
        )
