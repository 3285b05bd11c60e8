"""What a vacuum may take: never what a kept version names, never what is young or at work; and in a safe order."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from lakehouse_tables import EVERY_TABLE

from lakehouse.contract.quality import AuditedFile
from lakehouse.lake import layout
from lakehouse.lake.s3 import Stored
from lakehouse.versions.retention import RUN_DAYS, Removal, kept_versions, removable, runs_of
from lakehouse.versions.version import Making, TableVersion, Version

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
RUNS = [f"run-{number}" for number in range(8)]


def table_of(name: str, run: str, parts: int, quarantined: bool) -> TableVersion:
    layer = layout.layer_of(name)
    files = tuple(AuditedFile(layout.run_key(name, run, part, parts), "e", 1, 1) for part in range(parts))
    aside = layout.quarantine_key(run, layer, name) if quarantined else None
    return TableVersion(
        name, run, files, 1, 0, aside, aside and "q", "1.0.0", "0", layout.quality_key(run, layer), "r", "c"
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Version]:
    """Versions one after the other, each of tables that runs wrote which may be older."""
    count = draw(st.integers(0, 6))
    ages = sorted(draw(st.lists(st.integers(0, 200), min_size=count, max_size=count)), reverse=True)
    versions = []
    for number, age in enumerate(ages, 1):
        names = draw(st.lists(st.sampled_from(EVERY_TABLE), max_size=4, unique=True))
        tables = {
            name: table_of(name, draw(st.sampled_from(RUNS)), draw(st.integers(1, 2)), draw(st.booleans()))
            for name in names
        }
        making = Making("pipeline", "x", (NOW - timedelta(days=age)).isoformat())
        run = draw(st.sampled_from(RUNS))
        versions.append(Version(number, number - 1, run, making, {}, (), tables))
    return versions


def everything_of(run: str, modified: datetime) -> list[Stored]:
    """Return all that a run may leave."""
    keys = [layout.opening_key(run), layout.decision_key(run), layout.governance_report_key(run)]
    keys += [layout.declared_event_key(run, "m.s.t"), layout.part_record_key(run, layout.GOLD, "write", 0, 2)]
    keys += [layout.quality_key(run, layer) for layer in layout.LAYERS]
    keys += [layout.quarantine_key(run, layout.layer_of(name), name) for name in EVERY_TABLE]
    keys += [
        layout.run_key(name, run, part, parts) for name in EVERY_TABLE for parts in (1, 2) for part in range(parts)
    ]
    return [Stored(key, "e", 10, modified) for key in keys]


def not_runs() -> list[Stored]:
    old = NOW - timedelta(days=900)
    keys = [layout.version_key(1), layout.landing_key(EVERY_TABLE[0]), layout.correction_key(EVERY_TABLE[0])]
    return [Stored(key, "e", 10, old) for key in [*keys, layout.PORTAL_KEY, layout.governance_table_key("linhagem")]]


@st.composite
def lakes(draw: st.DrawFn) -> tuple[list[Version], list[Stored]]:
    ages = {run: draw(st.integers(0, 40)) for run in RUNS}
    objects = [each for run, age in ages.items() for each in everything_of(run, NOW - timedelta(days=age, hours=1))]
    return draw(histories()), [*objects, *not_runs()]


def named_by(versions: Sequence[Version]) -> set[str]:
    found: set[str] = set()
    for version in versions:
        for table in version.tables.values():
            found |= {file.key for file in table.files} | {table.report}
            found |= {table.quarantine_key} if table.quarantine_key else set()
    return found


@given(lakes(), st.integers(1, 6), st.integers(0, 200), st.sets(st.sampled_from(RUNS)))
def test_nothing_that_a_kept_version_names_and_nothing_at_work_or_young_ever_goes(
    lake: Any, keep: int, days: int, in_use: set[str]
) -> None:
    versions, objects = lake
    kept = kept_versions(versions, NOW, keep, days)
    removal = removable(objects, kept, NOW, in_use)
    gone = {each.key for each in removal.objects}
    assert not gone & named_by(kept)
    assert not set(removal.runs) & (in_use | runs_of(kept))
    assert all(each.modified < NOW - timedelta(days=RUN_DAYS) for each in removal.objects)
    assert not gone & {each.key for each in not_runs()}


@given(lakes(), st.integers(1, 6), st.integers(0, 200))
def test_all_else_goes_and_a_second_vacuum_finds_nothing(lake: Any, keep: int, days: int) -> None:
    versions, objects = lake
    kept = kept_versions(versions, NOW, keep, days)
    removal = removable(objects, kept, NOW)
    gone = {each.key for each in removal.objects}
    left = [each for each in objects if each.key not in gone]
    old = {
        run for each in left
        if (run := layout.run_owning(each.key)) and each.modified < NOW - timedelta(days=RUN_DAYS)
    }  # fmt: skip
    assert old <= runs_of(kept)
    assert removable(left, kept, NOW).objects == ()
    assert removal.bytes == 10 * len(gone)


@given(histories(), st.integers(1, 6), st.integers(0, 200))
def test_the_last_versions_and_the_young_ones_are_kept(versions: list[Version], keep: int, days: int) -> None:
    kept = kept_versions(versions, NOW, keep, days)
    assert kept[-keep:] == versions[-min(keep, len(kept)) :] if versions else kept == []
    assert [each.number for each in kept] == sorted(each.number for each in kept)
    since = NOW - timedelta(days=days)
    assert {v.number for v in kept} >= {v.number for v in versions if datetime.fromisoformat(v.made.at) >= since}


@given(lakes())
def test_an_interruption_at_any_point_leaves_no_run_that_could_be_published(lake: Any) -> None:
    _, objects = lake
    removal = removable(objects, [], NOW)
    places = {each.key: place for place, each in enumerate(removal.objects)}
    for run in removal.runs:
        reports = [places[layout.quality_key(run, layer)] for layer in layout.LAYERS]
        files = [places[key] for key in places if layout.run_of_key(key) == run]
        assert max(reports) < min(files) <= max(files) < places[layout.decision_key(run)]


def test_one_young_object_keeps_its_whole_run() -> None:
    old, young = NOW - timedelta(days=300), NOW - timedelta(days=13)
    objects = [*everything_of("a", old), Stored(layout.decision_key("a"), "e", 1, young), *everything_of("b", old)]
    assert removable(objects, [], NOW).runs == ("b",)


def test_runs_that_somebody_went_back_to_meanwhile_are_left_out() -> None:
    old = NOW - timedelta(days=300)
    removal = removable([*everything_of("a", old), *everything_of("b", old)], [], NOW)
    assert removal.runs == ("a", "b")
    assert removal.without({"a"}).runs == ("b",)
    assert Removal(()).runs == ()
