"""`versions`, `rollback`, `publish` and `discard` on real versions; what the Publish Lambda does is done here."""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from facts import fact_of
from lakehouse_tables import CASH_FLOW, EXPORTED, FACT, FORECAST, OUTLOOK, RISK
from layers import cash_flow, forecast
from published import publish as published
from small_lake import BUCKET, account, deploy
from typer.testing import CliRunner, Result

from cli.commands import discard, publish, rollback, versions
from cli.main import app
from cli.running import changing
from cli.session import Aws
from cli.versioning import completing, held
from lakehouse.contract.model import load
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.opening import opened
from lakehouse.versions.version import Making, Version
from publish.catalogue import register
from publish.commit import PIPELINE, commit, roll_back
from publish.discarding import discard as discarded

pytestmark = pytest.mark.once

RUN = "20261130T120000Z-abcdef"
MAKING = Making("pipeline", "by-hand", "2026-11-30T12:00:00+00:00")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with account(monkeypatch) as found:
        deploy(found)
        for layer in layout.LAYERS:
            found.client("glue").create_database(DatabaseInput={"Name": layout.database_of(layer)})
        for command in (versions, rollback, publish, discard, completing):
            monkeypatch.setattr(command, "connect", lambda *_: found)
        monkeypatch.setattr(changing, "change", machine(Lake(BUCKET, found.s3)))
        yield found


@pytest.fixture
def lake(aws: Aws) -> Lake:
    return Lake(BUCKET, aws.s3)


def machine(lake: Lake) -> Callable[..., Any]:
    """Return what takes a step of the pipeline: the Publish Lambda's own functions, without a state machine."""

    steps = count(1)

    def change(_: Aws, given: Mapping[str, Any]) -> Any:
        run, only = f"step-{next(steps)}", given["only"]
        if only == "rollback":
            roll_back(lake, run, given["version"], given["base"], Making("rollback", run, MAKING.at))
        elif only == "publish":
            commit(lake, opened(lake, given["run_id"]), layout.LAYERS, Making(PIPELINE, RUN, MAKING.at))
        else:
            discarded(lake, given["run_id"], MAKING)
        return SimpleNamespace(run_id=run, outcome=SimpleNamespace(seconds=0.5, output={}))

    return change


def tables(orders: int) -> dict[str, Any]:
    fact = fact_of([{"pedido_id": f"PED{number:03}"} for number in range(orders)])
    return {FACT: fact, CASH_FLOW: cash_flow(fact), FORECAST: forecast(fact)}


def waits(lake: Lake, run: str, orders: int = 5, governed: bool = True) -> None:
    """Leave a run that was audited, and not published: everything but the commit."""
    empty = {name: load(name).schema.empty_table() for name in (*EXPORTED, OUTLOOK, RISK)}
    published(lake, empty | tables(orders), run)
    lake.client.delete_object(Bucket=BUCKET, Key=layout.version_key(chain.newest_number(lake)))
    if governed:
        lake.write_json({"passed": True, "runs": {}}, layout.governance_report_key(run))


def importau(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def fact_rows(version: Version | None) -> int:
    assert version is not None
    return version.tables[FACT].rows


# ---- versions ------------------------------------------------------------------------------------------------------


def test_versions_are_listed_newest_first_with_what_is_to_be_known_of_each(aws: Aws, lake: Lake) -> None:
    published(lake, tables(2), "20261130T030537Z-5d4f75")
    second = published(lake, {FACT: tables(3)[FACT]}, "20261130T030538Z-5d4f75", by="silver")
    register(Catalog(aws.client("glue")), lake, second)
    roll_back(lake, RUN, 1, 2, Making("rollback", RUN, MAKING.at))
    result = importau("versions")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line[:7].strip() for line in lines[2:] if line[:7].strip()] == ["3", "2", "1"]
    assert "2026-11-30 12:00  rollback     2  " in result.stdout
    assert "restores version 1" in result.stdout
    assert "2 tables outdated" in result.stdout
    assert "catalogue shows it of 3 tables" in result.stdout
    assert "the catalogue does not show version 3" in result.stderr


def test_versions_as_json_have_everything(aws: Aws, lake: Lake) -> None:
    register(Catalog(aws.client("glue")), lake, published(lake, tables(2), "um"))
    found = json.loads(importau("versions", "--json").stdout)
    assert (found["newest"], found["count"], found["catalogue_behind"]) == (1, 1, {})
    version = found["versions"][0]
    assert (version["run"], version["rows_of_fact"], version["newest"]) == ("um", 2, True)
    assert version["tables"][FACT] == {"run": "um", "rows": 2}


def test_the_last_twenty_are_listed_unless_all_are_asked_for(aws: Aws, lake: Lake) -> None:
    for number in range(22):
        published(lake, {FACT: tables(1)[FACT]}, f"run-{number}")
    short = importau("versions")
    assert "2 older ones: `./importau versions --all`" in short.stderr
    assert "run-21" in short.stdout
    assert "run-1\n" not in short.stdout
    assert "run-1\n" in importau("versions", "--all").stdout


def test_a_lake_without_versions_says_what_to_do(aws: Aws) -> None:
    result = importau("versions")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "nothing was published yet" in result.stderr


# ---- rollback ------------------------------------------------------------------------------------------------------


def test_a_rollback_shows_both_states_and_makes_a_new_version_without_copying(aws: Aws, lake: Lake) -> None:
    for orders in (2, 3):
        published(lake, tables(orders), f"run-{orders}")
    before = [each.key for layer in layout.LAYERS for each in lake.objects(f"{layer}/")]
    result = importau("rollback", "--yes")
    assert result.exit_code == 0, result.stderr
    assert [line.split()[1:3] for line in result.stdout.splitlines() if line.startswith(FACT)] == [["3", "2"]]
    assert "version 3 published: the tables of version 1" in result.stderr
    assert fact_rows(chain.newest(lake)) == 2
    assert [each.key for layer in layout.LAYERS for each in lake.objects(f"{layer}/")] == before


def test_two_rollbacks_go_back_two_versions_and_a_number_goes_anywhere(aws: Aws, lake: Lake) -> None:
    for orders in (2, 3, 4):
        published(lake, tables(orders), f"run-{orders}")
    assert importau("rollback", "--yes").exit_code == 0
    assert fact_rows(chain.newest(lake)) == 3
    found = json.loads(importau("rollback", "3", "--yes", "--json").stdout)
    assert (found["version"], found["restores"], found["from"]) == (5, 3, 4)
    assert next(each for each in found["tables"] if each["table"] == FACT)["rows_then"] == 4


@pytest.mark.parametrize(
    ("orders", "arguments", "said"),
    [
        ((), ["--yes"], "nothing was published yet"),
        ((2,), ["--yes"], "version 1 is the first state of the lake"),
        ((2, 3), ["7", "--yes"], "there is no version 7: versions are 1 to 2"),
        ((2, 3), ["2", "--yes"], "version 2 is the newest one already"),
        ((2, 3), ["0", "--yes"], "N: 0 is too small"),
        ((2, 3), ["1"], "there is no terminal to ask"),
    ],
)
def test_a_rollback_that_cannot_be_is_refused_in_one_line(
    aws: Aws, lake: Lake, orders: tuple[int, ...], arguments: list[str], said: str
) -> None:
    for number in orders:
        published(lake, tables(number), f"run-{number}")
    result = importau("rollback", *arguments)
    assert result.exit_code == 2
    error, *_ = result.stderr.splitlines()
    assert said in error
    assert len(chain.numbers(lake)) == len(orders)


def test_nobody_goes_back_to_a_version_whose_files_are_gone(aws: Aws, lake: Lake) -> None:
    first = published(lake, tables(2), "run-2")
    published(lake, tables(3), "run-3")
    key = first.tables[FACT].files[0].key
    lake.client.delete_object(Bucket=BUCKET, Key=key)
    result = importau("rollback", "1", "--yes")
    assert result.exit_code == 2
    assert f"version 1 is not whole any more: {key} is gone" in result.stderr


# ---- publish and discard -------------------------------------------------------------------------------------------


def test_a_run_that_waits_is_published_after_showing_what_changes(aws: Aws, lake: Lake) -> None:
    published(lake, tables(2), "um")
    waits(lake, RUN)
    assert [each.run for each in held.waiting(lake)] == [RUN]
    result = importau("publish", RUN, "--yes")
    assert result.exit_code == 0, result.stderr
    assert [line.split()[1:3] for line in result.stdout.splitlines() if line.startswith(FACT)][:1] == [["2", "5"]]
    assert f"{FACT} (silver): 3 added; 2 → 5 rows" in result.stdout
    assert f"version 2 published, of run {RUN}" in result.stderr
    assert held.waiting(lake) == []


def test_a_run_that_is_discarded_is_never_published(aws: Aws, lake: Lake) -> None:
    waits(lake, RUN)
    assert json.loads(importau("discard", RUN, "--yes", "--json").stdout) == {"run": RUN, "discarded": True}
    assert held.waiting(lake) == []
    result = importau("publish", RUN, "--yes")
    assert result.exit_code == 2
    assert f"run {RUN} was discarded" in result.stderr


@pytest.mark.parametrize("command", ["publish", "discard"])
def test_a_run_there_is_not_and_one_that_is_published_are_refused(aws: Aws, lake: Lake, command: str) -> None:
    published(lake, tables(2), "um")
    for run, said in (("outro", "there is no run outro"), ("um", "run um is published already, as version 1")):
        result = importau(command, run, "--yes")
        assert result.exit_code == 2
        assert said in result.stderr


def test_a_run_that_nothing_has_passed_is_not_published_and_does_not_wait(aws: Aws, lake: Lake) -> None:
    waits(lake, RUN, governed=False)
    assert held.waiting(lake) == []
    result = importau("publish", RUN, "--yes")
    assert result.exit_code == 2
    assert f"run {RUN} was not passed by governance" in result.stderr
    lake.write_json({"passed": False, "tables": []}, layout.quality_key(RUN, layout.GOLD))
    assert "the audit of gold, governance" in importau("publish", RUN, "--yes").stderr


# ---- completion ----------------------------------------------------------------------------------------------------


def test_a_shell_is_offered_versions_and_the_runs_that_wait(aws: Aws, lake: Lake) -> None:
    for number in range(11):
        published(lake, {FACT: tables(1)[FACT]}, f"run-{number}")
    waits(lake, RUN)
    context: Any = SimpleNamespace(params={})
    assert completing.numbers_begun(context, "1") == ["11", "10", "1"]
    assert completing.runs_begun(context, "2026") == [RUN]
    assert completing.runs_begun(context, "x") == []


def test_a_shell_is_offered_nothing_where_nobody_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("IMPORTAU_HOME", str(tmp_path))
    context: Any = SimpleNamespace(params={"local": True})
    assert completing.numbers_begun(context, "") == []
