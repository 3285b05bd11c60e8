"""The versions of a lake follow one from the other; whatever somebody does to one of their objects is named."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lakehouse_tables import CASH_FLOW, EVERY_TABLE, FACT, TABLES

from cli.contents.history import Kept, problems
from lakehouse.contract.quality import AuditedFile
from lakehouse.versions.version import Making, TableVersion, Version

BEGAN = datetime(2026, 11, 23, tzinfo=UTC)
MAKING = Making("pipeline", "arn", BEGAN.isoformat())


def table(name: str, run: str) -> TableVersion:
    files = (AuditedFile(f"{name}/{run}", "etag", 10, 5),)
    return TableVersion(name, run, files, 5, 0, None, None, "1.0.0", "0" * 64, f"report of {run}", "etag", "code")


def history(steps: Sequence[str | int]) -> list[Kept]:
    """Return the versions that runs make, newest first: of the pipeline, of a layer, or back to a version."""
    made: list[Version] = []
    for number, step in enumerate(steps, 1):
        before = made[-1].tables if made else {}
        run, restores = f"r{number}", 0
        if isinstance(step, int):
            old = made[step % len(made)] if made else None
            tables, restores = (old.tables, old.restores or old.number) if old else ({}, 0)
        else:
            own = EVERY_TABLE if step == "pipeline" else TABLES[step]
            tables = {**before, **{name: table(name, run) for name in own}}
        made.append(Version(number, number - 1, run, MAKING, {}, (), tables, restores))
    return [Kept(each.number, BEGAN + timedelta(minutes=each.number), each) for each in reversed(made)]


steps = st.lists(st.sampled_from(["pipeline", *TABLES]) | st.integers(0, 9), min_size=1, max_size=8)


@given(steps, st.integers(0, 5))
def test_whatever_is_published_follows_also_where_the_oldest_versions_are_gone(given_steps, forgotten):
    made = history(given_steps)
    assert list(problems(made[: max(1, len(made) - forgotten)])) == []


@given(steps.filter(lambda its: len(its) > 2), st.data())
def test_versions_that_are_gone_are_named_and_nothing_else(given_steps, data):
    made = history(given_steps)
    first = data.draw(st.integers(1, len(made) - 2))
    last = data.draw(st.integers(first, len(made) - 2))
    rest = [*made[:first], *made[last + 1 :]]
    oldest, newest = made[last].number, made[first].number
    named = f"version {oldest} is gone" if oldest == newest else f"versions {oldest} to {newest} are gone"
    said = list(problems(rest))
    assert said[0].startswith(named)
    assert len(said) == 1


def test_a_number_that_somebody_made_up_is_told_at_once():
    (made,) = history(["pipeline"])
    assert made.version is not None
    far = replace(made.version, number=10**10 - 1, parent=10**10 - 2)
    said = list(problems([Kept(far.number, made.written, far), made]))
    assert said == [f"versions 2 to {10**10 - 2} are gone: their objects were deleted"]


CHANGES: dict[str, tuple[Callable[[Version], Version], str]] = {
    "number": (lambda version: replace(version, number=9), "says that it is version 9"),
    "parent": (lambda version: replace(version, parent=1), "says that it follows version 1"),
    "file": (
        lambda version: replace(version, tables=version.tables | {"cambio": table("cambio", "r9")}),
        "names files that are not its run's or version 2's: cambio",
    ),
    "table": (
        lambda version: replace(version, tables={n: t for n, t in version.tables.items() if n != CASH_FLOW}),
        f"names files that are not its run's or version 2's: {CASH_FLOW}",
    ),
    "restores": (lambda version: replace(version, restores=1), "names files that are not that of version 1"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_version_that_was_changed_is_named(name):
    change, said = CHANGES[name]
    newest, third, *older = history(["pipeline", "pipeline", "silver", "pipeline"])
    assert third.version is not None
    found = list(problems([newest, replace(third, version=change(third.version)), *older]))
    assert len(found) == 1
    assert found[0].startswith(f"version 3 {said}")


def test_a_version_that_cannot_be_read_or_was_written_again_is_named():
    newest, second, first = history(["pipeline", "silver", "gold"])
    again = replace(second, written=newest.written + timedelta(seconds=1))
    assert list(problems([newest, again, first])) == ["version 2 was written again after version 3"]
    broken = replace(second, version=None, problem="it is empty")
    assert list(problems([newest, broken, first])) == ["it is empty"]


def test_a_rollback_has_the_tables_that_it_says():
    newest, *older = history(["pipeline", "silver", 0])
    assert newest.version is not None
    other = replace(newest.version, tables=newest.version.tables | {FACT: table(FACT, newest.version.run)})
    assert list(problems([replace(newest, version=other), *older])) == [
        f"version 3 names files that are not that of version 1: {FACT}"
    ]
