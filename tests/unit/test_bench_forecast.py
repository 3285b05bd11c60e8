"""Who measures the forecast: known processes, goals that can be missed, and the page between its marks."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from bench.forecasting import companies, evidence, forecasts, histories, page, risks
from cli.commands import bench
from cli.main import app


def peer(module, *arguments):
    """Stand in for statsforecast: it says what came a year before."""
    if module == "bench.forecasting.peers":
        history = np.load(arguments[0])
        np.savez(arguments[1], **dict.fromkeys(forecasts.PEERS, history[:, -12:-6]))
    else:
        json.loads(arguments[0].read_text("utf-8"))
        (arguments[1] / "drawn.svg").write_text("<svg/>", "utf-8")


@pytest.fixture(scope="module")
def measured():
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence, "_run", peer)
        measured = evidence.measured(2, told.append)
    assert told == ["statsforecast", "forecasts", "currencies"]
    return measured


def test_a_company_is_the_same_whenever_it_is_drawn():
    one, again, other = companies.company(3), companies.company(3), companies.company(4)
    assert [series.kind for series in one] == list(companies.KINDS)
    for its, same, another in zip(one, again, other, strict=True):
        assert np.array_equal(its.history, same.history)
        assert np.array_equal(its.futures, same.futures)
        assert not np.array_equal(its.history, another.history)


def test_a_company_is_what_its_kinds_say():
    by_kind = {series.kind: series for series in companies.company(1)}
    assert (by_kind["intermittent"].history == 0).any()
    assert all((series.history > 0).all() for kind, series in by_kind.items() if kind != "intermittent")
    assert all(series.futures.shape == (companies.FUTURES, companies.AHEAD) for series in by_kind.values())


@pytest.mark.parametrize("kind", histories.KINDS)
def test_histories_have_the_deviation_they_say(kind):
    drawn = [histories.history(seed, kind) for seed in range(10)]
    spreads = [its.futures.std() for its in drawn]
    assert np.mean(spreads) == pytest.approx(histories.DEVIATION, rel=0.35)
    assert all((len(its.dates) == histories.DAYS + 1) == (kind != "gaps") for its in drawn)
    assert all(len(its.dates) == len(its.rates) for its in drawn)


def test_what_is_measured_of_a_perfect_peer_is_its_error(measured):
    mase = measured["forecast"]["mase"]
    assert mase["AutoETS"]["all"] == mase["SAZONAL"]["all"]
    assert mase["SAZONAL"]["beats"] == 0
    assert mase[forecasts.ORACLE]["all"] < mase[forecasts.OURS]["all"]
    coverage = measured["forecast"]["coverage"]
    assert np.mean(coverage["horizons"]) == pytest.approx(coverage["all"])
    assert np.mean(list(coverage["kinds"].values())) == pytest.approx(coverage["all"])
    assert all(sum(its.values()) == 2 for its in measured["forecast"]["methods"].values())


def test_the_risk_of_each_kind_is_measured_in_two_ways(measured):
    for its in measured["risk"].values():
        assert its["histories"] == 2
        for way in ("historical", "ewma"):
            assert 0 <= its[way]["passed"] <= 2
            assert len(its[way]["rates"]) == 2
            assert 0 < its[way]["beyond"] < 0.5


def test_a_history_too_short_to_test_is_refused():
    its = histories.history(1, "normal")
    short = histories.History(its.dates[-200:], its.rates[-200:], its.futures)
    with pytest.raises(AssertionError, match="too short"):
        risks.said(short)


def test_goals_can_be_missed(measured):
    spoiled = json.loads(json.dumps(measured))
    spoiled["forecast"]["coverage"] |= {"all": 0.87, "horizons": [0.9, 0.84]}
    spoiled["forecast"]["mase"][forecasts.OURS] |= {"all": 9.0, "beats": 0.79}
    spoiled["risk"]["t4"]["historical"]["passed"] = 1
    assert [goal.met for goal in evidence.goals(spoiled)] == [False] * 5
    spoiled["forecast"]["coverage"] |= {"all": 0.92, "horizons": [0.85, 0.95]}
    spoiled["forecast"]["mase"][forecasts.OURS] |= {"all": spoiled["forecast"]["mase"]["AutoETS"]["all"], "beats": 0.8}
    for kind in histories.INDEPENDENT:
        spoiled["risk"][kind]["historical"]["passed"] = 2
    assert [goal.met for goal in evidence.goals(spoiled)] == [True] * 5


def test_only_what_stands_between_the_marks_is_written(measured):
    before = f"# Page\n\n{page.BEGIN}\nold\n{page.END}\n\nby hand \\1\n"
    after = page.rewritten(before, measured)
    assert after.startswith("# Page\n\n")
    assert after.endswith(f"{page.END}\n\nby hand \\1\n")
    assert "old" not in after
    assert page.rewritten(after, measured) == after
    with pytest.raises(ValueError, match="there is no"):
        page.rewritten("# Page", measured)


def test_the_page_has_every_kind_and_way(measured):
    section = page.section(measured)
    for word in (*companies.KINDS, *histories.KINDS, *forecasts.PEERS, "**forecast.outlook**", "EWMA", "historical"):
        assert word in section
    assert section.count("images/forecast-") == 4


def test_the_command_prints_goals_and_writes_the_page(measured, monkeypatch, tmp_path):
    written = tmp_path / "forecast.md"
    written.write_text(f"{page.BEGIN}\n{page.END}\n", "utf-8")
    monkeypatch.setattr(evidence, "measured", lambda number, show: measured)
    monkeypatch.setattr(evidence, "_run", peer)
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    monkeypatch.setattr(bench, "_FORECAST_PAGE", written)
    (tmp_path / "docs/images").mkdir(parents=True)
    result = CliRunner().invoke(app, ["bench", "forecast", "--number", "2", "--write"])
    assert result.exit_code == 0, result.output
    assert "MASE within 5 %" in " ".join(result.stdout.split())
    assert "### Value at risk" in written.read_text("utf-8")
    assert (tmp_path / "docs/images/drawn.svg").exists()


def test_a_peer_that_fails_is_one_message(monkeypatch):
    def failed(*_):
        raise evidence.PeerError("No module named 'statsforecast'")

    monkeypatch.setattr(evidence, "_run", failed)
    result = CliRunner().invoke(app, ["bench", "forecast", "--number", "1"])
    assert result.exit_code == 1
    assert "No module named 'statsforecast'" in result.stderr
    assert "Traceback" not in result.stderr


def test_what_runs_in_the_other_environment_says_why_it_failed(monkeypatch, tmp_path):
    import sys
    from pathlib import Path

    monkeypatch.setattr(evidence, "_PYTHON", Path(sys.executable))
    with pytest.raises(evidence.PeerError, match="nothing_such"):
        evidence._run("bench.forecasting.nothing_such", tmp_path)
