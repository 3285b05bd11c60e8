"""The n-th write of a run fails, whichever and however: what was published stays, and the next run makes it good."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from faulty import ENDS, KilledError, Kind, faulty
from handlers import called, pipeline
from simulated_aws import make_databases, simulated_lake
from states_of_lake import contents, objects, wrong

from lakehouse.errors import LakehouseError
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from publish.app import handler

BEFORE = {"type": "synthetic", "orders": 3, "seed": 1}
SOURCE = {"type": "synthetic", "orders": 3, "seed": 2}
IN_ONE_LAKE = 10


@contextmanager
def with_one_version() -> Iterator[Lake]:
    """Yield a lake of its own with one version."""
    with simulated_lake("lake") as lake:
        make_databases()
        pipeline(lake, "before", BEFORE)
        yield lake


@pytest.fixture
def lake() -> Iterator[Lake]:
    """A lake with one version."""
    with with_one_version() as lake:
        yield lake


@pytest.fixture(scope="module")
def clean() -> tuple[dict[str, list[str]], int]:
    """What a run without a fault makes, and how many writes it takes."""
    with simulated_lake("lake") as lake:
        make_databases()
        pipeline(lake, "before", BEFORE)
        with faulty() as faults:
            pipeline(lake, "clean", SOURCE)
        return contents(lake), faults.writes


def cases(writes: int, budget: int) -> list[tuple[int, Kind]]:
    """Spread a number of cases evenly over all writes and kinds."""
    every = [(at, kind) for at in range(1, writes + 1) for kind in Kind]
    step = max(1, len(every) / budget)
    return [every[int(number * step)] for number in range(min(budget, len(every)))]


@pytest.mark.budget(8)
def test_no_failing_write_loses_tears_or_publishes_what_is_not_audited(
    clean: tuple[dict[str, list[str]], int], budget: int, capsys: pytest.CaptureFixture[str]
) -> None:
    made, writes = clean
    every = cases(writes, budget)
    ended = went_on = 0
    # All versions there are is looked at after each case: a lake of hundreds would take longer than its cases.
    for first in range(0, len(every), IN_ONE_LAKE):
        with with_one_version() as lake:
            for at, kind in every[first : first + IN_ONE_LAKE]:
                failed = survived(lake, made, at, kind, f"write {at} of {writes}, {kind}")
                ended, went_on = ended + failed, went_on + (not failed)
    with capsys.disabled():
        print(
            f"\n{ended + went_on} fault points: {ended} ended the run, {went_on} did not; 0 lost, 0 torn, 0 unaudited"
        )


def survived(lake: Lake, made: dict[str, list[str]], at: int, kind: Kind, where: str) -> bool:
    """Check what holds of a lake whatever becomes of a run with a fault in it; return whether the fault ended it."""
    before, newest = contents(lake), chain.newest_number(lake)
    run = f"r{newest}"
    failed = fails(lambda: pipeline(lake, run, SOURCE), at, kind)
    assert wrong(lake) == [], where
    assert chain.newest_number(lake) in {newest, newest + 1}, where
    assert contents(lake, newest) == before, where
    if not failed:
        assert contents(lake) == made, where
    assert failed <= (kind in ENDS), f"{where}: a run ended that botocore's next attempt should have saved"
    # The same run again, as an attempt of its states does, and another run after it.
    files = objects(lake)
    pipeline(lake, run, SOURCE)
    assert files.items() <= objects(lake).items(), f"{where}: a file was written twice"
    assert contents(lake) == made, where
    assert called(handler, "x", do="register")["lagging"] == [], where
    assert wrong(lake) == [], where
    pipeline(lake, f"back{newest}", BEFORE)
    return failed


def fails(run: Callable[[], object], at: int, kind: Kind) -> bool:
    """Do something with a fault in it; return whether it ended by it."""
    done = []
    with (
        faulty(at=at, kind=kind) as faults,
        suppress(ClientError, BotoCoreError, KilledError, LakehouseError, AssertionError),
    ):
        run()
        done.append(True)
    return not done or faults.dead


@pytest.mark.budget(3)
def test_another_run_goes_through_whole_at_any_moment_of_a_run(
    lake: Lake, clean: tuple[dict[str, list[str]], int], budget: int
) -> None:
    made, writes = clean
    for number in range(min(budget, writes)):
        at = 1 + number * writes // min(budget, writes)
        newest = chain.newest_number(lake)
        with faulty(at=at, meanwhile=lambda run=f"other{number}": pipeline(lake, run, BEFORE)):
            pipeline(lake, f"r{number}", SOURCE)
        assert wrong(lake) == []
        runs = [version.run for version in chain.after(lake, newest)]
        # Whoever commits first comes first; the catalogue's ten entries are moved after that.
        assert sorted(runs) == sorted([f"other{number}", f"r{number}"])
        assert contents(lake, newest + 1 + runs.index(f"r{number}")) == made
