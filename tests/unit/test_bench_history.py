"""The goals over time: a line for each commit, and a picture that anyone can read."""

import subprocess
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import chart, engines, history
from bench.goals import GOALS, goals
from bench.history import Record
from cli import ROOT
from cli.commands import bench as command

pytestmark = pytest.mark.once

SVG = "{http://www.w3.org/2000/svg}"
MACHINE = {"processor": "A processor", "cores": "2 of 2", "memory": "24 GiB", "Python": "3.13.0"}
RECORDS = st.builds(
    Record,
    st.sampled_from(["1111111", "2222222", "3333333+"]),
    st.just("2026-12-01"),
    st.sampled_from(["one machine", "another"]),
    st.dictionaries(st.sampled_from([goal.key for goal in GOALS]), st.floats(0.01, 1000)),
)


def measured(job=engines.SYNTHETIC, orders=1_000_000, wall=4.0):
    its = {"failure": "", "repetitions": 1, "wall": wall, "cpu": wall, "peak": 10**9}
    everyone = {engine.name: its for engine in engines.ENGINES if job in engine.does}
    return {
        "job": job, "orders": orders, "rows": 1, "when": "2026-12-01", "machine": MACHINE, "engines": everyone,
        "totals": {},
    }  # fmt: skip


def drawn(records):
    return ElementTree.fromstring(chart.chart(records))


def classes(picture, name):
    return [element for element in picture.iter() if element.get("class") == name]


def test_a_measurement_keeps_the_figures_of_the_goals_it_is_made_for_and_no_others():
    one, five = measured(engines.SILVER_GOLD), measured(engines.SILVER_GOLD, 5_000_000, wall=18.0)
    results = {"1": one, "2": five, "3": measured()}
    kept = history.record(results, five, "abcdef0")
    assert kept.figures == {"faster-5m": 1.0, "memory-5m": 1.0, "growth-5m": 4.5}
    assert (kept.commit, kept.when, kept.machine) == ("abcdef0", "2026-12-01", "A processor, 2 of 2 cores, 24 GiB")
    assert set(history.record(results, one, "abcdef0").figures) == {"faster-1m", "floor-1m", "memory-1m", "growth-5m"}


def test_a_commit_has_one_line_a_machine_and_what_is_measured_again_replaces_its_figure():
    first = Record("abcdef0", "2026-12-01", "one", {"memory-5m": 0.5, "synthetic-1m": 3.0})
    again = Record("abcdef0", "2026-12-02", "one", {"synthetic-1m": 2.0})
    elsewhere = Record("abcdef0", "2026-12-02", "another", {"synthetic-1m": 9.0})
    kept = history.added(history.added((first,), again), elsewhere)
    assert kept == (Record("abcdef0", "2026-12-02", "one", {"memory-5m": 0.5, "synthetic-1m": 2.0}), elsewhere)
    assert history.added(kept, Record("1234567", "2026-12-03", "one", {})) == kept  # no goal was measured


@given(st.lists(RECORDS, max_size=12))
def test_the_history_never_forgets_another_commits_figures_and_is_read_as_it_was_written(tmp_path_factory, records):
    path = tmp_path_factory.mktemp("history") / "history.jsonl"
    kept = ()
    for record in records:
        before, kept = kept, history.added(kept, record)
        lines = {(each.commit, each.machine): each.figures for each in kept}
        assert len(lines) == len(kept)
        assert all(
            old.figures.items() <= lines[old.commit, old.machine].items()
            for old in before
            if (old.commit, old.machine) != (record.commit, record.machine)
        )
    history.save(kept, path)
    assert history.load(path) == kept
    assert path.read_text("utf-8").count("\n") == len(kept)


def test_a_commit_is_told_from_code_that_differs_from_it_but_not_from_pages_that_do(tmp_path):
    def git(*arguments):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *arguments], cwd=tmp_path, check=True
        )

    assert history.measured_commit(tmp_path) is None
    for name in ("code.py", "docs/page.md", "bench/history.jsonl", "bench/results.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1\n", "utf-8")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    commit = history.measured_commit(tmp_path)
    assert len(commit) == 7
    for name in ("docs/page.md", "bench/history.jsonl", "bench/results.json"):
        (tmp_path / name).write_text("2\n", "utf-8")
    assert history.measured_commit(tmp_path) == commit
    (tmp_path / "code.py").write_text("2\n", "utf-8")
    assert history.measured_commit(tmp_path) == f"{commit}+"


@given(st.lists(RECORDS, max_size=12))
def test_the_picture_has_a_panel_a_goal_and_a_mark_a_figure_within_its_frame(records):
    picture = drawn(records)
    assert len(classes(picture, "limit")) == len(GOALS) + 1  # the legend has one
    met, missed = (len(classes(picture, name)) - 1 for name in ("met", "missed"))
    by_key = {goal.key: goal for goal in GOALS}
    verdicts = [by_key[key].met(figure) for record in records for key, figure in record.figures.items()]
    assert (met, missed) == (verdicts.count(True), verdicts.count(False))
    assert all(30 <= float(dot.get("cy")) <= 130 for dot in classes(picture, "met")[1:])
    assert chart.chart(records) == chart.chart(list(records))


def test_the_picture_says_in_words_what_it_shows():
    records = [
        Record("1111111", "2026-12-01", "one", {"synthetic-1m": 12.0}),
        Record("2222222", "2026-12-02", "one", {"synthetic-1m": 3.0}),
        Record("2222222", "2026-12-02", "another", {"synthetic-1m": 5.0}),
    ]
    picture = drawn(records)
    named = {element.get("id"): element.text for element in picture if element.get("id")}
    assert picture.get("aria-labelledby").split() == list(named) == ["title", "desc"]
    assert "13 panels" in named["desc"]
    labels = [panel.get("aria-label") for panel in picture.iter(f"{SVG}g") if panel.get("aria-label")]
    assert labels[-1] == (
        "1 million orders, synthetic: generated within 10 s: 1111111 12.0 s; 2222222 3.0 s; 2222222 5.0 s"
    )
    assert labels[0].endswith(": not measured")
    assert len(classes(picture, "line")) == 1  # not between machines
    assert "prefers-color-scheme: dark" in chart.chart(records)


def test_the_history_kept_is_of_commits_and_goals_that_there_are():
    records = history.load()
    assert len({(record.commit, record.machine) for record in records}) == len(records)
    assert {key for record in records for key in record.figures} <= {goal.key for goal in GOALS}
    assert len({goal.key for goal in GOALS}) == len(GOALS)


def test_what_is_measured_is_kept_whether_it_meets_its_goal_or_not(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(command, "ROOT", tmp_path)
    (tmp_path / "bench").mkdir()
    (tmp_path / "docs/images").mkdir(parents=True)
    (tmp_path / "bench/notes.md").write_text("## Notes\n", "utf-8")
    monkeypatch.setattr("bench.history.measured_commit", lambda root: "abcdef0")
    command._keep(measured(wall=12.0))
    command._keep(measured(engines.BRONZE, 5_000_000))
    (kept,) = history.load(tmp_path / "bench/history.jsonl")
    assert kept.figures == {"synthetic-1m": 12.0, "bronze-memory-5m": 1.0}
    page = (tmp_path / "docs/performance.md").read_text("utf-8")
    assert "| 12.0 s | **not met** |" in page
    assert "images/performance-goals.svg" in page
    assert drawn([kept]).attrib == ElementTree.parse(tmp_path / "docs/images/performance-goals.svg").getroot().attrib
    monkeypatch.setattr("bench.history.measured_commit", lambda root: None)
    command._keep(measured(wall=3.0))
    assert history.load(tmp_path / "bench/history.jsonl") == (kept,)
    assert "the history was not kept: this folder is no checkout of git" in capsys.readouterr().err


def test_the_newest_figures_of_the_history_are_those_of_the_results():
    from bench import results

    newest = {}
    for record in history.load(ROOT / "bench/history.jsonl"):
        newest |= record.figures
    told = {verdict.goal.key: verdict for verdict in goals(results.load()) if verdict.figure is not None}
    assert {key: told[key].goal.written(newest[key]) for key in told} == {
        key: verdict.measured for key, verdict in told.items()
    }
