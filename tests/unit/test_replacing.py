"""A demo replaces what demos made, and asks before it replaces anything else."""

from collections.abc import Iterator

import pytest
from small_lake import account, put

from cli.errors import CliError, UsageError
from cli.running.machines import is_of_demo, new_run_id
from cli.running.replacing import may_replace, runs
from cli.session import Aws
from cli.terminal import questions
from cli.terminal.questions import Answers
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake

DEMO, OLDER, NEWER = "20260103T000000Z-demo-abc123", "20260102T000000Z-abc123", "20260104T000000Z-abc123"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with account(monkeypatch) as found:
        yield found


def ran(aws: Aws, run: str, layer: str = "bronze") -> None:
    put(aws, layout.quality_key(run, layer), {})


def test_the_name_of_a_run_says_whether_it_is_a_demos() -> None:
    assert is_of_demo(new_run_id(of_demo=True))
    assert not is_of_demo(new_run_id())


def test_an_empty_lake_and_one_that_is_not_there_are_taken_without_a_word(
    aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    may_replace(aws, "lake", Answers.NONE)
    may_replace(aws, "no-such-lake", Answers.NONE)
    assert capsys.readouterr() == ("", "")


def test_a_demos_own_lake_is_replaced_and_that_is_said(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    ran(aws, DEMO)
    may_replace(aws, "lake", Answers.NONE)
    assert capsys.readouterr().err == f"the tables of the last demo, run {DEMO}, will be replaced\n"


@pytest.mark.parametrize("layer", layout.LAYERS)
def test_a_lake_in_which_somebody_ran_a_layer_is_in_use(aws: Aws, layer: str) -> None:
    ran(aws, DEMO)
    ran(aws, NEWER, layer)
    with pytest.raises(UsageError) as caught:
        may_replace(aws, "lake", Answers.NONE)
    assert f"s3://lake on the embedded AWS is in use: its run {NEWER} was not a demo's" in caught.value.message
    assert all(way in caught.value.fix for way in ("--yes", "IMPORTAU_HOME=", "local reset", "run --local"))


def test_several_runs_are_counted_and_the_newest_is_named(aws: Aws) -> None:
    for run in (NEWER, OLDER, DEMO):
        ran(aws, run)
    with pytest.raises(UsageError, match=f"2 of its runs, the last of them {NEWER}, were not a demo's"):
        may_replace(aws, "lake", Answers.NONE)
    assert runs(Lake("lake", aws.s3)) == [OLDER, DEMO, NEWER]


def test_yes_replaces_it_and_says_so(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    ran(aws, NEWER)
    may_replace(aws, "lake", Answers.DEFAULTS)
    assert NEWER in capsys.readouterr().err


def test_a_person_is_asked(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    ran(aws, NEWER)
    monkeypatch.setattr(questions, "ask", lambda question: "y" if question == "Replace them? (y/n)" else "")
    may_replace(aws, "lake", Answers.ASK)
    monkeypatch.setattr(questions, "ask", lambda question: "n")
    with pytest.raises(CliError, match="stopped: nothing was changed"):
        may_replace(aws, "lake", Answers.ASK)
