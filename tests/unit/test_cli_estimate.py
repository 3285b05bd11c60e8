"""What a run will cost is said before it starts; what would cost more than it may does not start."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from lakehouse_tables import EXPORTED, PARTED
from small_lake import account, deploy, published, put
from typer.testing import CliRunner, Result

from cli.commands import run as running
from cli.main import app
from cli.planning.account import Account
from cli.running import source
from cli.running.estimate import A_FEW_CENTS, estimate, orders_of
from cli.session import Aws
from lakehouse.lake import layout
from lakehouse.orchestration import costs
from lakehouse.part_size import BYTES_AN_ORDER


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with account(monkeypatch) as found:
        deploy(found)
        yield found


@pytest.fixture
def started(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand in for a run: note what is started."""
    done: list[str] = []
    monkeypatch.setattr(running, "perform", lambda _, what, *__: done.append(what))
    monkeypatch.setattr(running, "connect", lambda *_: aws)
    return done


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["run", *arguments])


def test_what_costs_more_than_it_may_does_not_start(started: list[str]) -> None:
    done = run("--orders", "100000000", "--max-usd", "0.5")
    assert done.exit_code == 1
    assert started == []
    assert "nothing was uploaded, and nothing started" in " ".join(done.stderr.split())
    assert "--max-usd allows 0.5" in " ".join(done.stderr.split())


def test_what_costs_no_more_starts_and_the_estimate_is_said_first(started: list[str]) -> None:
    done = run("--orders", "1000", "--max-usd", "1")
    assert done.exit_code == 0, done.stderr
    assert started == ["pipeline"]
    assert "estimate: 0." in done.stderr
    assert "where no crawler runs" in " ".join(done.stderr.split())


@pytest.mark.parametrize("amount", ["much", "-1", "NaN", "Infinity", ""])
def test_what_is_no_amount_is_refused_before_anything_is_asked(started: list[str], amount: str) -> None:
    done = run("--orders", "1000", f"--max-usd={amount}")
    assert done.exit_code == 2
    assert started == []
    assert "--max-usd" in done.stderr


def test_nothing_at_all_may_be_allowed(started: list[str]) -> None:
    assert run("--orders", "1", "--max-usd", "0").exit_code == 1
    assert started == []


def test_a_layer_runs_no_crawler_and_costs_too_little_to_be_said(started: list[str]) -> None:
    done = run("bronze", "--orders", "1000")
    assert done.exit_code == 0, done.stderr
    assert started == ["bronze"]
    assert "estimate" not in done.stderr
    told = run("bronze", "--orders", "1000", "--plan")
    assert "estimate: < 0.001 USD" in told.stderr
    assert "crawler" not in told.stderr


def test_on_the_embedded_aws_nothing_is_paid_for_and_nothing_said_unless_asked(
    aws: Aws, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Aws(aws.session, aws.stack, "http://127.0.0.1:1")
    monkeypatch.setattr(running, "connect", lambda *_: there)
    done = run("--orders", "100000000")
    assert done.exit_code == 0, done.stderr
    assert "estimate" not in done.stderr
    assert started == ["pipeline"]


@pytest.mark.parametrize("allowed", ["0.01", "0.30"])
def test_it_says_what_would_make_it_cheaper(started: list[str], allowed: str) -> None:
    said = " ".join(run("--orders", "1000", "--max-usd", allowed).stderr.split())
    assert "without crawlers it is" in said
    assert "crawlers 0.587" in said


def test_orders_are_told_by_the_source_and_of_layers_above_by_what_is_published(aws: Aws, tmp_path: Path) -> None:
    assert orders_of(aws, "pipeline", source.Synthetic(70_000, 1)) == 70_000
    for table in EXPORTED:
        (tmp_path / f"{table}.csv").write_bytes(b"x" * (10 * BYTES_AN_ORDER if table in PARTED else 10**6))
    assert orders_of(aws, "bronze", source.CsvFolder(tmp_path)) == 10 * len(PARTED)
    for table in EXPORTED:
        put(aws, layout.landing_key(table), "x" * 5 * BYTES_AN_ORDER)
    assert orders_of(aws, "pipeline", source.Landing()) == 5 * len(PARTED)
    assert orders_of(aws, "silver", source.Landing()) == 1
    version = published(aws, "r1")
    assert orders_of(aws, "gold", source.Landing()) == version.tables["pedidos"].rows


def test_an_estimate_is_exact_money_and_of_what_runs_alone() -> None:
    whole, layer = (estimate(what, 10**6, Account()) for what in ("pipeline", "silver"))
    for found in (whole, layer):
        assert isinstance(found.usd, Decimal)
        assert found.usd == sum((line.usd for line in found.run.lines), Decimal(0))
    assert {its.stage.layer for its in layer.run.stages} == {"silver"}
    assert whole.usd - whole.uncrawled.usd == costs.crawls(whole.run.conditions.crawlers, 600).usd
    assert layer.usd == layer.uncrawled.usd < whole.uncrawled.usd
    assert whole.usd > A_FEW_CENTS > layer.usd


def test_an_estimate_is_made_for_the_stack_as_it_is_set() -> None:
    slow = estimate("pipeline", 10**7, Account(parameters={"MapConcurrency": "1", "MemorySize": "1024"}))
    quick = estimate("pipeline", 10**7, Account(parameters={"MapConcurrency": "100"}))
    assert slow.run.memory_mb == 1024
    assert slow.run.elapsed_seconds > quick.run.elapsed_seconds


def test_help_of_run_names_the_options() -> None:
    text = CliRunner().invoke(app, ["run", "--help"]).stdout
    assert "--max-usd" in text
    assert "--plan" in text
